/* Expressions, by the strength with which operators bind. */
#include "compiler.h"

static size_t arguments(struct compiler *c, unsigned closing)
{
    size_t n = 0;

    while (!at_operator(c, closing)) {
        expression(c);
        n++;
        if (!accept_operator(c, ','))
            break;
    }
    expect_operator(c, closing);
    return n;
}

static void table_literal(struct compiler *c)
{
    size_t n = 0;

    while (!at_operator(c, '}')) {
        if (accept_operator(c, '[')) {
            expression(c);
            expect_operator(c, ']');
        } else if (accept(c, TOKEN_STRING)) {
            struct string *key = lexer_string(&c->lexer, &c->previous);

            emit2(c, OP_CONSTANT, constant(c, object_value(key)));
        } else {
            struct string *key = expect_name(c);

            emit2(c, OP_CONSTANT, constant(c, object_value(key)));
        }
        expect_operator(c, ':');
        expression(c);
        n++;
        if (!accept_operator(c, ','))
            break;
    }
    expect_operator(c, '}');
    emit2(c, OP_TABLE, n);
}

static struct place primary(struct compiler *c)
{
    static const struct place value = {PLACE_VALUE, 0};

    advance(c);
    switch (c->previous.type) {
    case TOKEN_NUMBER:
        emit2(c, OP_CONSTANT, constant(c, number_value(c->previous.number)));
        return value;
    case TOKEN_STRING: {
        struct string *string = lexer_string(&c->lexer, &c->previous);

        emit2(c, OP_CONSTANT, constant(c, object_value(string)));
        return value;
    }
    case TOKEN_NIL:
        emit_byte(c, OP_NIL);
        return value;
    case TOKEN_TRUE:
        emit_byte(c, OP_TRUE);
        return value;
    case TOKEN_FALSE:
        emit_byte(c, OP_FALSE);
        return value;
    case TOKEN_FN:
        function_body(c, string_from(c->vm, "?"));
        return value;
    case TOKEN_NAME:
        return find_name(
            c, string_new(c->vm, c->previous.start, c->previous.length));
    case TOKEN_OPERATOR:
        if (c->previous.op == '(') {
            expression(c);
            expect_operator(c, ')');
            return value;
        }
        if (c->previous.op == '[') {
            emit2(c, OP_LIST, arguments(c, ']'));
            return value;
        }
        if (c->previous.op == '{') {
            table_literal(c);
            return value;
        }
        break;
    default:
        break;
    }
    c->token = c->previous;
    fail(c, "expected an expression");
}

struct place suffixed(struct compiler *c)
{
    struct place place = primary(c);

    for (;;) {
        if (accept_operator(c, '.')) {
            emit_get(c, place);
            place.kind = PLACE_FIELD;
            place.index = (unsigned)constant(c, object_value(expect_name(c)));
        } else if (c->token.first_on_line) {
            return place;
        } else if (accept_operator(c, '[')) {
            emit_get(c, place);
            expression(c);
            expect_operator(c, ']');
            place.kind = PLACE_INDEX;
        } else if (accept_operator(c, '(')) {
            size_t n;

            emit_get(c, place);
            n = arguments(c, ')');
            if (n > 200)
                fail(c, "too many arguments");
            emit1(c, OP_CALL, (unsigned)n);
            place.kind = PLACE_VALUE;
        } else {
            return place;
        }
    }
}

/* Binary operators; a higher number binds more closely. */
static const struct binary {
    unsigned op;
    uint8_t opcode, left, right;
} binaries[] = {
    {OPERATOR2('=', '='), OP_EQUAL, 3, 4},
    {OPERATOR2('!', '='), OP_NOT_EQUAL, 3, 4},
    {'<', OP_LESS, 3, 4},
    {OPERATOR2('<', '='), OP_LESS_EQUAL, 3, 4},
    {'>', OP_GREATER, 3, 4},
    {OPERATOR2('>', '='), OP_GREATER_EQUAL, 3, 4},
    {OPERATOR2('.', '.'), OP_CONCATENATE, 5, 5},
    {'+', OP_ADD, 6, 7},
    {'-', OP_SUBTRACT, 6, 7},
    {'*', OP_MULTIPLY, 7, 8},
    {'/', OP_DIVIDE, 7, 8},
    {'%', OP_MODULO, 7, 8},
    {OPERATOR2('/', '/'), OP_INTEGER_DIVIDE, 7, 8},
    {'^', OP_POWER, 10, 9},
};
enum { UNARY_STRENGTH = 8, AND_STRENGTH = 2 };

static const struct binary *find_binary(const struct token *token)
{
    if (token->type != TOKEN_OPERATOR)
        return NULL;
    for (size_t i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++) {
        if (binaries[i].op == token->op)
            return &binaries[i];
    }
    return NULL;
}

static void binary_expression(struct compiler *c, int strength);

static void unary(struct compiler *c)
{
    if (accept_operator(c, '-')) {
        binary_expression(c, UNARY_STRENGTH);
        emit_byte(c, OP_NEGATE);
    } else if (accept(c, TOKEN_NOT)) {
        binary_expression(c, UNARY_STRENGTH);
        emit_byte(c, OP_NOT);
    } else {
        emit_get(c, suffixed(c));
    }
}

static void logical(struct compiler *c, enum opcode opcode, int strength)
{
    size_t end;

    advance(c);
    end = emit_jump(c, opcode);
    emit_byte(c, OP_POP);
    binary_expression(c, strength + 1);
    patch(c, end);
}

void binary_tail(struct compiler *c, int strength)
{
    for (;;) {
        const struct binary *binary = find_binary(&c->token);

        if (binary && binary->left >= strength) {
            advance(c);
            binary_expression(c, binary->right);
            emit_byte(c, binary->opcode);
        } else if (c->token.type == TOKEN_AND && strength <= AND_STRENGTH) {
            logical(c, OP_JUMP_IF_FALSE_KEEP, AND_STRENGTH);
        } else if (c->token.type == TOKEN_OR && strength <= OR_STRENGTH) {
            logical(c, OP_JUMP_IF_TRUE_KEEP, OR_STRENGTH);
        } else {
            return;
        }
    }
}

static void binary_expression(struct compiler *c, int strength)
{
    unary(c);
    binary_tail(c, strength);
}

void expression(struct compiler *c)
{
    binary_expression(c, OR_STRENGTH);
}
