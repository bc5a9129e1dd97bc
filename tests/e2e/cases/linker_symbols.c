/* Symbols that a linker defines for the ends of segments and sections.
 *
 * STATUS: 0
 * OUTPUT:
 * text 1
 * data 1
 * bss 1 1
 * header 7f E L F
 * constructors 1
 */
#include <stdint.h>
#include <stdio.h>

#define HIDDEN __attribute__((visibility("hidden")))

extern const char etext, edata, end, __bss_start, __ehdr_start;
extern void (*const __init_array_start[])(void) HIDDEN;
extern void (*const __init_array_end[])(void) HIDDEN;

int initialised = 3;
volatile int zeroed[100];

__attribute__((constructor)) static void construct(void)
{
    zeroed[0] = initialised;
}

/* Compilers know that no variable starts at the end of another. */
static int is_before(const void *volatile a, const void *volatile b)
{
    return (uintptr_t)a < (uintptr_t)b;
}

int main(void)
{
    const char *header = &__ehdr_start;

    printf("text %d\n", is_before((const void *)main, &etext));
    printf("data %d\n", is_before(&initialised, &edata));
    printf("bss %d %d\n", !is_before((const void *)zeroed, &__bss_start),
           is_before((const void *)zeroed, &end));
    printf("header %x %c %c %c\n", header[0], header[1], header[2], header[3]);
    printf("constructors %d\n", is_before((const void *)__init_array_start,
                                          (const void *)__init_array_end));
    return 0;
}
