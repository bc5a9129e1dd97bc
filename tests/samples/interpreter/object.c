/* Objects: strings, lists, tables, and making one of each kind. */
#include "tarn.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- Memory ---- */

void *memory_grow(struct vm *vm, void *memory, size_t old_size, size_t new_size)
{
    void *grown = realloc(memory, new_size);

    if (!grown)
        vm_error(vm, "out of memory");
    vm->allocated += new_size - old_size;
    return grown;
}

void *memory_allocate(struct vm *vm, size_t size)
{
    return memory_grow(vm, NULL, 0, size);
}

static void *object_new(struct vm *vm, size_t size, enum object_type type)
{
    struct object *object = memory_allocate(vm, size);

    memset(object, 0, size);
    object->type = (uint8_t)type;
    object->next = vm->objects;
    vm->objects = object;
    return object;
}

struct proto *proto_new(struct vm *vm)
{
    return object_new(vm, sizeof(struct proto), OBJECT_PROTO);
}

struct closure *closure_new(struct vm *vm, struct proto *proto)
{
    struct closure *closure = object_new(
        vm,
        sizeof(struct closure) + proto->n_upvalues * sizeof(struct upvalue *),
        OBJECT_CLOSURE);

    closure->proto = proto;
    closure->n_upvalues = proto->n_upvalues;
    return closure;
}

struct upvalue *upvalue_new(struct vm *vm, struct value *location)
{
    struct upvalue *upvalue =
        object_new(vm, sizeof(struct upvalue), OBJECT_UPVALUE);

    upvalue->location = location;
    return upvalue;
}

struct native *native_new(struct vm *vm, const char *name, native_fn call)
{
    struct native *native =
        object_new(vm, sizeof(struct native), OBJECT_NATIVE);

    native->name = name;
    native->call = call;
    return native;
}

struct vector *vector_new(struct vm *vm, const struct vector_type *type,
                          size_t count)
{
    struct vector *vector;
    size_t size = (count * vector_element_size(type) + 63) & ~(size_t)63;
    void *data;

    if (posix_memalign(&data, 64, size ? size : 64))
        vm_error(vm, "out of memory");
    memset(data, 0, size);
    vm->allocated += size;
    vector = object_new(vm, sizeof(struct vector), OBJECT_VECTOR);
    vector->type = type;
    vector->count = count;
    vector->data = data;
    return vector;
}

/* ---- Values ---- */

bool value_equal(struct value a, struct value b)
{
    if (a.type != b.type)
        return false;
    switch (a.type) {
    case VALUE_NIL:
        return true;
    case VALUE_BOOL:
        return a.as.boolean == b.as.boolean;
    case VALUE_NUMBER:
        return a.as.number == b.as.number;
    default:
        return a.as.object == b.as.object;
    }
}

const char *value_type_name(struct value value)
{
    static const char *const simple[] = {"nil", "bool", "number"};
    static const char *const objects[] = {"string",  "list",     "table",
                                          "vector",  "function", "function",
                                          "upvalue", "function"};

    return value.type == VALUE_OBJECT ? objects[value.as.object->type]
                                      : simple[value.type];
}

/* ---- Strings ---- */

static uint32_t hash_bytes(const char *text, size_t length)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    return hash;
}

static void grow_buckets(struct vm *vm)
{
    size_t capacity = vm->string_capacity ? vm->string_capacity * 2 : 256;
    struct string **buckets = calloc(capacity, sizeof(*buckets));

    if (!buckets)
        vm_error(vm, "out of memory");
    for (size_t i = 0; i < vm->string_capacity; i++) {
        struct string *string = vm->strings[i];

        while (string) {
            struct string *next = string->next_in_bucket;
            size_t bucket = string->hash & (capacity - 1);

            string->next_in_bucket = buckets[bucket];
            buckets[bucket] = string;
            string = next;
        }
    }
    free(vm->strings);
    vm->strings = buckets;
    vm->string_capacity = capacity;
}

static struct string *find_string(struct vm *vm, const char *text,
                                  size_t length, uint32_t hash)
{
    struct string *string;

    if (!vm->string_capacity)
        return NULL;
    string = vm->strings[hash & (vm->string_capacity - 1)];
    while (string && (string->hash != hash || string->length != length ||
                      memcmp(string->text, text, length) != 0))
        string = string->next_in_bucket;
    return string;
}

struct string *string_reserve(struct vm *vm, size_t length)
{
    struct string *string;

    if (length > INT32_MAX)
        vm_error(vm, "string too long");
    string = memory_allocate(vm, sizeof(struct string) + length + 1);
    string->object.type = OBJECT_STRING;
    string->object.marked = false;
    string->length = (uint32_t)length;
    string->text[length] = '\0';
    return string;
}

