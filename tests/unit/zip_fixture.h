/* Small ZIP archives, byte by byte, so that tests can damage them precisely. */
#ifndef BCC_TESTS_ZIP_FIXTURE_H
#define BCC_TESTS_ZIP_FIXTURE_H

#include <stddef.h>

#include "buffer.h"

/* Of a file, and of the archive. */
enum {
    ZIP_DEFLATED = 1u << 0,
    ZIP_DESCRIPTOR = 1u << 1, /* CRC-32 and sizes follow the bytes */
    ZIP_64 = 1u << 2          /* sizes, offsets, counts of 64 bits */
};

struct zip_file {
    const char *name;
    const void *data;
    size_t size;
    unsigned flags;
};

enum { ZIP_MAX_FILES = 8 };

/* Where things are in the bytes. */
struct zip_places {
    size_t local[ZIP_MAX_FILES]; /* headers */
    size_t data[ZIP_MAX_FILES];
    size_t central[ZIP_MAX_FILES]; /* headers in the directory */
    size_t end;                    /* the record that ends it */
};

/* Field offsets that tests change. ORDER as in PKWARE's APPNOTE. */
enum {
    ZIP_CENTRAL_FLAGS = 8,
    ZIP_CENTRAL_METHOD = 10,
    ZIP_CENTRAL_CRC = 16,
    ZIP_CENTRAL_PACKED = 20,
    ZIP_CENTRAL_SIZE = 24,
    ZIP_CENTRAL_NAME_SIZE = 28,
    ZIP_CENTRAL_LOCAL = 42,
    ZIP_LOCAL_METHOD = 8,
    ZIP_LOCAL_NAME_SIZE = 26,
    ZIP_LOCAL_EXTRA_SIZE = 28,
    ZIP_END_DISK = 4,
    ZIP_END_COUNT = 10,
    ZIP_END_SIZE = 12,
    ZIP_END_OFFSET = 16,
    ZIP_END_COMMENT = 20
};

/* Append an archive to out, which may hold what precedes it. flags: ZIP_64 or
 * 0, for its end. places may be NULL. */
void zip_make(const struct zip_file *files, size_t n_files, unsigned flags,
              struct buffer *out, struct zip_places *places);

#endif
