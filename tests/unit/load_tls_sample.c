/* An image with thread-local variables of every kind that a compiler makes for
 * position-independent code. CMakeLists.txt links it, without any library. */
#include "load_tls_sample.h"

#define EXPORT __attribute__((visibility("default")))

extern _Thread_local int import_thread_value EXPORT;
extern _Thread_local int import_thread_weak EXPORT __attribute__((weak));
extern int __cxa_thread_atexit(void (*destructor)(void *), void *object,
                               void *dso_handle) EXPORT;

static int data = 5;

static _Thread_local int number = 7;
static _Thread_local long zero;
static _Thread_local int *pointer = &data;
static _Thread_local char aligned[16] __attribute__((aligned(SAMPLE_ALIGN))) =
    "aligned";
static _Thread_local char large[TLS_LARGE_SIZE];
EXPORT _Thread_local int exported = 11;

static int *get_number(void)
{
    return &number;
}

static long *get_zero(void)
{
    return &zero;
}

static int **get_pointer(void)
{
    return &pointer;
}

static char *get_aligned(void)
{
    return aligned;
}

static char *get_large(void)
{
    return large;
}

static int *get_exported(void)
{
    return &exported;
}

static int *get_imported(void)
{
    return &import_thread_value;
}

static int *get_weak(void)
{
    return &import_thread_weak;
}

static int at_thread_exit(void (*destructor)(void *), void *object, void *dso)
{
    return __cxa_thread_atexit(destructor, object, dso);
}

static void destroy(void *object)
{
    *(int *)object += number++;
}

EXPORT struct tls_api tls_api = {
    .number = get_number,
    .zero = get_zero,
    .pointer = get_pointer,
    .aligned = get_aligned,
    .large = get_large,
    .exported = get_exported,
    .imported = get_imported,
    .weak = get_weak,
    .data = &data,
    .at_thread_exit = at_thread_exit,
    .destroy = destroy,
};
