/* Tarn: a small programming language, and its interpreter.
 *
 * Here it is the sample of a program of some size: about 400 KB of machine
 * code, some 90 imports and several hundred pointers in static data, which
 * does real work when it is run.
 *
 *     source -- lexer.c --> tokens -- compiler.c --> bytecode -- vm.c -->
 * result
 *
 * Values are dynamically typed; numbers are doubles. Objects live on a heap
 * that gc.c marks and sweeps. Collection happens at two bytecodes only (a
 * backward jump and a call), so native functions may hold new objects freely
 * unless they call back into the machine: see vm_protect().
 *
 * Errors are longjmp()s to the nearest vm_try(). */
#ifndef TARN_H
#define TARN_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- Values ---- */

enum value_type { VALUE_NIL, VALUE_BOOL, VALUE_NUMBER, VALUE_OBJECT };

struct value {
    enum value_type type;
    union {
        bool boolean;
        double number;
        struct object *object;
    } as;
};

enum object_type {
    OBJECT_STRING,
    OBJECT_LIST,
    OBJECT_TABLE,
    OBJECT_VECTOR,
    OBJECT_PROTO,
    OBJECT_CLOSURE,
    OBJECT_UPVALUE,
    OBJECT_NATIVE
};

struct object {
    struct object *next; /* of all objects */
    uint8_t type;        /* enum object_type */
    bool marked;
};

/* Immutable, and interned: equal strings are one object. */
struct string {
    struct object object;
    struct string *next_in_bucket;
    uint32_t hash;
    uint32_t length; /* bytes without the NUL */
    char text[];
};

struct list {
    struct object object;
    struct value *items;
    size_t count, capacity;
};

struct table_entry {
    struct value key; /* nil: free; see table_entry.dead */
    struct value value;
    bool dead; /* was in use: a search goes on past it */
};

/* Open addressing; keys are strings, numbers, booleans or objects. */
struct table {
    struct object object;
    struct table_entry *entries;
    size_t count, used, capacity; /* capacity: 0 or a power of two */
};

/* Elements of one machine type; a matrix if rows and columns are not 0. */
struct vector {
    struct object object;
    const struct vector_type *type;
    size_t count, rows, columns;
    void *data; /* aligned to 64 */
};

struct proto {
    struct object object;
    struct string *name;
    uint8_t *code;
    uint32_t *lines; /* of each byte of code */
    size_t code_size, code_capacity;
    struct value *constants;
    size_t n_constants, constant_capacity;
    uint8_t n_parameters, n_upvalues;
};

struct upvalue {
    struct object object;
    struct value *location; /* on the stack while open, then &closed */
    struct value closed;
    struct upvalue *next_open;
};

struct closure {
    struct object object;
    uint8_t n_upvalues; /* of the proto, which may die first */
    struct proto *proto;
    struct upvalue *upvalues[];
};

struct vm;
typedef struct value (*native_fn)(struct vm *vm, struct value *arguments,
                                  int n_arguments);

struct native {
    struct object object;
    const char *name;
    native_fn call;
};

static inline struct value nil_value(void)
{
    return (struct value){VALUE_NIL, {.number = 0}};
}

static inline struct value bool_value(bool boolean)
{
    return (struct value){VALUE_BOOL, {.boolean = boolean}};
}

static inline struct value number_value(double number)
{
    return (struct value){VALUE_NUMBER, {.number = number}};
}

static inline struct value object_value(void *object)
{
    return (struct value){VALUE_OBJECT, {.object = object}};
}

static inline bool value_is(struct value value, enum object_type type)
{
    return value.type == VALUE_OBJECT && value.as.object->type == type;
}

static inline bool value_truth(struct value value)
{
    return value.type == VALUE_BOOL ? value.as.boolean
                                    : value.type != VALUE_NIL;
}

bool value_equal(struct value a, struct value b);
const char *value_type_name(struct value value);

/* The value as print() shows it. */
struct string *value_to_string(struct vm *vm, struct value value);

/* ---- The machine ---- */

enum { STACK_SIZE = 1 << 16, MAX_FRAMES = 4096, MAX_ROOTS = 64 };

struct frame {
    struct closure *closure;
    const uint8_t *pc;
    struct value *slots;
};

