/* The file format of a runtime library's index: every struct and constant.
 * closures.c explains its purpose; docs/cache-format.html describes the same
 * bytes in words.
 *
 *     +--------------------+ 0
 *     | ibcc_header        |
 *     | identity           |  text, of which library and for what
 *     | rows               |  n_rows x 32 bytes, ascending by name
 *     | names              |  of the rows, each with its NUL
 *     | defined            |  n_defined x 4 bytes, ascending
 *     +--------------------+ what is checked when the file is opened
 *     | closures           |  bitcode; each checked when it is used
 *     +--------------------+ file_size
 *
 * Each part starts at a multiple of 8; gaps are zero. */
#ifndef BCC_CACHE_INDEX_FORMAT_H
#define BCC_CACHE_INDEX_FORMAT_H

#include <assert.h>

#include <bcc/bcc_cache.h>

#define IBCC_MAGIC   "ibcc"
#define IBCC_VERSION "100\0" /* 4 bytes, compared as bytes */

/* Flags of a header. */
enum {
    IBCC_WHOLE = 1u << 0 /* the library is linked as a whole: no rows */
};

/* Kinds of rows. */
enum {
    IBCC_DECLARED = 0, /* the library needs it from others */
    IBCC_CLOSURE = 1,  /* the library defines it; the closure is here */
    IBCC_LARGE = 2     /* the library defines it; too large to be kept */
};

struct ibcc_header {
    uint8_t magic[4];
    uint8_t version[4];
    struct obcc_le64 file_size;
    struct obcc_le64 checksum; /* XXH3-64 of the bytes from here to the first
                                  closure */
    uint8_t sha1[20];          /* of the library */
    struct obcc_le32 flags;
    struct obcc_le32 identity_size;
    struct obcc_le32 n_rows;
    struct obcc_le32 names_size;
    struct obcc_le32 n_defined;
};

struct ibcc_row {
    struct obcc_le32 name; /* offset in names */
    struct obcc_le32 kind;
    struct obcc_le64 offset;   /* in the file; 0 without a closure */
    struct obcc_le64 size;     /* also for a closure that is not kept */
    struct obcc_le64 checksum; /* XXH3-64 of the closure */
};

static_assert(sizeof(struct ibcc_header) == 64, "frozen");
static_assert(sizeof(struct ibcc_row) == 32, "frozen");

#endif
