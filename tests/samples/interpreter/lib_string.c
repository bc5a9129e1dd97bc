/* Module string. */
#include "tarn.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- Characters one by one ---- */

static struct value map_characters(struct vm *vm, struct string *string,
                                   int (*map)(int))
{
    struct string *result = string_reserve(vm, string->length);

    for (size_t i = 0; i < string->length; i++)
        result->text[i] = (char)map((unsigned char)string->text[i]);
    return object_value(string_intern(vm, result));
}

static struct value count_characters(const struct string *string,
                                     int (*is)(int))
{
    size_t count = 0;

    for (size_t i = 0; i < string->length; i++)
        count += is((unsigned char)string->text[i]) != 0;
    return number_value((double)count);
}

#define CHARACTER_MAPS(X) X(upper, toupper) X(lower, tolower)

#define CHARACTER_CLASSES(X)                                                   \
    X(n_letters, isalpha)                                                      \
    X(n_digits, isdigit)                                                       \
    X(n_spaces, isspace)                                                       \
    X(n_hex, isxdigit)

#define X(name, map)                                                           \
    static struct value string_##name(struct vm *vm, struct value *arguments,  \
                                      int n)                                   \
    {                                                                          \
        return map_characters(vm, arg_string(vm, arguments, n, 0), map);       \
    }
CHARACTER_MAPS(X)
#undef X

#define X(name, is)                                                            \
    static struct value string_##name(struct vm *vm, struct value *arguments,  \
                                      int n)                                   \
    {                                                                          \
        return count_characters(arg_string(vm, arguments, n, 0), is);          \
    }
CHARACTER_CLASSES(X)
#undef X

/* ---- Parts ---- */

static struct value string_sub(struct vm *vm, struct value *arguments, int n)
{
    struct string *string = arg_string(vm, arguments, n, 0);
    size_t from = (size_t)arg_integer(vm, arguments, n, 1, 0, string->length);
    size_t length = (size_t)arg_number_or(vm, arguments, n, 2, 1e9);

    if (length > string->length - from)
        length = string->length - from;
    return object_value(string_new(vm, string->text + from, length));
}

static struct value string_find(struct vm *vm, struct value *arguments, int n)
{
    struct string *string = arg_string(vm, arguments, n, 0);
    struct string *part = arg_string(vm, arguments, n, 1);
    size_t from = (size_t)arg_number_or(vm, arguments, n, 2, 0);
    const char *found;

    if (from > string->length)
        return nil_value();
    found = memmem(string->text + from, string->length - from, part->text,
                   part->length);
    return found ? number_value((double)(found - string->text)) : nil_value();
}

static struct value string_starts(struct vm *vm, struct value *arguments, int n)
{
    struct string *string = arg_string(vm, arguments, n, 0);
    struct string *part = arg_string(vm, arguments, n, 1);

    return bool_value(strncmp(string->text, part->text, part->length) == 0);
}

static struct value string_ends(struct vm *vm, struct value *arguments, int n)
{
    struct string *string = arg_string(vm, arguments, n, 0);
    struct string *part = arg_string(vm, arguments, n, 1);

    return bool_value(part->length <= string->length &&
                      memcmp(string->text + string->length - part->length,
                             part->text, part->length) == 0);
}

static struct value string_trim(struct vm *vm, struct value *arguments, int n)
{
    struct string *string = arg_string(vm, arguments, n, 0);
    const char *start = string->text, *end = start + string->length;

    while (start < end && isspace((unsigned char)*start))
        start++;
    while (end > start && isspace((unsigned char)end[-1]))
        end--;
    return object_value(string_new(vm, start, (size_t)(end - start)));
}

/* split(text, characters): at each run of the characters. */
static struct value string_split(struct vm *vm, struct value *arguments, int n)
{
    const char *p = arg_string(vm, arguments, n, 0)->text;
    const char *separators =
        n > 1 ? arg_string(vm, arguments, n, 1)->text : " \t\n";
    struct list *list = list_new(vm, 0);

    for (p += strspn(p, separators); *p; p += strspn(p, separators)) {
        size_t length = strcspn(p, separators);

        list_push(vm, list, object_value(string_new(vm, p, length)));
        p += length;
    }
    return object_value(list);
}

static struct value string_byte(struct vm *vm, struct value *arguments, int n)
{
    struct string *string = arg_string(vm, arguments, n, 0);
    size_t index = (size_t)arg_number_or(vm, arguments, n, 1, 0);

    return index < string->length
               ? number_value((unsigned char)string->text[index])
               : nil_value();
}

/* ---- Making ---- */

static struct value string_char(struct vm *vm, struct value *arguments, int n)
{
    struct string *string = string_reserve(vm, (size_t)n);

