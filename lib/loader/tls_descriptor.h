/* TLS descriptors: the TLS dialect in which code finds a thread-local variable
 * by calling a function that the loader chooses. LLVM supports no other dialect
 * for AArch64; on x86_64 and RISC-V it is an option.
 *
 *   GOT of an image    function | argument
 *
 * The code calls function with the address of the pair. It returns the
 * variable's distance from the thread pointer and leaves all other registers as
 * they are, those of vectors too, except a few that the machine's ABI names. So
 * the functions are in assembler, tls_descriptor_MACHINE.S:
 *
 *   tls_descriptor_fixed     argument: the distance
 *   tls_descriptor_absolute  argument: the address. A missing weak variable is
 *                            at 0.
 *   tls_descriptor_dynamic   argument: the offset in the block, a signed number
 *                            of 32 bits, and above it the slot of the image, or
 *                            the C library's number of a library with the
 *                            highest bit set
 *
 * The last one looks into the vector of the thread (tls.c). Where it has no
 * block, all registers are saved for a call of tls_descriptor_find(). */
#ifndef BCC_LOADER_TLS_DESCRIPTOR_H
#define BCC_LOADER_TLS_DESCRIPTOR_H

/* ORDER TLS VECTOR: the layout of struct tls_vector for the assembler. tls.c
 * checks it. */
#define TLS_VECTOR_N_BLOCKS    16
#define TLS_VECTOR_ADDRESS     32 /* of block 0 */
#define TLS_VECTOR_BLOCK_WORDS 3  /* of 8 bytes, from one block to the next */

#ifndef __ASSEMBLER__

#include "error.h"
#include "tls.h"

struct tls_descriptor {
    void *function;
    uint64_t argument;
};

/* The descriptor of a variable plus addend. UNSUPPORTED (the offset is too
 * large for this kind, or the machine has no descriptors). name is for the
 * message. */
enum status tls_descriptor_make(const struct tls_variable *variable,
                                uintptr_t addend, const char *name,
                                struct tls_descriptor *ret_descriptor,
                                struct error *err) MUST_CHECK;

/* ---- Of tls.c ---- */

/* The part of the argument above the offset, for a module word. */
uint32_t tls_descriptor_slot(uintptr_t module);

/* The address of a variable, by the argument of its descriptor. Called if
 * tls_descriptor_dynamic finds no block. */
void *tls_descriptor_find(uint64_t argument);

#endif

#endif
