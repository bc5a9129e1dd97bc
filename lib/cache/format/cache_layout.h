/* The layout of oBCC files: rules beyond the structs that writer and reader
 * share (the shape of each section, the bounds of header fields), and the check
 * of an untrusted header. */
#ifndef BCC_CACHE_LAYOUT_H
#define BCC_CACHE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bcc/bcc_cache.h>

#include "cpu_features.h"
#include "error.h"
#include "span.h"

/* ---- Sections ---- */

/* The section's name for messages: "string pool" ... */
const char *cache_section_name(uint32_t kind);

/* XXH3-64 of the first header_size bytes of head, with 0 in place of the
 * header's own checksum field. */
uint64_t cache_header_checksum(struct span head, size_t header_size);

/* May a file lack a section of that kind? */
static inline bool cache_is_optional(unsigned kind)
{
    return kind == OBCC_DEBUG || kind == OBCC_NEEDED_LIST ||
           kind == OBCC_FUNC_INDEX;
}

/* Bytes of an entry of a list or table section; 0 if kind is none. */
static inline size_t cache_entry_size(unsigned kind)
{
    static const uint8_t entry_size[OBCC_N_SECTION_KINDS] = {
        [OBCC_STRING_POOL] = sizeof(struct obcc_string),
        [OBCC_DEPENDENCY_TABLE] = sizeof(struct obcc_dependency),
        [OBCC_RELOCATION_TABLE] = sizeof(struct obcc_import),
        [OBCC_EXPORT_VAR_LIST] = sizeof(struct obcc_symbol),
        [OBCC_EXPORT_FUNC_LIST] = sizeof(struct obcc_symbol),
        [OBCC_EXPORT_FOREACH_LIST] = sizeof(struct obcc_symbol),
        [OBCC_PRAGMA_LIST] = sizeof(struct obcc_pragma),
        [OBCC_FUNC_TABLE] = sizeof(struct obcc_symbol),
        [OBCC_VAR_TABLE] = sizeof(struct obcc_symbol),
        [OBCC_OBJECT_SLOT_LIST] = sizeof(struct obcc_le32),
        [OBCC_NEEDED_LIST] = sizeof(struct obcc_le32),
        [OBCC_FUNC_INDEX] = sizeof(struct obcc_slot),
    };

    return kind < OBCC_N_SECTION_KINDS ? entry_size[kind] : 0;
}

/* ---- Header ---- */

struct cache_geometry {
    uint32_t context_align;
    uint64_t image_span;
    uint64_t image_align;
    uint64_t text_span;
};

/* A field out of its bounds gives the status `failure`, with a message. */
enum status cache_geometry_check(const struct cache_geometry *geometry,
                                 enum status failure, const char *name,
                                 struct error *err) MUST_CHECK;

enum {
    /* The most bytes that cache_layout_read() looks at. */
    CACHE_HEAD_SIZE = OBCC_HEADER_SIZE + OBCC_MAX_SECTIONS * OBCC_SECTION_SIZE
};

struct cache_extent {
    uint64_t offset;
    uint64_t size;
    uint64_t checksum;
};

/* The fields of a header, checked against itself and against file_size:
 * sections ascending, aligned, without overlap, inside the file; every required
 * kind present once; the context page-aligned. */
struct cache_layout {
    unsigned machine; /* ELF e_machine */
    uint8_t endianness, sizeof_off_t, sizeof_size_t, sizeof_ptr_t;
    uint64_t file_size;
    uint64_t image_span;
    uint64_t image_align;
    uint64_t text_span;
    uint32_t context_align;
    uint32_t tier; /* OBCC_TIER_... */
    struct cpu_features cpu_features;
    struct cache_extent section[OBCC_N_SECTION_KINDS]; /* size 0: absent */
};

/* head: the first min(CACHE_HEAD_SIZE, file size) bytes, copied so that no
 * other process can write to them. was_checked: the checksum of this unchanged
 * file was compared before. name is for messages. CORRUPT, UNSUPPORTED (other
 * version, unknown required feature or section). */
enum status cache_layout_read(struct span head, uint64_t file_size,
                              bool was_checked, const char *name,
                              struct cache_layout *ret_layout,
                              struct error *err) MUST_CHECK;

#endif