    for (int i = 0; i < n; i++)
        string->text[i] =
            arguments[i].type == VALUE_NUMBER
                ? (char)(unsigned char)(int64_t)arguments[i].as.number
                : '?';
    return object_value(string_intern(vm, string));
}

static struct value string_repeat(struct vm *vm, struct value *arguments, int n)
{
    struct string *string = arg_string(vm, arguments, n, 0), *result;
    size_t times = (size_t)arg_integer(vm, arguments, n, 1, 0, 1 << 24);

    result = string_reserve(vm, string->length * times);
    for (size_t i = 0; i < times; i++)
        memcpy(result->text + i * string->length, string->text, string->length);
    return object_value(string_intern(vm, result));
}

static struct value string_reverse(struct vm *vm, struct value *arguments,
                                   int n)
{
    struct string *string = arg_string(vm, arguments, n, 0);
    struct string *result = string_reserve(vm, string->length);

    for (size_t i = 0; i < string->length; i++)
        result->text[i] = string->text[string->length - 1 - i];
    return object_value(string_intern(vm, result));
}

static struct value string_replace(struct vm *vm, struct value *arguments,
                                   int n)
{
    struct string *string = arg_string(vm, arguments, n, 0);
    struct string *from = arg_string(vm, arguments, n, 1);
    struct string *to = arg_string(vm, arguments, n, 2), *result;
    const char *p = string->text, *found;
    size_t count = 0, length = 0;

    if (!from->length)
        return arguments[0];
    for (; (found = strstr(p, from->text)); p = found + from->length)
        count++;
    result = string_reserve(vm, string->length + count * to->length -
                                    count * from->length);
    for (p = string->text; (found = strstr(p, from->text));
         p = found + from->length) {
        memcpy(result->text + length, p, (size_t)(found - p));
        length += (size_t)(found - p);
        memcpy(result->text + length, to->text, to->length);
        length += to->length;
    }
    memcpy(result->text + length, p, result->length - length);
    return object_value(string_intern(vm, result));
}

/* The one conversion that starts at spec ("%-8.3f"), into text. */
static struct string *format_one(struct vm *vm, const char *spec,
                                 struct value *arguments, int n, int index)
{
    char conversion = spec[strlen(spec) - 1], wide[32];

    switch (conversion) {
    case 'd':
    case 'x':
    case 'X':
    case 'o':
        snprintf(wide, sizeof(wide), "%.*sll%c", (int)strlen(spec) - 1, spec,
                 conversion);
        return string_format(vm, wide,
                             (long long)arg_number(vm, arguments, n, index));
    case 'f':
    case 'e':
    case 'g':
    case 'a':
        return string_format(vm, spec, arg_number(vm, arguments, n, index));
    case 'c':
        return string_format(vm, spec,
                             (int)arg_number(vm, arguments, n, index));
    case 's':
        return string_format(
            vm, spec,
            value_to_string(vm, arg_any(vm, arguments, n, index))->text);
    default:
        vm_error(vm, "unknown conversion '%s'", spec);
    }
}

static struct value string_printf(struct vm *vm, struct value *arguments, int n)
{
    const char *p = arg_string(vm, arguments, n, 0)->text;
    struct string *result = string_from(vm, "");
    int index = 1;

    while (*p) {
        size_t length = strcspn(p, "%");
        struct string *part = string_new(vm, p, length);

        p += length;
        if (length == 0 && p[1] == '%') {
            part = string_from(vm, "%");
            p += 2;
        } else if (length == 0) {
            char spec[16];

            length = 1 + strspn(p + 1, "-+ 0123456789.#") + 1;
            if (length >= sizeof(spec) || !p[length - 1])
                vm_error(vm, "malformed conversion");
            memcpy(spec, p, length);
            spec[length] = '\0';
            part = format_one(vm, spec, arguments, n, index++);
            p += length;
        }
        result = string_concatenate(vm, result, part);
    }
    return object_value(result);
}

static struct value string_hash(struct vm *vm, struct value *arguments, int n)
{
    return number_value(arg_string(vm, arguments, n, 0)->hash);
}

static const struct builtin builtins[] = {
#define X(name, function) {#name, string_##name},
    CHARACTER_MAPS(X) CHARACTER_CLASSES(X)
#undef X
        {"sub", string_sub},
    {"find", string_find},

    {"starts", string_starts},
    {"ends", string_ends},

    {"trim", string_trim},
    {"split", string_split},
    {"byte", string_byte},
    {"char", string_char},
    {"repeat", string_repeat},
    {"reverse", string_reverse},
    {"replace", string_replace},
    {"format", string_printf},
    {"hash", string_hash},
};

void library_open_string(struct vm *vm)
{
    library_add(vm, "string", builtins, sizeof(builtins) / sizeof(builtins[0]));
}
