/* Keywords and escapes that writing and parsing a request share. */
#ifndef BCC_CACHE_REQUEST_TEXT_H
#define BCC_CACHE_REQUEST_TEXT_H

#include <stdbool.h>

enum { REQUEST_MAX_OPT_LEVEL = 3 };

/* A word of the text and the constant it stands for; "" ends a list. */
struct request_word {
    char text[20];
    unsigned value;
};

/* ORDER REQUEST FLAGS: flags are written in the order of this list. */
extern const struct request_word request_flag_words[];
extern const struct request_word request_role_words[];
extern const struct request_word request_shared_words[];
extern const struct request_word request_type_words[];

/* True for the bytes that a value holds as %XX, two upper-case digits: what
 * would end a word or a line, and the percent sign. */
static inline bool request_is_escaped(unsigned char byte)
{
    return byte < 0x21 || byte == '%' || byte == 0x7f;
}

#endif
