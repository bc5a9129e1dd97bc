/* Applying relocations. scan.c has refused all that cannot be applied. Here
 * addresses are known, and the only error left is a value that does not fit its
 * field. */
#include "passes.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "span.h"

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

    const unsigned bits = place->type->size * 8u;
    char field[32];

    snprintf(field, sizeof(field), "in %u bits", bits);
    if ((place->chunk->flags & SHF_EXECINSTR) &&
        (bits >= 64 || fits_signed(value, bits)))
        snprintf(field, sizeof(field), "the instruction");
    return reloc_error(place->link, place->chunk, place->relocation,
                       STATUS_OUT_OF_RANGE, err,
                       "value %s0x%llx does not fit %s", number < 0 ? "-" : "",
                       (unsigned long long)magnitude, field);
}

/* S + A of one symbol of a difference; the place may be in an unwind record. */
static uint64_t end_of_difference(const struct place *place,
                                  const struct relocation *relocation)
{
    const struct symbol *symbol =
        place->chunk->object->symbols[relocation->symbol];
    const struct chunk *chunk =
        symbol->place == SYMBOL_IN_CHUNK ? symbol->chunk : NULL;
    uint64_t offset;

    if (chunk && chunk->eh_frame &&
        eh_frame_map_offset(chunk->eh_frame, symbol->value, &offset))
        return chunk_address(chunk) + offset + (uint64_t)relocation->addend;
    return symbol_address(place->link, symbol) + (uint64_t)relocation->addend;
}

static uint64_t value_of_high_part(const struct place *low);

/* X: see reloc.h. ORDER SUBJECT. */
static uint64_t subject_of(const struct place *place)
{
    const struct link *link = place->link;
    const struct symbol *symbol = place->symbol;

    switch ((enum reloc_subject)place->type->subject) {
    case RELOC_NONE:
    case RELOC_SUBTRAHEND:
    case RELOC_ALIGNED:
    case RELOC_REFUSED:
    case RELOC_N_SUBJECTS:
        break;
    case RELOC_ADDRESS:
    case RELOC_NUMBER:
        return symbol->value;
    case RELOC_SYMBOL:
    case RELOC_DATA:
        return symbol_address(link, symbol);
    case RELOC_CALL:
        return veneers_destination(link, place->chunk, place->relocation,
                                   place->P);
    case RELOC_GOT_SLOT:
        return got_slot_address(link, symbol);
    case RELOC_GOT_BASE:
        return chunk_address(link->got);
    case RELOC_SIZE:
        return symbol->size;
    case RELOC_TLS_PAIR:
        return got_made_slot_address(link, symbol->tls_pair);
    case RELOC_TLS_MODULE:
        return got_made_slot_address(link, link->tls_module);
    case RELOC_TLS_DESCRIPTOR:
        return got_made_slot_address(link, symbol->tls_descriptor);
    case RELOC_TLS_TPOFF:
        return got_made_slot_address(link, symbol->tls_got);
    case RELOC_TLS_OFFSET:
        return symbol_definition_address(symbol) - link->tls.address -
               link->machine->tls_bias;
    case RELOC_DIFFERENCE:
        return end_of_difference(place, place->relocation) -
               end_of_difference(place, place->relocation + 1) -
               (uint64_t)place->relocation->addend;
    case RELOC_PAIRED:
        return value_of_high_part(place);
    }
    return 0;
}

enum { PAGE = 4096 }; /* of the forms; not the system's page size */

static uint64_t form_of(const struct place *place, uint64_t X)
{
    const uint64_t GOT = chunk_address(place->link->got);
    const uint64_t T =
        place->type->subject == RELOC_SYMBOL ? symbol_mode(place->symbol) : 0;
    const uint64_t value = (X + (uint64_t)place->relocation->addend) | T;

    switch ((enum reloc_form)place->type->form) {
    case FORM_PLAIN:
        break;
    case FORM_PC:
        return value - place->P;
    case FORM_PC_ALIGNED:
        return value - align_down(place->P, 4);
    case FORM_GOT:
        return value - GOT;
    case FORM_PAGE_PC:
        return align_down(value, PAGE) - align_down(place->P, PAGE);
    case FORM_PAGE_OFFSET:
        return value % PAGE;
    case FORM_GOT_PAGE:
        return value - align_down(GOT, PAGE);
    }
    return value;
}

