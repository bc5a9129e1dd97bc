/* Cache files, read with the library's own reader. */
#include <elf.h>
#include <string.h>

#include "artefact.h"
#include "cache_read.h"
#include "file.h"

static void read_digests(const struct cache_view *view, struct provenance *from)
{
    const uint32_t n = cache_count(view, OBCC_DEPENDENCY_TABLE);

    if (n > MAX_ORIGINS)
        bench_die("too many inputs");
    for (uint32_t i = 0; i < n; i++) {
        const struct obcc_dependency *dependency = cache_dependency_at(view, i);

        for (size_t j = 0; j < sizeof(dependency->sha1); j++)
            snprintf(from->origin[i] + 2 * j, 3, "%02x", dependency->sha1[j]);
    }
    from->n_origins = n;
}

/* The value of a line "name=value" of the identity. */
static void read_line(struct span identity, const char *name, char *ret_value,
                      size_t size)
{
    const char *at = (const char *)identity.data;
    const char *const end = at + identity.size;
    const size_t length = strlen(name);

    *ret_value = '\0';
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        newline = newline ? newline : end;
        if ((size_t)(newline - at) > length && at[length] == '=' &&
            memcmp(at, name, length) == 0)
            snprintf(ret_value, size, "%.*s", (int)(newline - at - length - 1),
                     at + length + 1);
        at = newline + 1;
    }
}

enum { PAGE = 4096 };

static uint64_t page_of(uint64_t offset)
{
    return offset & ~(uint64_t)(PAGE - 1);
}

static uint64_t pages_to(uint64_t offset)
{
    return page_of(offset + PAGE - 1);
}

static void read_segment(const Elf64_Phdr *segment, uint64_t image_offset,
                         struct entry *entry)
{
    const uint64_t offset = image_offset + segment->p_offset;
    const uint64_t file_end = pages_to(offset + segment->p_filesz);

    if (segment->p_type == PT_GNU_RELRO) {
        entry->relro_offset = page_of(offset);
        entry->relro_size =
            pages_to(offset + segment->p_filesz) - entry->relro_offset;
    }
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_W))
        return;
    if (pages_to(offset + segment->p_memsz) > file_end)
        entry->bss_size = pages_to(offset + segment->p_memsz) - file_end;
    if (segment->p_filesz == 0)
        return;
    if (entry->data_size == 0)
        entry->data_offset = page_of(offset);
    entry->data_size = file_end - entry->data_offset;
}

static void read_segments(struct span image, uint64_t image_offset,
                          struct entry *entry)
{
    Elf64_Ehdr header;

    if (image.size < sizeof(header))
        bench_die("no image");
    memcpy(&header, image.data, sizeof(header));
    for (size_t i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr segment;

        memcpy(&segment, image.data + header.e_phoff + i * sizeof(segment),
               sizeof(segment));
        read_segment(&segment, image_offset, entry);
    }
}

bool entry_read(const char *path, struct entry *ret_entry)
{
    struct file_mapping mapping = {{NULL, 0}};
    struct cache_layout layout;
    struct cache_view view;
    struct error err = {0};
    enum status status;
    struct stat st;
    struct span head;
    int fd = -1;

    memset(ret_entry, 0, sizeof(*ret_entry));
    status = file_open(path, &fd, &st, &err);
    if (!status)
        status = file_map(fd, (uint64_t)st.st_size, path, &mapping, &err);
    file_close(fd);
    head = mapping.bytes;
    if (head.size > CACHE_HEAD_SIZE)
        head.size = CACHE_HEAD_SIZE;
    if (!status)
        status = cache_layout_read(head, mapping.bytes.size, false, path,
                                   &layout, &err);
    if (!status)
        status = cache_view_open(mapping.bytes, &layout, 0, path, &view, &err);
    if (!status) {
        read_digests(&view, &ret_entry->from);
        read_line(cache_identity(&view), "cpu", ret_entry->from.cpu,
                  sizeof(ret_entry->from.cpu));
        read_line(cache_identity(&view), "opt", ret_entry->from.opt,
                  sizeof(ret_entry->from.opt));
        ret_entry->file_size = mapping.bytes.size;
        ret_entry->n_imports = cache_count(&view, OBCC_RELOCATION_TABLE);
        read_segments(view.section[OBCC_CONTEXT],
                      layout.section[OBCC_CONTEXT].offset, ret_entry);
    }
    if (mapping.bytes.data)
        file_unmap(&mapping);
    return !status || bench_refuse("%s", err.message);
}
