/* The code in this folder does not run in bccc: it is compiled for the machine
 * of scripts, carried by bccc as a static library, and linked into the images
 * that need it, before compiler-rt is searched. So it may use only the language
 * and the kernel; routines that the language calls by itself are in
 * compiler-rt.
 *
 * The symbol of each routine is its name. Tests compile the folder with another
 * ROUTINE_PREFIX, so that libgcc's routine of the same name can be linked
 * too. */
#ifndef BCC_COMPILER_ROUTINE_H
#define BCC_COMPILER_ROUTINE_H

#ifndef ROUTINE_PREFIX
#define ROUTINE_PREFIX
#endif

#define ROUTINE_JOIN_(prefix, name) prefix##name
#define ROUTINE_JOIN(prefix, name)  ROUTINE_JOIN_(prefix, name)
#define ROUTINE(name)               ROUTINE_JOIN(ROUTINE_PREFIX, name)

#endif
