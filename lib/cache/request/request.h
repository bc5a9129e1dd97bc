/* A request: the inputs of a cache entry, and everything else that influences
 * the code made from them.
 *
 * A request has two text forms:
 *
 *  - its identity: the options alone, as canonical text of "name=value" lines
 *    in a fixed order (names and values %-escaped below 0x21, '%', 0x7f). The
 *    identity is a section of the cache file and is compared byte for byte. It
 *    does not contain the inputs; the dependency table compares these.
 *  - its message: the identity followed by "input=" and limit lines, sent to
 *    the compiler process in a memfd. The bytes of input i are behind file
 *    descriptor REQUEST_FIRST_INPUT_FD + i of that process.
 *
 * Identity lines, all present, in this order:
 *   format=100            OBCC_VERSION without its NUL
 *   libbcc=0.1.0
 *   llvm=22.1.8           the LLVM that libbcc was built for
 *   triple=x86_64-pc-linux-gnu
 *   cpu=native            or a CPU name of LLVM
 *   features=+avx2,-fma   as given, "" for none
 *   opt=3
 *   flags=marked-only,strip-debug   in this order, "" for none; also
 *                         default-libraries, fp-contract-off
 *   mark=NAME             one line each, sorted by strcmp, no duplicates
 *   library-dir=DIR       one line each, in the order of search
 *   shared=HOW NAME       HOW search|open, one line each, in the order added
 * Message lines after them:
 *   limit-memory=BYTES    0: none
 *   portable=1            or 0; 1: record no stamps of inputs
 *   tier=NUMBER           of enum request_tier
 *   entry=NAME            of the file in the cache directory, "" without one
 *   input=ROLE TYPE FLAGS SIZE NAME [ENTRY]   ROLE script|library|object, TYPE
 *                         apk|file, FLAGS skip-sha1|-, SIZE in bytes of the
 *                         file behind the descriptor, ENTRY if that is an
 *                         archive that contains the input; one line each */
#ifndef BCC_CACHE_REQUEST_H
#define BCC_CACHE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buffer.h"
#include "error.h"
#include "span.h"

/* ORDER REQUEST FD: descriptors of the compiler process. */
enum {
    REQUEST_FD = 3,        /* memfd: the message, read from offset 0 */
    REQUEST_OUTPUT_FD = 4, /* the cache file to write, empty */
    REQUEST_REPLY_FD = 5,  /* memfd: the reply, see below */
    REQUEST_LOCK_FD = 6,   /* the lock that beats, see flight.h, or no lock */
    REQUEST_DIR_FD = 7,    /* the cache directory, checked; else no directory */
    REQUEST_HOST_FD = 8,   /* pidfd of the host; /dev/null if the kernel has
                              no pidfds */
    REQUEST_FIRST_INPUT_FD = 9,
    REQUEST_MAX_INPUTS = 256
};

/* The tier that is asked for. */
enum request_tier {
    REQUEST_TIER_BEST = 0,
    REQUEST_TIER_BASELINE, /* made in the least time, and kept */
    /* The compiler chooses: the best at once, or baseline code now and the best
     * after the reply, in the background. */
    REQUEST_TIER_AUTO,
    /* The best, in the background, because there is a baseline entry. No
     * reply. */
    REQUEST_TIER_LATER,
};

/* An object is part of the program like the script, and is linked whole. Of a
 * library only reachable definitions are linked. */
enum request_role { REQUEST_SCRIPT, REQUEST_LIBRARY, REQUEST_OBJECT };

struct request_input {
    enum request_role role;
    uint32_t type;     /* OBCC_APK_RESOURCE or OBCC_FILE_RESOURCE */
    bool skip_sha1;    /* content is not compared */
    const char *name;  /* resource name, path or ARCHIVE!ENTRY */
    uint64_t size;     /* bytes; for an archive, its own size */
    const char *entry; /* not NULL: the entry of the archive; name ends in it */
};

/* The bits of the API's flags, see prepare.c. */
enum {
    REQUEST_MARKED_ONLY = 1u << 2, /* export marked symbols only */
    /* Also take symbols from the libraries that programs are linked with. */
    REQUEST_DEFAULT_LIBRARIES = 1u << 7,
    REQUEST_STRIP_DEBUG = 1u << 8, /* drop the inputs' debug information */
    /* Products and sums are rounded separately, on every CPU. */
    REQUEST_FP_CONTRACT_OFF = 1u << 12,
};

/* A shared library that the script may take symbols from. */
enum request_shared_how {
    REQUEST_SHARED_OPEN,   /* name is a path or a soname */
    REQUEST_SHARED_SEARCH, /* name is the argument of a linker's -l */
};

struct request_shared {
    enum request_shared_how how;
    const char *name;
};

struct request {
    /* All pointers are borrowed. */
    const char *libbcc_version;
    const char *llvm_version;
    const char *triple;
    const char *cpu; /* "native" or a CPU name of LLVM */
    const char *features;
    unsigned opt_level;       /* 0..3 */
    unsigned flags;           /* REQUEST_MARKED_ONLY ... */
    const char *const *marks; /* any order, duplicates allowed */
    size_t n_marks;
    /* The names that shared libraries bind in the code. The compiler process
     * finds them; they are not part of a request's text. */
    const char *const *uses;
    size_t n_uses;
    const char *const *library_dirs;
    size_t n_library_dirs;
    const struct request_shared *shared;
    size_t n_shared;
    const struct request_input *inputs; /* the script first */
    size_t n_inputs;
    uint64_t limit_memory; /* bytes of address space, 0: none */
    bool portable; /* the file will be used elsewhere: record no facts about
                      this machine's files */
    enum request_tier tier;
    const char *entry; /* file name; NULL or "": none */
};

/* Append the identity text. NO_MEMORY. */
enum status request_write_identity(const struct request *request,
                                   struct buffer *out,
                                   struct error *err) MUST_CHECK;

/* Append the whole message. NO_MEMORY, MISUSE (too many inputs). */
enum status request_write(const struct request *request, struct buffer *out,
                          struct error *err) MUST_CHECK;

/* Parse a message; all of *ret_request lives in arena. *ret_identity_size is
 * the length of the identity at the start of message. CORRUPT names the line;
 * NO_MEMORY. */
enum status request_parse(struct span message, struct arena *arena,
                          struct request *ret_request,
                          size_t *ret_identity_size,
                          struct error *err) MUST_CHECK;

/* ---- The reply ----
 *
 * What the compiler process tells back, in the memfd REQUEST_REPLY_FD: a
 * fixed-size record written with one pwrite when all else is done. A reply
 * that is not there, or not complete, means that the process died.
 *
 * Both ends come from one build, on one machine: the struct is sent as it is.
 */
enum { REPLY_MAGIC = 0x31594c50 }; /* "PLY1" */

/* ORDER REPLY STAGES: also the names in reports. */
enum reply_stage {
    REPLY_READ,
    REPLY_LINK_BITCODE,
    REPLY_OPTIMISE,
    REPLY_EMIT,
    REPLY_LINK_IMAGE,
    REPLY_WRITE,
    REPLY_N_STAGES
};

struct reply {
    uint32_t magic; /* REPLY_MAGIC */
    int32_t status; /* enum status */
    int32_t os_errno;
    uint32_t tier; /* of the code: OBCC_TIER_... */
    uint64_t stage_ns[REPLY_N_STAGES];
    char message[ERROR_MESSAGE_SIZE]; /* "" on success */
};

/* ---- The call ---- */

/* libobcc-llvm.so compiles in the host: the same request, the same file and the
 * same errors as with the compiler process. Both sides come from one build, and
 * the message names its version. */

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
