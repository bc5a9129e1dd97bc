/* Calls, jump tables, constants, data and exceptions across 80 MiB of code.
 *
 * STATUS: 0
 * OUTPUT:
 * 0: 106
 * near is gone
 * 1: caught far
 * 2: 207
 * near is gone
 * near is gone
 * 3: caught near, through far
 * 4: 10.50
 * near is gone
 * 4: caught middle
 * 5: five
 * 6: -1
 */
#include <cstdio>
#include <stdexcept>
#include <string>

/* Sections lie in the order in which they are named first. */
/* clang-format off */
asm(".pushsection .text.first, \"ax\", @progbits\n"
    ".skip 40 << 20, 0x90\n"
    ".section .text.middle, \"ax\", @progbits\n"
    ".section .text.second, \"ax\", @progbits\n"
    ".skip 40 << 20, 0x90\n"
    ".section .text.far, \"ax\", @progbits\n"
    ".popsection");
/* clang-format on */

struct note {
    const char *name;
    ~note()
    {
        if (std::uncaught_exceptions())
            std::printf("%s is gone\n", name);
    }
};

static int offset = 100;
static int *const pointer = &offset;
static thread_local int depth;

int far(int x);

__attribute__((noinline)) int near(int x)
{
    note here{"near"};

    depth++;
    if (x == 30)
        throw std::runtime_error("near, through far");
    return far(x) + *pointer;
}

__attribute__((noinline, section(".text.middle"))) int middle(int x)
{
    static const int values[] = {5, 6, 107};

    if (x > 2)
        throw std::string("middle");
    offset += x;
    return values[x];
}

__attribute__((noinline, section(".text.far"))) int far(int x)
{
    static const char *const names[] = {"zero",  "one",  "two",
                                        "three", "four", "five"};

    switch (x) {
    case 0:
        return middle(1) - offset % 100;
    case 1:
        throw std::string("far");
    case 2:
        return middle(2) - 3;
    case 3:
        return near(30);
    case 4:
        std::printf("4: %.2f\n", x * 2.625);
        return middle(x);
    case 5:
        std::printf("5: %s\n", names[x]);
        return 0;
    default:
        return -1 - offset;
    }
}

int main()
{
    for (int i = 0; i < 7; i++) {
        try {
            const int result = near(i);

            if (i != 5)
                std::printf("%d: %d\n", i, result);
        } catch (const std::string &text) {
            std::printf("%d: caught %s\n", i, text.c_str());
        } catch (const std::exception &error) {
            std::printf("%d: caught %s\n", i, error.what());
        }
    }
    return depth == 8 ? 0 : depth;
}
