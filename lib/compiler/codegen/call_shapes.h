/* Trampolines that call a function with arguments from memory. */
#ifndef BCC_COMPILER_CALL_SHAPES_H
#define BCC_COMPILER_CALL_SHAPES_H

#include <stdbool.h>

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>

#include "error.h"

/* How to call a function: its type, or for a variadic function the type with
 * the arguments of one call. */
struct call_shape {
    LLVMValueRef function;
    LLVMTypeRef *extra; /* types of variable arguments */
    unsigned n_extra;
    const char *text; /* the signature with these types */
};

/* Make the module's trampoline for the shape, unless it has it already:
 *
 *     void ".call " + text (void *function, const BCCValue *arguments,
 *                           BCCValue *result)
 *
 * False: some type cannot be passed that way; nothing was made. */
bool call_shape_define(LLVMModuleRef module, LLVMTargetDataRef layout,
                       const struct call_shape *shape);

/* The argument's value, loaded from the list at `arguments` by code at the
 * builder's position. NULL: the type cannot be passed that way. */
LLVMValueRef call_argument_load(LLVMBuilderRef builder,
                                LLVMTargetDataRef layout,
                                LLVMValueRef arguments, unsigned index,
                                LLVMTypeRef type);

/* Copy the string attributes of a function: CPU, features and the like. */
void call_copy_attributes(LLVMValueRef from, LLVMValueRef to);

/* Give the function an unwind table. */
void call_set_unwind_table(LLVMValueRef function);

#endif
