/* Text of foreign origin, for people: names, pragmas and messages may hold
 * bytes that a terminal obeys, or that make a line look like two or like
 * another one.
 *
 * Printable UTF-8 stays. Escaped as \xHH, byte by byte, are: what is no UTF-8;
 * the control characters C0, DEL and C1, newlines among them; line and
 * paragraph separators; and what changes the direction of writing. A backslash
 * stays itself: the text is to be read, not to be parsed. */
#ifndef BCC_SUPPORT_VISIBLE_H
#define BCC_SUPPORT_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

/* Bytes of the UTF-8 character (RFC 3629) that the text starts with, which is
 * not empty; 0: it starts with none. */
size_t visible_decode(const char *text, uint32_t *ret_code);

/* Whether a terminal shows that character and does nothing else. */
bool visible_is_plain(uint32_t code);

void visible_append(struct buffer *out, const char *text);

#endif
