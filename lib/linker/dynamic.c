/* The tables that a loader finds through PT_DYNAMIC (ELF gABI, chapter 5,
 * "Dynamic Section").
 *
 * .dynsym holds the null symbol, the imports, the exports; only the exports are
 * in .hash. dynamic_relocs.c fills .rel(a).dyn and .relr.dyn. */
#include "passes.h"
#include "symbol_hash.h"

#include <assert.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* ---- .dynamic ---- */

struct tags {
    const struct elf_class *elf;
    struct buffer bytes;
};

static void add_tag(struct tags *tags, int64_t tag, uint64_t value)
{
    const Elf64_Dyn entry = {.d_tag = tag, .d_un.d_val = value};
    uint8_t bytes[sizeof(entry)];

    elf_put_dynamic(tags->elf, bytes, &entry);
    buffer_append(&tags->bytes, bytes, tags->elf->dynamic_size);
}

/* Address and size of an output that may be empty. */
static void add_range(struct tags *tags, int64_t address_tag, int64_t size_tag,
                      const struct output *output)
{
    if (output->size == 0)
        return;
    add_tag(tags, address_tag, output->address);
    add_tag(tags, size_tag, output->size);
}

static void add_relocations(const struct link *link, struct tags *tags)
{
    const struct output *output = outputs_standard(link, RANK_RELA);
    const bool rela = output->type == SHT_RELA;

    add_range(tags, rela ? DT_RELA : DT_REL, rela ? DT_RELASZ : DT_RELSZ,
              output);
    if (output->size == 0)
        return;
    add_tag(tags, rela ? DT_RELAENT : DT_RELENT,
            elf_relocation_size(link->elf, output->type));
    add_tag(tags, rela ? DT_RELACOUNT : DT_RELCOUNT, link->n_relative);
}

static void list_tags(const struct link *link, struct tags *tags)
{
    const struct output *relr = outputs_standard(link, RANK_RELR);

    add_tag(tags, DT_HASH, outputs_standard(link, RANK_HASH)->address);
    add_tag(tags, DT_SYMTAB, outputs_standard(link, RANK_DYNSYM)->address);
    add_tag(tags, DT_SYMENT, link->elf->symbol_size);
    add_range(tags, DT_STRTAB, DT_STRSZ, outputs_standard(link, RANK_DYNSTR));
    add_relocations(link, tags);
    add_range(tags, DT_RELR, DT_RELRSZ, relr);
    if (relr->size)
        add_tag(tags, DT_RELRENT, link->machine->row->address_size);
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
             symbol->place != SYMBOL_ABSOLUTE) ||
            (symbol->chunk && symbol->chunk->rearranged))
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

/* Buckets for the exports: only they are looked up. */
static uint32_t count_buckets(const struct link *link)
{
    return (uint32_t)LIST_COUNT(struct symbol *, &link->exports) + 1;
}

enum status dynamic_size(struct link *link, struct error *err)
{
    struct tags tags = {.elf = link->elf};
    enum status status;

    status = choose_exports(link, err);
    if (status == STATUS_OK)
        status = dynamic_relocs_sort(link, err);
    if (status)
        return status;
    if (count_symbols(link) > link->elf->max_symbols)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %u imports and exports are more than an image "
                         "can have",
                         link->params->inputs[0].name, count_symbols(link));
    link->dynsym->size = (uint64_t)count_symbols(link) * link->elf->symbol_size;
    link->dynstr->size =
        1 + names_size(&link->imports) + names_size(&link->exports);
    link->hash->size =
        (2 + (uint64_t)count_buckets(link) + count_symbols(link)) *
        sizeof(uint32_t);
    /* The number of tags depends on the sizes. */
    status = outputs_measure(link, err);
    if (status)
        return status;
    buffer_init(&tags.bytes);
    list_tags(link, &tags);
    link->dynamic_table->size = tags.bytes.size;
    status = buffer_failed(&tags.bytes) ? error_no_memory(err) : STATUS_OK;
    buffer_release(&tags.bytes);
    return status ? status : outputs_measure(link, err);
}

/* ---- Writing ---- */

static uint8_t dynamic_type(const struct symbol *symbol)
{
    if (symbol->place == SYMBOL_UNDEFINED && symbol->called)
        return STT_FUNC;
    /* Indirect functions are bound by R_*_IRELATIVE; other files call their
     * stub. */
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

    /* Nothing reads the size of an import, so the field holds the hash. */
    if (symbol->place == SYMBOL_UNDEFINED) {
        entry.st_size = symbol_hash(symbol->name);
        return entry;
    }
    entry.st_value = symbol_pointer(link, symbol, 0);
    entry.st_size = symbol->size;
    entry.st_shndx = SHN_ABS;
    if (symbol->place == SYMBOL_IN_CHUNK) {
        const struct output *output = symbol->chunk->output;

        /* An empty output has no header; any other section will do. */
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

        elf_put_symbol(link->elf, table + (index + i) * link->elf->symbol_size,
                       &entry);
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

enum status dynamic_write(struct link *link, struct error *err)
{
    struct tags tags = {.elf = link->elf};
    enum status status;
    uint32_t name;

    name = write_symbols(link, &link->imports, 1, 1);
    write_symbols(link, &link->exports,
                  (uint32_t)LIST_COUNT(struct symbol *, &link->imports) + 1,
                  name);
    write_hash(link);

    buffer_init(&tags.bytes);
    list_tags(link, &tags);
    status = buffer_failed(&tags.bytes) ? error_no_memory(err) : STATUS_OK;
    if (status == STATUS_OK) {
        assert(tags.bytes.size == link->dynamic_table->size);
        memcpy(chunk_bytes(link, link->dynamic_table), tags.bytes.data,
               tags.bytes.size);
        status = dynamic_relocs_write(link, err);
    }
    buffer_release(&tags.bytes);
    return status;
}
