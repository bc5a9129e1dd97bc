/* The compiler's lower half: tokens taken, bytecode emitted, scopes kept. */
#include "compiler.h"

/* ---- Tokens ---- */

_Noreturn void fail(struct compiler *c, const char *text)
{
    lexer_error(&c->lexer, &c->token, text);
}

void advance(struct compiler *c)
{
    c->previous = c->token;
    lexer_next(&c->lexer, &c->token);
}

bool at_operator(const struct compiler *c, unsigned op)
{
    return c->token.type == TOKEN_OPERATOR && c->token.op == op;
}

bool accept_operator(struct compiler *c, unsigned op)
{
    if (!at_operator(c, op))
        return false;
    advance(c);
    return true;
}

void expect_operator(struct compiler *c, unsigned op)
{
    char text[] = "expected ' '";

    text[10] = (char)op;
    if (!accept_operator(c, op))
        fail(c, text);
}

bool accept(struct compiler *c, enum token_type type)
{
    if (c->token.type != type)
        return false;
    advance(c);
    return true;
}

struct string *expect_name(struct compiler *c)
{
    if (!accept(c, TOKEN_NAME))
        fail(c, "expected a name");
    return string_new(c->vm, c->previous.start, c->previous.length);
}

/* ---- Code ---- */

void emit_byte(struct compiler *c, unsigned byte)
{
    struct proto *proto = c->function->proto;

    if (proto->code_size == proto->code_capacity) {
        size_t old = proto->code_capacity, new = old ? old * 2 : 64;

        proto->code = memory_grow(c->vm, proto->code, old, new);
        proto->lines = memory_grow(c->vm, proto->lines, old * 4, new * 4);
        proto->code_capacity = new;
    }
    proto->lines[proto->code_size] = c->previous.line;
    proto->code[proto->code_size++] = (uint8_t)byte;
}

void emit1(struct compiler *c, enum opcode opcode, unsigned operand)
{
    emit_byte(c, opcode);
    emit_byte(c, operand);
}

void emit2(struct compiler *c, enum opcode opcode, size_t operand)
{
    if (operand > UINT16_MAX)
        fail(c, "function too large");
    emit_byte(c, opcode);
    emit_byte(c, operand & 255);
    emit_byte(c, (unsigned)(operand >> 8));
}

size_t constant(struct compiler *c, struct value value)
{
    struct proto *proto = c->function->proto;

    for (size_t i = 0; i < proto->n_constants; i++) {
        if (value_equal(proto->constants[i], value))
            return i;
    }
    if (proto->n_constants == proto->constant_capacity) {
        size_t old = proto->constant_capacity, new = old ? old * 2 : 16;

        proto->constants =
            memory_grow(c->vm, proto->constants, old * sizeof(struct value),
                        new * sizeof(struct value));
        proto->constant_capacity = new;
    }
    proto->constants[proto->n_constants] = value;
    return proto->n_constants++;
}

size_t emit_jump(struct compiler *c, enum opcode opcode)
{
    emit2(c, opcode, 0);
    return c->function->proto->code_size - 2;
}

void patch(struct compiler *c, size_t place)
{
    struct proto *proto = c->function->proto;
    size_t distance = proto->code_size - place - 2;

    if (distance > UINT16_MAX)
        fail(c, "jump too far");
    proto->code[place] = distance & 255;
    proto->code[place + 1] = (uint8_t)(distance >> 8);
}

void emit_loop(struct compiler *c, size_t start)
{
    emit2(c, OP_LOOP, c->function->proto->code_size + 3 - start);
}

/* ---- Scopes and names ---- */

void begin_scope(struct compiler *c)
{
    c->function->depth++;
}

void emit_drop(struct compiler *c, int depth)
{
    struct function *f = c->function;

    for (int i = f->n_locals; i > 0 && f->locals[i - 1].depth > depth; i--)
        emit_byte(c, f->locals[i - 1].captured ? OP_CLOSE_UPVALUE : OP_POP);
}

void end_scope(struct compiler *c)
{
    struct function *f = c->function;

    f->depth--;
    emit_drop(c, f->depth);
    while (f->n_locals && f->locals[f->n_locals - 1].depth > f->depth)
        f->n_locals--;
}

int declare_local(struct compiler *c, struct string *name)
{
    struct function *f = c->function;

    if (f->n_locals == MAX_LOCALS)
        fail(c, "too many variables");
    f->locals[f->n_locals].name = name;
    f->locals[f->n_locals].depth = f->depth;
    f->locals[f->n_locals].captured = false;
    return f->n_locals++;
}

static int find_local(const struct function *f, const struct string *name)
{
    for (int i = f->n_locals - 1; i >= 0; i--) {
        if (f->locals[i].name == name)
            return i;
    }
    return -1;
}

static int add_upvalue(struct compiler *c, struct function *f, int index,
                       bool of_outer_local)
{
    struct proto *proto = f->proto;

    for (int i = 0; i < proto->n_upvalues; i++) {
        if (f->upvalues[i].index == index &&
            f->upvalues[i].of_outer_local == of_outer_local)
            return i;
    }
    if (proto->n_upvalues == MAX_UPVALUES)
        fail(c, "too many captured variables");
    f->upvalues[proto->n_upvalues].index = (uint8_t)index;
    f->upvalues[proto->n_upvalues].of_outer_local = of_outer_local;
    return proto->n_upvalues++;
}

static int find_upvalue(struct compiler *c, struct function *f,
                        const struct string *name)
{
    int index;

    if (!f->outer)
        return -1;
    index = find_local(f->outer, name);
    if (index >= 0) {
        f->outer->locals[index].captured = true;
        return add_upvalue(c, f, index, true);
    }
    index = find_upvalue(c, f->outer, name);
    return index < 0 ? -1 : add_upvalue(c, f, index, false);
}

struct place find_name(struct compiler *c, struct string *name)
{
    int index = find_local(c->function, name);

    if (index >= 0)
        return (struct place){PLACE_LOCAL, (unsigned)index};
    index = find_upvalue(c, c->function, name);
    if (index >= 0)
        return (struct place){PLACE_UPVALUE, (unsigned)index};
    return (struct place){PLACE_GLOBAL, (unsigned)vm_global(c->vm, name)};
}

void emit_get(struct compiler *c, struct place place)
{
    switch (place.kind) {
    case PLACE_VALUE:
        break;
    case PLACE_LOCAL:
        emit1(c, OP_GET_LOCAL, place.index);
        break;
    case PLACE_UPVALUE:
        emit1(c, OP_GET_UPVALUE, place.index);
        break;
    case PLACE_GLOBAL:
        emit2(c, OP_GET_GLOBAL, place.index);
        break;
    case PLACE_FIELD:
        emit2(c, OP_GET_FIELD, place.index);
        break;
    case PLACE_INDEX:
        emit_byte(c, OP_GET_INDEX);
        break;
    }
}

void emit_set(struct compiler *c, struct place place)
{
    switch (place.kind) {
    case PLACE_VALUE:
        fail(c, "cannot assign to this");
    case PLACE_LOCAL:
        emit1(c, OP_SET_LOCAL, place.index);
        break;
    case PLACE_UPVALUE:
        emit1(c, OP_SET_UPVALUE, place.index);
        break;
    case PLACE_GLOBAL:
        emit2(c, OP_SET_GLOBAL, place.index);
        break;
    case PLACE_FIELD:
        emit2(c, OP_SET_FIELD, place.index);
        break;
    case PLACE_INDEX:
        emit_byte(c, OP_SET_INDEX);
        break;
    }
}
