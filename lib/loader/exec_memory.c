/* Memory for an image, with as few system calls and page faults as there are
 * kinds of memory. For a small image each call and fault costs more than all
 * computation of the loader.
 *
 *   file     | cache header | ELF headers, rodata, text | relro | data |
 *             \___________________________________________/ \       \
 *   memory   | read+execute, mapped from the file        | rw -> r | rw, 0 |
 *            |<--------------- reserved first, read+write --------------->|
 *
 * The reservation is already usable memory. Data segments are written into it,
 * bss is part of it, and the gaps between segments are zeros that nothing
 * refers to. The mapping of the text replaces its start. (The other order, file
 * first and memory over its end, takes 1.3 us longer of 19, because the kernel
 * then splits a mapping that belongs to a file.)
 *
 * There are two ways to fill a data segment. One maps the pages of the file
 * privately: a page that is never written costs nothing, and a page that is
 * written costs a fault and a copy. Relocation is sure to write to the pages of
 * RELRO, so they are populated in advance with one call instead of a fault
 * each. The other way copies the bytes, from the mapping of the text, if the
 * data fits in one page.
 *
 * An image given as bytes in memory is copied: its text to the reservation,
 * which is then made executable instead of writable, and its data likewise. So
 * is the text of a file that may not be executed where it lies.
 *
 * No fault that is sure to happen is left to happen: the start of the file,
 * which is read here, and pages that are written are populated in advance
 * (MAP_POPULATE, MADV_POPULATE_*). This takes a third of the time where
 * each exception exits a virtual machine. Linux before 5.14 rejects
 * MADV_POPULATE_*, and the pages fault. */
#include "exec_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "span.h"
#include "file.h"
#include "load_machine.h"

/* Known to the C library from glibc 2.35 on. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Bytes of data outside RELRO whose pages are made at once. It is also the most
 * memory that an image can use in vain, if its script never writes. */
enum { MAX_EAGER = 8192 };

/* So much of the file is asked for at once, which is what a fault would bring
 * in. Bytes of data as near as that can be copied from where text shows them;
 * further on that costs a page fault. */
enum { MAPPED_AT_ONCE = 65536 };

uint64_t exec_memory_page_size(void)
{
    return getauxval(AT_PAGESZ);
}

/* End of the text, in bytes from the start of the file. */
static size_t text_end(const struct load_source *source)
{
    return (size_t)(source->image_offset + source->text_span);
}

static enum status reserve(const struct load_source *source,
                           struct image *ret_image, struct error *err)
{
    size_t size = (size_t)(source->image_offset + source->image_span);
    uint8_t *reservation;
    uint64_t base;

    /* A kernel page is as aligned as most images want. Where more is asked
     * for, some place in a larger reservation has it. */
    if (source->image_align > exec_memory_page_size())
        size += source->image_align;
    reservation = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reservation == MAP_FAILED)
        return error_set_os(err, errno, "%s: reserving 0x%llx bytes",
                            source->name, (unsigned long long)size);
    base = align_up((uintptr_t)reservation + source->image_offset,
                    source->image_align);
    *ret_image = (struct image){
        .mapping = reservation,
        .mapping_size = size,
        .head = (uint8_t *)(uintptr_t)(base - source->image_offset),
        .base = (uint8_t *)(uintptr_t)base,
        .span = source->image_span,
        .text_span = source->text_span,
        .image_size = source->image_size,
    };
    return STATUS_OK;
}

/* Returns an errno, 0 for success. */
static int map_text(const struct load_source *source, const struct image *image)
{
    const size_t end = text_end(source);
    const int eager = end <= MAPPED_AT_ONCE ? MAP_POPULATE : 0;

    if (mmap(image->head, end, PROT_READ | PROT_EXEC,
             MAP_PRIVATE | MAP_FIXED | eager, source->fd, 0) == MAP_FAILED)
        return errno;
    if (!eager)
        madvise(image->head, MAPPED_AT_ONCE, MADV_POPULATE_READ);
    return 0;
}

