/* Programs of other machines, in an emulator. */
#ifndef BCC_TOOL_RUN_FOREIGN_H
#define BCC_TOOL_RUN_FOREIGN_H

#include "machine.h"
#include "options.h"

/* The machine of --target, if it is not this one; else NULL. */
const struct machine *foreign_machine(const struct options *options);

/* Compile the program for that machine, and run it there: returns only if
 * something fails, an exit status after a complaint. */
int run_foreign(const struct options *options, const struct machine *machine);

#endif
