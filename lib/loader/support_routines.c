/* libc functions that LLVM calls by itself: memory and string functions that
 * replace loops, and the function that ends a program with a smashed stack. The
 * compiler links everything else that generated code needs, such as all
 * arithmetic, into the image. Math functions such as fmod are not here, because
 * they belong to libm: a script gets them from the symbol callback, from a
 * shared library or from the process. */
#include "support_routines.h"

#include <stdint.h>
#include <string.h>

/* With the symbol_hash() of each. Sorted, as tools list them; a test holds it
 * to both. */
#define ROUTINES(X)                                                            \
    X(__stack_chk_fail, UINT32_C(0x1f4039c9))                                  \
    X(bcmp, UINT32_C(0x7c948047))                                              \
    X(memcmp, UINT32_C(0x0d827524))                                            \
    X(memcpy, UINT32_C(0x0d827590))                                            \
    X(memmove, UINT32_C(0xbdd69f1b))                                           \
    X(memset, UINT32_C(0x0d82b830))                                            \
    X(strlen, UINT32_C(0x1c93bb9d))                                            \
    X(wcslen, UINT32_C(0x24b549f1))

/* Declared under names of our own: the compiler has ideas of what some of the
 * real ones look like. Nothing here calls them. */
#define DECLARE(name, hash) extern void library_##name(void) __asm__(#name);
ROUTINES(DECLARE)
#undef DECLARE

/* The name is in the row, so that only the address needs a relocation. */
struct routine {
    char name[20];
    uint32_t hash;
    void *address;
};

static const struct routine routines[] = {
#define ROW(name, hash) {#name, hash, (void *)library_##name},
    ROUTINES(ROW)
#undef ROW
};

enum { N_ROUTINES = sizeof(routines) / sizeof(routines[0]) };

/* Every import asks: one bit for each hash tells most names apart. */
void *support_routine_find(const char *name, uint32_t hash)
{
#define BIT(name, hash) | UINT64_C(1) << hash % 64
    const uint64_t some = 0 ROUTINES(BIT);
#undef BIT

    if (!(some >> hash % 64 & 1))
        return NULL;
    for (size_t i = 0; i < N_ROUTINES; i++)
        if (routines[i].hash == hash && strcmp(routines[i].name, name) == 0)
            return routines[i].address;
    return NULL;
}

const char *support_routine_name(size_t index)
{
    return index < N_ROUTINES ? routines[index].name : NULL;
}
