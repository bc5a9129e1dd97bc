/* Text that somebody else chose, on its way to people and to programs. All of
 * it passes here; what is printed otherwise is bcc's own. */
#ifndef BCC_TOOL_PRINT_H
#define BCC_TOOL_PRINT_H

#include <stdio.h>

/* "bcc: ...", one line on standard error, foreign text escaped. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As visible.h has it. */
void print_visible(FILE *file, const char *text);

/* A quoted JSON string: always valid, and harmless on a terminal. UTF-8 stays
 * UTF-8; what print_visible() would escape is \uXXXX; each byte that is no
 * UTF-8 becomes U+FFFD. */
void json_print_string(FILE *file, const char *text);

#endif
