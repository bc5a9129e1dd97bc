/* The machine: a stack of values, a stack of frames, and one loop. */
#include "vm.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- Life ---- */

struct vm *vm_create(void)
{
    struct vm *vm = calloc(1, sizeof(*vm));

    if (!vm)
        return NULL;
    vm->stack = malloc(STACK_SIZE * sizeof(struct value));
    if (!vm->stack) {
        free(vm);
        return NULL;
    }
    vm->top = vm->stack;
    vm->threshold = 1 << 20;
    vm->random_state = 0x853c49e6748fea9bu;
    return vm;
}

void vm_free(struct vm *vm)
{
    if (!vm)
        return;
    gc_free_all(vm);
    free(vm->strings);
    free(vm->globals);
    free(vm->stack);
    free(vm);
}

/* ---- Errors ---- */

uint32_t vm_line(const struct frame *frame)
{
    const struct proto *proto = frame->closure->proto;

    return proto->lines[frame->pc - proto->code - 1];
}

void vm_throw(struct vm *vm, struct value error)
{
    struct handler *handler = vm->handler;

    vm->error = error;
    longjmp(handler->target, 1);
}

void vm_error(struct vm *vm, const char *format, ...)
{
    char text[512], place[128] = "";
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    if (vm->n_frames) {
        const struct frame *frame = &vm->frames[vm->n_frames - 1];

        snprintf(place, sizeof(place),
                 "%.100s:%u: ", frame->closure->proto->name->text,
                 vm_line(frame));
    }
    vm_throw(vm, object_value(string_format(vm, "%s%s", place, text)));
}

static void close_upvalues(struct vm *vm, const struct value *from)
{
    while (vm->open_upvalues && vm->open_upvalues->location >= from) {
        struct upvalue *upvalue = vm->open_upvalues;

        upvalue->closed = *upvalue->location;
        upvalue->location = &upvalue->closed;
        vm->open_upvalues = upvalue->next_open;
    }
}

bool vm_try(struct vm *vm, void (*body)(struct vm *vm, void *context),
            void *context)
{
    struct handler handler = {.outer = vm->handler,
                              .n_frames = vm->n_frames,
                              .n_roots = vm->n_roots,
                              .top = vm->top};

    vm->handler = &handler;
    if (setjmp(handler.target)) {
        vm->handler = handler.outer;
        vm->n_frames = handler.n_frames;
        vm->n_roots = handler.n_roots;
        vm->top = handler.top;
        close_upvalues(vm, vm->top);
        return false;
    }
    body(vm, context);
    vm->handler = handler.outer;
    return true;
}

void vm_protect(struct vm *vm, void *object)
{
    if (vm->n_roots == MAX_ROOTS)
        vm_error(vm, "native calls nested too deeply");
    vm->roots[vm->n_roots++] = object;
}

/* ---- Globals ---- */

size_t vm_global(struct vm *vm, struct string *name)
{
    for (size_t i = 0; i < vm->n_globals; i++) {
        if (vm->globals[i].name == name)
            return i;
    }
    if (vm->n_globals == vm->global_capacity) {
        size_t capacity = vm->global_capacity ? vm->global_capacity * 2 : 128;

        vm->globals =
            memory_grow(vm, vm->globals, 0, capacity * sizeof(*vm->globals));
        vm->global_capacity = capacity;
    }
    vm->globals[vm->n_globals] = (struct global){name, nil_value(), false};
    return vm->n_globals++;
}

void vm_define(struct vm *vm, const char *name, struct value value)
{
    size_t index = vm_global(vm, string_from(vm, name));

    vm->globals[index].value = value;
    vm->globals[index].defined = true;
}

/* ---- Closures ---- */

static struct upvalue *capture(struct vm *vm, struct value *location)
{
    struct upvalue **link = &vm->open_upvalues, *upvalue;

    while (*link && (*link)->location > location)
        link = &(*link)->next_open;
    if (*link && (*link)->location == location)
        return *link;
    upvalue = upvalue_new(vm, location);
    upvalue->next_open = *link;
    *link = upvalue;
    return upvalue;
}

static struct closure *make_closure(struct vm *vm, struct frame *frame,
                                    struct proto *proto)
{
    struct closure *closure = closure_new(vm, proto);

