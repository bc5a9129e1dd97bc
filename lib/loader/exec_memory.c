/* Memory for an image, with as few system calls and page faults as there are
 * kinds of memory. For a small image each call and fault costs more than all
 * computation of the loader.
 *
 *   file     | cache header | ELF headers, rodata, text | relro | data |
 *   memory   | read+execute                             | rw -> r | rw   | bss
 * |
 *
 * An entry is mapped once, whole, before anything of it is read, and a little
 * beyond its end. lib/linker gives data the distance from the text in the file
 * that it has in memory (where all machines of the kind have small pages), so
 * data is where it belongs. It is made writable there, which takes its right to
 * execute, and the kernel copies the pages that are written to. So the calls of
 * a launch are mmap, mprotect (data) and mprotect (RELRO); one more mmap if
 * there is bss beyond the last page of data, and a mremap before it if there is
 * much.
 *
 * Pages that are sure to be touched are not populated in advance: the call for
 * it costs as much as three to four page faults on CPUs that handle faults
 * without leaving the virtual machine. Where they leave it, a fault costs
 * others (dlopen() among them) more than the loader, which has the fewest.
 *
 * Other images are mapped in parts: those whose segments are elsewhere in the
 * file than in memory, or that are aligned to more than a page.
 * For them memory is reserved first, which is zero and can be written to; text
 * replaces its start, and data segments the rest.
 *
 * An image given as bytes in memory is copied: its text to the reservation,
 * which is then made executable instead of writable, and its data likewise. So
 * is the text of a file that may not be executed where it lies. */
#include "exec_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "span.h"
#include "file.h"
#include "load_machine.h"

/* Address space mapped beyond the end of a file, for bss. More would more often
 * end in another table of pages, which costs 4 us to make and to free. */
enum { BSS_ROOM = 65536 };

uint64_t exec_memory_page_size(void)
{
    return getauxval(AT_PAGESZ);
}

/* Of the last system call, for size bytes. */
static enum status failed(const struct load_source *source, const char *what,
                          uint64_t size, struct error *err)
{
    return error_set_os(err, errno, "%s: %s, 0x%llx bytes", source->name, what,
                        (unsigned long long)size);
}

/* ---- Text ---- */

void exec_memory_open(const struct load_source *source, struct image *ret_image)
{
    const size_t page_size = (size_t)exec_memory_page_size();
    size_t size;
    uint8_t *head;

    if (source->fd < 0 || source->file_size == 0 ||
        source->file_size > PTRDIFF_MAX - 2 * BSS_ROOM ||
        machine_host()->page_size > page_size)
        return;
    size = (size_t)align_up(source->file_size, page_size) + BSS_ROOM;
    head = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE, source->fd, 0);
    if (head == MAP_FAILED)
        return;
    ret_image->mapping = ret_image->head = head;
    ret_image->mapping_size = ret_image->mapped_size = size;
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
        return failed(source, "reserving memory", size, err);
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
        return failed(source, "making a copy executable", end, err);
    return STATUS_OK;
}

static enum status place_text(const struct load_source *source,
                              struct image *image, struct error *err)
{
    const size_t end = text_end(source);

    if (source->fd < 0 || source->is_copied)
        return copy_text(source, image, err);
    if (mmap(image->head, end, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED,
             source->fd, 0) != MAP_FAILED)
        return STATUS_OK;
    /* A file system mounted noexec (EPERM), or a security module's verdict
     * on the file (EACCES): code may still run from a copy. */
    if (errno == EPERM || errno == EACCES)
        return copy_text(source, image, err);
    return failed(source, "mapping text", end, err);
}

/* Whether an open file is where its image can stay, or now is. */
static bool make_fit(const struct load_source *source, struct image *image)
{
    const size_t size = (size_t)(source->image_offset + source->image_span);
    void *moved = image->head;

    if (!moved || source->image_align > exec_memory_page_size())
        return false;
    if (size <= image->mapped_size)
        return true;
    moved = mremap(moved, image->mapped_size, size, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED)
        return false;
    image->mapping = image->head = moved;
    image->mapping_size = image->mapped_size = size;
    return true;
}

/* An open file shows more than the image if it has debug information. */
static void use_open_file(const struct load_source *source, struct image *image)
{
    const size_t end = (size_t)(source->image_offset + source->image_span);

    if (image->mapped_size - end > 2 * BSS_ROOM &&
        munmap(image->head + end, image->mapped_size - end) == 0)
        image->mapping_size = image->mapped_size = end;
    image->base = image->head + source->image_offset;
    image->span = source->image_span;
    image->text_span = source->text_span;
    image->image_size = source->image_size;
}

enum status exec_memory_map(const struct load_source *source,
                            struct image *image, struct error *err)
{
    enum status status;

    if (make_fit(source, image)) {
        use_open_file(source, image);
        return STATUS_OK;
    }
    exec_memory_unmap(image);
    *image = (struct image){0};
    status = reserve(source, image, err);
    return status ? status : place_text(source, image, err);
}

/* ---- Data ---- */

/* Image address behind the last page of the file's mapping, or 0. */
static uint64_t mapped_end(const struct load_source *source,
                           const struct image *image)
{
    return image->mapped_size ? image->mapped_size - source->image_offset : 0;
}

static enum status protect(const struct load_source *source,
                           const struct image *image, struct image_range pages,
                           int access, struct error *err)
{
    if (mprotect(image->base + pages.address, (size_t)pages.size, access))
        return failed(source, "making data read-only or writable", pages.size,
                      err);
    return STATUS_OK;
}

