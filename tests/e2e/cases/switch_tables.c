/* Dense switches become jump tables and lookup tables; sparse ones, trees.
 *
 * ARGS: a q z 7 %
 * STATUS: 0
 * OUTPUT:
 * a: 1 alpha 10
 * q: 5 letter 26
 * z: 6 omega 35
 * 7: 2 digit 7
 * %: 0 other -1
 */
#include <stdio.h>

static __attribute__((noinline)) int dense(int c, int *ret_steps)
{
    int steps = 0;

    switch (c % 7) {
    case 6:
        steps++;
        goto next;
    case 5:
        steps += 2;
        goto next;
    case 1:
        steps += 3;
        goto next;
    case 3:
        steps += 4;
    next:
        *ret_steps += steps;
        return 1;
    default:
        return 0;
    }
}

static __attribute__((noinline)) int sparse(int c)
{
    switch (c) {
    case '%':
        return 0;
    case 'a':
        return 1;
    case '7':
        return 2;
    case 'A':
        return 3;
    case 10000:
        return 4;
    case 'q':
        return 5;
    case 'z':
        return 6;
    case -2000000000:
        return 7;
    default:
        return 8;
    }
}

static __attribute__((noinline)) const char *text(int c)
{
    switch (c) {
    case '0' ... '9':
        return "digit";
    case 'a':
        return "alpha";
    case 'z':
        return "omega";
    case 'b' ... 'y':
        return "letter";
    default:
        return "other";
    }
}

static __attribute__((noinline)) int base36(int c)
{
    switch (c) {
    case '0' ... '9':
        return c - '0';
    case 'a' ... 'z':
        return c - 'a' + 10;
    default:
        return -1;
    }
}

int main(int argc, char **argv)
{
    int steps = 0, taken = 0;

    for (int i = 1; i < argc; i++) {
        int c = argv[i][0];

        taken += dense(c, &steps);
        printf("%c: %d %s %d\n", c, sparse(c), text(c), base36(c));
    }
    return taken == 4 && steps == 9 ? 0 : taken * 16 + steps;
}
