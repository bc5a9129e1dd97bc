/* Names that the code generator calls on its own: for memory copies, for
 * arithmetic the CPU lacks, for mathematics written as intrinsics. A script or
 * library that defines one of them defines it for generated code too, so the
 * definition must not vanish just because no IR refers to it.
 *
 * Keeping a function too many costs its bytes; dropping one needed costs an
 * undefined symbol. So the support routines are matched by prefix, and
 * mathematics by base name with the suffix of its precision. */
#include "libcalls.h"

#include <stdlib.h>
#include <string.h>

/* Sorted. */
static const char *const memory[] = {
    "bcmp",    "bzero",  "memcmp", "memcpy",
    "memmove", "memset", "stpcpy", "strlen",
};

/* Sorted; also with an f or l appended. */
static const char *const mathematics[] = {
    "acos",      "asin",         "atan",     "atan2",        "cbrt",
    "ceil",      "copysign",     "cos",      "cosh",         "erf",
    "exp",       "exp10",        "exp2",     "fabs",         "floor",
    "fma",       "fmax",         "fmaximum", "fmaximum_num", "fmin",
    "fminimum",  "fminimum_num", "fmod",     "frexp",        "ldexp",
    "llrint",    "llround",      "log",      "log10",        "log2",
    "lrint",     "lround",       "modf",     "nearbyint",    "pow",
    "remainder", "rint",         "round",    "roundeven",    "sin",
    "sincos",    "sinh",         "sqrt",     "tan",          "tanh",
    "trunc",
};

/* compiler-rt and libgcc: __divti3, __fixunsdfsi, __aeabi_uidivmod ... */
static const char *const support_prefix[] = {
    "__add",        "__aeabi_", "__ashl",     "__ashr",    "__atomic_",
    "__bswap",      "__clz",    "__cmp",      "__ctz",     "__div",
    "__eq",         "__exp10",  "__extend",   "__ffs",     "__fix",
    "__float",      "__ge",     "__gnu_f2h",  "__gnu_h2f", "__gt",
    "__le",         "__lshr",   "__lt",       "__mod",     "__mul",
    "__ne",         "__parity", "__popcount", "__pow",     "__sincos",
    "__stack_chk_", "__sub",    "__sync_",    "__trunc",   "__ucmp",
    "__udiv",       "__umod",   "__unord",
};

static int compare(const void *key, const void *row)
{
    return strcmp(key, *(const char *const *)row);
}

#define IN_TABLE(table, name)                                                  \
    (bsearch(name, table, sizeof(table) / sizeof((table)[0]),                  \
             sizeof((table)[0]), compare) != NULL)

static bool is_mathematics(const char *name)
{
    char base[16];
    size_t size = strlen(name);

    if (IN_TABLE(mathematics, name))
        return true;
    if (size < 2 || size > sizeof(base) ||
        (name[size - 1] != 'f' && name[size - 1] != 'l'))
        return false;
    memcpy(base, name, size - 1);
    base[size - 1] = '\0';
    return IN_TABLE(mathematics, base);
}

static bool is_one_of(const char *const *list, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

/* ORDER OPERATORS: as tools/bcc/operators.c exports them. size_t is mangled as
 * m or j. */
bool is_replaceable_operator(const char *name)
{
    static const char *const rest[] = {"", "RKSt9nothrow_t", "St11align_val_t",
                                       "St11align_val_tRKSt9nothrow_t"};
    bool has_size;

    if (strncmp(name, "_Znw", 4) == 0 || strncmp(name, "_Zna", 4) == 0) {
        has_size = name[4] == 'm' || name[4] == 'j';
        return has_size && is_one_of(rest, 4, name + 5);
    }
    if (strncmp(name, "_ZdlPv", 6) != 0 && strncmp(name, "_ZdaPv", 6) != 0)
        return false;
    has_size = name[6] == 'm' || name[6] == 'j';
    return is_one_of(rest, 4, name + 6 + has_size);
}

bool is_libcall(const char *name)
{
    size_t n_prefixes = sizeof(support_prefix) / sizeof(support_prefix[0]);

    if (name[0] != '_')
        return IN_TABLE(memory, name) || is_mathematics(name);
    for (size_t i = 0; i < n_prefixes; i++)
        if (strncmp(name, support_prefix[i], strlen(support_prefix[i])) == 0)
            return true;
    return false;
}
