/* How lib/loader treats a relocation number; in a file of its own, because
 * lib/linker has other constants of the same names. */
#ifndef BCC_TESTS_COVERAGE_LOADER_H
#define BCC_TESTS_COVERAGE_LOADER_H

#include <stdint.h>

enum loader_answer { LOADER_DOES_NOT_KNOW, LOADER_HANDLES };

enum loader_answer loader_answers(uint32_t number);

#endif
