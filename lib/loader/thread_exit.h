/* Destructors of thread_local C++ objects of an image, which run when a thread
 * ends. */
#ifndef BCC_LOADER_THREAD_EXIT_H
#define BCC_LOADER_THREAD_EXIT_H

#include "error.h"
#include "load.h"

/* The destructors of one image that are yet to run. */
struct thread_exit;

/* The function that an image gets for an import of this name, or NULL. */
void *thread_exit_find(const char *name);

/* For the image at base, if it imports such a function. NO_MEMORY. */
enum status thread_exit_create(const void *base, struct thread_exit **ret_exits,
                               struct error *err) MUST_CHECK;

/* Run the destructors of the calling thread, newest first. Accepts NULL. */
void thread_exit_run(struct thread_exit *exits);

/* Free image->exits and all memory of the image: at once, or after the last
 * destructor that another thread has yet to run. */
void thread_exit_release(const struct image *image);

#endif