/* The value of a low part: the distance from the instruction with the high
 * part. */
static uint64_t value_of_high_part(const struct place *low)
{
    const struct relocation *relocation =
        relocation_high(low->link, low->chunk, low->relocation);
    const struct chunk *chunk = low->symbol->chunk;
    const struct place high = {
        .link = low->link,
        .chunk = chunk,
        .relocation = relocation,
        .type = low->link->machine->type(relocation->type),
        .symbol = chunk->object->symbols[relocation->symbol],
        .P = chunk_address(chunk) + relocation->offset,
    };

    return form_of(&high, subject_of(&high));
}

/* R_RISCV_ALIGN: only linkers that shorten code can change such padding. */
static enum status check_alignment(const struct place *place, struct error *err)
{
    const uint64_t size = (uint64_t)place->relocation->addend;
    uint64_t align = 1;

    while (align <= size && align < PAGE)
        align *= 2;
    if ((place->P + size) % align == 0)
        return STATUS_OK;
    return reloc_error(place->link, place->chunk, place->relocation,
                       STATUS_UNSUPPORTED, err,
                       "alignment to %u bytes by relaxation is not handled "
                       "(compile with -mno-relax)",
                       (unsigned)align);
}

/* Is the relocation left to the loader? */
static bool is_for_loader(const struct place *place)
{
    return place->type->subject == RELOC_ADDRESS &&
           place->symbol->place != SYMBOL_ABSOLUTE;
}

static bool write_place(const struct place *place, uint64_t *ret_value)
{
    const struct link *link = place->link;
    const struct link_machine *machine = link->machine;

    if (place->type->subject == RELOC_GOT_SLOT) {
        const enum got_use use =
            got_use_of(link, place->chunk, place->relocation, place->type);

        if (got_is_relaxed(link, place->type, place->symbol, use)) {
            *ret_value = form_of(place, symbol_address(link, place->symbol));
            return machine->relax(place->type, use, place->field, *ret_value);
        }
    }
    *ret_value = form_of(place, subject_of(place));
    return machine->write(place->type, place->field, *ret_value);
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
    uint64_t offset = relocation->offset;
    uint64_t value;

    if (chunk->eh_frame &&
        !eh_frame_map_offset(chunk->eh_frame, relocation->offset, &offset))
        return STATUS_OK;
    place.field = bytes + offset;
    place.P = chunk_address(chunk) + offset;
    if (place.type->subject == RELOC_ALIGNED)
        return check_alignment(&place, err);
    if (place.type->subject == RELOC_NONE ||
        place.type->subject == RELOC_SUBTRAHEND || is_for_loader(&place))
        return STATUS_OK;
    return write_place(&place, &value) ? STATUS_OK
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

/* Repeat the pattern; the bytes written so far are copied. */
static void fill_bytes(uint8_t *bytes, uint64_t size, struct span pattern)
{
    uint64_t done = pattern.size < size ? pattern.size : size;

    memcpy(bytes, pattern.data, (size_t)done);
    while (done < size) {
        const uint64_t n = done < size - done ? done : size - done;

        memcpy(bytes + done, bytes, (size_t)n);
        done += n;
    }
}

/* Gaps between functions are filled with instructions that trap. .init and
 * .fini are one function each, so their gaps have instructions without
 * effect. */
static void fill_text(const struct link *link)
{
    struct output **outputs = LIST_ITEMS(struct output *, &link->outputs);

    for (size_t i = 0; i < LIST_COUNT(struct output *, &link->outputs); i++) {
        const struct output *output = outputs[i];
        const bool is_run_through =
            output->rank == RANK_INIT_CODE || output->rank == RANK_FINI_CODE;
        const struct span fill = is_run_through ? link->machine->text_skip
                                                : link->machine->text_fill;
        uint8_t *bytes = link->result->image.data + output->file_offset;

        if (!(output->flags & SHF_EXECINSTR))
            continue;
        fill_bytes(bytes, output->size, fill);
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
