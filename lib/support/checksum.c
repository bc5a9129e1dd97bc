#include "checksum.h"

#include <string.h>

/* Header-only use: libxxhash is not needed at run time. */
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t checksum_xxh3(struct span bytes)
{
    return XXH3_64bits(bytes.data, bytes.size);
}

uint32_t checksum_name(const char *name)
{
    return (uint32_t)checksum_xxh3(
        (struct span){(const uint8_t *)name, strlen(name)});
}
