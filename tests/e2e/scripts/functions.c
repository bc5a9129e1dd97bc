/* Functions of many types, called by test_api_call.c. */
#include <stdarg.h>
#include <stdint.h>

#include <bcc/bcc_script.h>

extern int host_twice(int value);

int size = 3;

BCC_EXPORT int add(int left, int right)
{
    return left + right;
}

BCC_EXPORT uint8_t narrow(int8_t a, uint16_t b, _Bool c)
{
    return (uint8_t)(a + b + c);
}

BCC_EXPORT double mix(float a, double b, int64_t c, const char *text)
{
    return (double)a + b + (double)c + text[0];
}

BCC_EXPORT __int128 wide(__int128 a, int64_t b)
{
    return a * b;
}

BCC_EXPORT long double extended(long double a)
{
    return a / 3;
}

typedef float lanes __attribute__((vector_size(16)));
BCC_EXPORT lanes scale(lanes a, float by)
{
    return a * by;
}

struct large {
    int64_t value[3];
};
BCC_EXPORT struct large reversed(struct large from)
{
    struct large to = {{from.value[2], from.value[1], from.value[0]}};

    from.value[0] = -1; /* a copy */
    return to;
}

struct pair {
    double first;
    int64_t second;
};
BCC_EXPORT struct pair swapped(struct pair from)
{
    return (struct pair){(double)from.second, (int64_t)from.first};
}

BCC_EXPORT int sum(int n, ...)
{
    va_list list;
    int all = 0;

    va_start(list, n);
    for (int i = 0; i < n; i++)
        all += i % 2 ? (int)va_arg(list, double) : va_arg(list, int);
    va_end(list);
    return all;
}

BCC_EXPORT void nothing(void)
{
}

BCC_EXPORT int sized(void)
{
    return size * 100;
}

BCC_EXPORT int twice(int value)
{
    return host_twice(value);
}