/* Copy the text to the reservation, which is writable now and executable
 * afterwards. The file may end before the text's last page does. */
static enum status copy_text(const struct load_source *source,
                             const struct image *image, struct error *err)
{
    const size_t end = text_end(source);
    enum status status = STATUS_OK;
    size_t size = end;

    if (source->fd >= 0)
        status =
            file_read_at(source->fd, (struct file_target){image->head, end}, 0,
                         source->name, &size, err);
    else
        memcpy(image->head, source->bytes,
               end < source->file_size ? end : (size_t)source->file_size);
    if (status)
        return status;
    /* For machines with a separate instruction cache. The kernel keeps that of
     * a mapped file's pages. */
    __builtin___clear_cache((char *)image->head, (char *)image->head + end);
    if (mprotect(image->head, end, PROT_READ | PROT_EXEC))
        return error_set_os(err, errno, "%s: making a copy executable",
                            source->name);
    return STATUS_OK;
}

static enum status place_text(const struct load_source *source,
                              const struct image *image, struct error *err)
{
    int os_errno;

    if (source->fd < 0)
        return copy_text(source, image, err);
    os_errno = map_text(source, image);
    /* A file system mounted noexec (EPERM), or a security module's verdict
     * on the file (EACCES): code may still run from a copy. */
    if (os_errno == EPERM || os_errno == EACCES)
        return copy_text(source, image, err);
    if (os_errno)
        return error_set_os(err, os_errno,
                            "%s: mapping 0x%llx bytes to execute", source->name,
                            (unsigned long long)text_end(source));
    return STATUS_OK;
}

enum status exec_memory_map(const struct load_source *source,
                            struct image *ret_image, struct error *err)
{
    struct image image;
    enum status status = reserve(source, &image, err);

    if (status)
        return status;
    status = place_text(source, &image, err);
    if (status)
        exec_memory_unmap(&image);
    else
        *ret_image = image;
    return status;
}

/* ---- Data ---- */

/* Whether all the segment's bytes of the file are to be in private memory: but
 * for a little they are RELRO. */
static bool is_eager(const struct image_view *view,
                     const struct image_segment *segment)
{
    const uint64_t relro_end = view->relro.address + view->relro.size;
    const uint64_t file_end = segment->address + segment->file_size;
    uint64_t start = segment->address;

    /* RELRO is the beginning of its segment, if it is in this one. */
    if (view->relro.address <= start && start < relro_end)
        start = relro_end < file_end ? relro_end : file_end;
    return segment->writable && file_end - start <= MAX_EAGER;
}

static bool is_on_one_page(const struct image_view *view,
                           const struct image_segment *segment)
{
    return align_down(segment->address, view->page_size) ==
           align_down(segment->address + segment->file_size - 1,
                      view->page_size);
}

/* Whether the segment's bytes of the file are in the last pages of the text's
 * mapping, which do not end where the text does, and near. */
static bool is_shown(const struct load_source *source,
                     const struct image_segment *segment)
{
    const uint64_t end = segment->file_offset + segment->file_size;

    return end <= source->text_span &&
           source->image_offset + end <= MAPPED_AT_ONCE;
}

static bool is_copied(const struct load_source *source,
                      const struct image_view *view,
                      const struct image_segment *segment)
{
    return segment->file_size > 0 && is_eager(view, segment) &&
           is_on_one_page(view, segment) && is_shown(source, segment);
}

static void populate(const struct image *image, uint64_t start, uint64_t end)
{
    if (end > start)
        madvise(image->base + start, (size_t)(end - start),
                MADV_POPULATE_WRITE);
}

/* RELRO and data are neighbours: both pages in one call. */
static void populate_copied(const struct load_source *source,
                            const struct image *image,
                            const struct image_view *view)
{
    uint64_t start = 0, end = 0;

    for (size_t i = 1; i < view->n_segments; i++) {
        const uint64_t page =
            align_down(view->segments[i].address, view->page_size);

        if (!is_copied(source, view, &view->segments[i]))
            continue;
        if (page != end) {
            populate(image, start, end);
            start = page;
        }
        end = page + view->page_size;
    }
    populate(image, start, end);
}

