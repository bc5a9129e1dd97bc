/* Which sections of the inputs are in the image.
 *
 * Sections that occupy memory (SHF_ALLOC) are, whatever their name, except
 *   - tables for linkers, and sections that linkers drop (SHF_EXCLUDE);
 *   - members of a COMDAT group of which an earlier one was seen: that is how
 *     one of many copies of an inline function or of a template is chosen;
 *   - sections that describe such a member (SHF_LINK_ORDER);
 *   - properties, see properties.c.
 * Debug information is not SHF_ALLOC. It is read here, too, and written by
 * debug.c. Compressed debug information is dropped rather than refused: a link
 * must not fail for data that is rarely used. */
#include "passes.h"

#include <elf.h>
#include <string.h>

/* Newer than the C library's <elf.h>: relocations as a compressed list. */
enum { SHT_COMPRESSED_RELOCATIONS = 0x40000014 };

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---- COMDAT groups ---- */

static enum status group_signature(const struct object_view *view,
                                   const struct object_section *group,
                                   const char **ret_signature,
                                   struct error *err)
{
    struct object_symbol symbol;
    enum status status;

    if (group->link != view->symbol_section || group->info >= view->n_symbols)
        return error_set(err, STATUS_CORRUPT,
                         "%s: %s: group without a signature", view->name,
                         group->name);
    status = object_symbol_at(view, group->info, &symbol, err);
    if (status)
        return status;
    *ret_signature = symbol.name;
    if (symbol.name[0] == 0 && symbol.place == OBJECT_SYMBOL_IN_SECTION)
        *ret_signature = view->sections[symbol.section].name;
    return STATUS_OK;
}

/* Mark the members of a group that was seen before. */
static enum status read_group(struct link *link, const struct object_view *view,
                              const struct object_section *group,
                              bool *discarded, struct error *err)
{
    const char *signature = NULL;
    uint32_t word;
    enum status status;
    void **seen;

    if (group->bytes.size < 4 || group->bytes.size % 4 != 0)
        return error_set(err, STATUS_CORRUPT,
                         "%s: %s: 0x%zx bytes are not a group", view->name,
                         group->name, group->bytes.size);
    memcpy(&word, group->bytes.data, 4);
    if (!(word & GRP_COMDAT))
        return STATUS_OK;
    status = group_signature(view, group, &signature, err);
    if (status)
        return status;
    seen = name_map_insert(&link->groups, signature);
    if (!seen)
        return error_no_memory(err);
    if (!*seen) {
        *seen = (void *)view;
        return STATUS_OK;
    }
    for (size_t i = 4; i < group->bytes.size; i += 4) {
        memcpy(&word, group->bytes.data + i, 4);
        if (word >= view->n_sections)
            return error_set(err, STATUS_CORRUPT,
                             "%s: %s: member %u does not exist", view->name,
                             group->name, word);
        discarded[word] = true;
    }
    return STATUS_OK;
}

static enum status read_groups(struct link *link,
                               const struct object_view *view, bool *discarded,
                               struct error *err)
{
    for (uint32_t i = 1; i < view->n_sections; i++) {
        enum status status;

        if (view->sections[i].type != SHT_GROUP)
            continue;
        status = read_group(link, view, &view->sections[i], discarded, err);
        if (status)
            return status;
    }
    return STATUS_OK;
}

/* ---- Chunks ---- */

static bool is_loaded(const struct object_view *view, uint32_t index,
                      const bool *discarded)
{
    const struct object_section *section = &view->sections[index];

    if (!(section->flags & SHF_ALLOC) || (section->flags & SHF_EXCLUDE) ||
        discarded[index])
        return false;
    if (properties_is_note(section))
        return false;
    if ((section->flags & SHF_LINK_ORDER) && section->link < view->n_sections &&
        discarded[section->link])
        return false;
    switch (section->type) {
    case SHT_NULL:
    case SHT_SYMTAB:
    case SHT_STRTAB:
    case SHT_RELA:
    case SHT_REL:
    case SHT_GROUP:
    case SHT_SYMTAB_SHNDX:
        return false;
    default:
        return true;
    }
}

/* Sections for tools that work on objects (SHF_EXCLUDE) are dropped. */
static bool is_debug(const struct object_view *view, uint32_t index,
                     const bool *discarded)
{
    const struct object_section *section = &view->sections[index];

    return section->type == SHT_PROGBITS &&
           !(section->flags & (SHF_ALLOC | SHF_EXCLUDE)) && !discarded[index] &&
           has_prefix(section->name, ".debug_");
}

/* Compressed debug information counts as none. The older form of compression
 * shows in the section's name alone. */
