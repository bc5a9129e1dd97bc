#include "entry_files.h"

#include <link.h>
#include <string.h>

#include "symbol_file.h"

/* The image address of .eh_frame, from the head of .eh_frame_hdr, in which
 * lib/linker always uses these encodings (LSB, "Exception Frame Header"); 0:
 * none. */
static uint64_t find_eh_frame(struct span image, uint64_t table)
{
    static const uint8_t encodings[] = {1, 0x1b}; /* version; pcrel, 4 bytes */
    struct span head;
    int32_t distance;

    if (!span_slice(image, table, 8, &head) ||
        memcmp(head.data, encodings, sizeof(encodings)) != 0)
        return 0;
    memcpy(&distance, head.data + 4, sizeof(distance));
    return table + 4 + (uint64_t)(int64_t)distance;
}

static uint64_t find_unwind_table(struct span image)
{
    ElfW(Ehdr) header;
    struct span rows;

    memcpy(&header, image.data, sizeof(header));
    if (!span_slice(image, header.e_phoff,
                    header.e_phnum * (uint64_t)sizeof(ElfW(Phdr)), &rows))
        return 0;
    for (size_t i = 0; i < header.e_phnum; i++) {
        ElfW(Phdr) row;

        memcpy(&row, rows.data + i * sizeof(row), sizeof(row));
        if (row.p_type == PT_GNU_EH_FRAME)
            return find_eh_frame(image, row.p_vaddr);
    }
    return 0;
}

enum status function_names_make(const struct cache_file *file, const char *name,
                                struct buffer *ret_made, struct error *err)
{
    const struct span image = file->view.section[OBCC_CONTEXT];
    struct symbol_source source = {
        .text = image,
        .view = &file->view,
    };

    buffer_init(ret_made);
    if (file->layout.sizeof_ptr_t != sizeof(void *))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: has no debug information", name);
    if (image.size < sizeof(ElfW(Ehdr)))
        return error_set(err, STATUS_CORRUPT, "%s: its image is too small",
                         name);
    source.eh_frame = find_unwind_table(image);
    return symbol_file_from_table(&source, ret_made) ? STATUS_OK
                                                     : error_no_memory(err);
}

bool function_names_have(const char *path, const char *name)
{
    struct cache_file file;
    bool found;

    if (cache_file_open(path, CACHE_CHECK_ALL, &file, NULL))
        return false;
    found = cache_find_symbol(&file.view, OBCC_FUNC_TABLE, name) != NULL;
    cache_file_close(&file);
    return found;
}
