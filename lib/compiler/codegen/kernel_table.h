/* The function by which code tells a host that has no cache entry of its
 * kernels: KERNEL_TABLE_QUERY. bcc_run.h has the structs and their rules. */
#ifndef BCC_COMPILER_KERNEL_TABLE_H
#define BCC_COMPILER_KERNEL_TABLE_H

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>

#include "cache_write.h"
#include "cpu_features.h"

#define KERNEL_TABLE_QUERY "bcc_library_query"

struct kernel_table {
    LLVMModuleRef module;
    LLVMTargetDataRef layout;
    struct cpu_features cpu_features; /* that the code may use */
    const struct cache_function *functions;
    size_t n_functions;
};

/* Where the function is in its source, for its kernel's text: " at:LINE:FILE".
 * Appends nothing without debug information. */
void kernel_append_place(struct buffer *text, LLVMValueRef function);

/* Define the query and what it returns. False: the module has such a name, or
 * there is no memory. */
bool kernel_table_define(const struct kernel_table *table);

#endif
