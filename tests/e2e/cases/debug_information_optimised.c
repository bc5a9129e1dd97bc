/* The same program optimised, with its macros and in an older version of
 * DWARF.
 *
 * FLAGS: -gdwarf-4 -ggdb3 -O3
 * STATUS: 5
 * OUTPUT:
 * sum 55 of 10
 * bits 5 -3
 * thread-local 8
 * at exit
 */
#include "debug_information.c"
