/* The object with the stubs of a module that is compiled in pieces. */
#ifndef BCC_COMPILER_STUB_OBJECT_H
#define BCC_COMPILER_STUB_OBJECT_H

#include "buffer.h"
#include "error.h"
#include "lazy_cut.h"

/* Does the machine have stubs? */
bool stub_object_is_possible(unsigned elf_machine);

/* Append a relocatable object for the root: stubs, head, slots, and the table
 * of imports. NO_MEMORY. */
enum status stub_object_make(const struct lazy_cut *cut, unsigned elf_machine,
                             struct buffer *out, struct error *err) MUST_CHECK;

#endif
