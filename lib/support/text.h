/* Text for people: foreign text made safe to print, and the distance between
 * names. */
#ifndef BCC_SUPPORT_TEXT_H
#define BCC_SUPPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

/* ---- Safe to print ---- */

/* Number of bytes of the UTF-8 character (RFC 3629) at the start of text, which
 * is not empty; 0: there is none. */
size_t visible_decode(const char *text, uint32_t *ret_code);

/* Is the character printable, without another effect on a terminal? */
bool visible_is_plain(uint32_t code);

/* Append text from files so that it is safe to print: names, pragmas and
 * messages may contain bytes that control a terminal, or that make one line
 * look like two or like another line.
 *
 * Printable UTF-8 stays unchanged. Escaped as \xHH, byte by byte, are: bytes
 * that are not UTF-8; the control characters C0, DEL and C1, newlines included;
 * line and paragraph separators; characters that change the direction of
 * writing. A backslash is not escaped, because the text is for people and not
 * for a parser. */
void visible_append(struct buffer *out, const char *text);

/* ---- Near names ---- */

/* The number of letters to insert, delete or replace to turn the first a_size
 * bytes of a into b_size bytes of b (Levenshtein); 40 if a name is longer than
 * 40 bytes. */
unsigned near_name_distance(const char *a, size_t a_size, const char *b,
                            size_t b_size);

#endif
