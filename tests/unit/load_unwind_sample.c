/* An image with an unwind table, whose code calls the host. */
#include "load_unwind_sample.h"

#define EXPORT __attribute__((visibility("default")))

extern void import_in_constructor(void) EXPORT;
extern void import_in_destructor(void) EXPORT;

static int n_calls;

/* Saved registers and a frame of its own, for the unwinder to restore. */
static int call(void (*function)(void *), void *argument)
{
    volatile int before = ++n_calls;
    volatile char frame[123];

    frame[0] = (char)before;
    function(argument);
    return before + frame[0] - (char)before;
}

EXPORT struct unwind_api unwind_api = {.call = call};

__attribute__((constructor)) static void construct(void)
{
    import_in_constructor();
    n_calls = 0;
}

__attribute__((destructor)) static void destruct(void)
{
    import_in_destructor();
    n_calls = 0;
}
