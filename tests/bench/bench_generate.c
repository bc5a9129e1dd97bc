/* bench_generate FUNCTIONS OPERATIONS SEED [CALLS]: a module as LLVM's text,
 * made up for its size. With CALLS it is a program that calls so many of its
 * functions through a table, as interpreters and servers do: all of them may
 * run, and few do.
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

/* The index is volatile: no optimiser knows which functions run. */
static void print_program(unsigned long n_functions, unsigned long n_calls)
{
    printf("@step = global i64 %lu\n@table = constant [%lu x ptr] [",
           n_functions / (n_calls + 1), n_functions);
    for (unsigned long i = 0; i < n_functions; i++)
        printf("%sptr @f%lu", i ? ", " : "", i);
    printf("]\ndefine i32 @main() {\n %%r0 = add i64 0, 1\n");
    for (unsigned long i = 0; i < n_calls; i++)
        printf(" %%s%lu = load volatile i64, ptr @step\n"
               " %%i%lu = mul i64 %%s%lu, %lu\n"
               " %%p%lu = getelementptr ptr, ptr @table, i64 %%i%lu\n"
               " %%c%lu = load ptr, ptr %%p%lu\n"
               " %%r%lu = call i64 %%c%lu(i64 %%r%lu)\n",
               i, i, i, i, i, i, i, i, i + 1, i, i);
    printf(" store volatile i64 %%r%lu, ptr @step\n ret i32 0\n}\n", n_calls);
}

int main(int argc, char **argv)
{
    unsigned long n_functions, n_operations;
    uint64_t state;

    if (argc != 4 && argc != 5)
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
    if (argc == 5)
        print_program(n_functions, strtoul(argv[4], NULL, 10));
    return ferror(stdout) ? 1 : 0;
}
