/* The entry's list of functions: signatures and kernels. */
#ifndef BCC_RUN_FUNCTION_LIST_H
#define BCC_RUN_FUNCTION_LIST_H

#include <stdbool.h>

#include <bcc/bcc_run.h>

/* Texts are in the mapped entry; NULL: there is none. */
struct function_row {
    const char *signature, *parameters, *kernel;
};

bool function_find(BCCScriptRef script, const char *name,
                   struct function_row *ret_row);

/* Set the message, and return 1. */
int run_fail(BCCRunError *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
