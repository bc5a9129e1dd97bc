/* The interface of test_load.c's sample image. ELF's e_entry leads to one
 * struct sample_api in its data, so that no symbol needs to be looked up. */
#ifndef BCC_TESTS_LOAD_SAMPLE_H
#define BCC_TESTS_LOAD_SAMPLE_H

enum {
    SAMPLE_LARGE_SIZE = 5 << 20, /* bytes of zeros */
    SAMPLE_N_INITIALIZED = 1500, /* ints, i holding i */
    SAMPLE_N_MANY = 10,          /* imports import_many_0 .. _9 */
    SAMPLE_RESOLVED_VALUE = 4711
};

struct sample_api {
    int (*add)(int a, int b);                   /* of the sample */
    int (*add_imported)(int a, int b);          /* calls import_add twice */
    int *counter;                               /* starts at 7 */
    int (*bump)(void);                          /* ++*counter */
    int *(*imported_value)(void);               /* address of import_value */
    int (*(*imported_pointer)(void))(int, int); /* &import_add, from data */
    void *(*weak_function)(void);               /* address of the weak import */
    void *weak_pointer;                         /* the same, from data */
    char *large;      /* SAMPLE_LARGE_SIZE bytes of bss */
    int *initialized; /* i holds i */
    int n_initialized;
    const char *const *words;       /* in RELRO: "one", "two", NULL */
    int (*indirect)(void);          /* returns SAMPLE_RESOLVED_VALUE; or NULL */
    void (*register_handler)(void); /* __cxa_atexit; notes 30 */
    int argc;                       /* of the first constructor */
    char **argv;
    char **envp;
};

#endif
