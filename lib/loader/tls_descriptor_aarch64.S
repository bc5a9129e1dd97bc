/* See tls_descriptor.h. The pair's address and the result are in x0; x30 and
 * the flags are lost, and of the vector registers what is above 128 bits
 * (sysvabi64, "Thread Local Storage"). */
#include "tls_descriptor.h"

    .text
    .globl tls_descriptor_fixed
    .hidden tls_descriptor_fixed
    .type tls_descriptor_fixed, %function
tls_descriptor_fixed:
    hint #34 /* bti c */
    ldr x0, [x0, #8]
    ret
    .size tls_descriptor_fixed, . - tls_descriptor_fixed

    .globl tls_descriptor_absolute
    .hidden tls_descriptor_absolute
    .type tls_descriptor_absolute, %function
tls_descriptor_absolute:
    hint #34
    str x1, [sp, #-16]!
    ldr x0, [x0, #8]
    mrs x1, tpidr_el0
    sub x0, x0, x1
    ldr x1, [sp], #16
    ret
    .size tls_descriptor_absolute, . - tls_descriptor_absolute

    .globl tls_descriptor_dynamic
    .hidden tls_descriptor_dynamic
    .type tls_descriptor_dynamic, %function
tls_descriptor_dynamic:
    hint #34
    stp x1, x2, [sp, #-32]!
    stp x3, x4, [sp, #16]
    ldr x0, [x0, #8]
    adrp x1, :gottprel:tls_own
    ldr x1, [x1, #:gottprel_lo12:tls_own]
    mrs x2, tpidr_el0
    ldr x1, [x2, x1]
    cbz x1, find
    lsr x3, x0, #32
    ldr w4, [x1, #TLS_VECTOR_N_BLOCKS]
    cmp w3, w4
    b.hs find
    mov w4, #8 * TLS_VECTOR_BLOCK_WORDS
    umaddl x1, w3, w4, x1
    ldr x1, [x1, #TLS_VECTOR_ADDRESS]
    cbz x1, find
    add x0, x1, w0, sxtw
done:
    sub x0, x0, x2
    ldp x3, x4, [sp, #16]
    ldp x1, x2, [sp], #32
    ret

find:
    stp x29, x30, [sp, #-128]!
    mov x29, sp
    stp x5, x6, [sp, #16]
    stp x7, x8, [sp, #32]
    stp x9, x10, [sp, #48]
    stp x11, x12, [sp, #64]
    stp x13, x14, [sp, #80]
    stp x15, x16, [sp, #96]
    stp x17, x18, [sp, #112]
    sub sp, sp, #512
    mov x5, sp
    st1 {v0.2d-v3.2d}, [x5], #64
    st1 {v4.2d-v7.2d}, [x5], #64
    st1 {v8.2d-v11.2d}, [x5], #64
    st1 {v12.2d-v15.2d}, [x5], #64
    st1 {v16.2d-v19.2d}, [x5], #64
    st1 {v20.2d-v23.2d}, [x5], #64
    st1 {v24.2d-v27.2d}, [x5], #64
    st1 {v28.2d-v31.2d}, [x5]
    bl tls_descriptor_find
    mov x5, sp
    ld1 {v0.2d-v3.2d}, [x5], #64
    ld1 {v4.2d-v7.2d}, [x5], #64
    ld1 {v8.2d-v11.2d}, [x5], #64
    ld1 {v12.2d-v15.2d}, [x5], #64
    ld1 {v16.2d-v19.2d}, [x5], #64
    ld1 {v20.2d-v23.2d}, [x5], #64
    ld1 {v24.2d-v27.2d}, [x5], #64
    ld1 {v28.2d-v31.2d}, [x5]
    add sp, sp, #512
    ldp x17, x18, [sp, #112]
    ldp x15, x16, [sp, #96]
    ldp x13, x14, [sp, #80]
    ldp x11, x12, [sp, #64]
    ldp x9, x10, [sp, #48]
    ldp x7, x8, [sp, #32]
    ldp x5, x6, [sp, #16]
    ldp x29, x30, [sp], #128
    mrs x2, tpidr_el0
    b done
    .size tls_descriptor_dynamic, . - tls_descriptor_dynamic

    .section .note.GNU-stack, "", %progbits
