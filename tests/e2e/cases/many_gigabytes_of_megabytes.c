/* 2,100 variables of a megabyte: none is large, all together are. Some have
 * bytes, some are constant, and some constants have addresses in them.
 *
 * FLAGS: -mcmodel=medium
 * STATUS: 0
 * OUTPUT:
 * sum 2205001
 * values 11 22 33
 * constants 7 0 8, far text, 9
 */
#include <stdio.h>

enum { N = 2100, MIB = 1 << 20 };

/* clang-format off */
#define EACH(M)                                                                \
    E1000(M, 0) E1000(M, 1) E100(M, 20)
#define E1000(M, n)                                                            \
    E100(M, n##0) E100(M, n##1) E100(M, n##2) E100(M, n##3) E100(M, n##4)      \
    E100(M, n##5) E100(M, n##6) E100(M, n##7) E100(M, n##8) E100(M, n##9)
#define E100(M, n)                                                             \
    E10(M, n##0) E10(M, n##1) E10(M, n##2) E10(M, n##3) E10(M, n##4)           \
    E10(M, n##5) E10(M, n##6) E10(M, n##7) E10(M, n##8) E10(M, n##9)
#define E10(M, n)                                                              \
    M(n##0) M(n##1) M(n##2) M(n##3) M(n##4)                                    \
    M(n##5) M(n##6) M(n##7) M(n##8) M(n##9)
#define DEFINE(n) static unsigned char v##n[MIB];
#define ADDRESS(n) v##n,
EACH(DEFINE)
static unsigned char *const all[N] = {EACH(ADDRESS)};
/* clang-format on */

static int bytes[MIB] = {10, 20, [MIB - 1] = 30};
static const int constants[MIB] = {7, [MIB - 1] = 8};
static const char *const texts[MIB / 4] = {"near text",
                                           [MIB / 4 - 1] = "far text"};
static const unsigned char *const addresses[MIB / 4] = {[MIB / 4 - 1] =
                                                            &v1000[MIB - 1]};

int main(int argc, char **argv)
{
    volatile size_t last = (size_t)argc;
    long sum = 0;

    (void)argv;
    for (int i = 0; i < N; i++)
        all[i][(size_t)i * 400 % MIB] = (unsigned char)(i % 256 + argc - 1);
    v0000[0] = 1;
    v1000[MIB - last] = 9;
    for (int i = 0; i < N; i++)
        sum += v0000[0] * i + all[i][(size_t)i * 400 % MIB] % 2;
    printf("sum %ld\n", sum);
    bytes[last - 1] += argc;
    bytes[last] += 2;
    bytes[MIB - last] += 3;
    printf("values %d %d %d\n", bytes[0], bytes[1], bytes[MIB - 1]);
    printf("constants %d %d %d, %s, %d\n", constants[last - 1], constants[last],
           constants[MIB - last], texts[MIB / 4 - last],
           *addresses[MIB / 4 - last]);
    return 0;
}
