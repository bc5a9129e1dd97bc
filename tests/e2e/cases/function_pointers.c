/* Function pointers: in tables, to libc, compared, and returned.
 *
 * STATUS: 0
 * OUTPUT:
 * add 12
 * subtract 4
 * multiply 32
 * libc: 5
 * same address: 1
 * composed: 25
 */
#include <stdio.h>
#include <string.h>

typedef int (*binary)(int, int);

static int add(int a, int b)
{
    return a + b;
}

static int subtract(int a, int b)
{
    return a - b;
}

static int multiply(int a, int b)
{
    return a * b;
}

static const struct {
    const char *name;
    binary apply;
} table[] = {{"add", add}, {"subtract", subtract}, {"multiply", multiply}};

static size_t (*volatile length)(const char *) = strlen;
static int (*volatile print)(const char *, ...) = printf;

static __attribute__((noinline)) binary find(const char *name)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i].name, name) == 0)
            return table[i].apply;
    }
    return NULL;
}

int main(void)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        print("%s %d\n", table[i].name, table[i].apply(8, 4));
    print("libc: %zu\n", length("12345"));
    print("same address: %d\n", length == strlen && find("add") == add &&
                                    print == printf && !find("divide"));
    print("composed: %d\n", find("add")(find("multiply")(6, 4), 1));
    return 0;
}
