/* Reading and writing the index of a runtime library: index_format.h.
 *
 * An index is never required: any defect is a reason to make it again. Once it
 * has passed the rules of store.h it is trusted like an entry, because its
 * bitcode becomes code. */
#ifndef BCC_CACHE_INDEX_FILE_H
#define BCC_CACHE_INDEX_FILE_H

#include <stdbool.h>

#include "buffer.h"
#include "error.h"
#include "index_format.h"
#include "sha1_digest.h"
#include "span.h"

/* A name, and what the library has for it. Arrays of rows are sorted by
 * strcmp. */
struct index_row {
    const char *name;
    unsigned kind;       /* IBCC_DECLARED ... */
    struct span closure; /* only its size, if it is too large to be kept */
};

struct index_contents {
    struct span identity;
    const uint8_t *sha1; /* of the library, SHA1_SIZE bytes */
    bool is_whole;
    const struct index_row *rows;
    size_t n_rows;
    /* checksum_name() of all names that it defines, ascending; two names may
     * share one */
    const uint32_t *defined;
    size_t n_defined;
};

/* Sort by name. */
void index_rows_sort(struct index_row *rows, size_t n_rows);
/* Find a name in sorted rows; NULL: none. */
const struct index_row *index_rows_find(const struct index_row *rows,
                                        size_t n_rows, const char *name);

/* Write the file into an empty buffer. NO_MEMORY; UNSUPPORTED: it would have
 * more than INDEX_MAX_SIZE bytes. */
enum { INDEX_MAX_SIZE = 16 * 1024 * 1024 };
enum status index_write(const struct index_contents *contents,
                        struct buffer *out, struct error *err) MUST_CHECK;

/* View of a file that passed the checks; borrows its bytes. */
struct index_view {
    struct span file;
    const struct ibcc_header *header;
    const struct ibcc_row *rows;
    const char *names;
    const struct obcc_le32 *defined;
    size_t n_rows, n_defined;
};

/* CORRUPT, UNSUPPORTED (another version), STALE (another identity, if one is
 * given). Does not check closures yet. */
enum status index_view_open(struct span file, struct span identity,
                            const char *name, struct index_view *ret_view,
                            struct error *err) MUST_CHECK;

bool index_view_is_whole(const struct index_view *view);

/* Read row i of n_rows. */
const char *index_view_name(const struct index_view *view, size_t i);
unsigned index_view_kind(const struct index_view *view, size_t i);

/* False if its closure is damaged. */
bool index_view_row(const struct index_view *view, size_t i,
                    struct index_row *ret_row);

/* False also if its closure is damaged. */
bool index_view_find(const struct index_view *view, const char *name,
                     struct index_row *ret_row);

/* May be true for a name that the library does not define. */
bool index_view_defines(const struct index_view *view, const char *name);

/* ---- One compile ---- */

/* The index of a large runtime library during a compile: what is known from
 * earlier compiles, and what this one adds. See closures.c. */
struct library_index {
    const struct index_view *known; /* NULL: no index yet */
    /* To be written: */
    bool is_changed;
    bool is_whole;          /* it has no closures and never will */
    struct index_row *rows; /* not in known; sorted */
    size_t n_rows;
    uint32_t *defined; /* see index_contents; NULL: the same as in known */
    size_t n_defined;
};

/* Append the next version of the file: new rows, and the known ones unless that
 * would be too large. NO_MEMORY, UNSUPPORTED. */
enum status library_index_write(const struct library_index *index,
                                struct span identity, const uint8_t *sha1,
                                struct buffer *out,
                                struct error *err) MUST_CHECK;

#endif