struct string *string_intern(struct vm *vm, struct string *string)
{
    uint32_t hash = hash_bytes(string->text, string->length);
    struct string *old = find_string(vm, string->text, string->length, hash);
    struct string **bucket;

    if (old) {
        vm->allocated -= sizeof(struct string) + string->length + 1;
        free(string);
        return old;
    }
    if (vm->n_strings >= vm->string_capacity)
        grow_buckets(vm);
    string->hash = hash;
    string->object.next = vm->objects;
    vm->objects = &string->object;
    bucket = &vm->strings[hash & (vm->string_capacity - 1)];
    string->next_in_bucket = *bucket;
    *bucket = string;
    vm->n_strings++;
    return string;
}

struct string *string_new(struct vm *vm, const char *text, size_t length)
{
    struct string *string =
        find_string(vm, text, length, hash_bytes(text, length));

    if (string)
        return string;
    string = string_reserve(vm, length);
    memcpy(string->text, text, length);
    return string_intern(vm, string);
}

struct string *string_from(struct vm *vm, const char *text)
{
    return string_new(vm, text, strlen(text));
}

struct string *string_format(struct vm *vm, const char *format, ...)
{
    char small[256];
    struct string *string;
    va_list list;
    int length;

    va_start(list, format);
    length = vsnprintf(small, sizeof(small), format, list);
    va_end(list);
    if (length < (int)sizeof(small))
        return string_new(vm, small, length < 0 ? 0 : (size_t)length);
    string = string_reserve(vm, (size_t)length);
    va_start(list, format);
    vsnprintf(string->text, (size_t)length + 1, format, list);
    va_end(list);
    return string_intern(vm, string);
}

struct string *string_concatenate(struct vm *vm, struct string *a,
                                  struct string *b)
{
    struct string *string = string_reserve(vm, (size_t)a->length + b->length);

    memcpy(string->text, a->text, a->length);
    memcpy(string->text + a->length, b->text, b->length);
    return string_intern(vm, string);
}

static struct string *number_to_string(struct vm *vm, double number)
{
    char text[32];

    if (isnan(number))
        return string_from(vm, "nan");
    if (isinf(number))
        return string_from(vm, number < 0 ? "-inf" : "inf");
    if (number == floor(number) && fabs(number) < 1e15) {
        snprintf(text, sizeof(text), "%.0f", number == 0 ? 0.0 : number);
        return string_from(vm, text);
    }
    snprintf(text, sizeof(text), "%.14g", number);
    return string_from(vm, text);
}

static struct string *list_to_string(struct vm *vm, const struct list *list)
{
    struct string *result = string_from(vm, "["),
                  *separator = string_from(vm, ", ");

    for (size_t i = 0; i < list->count; i++) {
        struct value item = list->items[i];

        if (i)
            result = string_concatenate(vm, result, separator);
        result = string_concatenate(vm, result,
                                    value_is(item, OBJECT_LIST)
                                        ? string_from(vm, "[...]")
                                        : value_to_string(vm, item));
    }
    return string_concatenate(vm, result, string_from(vm, "]"));
}

struct string *value_to_string(struct vm *vm, struct value value)
{
    switch (value.type) {
    case VALUE_NIL:
        return string_from(vm, "nil");
    case VALUE_BOOL:
        return string_from(vm, value.as.boolean ? "true" : "false");
    case VALUE_NUMBER:
        return number_to_string(vm, value.as.number);
    default:
        break;
    }
    switch (value.as.object->type) {
    case OBJECT_STRING:
        return (struct string *)value.as.object;
    case OBJECT_LIST:
        return list_to_string(vm, (struct list *)value.as.object);
    case OBJECT_VECTOR: {
        const struct vector *vector = (struct vector *)value.as.object;

        return string_format(vm, "<vector %s[%zu]>", vector_type_name(vector),
                             vector->count);
    }
    case OBJECT_NATIVE:
        return string_format(vm, "<native %s>",
                             ((struct native *)value.as.object)->name);
    case OBJECT_CLOSURE:
        return string_format(
            vm, "<function %s>",
            ((struct closure *)value.as.object)->proto->name->text);
    default:
        return string_format(vm, "<%s>", value_type_name(value));
    }
}

/* ---- Lists ---- */

struct list *list_new(struct vm *vm, size_t capacity)
{
    struct list *list = object_new(vm, sizeof(struct list), OBJECT_LIST);

    if (capacity) {
        list->items = memory_allocate(vm, capacity * sizeof(struct value));
        list->capacity = capacity;
    }
    return list;
}

void list_push(struct vm *vm, struct list *list, struct value value)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 8;

        list->items =
            memory_grow(vm, list->items, list->capacity * sizeof(struct value),
                        capacity * sizeof(struct value));
        list->capacity = capacity;
    }
    list->items[list->count++] = value;
}
