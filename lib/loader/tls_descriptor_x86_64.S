/* See tls_descriptor.h. The pair's address and the result are in %rax; all
 * other registers are as before, but for the flags (Oliva and Araujo,
 * "Thread-Local Storage Descriptors", 3.2). */
#include "tls_descriptor.h"

    .text
    .globl tls_descriptor_fixed
    .hidden tls_descriptor_fixed
    .type tls_descriptor_fixed, @function
tls_descriptor_fixed:
    endbr64
    mov 8(%rax), %rax
    ret
    .size tls_descriptor_fixed, . - tls_descriptor_fixed

    .globl tls_descriptor_absolute
    .hidden tls_descriptor_absolute
    .type tls_descriptor_absolute, @function
tls_descriptor_absolute:
    endbr64
    mov 8(%rax), %rax
    sub %fs:0, %rax
    ret
    .size tls_descriptor_absolute, . - tls_descriptor_absolute

    .globl tls_descriptor_dynamic
    .hidden tls_descriptor_dynamic
    .type tls_descriptor_dynamic, @function
tls_descriptor_dynamic:
    endbr64
    push %rcx
    push %rdx
    mov 8(%rax), %rax
    mov tls_own@gottpoff(%rip), %rcx
    mov %fs:(%rcx), %rcx
    test %rcx, %rcx
    jz find
    mov %rax, %rdx
    shr $32, %rdx
    cmp TLS_VECTOR_N_BLOCKS(%rcx), %edx
    jae find
    imul $TLS_VECTOR_BLOCK_WORDS, %edx, %edx
    mov TLS_VECTOR_ADDRESS(%rcx,%rdx,8), %rcx
    test %rcx, %rcx
    jz find
    movslq %eax, %rax
    add %rcx, %rax
done:
    sub %fs:0, %rax
    pop %rdx
    pop %rcx
    ret

/* Vector registers in the area that XSAVE defines: up to the 32 of 512 bits in
 * use it has 2,688 bytes. 19 are the general registers of APX. Neither tiles
 * nor protection keys are changed by C code. */
#define STATE      4096
#define STATE_MASK (0xff | 1 << 19)
#define OSXSAVE    27
find:
    push %rbx
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbp
    mov %rsp, %rbp
    sub $STATE, %rsp
    and $-64, %rsp
    mov %rax, %rdi
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
2:  call tls_descriptor_find
    mov %rax, %rcx
    bt $OSXSAVE, %ebx
    jnc 3f
    mov $STATE_MASK, %eax
    xor %edx, %edx
    xrstor64 (%rsp)
    jmp 4f
3:  fxrstor64 (%rsp)
4:  mov %rcx, %rax
    mov %rbp, %rsp
    pop %rbp
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rbx
    jmp done
    .size tls_descriptor_dynamic, . - tls_descriptor_dynamic

    .section .note.GNU-stack, "", %progbits
