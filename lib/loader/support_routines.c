/* What LLVM calls by itself on x86_64, from wherever it is had for least:
 * memory functions from libc, arithmetic from libgcc's static library, 16-bit
 * floating point from half_float.c.
 *
 * Not here, to keep libbcc.so small: 128-bit floating point (libgcc's take
 * 40 KiB), the integer functions that trap on overflow (clang emits code for
 * -ftrapv in place), and math functions such as fmod, which belong to libm. A
 * script that needs these has them from the symbol callback or from the
 * process. */
#include "support_routines.h"

#include <stdlib.h>
#include <string.h>

#include "half_float.h"

/* Sorted as strcmp() does; a test holds it to that. */
#define ROUTINES(LIBRARY, OURS)                                                \
    LIBRARY(__ashlti3)                                                         \
    LIBRARY(__ashrti3)                                                         \
    LIBRARY(__bswapdi2)                                                        \
    LIBRARY(__clzti2)                                                          \
    LIBRARY(__ctzti2)                                                          \
    LIBRARY(__divdc3)                                                          \
    LIBRARY(__divsc3)                                                          \
    LIBRARY(__divti3)                                                          \
    LIBRARY(__divxc3)                                                          \
    OURS(__extendhfdf2, half_to_double)                                        \
    OURS(__extendhfsf2, half_to_float)                                         \
    OURS(__extendhfxf2, half_to_long_double)                                   \
    LIBRARY(__fixdfti)                                                         \
    OURS(__fixhfti, half_to_int128)                                            \
    LIBRARY(__fixsfti)                                                         \
    LIBRARY(__fixunsdfti)                                                      \
    OURS(__fixunshfti, half_to_uint128)                                        \
    LIBRARY(__fixunssfti)                                                      \
    LIBRARY(__fixunsxfti)                                                      \
    LIBRARY(__fixxfti)                                                         \
    LIBRARY(__floattidf)                                                       \
    OURS(__floattihf, half_from_int128)                                        \
    LIBRARY(__floattisf)                                                       \
    LIBRARY(__floattixf)                                                       \
    LIBRARY(__floatuntidf)                                                     \
    OURS(__floatuntihf, half_from_uint128)                                     \
    LIBRARY(__floatuntisf)                                                     \
    LIBRARY(__floatuntixf)                                                     \
    LIBRARY(__lshrti3)                                                         \
    LIBRARY(__modti3)                                                          \
    LIBRARY(__muldc3)                                                          \
    LIBRARY(__mulsc3)                                                          \
    LIBRARY(__multi3)                                                          \
    LIBRARY(__mulxc3)                                                          \
    LIBRARY(__paritydi2)                                                       \
    LIBRARY(__popcountdi2)                                                     \
    LIBRARY(__popcountti2)                                                     \
    LIBRARY(__powidf2)                                                         \
    LIBRARY(__powisf2)                                                         \
    LIBRARY(__powixf2)                                                         \
    LIBRARY(__stack_chk_fail)                                                  \
    OURS(__truncdfbf2, bfloat_from_double)                                     \
    OURS(__truncdfhf2, half_from_double)                                       \
    OURS(__truncsfbf2, bfloat_from_float)                                      \
    OURS(__truncsfhf2, half_from_float)                                        \
    OURS(__truncxfbf2, bfloat_from_long_double)                                \
    OURS(__truncxfhf2, half_from_long_double)                                  \
    LIBRARY(__udivti3)                                                         \
    LIBRARY(__umodti3)                                                         \
    LIBRARY(bcmp)                                                              \
    LIBRARY(memcmp)                                                            \
    LIBRARY(memcpy)                                                            \
    LIBRARY(memmove)                                                           \
    LIBRARY(memset)

/* Declared under names of our own: the compiler has ideas of what some of the
 * real ones look like. Nothing here calls them. */
#define DECLARE(name) extern void library_##name(void) __asm__(#name);
#define DECLARED(name, ours)
ROUTINES(DECLARE, DECLARED)
#undef DECLARE
#undef DECLARED

/* The name is in the row, so that only the address needs a relocation. */
struct routine {
    char name[24];
    void *address;
};

static const struct routine routines[] = {
#define ROW(name)            {#name, (void *)library_##name},
#define ROW_OURS(name, ours) {#name, (void *)ours},
    ROUTINES(ROW, ROW_OURS)
#undef ROW
#undef ROW_OURS
};

enum { N_ROUTINES = sizeof(routines) / sizeof(routines[0]) };

static int compare_name(const void *name, const void *routine)
{
    return strcmp(name, ((const struct routine *)routine)->name);
}

void *support_routine_find(const char *name)
{
    const struct routine *found =
        bsearch(name, routines, N_ROUTINES, sizeof(routines[0]), compare_name);

    return found ? found->address : NULL;
}

const char *support_routine_name(size_t index)
{
    return index < N_ROUTINES ? routines[index].name : NULL;
}
