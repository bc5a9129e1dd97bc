/* Facts about a module that compile() tells its caller once everything is
 * linked, before code is made. */
#ifndef BCC_COMPILER_EARLY_FACTS_H
#define BCC_COMPILER_EARLY_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

struct module_facts {
    size_t n_instructions;
    bool is_optimised; /* an optimiser has seen it: no local variable is left
                          that a register could hold */
    bool is_inexact;   /* the optimiser may change results of its floating-point
                          operations (-ffast-math) */
};

/* ---- Undefined symbols ---- */

struct undefined_symbol {
    const char *name;
    const char *user; /* a function, variable or native object; or NULL */
};

/* Of a caller that wants to know the undefined symbols before the code is
 * made. */
struct undefined_asker {
    /* Keep in symbols those that neither libraries nor the host will supply. */
    enum status (*filter)(void *context, struct undefined_symbol *symbols,
                          size_t *n, struct error *err);
    /* The code refers to these symbols. Another status than OK ends the
     * compile. */
    enum status (*report)(void *context, const struct undefined_symbol *symbols,
                          size_t n, struct error *err);
    void *context;
};

#endif
