/* What is in this folder is no part of bccc: it is compiled for the machine of
 * scripts, carried by bccc as a static library, and linked into the images
 * that need it, before compiler-rt is asked. So it may use nothing but the
 * language and the kernel; what the language calls by itself is in
 * compiler-rt.
 *
 * The symbol of each routine is its name. Tests compile the folder with
 * another ROUTINE_PREFIX, to have libgcc's of that name beside it. */
#ifndef BCC_COMPILER_ROUTINE_H
#define BCC_COMPILER_ROUTINE_H

#ifndef ROUTINE_PREFIX
#define ROUTINE_PREFIX
#endif

#define ROUTINE_JOIN_(prefix, name) prefix##name
#define ROUTINE_JOIN(prefix, name)  ROUTINE_JOIN_(prefix, name)
#define ROUTINE(name)               ROUTINE_JOIN(ROUTINE_PREFIX, name)

#endif
