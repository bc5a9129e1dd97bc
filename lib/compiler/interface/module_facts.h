/* What a linked module says of the compile that it needs. */
#ifndef BCC_COMPILER_MODULE_FACTS_H
#define BCC_COMPILER_MODULE_FACTS_H

#include <stdbool.h>
#include <stddef.h>

struct module_facts {
    size_t n_instructions;
    bool is_optimised; /* no local variables are left that a register could
                          hold: an optimiser has seen the module */
    bool is_inexact;   /* it lets the optimiser change the results of
                          floating-point operations (-ffast-math) */
};

#endif
