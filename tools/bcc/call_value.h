/* Values of bcc call: from words, and as text. */
#ifndef BCC_TOOL_CALL_VALUE_H
#define BCC_TOOL_CALL_VALUE_H

#include "value_type.h"

enum call_word { CALL_WORD_OK, CALL_WORD_NO_VALUE, CALL_WORD_OUT_OF_RANGE };

/* There are words for values of this type: for all but structs, some vectors,
 * and floating-point numbers that no type of this compiler has. */
bool call_value_has_words(const struct value_type *type);

/* A pointer is to the word itself. Lanes have ',' between them. */
enum call_word call_value_parse(const struct value_type *type, const char *word,
                                BCCValue *ret_value);

/* A result, whose type is text as in a signature. */
void call_value_print(const char *text, const BCCValue *value);

#endif
