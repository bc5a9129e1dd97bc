/* The bytes behind the input descriptors, and the proof of their identity. */
#ifndef BCC_COMPILER_INPUTS_H
#define BCC_COMPILER_INPUTS_H

#include <pthread.h>

#include "arena.h"
#include "cache_write.h"
#include "request.h"

struct input {
    const struct request_input *request;
    int fd;
    struct file_mapping mapping; /* mapping of a file that is not copied */
    struct span bytes;
    struct file_stamp stamp; /* of the file or archive with the bytes; taken
                                before they were read */
    bool sound;              /* no later change can hide behind the stamp */
    bool is_hashed;
    uint8_t sha1[SHA1_SIZE];
    bool is_stamped; /* set when settled: the stamp stands for the SHA1 */
};

struct inputs {
    struct input *input;
    struct span *bytes; /* the same, for compile() */
    size_t n_inputs;
    bool portable; /* record no stamps */
    bool hashing;  /* in the thread */
    pthread_t hasher;
};

/* fds: the inputs' descriptors, *borrowed* until the inputs are settled. Zeroed
 * inputs may be released. STALE (the size is not the request's), IO,
 * NO_MEMORY. */
enum status inputs_open(struct inputs *inputs, const struct request *request,
                        const int *fds, struct arena *arena,
                        struct error *err) MUST_CHECK;
void inputs_release(struct inputs *inputs);

/* May a stamp stand for the content? */
bool inputs_may_stamp(const struct request_input *request);

/* Compute the unknown digests, in a thread if there is much to do. */
void inputs_start_hashing(struct inputs *inputs);
void inputs_finish_hashing(struct inputs *inputs);

/* After the compile: the dependency rows. STALE if a file was changed
 * meanwhile. */
enum status inputs_settle(const struct inputs *inputs,
                          struct cache_dependency *rows,
                          struct error *err) MUST_CHECK;

#endif
