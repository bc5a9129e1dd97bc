/* What a loader finds through PT_DYNAMIC (ELF gABI, chapter 5, "Dynamic
 * Section"; "RELR relative relocations" of the generic-abi list).
 *
 * Words that only need the load address added are by far the most frequent
 * dynamic relocations. DT_RELR packs them: an even entry is the address of
 * such a word, an odd one a bitmap of which of the next 63 words are such,
 * too. A list starts afresh with an address in each section, so that its
 * size depends on offsets in sections only and is known before addresses
 * are. The few words at odd places are in .rela.dyn.
 *
 * .rela.dyn is sorted so that a loader looks up each symbol once: relative
 * ones (DT_RELACOUNT says how many), those of each symbol by place, and in
 * the end the indirect functions, whose resolvers may call imports.
 *
 * .dynsym holds the null symbol, the imports, the exports. */
#include "dynamic.h"

#include <assert.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "outputs.h"
#include "symbol_address.h"

enum { RELR_BITS = 63 };

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
    const uint64_t word = link->machine->address_size;

    return reloc->type == link->machine->dynamic_relative &&
           reloc->chunk->output->align >= word &&
           place_in_output(reloc) % word == 0;
}

/* Two words that overlap would be patched twice, in no certain order. */
static enum status check_places(const struct link *link,
                                const struct dynamic_reloc *relocs, size_t n,
                                struct error *err)
{
    for (size_t i = 1; i < n; i++) {
        const struct dynamic_reloc *reloc = &relocs[i];
        const struct object *object = reloc->chunk->object;

        if (relocs[i - 1].chunk->output == reloc->chunk->output &&
            place_in_output(reloc) - place_in_output(reloc - 1) <
                link->machine->address_size)
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

/* Fills rela_list in its order: relative, by symbol, indirect. */
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

static enum status sort_relocations(struct link *link, struct error *err)
{
    enum status status;

    sort_list(&link->dynamic, compare_places);
    status =
        check_places(link, LIST_ITEMS(struct dynamic_reloc, &link->dynamic),
                     LIST_COUNT(struct dynamic_reloc, &link->dynamic), err);
    if (status)
        return status;
    split_relocations(link);
    return buffer_failed(&link->rela_list) || buffer_failed(&link->relr_list)
               ? error_no_memory(err)
               : STATUS_OK;
}

/* ---- DT_RELR ---- */

static uint64_t place_address(const struct dynamic_reloc *reloc)
{
    return reloc->chunk->output->address + place_in_output(reloc);
}

/* Appends the entries of the places that start at relocs[index] and lie in
 * one section; returns the index after the last of them. */
static size_t pack_section(const struct dynamic_reloc *relocs, size_t index,
                           size_t n, uint64_t word, struct buffer *entries)
{
    const struct output *output = relocs[index].chunk->output;

    while (index < n && relocs[index].chunk->output == output) {
        const uint64_t address = place_address(&relocs[index++]);
        uint64_t base = address + word;
        uint64_t bitmap;

        buffer_append(entries, &address, word);
        do {
            bitmap = 0;
            for (; index < n && relocs[index].chunk->output == output;
                 index++) {
                const uint64_t bit =
                    (place_address(&relocs[index]) - base) / word;

                if (bit >= RELR_BITS)
                    break;
                bitmap |= UINT64_C(2) << bit;
            }
            base += RELR_BITS * word;
            bitmap |= 1;
            if (bitmap != 1)
                buffer_append(entries, &bitmap, word);
        } while (bitmap != 1);
    }
    return index;
}

static void pack(const struct link *link, struct buffer *entries)
{
    const struct dynamic_reloc *relocs =
        LIST_ITEMS(struct dynamic_reloc, &link->relr_list);
    const size_t n = LIST_COUNT(struct dynamic_reloc, &link->relr_list);

    for (size_t i = 0; i < n;)
        i = pack_section(relocs, i, n, link->machine->address_size, entries);
}

/* ---- .dynamic ---- */

static void add_tag(struct buffer *tags, int64_t tag, uint64_t value)
{
    const Elf64_Dyn entry = {.d_tag = tag, .d_un.d_val = value};

    buffer_append(tags, &entry, sizeof(entry));
}

/* Address and size of something that may be empty. */
static void add_range(struct buffer *tags, int64_t address_tag,
                      int64_t size_tag, const struct output *output)
{
    if (output->size == 0)
        return;
    add_tag(tags, address_tag, output->address);
    add_tag(tags, size_tag, output->size);
}

static void list_tags(const struct link *link, struct buffer *tags)
{
    const struct output *rela = outputs_standard(link, RANK_RELA);
    const struct output *relr = outputs_standard(link, RANK_RELR);

    add_tag(tags, DT_HASH, outputs_standard(link, RANK_HASH)->address);
    add_tag(tags, DT_SYMTAB, outputs_standard(link, RANK_DYNSYM)->address);
    add_tag(tags, DT_SYMENT, sizeof(Elf64_Sym));
    add_range(tags, DT_STRTAB, DT_STRSZ, outputs_standard(link, RANK_DYNSTR));
    add_range(tags, DT_RELA, DT_RELASZ, rela);
    if (rela->size) {
        add_tag(tags, DT_RELAENT, sizeof(Elf64_Rela));
        add_tag(tags, DT_RELACOUNT, link->n_relative);
    }
    add_range(tags, DT_RELR, DT_RELRSZ, relr);
    if (relr->size)
        add_tag(tags, DT_RELRENT, link->machine->address_size);
    add_range(tags, DT_INIT_ARRAY, DT_INIT_ARRAYSZ,
              outputs_standard(link, RANK_INIT_ARRAY));
    add_range(tags, DT_FINI_ARRAY, DT_FINI_ARRAYSZ,
              outputs_standard(link, RANK_FINI_ARRAY));
    add_tag(tags, DT_FLAGS,
            DF_BIND_NOW | (link->static_tls ? DF_STATIC_TLS : 0));
    add_tag(tags, DT_FLAGS_1, DF_1_NOW);
    add_tag(tags, DT_NULL, 0);
}

/* ---- Sizes ---- */

static enum status choose_exports(struct link *link, struct error *err)
{
    const struct link_params *params = link->params;

    for (size_t i = 0; i < params->n_exports; i++) {
        struct symbol *symbol =
            name_map_find(&link->symbols, params->exports[i]);

        if (!symbol || symbol->exported ||
            (symbol->place != SYMBOL_IN_CHUNK &&
             symbol->place != SYMBOL_ABSOLUTE))
            continue;
        symbol->exported = true;
        list_append_pointer(&link->exports, symbol);
    }
    return buffer_failed(&link->exports) ? error_no_memory(err) : STATUS_OK;
}

static uint64_t names_size(const struct buffer *list)
{
    struct symbol **symbols = LIST_ITEMS(struct symbol *, list);
    uint64_t size = 0;

    for (size_t i = 0; i < LIST_COUNT(struct symbol *, list); i++)
        size += strlen(symbols[i]->name) + 1;
    return size;
}

static uint32_t count_symbols(const struct link *link)
{
    return (uint32_t)(1 + LIST_COUNT(struct symbol *, &link->imports) +
                      LIST_COUNT(struct symbol *, &link->exports));
}

/* Only exports are looked up. */
static uint32_t count_buckets(const struct link *link)
{
    return (uint32_t)LIST_COUNT(struct symbol *, &link->exports) + 1;
}

/* Both tables depend on addresses in content, but not in size. */
static enum status size_generated(struct link *link, struct error *err)
{
    struct buffer scratch;
    enum status status = STATUS_OK;

    buffer_init(&scratch);
    pack(link, &scratch);
    link->relr->size = scratch.size;
    if (buffer_failed(&scratch))
        status = error_no_memory(err);
    buffer_release(&scratch);
    return status;
}

enum status dynamic_size(struct link *link, struct error *err)
{
    struct buffer tags;
    enum status status;

    status = choose_exports(link, err);
    if (status == STATUS_OK)
        status = sort_relocations(link, err);
    if (status == STATUS_OK)
        status = size_generated(link, err);
    if (status)
        return status;
    link->dynsym->size = count_symbols(link) * sizeof(Elf64_Sym);
    link->dynstr->size =
        1 + names_size(&link->imports) + names_size(&link->exports);
    link->hash->size =
        (2 + (uint64_t)count_buckets(link) + count_symbols(link)) *
        sizeof(uint32_t);
    link->rela->size =
        LIST_COUNT(struct dynamic_reloc, &link->rela_list) * sizeof(Elf64_Rela);
    /* Which tags there are depends on the sizes. */
    status = outputs_measure(link, err);
    if (status)
        return status;
    buffer_init(&tags);
    list_tags(link, &tags);
    link->dynamic_table->size = tags.size;
    status = buffer_failed(&tags) ? error_no_memory(err) : STATUS_OK;
    buffer_release(&tags);
    return status ? status : outputs_measure(link, err);
}

/* ---- Writing ---- */

static uint8_t dynamic_type(const struct symbol *symbol)
{
    if (symbol->place == SYMBOL_UNDEFINED && symbol->called)
        return STT_FUNC;
    /* Indirect functions are bound by R_*_IRELATIVE; their stub is what
     * others call. */
    if (symbol->type == STT_GNU_IFUNC)
        return STT_FUNC;
    return symbol->type == STT_COMMON ? STT_OBJECT : symbol->type;
}

static Elf64_Sym dynamic_symbol(const struct link *link,
                                const struct symbol *symbol, uint32_t name)
{
    Elf64_Sym entry = {
        .st_name = name,
        .st_info = ELF64_ST_INFO(symbol->weak ? STB_WEAK : STB_GLOBAL,
                                 dynamic_type(symbol)),
        .st_other = STV_DEFAULT,
    };

    if (symbol->place == SYMBOL_UNDEFINED)
        return entry;
    entry.st_value = symbol_address(link, symbol);
    entry.st_size = symbol->size;
    entry.st_shndx = SHN_ABS;
    if (symbol->place == SYMBOL_IN_CHUNK) {
        const struct output *output = symbol->chunk->output;

        /* An output may be empty and have no header; any other will do. */
        entry.st_shndx =
            (uint16_t)(output->section_index ? output->section_index : 1);
        if (output->flags & SHF_TLS)
            entry.st_value -= link->tls.address;
    }
    return entry;
}

static uint32_t write_symbols(const struct link *link,
                              const struct buffer *list, uint32_t index,
                              uint32_t name)
{
    struct symbol **symbols = LIST_ITEMS(struct symbol *, list);
    uint8_t *table = chunk_bytes(link, link->dynsym);
    uint8_t *strings = chunk_bytes(link, link->dynstr);

    for (size_t i = 0; i < LIST_COUNT(struct symbol *, list); i++) {
        const Elf64_Sym entry = dynamic_symbol(link, symbols[i], name);
        const size_t size = strlen(symbols[i]->name) + 1;

        memcpy(table + (index + i) * sizeof(entry), &entry, sizeof(entry));
        memcpy(strings + name, symbols[i]->name, size);
        name += (uint32_t)size;
    }
    return name;
}

/* ELF gABI, figure 5-13. */
static uint32_t hash_of(const char *name)
{
    uint32_t hash = 0;

    for (; *name; name++) {
        hash = (hash << 4) + (uint8_t)*name;
        hash ^= (hash & 0xf0000000) >> 24;
        hash &= 0x0fffffff;
    }
    return hash;
}

/*   n_buckets, n_symbols, first symbol of each bucket, next of each symbol */
static void write_hash(const struct link *link)
{
    struct symbol **exports = LIST_ITEMS(struct symbol *, &link->exports);
    const uint32_t n_exports =
        (uint32_t)LIST_COUNT(struct symbol *, &link->exports);
    const uint32_t n_symbols = count_symbols(link);
    const uint32_t n_buckets = count_buckets(link);
    uint8_t *words = chunk_bytes(link, link->hash);
    uint8_t *buckets = words + 8;
    uint8_t *chains = buckets + (size_t)n_buckets * 4;

    memcpy(words, &n_buckets, 4);
    memcpy(words + 4, &n_symbols, 4);
    for (uint32_t i = 0; i < n_exports; i++) {
        const uint32_t index = n_symbols - n_exports + i;
        uint8_t *bucket =
            buckets + (size_t)(hash_of(exports[i]->name) % n_buckets) * 4;

        memcpy(chains + (size_t)index * 4, bucket, 4);
        memcpy(bucket, &index, 4);
    }
}

static uint64_t relocation_addend(const struct link *link,
                                  const struct dynamic_reloc *reloc)
{
    const struct machine *machine = link->machine;
    uint64_t addend = (uint64_t)reloc->addend;

    if (!reloc->target)
        return addend;
    if (reloc->type == machine->dynamic_relative)
        return addend + symbol_address(link, reloc->target);
    addend += symbol_definition_address(reloc->target);
    if (reloc->type == machine->dynamic_tls_tpoff)
        addend -= link->tls.address;
    return addend;
}

static void write_rela(const struct link *link)
{
    const struct dynamic_reloc *relocs =
        LIST_ITEMS(struct dynamic_reloc, &link->rela_list);
    uint8_t *bytes = chunk_bytes(link, link->rela);

    for (size_t i = 0; i < LIST_COUNT(struct dynamic_reloc, &link->rela_list);
         i++) {
        const Elf64_Rela entry = {
            .r_offset = place_address(&relocs[i]),
            .r_info = ELF64_R_INFO((uint64_t)symbol_index(&relocs[i]),
                                   relocs[i].type),
            .r_addend = (int64_t)relocation_addend(link, &relocs[i]),
        };

        memcpy(bytes + i * sizeof(entry), &entry, sizeof(entry));
    }
}

/* The addends of DT_RELR are in the words themselves. */
static void write_packed_words(const struct link *link)
{
    const struct dynamic_reloc *relocs =
        LIST_ITEMS(struct dynamic_reloc, &link->relr_list);

    for (size_t i = 0; i < LIST_COUNT(struct dynamic_reloc, &link->relr_list);
         i++) {
        const uint64_t value = relocation_addend(link, &relocs[i]);

        memcpy(chunk_bytes(link, relocs[i].chunk) + relocs[i].offset, &value,
               link->machine->address_size);
    }
}

enum status dynamic_write(struct link *link, struct error *err)
{
    struct buffer generated;
    enum status status = STATUS_OK;
    uint32_t name;

    name = write_symbols(link, &link->imports, 1, 1);
    write_symbols(link, &link->exports,
                  (uint32_t)LIST_COUNT(struct symbol *, &link->imports) + 1,
                  name);
    write_hash(link);
    write_rela(link);
    write_packed_words(link);

    buffer_init(&generated);
    pack(link, &generated);
    list_tags(link, &generated);
    if (buffer_failed(&generated)) {
        status = error_no_memory(err);
    } else {
        assert(generated.size == link->relr->size + link->dynamic_table->size);
        memcpy(chunk_bytes(link, link->relr), generated.data,
               (size_t)link->relr->size);
        memcpy(chunk_bytes(link, link->dynamic_table),
               generated.data + link->relr->size,
               (size_t)link->dynamic_table->size);
    }
    buffer_release(&generated);
    return status;
}
