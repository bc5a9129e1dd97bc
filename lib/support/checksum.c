#include "checksum.h"

/* Header-only use: libxxhash is not needed at run time. */
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t checksum_xxh3(struct span bytes)
{
    return XXH3_64bits(bytes.data, bytes.size);
}
