/* Exceptions through code with debug information.
 *
 * FLAGS: -g
 * STATUS: 0
 * OUTPUT:
 * caught int 7
 * cleanup
 * caught runtime_error: first
 * rethrown: second
 * nested: outer <- inner
 * from qsort: 42
 * carried: over there
 * catch all
 */
#include "cpp_exceptions.cpp"
