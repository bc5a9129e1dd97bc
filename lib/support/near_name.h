/* Names that somebody may have meant. */
#ifndef BCC_SUPPORT_NEAR_NAME_H
#define BCC_SUPPORT_NEAR_NAME_H

#include <stddef.h>

/* The number of letters to insert, delete or replace to turn the first a_size
 * bytes of a into b_size bytes of b (Levenshtein); many for long names. */
unsigned near_name_distance(const char *a, size_t a_size, const char *b,
                            size_t b_size);

#endif
