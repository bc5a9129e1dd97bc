/* unwind_table.h for 32-bit ARM, whose tables are of another kind (Arm's
 * EHABI): .ARM.exidx has 8 bytes for each function, sorted by address. An
 * unwinder (libgcc_s) finds the table of an address by calling
 *
 *   __gnu_Unwind_Find_exidx(address, number of entries to be set)
 *
 * of the C library, which asks the dynamic linker. There is no function to
 * register a table, as there is for .eh_frame. So libbcc defines this function
 * itself: it asks the images that have been started, then the C library.
 *
 * The unwinder uses libbcc's function if libobcc.so, or the program that
 * contains libobcc.a, comes before the C library in the search for names. This
 * holds for a program that is linked with libbcc. The alternatives are worse:
 * overwriting the word through which libgcc_s calls the function changes
 * another library's constants; an ELF file in memory for dlopen() cannot have
 * the addresses of an existing image. In a process that has opened libbcc by
 * dlopen(), exceptions cannot pass through images, and backtraces end at them.
 *
 * LLVM's libunwind asks dl_iterate_phdr(). It finds images only in the tool,
 * which has one of its own (tools/bcc/loaded_objects.c). */
#include "unwind_table.h"

#include <dlfcn.h>
#include <pthread.h>

/* A function of the C library, which no header declares. */
typedef uintptr_t find_fn(uintptr_t address, int *ret_n_entries);

__attribute__((visibility("default"))) uintptr_t
__gnu_Unwind_Find_exidx(uintptr_t address, int *ret_n_entries);

enum { ENTRY_SIZE = 8 };

static struct {
    pthread_mutex_t lock;
    const struct image *images; /* images that have been started */
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

uintptr_t __gnu_Unwind_Find_exidx(uintptr_t address, int *ret_n_entries)
{
    const struct image *image;
    uintptr_t table = 0;
    find_fn *next;

    pthread_mutex_lock(&all.lock);
    image = all.images;
    while (image && address - (uintptr_t)image->base >= image->text_span)
        image = image->next_known;
    if (image) {
        table = (uintptr_t)image->base + (uintptr_t)image->exidx;
        *ret_n_entries = (int)(image->exidx_size / ENTRY_SIZE);
    }
    pthread_mutex_unlock(&all.lock);
    if (table)
        return table;
    next = (find_fn *)dlsym(RTLD_NEXT, "__gnu_Unwind_Find_exidx");
    return next ? next(address, ret_n_entries) : 0;
}

void unwind_table_register(struct image *image)
{
    if (!image->exidx)
        return;
    pthread_mutex_lock(&all.lock);
    image->next_known = all.images;
    all.images = image;
    pthread_mutex_unlock(&all.lock);
}

void unwind_table_deregister(struct image *image)
{
    const struct image **link = &all.images;

    pthread_mutex_lock(&all.lock);
    while (*link && *link != image)
        link = (const struct image **)&(*link)->next_known;
    if (*link)
        *link = image->next_known;
    pthread_mutex_unlock(&all.lock);
}
