/* The interface of test_load_tls.c's sample image: e_entry leads to one struct
 * tls_api in its data. */
#ifndef BCC_TESTS_LOAD_TLS_SAMPLE_H
#define BCC_TESTS_LOAD_TLS_SAMPLE_H

enum { TLS_LARGE_SIZE = 1 << 20 /* bytes */ };

/* Addresses are those in the calling thread. */
struct tls_api {
    int *(*number)(void);   /* starts at 7 */
    long *(*zero)(void);    /* starts at 0 */
    int **(*pointer)(void); /* starts at data */
    char *(*aligned)(void); /* to SAMPLE_ALIGN, starts at "aligned" */
    char *(*large)(void);   /* TLS_LARGE_SIZE bytes of zeros */
    int *(*exported)(void); /* starts at 11; a symbol of the image */
    int *(*imported)(void); /* import_thread_value */
    int *(*weak)(void);     /* import_thread_weak */
    int *data;              /* of the image, not thread-local */
    /* __cxa_thread_atexit() */
    int (*at_thread_exit)(void (*destructor)(void *), void *object, void *dso);
    void (*destroy)(void *object); /* adds number to an int, then 1 to number */
};

#endif
