/* Sections that are loaded because their flags say so, whatever their names
 * mean to other tools: notes, comments, and tables of LLVM, with addresses.
 *
 * STATUS: 0
 * OUTPUT:
 * note: owner "mine", 4 bytes: 7
 * comment: kept
 * table: leads to main: 1
 * excluded from the program: 0
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

__asm__(".section .note.mine,\"a\",@note\n\t"
        ".p2align 2\n"
        "my_note:\n\t"
        ".long 5, 4, 1\n\t"
        ".asciz \"mine\"\n\t"
        ".p2align 2\n\t"
        ".long 7\n\t"
        ".text\n");
__asm__(".section .comment.mine,\"a\",@progbits\n"
        "my_comment:\n\t"
        ".asciz \"kept\"\n\t"
        ".text\n");
__asm__(".section .llvm_mine,\"aw\",@progbits\n\t"
        ".p2align 3\n"
        "my_table:\n\t"
        ".quad main\n\t"
        ".text\n");
__asm__(".section .llvm.excluded,\"e\",@progbits\n\t"
        ".zero 64\n\t"
        ".text\n");

extern const uint32_t my_note[] __attribute__((visibility("hidden")));
extern const char my_comment[] __attribute__((visibility("hidden")));
extern int (*const my_table[])(void) __attribute__((visibility("hidden")));
extern const char __start_excluded[] __attribute__((weak));

int main(void)
{
    printf("note: owner \"%s\", %u bytes: %u\n", (const char *)(my_note + 3),
           my_note[1], my_note[5]);
    printf("comment: %s\n", my_comment);
    printf("table: leads to main: %d\n", my_table[0] == main);
    printf("excluded from the program: %d\n", __start_excluded != NULL);
    return 0;
}
