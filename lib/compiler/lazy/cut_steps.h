/* Steps that roots and pieces have in common. */
#ifndef BCC_COMPILER_CUT_STEPS_H
#define BCC_COMPILER_CUT_STEPS_H

#include "cut_module.h"

/* Give a name to each global value that has none: the same in each piece. */
void cut_name_all(LLVMModuleRef module);

/* The function or variable behind an alias, behind an offset maybe. */
LLVMValueRef cut_alias_base(LLVMValueRef alias);

/* Let all refer to what the alias refers to. It stays, and is not linked. */
void cut_replace_alias(LLVMValueRef alias);

/* Has the reader read the function's body? */
bool cut_has_body(LLVMValueRef function);

/* A definition that may be another's: not of this module. */
bool cut_is_elsewhere(LLVMValueRef global);

/* A function that callers have a copy of, though its definition may be
 * elsewhere. */
bool cut_must_be_inlined(LLVMValueRef function);

/* To be a declaration after cut_drop_marked(). */
void cut_mark(LLVMValueRef global);

/* To be a definition that other images refer to. */
void cut_publish(LLVMValueRef global);

/* Make declarations of what is marked. */
enum status cut_drop_marked(struct glue *glue, LLVMModuleRef module,
                            const char *name, struct error *err) MUST_CHECK;

enum status cut_root(struct glue *glue, LLVMModuleRef module, const char *name,
                     struct lazy_cut *cut, struct error *err) MUST_CHECK;
enum status cut_piece(struct glue *glue, LLVMModuleRef module, const char *name,
                      struct lazy_cut *cut, struct error *err) MUST_CHECK;

#endif
