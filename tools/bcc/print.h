/* Printing text from outside of bcc, for people and for programs. All such text
 * passes through here. */
#ifndef BCC_TOOL_PRINT_H
#define BCC_TOOL_PRINT_H

#include <stdio.h>

#include <bcc/bcc.h>

#include "options.h"

/* "bcc: ...", one line on standard error, with foreign text escaped. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Escaped as in text.h. */
void print_visible(FILE *file, const char *text);

/* A quoted JSON string: always valid, and harmless on a terminal. UTF-8 stays
 * UTF-8; text that print_visible() would escape becomes \uXXXX; each byte that
 * is not UTF-8 becomes U+FFFD. */
void json_print_string(FILE *file, const char *text);

/* ---- Reports ---- */

/* Reports of a prepare: --report, --report=json, --verbose. */

/* Print the report that the options ask for, if any, on standard error.
 * off_reason: why there is no cache, if the library does not know it; or
 * NULL. */
void print_report(BCCScriptRef script, const struct options *options,
                  const char *off_reason);

#endif
