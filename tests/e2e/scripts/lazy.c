/* Functions that are compiled when they are called: all ways to pass arguments
 * and results, and addresses that must be one. */
#include <setjmp.h>
#include <stdarg.h>

typedef int v8 __attribute__((vector_size(32)));
typedef int v16 __attribute__((vector_size(64)));

struct big {
    long value[6];
};
struct small {
    double first;
    long second;
};

int n_constructed, n_calls;
int *n_destroyed;

__attribute__((constructor)) static void construct(void)
{
    n_constructed++;
}

__attribute__((destructor)) static void destroy(void)
{
    if (n_destroyed)
        ++*n_destroyed;
}

static int fibonacci(int n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

int recursion(void)
{
    return fibonacci(15);
}

int even(int n);
int odd(int n)
{
    return n == 0 ? 0 : even(n - 1);
}
int even(int n)
{
    return n == 0 ? 1 : odd(n - 1);
}
int mutual_recursion(void)
{
    return even(100);
}

static int target(void)
{
    return 7;
}
static int (*const in_table[])(void) = {target, recursion};
int (*in_variable)(void) = target;

__attribute__((noinline)) static int (*from_code(void))(void)
{
    return target;
}

int one_address(void)
{
    return from_code() == in_variable && in_table[0] == in_variable &&
           in_table[1] == recursion;
}

int through_pointers(void)
{
    return in_table[0]() + in_variable() + from_code()();
}

__attribute__((noinline)) static double sum(int n, ...)
{
    double total = 0;
    va_list list;

    va_start(list, n);
    for (int i = 0; i < n; i++)
        total += va_arg(list, double);
    va_end(list);
    return total;
}

int variadic(void)
{
    return (int)sum(10, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0);
}

__attribute__((noinline)) static struct big make_big(long a, long b, long c,
                                                     long d, long e, long f)
{
    return (struct big){{a, b, c, d, e, f}};
}
__attribute__((noinline)) static struct small make_small(double a, long b)
{
    return (struct small){a, b};
}

int structs(void)
{
    struct big big = make_big(1, 2, 3, 4, 5, 6);
    struct small small = make_small(10, 20);
    long total = 0;

    for (int i = 0; i < 6; i++)
        total = total * 10 + big.value[i];
    return (int)(total + (long)small.first + small.second);
}

__attribute__((noinline)) static v8 add8(v8 a, v8 b)
{
    return a + b;
}
__attribute__((noinline)) static v16 add16(v16 a, v16 b, v16 c, v16 d, v16 e,
                                           v16 f, v16 g, v16 h)
{
    return a + b + c + d + e + f + g + h;
}

int vectors(void)
{
    v8 a = {1, 2, 3, 4, 5, 6, 7, 8};
    v16 b = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    v8 c = add8(a, a);
    v16 d = add16(b, b, b, b, b, b, b, b);

    return c[7] * 1000 + d[15];
}

static jmp_buf place;

__attribute__((noinline)) static void jump(int depth)
{
    if (depth == 0)
        longjmp(place, 5);
    jump(depth - 1);
}

int jumps(void)
{
    int result = setjmp(place);

    if (result == 0)
        jump(3);
    return result;
}

static int first(void);
static int labels(int n)
{
    static void *const table[] = {&&add, &&end};
    int i = 0;

    goto *table[n == 0];
add:
    i += first();
    goto *table[--n == 0];
end:
    return i;
}
static int first(void)
{
    return 3;
}
int computed_goto(void)
{
    return labels(4);
}

int counted(void)
{
    return __atomic_add_fetch(&n_calls, 1, __ATOMIC_RELAXED);
}

extern int is_nowhere(int);
int needs_what_is_nowhere(void)
{
    return is_nowhere(1);
}
