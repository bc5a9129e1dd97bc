/* Symbols that the inputs of a compile refer to and do not define. */
#ifndef BCC_COMPILER_UNDEFINED_SYMBOL_H
#define BCC_COMPILER_UNDEFINED_SYMBOL_H

#include <stddef.h>

#include "error.h"

struct undefined_symbol {
    const char *name;
    const char *user; /* a function, variable or native object; or NULL */
};

/* Of a host that need not wait for the code to be told what it lacks. */
struct undefined_asker {
    /* Keep in symbols those that nobody will supply. */
    enum status (*filter)(void *context, struct undefined_symbol *symbols,
                          size_t *n, struct error *err);
    /* The code does refer to these. Another status than OK ends the compile. */
    enum status (*report)(void *context, const struct undefined_symbol *symbols,
                          size_t n, struct error *err);
    void *context;
};

#endif
