/* What load_guard_sample.c offers: e_entry leads to it. */
#ifndef BCC_TESTS_LOAD_GUARD_SAMPLE_H
#define BCC_TESTS_LOAD_GUARD_SAMPLE_H

struct guard_api {
    int (*padded)(void); /* 1 */
    int (*bare)(void);   /* 2, or a trap */
};

#endif
