/* Calls the passes of passes.h in their order. */
#include "link_image.h"

#include "passes.h"
#include "span.h"

static void init(struct link *link, const struct link_params *params,
                 struct link_result *result)
{
    *link = (struct link){.params = params, .result = result};
    arena_init(&link->arena);
    name_map_init(&link->groups);
    name_map_init(&link->symbols);
    name_map_init(&link->named);
}

static void release(struct link *link)
{
    struct output **outputs = LIST_ITEMS(struct output *, &link->outputs);

    for (size_t i = 0; i < LIST_COUNT(struct output *, &link->outputs); i++)
        buffer_release(&outputs[i]->chunks);
    buffer_release(&link->objects);
    buffer_release(&link->chunks);
    buffer_release(&link->debug_chunks);
    buffer_release(&link->globals);
    buffer_release(&link->boundaries);
    buffer_release(&link->imports);
    buffer_release(&link->got_slots);
    buffer_release(&link->stubs);
    buffer_release(&link->dynamic);
    buffer_release(&link->veneers);
    buffer_release(&link->pools);
    buffer_release(&link->exports);
    buffer_release(&link->rela_list);
    buffer_release(&link->relr_list);
    buffer_release(&link->outputs);
    name_map_release(&link->groups);
    name_map_release(&link->symbols);
    name_map_release(&link->named);
    arena_release(&link->arena);
}

/* ---- Passes ---- */

/* The linker's own chunks. They follow those of inputs, so that the end mark
 * of the unwind tables is the last of these. */
static enum status make_chunks(struct link *link, struct error *err)
{
    const uint64_t word = link->machine->row->address_size;
    const struct {
        struct chunk **place;
        enum rank rank;
        uint64_t align;
    } made[] = {
        {&link->properties, RANK_PROPERTIES, word},
        {&link->dynsym, RANK_DYNSYM, word},
        {&link->dynstr, RANK_DYNSTR, 1},
        {&link->hash, RANK_HASH, 8},
        {&link->rela, RANK_RELA, word},
        {&link->relr, RANK_RELR, word},
        {&link->eh_frame_hdr, RANK_EH_FRAME_HDR, 4},
        {&link->eh_frame_end, RANK_EH_FRAME, 4},
        {&link->dynamic_table, RANK_DYNAMIC, word},
        {&link->got, RANK_GOT, word},
        {&link->plt, RANK_PLT, 16},
    };

    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
        *made[i].place = outputs_new_chunk(link, made[i].rank, made[i].align);
        if (!*made[i].place)
            return error_no_memory(err);
    }
    properties_size(link);
    link->eh_frame_end->role = CHUNK_EH_FRAME;
    return buffer_failed(&link->chunks) ? error_no_memory(err) : STATUS_OK;
}

static enum status read_inputs(struct link *link, struct error *err)
{
    enum status status;

    status = sections_read(link, err);
    if (status == STATUS_OK)
        status = resolve_symbols(link, err);
    if (status == STATUS_OK)
        status = pull_members(link, err);
    if (status == STATUS_OK)
        status = resolve_commons(link, err);
    /* From here no input is added. */
    if (status == STATUS_OK)
        status = make_chunks(link, err);
    if (status == STATUS_OK)
        status = init_array_join_pieces(link, err);
    if (status == STATUS_OK)
        status = outputs_create(link, err);
    if (status == STATUS_OK)
        status = boundary_define(link, err);
    if (status == STATUS_OK)
        status = eh_frame_read(link, err);
    if (status == STATUS_OK)
        status = exidx_read(link, err);
    return status;
}

static enum status plan(struct link *link, struct error *err)
{
    enum status status;

    status = got_begin(link, err);
    if (status == STATUS_OK)
        status = scan_relocations(link, err);
    if (status == STATUS_OK)
        status = got_finish(link, err);
    /* From here no chunk is added, except for veneers, and no input section
     * changes. */
    if (status == STATUS_OK)
        status = outputs_assign(link, err);
    if (status == STATUS_OK)
        status = outputs_measure(link, err);
    if (status == STATUS_OK)
        exidx_sort(link);
    if (status == STATUS_OK)
        status = dynamic_size(link, err);
    /* From here all sizes are final, except for veneers. */
    if (status == STATUS_OK)
        status = layout_place(link, err);
    if (status == STATUS_OK)
        status = veneers_place(link, err);
    /* From here all addresses are. */
    if (status == STATUS_OK)
        boundary_set_addresses(link);
    return status;
}

static enum status write_image(struct link *link, struct error *err)
{
    enum status status;

    status = emit_begin(link, err);
    if (status == STATUS_OK)
        status = relocate_chunks(link, err);
    if (status == STATUS_OK)
        status = veneers_write(link, err);
    if (status == STATUS_OK)
        status = got_write(link, err);
    if (status == STATUS_OK)
        status = exidx_write(link, err);
    if (status == STATUS_OK)
        status = eh_frame_hdr_write(link, err);
    if (status == STATUS_OK)
        status = dynamic_write(link, err);
    if (status == STATUS_OK)
        properties_write(link);
    if (status == STATUS_OK)
        emit_headers(link);
    if (status == STATUS_OK)
        status = tables_fill(link, err);
    if (status == STATUS_OK)
        status = debug_write(link, err);
    return status;
}

enum status link_image(const struct link_params *params,
                       struct link_result *ret_result, struct error *err)
{
    struct link_result result = {.machine = NULL};
    struct link link;
    enum status status;

    if (params->n_inputs == 0)
        return error_set(err, STATUS_MISUSE, "link: no input");
    arena_init(&result.arena);
    buffer_init(&result.image);
    buffer_init(&result.debug);
    init(&link, params, &result);
    status = read_inputs(&link, err);
    if (status == STATUS_OK)
        status = plan(&link, err);
    if (status == STATUS_OK)
        status = write_image(&link, err);
    if (status == STATUS_OK) {
        result.machine = link.row;
        result.span = link.span;
        result.text_span = align_up(link.segments[SEGMENT_TEXT].memory_size,
                                    link.machine->row->page_size);
        result.align = link.align;
        *ret_result = result;
        result = (struct link_result){.machine = NULL};
    }
    release(&link);
    link_result_release(&result);
    return status;
}

void link_result_release(struct link_result *result)
{
    buffer_release(&result->image);
    buffer_release(&result->debug);
    arena_release(&result->arena);
    *result = (struct link_result){.machine = NULL};
}
