/* An unwinder (libgcc_s) finds the unwind table of an address by asking the C
 * library which file is mapped there. The C library does not know images. For
 * such code libgcc keeps a list, which it searches first:
 *
 *   __register_frame_info(first record of .eh_frame, 8 words for its use)
 *   __deregister_frame_info(the same)
 *
 * libgcc reads the records up to an end mark, which lib/linker writes. From
 * libgcc 13 on it reads them immediately, to learn which addresses they cover.
 * Older versions only link the 8 words, and sort the records when the first
 * exception is thrown. The words are those of crtstuff.c, whose frames every
 * libgcc must accept.
 *
 * While an image is registered, each exception of the process takes the list's
 * lock. Deregistering searches the list, newest first. This cost is noticeable
 * with thousands of images, in processes that have an unwinder.
 *
 * LLVM's libunwind has functions for the same purpose under other names:
 *
 *   __unw_add_dynamic_eh_frame_section(first record of .eh_frame)
 *   __unw_remove_dynamic_eh_frame_section(the same)
 *
 * If both unwinders are loaded, both are told. The order in which libraries
 * were opened decides which of them throws, and the other does no harm. The
 * caller's lookup comes first, because the libraries of a script may be opened
 * for that script only. A file is never loaded twice, so an unwinder of the
 * process is the same one.
 *
 * The unwinder is looked for anew each time, because a process may get one
 * later, with a plug-in; that is one dlsym() for each image that has a table,
 * and where there is an unwinder one for each kind: 0.1 us if it is there and
 * 0.25 us if not (glibc 2.36, a process of five libraries). One that is linked
 * statically is not found, nor one that others have loaded RTLD_LOCAL; images
 * it does not know end its walk of the stack.
 *
 * The records are trusted, as is the code that they belong to. Nothing reads
 * them before an exception is thrown. */
#include "unwind_table.h"

#include <assert.h>
#include <dlfcn.h>

enum { LIBGCC, LIBUNWIND, N_KINDS };

static const struct {
    const char *add, *remove;
} kinds[] = {
    [LIBGCC] = {"__register_frame_info", "__deregister_frame_info"},
    [LIBUNWIND] = {"__unw_add_dynamic_eh_frame_section",
                   "__unw_remove_dynamic_eh_frame_section"},
};

static_assert(N_KINDS == sizeof(((struct image *)0)->unwinders) /
                             sizeof(struct image_unwinder),
              "a place for each");

/* libunwind's function has only the first argument; another does no harm. */
typedef void add_fn(const void *eh_frame, void *object);
typedef void *remove_fn(const void *eh_frame);

static void *find(const struct image *image, const char *name, bool *ret_is_own)
{
    void *address = NULL;

    if (image->find_unwinder)
        address = image->find_unwinder(image->find_context, name);
    *ret_is_own = address != NULL;
    return address ? address : dlsym(RTLD_DEFAULT, name);
}

void unwind_table_register(struct image *image)
{
    bool ignored;

    /* Every unwinder has this function: without it, one search suffices. */
    if (!image->eh_frame || !find(image, "_Unwind_RaiseException", &ignored))
        return;
    for (int kind = 0; kind < N_KINDS; kind++) {
        struct image_unwinder unwinder;
        bool is_own;
        add_fn *add = (add_fn *)find(image, kinds[kind].add, &is_own);

        if (!add)
            continue;
        unwinder.remove = find(image, kinds[kind].remove, &unwinder.is_own);
        if (!unwinder.remove)
            continue;
        image->unwinders[kind] = unwinder;
        add(image->base + image->eh_frame, image->unwind_object);
    }
}

void unwind_table_deregister(struct image *image)
{
    for (int kind = 0; kind < N_KINDS; kind++) {
        const struct image_unwinder unwinder = image->unwinders[kind];

        image->unwinders[kind].remove = NULL;
        /* The library that had the table may have been unloaded since, and the
         * table with it. */
        if (unwinder.remove &&
            (unwinder.is_own ||
             dlsym(RTLD_DEFAULT, kinds[kind].remove) == unwinder.remove))
            ((remove_fn *)unwinder.remove)(image->base + image->eh_frame);
    }
}
