/* See lazy_enter.h. The stack is that of the function's entry, so unwinders
 * pass through to the caller. */
#if defined(__x86_64__) && defined(__LP64__)
    .text
    .globl lazy_enter
    .hidden lazy_enter
    .type lazy_enter, @function

/* Vector registers in the area that XSAVE defines: up to the 32 of 512 bits in
 * use it has 2,688 bytes. 19 are the general registers of APX. Neither tiles
 * nor protection keys are arguments. */
#define STATE      2752
#define STATE_MASK (0xff | 1 << 19)
#define OSXSAVE    27
lazy_enter:
    .cfi_startproc
    endbr64
    push %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    mov %rsp, %rbp
    .cfi_def_cfa_register %rbp
    push %rbx
    .cfi_offset %rbx, -24
    push %rax
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    sub $STATE, %rsp
    and $-64, %rsp
    mov $1, %eax
    cpuid
    mov %ecx, %ebx
    bt $OSXSAVE, %ebx
    jnc 1f
    xor %edx, %edx
    .irp offset, 512, 520, 528, 536, 544, 552, 560, 568 /* the header */
    mov %rdx, \offset(%rsp)
    .endr
    mov $STATE_MASK, %eax
    xsave64 (%rsp)
    jmp 2f
1:  fxsave64 (%rsp)
2:  mov %r11, %rdi
    cld
    call lazy_resolve
    mov %rax, %r11
    bt $OSXSAVE, %ebx
    jnc 3f
    mov $STATE_MASK, %eax
    xor %edx, %edx
    xrstor64 (%rsp)
    jmp 4f
3:  fxrstor64 (%rsp)
4:  lea -72(%rbp), %rsp
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rdx
    pop %rcx
    pop %rax
    pop %rbx
    .cfi_restore %rbx
    pop %rbp
    .cfi_def_cfa %rsp, 8
    .cfi_restore %rbp
    jmp *%r11
    .cfi_endproc
    .size lazy_enter, . - lazy_enter
#endif

    .section .note.GNU-stack, "", %progbits
