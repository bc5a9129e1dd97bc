/* .eh_frame is a list of records: CIEs, which hold what many functions have in
 * common, and FDEs, one for each function, each with the distance to its CIE
 * (Linux Standard Base, "Exception Frames").
 *
 *     length | 0        | version, augmentation ...            a CIE
 *     length | distance | first address, size of code ...      an FDE
 *     0                                                        the end
 *
 * The tables of inputs cannot simply be concatenated. A zero length in the
 * middle would end the list. An FDE of a discarded function would describe the
 * code at address zero. So the tables are split into records. An FDE is kept if
 * its function, the symbol of the relocation of its first field, is in the
 * image. A CIE is kept if a kept FDE refers to it. Each record is padded with
 * zeros, DW_CFA_nop, to a multiple of the size of an address: a gap would be an
 * end mark. */
#include "passes.h"

#include <string.h>

#include "span.h"

enum {
    RECORD_ALIGN = 8,
    ID_OFFSET = 4,       /* of the second word in a record */
    FUNCTION_OFFSET = 8, /* of an FDE's first field */
    END_MARK_SIZE = 4,
};

static uint32_t read32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

static void write32(uint8_t *bytes, uint32_t value)
{
    memcpy(bytes, &value, sizeof(value));
}

static enum status corrupt(const struct chunk *chunk, uint64_t offset,
                           const char *fact, struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "%s: %s+0x%llx: %s",
                     chunk->object->view.name, chunk->name,
                     (unsigned long long)offset, fact);
}

/* ---- Records ---- */

/* Size of the record at offset, with its length field; END_MARK_SIZE for an
 * end mark. */
static enum status record_size(const struct chunk *chunk, uint64_t offset,
                               uint64_t *ret_size, struct error *err)
{
    struct span head, record;
    uint64_t size;

    if (!span_slice(chunk->bytes, offset, 4, &head))
        return corrupt(chunk, offset, "unwind record is cut off", err);
    size = (uint64_t)read32(head.data) + 4;
    if (size == 4 + (uint64_t)UINT32_MAX)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %s+0x%llx: unwind record of 64-bit format",
                         chunk->object->view.name, chunk->name,
                         (unsigned long long)offset);
    if (size != END_MARK_SIZE && size < FUNCTION_OFFSET)
        return corrupt(chunk, offset, "unwind record is too short", err);
    if (!span_slice(chunk->bytes, offset, size, &record))
        return corrupt(chunk, offset, "unwind record is cut off", err);
    *ret_size = size;
    return STATUS_OK;
}

/* Fill records, unless it is NULL; count them in any case. */
static enum status split(const struct chunk *chunk, struct eh_record *records,
                         size_t *ret_n_records, struct error *err)
{
    uint64_t offset = 0, size = 0;
    size_t n_records = 0;

    for (; offset < chunk->bytes.size; offset += size) {
        const enum status status = record_size(chunk, offset, &size, err);

        if (status)
            return status;
        if (size == END_MARK_SIZE)
            continue;
        if (records)
            records[n_records] =
                (struct eh_record){.offset = offset, .size = size};
        n_records++;
    }
    *ret_n_records = n_records;
    return STATUS_OK;
}

/* The record that contains offset, NULL if it is in none. */
static struct eh_record *find_record(const struct eh_frame *eh_frame,
                                     uint64_t offset)
{
    size_t low = 0, high = eh_frame->n_records;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        struct eh_record *record = &eh_frame->records[middle];

        if (offset < record->offset)
            high = middle;
        else if (offset - record->offset >= record->size)
            low = middle + 1;
        else
            return record;
    }
    return NULL;
}

bool eh_frame_map_offset(const struct eh_frame *eh_frame, uint64_t offset,
                         uint64_t *ret_offset)
{
    const struct eh_record *record = find_record(eh_frame, offset);

    if (!record || !record->kept)
        return false;
    *ret_offset = record->new_offset + (offset - record->offset);
    return true;
}

/* ---- How long is the function ---- */

/* Bytes of a CIE, read one at a time; past the end there are zeros. */
struct reader {
    struct span bytes;
    uint64_t position;
};

