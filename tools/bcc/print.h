/* Printing text that is not bcc's own, for people and for programs. All such
 * text passes through here. */
#ifndef BCC_TOOL_PRINT_H
#define BCC_TOOL_PRINT_H

#include <stdio.h>

/* "bcc: ...", one line on standard error, with foreign text escaped. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Escaped as in visible.h. */
void print_visible(FILE *file, const char *text);

/* A quoted JSON string: always valid, and harmless on a terminal. UTF-8 stays
 * UTF-8; text that print_visible() would escape becomes \uXXXX; each byte that
 * is not UTF-8 becomes U+FFFD. */
void json_print_string(FILE *file, const char *text);

#endif
