/* A directory with one good cache entry, and the results that are allowed when
 * it is prepared after a change. */
#ifndef BCC_CORRUPT_FIXTURE_H
#define BCC_CORRUPT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bcc/bcc.h>

/* A compiler that is not there: a miss ends at once. */
#define NO_COMPILER "/nonexistent/bccc"

struct fixture {
    const char *bitcode;      /* what the entry is of */
    char dir[512], path[600]; /* of the entry */
    uint8_t *entry;           /* the good one */
    size_t size;
    size_t n_hits, n_misses; /* counted by judge() */
};

int set_up(void **state);
int set_up_large(void **state); /* of an entry above a megabyte */
int tear_down(void **state);

/* A script of that bitcode; compiler NULL: the real one. */
BCCScriptRef create(const char *bitcode, const char *compiler);

/* Code of the last failure. */
int error_code(BCCScriptRef script);

/* Replace the entry's bytes. */
void write_entry(const struct fixture *f, const uint8_t *bytes, size_t size);

/* All of a file; the caller frees it. */
uint8_t *read_file(const char *path, size_t *ret_size);

/* Prepare without a compiler. A miss must have a reason. A hit must answer
 * rightly; `run` false leaves its code alone. The script is replaced when it
 * is used up. what and where are for messages. */
void judge(struct fixture *f, BCCScriptRef *script, unsigned long flags,
           bool run, const char *what, size_t where);

/* The last prepare was no hit and says why. */
void require_reason(BCCScriptRef script, const char *what, size_t where);

/* Prepare with the compiler: the answer is right. */
void recover(const struct fixture *f, const char *what, size_t where);

/* The entry is one that a launch without compiler is content with. */
void require_good_entry(const struct fixture *f);

#endif