    for (int i = 0; i < proto->n_upvalues; i++) {
        bool of_local = *frame->pc++;
        uint8_t index = *frame->pc++;

        closure->upvalues[i] = of_local ? capture(vm, frame->slots + index)
                                        : frame->closure->upvalues[index];
    }
    return closure;
}

/* ---- Calls ---- */

static void call_native(struct vm *vm, native_fn call, int n_arguments)
{
    size_t n_roots = vm->n_roots;
    struct value *arguments = vm->top - n_arguments;
    struct value result = call(vm, arguments, n_arguments);

    vm->n_roots = n_roots;
    vm->top = arguments - 1;
    *vm->top++ = result;
}

/* Callee and arguments are on the stack. A native function is done on return;
 * for a closure a frame has been pushed. */
static void call_value(struct vm *vm, struct value callee, int n_arguments)
{
    struct closure *closure;
    struct frame *frame;

    if (value_is(callee, OBJECT_NATIVE)) {
        call_native(vm, ((struct native *)callee.as.object)->call, n_arguments);
        return;
    }
    if (!value_is(callee, OBJECT_CLOSURE))
        vm_error(vm, "cannot call %s", value_type_name(callee));
    closure = (struct closure *)callee.as.object;
    for (; n_arguments < closure->proto->n_parameters; n_arguments++)
        *vm->top++ = nil_value();
    vm->top -= n_arguments - closure->proto->n_parameters;
    if (vm->n_frames == MAX_FRAMES || vm->top + 512 > vm->stack + STACK_SIZE)
        vm_error(vm, "stack overflow");
    frame = &vm->frames[vm->n_frames++];
    frame->closure = closure;
    frame->pc = closure->proto->code;
    frame->slots = vm->top - closure->proto->n_parameters - 1;
}

static struct value run(struct vm *vm, size_t base);

struct value vm_call(struct vm *vm, struct value callee,
                     const struct value *arguments, int n_arguments)
{
    size_t base = vm->n_frames;

    if (vm->top + n_arguments + 512 > vm->stack + STACK_SIZE)
        vm_error(vm, "stack overflow");
    *vm->top++ = callee;
    for (int i = 0; i < n_arguments; i++)
        *vm->top++ = arguments[i];
    call_value(vm, callee, n_arguments);
    if (vm->n_frames > base)
        return run(vm, base);
    return *--vm->top;
}

struct value vm_run_proto(struct vm *vm, struct proto *proto)
{
    return vm_call(vm, object_value(closure_new(vm, proto)), NULL, 0);
}

/* ---- The loop ---- */

#define READ8()  (*pc++)
#define READ16() (pc += 2, (unsigned)(pc[-2] | pc[-1] << 8))

/* What a function that may throw or call needs to see. */
#define SAVE() (frame->pc = pc, vm->top = top)

#define COLLECT()                                                              \
    (vm->allocated > vm->threshold ? (SAVE(), gc_collect(vm)) : (void)0)

#define ARITHMETIC(name, text, formula)                                        \
    do_##name:                                                                 \
    {                                                                          \
        if (top[-2].type != VALUE_NUMBER || top[-1].type != VALUE_NUMBER) {    \
            SAVE();                                                            \
            vm_operand_error(vm, text, top[-2], top[-1]);                      \
        }                                                                      \
        double a = top[-2].as.number, b = top[-1].as.number;                   \
        top--;                                                                 \
        top[-1].as.number = (formula);                                         \
        goto *labels[READ8()];                                                 \
    }

#define COMPARISON(name, operation)                                            \
    do_##name:                                                                 \
    {                                                                          \
        bool truth;                                                            \
        if (top[-2].type == VALUE_NUMBER && top[-1].type == VALUE_NUMBER) {    \
            truth = top[-2].as.number operation top[-1].as.number;             \
        } else {                                                               \
            SAVE();                                                            \
            truth = vm_compare(vm, top[-2], top[-1]) operation 0;              \
        }                                                                      \
        top--;                                                                 \
        top[-1] = bool_value(truth);                                           \
        goto *labels[READ8()];                                                 \
    }

#define NEXT() goto *labels[READ8()]

/* Runs until the frame above `base` returns. One function on purpose: what the
 * loop keeps in registers is frame, pc, top and constants. */