static uint8_t next_byte(struct reader *reader)
{
    if (reader->position >= reader->bytes.size)
        return 0;
    return reader->bytes.data[reader->position++];
}

static void skip_leb128(struct reader *reader)
{
    while (next_byte(reader) & 0x80)
        ;
}

/* Bytes of a pointer of this DW_EH_PE_ encoding, 0 if they vary. */
static uint64_t pointer_size(uint8_t encoding, unsigned address_size)
{
    switch (encoding & 0x07) {
    case 0x00:
        return (encoding & 0x70) == 0x50 ? 0 : address_size; /* aligned */
    case 0x02:
        return 2;
    case 0x03:
        return 4;
    case 0x04:
        return 8;
    default:
        return 0;
    }
}

/* Bytes of an address field in this CIE's FDEs; 0: the CIE does not tell. */
static uint64_t field_size(struct span cie, unsigned address_size)
{
    struct reader reader = {cie, FUNCTION_OFFSET};
    const uint8_t version = next_byte(&reader);
    const uint8_t *augmentation = cie.data + reader.position;
    uint8_t encoding;

    if (reader.position >= cie.size)
        return 0;
    if (*augmentation == 0)
        return address_size;
    while (next_byte(&reader))
        ;
    skip_leb128(&reader); /* code alignment */
    skip_leb128(&reader); /* data alignment */
    if (version == 1)
        next_byte(&reader); /* return address register */
    else
        skip_leb128(&reader);
    if (*augmentation != 'z')
        return 0;
    skip_leb128(&reader); /* size of what follows */
    for (augmentation++; augmentation < cie.data + cie.size; augmentation++) {
        switch (*augmentation) {
        case 'R':
            return pointer_size(next_byte(&reader), address_size);
        case 'L':
            next_byte(&reader);
            break;
        case 'P':
            encoding = next_byte(&reader);
            if (pointer_size(encoding, address_size) == 0)
                return 0;
            reader.position += pointer_size(encoding, address_size);
            break;
        case 'S':
        case 'B': /* AArch64: the B key signs return addresses */
        case 'G': /* AArch64: the stack is tagged */
            break;
        default: /* the end, or a letter that is unknown here */
            return *augmentation ? 0 : address_size;
        }
    }
    return 0;
}

static bool is_relocated(const struct chunk *chunk, const struct eh_record *fde,
                         uint64_t offset)
{
    const struct relocation *end =
        chunk->relocations.items + chunk->relocations.n_items;

    for (const struct relocation *i = fde->function;
         i && i < end && i->offset <= offset; i++)
        if (i->offset == offset)
            return true;
    return false;
}

static bool has_code(const struct chunk *chunk, const struct eh_record *fde)
{
    const struct span cie = {chunk->bytes.data + fde->cie->offset,
                             (size_t)fde->cie->size};
    const uint64_t size =
        field_size(cie, chunk->object->view.elf->address_size);
    const uint64_t start = FUNCTION_OFFSET + size;

    if (size == 0 || start > fde->size || size > fde->size - start ||
        is_relocated(chunk, fde, fde->offset + start))
        return true;
    for (uint64_t i = 0; i < size; i++)
        if (chunk->bytes.data[fde->offset + start + i])
            return true;
    return false;
}

/* ---- What is kept ---- */

static enum status find_cie(const struct chunk *chunk, struct eh_record *record,
                            struct error *err)
{
    const uint32_t distance =
        read32(chunk->bytes.data + record->offset + ID_OFFSET);
    struct eh_record *cie;

    if (distance == 0) /* is a CIE itself */
        return STATUS_OK;
    if (distance > record->offset + ID_OFFSET)
        return corrupt(chunk, record->offset, "FDE's CIE does not exist", err);
    const uint64_t offset = record->offset + ID_OFFSET - distance;

    cie = find_record(chunk->eh_frame, offset);
    if (!cie || cie == record || cie->offset != offset ||
        read32(chunk->bytes.data + offset + ID_OFFSET) != 0)
        return corrupt(chunk, record->offset, "FDE's CIE does not exist", err);
    record->cie = cie;
    return STATUS_OK;
}

