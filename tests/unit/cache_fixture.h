/* A cache file in memory that a test can damage, then give correct checksums
 * again, so that the checks behind the checksums are reached too. */
#ifndef BCC_TESTS_CACHE_FIXTURE_H
#define BCC_TESTS_CACHE_FIXTURE_H

#include <stdint.h>

#include "cache_read.h"
#include "cache_write.h"
#include "error.h"

struct cache_file {
    uint8_t *data; /* exactly size bytes on the heap: overruns are seen */
    size_t size;
};

/* Fails the test if the contents cannot be written. */
struct cache_file cache_file_make(const struct cache_contents *contents);
struct cache_file cache_file_copy(const struct cache_file *file);
void cache_file_free(struct cache_file *file);

struct obcc_header *cache_file_header(struct cache_file *file);

/* Row of the section table, by kind; fails the test if there is none. */
struct obcc_section *cache_file_section(struct cache_file *file, uint32_t kind);

/* Bytes of a section. */
uint8_t *cache_file_bytes(struct cache_file *file, uint32_t kind);

/* Make the checksum of a section, or of the header, right again. */
void cache_file_seal_section(struct cache_file *file, uint32_t kind);
void cache_file_seal_header(struct cache_file *file);

/* Layout and view, as a reader does it. */
enum status cache_file_open(const struct cache_file *file, unsigned flags,
                            struct cache_layout *ret_layout,
                            struct cache_view *ret_view, struct error *err);

/* Use every accessor with every index and some beyond. Returns a number that
 * depends on all that was read, so that no reading is optimised away. */
uint64_t cache_view_walk(const struct cache_view *view);

#endif
