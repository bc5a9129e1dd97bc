/* libc functions that LLVM calls by itself: memory and string functions that
 * replace loops, and the function that ends a program with a smashed stack. The
 * compiler links everything else that generated code needs, such as all
 * arithmetic, into the image. Math functions such as fmod are not here, because
 * they belong to libm: a script gets them from the symbol callback, from a
 * shared library or from the process. */
#include "support_routines.h"

#include <stdint.h>
#include <string.h>

/* Sorted, as tools list them; a test holds it to that. */
#define ROUTINES(X)                                                            \
    X(__stack_chk_fail)                                                        \
    X(bcmp)                                                                    \
    X(memcmp)                                                                  \
    X(memcpy)                                                                  \
    X(memmove)                                                                 \
    X(memset)                                                                  \
    X(strlen)                                                                  \
    X(wcslen)

/* Declared under names of our own: the compiler has ideas of what some of the
 * real ones look like. Nothing here calls them. */
#define DECLARE(name) extern void library_##name(void) __asm__(#name);
ROUTINES(DECLARE)
#undef DECLARE

/* The name is in the row, so that only the address needs a relocation. */
struct routine {
    char name[24];
    void *address;
};

static const struct routine routines[] = {
#define ROW(name) {#name, (void *)library_##name},
    ROUTINES(ROW)
#undef ROW
};

enum { N_ROUTINES = sizeof(routines) / sizeof(routines[0]) };

/* A number below 64 for the first bytes of a name. */
#define BEGINNING(name) ((unsigned)((name)[0] + 2 * (name)[1]) % 64)

/* Every import asks: one bit for each beginning tells most names apart. */
void *support_routine_find(const char *name)
{
#define BIT(name) | UINT64_C(1) << BEGINNING(#name)
    const uint64_t beginnings = 0 ROUTINES(BIT);
#undef BIT

    if (!name[0] || !name[1] || !(beginnings >> BEGINNING(name) & 1))
        return NULL;
    for (size_t i = 0; i < N_ROUTINES; i++)
        if (routines[i].name[2] == name[2] &&
            strcmp(routines[i].name, name) == 0)
            return routines[i].address;
    return NULL;
}

const char *support_routine_name(size_t index)
{
    return index < N_ROUTINES ? routines[index].name : NULL;
}
