/* Correct the checksums of an entry, so that changes get past them. */
#ifndef BCC_TESTS_SEAL_CACHE_H
#define BCC_TESTS_SEAL_CACHE_H

#include "cache_read.h"
#include "checksum.h"

static inline void seal_cache(uint8_t *data, size_t size)
{
    struct obcc_header *header = (struct obcc_header *)data;
    struct obcc_section *row = (struct obcc_section *)(header + 1);
    const struct span whole = {data, size};
    struct span part;
    size_t n_rows;

    if (size < sizeof(*header))
        return;
    n_rows = obcc_get16(header->n_sections);
    for (size_t i = 0; i < n_rows && i < OBCC_MAX_SECTIONS; i++, row++) {
        if ((size_t)((uint8_t *)(row + 1) - data) > size)
            return;
        if (span_slice(whole, obcc_get64(row->offset), obcc_get64(row->size),
                       &part))
            row->checksum = obcc_le64(checksum_xxh3(part));
    }
    header->checksum = obcc_le64(0);
    if (span_slice(whole, 0, obcc_get32(header->header_size), &part))
        header->checksum = obcc_le64(checksum_xxh3(part));
}

#endif