struct global {
    struct string *name;
    struct value value;
    bool defined;
};

struct handler {
    struct handler *outer;
    jmp_buf target;
    size_t n_frames, n_roots;
    struct value *top;
};

struct vm {
    struct value *stack, *top;
    struct frame frames[MAX_FRAMES];
    size_t n_frames;
    struct upvalue *open_upvalues;
    struct global *globals;
    size_t n_globals, global_capacity;
    struct string **strings; /* buckets of the interned ones */
    size_t n_strings, string_capacity;
    struct object *objects;
    size_t allocated, threshold; /* bytes */
    size_t n_collections;
    struct object *roots[MAX_ROOTS]; /* held by native functions */
    size_t n_roots;
    struct object **grey; /* marked, children not yet */
    size_t n_grey, grey_capacity;
    struct handler *handler;
    struct value error;
    uint64_t random_state;
    struct list *arguments;
};

struct vm *vm_create(void);
void vm_free(struct vm *vm);

/* Run a compiled program; its result is returned. */
struct value vm_run_proto(struct vm *vm, struct proto *proto);

/* Call any callable value from native code. */
struct value vm_call(struct vm *vm, struct value callee,
                     const struct value *arguments, int n_arguments);

/* Keep an object alive until the native function returns. */
void vm_protect(struct vm *vm, void *object);

