/* The hash of a symbol's name in DT_GNU_HASH tables ("GNU Hash ELF Sections" of
 * the glibc and binutils lists). lib/linker records it with each import, so
 * that no launch needs to compute it. */
#ifndef BCC_SUPPORT_SYMBOL_HASH_H
#define BCC_SUPPORT_SYMBOL_HASH_H

#include <stdint.h>

static inline uint32_t symbol_hash(const char *name)
{
    uint32_t hash = 5381;

    for (; *name; name++)
        hash = hash * 33 + (uint8_t)*name;
    return hash;
}

#endif