static bool has_readable_debug(const struct object_view *view)
{
    for (uint32_t i = 1; i < view->n_sections; i++) {
        const struct object_section *section = &view->sections[i];

        if (has_prefix(section->name, ".zdebug_") ||
            ((section->flags & SHF_COMPRESSED) &&
             has_prefix(section->name, ".debug_")))
            return false;
    }
    return true;
}

static enum status add_debug(struct link *link, struct object *object,
                             uint32_t index, struct error *err)
{
    const struct object_section *section = &object->view.sections[index];
    struct chunk *chunk = arena_alloc(&link->arena, 1, sizeof(*chunk));

    if (!chunk)
        return error_no_memory(err);
    chunk->object = object;
    chunk->name = section->name;
    chunk->type = section->type;
    chunk->size = section->size;
    chunk->align = section->align;
    chunk->bytes = section->bytes;
    object->debug[index] = chunk;
    list_append_pointer(&link->debug_chunks, chunk);
    return STATUS_OK;
}

static enum status add_chunk(struct link *link, struct object *object,
                             uint32_t index, struct error *err)
{
    const struct object_section *section = &object->view.sections[index];
    struct chunk *chunk;

    if (section->flags & SHF_COMPRESSED)
        return error_set(err, STATUS_UNSUPPORTED, "%s: %s is compressed",
                         object->view.name, section->name);
    if ((section->flags & SHF_WRITE) && (section->flags & SHF_EXECINSTR))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %s is both writable and executable",
                         object->view.name, section->name);
    chunk = link_new_chunk(link, section->name, section->type, section->flags,
                           section->align);
    if (!chunk)
        return error_no_memory(err);
    chunk->object = object;
    chunk->size = section->size;
    chunk->bytes = section->bytes;
    if (strcmp(section->name, ".eh_frame") == 0 && section->type != SHT_NOBITS)
        chunk->role = CHUNK_EH_FRAME;
    if (section->type == SHT_ARM_EXIDX && object->view.machine == EM_ARM)
        chunk->role = CHUNK_EXIDX;
    object->chunks[index] = chunk;
    return STATUS_OK;
}

/* A native linker would make the stack of the whole process executable. This
 * process is the host's. */
static enum status check_stack(const struct object_view *view,
                               struct error *err)
{
    for (uint32_t i = 1; i < view->n_sections; i++)
        if ((view->sections[i].flags & SHF_EXECINSTR) &&
            strcmp(view->sections[i].name, ".note.GNU-stack") == 0)
            return error_set(err, STATUS_UNSUPPORTED,
                             "%s: .note.GNU-stack asks for an executable "
                             "stack, which no script gets",
                             view->name);
    return STATUS_OK;
}

/* Find the code that each unwind table describes, once all chunks exist. */
static void connect_exidx(const struct object *object)
{
    for (uint32_t i = 1; i < object->view.n_sections; i++) {
        const uint32_t code = object->view.sections[i].link;
        struct chunk *chunk = object->chunks[i];

        if (chunk && chunk->role == CHUNK_EXIDX &&
            code < object->view.n_sections)
            chunk->linked = object->chunks[code];
    }
}

static enum status add_chunks(struct link *link, struct object *object,
                              struct error *err)
{
    const struct object_view *view = &object->view;
    const bool with_debug =
        !link->params->strip_debug && has_readable_debug(view);
    bool *discarded = arena_alloc(&link->arena, view->n_sections, 1);
    enum status status;

    object->chunks =
        arena_alloc(&link->arena, view->n_sections, sizeof(*object->chunks));
    object->debug =
        arena_alloc(&link->arena, view->n_sections, sizeof(*object->debug));
    if (!discarded || !object->chunks || !object->debug)
        return error_no_memory(err);
    status = check_stack(view, err);
    if (status == STATUS_OK)
        status = read_groups(link, view, discarded, err);
    if (status)
        return status;
    for (uint32_t i = 1; i < view->n_sections; i++) {
        if (is_loaded(view, i, discarded))
            status = add_chunk(link, object, i, err);
        else if (with_debug && is_debug(view, i, discarded))
            status = add_debug(link, object, i, err);
        if (status)
            return status;
    }
    connect_exidx(object);
    return STATUS_OK;
}

/* ---- Relocations of chunks ---- */

/* A relocation of unknown type, or outside of the section, is refused later. */
static void read_addends(const struct link_machine *machine,
                         struct chunk *chunk)
{
    for (size_t i = 0; i < chunk->relocations.n_items; i++) {
        struct relocation *relocation = &chunk->relocations.items[i];
        const struct reloc_type *type = machine->type(relocation->type);
        struct span field;

        if (type &&
            span_slice(chunk->bytes, relocation->offset, type->size, &field))
            relocation->addend = machine->addend(type, field.data);
    }
}

