/* Routines of the compiler's support library that code for this machine does
 * not need, called by name; and those that stop a program.
 *
 * STATUS: signal 6
 * OUTPUT:
 * bits 32 32 0 3 4 5
 * bits 35 36 37 f0debc9a
 * order 2 0
 * checked 1999999988 -17 -84 12 12 1311768467463790308 144 12
 * divided 4294967296 0
 * wide 12 2705522464144067776
 * powers 0x1.f91bd2p-8 0x1.46472836413f9p-2 0xa.323941b209fec9bp-5
 */
#include <stdio.h>
#include <stdlib.h>

extern int __popcountdi2(long), __popcountti2(__int128), __paritydi2(long);
extern int __clzdi2(unsigned long), __ctzdi2(unsigned long), __ffsdi2(long);
extern int __clzti2(__int128), __ctzti2(__int128), __ffsti2(__int128);
extern int __cmpti2(__int128, __int128);
extern int __ucmpti2(unsigned __int128, unsigned __int128);
extern int __addvsi3(int, int), __subvsi3(int, int), __mulvsi3(int, int);
extern int __negvsi2(int), __absvsi2(int);
extern long __addvdi3(long, long), __mulvdi3(long, long), __absvdi2(long);
extern unsigned __int128 __udivmodti4(unsigned __int128, unsigned __int128,
                                      unsigned __int128 *);
extern __int128 __negti2(__int128), __multi3(__int128, __int128);
extern float __powisf2(float, int);
extern double __powidf2(double, int);
extern long double __powixf2(long double, int);
extern unsigned __bswapsi2(unsigned);

static volatile long number = 0x123456789abcdef0;
static volatile int small = -12, large = 2000000000;

int main(void)
{
    const __int128 both = (__int128)number << 32;
    unsigned __int128 rest;

    printf("bits %d %d %d %d %d %d\n", __popcountdi2(number),
           __popcountti2(both), __paritydi2(number),
           __clzdi2((unsigned long)number), __ctzdi2((unsigned long)number),
           __ffsdi2(number));
    printf("bits %d %d %d %x\n", __clzti2(both), __ctzti2(both), __ffsti2(both),
           __bswapsi2((unsigned)number));
    printf("order %d %d\n", __cmpti2(both, small),
           __ucmpti2((unsigned __int128)both, (unsigned __int128)small));
    printf("checked %d %d %d %d %d %ld %ld %ld\n", __addvsi3(small, large),
           __subvsi3(small, 5), __mulvsi3(small, 7), __negvsi2(small),
           __absvsi2(small), __addvdi3(number, small), __mulvdi3(small, small),
           __absvdi2(small));
    printf("divided %lu",
           (unsigned long)__udivmodti4((unsigned __int128)both,
                                       (unsigned long)number, &rest));
    printf(" %lu\n", (unsigned long)rest);
    printf("wide %ld %ld\n", (long)__negti2(small),
           (long)(__multi3(both, small) >> 32));
    printf("powers %a %a %La\n", __powisf2(1.5f, small), __powidf2(1.1, small),
           __powixf2(1.1L, small));
    fflush(stdout);
    return __addvsi3(large, large);
}
