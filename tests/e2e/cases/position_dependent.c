/* Code that was compiled for a program at a fixed address.
 *
 * FLAGS: -fno-pic -no-pie
 * STATUS: 0
 * OUTPUT:
 * 3 4 4
 * three No such file or directory many
 * 1 1
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int values[5] = {1, 2, 3, 4, 5};
int *middle = &values[2];
static __thread int own = 4;
int (*printer)(const char *, ...) = printf;
FILE **stream = &stdout;
extern char **environ;
static const char *const names[] = {"zero", "one", "two", "three", "four"};

__attribute__((noinline)) static const char *name(unsigned i)
{
    switch (i) {
    case 0:
        return "nothing";
    case 1:
    case 2:
    case 3:
    case 4:
        return names[i];
    case 5:
        return strerror(ENOENT);
    default:
        return "many";
    }
}

static int compare(const void *a, const void *b)
{
    return *(const int *)b - *(const int *)a;
}

int main(int argc, char **argv, char **envp)
{
    (void)argv;
    qsort(values, 5, sizeof(values[0]), compare);
    printer("%d %d %d\n", *middle, values[argc], own);
    fprintf(*stream, "%s %s %s\n", name(3), name(5), name(60));
    printer("%d %d\n", envp == environ, printer == printf);
    return 0;
}
