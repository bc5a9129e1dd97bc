/* Bytecode, readable. */
#include "tarn.h"

static const struct {
    const char *name;
    int operand_size;
} opcodes[] = {
#define X(name, size) {#name, size},
    OPCODES(X)
#undef X
};

static unsigned operand(const struct proto *proto, size_t at, int size)
{
    switch (size) {
    case 1:
        return proto->code[at];
    case 2:
        return (unsigned)(proto->code[at] | proto->code[at + 1] << 8);
    case 3: /* a slot, then a distance */
        return operand(proto, at + 1, 2);
    default:
        return 0;
    }
}

static bool names_constant(enum opcode opcode)
{
    return opcode == OP_CONSTANT || opcode == OP_GET_FIELD ||
           opcode == OP_SET_FIELD || opcode == OP_CLOSURE;
}

static size_t print_one(struct vm *vm, const struct proto *proto, size_t at,
                        FILE *stream)
{
    enum opcode opcode = (enum opcode)proto->code[at];
    int size = opcodes[opcode].operand_size;
    unsigned value = operand(proto, at + 1, size);

    fprintf(stream, "%5zu %4u  %-18s", at, proto->lines[at],
            opcodes[opcode].name);
    if (names_constant(opcode))
        fprintf(stream, " %s",
                value_to_string(vm, proto->constants[value])->text);
    else if (opcode == OP_GET_GLOBAL || opcode == OP_SET_GLOBAL ||
             opcode == OP_DEFINE_GLOBAL)
        fprintf(stream, " %s", vm->globals[value].name->text);
    else if (size)
        fprintf(stream, " %u", value);
    fputc('\n', stream);
    at += 1 + (size_t)size;
    if (opcode == OP_CLOSURE)
        at += 2u *
              ((struct proto *)proto->constants[value].as.object)->n_upvalues;
    return at;
}

void disassemble(struct vm *vm, const struct proto *proto, FILE *stream)
{
    fprintf(stream, "%s: %u parameters, %u captured\n", proto->name->text,
            proto->n_parameters, proto->n_upvalues);
    for (size_t at = 0; at < proto->code_size;)
        at = print_one(vm, proto, at, stream);
    for (size_t i = 0; i < proto->n_constants; i++) {
        if (value_is(proto->constants[i], OBJECT_PROTO))
            disassemble(vm, (struct proto *)proto->constants[i].as.object,
                        stream);
    }
}
