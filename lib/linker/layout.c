/* Addresses and file offsets.
 *
 *   file     | headers, tables, rodata, text | relro | data |
 *   address  | same as file offset      ...... | relro ..... | data | bss
 *                                       next page      next page
 *
 * and then the large sections, in the same way.
 *
 * A segment begins in memory on the first page that the previous segment does
 * not touch. Where pages of the machine are always small, it begins likewise in
 * the file: offsets are addresses, and one mapping of the file has all of them
 * where they belong. This costs 2 KiB of zeros for each segment.
 *
 * Where pages may be large (AArch64), that would cost too much. There a segment
 * begins at the offset in a page that it has in the file, and the file page
 * that holds the end of one and the start of the next is mapped twice, with
 * different protection. So the separation costs address space, not file bytes.
 * With one exception: a segment that would touch one small page more than its
 * size needs is moved to the next one of the file. Each page of a data segment
 * that is touched is copied at each launch, and a bss that still fits in the
 * last page needs no mapping of its own; both cost more than reading less than
 * 4 KiB that nothing uses. The same is done for what lies behind bss, or is
 * aligned to more than a page.
 *
 * Alignment of more than a page is for the loader: it places address 0 at a
 * multiple of link.align. In the file only the page's offset matters.
 *
 * .tbss has no memory in the image: it follows a thread's copy of .tdata. Its
 * addresses overlap those of the next section. */
#include "passes.h"

#include <elf.h>

#include "span.h"

struct cursor {
    struct link *link;
    uint64_t address;
    uint64_t offset;
    uint64_t gaps; /* bytes of the file for alignment */
};

/* 16 MiB: eight tables aligned to huge pages. More is a mistake or an
 * attack. */
static const uint64_t max_gaps = UINT64_C(1) << 24;

/* ---- Thread-local storage ---- */

static void align_tls(struct link *link)
{
    struct output *tdata = outputs_standard(link, RANK_TDATA);
    struct output *tbss = outputs_standard(link, RANK_TBSS);

    if (tdata->size == 0 && tbss->size == 0)
        return;
    link->tls_align = tdata->align > tbss->align ? tdata->align : tbss->align;
    tdata->align = link->tls_align;
    tbss->align = link->tls_align;
}

static void place_tls(struct link *link)
{
    const struct output *tdata = outputs_standard(link, RANK_TDATA);
    const struct output *tbss = outputs_standard(link, RANK_TBSS);
    const struct output *first = tdata->size ? tdata : tbss;
    const struct output *last = tbss->size ? tbss : tdata;

    if (link->tls_align == 0)
        return;
    link->tls = (struct segment_extent){
        .file_offset = first->file_offset,
        .file_size = tdata->size,
        .address = first->address,
        .memory_size = last->address + last->size - first->address,
    };
}

/* ---- Segments ---- */

/* The outputs [first, end) of one segment. */
struct range {
    struct output **first;
    struct output **end;
};

static struct range segment_outputs(const struct link *link,
                                    enum segment segment)
{
    struct output **outputs = LIST_ITEMS(struct output *, &link->outputs);
    struct output **end = outputs + LIST_COUNT(struct output *, &link->outputs);
    struct range range;

    while (outputs < end && rank_segment(outputs[0]->rank) != segment)
        outputs++;
    range.first = outputs;
    while (outputs < end && rank_segment(outputs[0]->rank) == segment)
        outputs++;
    range.end = outputs;
    return range;
}

static bool has_memory(const struct output *output)
{
    return output->size != 0 && output->rank != RANK_TBSS;
}

static uint64_t count_pages(uint64_t size)
{
    return align_up(size, LAYOUT_SMALL_PAGE) / LAYOUT_SMALL_PAGE;
}

static uint64_t memory_size(struct range range)
{
    uint64_t size = 0;

    for (; range.first < range.end; range.first++)
        if (has_memory(*range.first))
            size = align_up(size, (*range.first)->align) + (*range.first)->size;
    return size;
}

