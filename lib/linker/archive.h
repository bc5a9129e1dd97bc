/* A static archive (ar), member by member. */
#ifndef BCC_LINKER_ARCHIVE_H
#define BCC_LINKER_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "span.h"

/* Borrows name and bytes. */
struct archive_view {
    const char *name; /* for messages */
    struct span bytes;
    struct span long_names;
};

struct archive_member {
    const char *name; /* not NUL-terminated, borrows the archive's bytes */
    size_t name_size;
    struct span bytes;
    uint64_t offset; /* of its header */
};

/* Is this an archive, thin ones included? */
bool archive_is(struct span bytes);

/* UNSUPPORTED (thin), CORRUPT. */
enum status archive_open(struct span bytes, const char *name,
                         struct archive_view *ret_view,
                         struct error *err) MUST_CHECK;

/* The member at *at, which starts at 0 and is moved behind it; the symbol
 * index and the table of names are passed over. NOT_FOUND at the end, CORRUPT
 * names the place. */
enum status archive_next(const struct archive_view *view, uint64_t *at,
                         struct archive_member *ret_member,
                         struct error *err) MUST_CHECK;

#endif
