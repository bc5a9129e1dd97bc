/* Applying relocations. scan.c has seen all of them and refused the impossible
 * ones. Here addresses are known, and the only possible error left is a value
 * that does not fit its field. */
#include "passes.h"

#include <elf.h>
#include <string.h>

/* One relocation, in the letters of the psABIs (see reloc.h). */
struct place {
    const struct link *link;
    const struct chunk *chunk;
    const struct relocation *relocation;
    const struct reloc_type *type;
    const struct symbol *symbol;
    uint8_t *field; /* in the image */
    uint64_t P;
};

static enum status out_of_range(const struct place *place, uint64_t value,
                                struct error *err)
{
    const int64_t number = (int64_t)value;
    const uint64_t magnitude = number < 0 ? 0 - value : value;

    return reloc_error(
        place->link, place->chunk, place->relocation, STATUS_OUT_OF_RANGE, err,
        "value %s0x%llx does not fit in %u bits", number < 0 ? "-" : "",
        (unsigned long long)magnitude, place->type->size * 8u);
}

static enum status apply_got(const struct place *place, uint64_t A,
                             struct error *err)
{
    const struct link *link = place->link;
    const enum got_use use =
        got_use_of(link, place->chunk, place->relocation, place->type);
    uint64_t value;

    if (got_is_relaxed(link, place->type, place->symbol, use)) {
        value = symbol_address(link, place->symbol) + A - place->P;
        return link->machine->relax(use, place->field, value)
                   ? STATUS_OK
                   : out_of_range(place, value, err);
    }
    value = got_slot_address(link, place->symbol) + A - place->P;
    return link->machine->write(place->type, place->field, value)
               ? STATUS_OK
               : out_of_range(place, value, err);
}

/* ORDER EXPRESSION. False: there is nothing to write. */
static bool evaluate(const struct place *place, uint64_t A, uint64_t *ret_value)
{
    const struct link *link = place->link;
    const struct symbol *symbol = place->symbol;
    const uint64_t GOT = chunk_address(link->got);
    const uint64_t P = place->P;

    switch ((enum reloc_expression)place->type->expression) {
    case RELOC_NONE:
    case RELOC_REFUSED:
    case RELOC_GOT_PC: /* see apply_got() */
    case RELOC_N_EXPRESSIONS:
        return false;
    case RELOC_ABS: /* of a symbol: a dynamic relocation */
        *ret_value = symbol->value + A;
        return symbol->place == SYMBOL_ABSOLUTE;
    case RELOC_PC:
    case RELOC_PLT_PC:
        *ret_value = symbol_address(link, symbol) + A - P;
        return true;
    case RELOC_PLT_GOTREL:
    case RELOC_GOTREL:
        *ret_value = symbol_address(link, symbol) + A - GOT;
        return true;
    case RELOC_GOT_GOTREL:
        *ret_value = got_slot_address(link, symbol) - GOT + A;
        return true;
    case RELOC_GOTBASE_PC:
        *ret_value = GOT + A - P;
        return true;
    case RELOC_SIZE:
        *ret_value = symbol->size + A;
        return true;
    case RELOC_TLS_PAIR_PC:
        *ret_value = got_made_slot_address(link, symbol->tls_pair) + A - P;
        return true;
    case RELOC_TLS_MODULE_PC:
        *ret_value = got_made_slot_address(link, link->tls_module) + A - P;
        return true;
    case RELOC_TLS_OFFSET:
        *ret_value = symbol_definition_address(symbol) - link->tls.address + A;
        return true;
    case RELOC_TLS_GOT_PC:
        *ret_value = got_made_slot_address(link, symbol->tls_got) + A - P;
        return true;
    }
    return false;
}

static enum status apply(const struct link *link, const struct chunk *chunk,
                         const struct relocation *relocation, uint8_t *bytes,
                         struct error *err)
{
    struct place place = {
        .link = link,
        .chunk = chunk,
        .relocation = relocation,
        .type = link->machine->type(relocation->type),
        .symbol = chunk->object->symbols[relocation->symbol],
    };
    const uint64_t A = (uint64_t)relocation->addend;
    uint64_t offset = relocation->offset;
    uint64_t value;

    if (chunk->eh_frame &&
        !eh_frame_map_offset(chunk->eh_frame, relocation->offset, &offset))
        return STATUS_OK;
    place.field = bytes + offset;
    place.P = chunk_address(chunk) + offset;
    if (place.type->expression == RELOC_GOT_PC)
        return apply_got(&place, A, err);
    if (!evaluate(&place, A, &value))
        return STATUS_OK;
    return link->machine->write(place.type, place.field, value)
               ? STATUS_OK
               : out_of_range(&place, value, err);
}

static enum status write_chunk(const struct link *link,
                               const struct chunk *chunk, struct error *err)
{
    uint8_t *bytes = chunk_bytes(link, chunk);

    if (chunk->eh_frame)
        eh_frame_write(chunk, bytes);
    else if (chunk->bytes.size)
        memcpy(bytes, chunk->bytes.data, chunk->bytes.size);
    else
        memset(bytes, 0, (size_t)chunk->size);
    for (size_t i = 0; i < chunk->relocations.n_items; i++) {
        const enum status status =
            apply(link, chunk, &chunk->relocations.items[i], bytes, err);

        if (status)
            return status;
    }
    return STATUS_OK;
}

/* Between functions there is what traps, should anything ever jump there; but
 * .init and .fini are one function each, and run through. */
static void fill_text(const struct link *link)
{
    struct output **outputs = LIST_ITEMS(struct output *, &link->outputs);
    const struct link_machine *machine = link->machine;

    for (size_t i = 0; i < LIST_COUNT(struct output *, &link->outputs); i++) {
        const bool is_run_through = outputs[i]->rank == RANK_INIT_CODE ||
                                    outputs[i]->rank == RANK_FINI_CODE;

        if (outputs[i]->flags & SHF_EXECINSTR)
            memset(link->result->image.data + outputs[i]->file_offset,
                   is_run_through ? machine->text_skip : machine->text_fill,
                   (size_t)outputs[i]->size);
    }
}

enum status relocate_chunks(struct link *link, struct error *err)
{
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &link->chunks);

    fill_text(link);
    for (size_t i = 0; i < LIST_COUNT(struct chunk *, &link->chunks); i++) {
        enum status status;

        if (chunks[i]->output->type == SHT_NOBITS ||
            (!chunks[i]->object && chunks[i]->bytes.size == 0))
            continue;
        status = write_chunk(link, chunks[i], err);
        if (status)
            return status;
    }
    return STATUS_OK;
}
