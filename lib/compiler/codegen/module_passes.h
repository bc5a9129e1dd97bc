/* Passes over the linked module in addition to LLVM's own, in order. */
#ifndef BCC_COMPILER_MODULE_PASSES_H
#define BCC_COMPILER_MODULE_PASSES_H

#include "module_facts.h"
#include "target.h"

/* Replace SPIR's calling convention by C's, on functions and on calls. */
void normalise_conventions(LLVMModuleRef module);

/* Let functions of -fno-builtin libraries be inlined where that is harmless. */
void normalise_builtins(LLVMModuleRef module);

/* Put the lists of constructors and destructors behind all variables, where
 * front ends have them: those that a program put into .init_array itself run
 * first. Linking modules moves the lists to the front, and on ARM LLVM writes
 * both into one section. Before code is emitted. */
void normalise_constructors(LLVMModuleRef module);

/* What front ends wrote on functions about CPUs, made to fit the target; what
 * all functions need may be added to features. NO_MEMORY. */
enum status attributes_retarget(LLVMModuleRef module,
                                const struct target *target,
                                struct arena *arena,
                                struct cpu_features *features,
                                struct error *err) MUST_CHECK;

/* Decide which products and sums become one operation; is_off: none. Functions
 * have their target's attributes. */
void contraction_decide(LLVMModuleRef module, const struct target *target,
                        bool is_off);

/* Of the linked module, before anything is optimised. */
struct module_facts module_facts_collect(LLVMModuleRef module);

/* An optimiser has seen the function, as in struct module_facts. */
bool function_is_optimised(LLVMValueRef function, size_t *ret_n_instructions);

/* finished.c: mark functions that are optimised, and let passes of functions
 * leave them out; no more; leave out those again that are as when they were
 * marked, once. */
void finished_mark(LLVMModuleRef module);
void finished_show(LLVMModuleRef module);
void finished_hide(LLVMModuleRef module);

/* After optimisation: moves the largest variables of a module that has too
 * many bytes of them to where code reaches them with 64-bit offsets. Changes
 * nothing in any other module. NO_MEMORY, COMPILE. */
enum status large_data_mark(struct glue *glue, LLVMModuleRef module,
                            const struct target *target, const char *name,
                            struct error *err) MUST_CHECK;

/* Replace LLVM's intrinsics for pointers to nested functions, which would want
 * an executable stack. Optimised modules: LLVM knows how to do without some of
 * them. UNSUPPORTED on machines that have no such pointers. */
enum status trampolines_lower(LLVMModuleRef module, const struct target *target,
                              const char *name, struct error *err) MUST_CHECK;

#endif