_Noreturn void vm_error(struct vm *vm, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
_Noreturn void vm_throw(struct vm *vm, struct value error);

/* Call body(context); false if an error was thrown, which is in vm->error. */
bool vm_try(struct vm *vm, void (*body)(struct vm *vm, void *context),
            void *context);

/* Index of the global of that name, made if need be. */
size_t vm_global(struct vm *vm, struct string *name);
void vm_define(struct vm *vm, const char *name, struct value value);

/* Line that frame is at, for messages. */
uint32_t vm_line(const struct frame *frame);

/* ---- Bytecode ---- */

/* ORDER OPCODES: name and bytes of operands. */
#define OPCODES(X)                                                             \
    X(CONSTANT, 2)                                                             \
    X(NIL, 0)                                                                  \
    X(TRUE, 0)                                                                 \
    X(FALSE, 0)                                                                \
    X(POP, 0)                                                                  \
    X(DUP, 0)                                                                  \
    X(DUP2, 0)                                                                 \
    X(GET_LOCAL, 1)                                                            \
    X(SET_LOCAL, 1)                                                            \
    X(GET_GLOBAL, 2)                                                           \
    X(SET_GLOBAL, 2)                                                           \
    X(DEFINE_GLOBAL, 2)                                                        \
    X(GET_UPVALUE, 1)                                                          \
    X(SET_UPVALUE, 1)                                                          \
    X(CLOSE_UPVALUE, 0)                                                        \
    X(GET_INDEX, 0)                                                            \
    X(SET_INDEX, 0)                                                            \
    X(GET_FIELD, 2)                                                            \
    X(SET_FIELD, 2)                                                            \
    X(ADD, 0)                                                                  \
    X(SUBTRACT, 0)                                                             \
    X(MULTIPLY, 0)                                                             \
    X(DIVIDE, 0)                                                               \
    X(MODULO, 0)                                                               \
    X(INTEGER_DIVIDE, 0)                                                       \
    X(POWER, 0)                                                                \
    X(CONCATENATE, 0)                                                          \
    X(NEGATE, 0)                                                               \
    X(NOT, 0)                                                                  \
    X(LENGTH, 0)                                                               \
    X(EQUAL, 0)                                                                \
    X(NOT_EQUAL, 0)                                                            \
    X(LESS, 0)                                                                 \
    X(LESS_EQUAL, 0)                                                           \
    X(GREATER, 0)                                                              \
    X(GREATER_EQUAL, 0)                                                        \
    X(JUMP, 2)                                                                 \
    X(JUMP_IF_FALSE, 2)                                                        \
    X(JUMP_IF_FALSE_KEEP, 2)                                                   \
    X(JUMP_IF_TRUE_KEEP, 2)                                                    \
    X(LOOP, 2)                                                                 \
    X(FOR_PREPARE, 3)                                                          \
    X(FOR_LOOP, 3)                                                             \
    X(ITERATE, 3)                                                              \
    X(CALL, 1)                                                                 \
    X(RETURN, 0)                                                               \
    X(CLOSURE, 2)                                                              \
    X(LIST, 2)                                                                 \
    X(TABLE, 2)

enum opcode {
#define X(name, size) OP_##name,
    OPCODES(X)
#undef X
        N_OPCODES
};

/* Source to a function without parameters; throws on a syntax error. */
struct proto *compile(struct vm *vm, const char *source, const char *name);

/* Print the bytecode of a function and of those within it. */
void disassemble(struct vm *vm, const struct proto *proto, FILE *stream);

/* ---- Objects ---- */

struct string *string_new(struct vm *vm, const char *text, size_t length);
struct string *string_from(struct vm *vm, const char *text);
struct string *string_format(struct vm *vm, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A string to fill: not yet interned; give it to string_intern(). */
struct string *string_reserve(struct vm *vm, size_t length);
struct string *string_intern(struct vm *vm, struct string *string);
struct string *string_concatenate(struct vm *vm, struct string *a,
                                  struct string *b);

struct list *list_new(struct vm *vm, size_t capacity);
void list_push(struct vm *vm, struct list *list, struct value value);

struct table *table_new(struct vm *vm);
struct value table_get(const struct table *table, struct value key);
void table_set(struct vm *vm, struct table *table, struct value key,
               struct value value);
bool table_delete(struct table *table, struct value key);
/* First entry in use at or after *position, NULL at the end. */
const struct table_entry *table_next(const struct table *table,
                                     size_t *position);

struct vector *vector_new(struct vm *vm, const struct vector_type *type,
                          size_t count);

struct proto *proto_new(struct vm *vm);
struct closure *closure_new(struct vm *vm, struct proto *proto);
struct upvalue *upvalue_new(struct vm *vm, struct value *location);
struct native *native_new(struct vm *vm, const char *name, native_fn call);

/* Memory that counts for the collector; throws when there is none. */
void *memory_allocate(struct vm *vm, size_t size);
void *memory_grow(struct vm *vm, void *memory, size_t old_size,
                  size_t new_size);

/* ---- The collector ---- */

void gc_collect(struct vm *vm);
void gc_free_all(struct vm *vm);

/* ---- The library ---- */

/* The name is stored in place: one pointer less to relocate at each start. */
struct builtin {
    char name[16];
    native_fn call;
};

/* A table of functions as a global; module NULL: each a global of its own. */
void library_add(struct vm *vm, const char *module,
                 const struct builtin *builtins, size_t n_builtins);

void library_open_core(struct vm *vm);
void library_open_list(struct vm *vm);
void library_open_string(struct vm *vm);
void library_open_math(struct vm *vm);
void library_open_os(struct vm *vm);
void library_open_vector(struct vm *vm);
void library_open_matrix(struct vm *vm);

/* Arguments: index from 0; each throws if it is missing or of another type. */
double arg_number(struct vm *vm, struct value *arguments, int n, int index);
double arg_number_or(struct vm *vm, struct value *arguments, int n, int index,
                     double fallback);
/* An integer in [low, high]. */
int64_t arg_integer(struct vm *vm, struct value *arguments, int n, int index,
                    int64_t low, int64_t high);
struct string *arg_string(struct vm *vm, struct value *arguments, int n,
                          int index);
struct list *arg_list(struct vm *vm, struct value *arguments, int n, int index);
struct table *arg_table(struct vm *vm, struct value *arguments, int n,
                        int index);
struct vector *arg_vector(struct vm *vm, struct value *arguments, int n,
                          int index);
struct value arg_any(struct vm *vm, struct value *arguments, int n, int index);

/* Element access of vectors, for the machine's own indexing. */
double vector_get(const struct vector *vector, size_t index);
void vector_set(struct vector *vector, size_t index, double value);
const char *vector_type_name(const struct vector *vector);
size_t vector_element_size(const struct vector_type *type);

/* The program: what main() does. Also the name under which a host that loads
 * the interpreter as a library finds it. */
__attribute__((visibility("default"))) int interp_main(int argc, char **argv);

#endif
