/* Module assembly defines a function, data, a name for a C function, a number
 * and a blob, and refers to a C function that is marked as used.
 *
 * STATUS: 0
 * OUTPUT:
 * function 7
 * data 10 20 30
 * alias 13
 * number 4660
 * blob hello
 * calls back 21
 */
#include <stdio.h>

int assembly_add(int a, int b);
extern const int assembly_table[3];
int assembly_alias(int x);
extern const char assembly_number[];
extern const char blob[], blob_end[];
int assembly_calls(int x);

__attribute__((used)) static int add_ten(int x)
{
    return x + 10;
}

__attribute__((used)) int thrice(int x)
{
    return 3 * x;
}

#ifdef __x86_64__
__asm__(".text\n"
        ".globl assembly_add\n"
        ".type assembly_add, @function\n"
        "assembly_add:\n"
        "    leal (%rdi,%rsi), %eax\n"
        "    ret\n"
        ".size assembly_add, . - assembly_add\n"
        ".globl assembly_calls\n"
        ".type assembly_calls, @function\n"
        "assembly_calls:\n"
        "    subq $8, %rsp\n"
        "    call thrice\n"
        "    addq $8, %rsp\n"
        "    ret\n"
        ".size assembly_calls, . - assembly_calls\n");
#else
int assembly_add(int a, int b)
{
    return a + b;
}

int assembly_calls(int x)
{
    return thrice(x);
}
#endif
__asm__(".section .rodata\n"
        ".globl assembly_table\n"
        ".balign 4\n"
        "assembly_table: .long 10, 20, 30\n"
        ".globl blob, blob_end\n"
        "blob: .ascii \"hello\"\n"
        "blob_end: .byte 0\n"
        ".text\n"
        ".globl assembly_alias, assembly_number\n"
        ".set assembly_alias, add_ten\n"
        ".set assembly_number, 0x1234\n");

int main(void)
{
    printf("function %d\n", assembly_add(3, 4));
    printf("data %d %d %d\n", assembly_table[0], assembly_table[1],
           assembly_table[2]);
    printf("alias %d\n", assembly_alias(3));
    printf("number %ld\n", (long)assembly_number);
    printf("blob %.*s\n", (int)(blob_end - blob), blob);
    printf("calls back %d\n", assembly_calls(7));
    return 0;
}
