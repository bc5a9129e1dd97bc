#include "value_type.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "function_list.h"

static const struct {
    const char *name;
    uint32_t type;
} simple[] = {
    {"f16", BCC_F16}, {"bf16", BCC_BF16}, {"f32", BCC_F32}, {"f64", BCC_F64},
    {"f80", BCC_F80}, {"f128", BCC_F128}, {"ptr", BCC_PTR}, {"void", BCC_VOID},
};

static bool read_scalar(const char **text, uint32_t *ret_type)
{
    char *end;
    unsigned long bits;

    for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
        const size_t size = strlen(simple[i].name);

        if (strncmp(*text, simple[i].name, size) != 0)
            continue;
        *text += size;
        *ret_type = simple[i].type;
        if (**text == '(') /* the address space */
            *text += strcspn(*text, ")") + 1;
        return true;
    }
    bits = **text == 'i' ? strtoul(*text + 1, &end, 10) : 0;
    if (bits == 0 || bits > 128)
        return false;
    *text = end;
    *ret_type = BCC_INT((uint32_t)bits);
    return true;
}

/* Skip a struct or an array, with its content. */
static bool skip_aggregate(const char **text)
{
    int depth = 0;

    for (; **text; ++*text) {
        depth += strchr("{[<", **text) != NULL;
        depth -= strchr("}]>", **text) != NULL;
        if (depth == 0) {
            ++*text;
            return true;
        }
    }
    return false;
}

bool value_type_read_base(const char **text, struct value_type *type)
{
    char *end;

    *type = (struct value_type){0};
    if (**text == '{' || **text == '[' || strncmp(*text, "<{", 2) == 0) {
        type->type = BCC_STRUCT;
        return skip_aggregate(text);
    }
    if (**text != '<')
        return read_scalar(text, &type->type);
    type->lanes = (uint32_t)strtoul(*text + 1, &end, 10);
    if (type->lanes == 0 || strncmp(end, " x ", 3) != 0)
        return false;
    *text = end + 3;
    if (!read_scalar(text, &type->type) || **text != '>')
        return false;
    ++*text;
    return true;
}

static bool begins(const char *text, size_t size, const char *word)
{
    return size >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

/* An integer without an extension attribute may be signed or unsigned. */
static void set_range(struct value_type *type, const char *attributes,
                      size_t size)
{
    const unsigned bits = type->type & 0xffff;
    const unsigned above = bits > 64 ? bits - 64 : bits; /* in the last word */
    const bool is_signed = begins(attributes, size, ":sext");
    const bool is_unsigned = bits == 1 || begins(attributes, size, ":zext");

    if (type->lanes || bits == 64 || bits == 128)
        return;
    type->check = bits > 64 ? VALUE_HIGH_WORD : VALUE_IN_RANGE;
    type->least = is_unsigned ? 0 : -(INT64_C(1) << (above - 1));
    type->most = is_signed ? (INT64_C(1) << (above - 1)) - 1
                           : (int64_t)((UINT64_C(1) << above) - 1);
}

static void set_check(struct value_type *type, const char *attributes,
                      size_t size)
{
    if ((type->type & 0xff0000) == BCC_INT(0))
        set_range(type, attributes, size);
    else if (type->type == BCC_STRUCT || begins(attributes, size, ":byval") ||
             begins(attributes, size, ":sret"))
        type->check = VALUE_ADDRESS;
}

bool value_type_read(const char **text, struct value_type *ret_type)
{
    struct value_type type;
    const char *begin = *text;
    size_t size;

    if (!value_type_read_base(text, &type))
        return false;
    size = strcspn(*text, " ");
    set_check(&type, *text, size);
    *text += size;
    snprintf(type.text, sizeof(type.text), "%.*s", (int)(*text - begin), begin);
    *text += **text == ' ';
    *ret_type = type;
    return true;
}

int value_types_read(const char *signature, struct value_type *types,
                     unsigned room, const char **ret_end)
{
    unsigned n = 0;

    if (strncmp(signature, "cc(", 3) == 0)
        signature += strcspn(signature, " ") + 1;
    while (strncmp(signature, "-> ", 3) != 0) {
        if (n == room || !value_type_read(&signature, &types[n]))
            return -1;
        n++;
    }
    *ret_end = signature + 3;
    return (int)n;
}

/* ---- Messages ---- */

static void type_text(char *text, size_t room, const BCCValue *value)
{
    char scalar[24] = "";

    for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++)
        if (simple[i].type == value->type)
            snprintf(scalar, sizeof(scalar), "%s", simple[i].name);
    if ((value->type & 0xff0000) == BCC_INT(0))
        snprintf(scalar, sizeof(scalar), "i%" PRIu32, value->type & 0xffff);
    if (value->type == BCC_STRUCT)
        snprintf(scalar, sizeof(scalar), "a struct");
    if (!*scalar)
        snprintf(scalar, sizeof(scalar), "type %#" PRIx32, value->type);
    if (value->lanes)
        snprintf(text, room, "<%" PRIu32 " x %s>", value->lanes, scalar);
    else
        snprintf(text, room, "%s", scalar);
}

int value_explain(const struct value_type *type, const BCCValue *value,
                  const char *name, size_t index, BCCRunError *error)
{
    char given[64];

    type_text(given, sizeof(given), value);
    if (type->type == value->type && type->lanes == value->lanes &&
        type->check != VALUE_IN_RANGE)
        return run_fail(
            error, "%s: argument %zu: wanted %s, given %s", name, index + 1,
            type->text,
            type->check == VALUE_ADDRESS ? "NULL" : "a number with more bits");
    if (type->type == value->type && type->lanes == value->lanes)
        return run_fail(error,
                        "%s: argument %zu: wanted %s, %" PRId64 " to %" PRId64
                        ", given %" PRId64,
                        name, index + 1, type->text, type->least, type->most,
                        value->u.i);
    return run_fail(error, "%s: argument %zu: wanted %s, given %s", name,
                    index + 1, type->text, given);
}
