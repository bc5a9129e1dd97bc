/* Memory for an image, in as few system calls and page faults as there are
 * kinds of memory: for a small image each of these costs more than all that
 * the loader computes.
 *
 *   file     | cache header | ELF headers, rodata, text | relro | data |
 *             \___________________________________________/  \      \
 *   memory   | read+execute, whole file and on to the span | rw -> r | rw 0 |
 *
 * The first mapping is longer than what it is for, which makes it the
 * reservation that the data segments are then put over. What it shows between
 * two segments are bytes of the file, which nobody refers to and nobody can
 * write; to hide them would cost a call for each gap. Its pages past the end
 * of the file fault when touched; image_view.c lets nothing be read outside a
 * segment.
 *
 * There are two ways to make a data segment. One maps its pages of the file
 * privately: it costs nothing for a page that is never written, and a fault
 * and a copy for one that is. The other reads it into anonymous memory: the
 * copies are made in one go, the zeros of bss come with it, and neighbours
 * can share the mapping. RELRO is read, because relocation writes to every
 * page of it, and so is data of no more than a page or two. A small image is
 * loaded in 0.6 of the time that mapping alone takes, one with 8.8 KB of data
 * in 0.85 (6,000 rounds of each in turn, Linux 6.18 in a virtual machine). */
#include "exec_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checked.h"
#include "file.h"

/* Bytes of data outside RELRO that are read and not mapped. It is also the
 * most memory that an image can use in vain, if its script never writes. */
enum { MAX_READ = 8192 };

/* Bytes of data that are taken from the first mapping, before they are hidden
 * by the second: a call less for each segment. More are read, as their pages
 * may have to be found first, which costs what a call does. */
enum { MAX_COPY = 1024 };

