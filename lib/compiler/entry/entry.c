/* Steps, with a file for each:
 *
 *   inputs, candidates, indexes   open files
 *   uses                          names that shared libraries take from a
 * program compile()                     bitcode to image needed the libraries
 * that the image needs this file                     all of it to a cache file
 */
#include "entry.h"

#include <string.h>

#include "clock.h"
#include "load_check.h"
#include "machine.h"
#include "candidates.h"
#include "version.h"

/* ---- The request ---- */

void entry_init(struct entry *entry)
{
    arena_init(&entry->arena);
    buffer_init(&entry->file);
}

void entry_release(struct entry *entry)
{
    indexes_end(&entry->indexes);
    compile_result_release(&entry->result);
    candidates_close(&entry->candidates);
    inputs_release(&entry->inputs);
    indexes_release(&entry->indexes);
    buffer_release(&entry->file);
    arena_release(&entry->arena);
}

/* The entry records its creator's versions as the request has them. */
static enum status check_versions(const struct request *request,
                                  struct error *err)
{
    const char *llvm = llvm_identity(machine_of_triple(request->triple));

    if (strcmp(request->libbcc_version, BCC_VERSION_STRING) != 0 ||
        strcmp(request->llvm_version, llvm) != 0)
        return error_set(err, STATUS_UNSUPPORTED,
                         "bccc %s with LLVM %s: asked by libbcc %s for LLVM %s",
                         BCC_VERSION_STRING, llvm, request->libbcc_version,
                         request->llvm_version);
    return STATUS_OK;
}

enum status entry_read(struct entry *entry, struct span message,
                       struct error *err)
{
    enum status status;

    entry->message = message;
    status = request_parse(message, &entry->arena, &entry->request,
                           &entry->identity_size, err);
    return status ? status : check_versions(&entry->request, err);
}

enum status entry_open(struct entry *entry, struct error *err)
{
    const struct request *request = &entry->request;
    struct arena *arena = &entry->arena;
    enum status status;

    status = inputs_open(&entry->inputs, request, entry->input_fds, arena, err);
    if (status)
        return status;
    status = candidates_open(request, arena, &entry->candidates, err);
    if (status)
        return status;
    entry->indexes.library_size = entry->limits->library_size;
    entry->indexes.dir_fd = entry->dir_fd;
    return indexes_open(&entry->indexes, request, &entry->inputs, arena, err);
}

/* ---- The cache file ---- */

static struct cache_symbol *
copy_symbols(struct arena *arena, const struct link_symbol *symbols, size_t n)
{
    struct cache_symbol *rows = arena_alloc(arena, n + 1, sizeof(*rows));

    for (size_t i = 0; rows && i < n; i++)
        rows[i] = (struct cache_symbol){
            .name = symbols[i].name,
            .address = symbols[i].address,
            .size = symbols[i].size,
        };
    return rows;
}

static struct cache_import *copy_imports(const struct entry *entry,
                                         struct arena *arena)
{
    const struct compile_result *result = &entry->result;
    const struct link_result *link = &result->link;
    struct cache_import *rows =
        arena_alloc(arena, link->n_imports + 1, sizeof(*rows));

    for (size_t i = 0; rows && i < link->n_imports; i++)
        rows[i] = (struct cache_import){
            .name = link->imports[i].name,
            .flags = (link->imports[i].weak ? OBCC_IMPORT_WEAK : 0) |
                     (link->imports[i].function ? OBCC_IMPORT_FUNCTION : 0),
            .user = result->import_users[i],
            .library = entry->needed.of_import[i],
        };
    return rows;
}

static void fill_contents(const struct entry *entry,
                          struct cache_contents *contents)
{
    const struct compile_result *result = &entry->result;
    const struct link_result *link = &result->link;
    const struct script_exports *exports = &result->exports;

