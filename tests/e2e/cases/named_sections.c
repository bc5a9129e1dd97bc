/* Sections with names of the program's own: tables bounded by the linker's
 * __start_ and __stop_ symbols, and unusual places for code and data.
 *
 * STATUS: 0
 * OUTPUT:
 * one 1
 * two 2
 * three 3
 * counters 5 7
 * code 1
 * no such section 0
 * odd places 4 0 6
 */
#include <stdio.h>

struct entry {
    const char *name;
    int value;
};

#define ENTRY(name, value)                                                     \
    static const struct entry entry_##name                                     \
        __attribute__((used, section("entries"))) = {#name, value}
ENTRY(one, 1);
ENTRY(two, 2);
ENTRY(three, 3);
extern const struct entry __start_entries[], __stop_entries[];

static int first __attribute__((used, section("counters"))) = 4;
static int second __attribute__((used, section("counters"))) = 6;
extern int __start_counters[], __stop_counters[];

__attribute__((section("code"), used, noinline)) static int negate(int x)
{
    return -x;
}
extern const char __start_code[], __stop_code[];

extern const int __start_nothing[] __attribute__((weak));

int initialised __attribute__((section("odd_data"))) = 4;
int zeroed __attribute__((section("odd_bss,\"aw\",@nobits#")));
const int constant __attribute__((section(".rodata.odd"))) = 6;

int main(void)
{
    const struct entry *entry = __start_entries;
    int (*volatile function)(int) = negate;
    const char *address = (const char *)function;

    for (; entry < __stop_entries; entry++)
        printf("%s %d\n", entry->name, entry->value);
    for (int *counter = __start_counters; counter < __stop_counters; counter++)
        ++*counter;
    printf("counters %d %d\n", first, second);
    printf("code %d\n", address >= __start_code && address < __stop_code &&
                            function(1) == -1);
    printf("no such section %d\n", __start_nothing != NULL);
    printf("odd places %d %d %d\n", initialised, zeroed, constant);
    return 0;
}
