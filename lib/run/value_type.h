/* Types of arguments, read from signatures, and values checked against them. */
#ifndef BCC_RUN_VALUE_TYPE_H
#define BCC_RUN_VALUE_TYPE_H

#include <stdbool.h>

#include <bcc/bcc_run.h>

/* The check of a value besides its type. */
enum value_check {
    VALUE_ANY,
    VALUE_IN_RANGE,  /* integers of less than 64 bits */
    VALUE_HIGH_WORD, /* of 65 to 127 bits: their upper 64 bits are in range */
    VALUE_ADDRESS,   /* of a struct: not NULL */
};

struct value_type {
    uint32_t type, lanes; /* as in BCCValue */
    enum value_check check;
    int64_t least, most;
    char text[24]; /* as in the signature */
};

/* Read the type at *text; *text is moved behind the type and its attributes.
 * False: values cannot have this type. */
bool value_type_read(const char **text, struct value_type *ret_type);

/* Read a type inside of a struct, too, without attributes and without a check:
 * only type and lanes are set. */
bool value_type_read_base(const char **text, struct value_type *type);

/* Read the parameters of a signature, at most `room`. Returns their number, or
 * -1. *ret_end: the text of the result. */
int value_types_read(const char *signature, struct value_type *types,
                     unsigned room, const char **ret_end);

static inline bool value_is_in_range(const struct value_type *type,
                                     const BCCValue *value)
{
    int64_t number = value->u.i;

    if (type->check == VALUE_ADDRESS)
        return value->u.p != NULL;
    if (type->check == VALUE_HIGH_WORD)
        number = (int64_t)value->u.w[1];
    return number >= type->least && number <= type->most;
}

static inline bool value_agrees(const struct value_type *type,
                                const BCCValue *value)
{
    return type->type == value->type && type->lanes == value->lanes &&
           (type->check == VALUE_ANY || value_is_in_range(type, value));
}

/* Set the message about value number `index`; returns 1. */
int value_explain(const struct value_type *type, const BCCValue *value,
                  const char *name, size_t index, BCCRunError *error);

#endif
