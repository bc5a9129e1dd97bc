/* A kernel, as the compiler's text describes it (lib/compiler/codegen/
 * kernels.h). */
#ifndef BCC_RUN_KERNEL_H
#define BCC_RUN_KERNEL_H

#include <stdbool.h>

#include <bcc/bcc_run.h>

#include "kernel_frame.h"
#include "value_type.h"

enum { KERNEL_MAX_ARGUMENTS = 32 };

struct kernel_element {
    uint64_t size, align; /* align 1: any */
    bool is_exact;        /* size is the size, not the least size */
};

struct BCCOpaqueKernel {
    int32_t (*expand)(struct kernel_frame *frame, uint64_t x1, uint64_t x2);
    struct kernel_element element[KERNEL_MAX_OPERANDS]; /* inputs, output */
    unsigned n_inputs;
    bool has_output, takes_data, accumulates, is_item, is_restrict;
    bool has_place;        /* takes any of x, y, z */
    bool is_narrow[3];     /* x, y, z is taken, as 32 bits */
    uint32_t tile[3];      /* preferred; 0: any */
    uint32_t group[3];     /* the required local size; 0: any */
    bool is_grouped;       /* has barriers: run group by group */
    uint64_t private_size; /* bytes of an item, of such a kernel */
    uint64_t group_memory; /* bytes of a group, arguments left out */
    /* Of a work item: */
    struct value_type argument[KERNEL_MAX_ARGUMENTS];
    unsigned n_arguments;
    uint32_t locals; /* bit i: argument i is memory of the work group */
    char name[];
};

typedef int32_t (*kernel_expand_fn)(struct kernel_frame *frame, uint64_t x1,
                                    uint64_t x2);

struct function_row;

/* NULL after run_fail(): no memory, or the text has a word that this library
 * does not know. expand: NULL if there is none. */
BCCKernelRef kernel_make(const char *name, const struct function_row *row,
                         kernel_expand_fn expand, BCCRunError *error);

#endif
