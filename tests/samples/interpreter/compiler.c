/* Source to bytecode in one pass: there is no syntax tree. An expression that
 * may be assigned to is kept back as a `struct place` until it is known
 * whether it is read or written.
 *
 *     block      = { statement }
 *     statement  = "let" name [ "=" e ] | "fn" name function
 *                | "if" e body { "else" "if" e body } [ "else" body ]
 *                | "while" e body | "for" name "=" e "," e [ "," e ] body
 *                | "for" name "in" e body | "return" [ e ] | "break"
 *                | "continue" | body | e [ ( "=" | "+=" | ... ) e ]
 *     body       = "{" block "}"
 *     function   = "(" [ name { "," name } ] ")" body
 *
 * A "(" or "[" continues an expression only on the line of what it follows. */
#include "compiler.h"

#include <stdlib.h>
#include <string.h>

static void statement(struct compiler *c);
static void block(struct compiler *c);

/* ---- Functions ---- */

static struct function *new_function(struct compiler *c)
{
    struct function *f = malloc(sizeof(*f));

    if (!f)
        vm_error(c->vm, "out of memory");
    return f;
}

static void begin_function(struct compiler *c, struct function *f,
                           struct string *name)
{
    memset(f, 0, sizeof(*f));
    f->outer = c->function;
    f->proto = proto_new(c->vm);
    f->proto->name = name;
    c->function = f;
    declare_local(c, NULL); /* slot 0: the function itself */
}

static struct proto *end_function(struct compiler *c)
{
    struct proto *proto = c->function->proto;

    emit_byte(c, OP_NIL);
    emit_byte(c, OP_RETURN);
    c->function = c->function->outer;
    return proto;
}

static void parameters(struct compiler *c)
{
    expect_operator(c, '(');
    while (!at_operator(c, ')')) {
        declare_local(c, expect_name(c));
        c->function->proto->n_parameters++;
        if (!accept_operator(c, ','))
            break;
    }
    expect_operator(c, ')');
}

void function_body(struct compiler *c, struct string *name)
{
    struct function *f = new_function(c);
    struct proto *proto;

    begin_function(c, f, name);
    f->depth = 1;
    parameters(c);
    expect_operator(c, '{');
    block(c);
    proto = end_function(c);
    emit2(c, OP_CLOSURE, constant(c, object_value(proto)));
    for (int i = 0; i < proto->n_upvalues; i++) {
        emit_byte(c, f->upvalues[i].of_outer_local);
        emit_byte(c, f->upvalues[i].index);
    }
    free(f);
}

/* ---- Statements ---- */

/* Statements up to the closing brace, in a scope of their own. */
static void block(struct compiler *c)
{
    begin_scope(c);
    while (!at_operator(c, '}')) {
        if (c->token.type == TOKEN_END)
            fail(c, "expected '}'");
        statement(c);
    }
    advance(c);
    end_scope(c);
}

static void body(struct compiler *c)
{
    expect_operator(c, '{');
    block(c);
}

static void define(struct compiler *c, struct string *name)
{
    if (c->function->depth == 0)
        emit2(c, OP_DEFINE_GLOBAL, vm_global(c->vm, name));
    else
        declare_local(c, name);
}

static void let_statement(struct compiler *c)
{
    struct string *name = expect_name(c);

    if (accept_operator(c, '='))
        expression(c);
    else
        emit_byte(c, OP_NIL);
    define(c, name);
}

/* A local function may call itself: its slot exists before its body. */
static void function_statement(struct compiler *c)
{
    struct string *name = expect_name(c);

    if (c->function->depth == 0) {
        function_body(c, name);
        emit2(c, OP_DEFINE_GLOBAL, vm_global(c->vm, name));
    } else {
        int slot;

        emit_byte(c, OP_NIL);
        slot = declare_local(c, name);
        function_body(c, name);
        emit1(c, OP_SET_LOCAL, (unsigned)slot);
    }
}

static void if_statement(struct compiler *c)
{
    size_t otherwise, end;

    expression(c);
    otherwise = emit_jump(c, OP_JUMP_IF_FALSE);
    body(c);
    if (!accept(c, TOKEN_ELSE)) {
        patch(c, otherwise);
        return;
    }
    end = emit_jump(c, OP_JUMP);
    patch(c, otherwise);
    if (accept(c, TOKEN_IF))
        if_statement(c);
    else
        body(c);
    patch(c, end);
}

static void begin_loop(struct compiler *c, struct loop *loop, size_t start)
{
    loop->outer = c->function->loop;
    loop->start = start;
    loop->depth = c->function->depth;
    loop->n_breaks = loop->n_continues = 0;
    c->function->loop = loop;
}

static void patch_all(struct compiler *c, const size_t *places, size_t n)
{
    for (size_t i = 0; i < n; i++)
        patch(c, places[i]);
}

static void while_statement(struct compiler *c)
{
    struct loop loop;
    size_t end;

    begin_loop(c, &loop, c->function->proto->code_size);
    expression(c);
    end = emit_jump(c, OP_JUMP_IF_FALSE);
    body(c);
    emit_loop(c, loop.start);
    patch(c, end);
    patch_all(c, loop.breaks, loop.n_breaks);
    c->function->loop = loop.outer;
}

/* Both kinds keep their state in hidden locals before the visible one. */
static void for_rest(struct compiler *c, enum opcode next, int slot,
                     struct string *name, size_t end, size_t top)
{
    struct loop loop;

