/* The indexes of large runtime libraries in the cache directory. */
#ifndef BCC_COMPILER_INDEXES_H
#define BCC_COMPILER_INDEXES_H

#include "arena.h"
#include "file.h"
#include "inputs.h"
#include "index_file.h"
#include "request.h"
#include "store.h"

struct index_file {
    struct buffer identity;
    char name[32];   /* file name; "": the input has no index */
    bool is_stamped; /* the key is the stamp, else the SHA1 */
    struct file_mapping mapping;
    struct index_view view;
    struct store_writer writer; /* of the next version, once begun */
    bool is_begun;
};

struct indexes {
    struct index_file *file;     /* of each input */
    struct library_index *index; /* the same, for compile() */
    size_t n_inputs;
    size_t library_size; /* size of the smallest library that gets one */
    int dir_fd;          /* the cache directory; else not a directory */
    int notes_fd;        /* of the cache directory; -1 */
};

/* Find the indexes of the inputs, and start to hash inputs without a known
 * SHA1. A damaged index counts as missing. The caller sets library_size and
 * dir_fd. NO_MEMORY. */
enum status indexes_open(struct indexes *indexes, const struct request *request,
                         struct inputs *inputs, struct arena *arena,
                         struct error *err) MUST_CHECK;

/* Was an index found? */
bool indexes_are_used(const struct indexes *indexes);

/* Compile as if there were no indexes. */
void indexes_forget(struct indexes *indexes);

/* For a copy of the process: the original publishes the indexes. */
void indexes_leave(struct indexes *indexes);

/* Open the files that indexes_publish() writes; indexes_end() closes them.
 * False: there are none. */
bool indexes_begin(struct indexes *indexes);
void indexes_end(struct indexes *indexes);     /* also for zeroed ones */
void indexes_release(struct indexes *indexes); /* likewise */

/* Write the indexes that a compile has changed, for the next one; failures are
 * ignored. The inputs must be settled. Opens nothing. */
void indexes_publish(struct indexes *indexes, const struct inputs *inputs);

#endif
