/* Facts about a module that the caller of compile() gets as soon as all is
 * linked, before code is made. */
#ifndef BCC_COMPILER_EARLY_FACTS_H
#define BCC_COMPILER_EARLY_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

struct module_facts {
    size_t n_instructions;
    bool is_optimised; /* no local variables are left that a register could
                          hold: an optimiser has seen the module */
    bool is_inexact;   /* it lets the optimiser change the results of
                          floating-point operations (-ffast-math) */
};

/* ---- Undefined symbols ---- */

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
