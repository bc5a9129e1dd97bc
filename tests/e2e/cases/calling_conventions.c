/* Structs of every class as variable arguments, and conventions other than
 * C's own.
 *
 * STATUS: 0
 * OUTPUT:
 * 3 2.5 7 3.5 9.25 5 3 6.5 -3 99
 * conventions 6 12 5 6
 * returned 9 2
 */
#include <stdarg.h>
#include <stdio.h>

struct bytes {
    char c[3];
};
struct mixed {
    double d;
    long l;
};
struct floats {
    float f[3];
};
struct extended {
    long double l;
};
struct memory {
    int i[5];
};

static __attribute__((noinline)) void print(int n, ...)
{
    va_list list;
    struct bytes bytes;
    struct mixed mixed;
    struct floats floats;
    struct extended extended;
    struct memory memory;
    _Complex float small;
    _Complex double large;
    int last;

    va_start(list, n);
    bytes = va_arg(list, struct bytes);
    mixed = va_arg(list, struct mixed);
    floats = va_arg(list, struct floats);
    extended = va_arg(list, struct extended);
    memory = va_arg(list, struct memory);
    small = va_arg(list, _Complex float);
    large = va_arg(list, _Complex double);
    last = va_arg(list, int);
    printf("%d %g %ld %g %Lg %d %g %g %d %ld\n", bytes.c[2], mixed.d, mixed.l,
           (double)floats.f[2], extended.l, memory.i[4], (double)__real__ small,
           __imag__ large, last, (long)va_arg(list, __int128));
    va_end(list);
}

#ifdef __x86_64__
#define MS_ABI  __attribute__((ms_abi))
#define REGCALL __attribute__((regcall, noinline))
#else
#define MS_ABI
#define REGCALL __attribute__((noinline))
#endif

MS_ABI static int windows(int a, double b, int c, int d, int e)
{
    return a + (int)b + c + d + e;
}

REGCALL static int registers(int a, int b, struct mixed c)
{
    return a + b + (int)c.l;
}

__attribute__((preserve_most, noinline)) static int preserving(int a)
{
    return a + 1;
}

__attribute__((noinline)) static struct memory change(struct memory memory,
                                                      struct floats floats)
{
    memory.i[0] += (int)floats.f[1];
    return memory;
}

int main(void)
{
    int(MS_ABI *volatile pointer)(int, double, int, int, int) = windows;
    struct memory memory;

    print(10, (struct bytes){{1, 2, 3}}, (struct mixed){2.5, 7},
          (struct floats){{1, 2, 3.5f}}, (struct extended){9.25L},
          (struct memory){{1, 2, 3, 4, 5}}, 3 + 4.0if, 5 + 6.5i, -3,
          (__int128)99);
    printf("conventions %d %d %d %d\n", windows(1, 2.0, 1, 1, 1),
           registers(1, 2, (struct mixed){0, 9}), preserving(4),
           pointer(1, 2.0, 1, 1, 1));
    memory = change((struct memory){{1, 2}}, (struct floats){{0, 8}});
    printf("returned %d %d\n", memory.i[0], memory.i[1]);
    return 0;
}