static enum status attach(struct link *link, const struct object_view *view,
                          uint32_t index, struct chunk *chunk,
                          struct error *err)
{
    const struct object_section *section = &view->sections[index];
    enum status status;

    if (section->type != link_relocation_type(link))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %s: relocations of section type 0x%x are not "
                         "used on this machine",
                         view->name, section->name, section->type);
    if (chunk->relocations.n_items)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %s: second list of relocations of %s", view->name,
                         section->name, chunk->name);
    if (chunk->type == SHT_NOBITS && section->size)
        return error_set(err, STATUS_CORRUPT,
                         "%s: %s: %s has no bytes to relocate", view->name,
                         section->name, chunk->name);
    status =
        object_relocations(view, index, &link->arena, &chunk->relocations, err);
    if (status == STATUS_OK && link->machine->addend)
        read_addends(link->machine, chunk);
    return status;
}

static enum status attach_relocations(struct link *link,
                                      const struct object *object,
                                      struct error *err)
{
    const struct object_view *view = &object->view;

    for (uint32_t i = 1; i < view->n_sections; i++) {
        const struct object_section *section = &view->sections[i];
        struct chunk *chunk;
        enum status status;

        if (section->type != SHT_RELA && section->type != SHT_REL &&
            section->type != SHT_COMPRESSED_RELOCATIONS)
            continue;
        if (section->info >= view->n_sections)
            return error_set(err, STATUS_CORRUPT,
                             "%s: %s: relocations of section %u, which does "
                             "not exist",
                             view->name, section->name, section->info);
        chunk = object->chunks[section->info];
        if (!chunk)
            chunk = object->debug[section->info];
        if (!chunk)
            continue;
        status = attach(link, view, i, chunk, err);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status classify(struct link *link, const struct object *object,
                            struct error *err)
{
    for (uint32_t i = 1; i < object->view.n_sections; i++) {
        enum status status;

        if (!object->chunks[i])
            continue;
        status = init_array_classify(link, object->chunks[i], err);
        if (status)
            return status;
    }
    return STATUS_OK;
}

/* ---- Objects ---- */

static const struct link_machine *const linked_machines[] = {
    &link_machine_x86_64,
    &link_machine_aarch64,
    &link_machine_riscv64,
    &link_machine_arm,
};

static const struct link_machine *machine_of(const struct object_view *view)
{
    const size_t n = sizeof(linked_machines) / sizeof(linked_machines[0]);

    for (size_t i = 0; i < n; i++)
        if (linked_machines[i]->row->elf_machine == view->machine &&
            linked_machines[i]->row->address_size == view->elf->address_size)
            return linked_machines[i];
    return NULL;
}

static enum status find_machine(struct link *link,
                                const struct object_view *view,
                                struct error *err)
{
    const struct link_machine *machine = machine_of(view);

    if (!machine)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: ELF machine %u with %u-byte addresses is not "
                         "handled",
                         view->name, view->machine, view->elf->address_size);
    if (link->machine && machine != link->machine)
        return error_set(
            err, STATUS_MISUSE, "%s: ELF machine %u, but %s is for machine %u",
            view->name, view->machine, link->params->inputs[0].name,
            link->machine->row->elf_machine);
    if (!link->machine)
        link->row = machine->row;
    link->machine = machine;
    link->elf = view->elf;
    return machine->check_object ? machine->check_object(link, view, err)
                                 : STATUS_OK;
}

enum status sections_read_object(struct link *link,
                                 const struct link_input *input,
                                 struct object **ret_object, struct error *err)
{
    struct object *object = arena_alloc(&link->arena, 1, sizeof(*object));
    enum status status;

    if (!object)
        return error_no_memory(err);
    object->is_native = input->is_native;
    list_append_pointer(&link->objects, object);
    status = object_view_open(input->name, input->object, &link->arena,
                              &object->view, err);
    if (status == STATUS_OK)
        status = find_machine(link, &object->view, err);
    if (status == STATUS_OK)
        status = properties_read(link, &object->view, err);
    if (status == STATUS_OK)
        status = add_chunks(link, object, err);
    if (status == STATUS_OK)
        status = attach_relocations(link, object, err);
    if (status == STATUS_OK)
        status = classify(link, object, err);
    if (status)
        return status;
    if (buffer_failed(&link->objects) || buffer_failed(&link->chunks) ||
        buffer_failed(&link->debug_chunks))
        return error_no_memory(err);
    *ret_object = object;
    return STATUS_OK;
}

enum status sections_read(struct link *link, struct error *err)
{
    const struct link_params *params = link->params;

    for (size_t i = 0; i < params->n_inputs; i++) {
        struct object *object;
        const enum status status =
            sections_read_object(link, &params->inputs[i], &object, err);

        if (status)
            return status;
    }
    return STATUS_OK;
}
