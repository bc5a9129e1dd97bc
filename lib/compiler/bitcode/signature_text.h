/* Text about functions that entries hold: types, as
 * "i32 f64 ptr:byval(16,8) -> i32:sext", and names of parameters. */
#ifndef BCC_COMPILER_SIGNATURE_TEXT_H
#define BCC_COMPILER_SIGNATURE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>

#include "buffer.h"

/* ---- Types ---- */

/* The attributes of parameters and results that change how they are passed. */
struct passing {
    const char *attribute; /* LLVM's name */
    const char *text;      /* ours */
    bool has_type;
};
extern const struct passing passings[];
extern const unsigned n_passings;

void signature_append_type(struct buffer *out, LLVMTypeRef type);

/* Append the text of a function's type. */
void signature_append(struct buffer *out, LLVMValueRef function,
                      LLVMTargetDataRef layout);

/* Read the type at *text, and advance *text behind it: integers, floating
 * point, ptr, and vectors of these. NULL: another type. */
LLVMTypeRef signature_parse_type(LLVMContextRef context, const char **text);

/* ---- Parameters, from debug information ---- */

/* Append the names of the parameters, with ' ' between. False: they are
 * unknown, nothing was appended. */
bool debug_append_parameter_names(struct buffer *out, LLVMValueRef function,
                                  LLVMTargetDataRef layout);

/* Bytes of the type to which the parameter points; 0: unknown. */
uint64_t debug_pointee_size(LLVMValueRef function, unsigned parameter,
                            LLVMTargetDataRef layout);

#endif
