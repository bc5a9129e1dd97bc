/* The interface of test_load_unwind.c's sample image: e_entry leads to it. */
#ifndef BCC_TESTS_LOAD_UNWIND_SAMPLE_H
#define BCC_TESTS_LOAD_UNWIND_SAMPLE_H

struct unwind_api {
    /* Calls function(argument), and goes on afterwards. */
    int (*call)(void (*function)(void *), void *argument);
};

#endif
