/* A registry of objects in a named section, found by its boundaries alone, and
 * constructors placed in their arrays by hand.
 *
 * STATUS: 0
 * OUTPUT:
 * constructed
 * one
 * two
 * three
 * main is done
 * destructed
 */
#include <stdio.h>

struct test {
    const char *name;
};

#define TEST(name)                                                             \
    const struct test name                                                     \
        __attribute__((section("tests"), aligned(8))) = {#name}

TEST(one);
TEST(two);
TEST(three);
extern const struct test __start_tests[], __stop_tests[];

static void construct(void)
{
    puts("constructed");
}

static void destruct(void)
{
    puts("destructed");
}

void (*const constructor)(void)
    __attribute__((section(".init_array"))) = construct;
void (*const destructor)(void)
    __attribute__((section(".fini_array"))) = destruct;

int main(void)
{
    for (const struct test *test = __start_tests; test < __stop_tests; test++)
        puts(test->name);
    puts("main is done");
    return 0;
}
