/* Module list. */
#include "tarn.h"

#include <stdlib.h>
#include <string.h>

static struct value list_push_all(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = arg_list(vm, arguments, n, 0);

    for (int i = 1; i < n; i++)
        list_push(vm, list, arguments[i]);
    return number_value((double)list->count);
}

static struct value list_pop(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = arg_list(vm, arguments, n, 0);

    return list->count ? list->items[--list->count] : nil_value();
}

static struct value list_insert(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = arg_list(vm, arguments, n, 0);
    size_t at =
        (size_t)arg_integer(vm, arguments, n, 1, 0, (int64_t)list->count);

    list_push(vm, list, nil_value());
    memmove(list->items + at + 1, list->items + at,
            (list->count - 1 - at) * sizeof(struct value));
    list->items[at] = arg_any(vm, arguments, n, 2);
    return nil_value();
}

static struct value list_remove(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = arg_list(vm, arguments, n, 0);
    size_t at =
        (size_t)arg_integer(vm, arguments, n, 1, 0, (int64_t)list->count - 1);
    struct value removed = list->items[at];

    list->count--;
    memmove(list->items + at, list->items + at + 1,
            (list->count - at) * sizeof(struct value));
    return removed;
}

static struct value list_slice(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = arg_list(vm, arguments, n, 0);
    int64_t count = (int64_t)list->count;
    size_t from = (size_t)arg_integer(vm, arguments, n, 1, 0, count), to;
    struct list *part;

    to = n > 2 ? (size_t)arg_integer(vm, arguments, n, 2, (int64_t)from, count)
               : list->count;
    part = list_new(vm, to - from);
    for (size_t i = from; i < to; i++)
        list_push(vm, part, list->items[i]);
    return object_value(part);
}

static struct value list_of(struct vm *vm, struct value *arguments, int n)
{
    size_t count =
        (size_t)arg_integer(vm, arguments, n, 0, 0, INT64_C(1) << 32);
    struct list *list = list_new(vm, count);

    for (size_t i = 0; i < count; i++)
        list->items[i] = n > 1 ? arguments[1] : nil_value();
    list->count = count;
    return object_value(list);
}

static struct value list_reverse(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = arg_list(vm, arguments, n, 0);

    for (size_t i = 0; i + 1 < list->count - i; i++) {
        struct value swapped = list->items[i];

        list->items[i] = list->items[list->count - 1 - i];
        list->items[list->count - 1 - i] = swapped;
    }
    return arguments[0];
}

static struct value list_find(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = arg_list(vm, arguments, n, 0);
    struct value wanted = arg_any(vm, arguments, n, 1);

    for (size_t i = 0; i < list->count; i++) {
        if (value_equal(list->items[i], wanted))
            return number_value((double)i);
    }
    return nil_value();
}

static struct value list_join(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = arg_list(vm, arguments, n, 0);
    struct string *separator =
        n > 1 ? arg_string(vm, arguments, n, 1) : string_from(vm, "");
    struct string *joined;
    size_t length = 0;

    for (size_t i = 0; i < list->count; i++)
        length += value_to_string(vm, list->items[i])->length +
                  (i ? separator->length : 0);
    joined = string_reserve(vm, length);
    length = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct string *item = value_to_string(vm, list->items[i]);

        if (i) {
            memcpy(joined->text + length, separator->text, separator->length);
            length += separator->length;
        }
        memcpy(joined->text + length, item->text, item->length);
        length += item->length;
    }
    return object_value(string_intern(vm, joined));
}

/* ---- Functions that call back ---- */

static struct value call1(struct vm *vm, struct value function,
                          struct value argument)
{
    return vm_call(vm, function, &argument, 1);
}

static struct value list_map(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = arg_list(vm, arguments, n, 0), *result;
    struct value function = arg_any(vm, arguments, n, 1);

    result = list_new(vm, list->count);
    vm_protect(vm, result);
    for (size_t i = 0; i < list->count; i++)
        list_push(vm, result, call1(vm, function, list->items[i]));
    return object_value(result);
}

