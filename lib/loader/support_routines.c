/* libc functions that LLVM calls by itself: memory and string functions that
 * replace loops, and the function that ends a program with a smashed stack. The
 * compiler links everything else that generated code needs, such as all
 * arithmetic, into the image. Math functions such as fmod are not here, because
 * they belong to libm: a script gets them from the symbol callback, from a
 * shared library or from the process. */
#include "support_routines.h"

#include <stdint.h>
#include <string.h>

/* Each name has its symbol_hash(). There is no table of addresses, because each
 * would need a relocation. Names are sorted, as tools list them; a test checks
 * both. */
#define ROUTINES(X)                                                            \
    X(__stack_chk_fail, UINT32_C(0x1f4039c9))                                  \
    X(bcmp, UINT32_C(0x7c948047))                                              \
    X(memcmp, UINT32_C(0x0d827524))                                            \
    X(memcpy, UINT32_C(0x0d827590))                                            \
    X(memmove, UINT32_C(0xbdd69f1b))                                           \
    X(memset, UINT32_C(0x0d82b830))                                            \
    X(strlen, UINT32_C(0x1c93bb9d))                                            \
    X(wcslen, UINT32_C(0x24b549f1))

/* Declared under other names, because the compiler knows types for some of the
 * real ones. Nothing here calls them. */
#define DECLARE(name, hash) extern void library_##name(void) __asm__(#name);
ROUTINES(DECLARE)
#undef DECLARE

void *support_routine_find(const char *name, uint32_t hash)
{
    const char *known;
    void *address;

    switch (hash) {
#define CASE(routine, its_hash)                                                \
    case its_hash:                                                             \
        known = #routine;                                                      \
        address = (void *)library_##routine;                                   \
        break;
        ROUTINES(CASE)
#undef CASE
    default:
        return NULL;
    }
    return strcmp(known, name) == 0 ? address : NULL;
}

const char *support_routine_name(size_t index)
{
    static const char names[][20] = {
#define NAME(name, hash) #name,
        ROUTINES(NAME)
#undef NAME
    };

    return index < sizeof(names) / sizeof(names[0]) ? names[index] : NULL;
}