static enum status copy_segment(const struct load_source *source,
                                const struct image *image,
                                const struct image_view *view,
                                const struct image_segment *segment,
                                struct error *err)
{
    const uint64_t start = align_down(segment->address, view->page_size);
    const uint64_t end = segment->address + segment->file_size;

    memcpy(image->base + segment->address,
           source->bytes + source->image_offset + segment->file_offset,
           (size_t)segment->file_size);
    if (segment->writable)
        return STATUS_OK;
    return exec_memory_protect(
        source, image,
        (struct image_range){start, align_up(end, view->page_size) - start},
        err);
}

static enum status map_segment(const struct load_source *source,
                               const struct image *image,
                               const struct image_view *view,
                               const struct image_segment *segment,
                               struct error *err)
{
    const int access = segment->writable ? PROT_READ | PROT_WRITE : PROT_READ;
    const int eager = is_eager(view, segment) ? MAP_POPULATE : 0;
    const uint64_t start = align_down(segment->address, view->page_size);
    const uint64_t file_end = segment->address + segment->file_size;
    const uint64_t zeros = align_up(file_end, view->page_size);

    if (mmap(image->base + start, (size_t)(zeros - start), access,
             MAP_PRIVATE | MAP_FIXED | eager, source->fd,
             (off_t)(source->image_offset +
                     align_down(segment->file_offset, view->page_size))) ==
        MAP_FAILED)
        return error_set_os(
            err, errno, "%s: mapping the segment of 0x%llx bytes at 0x%llx",
            source->name, (unsigned long long)segment->memory_size,
            (unsigned long long)segment->address);
    /* The last page of the file's bytes goes on with what follows in the
     * file. That page is left alone, and so not copied, if there is no bss. */
    if (segment->memory_size > segment->file_size)
        memset(image->base + file_end, 0, (size_t)(zeros - file_end));
    return STATUS_OK;
}

enum status exec_memory_fill_data(const struct load_source *source,
                                  const struct image *image,
                                  const struct image_view *view,
                                  struct error *err)
{
    enum status status = STATUS_OK;

    populate_copied(source, image, view);
    for (size_t i = 1; i < view->n_segments && !status; i++) {
        const struct image_segment *segment = &view->segments[i];

        if (is_copied(source, view, segment))
            memcpy(image->base + segment->address,
                   image->base + segment->file_offset, segment->file_size);
        else if (segment->file_size > 0 && source->fd < 0)
            status = copy_segment(source, image, view, segment, err);
        else if (segment->file_size > 0)
            status = map_segment(source, image, view, segment, err);
    }
    return status;
}

enum status exec_memory_guard_text(const struct load_source *source,
                                   const struct image *image,
                                   const struct image_view *view,
                                   struct error *err)
{
#ifdef MACHINE_PROPERTY
    const int access = machine_code_access(view->features);

    if (access && mprotect(image->base, (size_t)image->text_span,
                           PROT_READ | PROT_EXEC | access))
        return error_set_os(err, errno, "%s: guarding the text's branches",
                            source->name);
#else
    (void)source;
    (void)image;
    (void)view;
    (void)err;
#endif
    return STATUS_OK;
}

enum status exec_memory_protect(const struct load_source *source,
                                const struct image *image,
                                struct image_range pages, struct error *err)
{
    if (pages.size == 0)
        return STATUS_OK;
    if (mprotect(image->base + pages.address, (size_t)pages.size, PROT_READ))
        return error_set_os(err, errno, "%s: making data read-only",
                            source->name);
    return STATUS_OK;
}

void exec_memory_unmap(const struct image *image)
{
    if (image->mapping)
        munmap(image->mapping, image->mapping_size);
}
