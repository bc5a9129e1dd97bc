/* Starting the compiler process and waiting for its reply.
 *
 * The compiler is a separate program. So no crash, exit, leak or hang of LLVM
 * reaches this process, and this process never maps LLVM. The program gets
 * descriptors only: the request, the inputs, the file to write. */
#ifndef BCC_ENGINE_COMPILE_CLIENT_H
#define BCC_ENGINE_COMPILE_CLIENT_H

#include <stdint.h>

#include "request.h"
#include "error.h"
#include "span.h"

struct compile_job {
    const char *name;          /* of the script, for messages */
    const char *compiler_path; /* NULL: find it */
    struct compile_call call;
    size_t n_inputs;
    uint32_t time_limit_ms; /* 0: no limit */
};

/* Path of bccc, which the caller frees: `given` if not NULL, else the
 * environment's BCC_BCCC, else the installed one. NOT_FOUND, NO_MEMORY. */
enum status compile_client_find(const char *given, char **ret_path,
                                struct error *err) MUST_CHECK;

/* Open a library that is installed beside bccc, and find a function in it. It
 * stays open. Errors as above. */
enum status compile_client_open(const char *file, const char *function,
                                void **ret_function,
                                struct error *err) MUST_CHECK;

/* Run the compiler to its end. NOT_FOUND: no compiler; IO: it could not be
 * started; COMPILE: it died or exceeded the time limit; or the status of its
 * reply. *ret_reply is set on success. */
enum status compile_client_run(const struct compile_job *job,
                               struct reply *ret_reply,
                               struct error *err) MUST_CHECK;

/* Compile in this process, by libobcc-llvm.so, which is next to bccc.
 * NOT_FOUND: it is not there, or cannot be opened. */
enum status compile_client_call(const char *compiler_path,
                                const struct compile_call *call,
                                struct reply *ret_reply,
                                struct error *err) MUST_CHECK;

/* Start the compiler for a request of REQUEST_TIER_LATER: it leaves the work to
 * a process that is not a child of this one. NOT_FOUND, IO. */
enum status compile_client_later(const struct compile_job *job,
                                 struct error *err) MUST_CHECK;

/* Start a process that prunes a cache directory to its limit (see prune.h).
 * Waits until it has started, not until it is done. Errors: NOT_FOUND, IO. */
enum status compile_client_prune(const char *compiler_path, const char *dir,
                                 uint64_t limit, struct error *err) MUST_CHECK;

#endif
