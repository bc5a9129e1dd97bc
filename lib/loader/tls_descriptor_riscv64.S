/* See tls_descriptor.h. The pair's address and the result are in a0, the return
 * address is in t0; all other registers are as before (RISC-V ELF, "TLS
 * Descriptors"). Vector registers are not saved: images are made for RV64GC,
 * and so is the C library. */
#include "tls_descriptor.h"

    .text
    .globl tls_descriptor_fixed
    .hidden tls_descriptor_fixed
    .type tls_descriptor_fixed, %function
tls_descriptor_fixed:
    ld a0, 8(a0)
    jr t0
    .size tls_descriptor_fixed, . - tls_descriptor_fixed

    .globl tls_descriptor_absolute
    .hidden tls_descriptor_absolute
    .type tls_descriptor_absolute, %function
tls_descriptor_absolute:
    ld a0, 8(a0)
    sub a0, a0, tp
    jr t0
    .size tls_descriptor_absolute, . - tls_descriptor_absolute

    .globl tls_descriptor_dynamic
    .hidden tls_descriptor_dynamic
    .type tls_descriptor_dynamic, %function
tls_descriptor_dynamic:
    addi sp, sp, -32
    sd a1, 0(sp)
    sd a2, 8(sp)
    sd a3, 16(sp)
    ld a0, 8(a0)
    la.tls.ie a1, tls_own
    add a1, a1, tp
    ld a1, 0(a1)
    beqz a1, find
    srli a2, a0, 32
    lwu a3, TLS_VECTOR_N_BLOCKS(a1)
    bgeu a2, a3, find
    li a3, 8 * TLS_VECTOR_BLOCK_WORDS
    mul a2, a2, a3
    add a1, a1, a2
    ld a1, TLS_VECTOR_ADDRESS(a1)
    beqz a1, find
    sext.w a0, a0
    add a0, a0, a1
done:
    sub a0, a0, tp
    ld a1, 0(sp)
    ld a2, 8(sp)
    ld a3, 16(sp)
    addi sp, sp, 32
    jr t0

#define INTEGERS                                                               \
    x ra, 0; x t0, 1; x t1, 2; x t2, 3; x t3, 4; x t4, 5; x t5, 6; x t6, 7;    \
    x a4, 8; x a5, 9; x a6, 10; x a7, 11
#define FLOATS                                                                 \
    f ft0, 12; f ft1, 13; f ft2, 14; f ft3, 15; f ft4, 16; f ft5, 17;          \
    f ft6, 18; f ft7, 19; f ft8, 20; f ft9, 21; f ft10, 22; f ft11, 23;        \
    f fa0, 24; f fa1, 25; f fa2, 26; f fa3, 27; f fa4, 28; f fa5, 29;          \
    f fa6, 30; f fa7, 31
find:
    .macro x reg, n
    sd \reg, 8 * \n(sp)
    .endm
    .macro f reg, n
    fsd \reg, 8 * \n(sp)
    .endm
    addi sp, sp, -256
    INTEGERS
    FLOATS
    call tls_descriptor_find
    .purgem x
    .purgem f
    .macro x reg, n
    ld \reg, 8 * \n(sp)
    .endm
    .macro f reg, n
    fld \reg, 8 * \n(sp)
    .endm
    INTEGERS
    FLOATS
    addi sp, sp, 256
    j done
    .size tls_descriptor_dynamic, . - tls_descriptor_dynamic

    .section .note.GNU-stack, "", %progbits
