/* Alone in its file: the tests link another one, so that their small libraries
 * are linked by closures, too. */
#include "closure_size.h"

/* Reading what a library declares takes about 13 ms for a megabyte. */
const size_t closure_library_size = 1024 * 1024;
const size_t closure_least_limit = 128 * 1024;
