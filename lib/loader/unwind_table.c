/* An unwinder (libgcc_s) finds the unwind table of an address by asking the
 * C library which file is mapped there. It does not know images; for code like
 * theirs it keeps a list, which it asks first:
 *
 *   __register_frame_info(first record of .eh_frame, 8 words for its use)
 *   __deregister_frame_info(the same)
 *
 * It reads the records up to an end mark, which lib/linker writes, and from
 * libgcc 13 on it does so at once, to learn which addresses they cover; before
 * that it only links the 8 words, and sorts the records when the first
 * exception is thrown. The words are those of crtstuff.c, whose frames every
 * libgcc must take.
 *
 * As long as an image is registered, each exception of the process takes the
 * list's lock. To deregister is to look through the list, the newest first:
 * that is felt with thousands of images, in processes that have an unwinder.
 *
 * The unwinder is looked for anew each time, because a process may get one
 * later, with a plug-in; that is one dlsym() for each image that has a table,
 * 0.1 us if it is there and 0.25 us if not (glibc 2.36, a process of five
 * libraries). One that is loaded RTLD_LOCAL or linked statically is not found,
 * and images it does not know end its walk of the stack. LLVM's libunwind has
 * no function of this kind: none that takes a whole table.
 *
 * The records are believed, as the code is that they belong to: nobody reads
 * them before an exception does. */
#include "unwind_table.h"

#include <dlfcn.h>

typedef void register_fn(const void *eh_frame, void *object);
typedef void *deregister_fn(const void *eh_frame);

void unwind_table_register(struct image *image)
{
    register_fn *add;

    if (!image->eh_frame)
        return;
    add = (register_fn *)dlsym(RTLD_DEFAULT, "__register_frame_info");
    if (!add)
        return;
    image->unwinder = dlsym(RTLD_DEFAULT, "__deregister_frame_info");
    if (!image->unwinder)
        return;
    add(image->base + image->eh_frame, image->unwind_object);
}

void unwind_table_deregister(struct image *image)
{
    void *unwinder = image->unwinder;

    /* The library that had it may have been unloaded since, list and all. */
    if (unwinder && dlsym(RTLD_DEFAULT, "__deregister_frame_info") == unwinder)
        ((deregister_fn *)unwinder)(image->base + image->eh_frame);
    image->unwinder = NULL;
}
