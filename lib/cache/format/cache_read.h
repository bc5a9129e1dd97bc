/* Reading an oBCC file: the only place where untrusted bytes become trusted.
 *
 * Two steps, because the file is mapped once and its header says how:
 *   1. cache_layout_read() checks the header and the section table, from the
 *      first bytes of the file: see cache_layout.h.
 *   2. cache_view_open() finds the sections in the mapped bytes before the
 *      context, and gives a view.
 *
 * The content of sections (checksums and counts) is checked with
 * CACHE_CHECK_ALL: once after each start of the machine, not at each launch.
 * Accessors stay inside the section whatever it holds. */
#ifndef BCC_CACHE_READ_H
#define BCC_CACHE_READ_H

#include <stdbool.h>
#include <stdint.h>

#include <bcc/bcc_cache.h>

#include "cache_layout.h"
#include "error.h"
#include "span.h"

struct cache_view {
    struct span section[OBCC_N_SECTION_KINDS]; /* context and debug only with
                                                  the whole file given */
};

enum {
    CACHE_CHECK_ALL = 1u << 0,
    CACHE_CHECK_NO_DEBUG = 1u << 1, /* with CACHE_CHECK_ALL: not the debug
                                       section */
    CACHE_CHECK_NO_CODE = 1u << 2,  /* with CACHE_CHECK_ALL: not the context */
    CACHE_CHECK_TABLES =
        CACHE_CHECK_ALL | CACHE_CHECK_NO_DEBUG | CACHE_CHECK_NO_CODE
};

/* bytes: the file from offset 0, at least up to the context; with
 * CACHE_CHECK_ALL the whole file. The view borrows bytes. CORRUPT. */
enum status cache_view_open(struct span bytes,
                            const struct cache_layout *layout, unsigned flags,
                            const char *name, struct cache_view *ret_view,
                            struct error *err) MUST_CHECK;

/* The bytes of a section that views leave out (kinds >= 64), if it lies before
 * the context; empty if there is none. bytes: the file from offset 0 to the
 * context. */
struct span cache_extra_section(struct span bytes, uint32_t kind);

/* Does the file have a section of that kind? */
static inline bool cache_is_there(const struct cache_view *view, unsigned kind)
{
    return view->section[kind].size > 0;
}

/* Number of entries of a list or table section; 0 if it is absent. */
uint32_t cache_count(const struct cache_view *view, unsigned kind);

/* Entry number `index` of a list; NULL if index >= count. */
const struct obcc_symbol *cache_symbol_at(const struct cache_view *view,
                                          unsigned kind, uint32_t index);
const struct obcc_dependency *cache_dependency_at(const struct cache_view *view,
                                                  uint32_t index);
const struct obcc_import *cache_import_at(const struct cache_view *view,
                                          uint32_t index);
const struct obcc_pragma *cache_pragma_at(const struct cache_view *view,
                                          uint32_t index);
/* Object slot number `index`; the caller ensures that index < count. */
uint32_t cache_object_slot_at(const struct cache_view *view, uint32_t index);

/* Name of needed library number `index`; "" if index >= count. */
const char *cache_needed_at(const struct cache_view *view, uint32_t index);

/* NUL-terminated string of the pool, "" for an index outside it. */
const char *cache_string(const struct cache_view *view, uint32_t index);

/* Search OBCC_FUNC_TABLE or OBCC_VAR_TABLE by name; NULL: no such symbol. */
const struct obcc_symbol *cache_find_symbol(const struct cache_view *view,
                                            unsigned kind, const char *name);

struct span cache_identity(const struct cache_view *view);

#endif
