/* A program's operator new and delete are its libraries' too: what libstdc++
 * allocates is deleted here, and the reverse. Each block has a header, so a
 * block of another allocator is noticed.
 *
 * FLAGS: -std=gnu++17
 * STATUS: 0
 * OUTPUT:
 * from a stream: 12345678901234567890123456789012345678901234567890
 * appended: 300
 * caught: basic_string::at: __n (which is 10) >= this->size() (which is 3)
 * array: 7
 * aligned: 0
 * libraries allocate here: 1
 * foreign blocks: 0
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <locale>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>

static const std::uint64_t mark = 0x1234567890abcdef;
static unsigned n_new, n_foreign;

struct header {
    std::uint64_t mark;
    void *block;
};

static void *take(std::size_t size, std::size_t align)
{
    char *block = (char *)std::malloc(size + sizeof(header) + align);
    if (!block)
        std::abort();
    auto at =
        ((std::uintptr_t)block + sizeof(header) + align - 1) / align * align;
    ((header *)at)[-1] = {mark, block};
    n_new++;
    return (void *)at;
}

static void give(void *memory)
{
    if (!memory)
        return;
    header *h = (header *)memory - 1;
    if (h->mark != mark) {
        n_foreign++;
        return;
    }
    h->mark = 0;
    std::free(h->block);
}

void *operator new(std::size_t size)
{
    return take(size, 16);
}

void *operator new(std::size_t size, std::align_val_t align)
{
    return take(size, (std::size_t)align);
}

void operator delete(void *memory) noexcept
{
    give(memory);
}

void operator delete(void *memory, std::size_t) noexcept
{
    give(memory);
}

void operator delete(void *memory, std::align_val_t) noexcept
{
    give(memory);
}

void operator delete(void *memory, std::size_t, std::align_val_t) noexcept
{
    give(memory);
}

struct alignas(64) wide {
    char bytes[64];
};

/* Kept from the optimiser, which may leave out a new and its delete. */
static void *volatile kept;

__attribute__((constructor)) static void early()
{
    std::ostringstream out;
    out << "early" << 1.5;
    kept = new std::string(out.str() + std::string(200, '.'));
}

int main()
{
    std::ostringstream out;
    out << "1234567890123456789012345678901234567890" << 1234567890;
    std::string text = out.str();
    std::printf("from a stream: %s\n", text.c_str());

    unsigned before = n_new;
    std::string *grown = new std::string;
    for (int i = 0; i < 300; i++)
        *grown += 'x';
    std::printf("appended: %zu\n", grown->size());
    bool here = n_new > before + 1;
    delete grown;
    try {
        std::string("abc").at(10);
    } catch (const std::out_of_range &e) {
        std::printf("caught: %s\n", e.what());
    }
    int *numbers = new int[10];
    kept = numbers;
    numbers[3] = 7;
    std::printf("array: %d\n", numbers[3]);
    delete[] numbers;
    wide *w = new wide;
    kept = w;
    std::printf("aligned: %d\n", (int)((std::uintptr_t)w % 64));
    delete w;
    std::printf("libraries allocate here: %d\n", here);
    std::printf("foreign blocks: %u\n", n_foreign);
    return 0;
}
