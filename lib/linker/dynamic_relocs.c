/* Most dynamic relocations only add the load address to a word. DT_RELR packs
 * these ("RELR relative relocations" of the generic-abi list): an even entry is
 * the address of such a word. An odd entry is a bitmap: it tells which of the
 * next 63 words (31 of 32 bits) are such words, too. In each section the list
 * starts again with an address, so its size depends on offsets in sections only
 * and is known before addresses are. Such words at odd addresses are rare, and
 * are in .rela.dyn.
 *
 * .rela.dyn (.rel.dyn on machines whose addends are in the patched words) is
 * sorted so that a loader looks up each symbol once: first relative relocations
 * (DT_RELACOUNT is their number), then those of each symbol by place, at last
 * the indirect functions, because their resolvers may call imports. */
#include "passes.h"

#include <assert.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* ---- Sorting relocations ---- */

static unsigned symbol_index(const struct dynamic_reloc *reloc)
{
    return reloc->symbol ? reloc->symbol->import : 0;
}

static uint64_t place_in_output(const struct dynamic_reloc *reloc)
{
    return reloc->chunk->offset + reloc->offset;
}

static int compare_places(const void *a, const void *b)
{
    const struct dynamic_reloc *first = a;
    const struct dynamic_reloc *second = b;
    const unsigned first_order = first->chunk->output->order;
    const unsigned second_order = second->chunk->output->order;
    const uint64_t first_place = place_in_output(first);
    const uint64_t second_place = place_in_output(second);

    if (first_order != second_order)
        return first_order < second_order ? -1 : 1;
    if (first_place != second_place)
        return first_place < second_place ? -1 : 1;
    return 0;
}

static int compare_by_symbol(const void *a, const void *b)
{
    const unsigned first = symbol_index(a);
    const unsigned second = symbol_index(b);

    if (first != second)
        return first < second ? -1 : 1;
    return compare_places(a, b);
}

static bool is_packable(const struct link *link,
                        const struct dynamic_reloc *reloc)
{
    const uint64_t word = link->machine->row->address_size;

    return reloc->type == link->machine->dynamic_relative &&
           reloc->chunk->output->align >= word &&
           place_in_output(reloc) % word == 0;
}

/* Two words that overlap would both be patched, in an undefined order. */
static enum status check_places(const struct link *link,
                                const struct dynamic_reloc *relocs, size_t n,
                                struct error *err)
{
    for (size_t i = 1; i < n; i++) {
        const struct dynamic_reloc *reloc = &relocs[i];
        const struct object *object = reloc->chunk->object;

        if (relocs[i - 1].chunk->output == reloc->chunk->output &&
            place_in_output(reloc) - place_in_output(reloc - 1) <
                link->machine->row->address_size)
            return error_set(
                err, STATUS_CORRUPT, "%s: %s+0x%llx: relocations overlap",
                object ? object->view.name : "image", reloc->chunk->name,
                (unsigned long long)reloc->offset);
    }
    return STATUS_OK;
}

static void sort_list(struct buffer *list,
                      int (*compare)(const void *, const void *))
{
    if (list->size)
        qsort(list->data, LIST_COUNT(struct dynamic_reloc, list),
              sizeof(struct dynamic_reloc), compare);
}

/* Fill rela_list in this order: relative, by symbol, indirect. */
static void split_relocations(struct link *link)
{
    const struct dynamic_reloc *relocs =
        LIST_ITEMS(struct dynamic_reloc, &link->dynamic);
    const size_t n = LIST_COUNT(struct dynamic_reloc, &link->dynamic);
    const uint32_t relative = link->machine->dynamic_relative;
    const uint32_t indirect = link->machine->dynamic_irelative;
    struct buffer by_symbol;

    buffer_init(&by_symbol);
    for (size_t i = 0; i < n; i++) {
        if (is_packable(link, &relocs[i]))
            buffer_append(&link->relr_list, &relocs[i], sizeof(relocs[i]));
        else if (relocs[i].type == relative)
            buffer_append(&link->rela_list, &relocs[i], sizeof(relocs[i]));
        else if (relocs[i].type != indirect)
            buffer_append(&by_symbol, &relocs[i], sizeof(relocs[i]));
    }
    link->n_relative = LIST_COUNT(struct dynamic_reloc, &link->rela_list);
    sort_list(&by_symbol, compare_by_symbol);
    buffer_append(&link->rela_list, by_symbol.data, by_symbol.size);
    if (buffer_failed(&by_symbol))
        link->rela_list.failed = true;
    buffer_release(&by_symbol);
    for (size_t i = 0; i < n; i++)
        if (relocs[i].type == indirect)
            buffer_append(&link->rela_list, &relocs[i], sizeof(relocs[i]));
}

/* ---- DT_RELR ---- */

static uint64_t place_address(const struct dynamic_reloc *reloc)
{
    return reloc->chunk->output->address + place_in_output(reloc);
}

/* The bitmap for places from *relocs on that are in the same section as the
 * place before and among the words that a bitmap at base covers; *relocs is
 * advanced behind them. 1: there are none. */
