/* ldc2 links this to each D program from a native object file (ldc_rt.dso.o):
 * it registers the program's modules with the runtime, and removes them. */
#include <stddef.h>

/* The linker's: the ends of the section that has all modules. */
extern const void *const __start___minfo[];
extern const void *const __stop___minfo[];

struct registration {
    size_t version;
    void **slot; /* the runtime's own */
    const void *const *begin;
    const void *const *end;
};

/* Registers at the first call, and unregisters at the second. */
extern void _d_dso_registry(struct registration *registration);

static void *slot;
static struct registration registration = {
    .version = 1,
    .slot = &slot,
    .begin = __start___minfo,
    .end = __stop___minfo,
};

__attribute__((constructor)) static void enter(void)
{
    _d_dso_registry(&registration);
}

__attribute__((destructor)) static void leave(void)
{
    _d_dso_registry(&registration);
}
