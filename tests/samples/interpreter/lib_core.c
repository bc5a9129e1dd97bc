/* The library's common ground, and the functions that are globals. */
#include "tarn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Registration and arguments ---- */

void library_add(struct vm *vm, const char *module,
                 const struct builtin *builtins, size_t n_builtins)
{
    struct table *table = module ? table_new(vm) : NULL;

    for (size_t i = 0; i < n_builtins; i++) {
        struct value native =
            object_value(native_new(vm, builtins[i].name, builtins[i].call));

        if (table)
            table_set(vm, table,
                      object_value(string_from(vm, builtins[i].name)), native);
        else
            vm_define(vm, builtins[i].name, native);
    }
    if (table)
        vm_define(vm, module, object_value(table));
}

struct value arg_any(struct vm *vm, struct value *arguments, int n, int index)
{
    if (index >= n)
        vm_error(vm, "argument %d is missing", index + 1);
    return arguments[index];
}

static _Noreturn void wrong_type(struct vm *vm, int index, const char *wanted,
                                 struct value found)
{
    vm_error(vm, "argument %d must be a %s, not %s", index + 1, wanted,
             value_type_name(found));
}

double arg_number(struct vm *vm, struct value *arguments, int n, int index)
{
    struct value value = arg_any(vm, arguments, n, index);

    if (value.type != VALUE_NUMBER)
        wrong_type(vm, index, "number", value);
    return value.as.number;
}

double arg_number_or(struct vm *vm, struct value *arguments, int n, int index,
                     double fallback)
{
    if (index >= n || arguments[index].type == VALUE_NIL)
        return fallback;
    return arg_number(vm, arguments, n, index);
}

int64_t arg_integer(struct vm *vm, struct value *arguments, int n, int index,
                    int64_t low, int64_t high)
{
    double number = arg_number(vm, arguments, n, index);

    if (!(number >= (double)low && number <= (double)high))
        vm_error(vm, "argument %d is %.14g, not in %lld to %lld", index + 1,
                 number, (long long)low, (long long)high);
    return (int64_t)number;
}

static struct object *arg_object(struct vm *vm, struct value *arguments, int n,
                                 int index, enum object_type type,
                                 const char *wanted)
{
    struct value value = arg_any(vm, arguments, n, index);

    if (!value_is(value, type))
        wrong_type(vm, index, wanted, value);
    return value.as.object;
}

struct string *arg_string(struct vm *vm, struct value *arguments, int n,
                          int index)
{
    return (struct string *)arg_object(vm, arguments, n, index, OBJECT_STRING,
                                       "string");
}

struct list *arg_list(struct vm *vm, struct value *arguments, int n, int index)
{
    return (struct list *)arg_object(vm, arguments, n, index, OBJECT_LIST,
                                     "list");
}

struct table *arg_table(struct vm *vm, struct value *arguments, int n,
                        int index)
{
    return (struct table *)arg_object(vm, arguments, n, index, OBJECT_TABLE,
                                      "table");
}

struct vector *arg_vector(struct vm *vm, struct value *arguments, int n,
                          int index)
{
    return (struct vector *)arg_object(vm, arguments, n, index, OBJECT_VECTOR,
                                       "vector");
}

/* ---- Globals ---- */

static void write_values(struct vm *vm, FILE *stream, struct value *arguments,
                         int n)
{
    for (int i = 0; i < n; i++) {
        struct string *text = value_to_string(vm, arguments[i]);

        if (i)
            fputc(' ', stream);
        fwrite(text->text, 1, text->length, stream);
    }
}

static struct value core_print(struct vm *vm, struct value *arguments, int n)
{
    write_values(vm, stdout, arguments, n);
    fputc('\n', stdout);
    return nil_value();
}

static struct value core_write(struct vm *vm, struct value *arguments, int n)
{
    write_values(vm, stdout, arguments, n);
    return nil_value();
}

static struct value core_warn(struct vm *vm, struct value *arguments, int n)
{
    fflush(stdout);
    write_values(vm, stderr, arguments, n);
    fputc('\n', stderr);
    return nil_value();
}

static struct value core_type(struct vm *vm, struct value *arguments, int n)
{
    return object_value(
        string_from(vm, value_type_name(arg_any(vm, arguments, n, 0))));
}

static struct value core_len(struct vm *vm, struct value *arguments, int n)
{
    struct value value = arg_any(vm, arguments, n, 0);

    if (value_is(value, OBJECT_STRING))
        return number_value(((struct string *)value.as.object)->length);
    if (value_is(value, OBJECT_LIST))
        return number_value((double)((struct list *)value.as.object)->count);
    if (value_is(value, OBJECT_TABLE))
        return number_value((double)((struct table *)value.as.object)->count);
    if (value_is(value, OBJECT_VECTOR))
        return number_value((double)((struct vector *)value.as.object)->count);
    wrong_type(vm, 0, "container", value);
}

