/* An image of AArch64 whose note says that all indirect branches lead to
 * landing pads. One function has none: it must not be reached by a pointer. */
#include "load_guard_sample.h"

static int padded(void)
{
    return 1;
}

__asm__(".text\n\t"
        ".type bare, %function\n"
        "bare:\n\t"
        "mov w0, #2\n\t"
        "ret\n\t"
        ".size bare, . - bare");
extern int bare(void) __attribute__((visibility("hidden")));

__attribute__((visibility("default"))) struct guard_api guard_api = {
    .padded = padded,
    .bare = bare,
};