static struct value list_filter(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = arg_list(vm, arguments, n, 0), *result;
    struct value function = arg_any(vm, arguments, n, 1);

    result = list_new(vm, 0);
    vm_protect(vm, result);
    for (size_t i = 0; i < list->count; i++) {
        struct value item = list->items[i];

        if (value_truth(call1(vm, function, item)))
            list_push(vm, result, item);
    }
    return object_value(result);
}

static struct value list_fold(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = arg_list(vm, arguments, n, 0);
    struct value function = arg_any(vm, arguments, n, 1);
    struct value pair[2] = {arg_any(vm, arguments, n, 2), nil_value()};

    for (size_t i = 0; i < list->count; i++) {
        pair[1] = list->items[i];
        pair[0] = vm_call(vm, function, pair, 2);
    }
    return pair[0];
}

/* ---- Sorting: merge sort, stable, of a copy that the callback can't see ----
 */

struct sorting {
    struct vm *vm;
    struct value less; /* nil: by value */
};

static bool sorts_before(const struct sorting *sorting, struct value a,
                         struct value b)
{
    if (sorting->less.type != VALUE_NIL) {
        struct value pair[2] = {a, b};

        return value_truth(vm_call(sorting->vm, sorting->less, pair, 2));
    }
    if (a.type == VALUE_NUMBER && b.type == VALUE_NUMBER)
        return a.as.number < b.as.number;
    if (value_is(a, OBJECT_STRING) && value_is(b, OBJECT_STRING))
        return strcmp(((struct string *)a.as.object)->text,
                      ((struct string *)b.as.object)->text) < 0;
    vm_error(sorting->vm, "cannot compare %s and %s", value_type_name(a),
             value_type_name(b));
}

static void merge_sort(const struct sorting *sorting, struct value *items,
                       struct value *scratch, size_t n)
{
    size_t half = n / 2, i = 0, j = half, k = 0;

    if (n < 2)
        return;
    merge_sort(sorting, items, scratch, half);
    merge_sort(sorting, items + half, scratch, n - half);
    memcpy(scratch, items, n * sizeof(*items));
    while (i < half && j < n) {
        bool right = sorts_before(sorting, scratch[j], scratch[i]);

        items[k++] = right ? scratch[j++] : scratch[i++];
    }
    memcpy(items + k, scratch + i, (half - i) * sizeof(*items));
    memcpy(items + k + half - i, scratch + j, (n - j) * sizeof(*items));
}

static struct value list_sort(struct vm *vm, struct value *arguments, int n)
{
    struct list *list = arg_list(vm, arguments, n, 0);
    struct sorting sorting = {vm, n > 1 ? arguments[1] : nil_value()};
    struct list *copy = list_new(vm, list->count);
    struct list *scratch = list_new(vm, list->count);

    if (!list->count)
        return arguments[0];
    vm_protect(vm, copy);
    vm_protect(vm, scratch);
    memcpy(copy->items, list->items, list->count * sizeof(struct value));
    copy->count = list->count;
    merge_sort(&sorting, copy->items, scratch->items, copy->count);
    if (list->count == copy->count)
        memcpy(list->items, copy->items, copy->count * sizeof(struct value));
    return arguments[0];
}

static const struct builtin builtins[] = {
    {"push", list_push_all},   {"pop", list_pop},       {"insert", list_insert},
    {"remove", list_remove},   {"slice", list_slice},   {"of", list_of},
    {"reverse", list_reverse}, {"find", list_find},     {"join", list_join},
    {"map", list_map},         {"filter", list_filter}, {"fold", list_fold},
    {"sort", list_sort},
};

void library_open_list(struct vm *vm)
{
    library_add(vm, "list", builtins, sizeof(builtins) / sizeof(builtins[0]));
}
