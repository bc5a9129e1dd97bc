/* Kernels are called for each element; their expanded forms, NAME.expand, are
 * called for a run of elements.
 *
 *   expand_kernels.c   expanded forms, and the text that describes them
 *   work_items.c       expanded forms of OpenCL's work items
 *   fission.c          work items that wait for each other at barriers
 *   access_extent.c    the size of an element that is behind a plain pointer
 *   reductions.c       functions that combine what kernels accumulate
 *   kernel_table.c     the table of kernels, for hosts without the entry */
#ifndef BCC_COMPILER_KERNELS_H
#define BCC_COMPILER_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>

#include "buffer.h"
#include "cache_write.h"
#include "cpu_features.h"
#include "script_exports.h"

/* ---- Expanded forms ---- */

/* The parameters of a kernel. The bits are RenderScript's, as in
 * #rs_export_foreach; from 0x100 on they are ours. */
enum {
    KERNEL_IN = 0x01,
    KERNEL_OUT = 0x02,
    KERNEL_DATA = 0x04,
    KERNEL_X = 0x08,
    KERNEL_Y = 0x10,
    KERNEL_BY_VALUE = 0x20,
    KERNEL_Z = 0x40,
    KERNEL_ACCUMULATOR = 0x100, /* the first parameter */
    KERNEL_ITEM =
        0x200, /* a work item of OpenCL: all parameters are arguments */
};

struct kernel {
    LLVMValueRef function;
    unsigned bits;
    unsigned n_inputs; /* 0: all parameters that have no other role */
};

/* Parse the words "in, out, x" of a kernel's parameters. False: a word is
 * unknown, or repeated where it must not be. */
bool kernel_parse(const char *words, unsigned *ret_bits, unsigned *ret_inputs);

/* Is the function a kernel of OpenCL? */
bool kernel_is_item(LLVMValueRef function);

/* Define NAME.expand, and append the text that says how it is called:
 *
 *   text   = "refused: " reason | word {" " word} [" at:" LINE ":" FILE]
 *   word   = in(=|>=)SIZE[/ALIGN] | out(=|>=)SIZE[/ALIGN] | data | accum
 *          | x | y | z (32 bits each, else x64 ...) | restrict | result
 *          | item | local:PARAMETER | tile:X,Y,Z | group:X,Y,Z
 *
 * SIZE: bytes of an element (=), or at least those that are accessed (>=).
 * restrict: elements of different operands must not overlap. result: the kernel
 * returns a number, 0 on success. tile: the preferred elements of a tile, or
 * items of a group; group: the required local size. */
void kernel_expand(LLVMModuleRef module, LLVMTargetDataRef layout,
                   const struct kernel *kernel, struct buffer *text);

/* Work items ask for their ids by calls, which kernel_expand() leaves in the
 * expanded forms. Call this function, then run the pass "always-inline" over
 * the module, then call kernel_item_finish() for each kernel, which replaces
 * the calls. The pass inlines helpers that ask for ids. Neither function is
 * needed if no work item was expanded. */
void kernel_items_prepare(LLVMModuleRef module);

/* Append more words to the kernel's text. Or append "refused: " and the reason
 * why the kernel cannot be expanded, and delete its expanded form.
 *
 *   word   = "groups" | "private:" BYTES | "memory:" BYTES
 *
 * groups: the kernel has barriers, so the form is called for a whole group;
 * private: memory for each item of the group; memory: of the group's own
 * variables. */
void kernel_item_finish(LLVMModuleRef module, LLVMTargetDataRef layout,
                        LLVMValueRef kernel, struct buffer *text);

/* ---- Barriers ---- */

/* The expanded form of a kernel, with the kernel inlined. */
struct fission {
    LLVMValueRef form;
    LLVMValueRef x; /* the loop's index, a phi in its first block */
    LLVMTargetDataRef layout;
    bool (*is_barrier)(LLVMValueRef call);
};

/* Divide the loop at each barrier. Returns NULL, and the bytes of private
 * memory that each item needs in the frame; or the reason why it cannot be
 * done: then the form is unusable. */
const char *fission_make(const struct fission *fission, uint64_t *ret_private);

/* ---- Sizes of elements ---- */

/* The bytes behind the pointer that are read and written at constant offsets,
 * or the size of the struct to which it points, whichever is more; at least 1.
 * Accesses by called functions are not seen. *ret_align: what the
 * pointer must be a multiple of for these; 1 if the function looks at the
 * address itself, because code may then depend on it. */
uint64_t access_extent(LLVMValueRef pointer, LLVMTargetDataRef layout,
                       uint64_t *ret_align);

/* ---- Reductions ---- */

/* Append the text of a reduction. kernel: the text of its accumulating kernel.
 *
 *   text = "refused: " reason
 *        | "reduce" SIZE ACCUMULATOR INITIALIZER COMBINER OUTCONVERTER
 *
 * with spaces between; "-": there is no such function. */
void reduction_describe(LLVMModuleRef module,
                        const struct script_reduction *reduction,
                        const char *kernel, struct buffer *text);

/* ---- The table ---- */

/* KERNEL_TABLE_QUERY is the function by which code describes its kernels to a
 * host that has no cache entry. bcc_run.h has the structs and their rules. */

#define KERNEL_TABLE_QUERY "bcc_library_query"

struct kernel_table {
    LLVMModuleRef module;
    LLVMTargetDataRef layout;
    struct cpu_features cpu_features; /* that the code may use */
    const struct cache_function *functions;
    size_t n_functions;
};

/* Append the place of the function in its source, for its kernel's text: "
 * at:LINE:FILE". Appends nothing without debug information. */
void kernel_append_place(struct buffer *text, LLVMValueRef function);

/* Define the query and the table that it returns. False: the module already has
 * such a name, or there is no memory. */
bool kernel_table_define(const struct kernel_table *table);

#endif
