/* Structures of every class of the calling convention, passed and returned.
 *
 * STATUS: 0
 * OUTPUT:
 * pair 3 4
 * mixed 1.5 8
 * floats 2.0 4.0 6.0
 * large 55
 * bits 5 -3 1
 */
#include <stdio.h>

struct pair {
    int a, b;
};
struct mixed {
    double d;
    long l;
};
struct floats {
    float x, y, z;
};
struct large {
    int value[10];
};
struct bits {
    unsigned a : 3;
    signed b : 5;
    unsigned c : 1;
};

static __attribute__((noinline)) struct pair make_pair(struct pair p)
{
    return (struct pair){p.a + 1, p.b + 2};
}

static __attribute__((noinline)) struct mixed make_mixed(struct mixed m)
{
    return (struct mixed){m.d / 2, m.l * 2};
}

static __attribute__((noinline)) struct floats make_floats(struct floats f)
{
    return (struct floats){f.x * 2, f.y * 2, f.z * 2};
}

static __attribute__((noinline)) struct large make_large(struct large l)
{
    for (int i = 0; i < 10; i++)
        l.value[i] += i;
    return l;
}

static __attribute__((noinline)) struct bits make_bits(struct bits b)
{
    return (struct bits){b.a + 1, b.b - 1, !b.c};
}

int main(void)
{
    struct pair p = make_pair((struct pair){2, 2});
    struct mixed m = make_mixed((struct mixed){3, 4});
    struct floats f = make_floats((struct floats){1, 2, 3});
    struct large l = make_large((struct large){{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}});
    struct bits b = make_bits((struct bits){4, -2, 0});
    int sum = 0;

    for (int i = 0; i < 10; i++)
        sum += l.value[i];
    printf("pair %d %d\n", p.a, p.b);
    printf("mixed %.1f %ld\n", m.d, m.l);
    printf("floats %.1f %.1f %.1f\n", (double)f.x, (double)f.y, (double)f.z);
    printf("large %d\n", sum);
    printf("bits %u %d %u\n", b.a, b.b, b.c);
    return 0;
}
