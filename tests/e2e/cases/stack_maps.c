/* The table of stack maps that LLVM writes for garbage collectors, found by its
 * name and relocated. (The intrinsic is called through a C function with its
 * name.)
 *
 * FLAGS: -Wno-everything
 * STATUS: 0
 * OUTPUT:
 * version 3, functions 2, records 2
 * the functions are these: 1
 * ids: 77 78
 */
#include <stdint.h>
#include <stdio.h>

struct map_function {
    uint64_t address, stack_size, n_records;
};

extern const struct {
    uint8_t version, reserved[3];
    uint32_t n_functions, n_constants, n_records;
    struct map_function functions[];
} __LLVM_StackMaps __attribute__((visibility("hidden")));

void stack_map(long id, int n_bytes, ...) __asm__("llvm.experimental.stackmap");

__attribute__((noinline)) int first(int x)
{
    stack_map(77, 8, x);
    return x;
}

__attribute__((noinline)) int second(int x)
{
    stack_map(78, 8, x);
    return -x;
}

static int is(const struct map_function *row, int (*function)(int))
{
    return row->address == (uintptr_t)function;
}

int main(int argc, char **argv)
{
    const struct map_function *row = __LLVM_StackMaps.functions;
    const uint64_t *ids = (const uint64_t *)&row[2];
    int (*volatile functions[2])(int) = {first, second};

    printf("version %d, functions %u, records %u\n", __LLVM_StackMaps.version,
           __LLVM_StackMaps.n_functions, __LLVM_StackMaps.n_records);
    printf("the functions are these: %d\n",
           (is(&row[0], functions[0]) && is(&row[1], functions[1])) ||
               (is(&row[1], functions[0]) && is(&row[0], functions[1])));
    printf("ids: %lu", (unsigned long)ids[0]);
    ids += 2; /* id, offset, n_locations */
    while (*ids != 78 && *ids != 77)
        ids++;
    printf(" %lu\n", (unsigned long)*ids);
    return functions[0](argc) + functions[1](argc);
}
