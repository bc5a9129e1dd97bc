/* The collector: mark with an explicit grey list, so that long chains need no
 * deep recursion, then sweep. */
#include "tarn.h"

#include <stdlib.h>

static void mark(struct vm *vm, void *pointer)
{
    struct object *object = pointer;

    if (!object || object->marked)
        return;
    object->marked = true;
    if (object->type == OBJECT_STRING || object->type == OBJECT_VECTOR ||
        object->type == OBJECT_NATIVE)
        return; /* no children */
    if (vm->n_grey == vm->grey_capacity) {
        size_t capacity = vm->grey_capacity ? vm->grey_capacity * 2 : 256;
        struct object **grey = realloc(vm->grey, capacity * sizeof(*grey));

        if (!grey)
            abort(); /* halfway through marking there is no way back */
        vm->grey = grey;
        vm->grey_capacity = capacity;
    }
    vm->grey[vm->n_grey++] = object;
}

static void mark_value(struct vm *vm, struct value value)
{
    if (value.type == VALUE_OBJECT)
        mark(vm, value.as.object);
}

static void mark_roots(struct vm *vm)
{
    for (struct value *slot = vm->stack; slot < vm->top; slot++)
        mark_value(vm, *slot);
    for (size_t i = 0; i < vm->n_frames; i++)
        mark(vm, vm->frames[i].closure);
    for (struct upvalue *u = vm->open_upvalues; u; u = u->next_open)
        mark(vm, u);
    for (size_t i = 0; i < vm->n_globals; i++) {
        mark(vm, vm->globals[i].name);
        mark_value(vm, vm->globals[i].value);
    }
    for (size_t i = 0; i < vm->n_roots; i++)
        mark(vm, vm->roots[i]);
    mark_value(vm, vm->error);
    mark(vm, vm->arguments);
}

static void mark_children(struct vm *vm, struct object *object)
{
    switch (object->type) {
    case OBJECT_LIST: {
        struct list *list = (struct list *)object;

        for (size_t i = 0; i < list->count; i++)
            mark_value(vm, list->items[i]);
        break;
    }
    case OBJECT_TABLE: {
        struct table *table = (struct table *)object;

        for (size_t i = 0; i < table->capacity; i++) {
            mark_value(vm, table->entries[i].key);
            mark_value(vm, table->entries[i].value);
        }
        break;
    }
    case OBJECT_PROTO: {
        struct proto *proto = (struct proto *)object;

        mark(vm, proto->name);
        for (size_t i = 0; i < proto->n_constants; i++)
            mark_value(vm, proto->constants[i]);
        break;
    }
    case OBJECT_CLOSURE: {
        struct closure *closure = (struct closure *)object;

        mark(vm, closure->proto);
        for (size_t i = 0; i < closure->n_upvalues; i++)
            mark(vm, closure->upvalues[i]);
        break;
    }
    case OBJECT_UPVALUE:
        mark_value(vm, *((struct upvalue *)object)->location);
        break;
    default:
        break;
    }
}

/* Interned strings are not roots: those that die leave their bucket. */
static void forget_dead_strings(struct vm *vm)
{
    for (size_t i = 0; i < vm->string_capacity; i++) {
        struct string **link = &vm->strings[i];

        while (*link) {
            if ((*link)->object.marked) {
                link = &(*link)->next_in_bucket;
            } else {
                *link = (*link)->next_in_bucket;
                vm->n_strings--;
            }
        }
    }
}

static size_t free_object(struct object *object)
{
    size_t size = 0;

    switch (object->type) {
    case OBJECT_STRING:
        size = sizeof(struct string) + ((struct string *)object)->length + 1;
        break;
    case OBJECT_LIST: {
        struct list *list = (struct list *)object;

        size = sizeof(*list) + list->capacity * sizeof(struct value);
        free(list->items);
        break;
    }
    case OBJECT_TABLE: {
        struct table *table = (struct table *)object;

        size = sizeof(*table) + table->capacity * sizeof(struct table_entry);
        free(table->entries);
        break;
    }
    case OBJECT_VECTOR: {
        struct vector *vector = (struct vector *)object;

        size = sizeof(*vector) +
               ((vector->count * vector_element_size(vector->type) + 63) &
                ~(size_t)63);
        free(vector->data);
        break;
    }
    case OBJECT_PROTO: {
        struct proto *proto = (struct proto *)object;

        size = sizeof(*proto) + proto->code_capacity * 5 +
               proto->constant_capacity * sizeof(struct value);
        free(proto->code);
        free(proto->lines);
        free(proto->constants);
        break;
    }
    case OBJECT_CLOSURE:
        size = sizeof(struct closure) + ((struct closure *)object)->n_upvalues *
                                            sizeof(struct upvalue *);
        break;
    case OBJECT_UPVALUE:
        size = sizeof(struct upvalue);
        break;
    case OBJECT_NATIVE:
        size = sizeof(struct native);
        break;
    }
    free(object);
    return size;
}

static void sweep(struct vm *vm)
{
    struct object **link = &vm->objects;

    while (*link) {
        struct object *object = *link;

        if (object->marked) {
            object->marked = false;
            link = &object->next;
        } else {
            size_t size;

            *link = object->next;
            size = free_object(object);
            vm->allocated -= size < vm->allocated ? size : vm->allocated;
        }
    }
}

void gc_collect(struct vm *vm)
{
    mark_roots(vm);
    while (vm->n_grey)
        mark_children(vm, vm->grey[--vm->n_grey]);
    forget_dead_strings(vm);
    sweep(vm);
    vm->n_collections++;
    vm->threshold = vm->allocated * 2 + (1 << 20);
}

void gc_free_all(struct vm *vm)
{
    while (vm->objects) {
        struct object *next = vm->objects->next;

        free_object(vm->objects);
        vm->objects = next;
    }
    free(vm->grey);
}
