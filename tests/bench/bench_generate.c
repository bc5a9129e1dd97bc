/* bench_generate FUNCTIONS OPERATIONS SEED: a module as LLVM's text, made up
 * for its size.
 *
 * Its functions are f0, f1 ..., each i64 (i64). An exclusive or and a
 * multiplication with odd 64-bit constants in turn: nothing that an optimiser
 * could simplify, so that size in is size out, about 16 bytes of code for each
 * operation. Another seed gives other constants. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

int main(int argc, char **argv)
{
    unsigned long n_functions, n_operations;
    uint64_t state;

    if (argc != 4)
        return 2;
    n_functions = strtoul(argv[1], NULL, 10);
    n_operations = strtoul(argv[2], NULL, 10);
    state = 0x9e3779b97f4a7c15 + strtoul(argv[3], NULL, 10);
    for (unsigned long i = 0; i < n_functions; i++) {
        printf("define i64 @f%lu(i64 %%v0) {\n", i);
        for (unsigned long j = 0; j < n_operations; j++)
            printf(" %%v%lu = %s i64 %%v%lu, %" PRId64 "\n", j + 1,
                   j % 2 ? "mul" : "xor", j, (int64_t)next_random(&state) | 1);
        printf(" ret i64 %%v%lu\n}\n", n_operations);
    }
    return ferror(stdout) ? 1 : 0;
}
