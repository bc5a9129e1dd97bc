/* Assembly calls a visible function with other arguments than C does, and
 * writes a variable that C only reads: neither may be specialised.
 *
 * STATUS: 0
 * OUTPUT:
 * f 1 5
 * f 3 9
 * 18
 * 3
 * 77
 */
#include <stdio.h>

__attribute__((noinline)) int f(int a, int b)
{
    printf("f %d %d\n", a, b);
    return a + b;
}

int flag = 3;
extern int through_assembly(int a);
extern void set_flag(void);

__asm__(".text\n"
        ".globl through_assembly\n"
        ".type through_assembly, @function\n"
        "through_assembly:\n"
        "    sub $8, %rsp\n"
        "    mov $9, %esi\n"
        "    call f\n"
        "    add $8, %rsp\n"
        "    ret\n"
        ".globl set_flag\n"
        ".type set_flag, @function\n"
        "set_flag:\n"
        "    movl $77, flag(%rip)\n"
        "    ret\n");

__attribute__((noinline)) static void show(void)
{
    printf("%d\n", flag);
}

int main(int argc, char **argv)
{
    int sum = f(argc, 5) + through_assembly(3);

    (void)argv;
    printf("%d\n", sum);
    show();
    set_flag();
    show();
    return 0;
}
