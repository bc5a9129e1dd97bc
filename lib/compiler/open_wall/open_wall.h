/* LLVM opens files by open() and by nothing else: a directive of assembly can
 * name any (.incbin "/etc/shadow"). What is linked with this file has an open()
 * of its own, which can refuse them all. */
#ifndef BCC_COMPILER_OPEN_WALL_H
#define BCC_COMPILER_OPEN_WALL_H

#include <stdbool.h>

/* From now on open() refuses each file, in all threads. */
void open_wall_close(void);

/* The same in this thread, or no more. */
void open_wall_close_here(bool closed);

#endif
