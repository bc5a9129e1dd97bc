/* The indexes of large runtime libraries in the cache directory. */
#ifndef BCC_TOOLS_INDEXES_H
#define BCC_TOOLS_INDEXES_H

#include "arena.h"
#include "file.h"
#include "inputs.h"
#include "index_file.h"
#include "request.h"
#include "store.h"

struct index_file {
    struct buffer identity;
    char name[32];   /* "": the input has no index */
    bool is_stamped; /* known by its stamp, else by its SHA1 */
    struct file_mapping mapping;
    struct index_view view;
    struct store_writer writer; /* of its next version, once that was begun */
    bool is_begun;
};

struct indexes {
    struct index_file *file;     /* of each input */
    struct library_index *index; /* the same, for compile() */
    size_t n_inputs;
    size_t library_size; /* of the smallest library that has one */
    int notes_fd;        /* of the directory; -1 */
};

/* Find those of the inputs, and start to hash what is not hashed yet. Whatever
 * is wrong with an index, it is as if it were not there. They are there until
 * the process ends. library_size is set. NO_MEMORY. */
enum status indexes_open(struct indexes *indexes, const struct request *request,
                         struct inputs *inputs, struct arena *arena,
                         struct error *err) MUST_CHECK;

/* Was one found? */
bool indexes_are_used(const struct indexes *indexes);

/* Compile as if there were none. */
void indexes_forget(struct indexes *indexes);

/* In a copy of the process: they are the original's to publish. */
void indexes_leave(struct indexes *indexes);

/* Open the files that indexes_publish() writes, for indexes_end() to close.
 * False: there are none. */
bool indexes_begin(struct indexes *indexes);
void indexes_end(struct indexes *indexes); /* accepts zeroed ones */

/* Write those that a compile has changed, for the next one: if that fails, it
 * is no matter. The inputs were settled. Opens nothing. */
void indexes_publish(struct indexes *indexes, const struct inputs *inputs);

#endif
