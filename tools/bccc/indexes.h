/* The indexes of large runtime libraries in the cache directory. */
#ifndef BCC_TOOLS_INDEXES_H
#define BCC_TOOLS_INDEXES_H

#include "arena.h"
#include "file.h"
#include "inputs.h"
#include "library_index.h"
#include "request.h"

struct index_file {
    struct buffer identity;
    char name[32];  /* "": the input has no index */
    bool is_signed; /* known by its signature, else by its SHA1 */
    struct file_mapping mapping;
    struct index_view view;
};

struct indexes {
    struct index_file *file;     /* of each input */
    struct library_index *index; /* the same, for compile() */
    size_t n_inputs;
};

/* Find those of the inputs, and start to hash what is not hashed yet. Whatever
 * is wrong with an index, it is as if it were not there. They are there until
 * the process ends. NO_MEMORY. */
enum status indexes_open(struct indexes *indexes, const struct request *request,
                         struct inputs *inputs, struct arena *arena,
                         struct error *err) MUST_CHECK;

/* Was one found? */
bool indexes_are_used(const struct indexes *indexes);

/* Compile as if there were none. */
void indexes_forget(struct indexes *indexes);

/* Write those that a compile has changed, for the next one: if that fails, it
 * is no matter. The inputs were settled. */
void indexes_publish(const struct indexes *indexes, const struct inputs *inputs,
                     struct arena *arena);

#endif
