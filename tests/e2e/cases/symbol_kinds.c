/* Symbols of rare kinds: weak references and aliases, tentative definitions, an
 * alias into data, unused definitions that are kept, and functions built for
 * other machines.
 *
 * FLAGS: -Wno-unused-function
 * STATUS: 0
 * OUTPUT:
 * 4 5 0
 * 1 1 1 9
 * 1 2
 * 14
 */
#include <immintrin.h>
#include <stdio.h>

_Thread_local int own = 3;
extern _Thread_local int own;
extern int nowhere_data __attribute__((weak));
extern int nowhere(void) __attribute__((weak));
int numbers[3] = {1, 2, 3};
extern int same_numbers[3] __attribute__((alias("numbers")));
__attribute__((retain, used)) static int kept = 1;
__attribute__((visibility("protected"))) int protected = 2;
int tentative;
int tentative;

static int target(void)
{
    return 9;
}
static int reference(void) __attribute__((weakref("target")));
static int missing(void) __attribute__((weakref("nowhere")));

__attribute__((noinline)) int replaced(void)
{
    return 1;
}
int weak_alias(void) __attribute__((weak, alias("replaced")));

__attribute__((target("avx512f,avx512bw"), noinline)) static int
sum_wide(const int *p)
{
    __m512i v = _mm512_loadu_si512(p);

    return _mm512_reduce_add_epi32(_mm512_add_epi32(v, v));
}

__attribute__((target("sse2"), noinline)) static int sum_narrow(const int *p)
{
    int sum = 0;

    for (int i = 0; i < 16; i++)
        sum += 2 * p[i];
    return sum;
}

int main(int argc, char **argv)
{
    int table[16] = {1, 2, 3, [15] = argc};
    int (*volatile address)(void) = reference;

    (void)argv;
    same_numbers[1] += own++;
    printf("%d %d %d\n", own, numbers[1], tentative);
    printf("%d %d %d %d\n", &nowhere_data == NULL, nowhere == NULL,
           missing == NULL, address());
    printf("%d %d\n", weak_alias(), protected);
    printf("%d\n", argc > 1 ? sum_wide(table) : sum_narrow(table));
    return 0;
}
