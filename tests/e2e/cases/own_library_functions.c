/* A program may define functions under the names of C's: they are called, and
 * not replaced by the compiler's builtins.
 *
 * FLAGS: -fno-builtin
 * STATUS: 0
 * OUTPUT:
 * 42 1000 2 ! -4 77
 * [through puts]
 */
#include <stddef.h>
#include <stdio.h>

size_t strlen(const char *text)
{
    return *text ? 42 : 41;
}

int puts(const char *text)
{
    return printf("[%s]\n", text);
}

int abs(int x)
{
    return x ? 1000 : 0;
}

double sin(double x)
{
    return 2 * x;
}

int toupper(int c)
{
    return c ? '!' : c;
}

double sqrt(double x)
{
    return -x;
}

int ffs(int x)
{
    return x + 76;
}

int main(int argc, char **argv)
{
    printf("%zu %d %g %c %g %d\n", strlen(argv[0]), abs(-argc), sin(argc),
           toupper('a'), sqrt(4.0 * argc), ffs(argc));
    puts("through puts");
    return 0;
}