    *contents = (struct cache_contents){
        .sizeof_off_t = 8, /* files may have any size on all systems today */
        .sizeof_size_t = (uint8_t)link->machine->address_size,
        .sizeof_ptr_t = (uint8_t)link->machine->address_size,
        .machine = link->machine->elf_machine,
        .context_align = link->machine->page_size,
        .image_span = link->span,
        .image_align = link->align,
        .text_span = link->text_span,
        .tier = result->is_baseline ? OBCC_TIER_BASELINE : OBCC_TIER_BEST,
        .cpu_features = result->cpu_features,
        .identity = {entry->message.data, entry->identity_size},
        .n_dependencies = entry->inputs.n_inputs,
        .n_imports = link->n_imports,
        .export_vars = exports->vars,
        .n_export_vars = exports->n_vars,
        .export_funcs = exports->funcs,
        .n_export_funcs = exports->n_funcs,
        .export_foreachs = exports->foreachs,
        .n_export_foreachs = exports->n_foreachs,
        .pragmas = exports->pragmas,
        .n_pragmas = exports->n_pragmas,
        .functions = result->functions,
        .n_functions = result->n_functions,
        .n_funcs = link->n_functions,
        .n_vars = link->n_objects,
        .object_slots = exports->object_slots,
        .n_object_slots = exports->n_object_slots,
        .needed = entry->needed.library,
        .n_needed = entry->needed.n_libraries,
        .context = buffer_span(&link->image),
        .debug = buffer_span(&link->debug),
    };
}

static enum status write_file(struct entry *entry, struct error *err)
{
    const struct link_result *link = &entry->result.link;
    struct cache_dependency *dependencies = arena_alloc(
        &entry->arena, entry->inputs.n_inputs, sizeof(*dependencies));
    struct cache_contents contents;
    enum status status;

    fill_contents(entry, &contents);
    contents.dependencies = dependencies;
    contents.imports = copy_imports(entry, &entry->arena);
    contents.funcs =
        copy_symbols(&entry->arena, link->functions, link->n_functions);
    contents.vars = copy_symbols(&entry->arena, link->objects, link->n_objects);
    if (!dependencies || !contents.imports || !contents.funcs || !contents.vars)
        return error_no_memory(err);
    status = inputs_settle(&entry->inputs, dependencies, err);
    if (status)
        return status;
    status = cache_write(&contents, &entry->file, err);
    if (status)
        return status;
    status = file_write_all(entry->output_fd, buffer_span(&entry->file),
                            "cache file", err);
    if (status)
        return status;
    /* The host syncs the file before it publishes it. It is synced here, too,
     * while the lock beats: a disk may take longer than waiters are patient. */
    return file_sync(entry->output_fd, "cache file", err);
}

/* ---- The image ---- */

/* An image that no launch could load is refused here, where the message can
 * name the input. */
static enum status check_image(const struct entry *entry, struct error *err)
{
    const struct link_result *link = &entry->result.link;
    const struct load_check_image image = {
        .name = entry->request.inputs[0].name,
        .bytes = buffer_span(&link->image),
        .span = link->span,
        .text_span = link->text_span,
    };
    struct error why;

    /* The loader in this process is for this machine only. */
    if (link->machine->elf_machine != machine_host()->elf_machine ||
        load_check(&image, &why) == STATUS_OK)
        return STATUS_OK;
    return error_set(err, STATUS_UNSUPPORTED, "%s", why.message);
}

/* ---- All of it ---- */

static enum status compile_inputs(struct entry *entry, struct error *err)
{
    const struct compile_job job = {
        .request = &entry->request,
        .inputs = entry->inputs.bytes,
        .indexes = entry->indexes.index,
        .limits = entry->limits,
        .ways = entry->ways,
    };
    enum status status;

    status = compile(&job, &entry->result, err);
    inputs_finish_hashing(&entry->inputs);
    if (status == STATUS_OK || !indexes_are_used(&entry->indexes))
        return status;
    /* A defect of an index must not fail a compile. */
    indexes_forget(&entry->indexes);
    return compile(&job, &entry->result, err);
}

enum status entry_make(struct entry *entry, struct reply *reply,
                       struct error *err)
{
    enum status status;
    uint64_t start;

    status = uses_find(&entry->request, &entry->candidates, &entry->arena, err);
    if (status == STATUS_OK)
        status = compile_inputs(entry, err);
    if (status)
        return status;
    reply->tier =
        entry->result.is_baseline ? OBCC_TIER_BASELINE : OBCC_TIER_BEST;
    memcpy(reply->stage_ns, entry->result.stage_ns, sizeof(reply->stage_ns));
    start = clock_monotonic_ns();
    status = check_image(entry, err);
    if (status == STATUS_OK)
        status = needed_find(&entry->candidates, &entry->result.link,
                             entry->request.inputs[0].name, &entry->arena,
                             &entry->needed, err);
    if (status == STATUS_OK)
        status = write_file(entry, err);
    if (status == STATUS_OK)
        indexes_publish(&entry->indexes, &entry->inputs);
    reply->stage_ns[REPLY_WRITE] = clock_monotonic_ns() - start;
    return status;
}
