/* Names that the optimiser and the code generator refer to by themselves:
 * memory copies, arithmetic that the CPU lacks, intrinsics of mathematics,
 * simpler functions of C (puts for printf), stack guards, roots of garbage
 * collection. If a program defines such a name, generated code uses that
 * definition. So it must be neither dropped nor specialised when no IR refers
 * to it.
 *
 * LLVM lists most of these names itself, for all machines, and the build copies
 * its list (cmake/BccLibcalls.cmake). This file lists names that are scattered
 * in LLVM's sources, and families of support routines, which have more members
 * than LLVM calls.
 *
 * A definition kept needlessly costs its bytes. A definition dropped wrongly
 * costs an undefined symbol, or the wrong function is called. */
#include "libcalls.h"

#include <stdlib.h>
#include <string.h>

/* Sorted. */
static const char *const known_to_llvm[] = {
#include "libcall_names.h"
};

/* Sorted. */
static const char *const others[] = {
    "___tls_get_addr",    /* 32-bit x86 */
    "__fentry__",         /* "fentry-call", x86 */
    "__gnu_mcount_nc",    /* profiling, ARM */
    "__guard_local",      /* stack protector, OpenBSD */
    "__mcount",           /* profiling */
    "__tls_get_addr",     /* thread-local variables */
    "_mcount",            /* profiling */
    "llvm_gc_root_chain", /* gc "shadow-stack" */
    "mcount",             /* profiling */
    "sincos",             /* GNU's C library */
    "sincosf",            /* GNU's C library */
    "sincosl",            /* GNU's C library */
};

/* Prefixes. compiler-rt and libgcc: __divti3, __fixunsdfsi, __aeabi_uidivmod
 * ... Code generators: outlined atomics, thunks for indirect branches, split
 * and safe stacks, emulated thread-local variables, instrumentation. */
static const char *const prefix[] = {
    "__aarch64_", "__add",        "__aeabi_",  "__arm_",
    "__asan_",    "__ashl",       "__ashr",    "__atomic_",
    "__bswap",    "__clz",        "__cmp",     "__ctz",
    "__cyg_",     "__div",        "__emutls_", "__eq",
    "__exp10",    "__extend",     "__ffs",     "__fix",
    "__float",    "__ge",         "__gnu_f2h", "__gnu_h2f",
    "__gt",       "__hwasan_",    "__le",      "__llvm_",
    "__lshr",     "__lt",         "__mod",     "__morestack",
    "__mul",      "__ne",         "__parity",  "__popcount",
    "__pow",      "__safestack_", "__sincos",  "__stack_chk_",
    "__sub",      "__sync_",      "__trunc",   "__ucmp",
    "__udiv",     "__umod",       "__unord",   "__x86_indirect_thunk_",
    "__xray_",
};

static int compare(const void *key, const void *row)
{
    return strcmp(key, *(const char *const *)row);
}

#define IN_TABLE(table, name)                                                  \
    (bsearch(name, table, sizeof(table) / sizeof((table)[0]),                  \
             sizeof((table)[0]), compare) != NULL)

static bool is_one_of(const char *const *list, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

/* ORDER OPERATORS: the operators that tools/bcc/operators.c exports. size_t is
 * mangled as m or j. */
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
    if (IN_TABLE(known_to_llvm, name) || IN_TABLE(others, name))
        return true;
    for (size_t i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
        if (strncmp(name, prefix[i], strlen(prefix[i])) == 0)
            return true;
    return false;
}
