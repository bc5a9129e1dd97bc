/* Types of arguments, read from signatures, and values checked against them. */
#ifndef BCC_RUN_VALUE_TYPE_H
#define BCC_RUN_VALUE_TYPE_H

#include <stdbool.h>

#include <bcc/bcc_run.h>

struct value_type {
    uint32_t type, lanes; /* as in BCCValue */
    int64_t least, most;  /* of an integer of less than 64 bits */
    char text[24];        /* as in the signature */
};

/* Read the type at *text and move *text behind it and its attributes. False:
 * not a type of values. */
bool value_type_read(const char **text, struct value_type *ret_type);

/* The parameters of a signature, at most `room`; their number, or -1. *ret_end
 * is the text of the result. */
int value_types_read(const char *signature, struct value_type *types,
                     unsigned room, const char **ret_end);

static inline bool value_agrees(const struct value_type *type,
                                const BCCValue *value)
{
    return type->type == value->type && type->lanes == value->lanes &&
           (type->least == type->most ||
            (value->u.i >= type->least && value->u.i <= type->most));
}

/* What is wrong with value number `index`; returns 1. */
int value_explain(const struct value_type *type, const BCCValue *value,
                  const char *name, size_t index, BCCRunError *error);

#endif
