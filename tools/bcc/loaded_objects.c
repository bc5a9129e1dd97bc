/* Runtimes ask the dynamic linker what is loaded: collectors for the data in
 * which to look for pointers, D's for the modules of a program, unwinders other
 * than libgcc's for its unwind table. It does not know the image, which bcc
 * loads by itself. But this executable comes first in the search for names, as
 * a native program would; so what it exports is what libraries and the program
 * itself are bound to:
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
 *   __tls_get_addr()  follows what was shown as the image's module to its
 *                     block, for who wants to look into thread-local variables.
 *
 * Until the image is prepared all of them are libc's. The image's own accesses
 * to thread-local variables do not pass here; libraries' do, and make a jump
 * more. dladdr1() and dlinfo() give a struct link_map, of which there is none,
 * and stay libc's. So does dlsym() for libraries; the program has one by which
 * RTLD_NEXT means what comes after the program. */
#include "loaded_objects.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#include "script.h"
#include "tls.h"

/* ORDER OBJECTS: loaded_objects.list exports what this marks. */
#define EXPORT __attribute__((visibility("default"), used))

typedef int visit_fn(struct dl_phdr_info *object, size_t size, void *context);
typedef int iterate_fn(visit_fn *visit, void *context);
typedef int find_fn(const void *address, Dl_info *info);
typedef void *get_addr_fn(const struct tls_index *index);

/* glibc 2.35. Before it, libgcc's unwinder asks dl_iterate_phdr(). */
#ifdef DLFO_STRUCT_HAS_EH_DBASE
#define HAS_FIND_OBJECT 1
#else
#define HAS_FIND_OBJECT 0
#endif

static BCCScriptRef program;

static const char own_name[] = "/proc/self/exe";

/* libc's functions, once they are looked for. This is done once because the
 * lookup takes a lock of the dynamic linker: who visits objects holds another,
 * and may ask again. */
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

void loaded_objects_take(BCCScriptRef script)
{
    program = script;
    if (script)
        script->is_found = HAS_FIND_OBJECT;
    /* These may be called where no lock can be waited for. */
    (void)find_next(&next_get_addr, "__tls_get_addr");
    (void)find_next(&next_find_object, "_dl_find_object");
}

static const struct image *loaded_image(void)
{
    return program && program->prepared ? &program->image : NULL;
}

/* ---- Visiting ---- */

struct walk {
    const struct image *image; /* NULL: it was shown */
    visit_fn *visit;
    void *context;
};

static int show_image(const struct walk *walk, const struct dl_phdr_info *first)
{
    const struct image *image = walk->image;
    const ElfW(Ehdr) *header = (const void *)image->base;
    struct dl_phdr_info object = {
        .dlpi_addr = (ElfW(Addr))image->base,
        .dlpi_name = "",
        .dlpi_phdr = (const void *)(image->base + header->e_phoff),
        .dlpi_phnum = header->e_phnum,
        .dlpi_adds = first->dlpi_adds,
        .dlpi_subs = first->dlpi_subs,
        .dlpi_tls_modid = (size_t)image->tls,
        .dlpi_tls_data = image->tls ? tls_own_block(image->tls) : NULL,
    };

    return walk->visit(&object, sizeof(object), walk->context);
}

static int relay(struct dl_phdr_info *object, size_t size, void *context)
{
    struct walk *walk = context;
    int result;

    /* One has come that libc does not count: caches of the others are old. */
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

EXPORT int dl_iterate_phdr(visit_fn *visit, void *context)
{
    struct walk walk = {loaded_image(), visit, context};
    iterate_fn *next;

    *(void **)&next = find_next(&next_iterate, "dl_iterate_phdr");
    return walk.image ? next(relay, &walk) : next(visit, context);
}

/* ---- Looking up ---- */

EXPORT int dladdr(const void *address, Dl_info *info)
{
    const struct image *image = loaded_image();
    find_fn *next;

    if (image && (uintptr_t)address - (uintptr_t)image->base < image->span) {
        *info = (Dl_info){
            .dli_fname = program->argv[0],
            .dli_fbase = image->base,
        };
        return 1;
    }
    *(void **)&next = find_next(&next_find, "dladdr");
    return next(address, info);
}

#if HAS_FIND_OBJECT

static void *find_unwind_table(const struct image *image)
{
    const ElfW(Ehdr) *header = (const void *)image->base;
    const ElfW(Phdr) *segment = (const void *)(image->base + header->e_phoff);

    for (unsigned i = 0; i < header->e_phnum; i++)
        if (segment[i].p_type == PT_GNU_EH_FRAME)
            return image->base + segment[i].p_vaddr;
    return NULL;
}

EXPORT int _dl_find_object(void *address, struct dl_find_object *result)
{
    const struct image *image = loaded_image();
    int (*next)(void *address, struct dl_find_object *result);

    if (image && (uintptr_t)address - (uintptr_t)image->base < image->span) {
        void *table = find_unwind_table(image);

        *result = (struct dl_find_object){
            .dlfo_map_start = image->base,
            .dlfo_map_end = image->base + image->span,
            .dlfo_eh_frame = table,
        };
        return table ? 0 : -1;
    }
    *(void **)&next = find_next(&next_find_object, "_dl_find_object");
    return next(address, result);
}

#endif

/* ---- For the program alone ---- */

/* Called from this executable, RTLD_NEXT is what comes after it. So the call
 * must not become a jump, after which it would be the program's. */
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

EXPORT void *__tls_get_addr(const struct tls_index *index);

EXPORT void *__tls_get_addr(const struct tls_index *index)
{
    get_addr_fn *next;

    if (index->module >= TLS_LOWEST_MODULE_ADDRESS)
        return tls_get_addr(index);
    *(void **)&next = find_next(&next_get_addr, "__tls_get_addr");
    return next(index);
}
