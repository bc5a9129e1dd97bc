/* Status codes, and the description of a failure in a struct that the caller
 * owns.
 *
 * A function that can fail returns `enum status`. Its last parameter is a
 * `struct error *`, which may be NULL. The function that knows the facts sets
 * the message once; callers pass it up unchanged. A message names object, place
 * and fact, on one line without newline. Nothing here allocates, so running out
 * of memory can be reported, too. */
#ifndef BCC_SUPPORT_ERROR_H
#define BCC_SUPPORT_ERROR_H

#include "reason.h"

#define MUST_CHECK __attribute__((warn_unused_result))

/* For functions in files compiled for speed: an error is rare, so this is
 * compiled for size. */
#define COLD __attribute__((cold, noinline))

/* ORDER STATUS: the numbers are sent from bccc to the library; never reuse. */
enum status {
    STATUS_OK = 0,
    STATUS_NO_MEMORY = -1,
    STATUS_IO = -2,
    STATUS_NOT_FOUND = -3,    /* no such entry: normal for a cache */
    STATUS_CORRUPT = -4,      /* malformed input */
    STATUS_UNSUPPORTED = -5,  /* valid, but not handled by this build */
    STATUS_UNRESOLVED = -6,   /* undefined symbol */
    STATUS_OUT_OF_RANGE = -7, /* relocation target out of reach */
    STATUS_COMPILE = -8,      /* the code generator refused the module */
    STATUS_MISUSE = -9,       /* wrong argument or call order */
    STATUS_UNTRUSTED = -10,   /* other users can have written the file */
    STATUS_STALE = -11        /* made from other inputs */
};

enum { ERROR_MESSAGE_SIZE = 1024 };

struct error {
    enum status status;
    int os_errno;       /* 0 unless status is STATUS_IO */
    enum reason reason; /* a reason more specific than the status; else 0 */
    char message[ERROR_MESSAGE_SIZE];
};

/* Make it a success, without clearing the message: each launch has some error
 * structs that it does not need. */
static inline void error_init(struct error *err)
{
    err->status = (enum status)0;
    err->os_errno = 0;
    err->reason = (enum reason)0;
    err->message[0] = '\0';
}

/* Fill *err (if not NULL) and return status, so that
 * `return error_set(err, STATUS_CORRUPT, "...")` reads well. */
enum status error_set(struct error *err, enum status status, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: status is STATUS_IO (STATUS_NO_MEMORY
 * for ENOMEM) and ": " with the text of os_errno is appended. */
enum status error_set_os(struct error *err, int os_errno, const char *format,
                         ...) __attribute__((format(printf, 3, 4)));

/* Make a message one line: names from files may contain any byte, so ASCII
 * control characters become '?'. A caller that prints to a terminal handles the
 * others, see text.h. For messages that are not in a struct error. */
void error_make_line(char *message);

enum status error_no_memory(struct error *err);

/* Add a reason to an error that was just set; err may be NULL. Returns status,
 * for use in a return statement. */
static inline enum status
error_add_reason(struct error *err, enum status status, enum reason reason)
{
    if (err)
        err->reason = reason;
    return status;
}

#endif