static uint64_t next_bitmap(const struct link *link,
                            const struct dynamic_reloc **relocs,
                            const struct dynamic_reloc *end, uint64_t base)
{
    const uint64_t word = link->machine->row->address_size;
    const struct output *output = (*relocs)[-1].chunk->output;
    uint64_t bitmap = 1;

    for (; *relocs < end && (*relocs)->chunk->output == output; (*relocs)++) {
        const uint64_t bit = (place_address(*relocs) - base) / word;

        if (bit >= link->elf->relr_bits)
            break;
        bitmap |= UINT64_C(2) << bit;
    }
    return bitmap;
}

static void pack(const struct link *link, struct buffer *entries)
{
    const uint64_t word = link->machine->row->address_size;
    const struct dynamic_reloc *reloc =
        LIST_ITEMS(struct dynamic_reloc, &link->relr_list);
    const struct dynamic_reloc *end =
        reloc + LIST_COUNT(struct dynamic_reloc, &link->relr_list);

    while (reloc < end) {
        const uint64_t address = place_address(reloc++);
        uint64_t base = address + word;
        uint64_t bitmap;

        buffer_append(entries, &address, word);
        while ((bitmap = next_bitmap(link, &reloc, end, base)) != 1) {
            buffer_append(entries, &bitmap, word);
            base += link->elf->relr_bits * word;
        }
    }
}

enum status dynamic_relocs_sort(struct link *link, struct error *err)
{
    struct buffer entries;
    enum status status;

    sort_list(&link->dynamic, compare_places);
    status =
        check_places(link, LIST_ITEMS(struct dynamic_reloc, &link->dynamic),
                     LIST_COUNT(struct dynamic_reloc, &link->dynamic), err);
    if (status)
        return status;
    split_relocations(link);
    if (buffer_failed(&link->rela_list) || buffer_failed(&link->relr_list))
        return error_no_memory(err);
    link->rela->size =
        LIST_COUNT(struct dynamic_reloc, &link->rela_list) *
        elf_relocation_size(link->elf, link_relocation_type(link));
    /* Addresses are not known yet; the number of entries is. */
    buffer_init(&entries);
    pack(link, &entries);
    link->relr->size = entries.size;
    status = buffer_failed(&entries) ? error_no_memory(err) : STATUS_OK;
    buffer_release(&entries);
    return status;
}

/* ---- Writing ---- */

static uint64_t relocation_addend(const struct link *link,
                                  const struct dynamic_reloc *reloc)
{
    const struct link_machine *machine = link->machine;
    uint64_t addend = (uint64_t)reloc->addend;

    if (!reloc->target)
        return addend;
    if (reloc->type == machine->dynamic_relative)
        return symbol_pointer(link, reloc->target, addend);
    addend += symbol_definition_address(reloc->target) | reloc->target->mode;
    if (reloc->type == machine->dynamic_tls_tpoff ||
        reloc->type == machine->dynamic_tls_descriptor)
        addend -= link->tls.address;
    return addend;
}

static void write_relocations(const struct link *link)
{
    const struct dynamic_reloc *relocs =
        LIST_ITEMS(struct dynamic_reloc, &link->rela_list);
    const uint32_t type = link_relocation_type(link);
    const size_t size = elf_relocation_size(link->elf, type);
    uint8_t *bytes = chunk_bytes(link, link->rela);

    for (size_t i = 0; i < LIST_COUNT(struct dynamic_reloc, &link->rela_list);
         i++) {
        const Elf64_Rela entry = {
            .r_offset = place_address(&relocs[i]),
            .r_info = ELF64_R_INFO((uint64_t)symbol_index(&relocs[i]),
                                   relocs[i].type),
            .r_addend = (int64_t)relocation_addend(link, &relocs[i]),
        };

        elf_put_relocation(link->elf, type, bytes + i * size, &entry);
    }
}

/* The addends of DT_RELR and of DT_REL are in the words themselves. */
static void write_words(const struct link *link, const struct buffer *list)
{
    const struct dynamic_reloc *relocs = LIST_ITEMS(struct dynamic_reloc, list);

    for (size_t i = 0; i < LIST_COUNT(struct dynamic_reloc, list); i++) {
        const uint64_t value = relocation_addend(link, &relocs[i]);

        memcpy(chunk_bytes(link, relocs[i].chunk) + relocs[i].offset, &value,
               link->machine->row->address_size);
    }
}

enum status dynamic_relocs_write(struct link *link, struct error *err)
{
    struct buffer entries;
    enum status status;

    write_relocations(link);
    write_words(link, &link->relr_list);
    if (link_relocation_type(link) == SHT_REL)
        write_words(link, &link->rela_list);
    buffer_init(&entries);
    pack(link, &entries);
    status = buffer_failed(&entries) ? error_no_memory(err) : STATUS_OK;
    assert(status || entries.size == link->relr->size);
    if (status == STATUS_OK && entries.size)
        memcpy(chunk_bytes(link, link->relr), entries.data, entries.size);
    buffer_release(&entries);
    return status;
}
