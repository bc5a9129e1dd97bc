/* Symbols for a program that bcc run starts: those of the process, and of the
 * libraries that a native program of its kind would have been linked with.
 *
 * A library is opened when the first name asks for it, so a plain C program
 * does not pay for libstdc++. Each is opened for all (RTLD_GLOBAL): from then
 * on it is found as in a native program, in the order of opening. */
#ifndef BCC_TOOL_PROCESS_SYMBOLS_H
#define BCC_TOOL_PROCESS_SYMBOLS_H

#include <stdbool.h>

#include "options.h"

/* Open the libraries of -l, each looked for in the directories of -L and then
 * where the dynamic linker looks. False after a complaint. */
bool process_symbols_open(const struct options *options);

/* A BCCSymbolLookupFn; context is not used. */
void *process_symbols_find(void *context, const char *name);

#endif
