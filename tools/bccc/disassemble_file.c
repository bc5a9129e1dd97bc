/* `bccc disassemble FILE.oBCC`: the code of a cache entry, for people. */
#include "bccc.h"

#include <stdio.h>
#include <string.h>

#include "cache_file.h"
#include "cage.h"
#include "compile.h"
#include "machine.h"
#include "text.h"

static enum status disassemble_view(const struct cache_view *view,
                                    const char *triple, struct buffer *out,
                                    struct error *err)
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
        &(struct disassembly){
            .image = view->section[OBCC_CONTEXT],
            .triple = triple,
            .functions = functions,
            .n_functions = n_functions,
        },
        out, err);
out:
    arena_release(&arena);
    return status;
}

static void complain(const char *message)
{
    struct buffer line;

    buffer_init(&line);
    visible_append(&line, message);
    fprintf(stderr, "bccc: %.*s\n", (int)line.size, (const char *)line.data);
    buffer_release(&line);
}

int disassemble_file(const char *path)
{
    const struct machine *machine;
    struct cache_file file;
    struct error err = {0};
    struct buffer out;
    enum status status;

    buffer_init(&out);
    status = cache_file_open(path, CACHE_CHECK_ALL, &file, &err);
    if (status == STATUS_OK) {
        cage_close(-1);
        machine = machine_find(file.layout.machine);
        if (machine)
            status = disassemble_view(&file.view, machine->triple, &out, &err);
        else
            status = error_set(&err, STATUS_UNSUPPORTED,
                               "%s: no disassembler for ELF machine %u", path,
                               file.layout.machine);
        cache_file_close(&file);
    }
    if (status == STATUS_OK &&
        (fwrite(out.data, 1, out.size, stdout) != out.size ||
         fflush(stdout) != 0))
        status =
            error_set(&err, STATUS_IO, "%s: cannot write the listing", path);
    if (status)
        complain(err.message);
    buffer_release(&out);
    return status ? 1 : 0;
}
