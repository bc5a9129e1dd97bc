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

/* The file's pages from the first writable segment to the last. */
static void read_segments(struct span image, uint64_t image_offset,
                          struct entry *entry)
{
    const uint64_t page = 4096;
    uint64_t first = UINT64_MAX, end = 0;
    Elf64_Ehdr header;

    if (image.size < sizeof(header))
        bench_die("no image");
    memcpy(&header, image.data, sizeof(header));
    for (size_t i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr segment;

        memcpy(&segment, image.data + header.e_phoff + i * sizeof(segment),
               sizeof(segment));
        if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_W) ||
            segment.p_filesz == 0)
            continue;
        if (segment.p_offset < first)
            first = segment.p_offset;
        if (segment.p_offset + segment.p_filesz > end)
            end = segment.p_offset + segment.p_filesz;
    }
    if (first >= end)
        return;
    entry->data_offset = (image_offset + first) & ~(page - 1);
    entry->data_size = image_offset + end - entry->data_offset;
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
        status =
            cache_layout_read(head, mapping.bytes.size, path, &layout, &err);
    if (!status)
        status = cache_view_open(mapping.bytes, &layout, 0, path, &view, &err);
    if (!status) {
        read_digests(&view, &ret_entry->from);
        read_line(cache_identity(&view), "cpu", ret_entry->from.cpu,
                  sizeof(ret_entry->from.cpu));
        read_line(cache_identity(&view), "opt", ret_entry->from.opt,
                  sizeof(ret_entry->from.opt));
        ret_entry->file_size = mapping.bytes.size;
        read_segments(view.section[OBCC_CONTEXT],
                      layout.section[OBCC_CONTEXT].offset, ret_entry);
    }
    if (mapping.bytes.data)
        file_unmap(&mapping);
    return !status || bench_refuse("%s", err.message);
}
