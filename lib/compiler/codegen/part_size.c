/* Alone in its file: the tests link another one, so that their small modules
 * are divided, too. */
#include "part_size.h"

/* A process takes some 100 ms to start, leave out what is not its part, and set
 * up LLVM's passes; that many instructions take it some 1.2 s (2026, in a busy
 * virtual machine; the ratio is what matters). */
const size_t part_size = 15000;
