/* Constructors and destructors written in assembly: pieces of .init and .fini,
 * with gaps between them, and lists without a requested alignment.
 *
 * STATUS: 0
 * OUTPUT:
 * preinit_array
 * init, first piece
 * init, second piece
 * init_array
 * main
 * fini_array
 * fini: stack is aligned: 1
 */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* At such times not even stdout need be ready. */
static void say(const char *text)
{
    char line[80];
    const int n = snprintf(line, sizeof(line), "%s\n", text);

    if (write(STDOUT_FILENO, line, (size_t)n) != n)
        _exit(1);
}

#define SAYS(name, text)                                                       \
    __attribute__((used)) void name(void)                                      \
    {                                                                          \
        say(text);                                                             \
    }

SAYS(preinit, "preinit_array")
SAYS(init_first, "init, first piece")
SAYS(init_second, "init, second piece")
SAYS(init_listed, "init_array")
SAYS(fini_listed, "fini_array")

__attribute__((used)) void fini_piece(uintptr_t stack)
{
    say(stack % 16 == 0 ? "fini: stack is aligned: 1"
                        : "fini: stack is aligned: 0");
}

__asm__(".section .init,\"ax\",@progbits\n\t"
        "call init_first\n\t"
        ".text\n");
__asm__(".section .init,\"ax\",@progbits\n\t"
        ".p2align 5\n\t"
        "call init_second\n\t"
        ".text\n");
__asm__(".section .fini,\"ax\",@progbits\n\t"
        "movq %rsp, %rdi\n\t"
        "call fini_piece\n\t"
        ".text\n");
__asm__(".section .preinit_array,\"aw\",@preinit_array\n\t"
        ".quad preinit\n\t"
        ".text\n");
__asm__(".section .init_array,\"aw\",@init_array\n\t"
        ".quad init_listed\n\t"
        ".text\n");
__asm__(".section .dtors.400,\"aw\",@progbits\n\t"
        ".quad fini_listed\n\t"
        ".text\n");

int main(void)
{
    say("main");
    return 0;
}
