/* LLVM's C API with this project's errors: each call that can fail is wrapped
 * once, here, and its messages are turned into one line and disposed.
 *
 * LLVM reports in four ways: a returned flag with a message to dispose, an
 * LLVMErrorRef, a diagnostic of the context, and a fatal error. The first
 * three end here. A fatal error never returns; see compile_on_end().
 *
 * Passing `consumes` means that the argument is gone on failure too. */
#ifndef BCC_COMPILER_LLVM_GLUE_H
#define BCC_COMPILER_LLVM_GLUE_H

#include <stdbool.h>

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>

#include "arena.h"
#include "buffer.h"
#include "error.h"
#include "span.h"

/* A context, and the first error that it reported. Must not move: LLVM keeps
 * its address. */
struct glue {
    LLVMContextRef context;
    bool failed;
    char message[ERROR_MESSAGE_SIZE];
};

void glue_init(struct glue *glue);
void glue_release(struct glue *glue); /* also for a zeroed struct */

/* Bytes stay borrowed until the module is linked or disposed, because bodies of
 * functions are read when they are first needed. So no pass may run on the
 * module before glue_link(). CORRUPT with LLVM's message. */
enum status glue_read_bitcode(struct glue *glue, struct span bytes,
                              const char *name, LLVMModuleRef *ret_module,
                              struct error *err) MUST_CHECK;
enum status glue_read_text(struct glue *glue, struct span bytes,
                           const char *name, LLVMModuleRef *ret_module,
                           struct error *err) MUST_CHECK;

/* Link module into dest; consumes module. name: of the module, for messages.
 * COMPILE (conflicting symbols), CORRUPT (function bodies). */
enum status glue_link(struct glue *glue, LLVMModuleRef dest,
                      LLVMModuleRef module, const char *name,
                      struct error *err) MUST_CHECK;

/* COMPILE if the IR breaks LLVM's rules. */
enum status glue_verify(struct glue *glue, LLVMModuleRef module,
                        const char *name, struct error *err) MUST_CHECK;

struct glue_passes {
    const char *text; /* in the syntax of opt -passes= */
    LLVMTargetMachineRef machine;
    LLVMPassBuilderOptionsRef options;
};
enum status glue_run_passes(struct glue *glue, LLVMModuleRef module,
                            const struct glue_passes *passes, const char *name,
                            struct error *err) MUST_CHECK;

/* Appends a relocatable object. */
enum status glue_emit(struct glue *glue, LLVMModuleRef module,
                      LLVMTargetMachineRef machine, const char *name,
                      struct buffer *out, struct error *err) MUST_CHECK;

/* The target of a triple; UNSUPPORTED if LLVM has none. */
enum status glue_target(const char *triple, LLVMTargetRef *ret_target,
                        struct error *err) MUST_CHECK;

/* Name of a global value, borrowed, NUL-terminated. */
const char *glue_name(LLVMValueRef global);

/* Is it one of LLVM's own: an intrinsic, or a list as llvm.used? */
bool glue_is_llvm_name(const char *name);

/* Compares two elements of a list of names, for qsort() and bsearch(). */
int glue_compare_names(const void *left, const void *right);

/* Is the name in the list, which is sorted by glue_compare_names()? */
bool glue_contains_name(const char *const *names, size_t n, const char *name);

/* Iterates over all global values of a module: functions, variables, aliases,
 * indirect functions, in this order. Returns the value after `at`, or the first
 * if `at` is NULL; NULL at the end. */
LLVMValueRef glue_next_global(LLVMModuleRef module, LLVMValueRef at);

/* The function, variable or alias of that name; NULL if there is none. */
LLVMValueRef glue_find_global(LLVMModuleRef module, const char *name);

/* Copy all metadata of a global value to the value that replaces it. */
void glue_copy_metadata(LLVMValueRef from, LLVMValueRef to);

/* The function's metadata of that kind, as a node; NULL: none. */
LLVMValueRef glue_function_metadata(LLVMValueRef function, const char *kind);

/* A declaration without a name at the module's end, with the function's type,
 * calling convention and attributes. NULL: no memory. */
LLVMValueRef glue_declare_like(LLVMModuleRef module, LLVMValueRef function,
                               struct arena *arena);

/* Iterates over the instructions of a function: returns the one after `at`, or
 * the first if `at` is NULL; NULL at the end. */
LLVMValueRef glue_next_instruction(LLVMValueRef function, LLVMValueRef at);

/* Does the instruction call a function or assembly? */
bool glue_is_call(LLVMValueRef instruction);

/* Number of global values, declarations included. */
size_t glue_count_globals(LLVMModuleRef module);

#endif
