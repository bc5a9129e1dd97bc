/* The call of libobcc-llvm.so, which compiles in the host: the same request,
 * the same file and the same errors as with the compiler process. Both sides
 * come from one build; the message says of which version it is. */
#ifndef BCC_CACHE_COMPILE_CALL_H
#define BCC_CACHE_COMPILE_CALL_H

#include "request.h"

/* The file, in the directory of bccc, and the function in it. */
#define COMPILE_CALL_FILE "libobcc-llvm.so"
#define COMPILE_CALL_NAME "obcc_llvm_compile"

/* ORDER LOG LEVELS: those of the API. */
enum { COMPILE_LOG_DEBUG = 0, COMPILE_LOG_FATAL = 2 };
typedef void (*compile_log_fn)(void *context, int level, const char *area,
                               const char *text);

/* Code that is compiled in pieces. The caller fills the log; the compiler adds
 * the code, and the function that releases it when it runs no more. */
struct lazy_code {
    compile_log_fn log; /* NULL: no log; called from any thread */
    void *log_context;
    void *code; /* NULL: there is none */
    void (*release)(void *code);
};

struct compile_call {
    struct span message; /* request_write(); empty: prune the directory */
    const int *input_fds;
    int output_fd;
    int lock_fd;          /* that of a flight; -1: none */
    int dir_fd;           /* of the cache directory; -1: none */
    const char *dir;      /* to prune */
    uint64_t prune_limit; /* bytes */
    /* Not NULL: compile functions when they are first called. What is written
     * is only for this process. Code that is there is released first. There is
     * none after the call if that is impossible: then baseline code of
     * everything is written. Borrowed until the code is released. */
    struct lazy_code *lazy;
};

/* Errors as compile_client_run(). *ret_reply is set on success. */
typedef enum status (*compile_call_fn)(const struct compile_call *call,
                                       struct reply *ret_reply,
                                       struct error *err);

#endif
