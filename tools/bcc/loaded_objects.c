/* Runtimes ask the dynamic linker for loaded objects: garbage collectors for
 * data to search for pointers, D's runtime for the modules of a program,
 * unwinders other than libgcc's for its unwind table. The dynamic linker does
 * not know the image, which bcc loads by itself. But this executable comes
 * first in the search for names, like a native program. So libraries and the
 * program itself are bound to the functions that it exports:
 *
 *   dl_iterate_phdr() shows the image first and without a name, as a native
 *                     program is shown; then this executable under the name
 *                     below, because code of it lies between the program's and
 *                     a library's on some stacks; then all others.
 *   dladdr()          says of an address in the image what it says of a native
 *                     program without -rdynamic: the file, but no symbol.
 *   _dl_find_object() gives libgcc's unwinder the image's unwind table, however
 *                     late that library comes: backtrace() and plug-ins in C++
 *                     bring it into programs in C.
 *   __tls_get_addr()  accepts the image's module number and returns its block,
 *                     for callers that look into thread-local variables.
 *
 * Until the image is prepared, all of them behave like libc's. The image's own
 * accesses to thread-local variables do not come here; libraries' do, and take
 * one jump more. dladdr1() and dlinfo() return a struct link_map, which the
 * image does not have, so they remain libc's. So does dlsym() for libraries;
 * the program gets one for which RTLD_NEXT means the objects after the
 * program. */
#include "program.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

/* ORDER OBJECTS: exports.list exports the functions marked with this. */
#define EXPORT __attribute__((visibility("default"), used))

typedef int visit_fn(struct dl_phdr_info *object, size_t size, void *context);
typedef int iterate_fn(visit_fn *visit, void *context);
typedef int find_fn(const void *address, Dl_info *info);
typedef void *get_addr_fn(const void *index);

/* glibc 2.35. Before it, libgcc's unwinder asks dl_iterate_phdr(). On 32-bit
 * ARM it asks neither (lib/loader/unwind_exidx.c). */
#if defined(DLFO_STRUCT_HAS_EH_DBASE) && !defined(__arm__)
#define HAS_FIND_OBJECT 1
#else
#define HAS_FIND_OBJECT 0
#endif

static const char own_name[] = "/proc/self/exe";

/* libc's functions, looked up once. The lookup takes a lock of the dynamic
 * linker, while a caller that visits objects holds another lock and may call
 * again. */
static void *next_iterate, *next_find, *next_find_object, *next_get_addr;

static void *find_next(void **place, const char *name)
{
    void *function = __atomic_load_n(place, __ATOMIC_RELAXED);

    if (!function) {
        function = dlsym(RTLD_NEXT, name);
        __atomic_store_n(place, function, __ATOMIC_RELAXED);
    }
    return function;
}

bool loaded_objects_init(void)
{
    /* These functions may be called where waiting for a lock is impossible. */
    (void)find_next(&next_get_addr, "__tls_get_addr");
    (void)find_next(&next_find_object, "_dl_find_object");
    return HAS_FIND_OBJECT;
}

static bool is_in_image(const BCCImage *image, const void *address)
{
    return (uintptr_t)address - (uintptr_t)image->base < image->span;
}

/* ---- Visiting ---- */

struct walk {
    const BCCImage *image; /* NULL: it was reported already */
    visit_fn *visit;
    void *context;
};

static int show_image(const struct walk *walk, const struct dl_phdr_info *first)
{
    const BCCImage *image = walk->image;
    struct dl_phdr_info object = {
        .dlpi_addr = (ElfW(Addr))image->base,
        .dlpi_name = "",
        .dlpi_phdr = image->programHeaders,
        .dlpi_phnum = (ElfW(Half))image->programHeaderCount,
        .dlpi_adds = first->dlpi_adds,
        .dlpi_subs = first->dlpi_subs,
        .dlpi_tls_modid = image->tlsModule,
        .dlpi_tls_data = image->tlsBlock,
    };

    return walk->visit(&object, sizeof(object), walk->context);
}

