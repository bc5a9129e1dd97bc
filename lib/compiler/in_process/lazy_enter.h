/* Where a stub jumps before its function is compiled: lazy_enter_MACHINE.S.
 * The slot's address is in a register that calls do not use (x86_64: r11). The
 * routine saves all registers that may hold arguments, asks lazy_resolve() for
 * the function's address, restores them, and jumps there. */
#ifndef BCC_COMPILER_LAZY_ENTER_H
#define BCC_COMPILER_LAZY_ENTER_H

#include "lazy_cut.h"

/* 0: none on this machine. */
#if defined(__x86_64__) && defined(__LP64__)
#define LAZY_HAS_ENTER 1
#else
#define LAZY_HAS_ENTER 0
#endif

extern void lazy_enter(void) __attribute__((visibility("hidden")));

/* lazy.c: called by that routine alone. */
__attribute__((visibility("hidden"))) void *
lazy_resolve(struct lazy_slot *slot);

#endif
