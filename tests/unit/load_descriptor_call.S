/* uintptr_t descriptor_call(const void *pair, void *registers)
 *
 * Calls the function of a TLS descriptor as compiled code does, with what
 * registers has in all registers that such a call leaves as they are, and
 * stores what they are afterwards. ORDER DESCRIPTOR REGISTERS. */
    .text
    .globl descriptor_call

#if defined(__x86_64__)

#define GENERAL(x)                                                             \
    x %rbx, 0; x %rcx, 1; x %rdx, 2; x %rdi, 3; x %rbp, 4; x %r8, 5;           \
    x %r9, 6; x %r10, 7; x %r11, 8; x %r12, 9; x %r13, 10; x %r14, 11;         \
    x %rsi, 12
    .macro load reg, n
    mov 8 * \n(%r15), \reg
    .endm
    .macro store reg, n
    mov \reg, 8 * \n(%r15)
    .endm

    .type descriptor_call, @function
descriptor_call:
    endbr64
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rsi
    mov %rdi, %rax
    mov %rsi, %r15
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovdqu 8 * 14 + 32 * \n(%r15), %ymm\n
    .endr
    GENERAL(load)
    mov 8 * 13(%r15), %r15
    call *(%rax)
    push %r15
    mov 8(%rsp), %r15
    GENERAL(store)
    pop %rcx
    mov %rcx, 8 * 13(%r15)
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovdqu %ymm\n, 8 * 14 + 32 * \n(%r15)
    .endr
    vzeroupper
    pop %rsi
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

#elif defined(__aarch64__)

    .type descriptor_call, %function
descriptor_call:
    hint #34
    stp x29, x30, [sp, #-176]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    str x1, [sp, #160]
    mov x30, x1
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ldr q\n, [x30, #240 + 16 * \n]
    .endr
    .irp n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
    ldr x\n, [x30, #8 * \n]
    .endr
    ldr x1, [x0] /* as in compiled code */
    blr x1
    ldr x30, [sp, #160]
    .irp n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
    str x\n, [x30, #8 * \n]
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    str q\n, [x30, #240 + 16 * \n]
    .endr
    ldp d14, d15, [sp, #144]
    ldp d12, d13, [sp, #128]
    ldp d10, d11, [sp, #112]
    ldp d8, d9, [sp, #96]
    ldp x27, x28, [sp, #80]
    ldp x25, x26, [sp, #64]
    ldp x23, x24, [sp, #48]
    ldp x21, x22, [sp, #32]
    ldp x19, x20, [sp, #16]
    ldp x29, x30, [sp], #176
    ret

#elif defined(__riscv)

#define SAVED(x)                                                               \
    x s0, 0; x s1, 1; x s2, 2; x s3, 3; x s4, 4; x s5, 5; x s6, 6; x s7, 7;    \
    x s8, 8; x s9, 9; x s10, 10; x s11, 11; x ra, 12; x a1, 13
#define SAVED_F(x)                                                             \
    x fs0, 14; x fs1, 15; x fs2, 16; x fs3, 17; x fs4, 18; x fs5, 19;          \
    x fs6, 20; x fs7, 21; x fs8, 22; x fs9, 23; x fs10, 24; x fs11, 25
#define GENERAL(x)                                                             \
    x t2, 1; x s1, 2; x a2, 3; x a3, 4; x a4, 5; x a5, 6; x a6, 7; x a7, 8;    \
    x s2, 9; x s3, 10; x s4, 11; x s5, 12; x s6, 13; x s7, 14; x s8, 15;       \
    x s9, 16; x s10, 17; x s11, 18; x t3, 19; x t4, 20; x t5, 21; x t6, 22;    \
    x ra, 23; x a1, 24
#define FLOATS(x)                                                              \
    x ft0, 25; x ft1, 26; x ft2, 27; x ft3, 28; x ft4, 29; x ft5, 30;          \
    x ft6, 31; x ft7, 32; x fs0, 33; x fs1, 34; x fa0, 35; x fa1, 36;          \
    x fa2, 37; x fa3, 38; x fa4, 39; x fa5, 40; x fa6, 41; x fa7, 42;          \
    x fs2, 43; x fs3, 44; x fs4, 45; x fs5, 46; x fs6, 47; x fs7, 48;          \
    x fs8, 49; x fs9, 50; x fs10, 51; x fs11, 52; x ft8, 53; x ft9, 54;        \
    x ft10, 55; x ft11, 56
    .macro save reg, n
    sd \reg, 8 * \n(sp)
    .endm
    .macro fsave reg, n
    fsd \reg, 8 * \n(sp)
    .endm
    .macro restore reg, n
    ld \reg, 8 * \n(sp)
    .endm
    .macro frestore reg, n
    fld \reg, 8 * \n(sp)
    .endm
    .macro load reg, n
    ld \reg, 8 * \n(s0)
    .endm
    .macro fload reg, n
    fld \reg, 8 * \n(s0)
    .endm
    .macro store reg, n
    sd \reg, 8 * \n(s0)
    .endm
    .macro fstore reg, n
    fsd \reg, 8 * \n(s0)
    .endm

    .type descriptor_call, %function
descriptor_call:
    addi sp, sp, -208
    SAVED(save)
    SAVED_F(fsave)
    mv s0, a1
    FLOATS(fload)
    GENERAL(load)
    ld t1, 0(a0)
    jalr t0, t1
    /* t1 held the function; s0 is the register that must be intact here. */
    FLOATS(fstore)
    GENERAL(store)
    SAVED(restore)
    SAVED_F(frestore)
    addi sp, sp, 208
    ret

#endif

    .section .note.GNU-stack, "", %progbits
