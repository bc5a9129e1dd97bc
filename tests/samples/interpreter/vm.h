/* Operations that the machine's loop calls for the less common operands. All
 * may throw. */
#ifndef TARN_VM_H
#define TARN_VM_H

#include "tarn.h"

_Noreturn void vm_operand_error(struct vm *vm, const char *what, struct value a,
                                struct value b);
struct value vm_get_index(struct vm *vm, struct value container,
                          struct value key);
void vm_set_index(struct vm *vm, struct value container, struct value key,
                  struct value value);
double vm_length_of(struct vm *vm, struct value value);
/* -1, 0, 1. */
int vm_compare(struct vm *vm, struct value a, struct value b);
struct value vm_concatenate(struct vm *vm, struct value a, struct value b);
/* The next value of `for x in slot[0]`, slot[1] being the position; false at
 * the end. */
bool vm_iterate(struct vm *vm, struct value *slot, struct value *ret_value);

#endif
