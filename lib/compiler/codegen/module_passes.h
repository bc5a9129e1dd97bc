/* Passes over the linked module in addition to LLVM's own, in order. */
#ifndef BCC_COMPILER_MODULE_PASSES_H
#define BCC_COMPILER_MODULE_PASSES_H

#include "early_facts.h"
#include "target.h"

/* Replace SPIR's calling convention by C's, on functions and on calls. */
void normalise_conventions(LLVMModuleRef module);

/* Allow inlining of functions from -fno-builtin libraries where that is
 * harmless. */
void normalise_builtins(LLVMModuleRef module);

/* Of one file, before it is linked: the lists of constructors and destructors
 * in the order in which its object would have them. NO_MEMORY. */
enum status normalise_file_constructors(LLVMModuleRef module,
                                        struct arena *arena,
                                        struct error *err) MUST_CHECK;

/* Put the lists of constructors and destructors behind all variables, where
 * front ends have them: those that a program put into .init_array itself run
 * first. Linking modules moves the lists to the front, and on ARM LLVM writes
 * both into one section. Where LLVM writes them last to first, they are turned
 * around, too. To be called before code is emitted. NO_MEMORY. */
enum status normalise_constructors(LLVMModuleRef module,
                                   const struct target *target,
                                   struct arena *arena,
                                   struct error *err) MUST_CHECK;

/* Make the CPU attributes that front ends wrote on functions fit the target.
 * Features that all functions need may be added to *features. NO_MEMORY. */
enum status attributes_retarget(LLVMModuleRef module,
                                const struct target *target,
                                struct arena *arena,
                                struct cpu_features *features,
                                struct error *err) MUST_CHECK;

/* Decide which products and sums become one operation; is_off: none. The
 * functions must have their target's attributes already. */
void contraction_decide(LLVMModuleRef module, const struct target *target,
                        bool is_off);

/* Facts about the linked module, before anything is optimised. */
struct module_facts module_facts_collect(LLVMModuleRef module);

/* Has an optimiser seen the function, as in struct module_facts? */
bool function_is_optimised(LLVMValueRef function, size_t *ret_n_instructions);

/* See finished.c. Call in this order: mark optimised functions, and exclude
 * them from passes of functions; end the exclusion; once more exclude marked
 * functions that did not change. */
void finished_mark(LLVMModuleRef module);
void finished_show(LLVMModuleRef module);
void finished_hide(LLVMModuleRef module);

/* After optimisation: if the module has too many bytes of variables, put the
 * largest ones where code reaches them with 64-bit offsets. Other modules are
 * not changed. NO_MEMORY, COMPILE. */
enum status large_data_mark(struct glue *glue, LLVMModuleRef module,
                            const struct target *target, const char *name,
                            struct error *err) MUST_CHECK;

/* Replace LLVM's intrinsics for pointers to nested functions, which would need
 * an executable stack. To be called after optimisation, which removes some of
 * them. UNSUPPORTED on machines without such pointers. */
enum status trampolines_lower(LLVMModuleRef module, const struct target *target,
                              const char *name, struct error *err) MUST_CHECK;

#endif
