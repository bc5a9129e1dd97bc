/* Operations that are not on the machine's fast path. */
#include "vm.h"

#include <string.h>

_Noreturn void vm_operand_error(struct vm *vm, const char *what, struct value a,
                                struct value b)
{
    vm_error(vm, "cannot %s %s and %s", what, value_type_name(a),
             value_type_name(b));
}

static size_t to_index(struct vm *vm, struct value key, size_t count)
{
    double number = key.as.number;

    if (key.type != VALUE_NUMBER)
        vm_error(vm, "an index must be a number, not %s", value_type_name(key));
    if (number < 0)
        number += (double)count;
    if (!(number >= 0 && number < (double)count))
        vm_error(vm, "index %.14g out of %zu", key.as.number, count);
    return (size_t)number;
}

struct value vm_get_index(struct vm *vm, struct value container,
                          struct value key)
{
    if (value_is(container, OBJECT_LIST)) {
        struct list *list = (struct list *)container.as.object;

        return list->items[to_index(vm, key, list->count)];
    }
    if (value_is(container, OBJECT_TABLE))
        return table_get((struct table *)container.as.object, key);
    if (value_is(container, OBJECT_VECTOR)) {
        struct vector *vector = (struct vector *)container.as.object;

        return number_value(
            vector_get(vector, to_index(vm, key, vector->count)));
    }
    if (value_is(container, OBJECT_STRING)) {
        struct string *string = (struct string *)container.as.object;
        size_t index = to_index(vm, key, string->length);

        return object_value(string_new(vm, string->text + index, 1));
    }
    vm_error(vm, "cannot index %s", value_type_name(container));
}

void vm_set_index(struct vm *vm, struct value container, struct value key,
                  struct value value)
{
    if (value_is(container, OBJECT_LIST)) {
        struct list *list = (struct list *)container.as.object;

        list->items[to_index(vm, key, list->count)] = value;
    } else if (value_is(container, OBJECT_TABLE)) {
        table_set(vm, (struct table *)container.as.object, key, value);
    } else if (value_is(container, OBJECT_VECTOR)) {
        struct vector *vector = (struct vector *)container.as.object;
        size_t index = to_index(vm, key, vector->count);

        if (value.type != VALUE_NUMBER)
            vm_error(vm, "a vector holds numbers, not %s",
                     value_type_name(value));
        vector_set(vector, index, value.as.number);
    } else {
        vm_error(vm, "cannot assign into %s", value_type_name(container));
    }
}

double vm_length_of(struct vm *vm, struct value value)
{
    if (value_is(value, OBJECT_STRING))
        return ((struct string *)value.as.object)->length;
    if (value_is(value, OBJECT_LIST))
        return (double)((struct list *)value.as.object)->count;
    if (value_is(value, OBJECT_TABLE))
        return (double)((struct table *)value.as.object)->count;
    if (value_is(value, OBJECT_VECTOR))
        return (double)((struct vector *)value.as.object)->count;
    vm_error(vm, "%s has no length", value_type_name(value));
}

int vm_compare(struct vm *vm, struct value a, struct value b)
{
    if (value_is(a, OBJECT_STRING) && value_is(b, OBJECT_STRING)) {
        int order = strcmp(((struct string *)a.as.object)->text,
                           ((struct string *)b.as.object)->text);

        return (order > 0) - (order < 0);
    }
    vm_operand_error(vm, "compare", a, b);
}

struct value vm_concatenate(struct vm *vm, struct value a, struct value b)
{
    if (value_is(a, OBJECT_LIST) && value_is(b, OBJECT_LIST)) {
        const struct list *left = (struct list *)a.as.object;
        const struct list *right = (struct list *)b.as.object;
        struct list *list = list_new(vm, left->count + right->count);

        for (size_t i = 0; i < left->count; i++)
            list_push(vm, list, left->items[i]);
        for (size_t i = 0; i < right->count; i++)
            list_push(vm, list, right->items[i]);
        return object_value(list);
    }
    return object_value(
        string_concatenate(vm, value_to_string(vm, a), value_to_string(vm, b)));
}

bool vm_iterate(struct vm *vm, struct value *slot, struct value *ret_value)
{
    size_t position = (size_t)slot[1].as.number;

    if (value_is(slot[0], OBJECT_LIST)) {
        const struct list *list = (struct list *)slot[0].as.object;

        if (position >= list->count)
            return false;
        *ret_value = list->items[position];
    } else if (value_is(slot[0], OBJECT_TABLE)) {
        const struct table_entry *entry =
            table_next((struct table *)slot[0].as.object, &position);

        if (!entry)
            return false;
        *ret_value = entry->key;
        position--;
    } else if (value_is(slot[0], OBJECT_STRING)) {
        const struct string *string = (struct string *)slot[0].as.object;

        if (position >= string->length)
            return false;
        *ret_value = object_value(string_new(vm, string->text + position, 1));
    } else if (value_is(slot[0], OBJECT_VECTOR)) {
        const struct vector *vector = (struct vector *)slot[0].as.object;

        if (position >= vector->count)
            return false;
        *ret_value = number_value(vector_get(vector, position));
    } else {
        vm_error(vm, "cannot iterate over %s", value_type_name(slot[0]));
    }
    slot[1].as.number = (double)position + 1;
    return true;
}