static struct value run(struct vm *vm, size_t base)
{
    static const void *const labels[] = {
#define X(name, size) &&do_##name,
        OPCODES(X)
#undef X
    };
    struct frame *frame;
    const uint8_t *pc;
    struct value *top, *slots;
    const struct value *constants;

enter:
    frame = &vm->frames[vm->n_frames - 1];
    pc = frame->pc;
    slots = frame->slots;
    top = vm->top;
    constants = frame->closure->proto->constants;
    NEXT();

do_CONSTANT:
    *top++ = constants[READ16()];
    NEXT();
do_NIL:
    *top++ = nil_value();
    NEXT();
do_TRUE:
    *top++ = bool_value(true);
    NEXT();
do_FALSE:
    *top++ = bool_value(false);
    NEXT();
do_POP:
    top--;
    NEXT();
do_DUP:
    top[0] = top[-1];
    top++;
    NEXT();
do_DUP2:
    top[0] = top[-2];
    top[1] = top[-1];
    top += 2;
    NEXT();
do_GET_LOCAL:
    *top++ = slots[READ8()];
    NEXT();
do_SET_LOCAL:
    slots[READ8()] = *--top;
    NEXT();
do_GET_GLOBAL : {
    const struct global *global = &vm->globals[READ16()];

    if (!global->defined) {
        SAVE();
        vm_error(vm, "'%s' is not defined", global->name->text);
    }
    *top++ = global->value;
    NEXT();
}
do_SET_GLOBAL : {
    struct global *global = &vm->globals[READ16()];

    if (!global->defined) {
        SAVE();
        vm_error(vm, "'%s' is not defined", global->name->text);
    }
    global->value = *--top;
    NEXT();
}
do_DEFINE_GLOBAL : {
    struct global *global = &vm->globals[READ16()];

    global->value = *--top;
    global->defined = true;
    NEXT();
}
do_GET_UPVALUE:
    *top++ = *frame->closure->upvalues[READ8()]->location;
    NEXT();
do_SET_UPVALUE:
    *frame->closure->upvalues[READ8()]->location = *--top;
    NEXT();
do_CLOSE_UPVALUE:
    close_upvalues(vm, --top);
    NEXT();
do_GET_INDEX:
    if (value_is(top[-2], OBJECT_LIST) && top[-1].type == VALUE_NUMBER) {
        const struct list *list = (struct list *)top[-2].as.object;
        double index = top[-1].as.number;

        if (index >= 0 && index < (double)list->count) {
            top--;
            top[-1] = list->items[(size_t)index];
            NEXT();
        }
    }
    SAVE();
    top--;
    top[-1] = vm_get_index(vm, top[-1], top[0]);
    NEXT();
do_SET_INDEX:
    SAVE();
    vm_set_index(vm, top[-3], top[-2], top[-1]);
    top -= 3;
    NEXT();
do_GET_FIELD : {
    struct value key = constants[READ16()];

    if (value_is(top[-1], OBJECT_TABLE)) {
        top[-1] = table_get((struct table *)top[-1].as.object, key);
        NEXT();
    }
    SAVE();
    vm_error(vm, "%s has no field '%s'", value_type_name(top[-1]),
             ((struct string *)key.as.object)->text);
}
do_SET_FIELD : {
    struct value key = constants[READ16()];

    SAVE();
    if (!value_is(top[-2], OBJECT_TABLE))
        vm_error(vm, "%s has no fields", value_type_name(top[-2]));
    table_set(vm, (struct table *)top[-2].as.object, key, top[-1]);
    top -= 2;
    NEXT();
}
    ARITHMETIC(ADD, "add", a + b)
    ARITHMETIC(SUBTRACT, "subtract", a - b)
    ARITHMETIC(MULTIPLY, "multiply", a * b)
    ARITHMETIC(DIVIDE, "divide", a / b)
    ARITHMETIC(MODULO, "divide", a - floor(a / b) * b)
    ARITHMETIC(INTEGER_DIVIDE, "divide", floor(a / b))
    ARITHMETIC(POWER, "raise", pow(a, b))
do_CONCATENATE:
    SAVE();
    top--;
    top[-1] = vm_concatenate(vm, top[-1], top[0]);
    NEXT();
do_NEGATE:
    if (top[-1].type != VALUE_NUMBER) {
        SAVE();
        vm_error(vm, "cannot negate %s", value_type_name(top[-1]));
    }
    top[-1].as.number = -top[-1].as.number;
    NEXT();
do_NOT:
    top[-1] = bool_value(!value_truth(top[-1]));
    NEXT();
do_LENGTH:
    SAVE();
    top[-1] = number_value(vm_length_of(vm, top[-1]));
    NEXT();
do_EQUAL:
    top--;
    top[-1] = bool_value(value_equal(top[-1], top[0]));
    NEXT();
do_NOT_EQUAL:
    top--;
    top[-1] = bool_value(!value_equal(top[-1], top[0]));
    NEXT();
    COMPARISON(LESS, <)
    COMPARISON(LESS_EQUAL, <=)
    COMPARISON(GREATER, >)
    COMPARISON(GREATER_EQUAL, >=)
do_JUMP : {
    unsigned distance = READ16();

    pc += distance;
    NEXT();
}
do_JUMP_IF_FALSE : {
    unsigned distance = READ16();

    if (!value_truth(*--top))
        pc += distance;
    NEXT();
}
do_JUMP_IF_FALSE_KEEP : {
    unsigned distance = READ16();

    if (!value_truth(top[-1]))
        pc += distance;
    NEXT();
}
do_JUMP_IF_TRUE_KEEP : {
    unsigned distance = READ16();

    if (value_truth(top[-1]))
        pc += distance;
    NEXT();
}
do_LOOP : {
    unsigned distance = READ16();

    pc -= distance;
    COLLECT();
    NEXT();
}
do_FOR_PREPARE : {
    struct value *slot = slots + READ8();
    unsigned distance = READ16();

    if (slot[0].type != VALUE_NUMBER || slot[1].type != VALUE_NUMBER ||
        slot[2].type != VALUE_NUMBER) {
        SAVE();
        vm_error(vm, "a loop counts with numbers");
    }
    if (slot[2].as.number > 0 ? slot[0].as.number <= slot[1].as.number
                              : slot[0].as.number >= slot[1].as.number)
        *top++ = slot[0];
    else
        pc += distance;
    NEXT();
}
do_FOR_LOOP : {
    struct value *slot = slots + READ8();
    unsigned distance = READ16();

    slot[0].as.number += slot[2].as.number;
    if (slot[2].as.number > 0 ? slot[0].as.number <= slot[1].as.number
                              : slot[0].as.number >= slot[1].as.number) {
        *top++ = slot[0];
        pc -= distance;
        COLLECT();
    }
    NEXT();
}
do_ITERATE : {
    struct value *slot = slots + READ8();
    unsigned distance = READ16();

    SAVE();
    if (vm_iterate(vm, slot, top))
        top++;
    else
        pc += distance;
    NEXT();
}
do_CALL : {
    int n_arguments = READ8();
    struct value callee = top[-n_arguments - 1];
    size_t n_frames = vm->n_frames;

    COLLECT();
    SAVE();
    call_value(vm, callee, n_arguments);
    if (vm->n_frames != n_frames)
        goto enter;
    top = vm->top;
    NEXT();
}
do_RETURN : {
    struct value result = *--top;

    close_upvalues(vm, slots);
    vm->top = slots;
    vm->n_frames--;
    if (vm->n_frames == base)
        return result;
    *vm->top++ = result;
    goto enter;
}
do_CLOSURE : {
    struct proto *proto = (struct proto *)constants[READ16()].as.object;

    SAVE();
    *top++ = object_value(make_closure(vm, frame, proto));
    pc = frame->pc;
    NEXT();
}
do_LIST : {
    size_t n = READ16();
    struct list *list;

    SAVE();
    list = list_new(vm, n);
    memcpy(list->items ? list->items : top, top - n, n * sizeof(*top));
    list->count = n;
    top -= n;
    *top++ = object_value(list);
    NEXT();
}
do_TABLE : {
    size_t n = READ16();
    struct table *table;

    SAVE();
    table = table_new(vm);
    top -= 2 * n;
    for (size_t i = 0; i < n; i++)
        table_set(vm, table, top[2 * i], top[2 * i + 1]);
    *top++ = object_value(table);
    NEXT();
}
}
