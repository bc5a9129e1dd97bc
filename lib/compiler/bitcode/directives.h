/* Marks that are not names of symbols but requests of the host, as libobccrun
 * passes them: "bcc:VERB NAME REST". They are passed as marks because marks are
 * part of the key and reach the compiler unchanged. */
#ifndef BCC_COMPILER_DIRECTIVES_H
#define BCC_COMPILER_DIRECTIVES_H

#include <stdbool.h>

#include "arena.h"
#include "error.h"
#include "request.h"

enum directive_verb {
    DIRECTIVE_CALLS,    /* make exported functions callable by bccInvoke() */
    DIRECTIVE_CALL,     /* NAME is variadic; REST: how it is called */
    DIRECTIVE_KERNEL,   /* NAME is a kernel; REST: its parameters */
    DIRECTIVE_IMPORT,   /* REST: the signature of the host's NAME */
    DIRECTIVE_CONSTANT, /* REST: the bytes of variable NAME, hexadecimal */
    DIRECTIVE_TABLE,    /* export a table of the kernels, by a query NAME */
};

struct directive {
    enum directive_verb verb;
    const char *name;
    const char *rest;
};

struct directives {
    struct directive *row;
    size_t n_rows;
};

/* Split the marks of a request: *ret_marks gets the names to keep, kernels
 * included; both live in arena. COMPILE (unknown directive), NO_MEMORY. */
enum status directives_split(const struct request *request, struct arena *arena,
                             const char ***ret_marks, size_t *ret_n_marks,
                             struct directives *ret_directives,
                             struct error *err) MUST_CHECK;

bool directives_have(const struct directives *directives,
                     enum directive_verb verb);

#endif
