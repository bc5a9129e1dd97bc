/* The image is laid out in memory that is never executable, and relocated there
 * by the same code as for a launch. The addresses of imports are unknown here,
 * except those of the libc functions that every script gets. */
#include "load_check.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "bind.h"
#include "exec_memory.h"
#include "image_view.h"
#include "support_routines.h"

static const char unknown[1];

/* A load_resolve_fn. */
static void *find_known(void *context, const char *name, uint32_t hash,
                        uint32_t import)
{
    void *address = support_routine_find(name, hash);

    (void)context;
    (void)import;
    return address ? address : (void *)unknown;
}

static enum status check_layout(const struct load_check_image *image,
                                uint8_t *base, struct image_view *ret_view,
                                struct error *err)
{
    const struct image_space space = {
        .base = base,
        .image_size = image->bytes.size,
        .text_span = image->text_span,
        .span = image->span,
        .page_size = exec_memory_page_size(),
    };
    const size_t text_size = image->bytes.size < image->text_span
                                 ? image->bytes.size
                                 : (size_t)image->text_span;
    enum status status;

    assert(text_size <= image->span);
    memcpy(base, image->bytes.data, text_size);
    status = image_view_read_headers(image->name, &space, ret_view, err);
    if (status)
        return status;
    for (size_t i = 1; i < ret_view->n_segments; i++) {
        const struct image_segment *segment = &ret_view->segments[i];

        if (segment->file_size)
            memcpy(base + segment->address,
                   image->bytes.data + segment->file_offset,
                   (size_t)segment->file_size);
    }
    return image_view_read_dynamic(ret_view, err);
}

static enum status check_at(const struct load_check_image *image, uint8_t *base,
                            struct error *err)
{
    const struct load_binding binding = {.resolve = find_known};
    struct image_view view;
    struct binder binder = {
        .view = &view, .binding = &binding, .unknown = unknown};
    enum status status = check_layout(image, base, &view, err);

    if (status)
        return status;
    if (view.tls.memory_size)
        status = tls_create(&view, &binder.tls, err);
    if (status == STATUS_OK)
        status = relocate(&binder, base, err);
    tls_free(binder.tls);
    return status;
}

enum status load_check(const struct load_check_image *image, struct error *err)
{
    void *base;
    enum status status;

    if (image->span > PTRDIFF_MAX)
        return error_set(err, STATUS_CORRUPT,
                         "%s: image spans 0x%llx bytes, too much to map",
                         image->name, (unsigned long long)image->span);
    base = mmap(NULL, (size_t)image->span, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (base == MAP_FAILED)
        return STATUS_OK;
    status = check_at(image, base, err);
    munmap(base, (size_t)image->span);
    return status;
}
