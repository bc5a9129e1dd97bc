/* A thread for a compile in the host: the host's may have a stack of 16 KiB,
 * and other rounding, another locale, or handlers of signals that must not run
 * on a stack that they do not know. */
#ifndef BCC_COMPILER_COMPILE_THREAD_H
#define BCC_COMPILER_COMPILE_THREAD_H

#include "error.h"

typedef enum status (*compile_work_fn)(void *context, struct error *err);
typedef void (*compile_finish_fn)(void *context);

/* Call work in a thread of its own, then finish (unless it is NULL), and wait.
 * LLVM's fatal errors and exhausted memory of C++ end the work with an error
 * like any other. IO: there is no thread. */
enum status compile_thread_run(compile_work_fn work, compile_finish_fn finish,
                               void *context, struct error *err) MUST_CHECK;

#endif
