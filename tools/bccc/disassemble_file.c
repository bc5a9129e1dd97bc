/* `bccc disassemble FILE.oBCC`: the code of a cache entry, for people. */
#include "bccc.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "cache_read.h"
#include "cage.h"
#include "compile.h"
#include "file.h"

static const char *triple_of(unsigned machine)
{
    switch (machine) {
    case EM_AARCH64:
        return "aarch64-linux-gnu";
    case EM_ARM:
        return "armv7-linux-gnueabihf";
    default:
        return "x86_64-linux-gnu";
    }
}

static enum status disassemble_view(const struct cache_view *view,
                                    const struct cache_layout *layout,
                                    struct buffer *out, struct error *err)
{
    uint32_t n_functions = cache_count(view, OBCC_FUNC_TABLE);
    struct link_symbol *functions;
    struct arena arena;
    enum status status;

    arena_init(&arena);
    functions =
        arena_alloc(&arena, (size_t)n_functions + 1, sizeof(*functions));
    if (!functions) {
        status = error_no_memory(err);
        goto out;
    }
    for (uint32_t i = 0; i < n_functions; i++) {
        const struct obcc_symbol *row =
            cache_symbol_at(view, OBCC_FUNC_TABLE, i);
        functions[i] = (struct link_symbol){
            .name = cache_string(view, obcc_get32(row->name)),
            .address = obcc_get64(row->address),
            .size = obcc_get64(row->size),
        };
    }
    status = compile_disassemble(
        view->section[OBCC_CONTEXT], view->section[OBCC_CONTEXT].size,
        triple_of(layout->machine), "", functions, n_functions, out, err);
out:
    arena_release(&arena);
    return status;
}

static enum status disassemble_bytes(struct span bytes, const char *path,
                                     struct buffer *out, struct error *err)
{
    struct span head = bytes;
    struct cache_layout layout;
    struct cache_view view;
    enum status status;

    if (head.size > CACHE_HEAD_SIZE)
        head.size = CACHE_HEAD_SIZE;
    status = cache_layout_read(head, bytes.size, path, &layout, err);
    if (status)
        return status;
    status = cache_view_open(bytes, &layout, CACHE_CHECK_ALL, path, &view, err);
    if (status)
        return status;
    return disassemble_view(&view, &layout, out, err);
}

int disassemble_file(const char *path)
{
    struct file_mapping mapping = {{NULL, 0}};
    struct error err = {0};
    struct buffer out;
    enum status status;
    struct stat st;
    int fd = -1;

    buffer_init(&out);
    status = file_open(path, &fd, &st, &err);
    if (status)
        goto out;
    status = file_map(fd, (uint64_t)st.st_size, path, &mapping, &err);
    if (status)
        goto out;
    cage_close(-1);
    status = disassemble_bytes(mapping.bytes, path, &out, &err);
    if (status)
        goto out;
    if (fwrite(out.data, 1, out.size, stdout) != out.size ||
        fflush(stdout) != 0)
        status =
            error_set(&err, STATUS_IO, "%s: cannot write the listing", path);
out:
    if (status)
        fprintf(stderr, "bccc: %s\n", err.message);
    if (mapping.bytes.data)
        file_unmap(&mapping);
    file_close(fd);
    buffer_release(&out);
    return status ? 1 : 0;
}