static bool is_alive(const struct chunk *chunk, const struct eh_record *fde)
{
    const struct symbol *symbol =
        fde->function ? chunk->object->symbols[fde->function->symbol] : NULL;

    return symbol && symbol->place == SYMBOL_IN_CHUNK &&
           symbol->chunk->object == chunk->object &&
           symbol->chunk->role == CHUNK_PLAIN;
}

/* Finds CIEs and functions. Relocations are sorted by offset, and so are the
 * records, so both lists are walked once. */
static enum status connect_records(struct chunk *chunk, struct error *err)
{
    const struct relocation_list *list = &chunk->relocations;
    struct eh_frame *eh_frame = chunk->eh_frame;
    size_t next = 0;

    for (size_t i = 0; i < eh_frame->n_records; i++) {
        struct eh_record *record = &eh_frame->records[i];
        const enum status status = find_cie(chunk, record, err);

        if (status)
            return status;
        if (!record->cie)
            continue;
        while (next < list->n_items &&
               list->items[next].offset < record->offset + FUNCTION_OFFSET)
            next++;
        if (next < list->n_items &&
            list->items[next].offset == record->offset + FUNCTION_OFFSET)
            record->function = &list->items[next];
        if (is_alive(chunk, record)) {
            record->kept = true;
            record->cie->kept = true;
            record->in_table = has_code(chunk, record);
        }
    }
    return STATUS_OK;
}

static enum status read_chunk(struct link *link, struct chunk *chunk,
                              struct error *err)
{
    struct eh_frame *eh_frame = arena_alloc(&link->arena, 1, sizeof(*eh_frame));
    enum status status;

    if (!eh_frame)
        return error_no_memory(err);
    status = split(chunk, NULL, &eh_frame->n_records, err);
    if (status)
        return status;
    eh_frame->records = arena_alloc(&link->arena, eh_frame->n_records,
                                    sizeof(*eh_frame->records));
    if (!eh_frame->records)
        return error_no_memory(err);
    status = split(chunk, eh_frame->records, &eh_frame->n_records, err);
    if (status)
        return status;
    chunk->eh_frame = eh_frame;
    chunk->rearranged = true;
    object_sort_relocations(&chunk->relocations);
    status = connect_records(chunk, err);
    if (status)
        return status;
    chunk->size = 0;
    chunk->align = RECORD_ALIGN;
    for (size_t i = 0; i < eh_frame->n_records; i++) {
        struct eh_record *record = &eh_frame->records[i];

        if (!record->kept)
            continue;
        record->new_offset = chunk->size;
        record->new_size = align_up(record->size, RECORD_ALIGN);
        chunk->size += record->new_size;
        if (record->in_table)
            link->eh_frame_hdr->size += EH_FRAME_HDR_ROW_SIZE;
    }
    return STATUS_OK;
}

enum status eh_frame_read(struct link *link, struct error *err)
{
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &link->chunks);
    const size_t n_chunks = LIST_COUNT(struct chunk *, &link->chunks);
    uint64_t total = 0;

    for (size_t i = 0; i < n_chunks; i++) {
        enum status status;

        if (chunks[i]->role != CHUNK_EH_FRAME || !chunks[i]->object)
            continue;
        status = read_chunk(link, chunks[i], err);
        if (status)
            return status;
        total += chunks[i]->size;
    }
    if (total) {
        link->eh_frame_hdr->size += EH_FRAME_HDR_HEAD_SIZE;
        link->eh_frame_end->size = END_MARK_SIZE;
    }
    return STATUS_OK;
}

/* ---- Writing ---- */

void eh_frame_write(const struct chunk *chunk, uint8_t *bytes)
{
    const struct eh_frame *eh_frame = chunk->eh_frame;

    for (size_t i = 0; i < eh_frame->n_records; i++) {
        const struct eh_record *record = &eh_frame->records[i];
        uint8_t *place = bytes + record->new_offset;

        if (!record->kept)
            continue;
        memcpy(place, chunk->bytes.data + record->offset, (size_t)record->size);
        write32(place, (uint32_t)(record->new_size - 4));
        if (record->cie)
            write32(place + ID_OFFSET,
                    (uint32_t)(record->new_offset + ID_OFFSET -
                               record->cie->new_offset));
    }
}
