/* The functions that an image wants called when a thread ends: destructors of
 * C++ objects that are thread_local. */
#ifndef BCC_LOADER_THREAD_EXIT_H
#define BCC_LOADER_THREAD_EXIT_H

#include "error.h"
#include "load.h"

/* The destructors of one image that are yet to run. */
struct thread_exit;

/* The function of ours that an image gets under this name, NULL if it is no
 * such name. */
void *thread_exit_find(const char *name);

/* For the image at base, if it imports one. NO_MEMORY. */
enum status thread_exit_create(const void *base, struct thread_exit **ret_exits,
                               struct error *err) MUST_CHECK;

/* Run those of the calling thread, newest first. Accepts NULL. */
void thread_exit_run(struct thread_exit *exits);

/* Free image->exits and all memory that the image occupies: at once, or
 * behind the last destructor that another thread is yet to run. */
void thread_exit_release(const struct image *image);

#endif