static struct value core_str(struct vm *vm, struct value *arguments, int n)
{
    return object_value(value_to_string(vm, arg_any(vm, arguments, n, 0)));
}

static struct value core_num(struct vm *vm, struct value *arguments, int n)
{
    struct value value = arg_any(vm, arguments, n, 0);
    const struct string *string;
    int base = (int)arg_number_or(vm, arguments, n, 1, 10);
    char *end;
    double number;

    if (value.type == VALUE_NUMBER)
        return value;
    if (!value_is(value, OBJECT_STRING))
        return nil_value();
    string = (struct string *)value.as.object;
    number = base == 10 ? strtod(string->text, &end)
                        : (double)strtoll(string->text, &end, base);
    while (*end == ' ' || *end == '\n')
        end++;
    return end == string->text || *end ? nil_value() : number_value(number);
}

static struct value core_assert(struct vm *vm, struct value *arguments, int n)
{
    struct value value = arg_any(vm, arguments, n, 0);

    if (!value_truth(value))
        vm_error(vm, "%s",
                 n > 1 ? value_to_string(vm, arguments[1])->text
                       : "assertion does not hold");
    return value;
}

static struct value core_error(struct vm *vm, struct value *arguments, int n)
{
    struct value value = arg_any(vm, arguments, n, 0);

    if (value_is(value, OBJECT_STRING))
        vm_error(vm, "%s", ((struct string *)value.as.object)->text);
    vm_throw(vm, value);
}

struct protected_call {
    struct value *arguments;
    int n;
    struct value result;
};

static void call_protected(struct vm *vm, void *context)
{
    struct protected_call *call = context;

    call->result =
        vm_call(vm, call->arguments[0], call->arguments + 1, call->n - 1);
}

/* pcall(f, ...): [true, result] or [false, error] */
static struct value core_pcall(struct vm *vm, struct value *arguments, int n)
{
    struct protected_call call = {arguments, n, nil_value()};
    struct list *list;
    bool good;

    arg_any(vm, arguments, n, 0);
    good = vm_try(vm, call_protected, &call);
    list = list_new(vm, 2);
    list_push(vm, list, bool_value(good));
    list_push(vm, list, good ? call.result : vm->error);
    return object_value(list);
}

static struct value core_keys(struct vm *vm, struct value *arguments, int n)
{
    const struct table *table = arg_table(vm, arguments, n, 0);
    struct list *list = list_new(vm, table->count);
    const struct table_entry *entry;
    size_t position = 0;

    while ((entry = table_next(table, &position)))
        list_push(vm, list, entry->key);
    return object_value(list);
}

static struct value core_values(struct vm *vm, struct value *arguments, int n)
{
    const struct table *table = arg_table(vm, arguments, n, 0);
    struct list *list = list_new(vm, table->count);
    const struct table_entry *entry;
    size_t position = 0;

    while ((entry = table_next(table, &position)))
        list_push(vm, list, entry->value);
    return object_value(list);
}

static struct value core_has(struct vm *vm, struct value *arguments, int n)
{
    return bool_value(
        table_get(arg_table(vm, arguments, n, 0), arg_any(vm, arguments, n, 1))
            .type != VALUE_NIL);
}

static struct value core_delete(struct vm *vm, struct value *arguments, int n)
{
    return bool_value(table_delete(arg_table(vm, arguments, n, 0),
                                   arg_any(vm, arguments, n, 1)));
}

static struct value core_eval(struct vm *vm, struct value *arguments, int n)
{
    struct string *source = arg_string(vm, arguments, n, 0);

    return vm_run_proto(vm, compile(vm, source->text, "eval"));
}

static struct value core_disassemble(struct vm *vm, struct value *arguments,
                                     int n)
{
    struct value value = arg_any(vm, arguments, n, 0);

    if (!value_is(value, OBJECT_CLOSURE))
        wrong_type(vm, 0, "function", value);
    disassemble(vm, ((struct closure *)value.as.object)->proto, stdout);
    return nil_value();
}

static struct value core_collect(struct vm *vm, struct value *arguments, int n)
{
    (void)arguments;
    (void)n;
    vm->threshold = 0; /* at the next call */
    return number_value((double)vm->allocated);
}

static const struct builtin builtins[] = {
    {"print", core_print},     {"write", core_write},
    {"warn", core_warn},       {"type", core_type},
    {"len", core_len},         {"str", core_str},
    {"num", core_num},         {"assert", core_assert},
    {"error", core_error},     {"pcall", core_pcall},
    {"keys", core_keys},       {"values", core_values},
    {"has", core_has},         {"delete", core_delete},
    {"eval", core_eval},       {"disassemble", core_disassemble},
    {"collect", core_collect},
};

void library_open_core(struct vm *vm)
{
    library_add(vm, NULL, builtins, sizeof(builtins) / sizeof(builtins[0]));
    vm_define(vm, "arguments", object_value(vm->arguments));
    vm_define(vm, "pi", number_value(M_PI));
    vm_define(vm, "inf", number_value(INFINITY));
}
