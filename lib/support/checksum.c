#include "checksum.h"

#include <string.h>

/* Header-only use: nothing of libxxhash is needed at run time. */
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Not inlined below: it is 800 bytes. */
__attribute__((noinline)) uint64_t checksum_xxh3(struct span bytes)
{
    return XXH3_64bits(bytes.data, bytes.size);
}

uint32_t checksum_name(const char *name)
{
    return (uint32_t)checksum_xxh3(
        (struct span){(const uint8_t *)name, strlen(name)});
}
