/* Indirect branches: a machine of nine instructions, by computed goto. */
#include <stdint.h>
#include <stdio.h>

enum { LOAD, ADD, SUB, XOR, SHIFT, LESS, JUMP_IF, JUMP, HALT };

static const int32_t program[] = {
    LOAD, 0, 0,  LOAD,  1, 1, LOAD,    2, 80000000, /* r0 sum, r1, r2 */
    ADD,  0, 1,  SHIFT, 0, 3, XOR,     0, 2,        /* 9: the loop */
    SUB,  2, 1,  LESS,  3, 2, JUMP_IF, 3, 9,
    JUMP, 0, 30, HALT,  0, 0, HALT,    0, 0,
};

static uint64_t run(void)
{
    static const void *const labels[] = {&&load,    &&add,   &&sub,
                                         &&xor_,    &&shift, &&less,
                                         &&jump_if, &&jump,  &&halt};
    uint64_t r[4] = {0};
    const int32_t *at = program;

#define NEXT goto *labels[at[0]]
    NEXT;
load:
    r[at[1]] = (uint64_t)at[2], at += 3;
    NEXT;
add:
    r[at[1]] += r[at[2]], at += 3;
    NEXT;
sub:
    r[at[1]] -= r[at[2]], at += 3;
    NEXT;
xor_:
    r[at[1]] ^= r[at[2]], at += 3;
    NEXT;
shift:
    r[at[1]] = r[at[1]] << at[2] | r[at[1]] >> (64 - at[2]), at += 3;
    NEXT;
less:
    r[at[1]] = 0 < r[at[2]], at += 3;
    NEXT;
jump_if:
    at = r[at[1]] ? program + at[2] : at + 3;
    NEXT;
jump:
    at = program + at[2];
    NEXT;
halt:
    return r[0];
}

int main(void)
{
    printf("%016llx\n", (unsigned long long)run());
    return 0;
}
