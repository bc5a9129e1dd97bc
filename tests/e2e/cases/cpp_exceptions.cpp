/* Exceptions: thrown, caught by type, cleaned up after, thrown again, nested,
 * carried to another thread, and through frames of the C library.
 *
 * STATUS: 0
 * OUTPUT:
 * caught int 7
 * cleanup
 * caught runtime_error: first
 * rethrown: second
 * nested: outer <- inner
 * from qsort: 42
 * carried: over there
 * catch all
 */
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

struct Cleanup {
    ~Cleanup()
    {
        std::puts("cleanup");
    }
};

[[gnu::noinline]] static void thrower(int what)
{
    if (what == 0)
        throw 7;
    Cleanup cleanup;
    throw std::runtime_error("first");
}

static void again()
{
    try {
        throw std::logic_error("second");
    } catch (const std::exception &) {
        throw;
    }
}

static void nested()
{
    try {
        throw std::runtime_error("inner");
    } catch (...) {
        std::throw_with_nested(std::runtime_error("outer"));
    }
}

static int compare(const void *, const void *)
{
    throw 42;
}

int main()
{
    int pair[2] = {2, 1};
    std::exception_ptr carried;

    try {
        thrower(0);
    } catch (int number) {
        std::printf("caught int %d\n", number);
    }
    try {
        thrower(1);
    } catch (const std::runtime_error &error) {
        std::printf("caught runtime_error: %s\n", error.what());
    }
    try {
        again();
    } catch (const std::logic_error &error) {
        std::printf("rethrown: %s\n", error.what());
    }
    try {
        nested();
    } catch (const std::exception &outer) {
        try {
            std::rethrow_if_nested(outer);
        } catch (const std::exception &inner) {
            std::printf("nested: %s <- %s\n", outer.what(), inner.what());
        }
    }
    try {
        std::qsort(pair, 2, sizeof(pair[0]), compare);
    } catch (int number) {
        std::printf("from qsort: %d\n", number);
    }
    std::thread([&] {
        try {
            throw std::string("over there");
        } catch (...) {
            carried = std::current_exception();
        }
    }).join();
    try {
        std::rethrow_exception(carried);
    } catch (const std::string &text) {
        std::printf("carried: %s\n", text.c_str());
    }
    try {
        throw &pair;
    } catch (...) {
        std::puts("catch all");
    }
}