uint64_t exec_memory_page_size(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Returns an errno, 0 for success. */
static int map_text(int fd, const struct load_source *source,
                    struct image *ret_image)
{
    const size_t size = (size_t)(source->image_offset + source->image_span);
    size_t reserved = size;
    uint8_t *reservation = NULL;
    uint8_t *head = NULL;
    uint64_t base;
    int flags = MAP_PRIVATE;

    /* A kernel page is as aligned as most images want. Where more is asked
     * for, some place in a larger reservation has it. */
    if (source->image_align > exec_memory_page_size()) {
        reserved += source->image_align;
        reservation = mmap(NULL, reserved, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (reservation == MAP_FAILED)
            return errno;
        base = align_up((uintptr_t)reservation + source->image_offset,
                        source->image_align);
        head = (uint8_t *)(uintptr_t)(base - source->image_offset);
        flags |= MAP_FIXED;
    }
    head = mmap(head, size, PROT_READ | PROT_EXEC, flags, fd, 0);
    if (head == MAP_FAILED) {
        int saved = errno;
        if (reservation)
            munmap(reservation, reserved);
        return saved;
    }
    *ret_image = (struct image){
        .mapping = reservation ? reservation : head,
        .mapping_size = reserved,
        .head = head,
        .base = head + source->image_offset,
        .span = source->image_span,
        .image_size = source->image_size,
    };
    return 0;
}

/* The file again, in memory that no mount option of a file system covers. What
 * follows the image is for tools and never mapped. */
static enum status copy_file(const struct load_source *source, int *ret_fd,
                             struct error *err)
{
    struct file_mapping file;
    enum status status;

    status = file_map(source->fd, source->image_offset + source->image_size,
                      source->name, &file, err);
    if (status)
        return status;
    status = file_create_memory("bcc-image", file.bytes, ret_fd, err);
    file_unmap(&file);
    return status;
}

enum status exec_memory_map(const struct load_source *source,
                            struct image *ret_image, struct error *err)
{
    int os_errno = map_text(source->fd, source, ret_image);

    /* A file system mounted noexec (EPERM), or a security module's verdict
     * on the file (EACCES): code may still run from a copy. Its data can be
     * mapped from the file itself, so the copy's descriptor is not kept. */
    if (os_errno == EPERM || os_errno == EACCES) {
        int fd;
        enum status status = copy_file(source, &fd, err);

        if (status)
            return status;
        os_errno = map_text(fd, source, ret_image);
        file_close(fd);
    }
    if (os_errno)
        return error_set_os(
            err, os_errno, "%s: mapping 0x%llx bytes to execute", source->name,
            (unsigned long long)(source->image_offset + source->image_span));
    return STATUS_OK;
}

/* ---- Data ---- */

static enum status data_error(const struct load_source *source,
                              const struct image_segment *segment,
                              struct error *err)
{
    return error_set_os(err, errno,
                        "%s: mapping the segment of 0x%llx bytes at 0x%llx",
                        source->name, (unsigned long long)segment->memory_size,
                        (unsigned long long)segment->address);
}

static uint64_t page_end(const struct image_view *view,
                         const struct image_segment *segment)
{
    return align_up(segment->address + segment->memory_size, view->page_size);
}

static bool is_read(const struct image_view *view,
                    const struct image_segment *segment)
{
    const uint64_t relro_end = view->relro.address + view->relro.size;
    const uint64_t file_end = segment->address + segment->file_size;
    uint64_t start = segment->address;

    /* RELRO is the beginning of its segment, if it is in this one. */
    if (view->relro.address <= start && start < relro_end)
        start = relro_end < file_end ? relro_end : file_end;
    return segment->writable && file_end - start <= MAX_READ;
}

/* Some bytes of data, out of the way of the mapping that hides them. */
struct copy {
    uint64_t file_offset; /* from the start of the image */
    size_t size;          /* 0: nothing was copied */
    uint8_t bytes[MAX_COPY];
};

/* The file's bytes of the segments [first, end), where the first mapping shows
 * them as long as no data was put over it. */
static void copy_shown_bytes(const struct image *image,
                             const struct image_segment *segments, size_t first,
                             size_t end, struct copy *ret_copy)
{
    const uint64_t shown =
        image->mapping_size - (size_t)(image->base - image->mapping);
    uint64_t low = UINT64_MAX, high = 0;

    ret_copy->size = 0;
    for (size_t i = first; i < end; i++) {
        const uint64_t offset = segments[i].file_offset;

        if (segments[i].file_size == 0)
            continue;
        low = offset < low ? offset : low;
        if (offset + segments[i].file_size > high)
            high = offset + segments[i].file_size;
    }
    if (first > 1 || high <= low || high - low > MAX_COPY || high > shown)
        return;
    ret_copy->file_offset = low;
    ret_copy->size = (size_t)(high - low);
    memcpy(ret_copy->bytes, image->base + low, ret_copy->size);
}

static enum status read_segment(const struct load_source *source,
                                const struct image *image,
                                const struct image_segment *segment,
                                struct error *err)
{
    const size_t wanted = (size_t)segment->file_size;
    size_t got = 0;
    enum status status;

    status = file_read_at(source->fd, image->base + segment->address, wanted,
                          source->image_offset + segment->file_offset,
                          source->name, &got, err);
    if (status == STATUS_OK && got < wanted)
        return error_set(err, STATUS_CORRUPT,
                         "%s: file ends in the segment at 0x%llx", source->name,
                         (unsigned long long)segment->address);
    return status;
}

/* The segments [first, end) in one anonymous mapping. */
static enum status read_segments(const struct load_source *source,
                                 const struct image *image,
                                 const struct image_view *view, size_t first,
                                 size_t end, struct error *err)
{
    const struct image_segment *segments = view->segments;
    const uint64_t start = align_down(segments[first].address, view->page_size);
    const size_t size = (size_t)(page_end(view, &segments[end - 1]) - start);
    enum status status = STATUS_OK;
    struct copy copy;

    copy_shown_bytes(image, segments, first, end, &copy);
    if (mmap(image->base + start, size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
        return data_error(source, &segments[first], err);
    for (size_t i = first; i < end && status == STATUS_OK; i++) {
        const struct image_segment *segment = &segments[i];

        if (segment->file_size == 0)
            continue;
        if (copy.size)
            memcpy(image->base + segment->address,
                   copy.bytes + (segment->file_offset - copy.file_offset),
                   (size_t)segment->file_size);
        else
            status = read_segment(source, image, segment, err);
    }
    return status;
}

static enum status map_segment(const struct load_source *source,
                               const struct image *image,
                               const struct image_view *view,
                               const struct image_segment *segment,
                               struct error *err)
{
    const int access = segment->writable ? PROT_READ | PROT_WRITE : PROT_READ;
    const uint64_t start = align_down(segment->address, view->page_size);
    const uint64_t end = page_end(view, segment);
    const uint64_t file_end = segment->address + segment->file_size;
    /* First page without bytes of the file. is_read() has taken segments that
     * have none at all. */
    const uint64_t zeros = align_up(file_end, view->page_size);
    void *mapped;

    mapped = mmap(image->base + start, (size_t)(zeros - start), access,
                  MAP_PRIVATE | MAP_FIXED, source->fd,
                  (off_t)(source->image_offset +
                          align_down(segment->file_offset, view->page_size)));
    if (mapped != MAP_FAILED && zeros < end)
        mapped = mmap(image->base + zeros, (size_t)(end - zeros), access,
                      MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        return data_error(source, segment, err);
    /* The last page of the file's bytes goes on with what follows in the
     * file. That page is left alone, and so not copied, if there is no bss. */
    if (segment->memory_size > segment->file_size)
        memset(image->base + file_end, 0, (size_t)(zeros - file_end));
    return STATUS_OK;
}

enum status exec_memory_map_data(const struct load_source *source,
                                 const struct image *image,
                                 const struct image_view *view,
                                 struct error *err)
{
    const struct image_segment *segments = view->segments;
    enum status status = STATUS_OK;
    size_t next;

    for (size_t i = 1; i < view->n_segments && !status; i = next) {
        next = i;
        while (next < view->n_segments && is_read(view, &segments[next]))
            next++;
        if (next > i) {
            status = read_segments(source, image, view, i, next, err);
        } else {
            status = map_segment(source, image, view, &segments[i], err);
            next = i + 1;
        }
    }
    return status;
}

enum status exec_memory_protect(const struct load_source *source,
                                const struct image *image,
                                struct image_range pages, struct error *err)
{
    if (pages.size == 0)
        return STATUS_OK;
    if (mprotect(image->base + pages.address, (size_t)pages.size, PROT_READ))
        return error_set_os(err, errno, "%s: protecting relocated data",
                            source->name);
    return STATUS_OK;
}

void exec_memory_unmap(const struct image *image)
{
    if (image->mapping)
        munmap(image->mapping, image->mapping_size);
}
