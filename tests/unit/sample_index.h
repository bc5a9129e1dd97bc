/* An index with some of everything. */
#ifndef BCC_TESTS_SAMPLE_INDEX_H
#define BCC_TESTS_SAMPLE_INDEX_H

#include "index_file.h"

#define SAMPLE_BYTES(text)                                                     \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }

static const struct span sample_identity = SAMPLE_BYTES("llvm=1\nsize=9\n");
static const uint8_t sample_sha1[SHA1_SIZE] = {0xde, 0xad, 1, 2, 3};
static const uint32_t sample_defined[] = {7, 300, 0xfffffffe};
static const struct index_row sample_rows[] = {
    {"", IBCC_DECLARED, {NULL, 0}},
    {"clamp", IBCC_CLOSURE, SAMPLE_BYTES("the bitcode of clamp")},
    {"clamp4", IBCC_CLOSURE, SAMPLE_BYTES("8 bytes.")},
    {"malloc", IBCC_DECLARED, {NULL, 0}},
    {"tables", IBCC_LARGE, {NULL, 1234567}},
};
static const struct index_contents sample_index = {
    .identity = SAMPLE_BYTES("llvm=1\nsize=9\n"),
    .sha1 = sample_sha1,
    .rows = sample_rows,
    .n_rows = sizeof(sample_rows) / sizeof(sample_rows[0]),
    .defined = sample_defined,
    .n_defined = sizeof(sample_defined) / sizeof(sample_defined[0]),
};

#endif