static int relay(struct dl_phdr_info *object, size_t size, void *context)
{
    struct walk *walk = context;
    int result;

    /* libc does not count the image. One more addition makes callers refresh
     * that cache the list of objects. */
    object->dlpi_adds++;
    if (walk->image) {
        result = show_image(walk, object);
        if (result)
            return result;
        walk->image = NULL;
        object->dlpi_name = own_name;
    }
    return walk->visit(object, size, walk->context);
}

static int iterate_next(visit_fn *visit, void *context)
{
    iterate_fn *next;

    *(void **)&next = find_next(&next_iterate, "dl_iterate_phdr");
    return next(visit, context);
}

EXPORT int dl_iterate_phdr(visit_fn *visit, void *context)
{
    BCCImage image;
    struct walk walk = {&image, visit, context};

    return program_image(&image) ? iterate_next(relay, &walk)
                                 : iterate_next(visit, context);
}

/* ---- Looking up ---- */

static int find_object_next(const void *address, Dl_info *info)
{
    find_fn *next;

    *(void **)&next = find_next(&next_find, "dladdr");
    return next(address, info);
}

EXPORT int dladdr(const void *address, Dl_info *info)
{
    BCCImage image;

    if (!program_image(&image) || !is_in_image(&image, address))
        return find_object_next(address, info);
    *info = (Dl_info){
        .dli_fname = program_path(),
        .dli_fbase = image.base,
    };
    return 1;
}

#if HAS_FIND_OBJECT

static void *find_unwind_table(const BCCImage *image)
{
    const ElfW(Phdr) *segment = image->programHeaders;

    for (size_t i = 0; i < image->programHeaderCount; i++)
        if (segment[i].p_type == PT_GNU_EH_FRAME)
            return (char *)image->base + segment[i].p_vaddr;
    return NULL;
}

EXPORT int _dl_find_object(void *address, struct dl_find_object *result)
{
    int (*next)(void *address, struct dl_find_object *result);
    BCCImage image;
    void *table;

    if (!program_image(&image) || !is_in_image(&image, address)) {
        *(void **)&next = find_next(&next_find_object, "_dl_find_object");
        return next(address, result);
    }
    table = find_unwind_table(&image);
    *result = (struct dl_find_object){
        .dlfo_map_start = image.base,
        .dlfo_map_end = (char *)image.base + image.span,
        .dlfo_eh_frame = table,
    };
    return table ? 0 : -1;
}

#endif

/* ---- For this executable alone ---- */

/* The linker turns calls in this executable into these (--wrap). */
int __wrap_dl_iterate_phdr(visit_fn *visit, void *context);
int __wrap_dladdr(const void *address, Dl_info *info);

int __wrap_dl_iterate_phdr(visit_fn *visit, void *context)
{
    return iterate_next(visit, context);
}

int __wrap_dladdr(const void *address, Dl_info *info)
{
    return find_object_next(address, info);
}

/* ---- For the program alone ---- */

/* In a call from this executable, RTLD_NEXT means the objects after it. So the
 * call must not become a tail call, which would return to the program and count
 * as the program's. */
static void *find_symbol(void *handle, const char *name)
{
    void *address = dlsym(handle, name);

    __asm__ volatile("" : "+r"(address));
    return address;
}

void *loaded_objects_lookup(void *context, const char *symbol)
{
    (void)context;
    return strcmp(symbol, "dlsym") == 0 ? (void *)find_symbol : NULL;
}

/* ---- Thread-local variables ---- */

/* The argument of __tls_get_addr. libc counts modules, so its numbers are
 * small. */
struct index {
    uintptr_t module;
    uintptr_t offset;
};

enum { LEAST_MODULE_WORD = 1 << 16 };

EXPORT void *__tls_get_addr(const struct index *index);

EXPORT void *__tls_get_addr(const struct index *index)
{
    get_addr_fn *next;
    BCCImage image;

    if (index->module >= LEAST_MODULE_WORD && program_image(&image))
        return image.tlsGetAddr(index);
    *(void **)&next = find_next(&next_get_addr, "__tls_get_addr");
    return next(index);
}
