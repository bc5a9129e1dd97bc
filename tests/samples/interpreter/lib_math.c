/* Modules math and bit: most of libm, by table. */
#include "tarn.h"

#include <math.h>
#include <stdlib.h>

#define MATH_UNARY(X)                                                          \
    X(sin)                                                                     \
    X(cos)                                                                     \
    X(tan)                                                                     \
    X(asin)                                                                    \
    X(acos)                                                                    \
    X(atan)                                                                    \
    X(sinh)                                                                    \
    X(cosh)                                                                    \
    X(tanh)                                                                    \
    X(exp)                                                                     \
    X(expm1)                                                                   \
    X(log)                                                                     \
    X(log2)                                                                    \
    X(log10)                                                                   \
    X(log1p)                                                                   \
    X(sqrt)                                                                    \
    X(cbrt)                                                                    \
    X(floor)                                                                   \
    X(ceil)                                                                    \
    X(trunc)                                                                   \
    X(round)                                                                   \
    X(rint)                                                                    \
    X(fabs)                                                                    \
    X(erf)                                                                     \
    X(tgamma)

#define MATH_BINARY(X)                                                         \
    X(atan2)                                                                   \
    X(pow)                                                                     \
    X(fmod)                                                                    \
    X(hypot)                                                                   \
    X(fmin)                                                                    \
    X(fmax)                                                                    \
    X(copysign)

#define X(name)                                                                \
    static struct value math_##name(struct vm *vm, struct value *arguments,    \
                                    int n)                                     \
    {                                                                          \
        return number_value(name(arg_number(vm, arguments, n, 0)));            \
    }
MATH_UNARY(X)
#undef X

#define X(name)                                                                \
    static struct value math_##name(struct vm *vm, struct value *arguments,    \
                                    int n)                                     \
    {                                                                          \
        double a = arg_number(vm, arguments, n, 0);                            \
                                                                               \
        return number_value(name(a, arg_number(vm, arguments, n, 1)));         \
    }
MATH_BINARY(X)
#undef X

static struct value math_frexp(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = list_new(vm, 2);
    int exponent;
    double fraction = frexp(arg_number(vm, arguments, n, 0), &exponent);

    list_push(vm, list, number_value(fraction));
    list_push(vm, list, number_value(exponent));
    return object_value(list);
}

static struct value math_modf(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = list_new(vm, 2);
    double whole, part = modf(arg_number(vm, arguments, n, 0), &whole);

    list_push(vm, list, number_value(whole));
    list_push(vm, list, number_value(part));
    return object_value(list);
}

static uint64_t next_random(struct vm *vm)
{
    uint64_t x = vm->random_state; /* xorshift64* */

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    vm->random_state = x;
    return x * 0x2545f4914f6cdd1du;
}

static struct value math_random(struct vm *vm, struct value *arguments, int n)
{
    double unit = (double)(next_random(vm) >> 11) * 0x1p-53;

    if (n == 0)
        return number_value(unit);
    return number_value(floor(unit * arg_number(vm, arguments, n, 0)));
}

static struct value math_seed(struct vm *vm, struct value *arguments, int n)
{
    vm->random_state =
        (uint64_t)arg_integer(vm, arguments, n, 0, 0, INT64_C(1) << 53) * 2 + 1;
    return nil_value();
}

static struct value math_gcd(struct vm *vm, struct value *arguments, int n)
{
    int64_t limit = INT64_C(1) << 53;
    int64_t a = llabs(arg_integer(vm, arguments, n, 0, -limit, limit));
    int64_t b = llabs(arg_integer(vm, arguments, n, 1, -limit, limit));

    while (b) {
        lldiv_t division = lldiv(a, b);

        a = b;
        b = division.rem;
    }
    return number_value((double)a);
}

/* ---- Bits: of integers in 53 bits ---- */

#define BIT_BINARY(X)                                                          \
    X(band, (a & b))                                                           \
    X(bor, (a | b))                                                            \
    X(bxor, (a ^ b))                                                           \
    X(shl, a << (b & 63))                                                      \
    X(shr, a >> (b & 63))                                                      \
    X(rotl32, (a << (b & 31) | a >> (-b & 31)) & 0xffffffff)

#define BIT_UNARY(X)                                                           \
    X(bnot, (~a & 0xffffffff))                                                 \
    X(popcount, __builtin_popcountll(a))                                       \
    X(ctz, (a ? __builtin_ctzll(a) : 64))                                      \
    X(clz, (a ? __builtin_clzll(a) : 64))                                      \
    X(swap32, __builtin_bswap32((uint32_t)a))

static uint64_t arg_bits(struct vm *vm, struct value *arguments, int n,
                         int index)
{
    int64_t limit = INT64_C(1) << 53;

    return (uint64_t)arg_integer(vm, arguments, n, index, -limit, limit);
}

#define X(name, formula)                                                       \
    static struct value bit_##name(struct vm *vm, struct value *arguments,     \
                                   int n)                                      \
    {                                                                          \
        uint64_t a = arg_bits(vm, arguments, n, 0);                            \
        uint64_t b = arg_bits(vm, arguments, n, 1);                            \
                                                                               \
        return number_value((double)(formula));                                \
    }
BIT_BINARY(X)
#undef X

#define X(name, formula)                                                       \
    static struct value bit_##name(struct vm *vm, struct value *arguments,     \
                                   int n)                                      \
    {                                                                          \
        uint64_t a = arg_bits(vm, arguments, n, 0);                            \
                                                                               \
        return number_value((double)(formula));                                \
    }
BIT_UNARY(X)
#undef X

static const struct builtin math_builtins[] = {
#define X(name) {#name, math_##name},
    MATH_UNARY(X) MATH_BINARY(X)
#undef X

        {"frexp", math_frexp},
    {"modf", math_modf},
    {"random", math_random},
    {"seed", math_seed},
    {"gcd", math_gcd},
};

static const struct builtin bit_builtins[] = {
#define X(name, formula) {#name, bit_##name},
    BIT_BINARY(X) BIT_UNARY(X)
#undef X
};

void library_open_math(struct vm *vm)
{
    library_add(vm, "math", math_builtins,
                sizeof(math_builtins) / sizeof(math_builtins[0]));
    library_add(vm, "bit", bit_builtins,
                sizeof(bit_builtins) / sizeof(bit_builtins[0]));
}
