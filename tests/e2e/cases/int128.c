/* 128-bit arithmetic: multiplication is inline, division is a routine of the
 * compiler's support library (__udivti3, __modti3).
 *
 * STATUS: 0
 * OUTPUT:
 * 170141183460469231731687303715884105727
 * 18446744073709551617 remainder 5
 * -33333333333333333333
 * shift 1
 * as double 1.84467e+19
 */
#include <stdio.h>

static void print(__int128 value)
{
    char text[48], *p = text + sizeof(text);
    unsigned __int128 rest =
        value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;

    *--p = '\0';
    do {
        *--p = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest);
    printf("%s%s", value < 0 ? "-" : "", p);
}

int main(int argc, char **argv)
{
    volatile __int128 one = argc;
    unsigned __int128 big = (unsigned __int128)(one << 127) - 1;

    (void)argv;
    print((__int128)big);
    printf("\n");
    print(((one << 66) + 5) / 4);
    printf(" remainder ");
    print(((one << 66) + 5) % (one << 32));
    printf("\n");
    print(one * -100000000000000000LL * 1000 / 3);
    printf("\nshift %d\n", (int)((one << 100) >> 100));
    printf("as double %g\n", (double)(one << 64));
    return 0;
}
