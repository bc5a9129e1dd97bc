/* Assembly in functions and at file level.
 *
 * STATUS: 0
 * OUTPUT:
 * sum 42
 * from assembly 7
 */
#include <stdio.h>

__asm__(".text\n"
        ".globl seven\n"
        ".type seven, @function\n"
        "seven:\n"
        "\tmovl $7, %eax\n"
        "\tret\n"
        ".size seven, . - seven\n"
        ".previous\n");

int seven(void);

int main(void)
{
    int value = 40;

    __asm__("addl %1, %0" : "+r"(value) : "r"(2) : "cc");
    printf("sum %d\n", value);
    printf("from assembly %d\n", seven());
    return 0;
}
