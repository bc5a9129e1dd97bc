#include "load.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "bind.h"
#include "span.h"
#include "exec_memory.h"
#include "image_view.h"
#include "tls.h"
#include "unwind_table.h"

/* From libc: runs and forgets the handlers that were registered for dso. */
extern void __cxa_finalize(void *dso);

struct span load_prefix(const struct image *image)
{
    return (struct span){image->head, (size_t)(image->base - image->head)};
}

void *load_address(const struct image *image, uint64_t address, uint64_t size)
{
    if (size > image->span || address > image->span - size)
        return NULL;
    return image->base + address;
}

/* ---- Map ---- */

static enum status check_source(const struct load_source *source,
                                struct error *err)
{
    const uint64_t page_size = exec_memory_page_size();
    uint64_t end, reserved;

    if (source->image_offset % page_size != 0 ||
        source->image_span % page_size != 0 ||
        source->text_span % page_size != 0 || source->text_span == 0 ||
        source->text_span > source->image_span ||
        !is_power_of_two(source->image_align))
        return error_set(err, STATUS_CORRUPT,
                         "%s: image offset 0x%llx, span 0x%llx, text span "
                         "0x%llx and alignment 0x%llx do not fit pages of "
                         "0x%llx",
                         source->name, (unsigned long long)source->image_offset,
                         (unsigned long long)source->image_span,
                         (unsigned long long)source->text_span,
                         (unsigned long long)source->image_align,
                         (unsigned long long)page_size);
    if (source->image_offset > source->file_size ||
        source->image_size > source->file_size - source->image_offset)
        return error_set(err, STATUS_CORRUPT,
                         "%s: image of 0x%llx bytes at 0x%llx goes past the "
                         "end of the file at 0x%llx",
                         source->name, (unsigned long long)source->image_size,
                         (unsigned long long)source->image_offset,
                         (unsigned long long)source->file_size);
    if (!checked_add_u64(source->image_offset, source->image_span, &end) ||
        !checked_add_u64(end, source->image_align, &reserved) ||
        reserved > PTRDIFF_MAX)
        return error_set(err, STATUS_CORRUPT,
                         "%s: image spans 0x%llx bytes, too much to map",
                         source->name, (unsigned long long)source->image_span);
    return STATUS_OK;
}

void load_open(const struct load_source *source, struct image *ret_image)
{
    exec_memory_open(source, ret_image);
}

enum status load_map(const struct load_source *source, struct image *image,
                     struct error *err)
{
    enum status status = check_source(source, err);

    if (status == STATUS_OK)
        status = exec_memory_map(source, image, err);
    if (status) {
        exec_memory_unmap(image);
        *image = (struct image){0};
    }
    return status;
}

/* ---- Link ---- */

/* Map the data, and read all of the image that is needed to bind imports. */
static enum status map_data(const struct load_source *source,
                            struct image *image, struct image_view *ret_view,
                            struct error *err)
{
    const struct image_space space = {
        .base = image->base,
        .image_size = image->image_size,
        .text_span = image->text_span,
        .span = image->span,
        .page_size = exec_memory_page_size(),
    };
    enum status status;

    status = image_view_read_headers(source->name, &space, ret_view, err);
    if (status == STATUS_OK)
        status = exec_memory_guard_text(source, image, ret_view, err);
    if (status == STATUS_OK)
        status = exec_memory_fill_data(source, image, ret_view, err);
    if (status == STATUS_OK)
        status = image_view_read_dynamic(ret_view, err);
    return status;
}

static enum status bind_and_relocate(struct image *image,
                                     const struct image_view *view,
                                     const struct load_binding *binding,
                                     struct error *err)
{
    struct binder binder = {
        .view = view, .binding = binding, .tls = image->tls};
    enum status status = relocate(&binder, image->base, err);

    if (status)
        return status;
    image->registers_at_exit = binder.registers_at_exit;
    if (image->tls)
        status = tls_prepare(image->tls, view->name, err);
    if (status == STATUS_OK && binder.registers_at_thread_exit)
        status = thread_exit_create(image->base, &image->exits, err);
    return status;
}

enum status load_link(const struct load_source *source, struct image *image,
                      const struct load_binding *binding, struct error *err)
{
    struct image_view view;
    enum status status;

    assert(image->mapping);
    status = map_data(source, image, &view, err);
    if (status)
        return status;
    if (view.tls.memory_size)
        status = tls_create(&view, &image->tls, err);
    if (status == STATUS_OK)
        status = bind_and_relocate(image, &view, binding, err);
    if (status == STATUS_OK)
        status = exec_memory_protect(source, image, view.relro, err);
    if (status)
        return status;
    image->init_array = view.init_array.address;
    image->init_array_size = view.init_array.size;
    image->fini_array = view.fini_array.address;
    image->fini_array_size = view.fini_array.size;
    image->eh_frame = view.eh_frame;
    image->exidx = view.exidx.address;
    image->exidx_size = view.exidx.size;
    return STATUS_OK;
}

/* ---- Start and stop ---- */

void load_start(struct image *image)
{
    typedef void constructor(int argc, char **argv, char **envp);
    constructor *const *entry = (const void *)(image->base + image->init_array);
    const size_t n_entries = image->init_array_size / sizeof(*entry);
    /* Constructors may keep it, so it lives as long as the process does. */
    static char *const no_arguments[] = {NULL};
    char **argv = image->argv ? image->argv : (char **)no_arguments;

    assert(!image->started);
    image->started = true;
    if (!image->is_known_to_unwinders)
        unwind_table_register(image);
    for (size_t i = 0; i < n_entries; i++)
        entry[i](image->argc, argv, environ);
}

void load_stop(struct image *image)
{
    typedef void destructor(void);
    destructor *const *entry = (const void *)(image->base + image->fini_array);

    if (!image->started)
        return;
    image->started = false;
    thread_exit_run(image->exits);
    /* lib/linker defines __dso_handle at image address 0. */
    if (image->registers_at_exit)
        __cxa_finalize(image->base);
    for (size_t i = image->fini_array_size / sizeof(*entry); i > 0; i--)
        entry[i - 1]();
    unwind_table_deregister(image);
}

void load_release(struct image *image)
{
    unwind_table_deregister(image);
    thread_exit_release(image);
    memset(image, 0, sizeof(*image));
}
