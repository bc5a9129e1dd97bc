/* Shared by the files of the compiler. */
#ifndef TARN_COMPILER_H
#define TARN_COMPILER_H

#include "lexer.h"

enum { MAX_LOCALS = 250, MAX_UPVALUES = 250, MAX_BREAKS = 64 };

struct local {
    struct string *name;
    int depth;
    bool captured;
};

struct loop {
    struct loop *outer;
    size_t start; /* where `continue` goes; SIZE_MAX: see continues */
    int depth;    /* of scopes outside the body */
    size_t breaks[MAX_BREAKS], continues[MAX_BREAKS];
    size_t n_breaks, n_continues;
};

struct function {
    struct function *outer;
    struct proto *proto;
    struct local locals[MAX_LOCALS];
    int n_locals, depth;
    struct {
        uint8_t index;
        bool of_outer_local;
    } upvalues[MAX_UPVALUES];
    struct loop *loop;
};

struct compiler {
    struct vm *vm;
    struct lexer lexer;
    struct token token, previous;
    struct function *function;
};

enum place_kind {
    PLACE_VALUE,
    PLACE_LOCAL,
    PLACE_UPVALUE,
    PLACE_GLOBAL,
    PLACE_FIELD,
    PLACE_INDEX
};

struct place {
    enum place_kind kind;
    unsigned index;
};

/* ---- code.c: emitting, scopes, names ---- */

_Noreturn void fail(struct compiler *c, const char *text);
void advance(struct compiler *c);
bool at_operator(const struct compiler *c, unsigned op);
bool accept_operator(struct compiler *c, unsigned op);
void expect_operator(struct compiler *c, unsigned op);
bool accept(struct compiler *c, enum token_type type);
struct string *expect_name(struct compiler *c);

void emit_byte(struct compiler *c, unsigned byte);
void emit1(struct compiler *c, enum opcode opcode, unsigned operand);
void emit2(struct compiler *c, enum opcode opcode, size_t operand);
size_t constant(struct compiler *c, struct value value);
/* A jump forward; returns the place to give to patch(). */
size_t emit_jump(struct compiler *c, enum opcode opcode);
void patch(struct compiler *c, size_t place);
void emit_loop(struct compiler *c, size_t start);

void begin_scope(struct compiler *c);
void end_scope(struct compiler *c);
/* Code that drops the locals deeper than depth, which stay declared. */
void emit_drop(struct compiler *c, int depth);
/* The value on top of the stack becomes a local. */
int declare_local(struct compiler *c, struct string *name);
struct place find_name(struct compiler *c, struct string *name);
void emit_get(struct compiler *c, struct place place);
void emit_set(struct compiler *c, struct place place);

/* ---- expression.c ---- */

/* Binding strength of `or`, the loosest operator. */
enum { OR_STRENGTH = 1 };

void expression(struct compiler *c);
/* A name, literal or call with what follows it, not yet read. */
struct place suffixed(struct compiler *c);
/* Operators and operands after a first operand that is on the stack. */
void binary_tail(struct compiler *c, int strength);

/* ---- compiler.c ---- */

/* Parameters and body, and the code that makes a closure of them. */
void function_body(struct compiler *c, struct string *name);

#endif