static bool is_mapped(const struct load_source *source,
                      const struct image *image,
                      const struct image_segment *segment)
{
    return segment->file_offset == segment->address &&
           segment->address + segment->file_size <= mapped_end(source, image);
}

static enum status map_segment(const struct load_source *source,
                               const struct image *image,
                               const struct image_segment *segment,
                               struct image_range pages, struct error *err)
{
    const uint64_t in_page = segment->address - pages.address;

    if (mmap(image->base + pages.address, (size_t)pages.size,
             segment->writable ? PROT_READ | PROT_WRITE : PROT_READ,
             MAP_PRIVATE | MAP_FIXED, source->fd,
             (off_t)(source->image_offset + segment->file_offset - in_page)) ==
        MAP_FAILED)
        return failed(source, "mapping data", pages.size, err);
    return STATUS_OK;
}

/* pages: those of the file's bytes. */
static enum status fill_pages(const struct load_source *source,
                              const struct image *image,
                              const struct image_segment *segment,
                              struct image_range pages, struct error *err)
{
    const uint64_t file_end = segment->address + segment->file_size;
    const uint64_t end = pages.address + pages.size;
    enum status status = STATUS_OK;

    if (source->fd >= 0 && !is_mapped(source, image, segment))
        status = map_segment(source, image, segment, pages, err);
    else if (source->fd < 0)
        memcpy(image->base + segment->address,
               source->bytes + source->image_offset + segment->file_offset,
               (size_t)segment->file_size);
    if (status == STATUS_OK && !segment->writable)
        status = protect(source, image, pages, PROT_READ, err);
    /* The last page of the file's bytes goes on with what follows in the
     * file. That page is left alone, and so not copied, if there is no bss. */
    if (status == STATUS_OK && segment->memory_size > segment->file_size)
        memset(image->base + file_end, 0, (size_t)(end - file_end));
    return status;
}

/* Bss from a page on: what is mapped there of the file is not its. end: of the
 * memory to clear; to the end of the mapping leaves one piece less of it. */
static enum status clear_pages(const struct load_source *source,
                               const struct image *image, uint64_t start,
                               uint64_t end, struct error *err)
{
    if (end > mapped_end(source, image))
        end = mapped_end(source, image);
    if (start >= end)
        return STATUS_OK;
    if (mmap(image->base + start, (size_t)(end - start), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE, -1,
             0) == MAP_FAILED)
        return failed(source, "mapping zeros", end - start, err);
    return STATUS_OK;
}

static enum status fill_segment(const struct load_source *source,
                                const struct image *image,
                                const struct image_view *view,
                                const struct image_segment *segment,
                                struct error *err)
{
    const uint64_t start = align_down(segment->address, view->page_size);
    const bool is_last = segment == &view->segments[view->n_segments - 1];
    const uint64_t memory_end = segment->address + segment->memory_size;
    const uint64_t end =
        is_last ? UINT64_MAX : align_up(memory_end, view->page_size);
    uint64_t zeros = start;
    enum status status = STATUS_OK;

    if (segment->file_size) {
        zeros =
            align_up(segment->address + segment->file_size, view->page_size);
        status = fill_pages(source, image, segment,
                            (struct image_range){start, zeros - start}, err);
    }
    if (status || zeros >= memory_end)
        return status;
    return clear_pages(source, image, zeros, end, err);
}

/* Relocation is sure to write to the pages of RELRO. A write as the first
 * access is one page fault, where a read before it makes two. */
static void touch_relro(const struct image *image,
                        const struct image_view *view)
{
    const struct image_range *relro = &view->relro;

    for (uint64_t page = 0; page < relro->size; page += view->page_size) {
        uint32_t *const word = (void *)(image->base + relro->address + page);
        uint32_t zero = 0;

        /* Writes what is there. (An addition of 0 becomes a read in some
         * compilers.) */
        __atomic_compare_exchange_n(word, &zero, 0, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
    }
}

enum status exec_memory_fill_data(const struct load_source *source,
                                  const struct image *image,
                                  const struct image_view *view,
                                  struct error *err)
{
    const uint64_t limit =
        align_up(source->file_size - source->image_offset, view->page_size) +
        BSS_ROOM;
    uint64_t end = mapped_end(source, image);
    enum status status = STATUS_OK;

    /* To the end of the mapping, so that this does not make three of it. But
     * much bss is not to count as memory that the system must have. */
    if (end > limit)
        end = limit;
    if (end > image->text_span && view->n_segments > 1)
        status = protect(
            source, image,
            (struct image_range){image->text_span, end - image->text_span},
            PROT_READ | PROT_WRITE, err);
    for (size_t i = 1; i < view->n_segments && !status; i++)
        status = fill_segment(source, image, view, &view->segments[i], err);
    if (status == STATUS_OK)
        touch_relro(image, view);
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
        return failed(source, "guarding branches", image->text_span, err);
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
    const uint64_t end = mapped_end(source, image);

    if (pages.size == 0)
        return STATUS_OK;
    /* No data follows: the rest of the mapping stays one piece with RELRO. */
    if (pages.address + pages.size == image->span && end > image->span)
        pages.size = end - pages.address;
    return protect(source, image, pages, PROT_READ, err);
}

void exec_memory_unmap(const struct image *image)
{
    if (image->mapping)
        munmap(image->mapping, image->mapping_size);
}
