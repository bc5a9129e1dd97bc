/* An image to load. CMakeLists.txt links it in several shapes, without any
 * library; test_load.c defines its imports. */
#include "load_sample.h"

#include <stddef.h>

#define EXPORT __attribute__((visibility("default")))

extern int import_add(int a, int b);
extern int import_value;
extern void import_note(int what);
extern int import_weak(void) __attribute__((weak));
extern int __cxa_atexit(void (*handler)(void *), void *argument, void *dso);

/* At image address 0, as lib/linker defines it. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

extern int import_many_0, import_many_1, import_many_2, import_many_3,
    import_many_4, import_many_5, import_many_6, import_many_7, import_many_8,
    import_many_9;
int *const sample_many[SAMPLE_N_MANY] = {
    &import_many_0, &import_many_1, &import_many_2, &import_many_3,
    &import_many_4, &import_many_5, &import_many_6, &import_many_7,
    &import_many_8, &import_many_9};

static int counter = 7;
static char large[SAMPLE_LARGE_SIZE];
static const char *const words[] = {"one", "two", NULL};
static int (*volatile add_pointer)(int, int) = import_add;

#define I1(n) n
#define I10(n)                                                                 \
    I1(n), I1(n + 1), I1(n + 2), I1(n + 3), I1(n + 4), I1(n + 5), I1(n + 6),   \
        I1(n + 7), I1(n + 8), I1(n + 9)
#define I100(n)                                                                \
    I10(n), I10(n + 10), I10(n + 20), I10(n + 30), I10(n + 40), I10(n + 50),   \
        I10(n + 60), I10(n + 70), I10(n + 80), I10(n + 90)
#define I500(n)                                                                \
    I100(n), I100(n + 100), I100(n + 200), I100(n + 300), I100(n + 400)
#ifdef SAMPLE_SMALL
static int initialized[] = {I100(0)};
#else
static int initialized[] = {I500(0),    I500(500),  I500(1000),
                            I500(1500), I500(2000), I500(2500)};
#endif

static int add(int a, int b)
{
    return a + b;
}

static int add_imported(int a, int b)
{
    return import_add(import_add(a, b), 0);
}

static int bump(void)
{
    return ++counter;
}

static int *imported_value(void)
{
    return &import_value;
}

static int (*imported_pointer(void))(int, int)
{
    return add_pointer;
}

static void *weak_function(void)
{
    return (void *)import_weak;
}

static void handler(void *argument)
{
    (void)argument;
    import_note(30);
}

static void register_handler(void)
{
    __cxa_atexit(handler, NULL, (void *)__ehdr_start);
}

#ifndef SAMPLE_SMALL
static int resolved(void)
{
    return SAMPLE_RESOLVED_VALUE;
}

/* Both relocated data and imports are in place before this runs. */
static int (*const volatile candidate)(void) = resolved;

__attribute__((used)) static int (*resolve_indirect(void))(void)
{
    return add_pointer(1, 2) == 3 ? candidate : NULL;
}

__attribute__((visibility("hidden"), ifunc("resolve_indirect"))) int
indirect(void);
#define INDIRECT indirect
#else
#define INDIRECT NULL
#endif

EXPORT struct sample_api sample_api = {
    .add = add,
    .add_imported = add_imported,
    .counter = &counter,
    .bump = bump,
    .imported_value = imported_value,
    .imported_pointer = imported_pointer,
    .weak_function = weak_function,
    .weak_pointer = (void *)import_weak,
    .large = large,
    .initialized = initialized,
    .n_initialized = sizeof(initialized) / sizeof(initialized[0]),
    .words = words,
    .indirect = INDIRECT,
    .register_handler = register_handler,
};

__attribute__((constructor(101))) static void first(int argc, char **argv,
                                                    char **envp)
{
    sample_api.argc = argc;
    sample_api.argv = argv;
    sample_api.envp = envp;
    import_note(10);
}

__attribute__((constructor(102))) static void second(void)
{
    import_note(11);
}

/* In reverse order of priority. */
__attribute__((destructor(101))) static void last(void)
{
    import_note(21);
}

__attribute__((destructor(102))) static void last_but_one(void)
{
    import_note(20);
}