    begin_loop(c, &loop, SIZE_MAX);
    begin_scope(c);
    declare_local(c, name);
    body(c);
    end_scope(c);
    patch_all(c, loop.continues, loop.n_continues);
    if (next == OP_FOR_LOOP) {
        size_t distance = c->function->proto->code_size + 4 - top;

        if (distance > UINT16_MAX)
            fail(c, "loop too long");
        emit_byte(c, OP_FOR_LOOP);
        emit_byte(c, (unsigned)slot);
        emit_byte(c, distance & 255);
        emit_byte(c, (unsigned)(distance >> 8));
    } else {
        emit_loop(c, top);
    }
    patch(c, end);
    patch_all(c, loop.breaks, loop.n_breaks);
    c->function->loop = loop.outer;
}

static void for_statement(struct compiler *c)
{
    struct string *name = expect_name(c);
    bool numeric;
    int slot;
    size_t end, top;

    begin_scope(c);
    numeric = accept_operator(c, '=');
    if (!numeric && !accept(c, TOKEN_IN))
        fail(c, "expected '=' or 'in'");
    expression(c);
    slot = declare_local(c, NULL);
    if (numeric) {
        expect_operator(c, ',');
        expression(c);
        if (accept_operator(c, ','))
            expression(c);
        else
            emit2(c, OP_CONSTANT, constant(c, number_value(1)));
    } else {
        emit2(c, OP_CONSTANT, constant(c, number_value(0)));
        emit_byte(c, OP_NIL);
    }
    declare_local(c, NULL);
    declare_local(c, NULL);
    top = c->function->proto->code_size;
    emit_byte(c, numeric ? OP_FOR_PREPARE : OP_ITERATE);
    emit_byte(c, (unsigned)slot);
    emit_byte(c, 0);
    emit_byte(c, 0);
    end = c->function->proto->code_size - 2;
    if (numeric)
        top = c->function->proto->code_size;
    for_rest(c, numeric ? OP_FOR_LOOP : OP_ITERATE, slot, name, end, top);
    end_scope(c);
}

static void leave_loop(struct compiler *c, bool again)
{
    struct loop *loop = c->function->loop;
    size_t *n;

    if (!loop)
        fail(c, "outside of a loop");
    n = again ? &loop->n_continues : &loop->n_breaks;
    emit_drop(c, loop->depth);
    if (again && loop->start != SIZE_MAX) {
        emit_loop(c, loop->start);
        return;
    }
    if (*n == MAX_BREAKS)
        fail(c, "too many breaks");
    (again ? loop->continues : loop->breaks)[(*n)++] = emit_jump(c, OP_JUMP);
}

static void return_statement(struct compiler *c)
{
    if (at_operator(c, '}') || c->token.type == TOKEN_END)
        emit_byte(c, OP_NIL);
    else
        expression(c);
    emit_byte(c, OP_RETURN);
}

static enum opcode compound_opcode(const struct token *token)
{
    if (token->type != TOKEN_OPERATOR || token->op >> 8 != '=')
        return N_OPCODES;
    switch (token->op & 255) {
    case '+':
        return OP_ADD;
    case '-':
        return OP_SUBTRACT;
    case '*':
        return OP_MULTIPLY;
    case '/':
        return OP_DIVIDE;
    default:
        return N_OPCODES;
    }
}

static void expression_statement(struct compiler *c)
{
    struct place place = suffixed(c);
    enum opcode opcode = compound_opcode(&c->token);

    if (accept_operator(c, '=')) {
        expression(c);
        emit_set(c, place);
    } else if (opcode != N_OPCODES) {
        advance(c);
        if (place.kind == PLACE_FIELD)
            emit_byte(c, OP_DUP);
        else if (place.kind == PLACE_INDEX)
            emit_byte(c, OP_DUP2);
        emit_get(c, place);
        expression(c);
        emit_byte(c, opcode);
        emit_set(c, place);
    } else {
        emit_get(c, place);
        binary_tail(c, OR_STRENGTH);
        emit_byte(c, OP_POP);
    }
}

static void statement(struct compiler *c)
{
    if (accept(c, TOKEN_LET))
        let_statement(c);
    else if (c->token.type == TOKEN_FN && accept(c, TOKEN_FN))
        function_statement(c);
    else if (accept(c, TOKEN_IF))
        if_statement(c);
    else if (accept(c, TOKEN_WHILE))
        while_statement(c);
    else if (accept(c, TOKEN_FOR))
        for_statement(c);
    else if (accept(c, TOKEN_RETURN))
        return_statement(c);
    else if (accept(c, TOKEN_BREAK))
        leave_loop(c, false);
    else if (accept(c, TOKEN_CONTINUE))
        leave_loop(c, true);
    else if (accept_operator(c, '{'))
        block(c);
    else
        expression_statement(c);
    while (accept_operator(c, ';'))
        continue;
}

struct compilation {
    struct compiler compiler;
    const char *name;
    struct proto *proto;
};

static void compile_program(struct vm *vm, void *context)
{
    struct compilation *compilation = context;
    struct compiler *c = &compilation->compiler;

    begin_function(c, new_function(c), string_from(vm, compilation->name));
    advance(c);
    while (c->token.type != TOKEN_END)
        statement(c);
    compilation->proto = c->function->proto;
    emit_byte(c, OP_NIL);
    emit_byte(c, OP_RETURN);
}

struct proto *compile(struct vm *vm, const char *source, const char *name)
{
    struct compilation compilation = {
        .compiler = {.vm = vm, .lexer = {vm, name, source, 1}}, .name = name};
    bool compiled = vm_try(vm, compile_program, &compilation);

    for (struct function *f = compilation.compiler.function, *outer; f;
         f = outer) {
        outer = f->outer;
        free(f);
    }
    if (!compiled)
        vm_throw(vm, vm->error);
    return compilation.proto;
}
