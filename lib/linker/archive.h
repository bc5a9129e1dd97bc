/* An untrusted `ar` archive, checked as it is walked. */
#ifndef BCC_LINKER_ARCHIVE_H
#define BCC_LINKER_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "span.h"

struct archive_view {
    const char *name; /* for messages */
    struct span bytes;
    struct span index;      /* the symbol index; empty: there is none */
    bool index64;           /* its numbers have 8 bytes, not 4 */
    struct span long_names; /* may be empty */
};

struct archive_member {
    const char *name; /* name_size bytes, not NUL-terminated */
    size_t name_size;
    struct span bytes;
    uint64_t offset; /* of its header in the archive */
};

/* One row of the symbol index. */
struct archive_symbol {
    const char *name;
    uint64_t member; /* offset, for archive_member_at() */
};

/* A position in the symbol index; zeros are its start. */
struct archive_cursor {
    uint64_t row;
    uint64_t name_offset; /* among the names */
};

/* Do the bytes begin as an archive does? Also true for a thin archive. */
bool archive_is(struct span bytes);

/* The view borrows bytes and name. CORRUPT; UNSUPPORTED for a thin archive,
 * which holds the names of its members and not their bytes. */
enum status archive_open(struct span bytes, const char *name,
                         struct archive_view *ret_view,
                         struct error *err) MUST_CHECK;

/* The next member; *at starts as 0 and is advanced. The symbol index and the
 * table of names are skipped. NOT_FOUND at the end, with *err untouched;
 * CORRUPT. */
enum status archive_next(const struct archive_view *view, uint64_t *at,
                         struct archive_member *ret_member,
                         struct error *err) MUST_CHECK;

/* The member whose header is at offset. CORRUPT. */
enum status archive_member_at(const struct archive_view *view, uint64_t offset,
                              struct archive_member *ret_member,
                              struct error *err) MUST_CHECK;

/* The next row of the symbol index. NOT_FOUND at the end, with *err
 * untouched; CORRUPT. */
enum status archive_next_symbol(const struct archive_view *view,
                                struct archive_cursor *cursor,
                                struct archive_symbol *ret_symbol,
                                struct error *err) MUST_CHECK;

#endif