/* Move the cursor to the first output of a segment. */
static void begin_segment(struct cursor *cursor, struct range range)
{
    const uint64_t page = cursor->link->machine->row->page_size;
    const uint64_t free_page = align_up(cursor->address, page);
    const struct output *first;

    while (range.first < range.end && !has_memory(*range.first))
        range.first++;
    if (range.first == range.end)
        return;
    first = *range.first;
    if (first->type == SHT_NOBITS) {
        /* No bytes in the file: any offset will do that equals the address
         * modulo the page size. */
        cursor->address = align_up(free_page, first->align);
        return;
    }
    if (page == LAYOUT_SMALL_PAGE && cursor->offset == cursor->address &&
        first->align <= page) {
        cursor->offset = cursor->address = free_page;
    } else if (first->align > page) {
        cursor->offset = align_up(cursor->offset, page);
        cursor->address = align_up(free_page, first->align);
    } else {
        const uint64_t size = memory_size(range);

        cursor->offset = align_up(cursor->offset, first->align);
        if (count_pages(cursor->offset % LAYOUT_SMALL_PAGE + size) >
            count_pages(size))
            cursor->offset = align_up(cursor->offset, LAYOUT_SMALL_PAGE);
        cursor->address = free_page + cursor->offset % page;
    }
}

static enum status place_output(struct cursor *cursor, struct output *output,
                                struct error *err)
{
    const struct link *link = cursor->link;
    const char *name = link->params->inputs[0].name;
    const uint64_t address = align_up(cursor->address, output->align);

    output->address = address;
    output->file_offset = cursor->offset;
    if (!has_memory(output))
        return STATUS_OK;
    if (output->type != SHT_NOBITS) {
        cursor->gaps += address - cursor->address;
        output->file_offset += address - cursor->address;
        cursor->offset = output->file_offset + output->size;
    }
    cursor->address = address + output->size;
    if (cursor->address > link->machine->max_span)
        return error_set(err, STATUS_OUT_OF_RANGE,
                         "%s: %s ends at 0x%llx, an image may not exceed "
                         "0x%llx bytes",
                         name, output->name,
                         (unsigned long long)cursor->address,
                         (unsigned long long)link->machine->max_span);
    if (cursor->gaps > max_gaps)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %s: alignment to 0x%llx would cost more than "
                         "16 MiB of file",
                         name, output->name, (unsigned long long)output->align);
    return STATUS_OK;
}

static enum status place_segment(struct cursor *cursor, enum segment segment,
                                 struct error *err)
{
    struct link *link = cursor->link;
    struct segment_extent *extent = &link->segments[segment];
    const struct range range = segment_outputs(link, segment);
    const uint64_t page = link->machine->row->page_size;

    if (segment != SEGMENT_TEXT) {
        begin_segment(cursor, range);
        extent->address = cursor->address;
        extent->file_offset = cursor->offset;
    }
    for (struct output **output = range.first; output < range.end; output++) {
        const enum status status = place_output(cursor, *output, err);

        if (status)
            return status;
        if ((*output)->align > link->align && has_memory(*output))
            link->align = (*output)->align;
    }
    extent->memory_size = cursor->address - extent->address;
    extent->file_size = cursor->offset - extent->file_offset;
    if (extent->file_size == 0)
        extent->file_offset =
            align_down(extent->file_offset, page) + extent->address % page;
    return STATUS_OK;
}

/* Reserve rows for all program headers that may be needed: how many are depends
 * on what is placed behind them. */
static uint64_t headers_size(const struct link *link)
{
    uint64_t n_headers = LAYOUT_USUAL_PROGRAM_HEADERS;

    if (outputs_standard(link, RANK_EXIDX)->size)
        n_headers++;
    if (link->properties->size)
        n_headers += 2;
    if (memory_size(segment_outputs(link, SEGMENT_LARGE_DATA)))
        n_headers++;
    if (memory_size(segment_outputs(link, SEGMENT_LARGE_RODATA)))
        n_headers++;
    return link->elf->header_size + n_headers * link->elf->program_header_size;
}

static enum status number_outputs(struct link *link, struct error *err)
{
    struct output **outputs = LIST_ITEMS(struct output *, &link->outputs);
    uint32_t index = 0;

    for (size_t i = 0; i < LIST_COUNT(struct output *, &link->outputs); i++)
        if (outputs[i]->size)
            outputs[i]->section_index = ++index;
    /* One more is needed for the names of sections. */
    if (index >= SHN_LORESERVE - 1)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %u sections with names of their own are more "
                         "than an image can have",
                         link->params->inputs[0].name, index);
    return STATUS_OK;
}

enum status layout_place(struct link *link, struct error *err)
{
    const uint64_t headers = headers_size(link);
    struct cursor cursor = {link, headers, headers, 0};
    enum status status;

    link->align = link->machine->row->page_size;
    align_tls(link);
    for (unsigned segment = 0; segment < N_SEGMENTS; segment++) {
        status = place_segment(&cursor, (enum segment)segment, err);
        if (status)
            return status;
    }
    place_tls(link);
    link->file_end = cursor.offset;
    link->span = align_up(cursor.address, link->machine->row->page_size);
    return number_outputs(link, err);
}
