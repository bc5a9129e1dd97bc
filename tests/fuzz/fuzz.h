/* The functions that libFuzzer and fuzz_main.c call. A target aborts if a check
 * fails. */
#ifndef BCC_TESTS_FUZZ_H
#define BCC_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_require(int holds)
{
    if (!holds)
        abort();
}

#endif
