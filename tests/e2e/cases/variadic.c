/* Variable arguments: integers and doubles past the registers, va_copy, and a
 * va_list handed to libc.
 *
 * STATUS: 0
 * OUTPUT:
 * sum of 12: 78.0
 * sum of 0: 0.0
 * [7|text|1.50|x|-9000000000]
 * twice: 6 6
 */
#include <stdarg.h>
#include <stdio.h>

static __attribute__((noinline)) double sum(int n, ...)
{
    double total = 0;
    va_list list;

    va_start(list, n);
    for (int i = 0; i < n; i++)
        total += i % 2 ? va_arg(list, double) : va_arg(list, int);
    va_end(list);
    return total;
}

static __attribute__((noinline, format(printf, 1, 2))) void
say(const char *format, ...)
{
    char text[64];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    printf("[%s]\n", text);
}

static __attribute__((noinline)) void twice(int n, ...)
{
    va_list list, copy;
    int first = 0, second = 0;

    va_start(list, n);
    va_copy(copy, list);
    for (int i = 0; i < n; i++)
        first += va_arg(list, int);
    for (int i = 0; i < n; i++)
        second += va_arg(copy, int);
    va_end(copy);
    va_end(list);
    printf("twice: %d %d\n", first, second);
}

int main(void)
{
    printf("sum of 12: %.1f\n",
           sum(12, 1, 2.0, 3, 4.0, 5, 6.0, 7, 8.0, 9, 10.0, 11, 12.0));
    printf("sum of 0: %.1f\n", sum(0));
    say("%d|%s|%.2f|%c|%lld", 7, "text", 1.5, 'x', -9000000000LL);
    twice(3, 1, 2, 3);
    return 0;
}
