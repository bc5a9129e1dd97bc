/* XXH3, 64 bits: detects damage at memory speed. It does not prove where data
 * comes from. */
#ifndef BCC_SUPPORT_CHECKSUM_H
#define BCC_SUPPORT_CHECKSUM_H

#include <stdint.h>
#include <string.h>

#include "span.h"

uint64_t checksum_xxh3(struct span bytes);

/* The low half of the checksum of a name, without its NUL: for tables of
 * names. */
static inline uint32_t checksum_name(const char *name)
{
    return (uint32_t)checksum_xxh3(
        (struct span){(const uint8_t *)name, strlen(name)});
}

#endif
