/* The argument of a kernel's expanded form, NAME.expand, for a run of elements:
 *
 *     int32_t expand(struct kernel_frame *frame, uint64_t x1, uint64_t x2)
 *
 * calls the kernel for x1 <= x < x2. It returns the first result of the kernel
 * that is not zero, with its x in frame->failed_x, or 0. The compiler makes the
 * code, libobccrun calls it: fields have the same place on all machines. */
#ifndef BCC_SUPPORT_KERNEL_FRAME_H
#define BCC_SUPPORT_KERNEL_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum {
    KERNEL_MAX_INPUTS = 8,
    KERNEL_MAX_OPERANDS = KERNEL_MAX_INPUTS + 1,
    /* Bytes between two arguments; the value of each follows its type, as in
     * BCCValue. */
    KERNEL_ARGUMENT_SIZE = 72,
    KERNEL_ARGUMENT_VALUE = 8,
};

/* A pointer of the target in 8 bytes. */
union kernel_pointer {
    void *pointer;
    uint64_t word;
};

/* Elements of the row: element x is at base + x * stride. */
struct kernel_operand {
    union kernel_pointer base;
    uint64_t stride;
};

struct kernel_frame {
    uint64_t y, z;
    union kernel_pointer user; /* the data, the accumulator, or, for a work
                                  item, the arguments */
    uint64_t failed_x;
    struct kernel_operand operand[KERNEL_MAX_OPERANDS]; /* inputs, output */
    /* For work items; x, y, z of each. Global ids begin at offset. */
    uint64_t global_size[3];
    uint64_t local_size[3];
    uint64_t offset[3];
    uint64_t n_groups[3];
    /* Of kernels with barriers: x counts the items of one group, x fastest. */
    uint64_t group[3];
    union kernel_pointer private_memory; /* a row for each item */
};

_Static_assert(offsetof(struct kernel_frame, user) == 16, "frozen");
_Static_assert(offsetof(struct kernel_frame, operand) == 32, "frozen");
_Static_assert(offsetof(struct kernel_frame, global_size) == 176, "frozen");
_Static_assert(offsetof(struct kernel_frame, group) == 272, "frozen");

#endif
