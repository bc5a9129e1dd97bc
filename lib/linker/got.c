/* The global offset table (GOT) holds addresses that only the loader knows.
 *
 *   import 1 | import 2 | ... | other slots
 *
 * Every import that code refers to has one slot, and the slots are in the order
 * of .dynsym, so that a loader which binds names in order also writes the table
 * in order. Imports that only data refers to have none, and come after the
 * others in .dynsym. The other slots are: addresses of symbols of the image,
 * for loads that could not be relaxed; numbers; addresses that the resolvers of
 * indirect functions return; pairs (module, offset) and offsets of thread-local
 * variables.
 *
 * Calls of imports go to a stub in .plt, which jumps to the address in the
 * slot. All binding is done at load time; none is lazy. */
#include "passes.h"

#include <elf.h>
#include <string.h>

/* ---- Needs ---- */

enum status got_need_import(struct link *link, struct symbol *symbol,
                            struct error *err)
{
    if (symbol->import)
        return STATUS_OK;
    list_append_pointer(&link->imports, symbol);
    symbol->import = (uint32_t)LIST_COUNT(struct symbol *, &link->imports);
    return buffer_failed(&link->imports) ? error_no_memory(err) : STATUS_OK;
}

static enum status add_slot(struct link *link, enum got_kind kind,
                            struct symbol *symbol, uint32_t *ret_slot,
                            struct error *err)
{
    const struct got_slot slot = {kind, symbol};

    buffer_append(&link->got_slots, &slot, sizeof(slot));
    if (buffer_failed(&link->got_slots))
        return error_no_memory(err);
    *ret_slot = (uint32_t)LIST_COUNT(struct got_slot, &link->got_slots);
    return STATUS_OK;
}

enum status got_need_slot(struct link *link, struct symbol *symbol,
                          struct error *err)
{
    if (symbol->got)
        return STATUS_OK;
    if (symbol->place == SYMBOL_UNDEFINED) {
        symbol->got = ++link->n_import_slots;
        return got_need_import(link, symbol, err);
    }
    return add_slot(link, GOT_ADDRESS, symbol, &symbol->got, err);
}

static enum status add_stub(struct link *link, struct symbol *symbol,
                            struct error *err)
{
    list_append_pointer(&link->stubs, symbol);
    symbol->stub = (uint32_t)LIST_COUNT(struct symbol *, &link->stubs);
    return buffer_failed(&link->stubs) ? error_no_memory(err) : STATUS_OK;
}

enum status got_need_stub(struct link *link, struct symbol *symbol,
                          struct error *err)
{
    enum status status;

    symbol->called = true;
    if (symbol->stub)
        return STATUS_OK;
    status = got_need_slot(link, symbol, err);
    return status ? status : add_stub(link, symbol, err);
}

enum status got_need_tls_pair(struct link *link, struct symbol *symbol,
                              struct error *err)
{
    uint32_t offset_slot;
    enum status status = STATUS_OK;

    if (symbol->tls_pair)
        return STATUS_OK;
    if (symbol->place == SYMBOL_UNDEFINED)
        status = got_need_import(link, symbol, err);
    if (status == STATUS_OK)
        status = add_slot(link, GOT_TLS_MODULE, symbol, &symbol->tls_pair, err);
    if (status == STATUS_OK)
        status = add_slot(link, GOT_TLS_OFFSET, symbol, &offset_slot, err);
    return status;
}

enum status got_need_tls_module(struct link *link, struct error *err)
{
    uint32_t offset_slot;
    enum status status;

    if (link->tls_module)
        return STATUS_OK;
    status = add_slot(link, GOT_TLS_MODULE, NULL, &link->tls_module, err);
    if (status == STATUS_OK)
        status = add_slot(link, GOT_TLS_OFFSET, NULL, &offset_slot, err);
    return status;
}

enum status got_need_tls_tpoff(struct link *link, struct symbol *symbol,
                               struct error *err)
{
    enum status status = STATUS_OK;

    if (symbol->tls_got)
        return STATUS_OK;
    link->static_tls = true;
    if (symbol->place == SYMBOL_UNDEFINED)
        status = got_need_import(link, symbol, err);
    if (status == STATUS_OK)
        status = add_slot(link, GOT_TLS_TPOFF, symbol, &symbol->tls_got, err);
    return status;
}

enum status got_need_tls_descriptor(struct link *link, struct symbol *symbol,
                                    struct error *err)
{
    uint32_t argument_slot;
    enum status status = STATUS_OK;

    if (symbol->tls_descriptor)
        return STATUS_OK;
    if (symbol->place == SYMBOL_UNDEFINED)
        status = got_need_import(link, symbol, err);
    if (status == STATUS_OK)
        status = add_slot(link, GOT_TLS_DESCRIPTOR, symbol,
                          &symbol->tls_descriptor, err);
    if (status == STATUS_OK)
        status = add_slot(link, GOT_TLS_ARGUMENT, symbol, &argument_slot, err);
    return status;
}

/* ---- Relaxed loads ---- */

enum got_use got_use_of(const struct link *link, const struct chunk *chunk,
                        const struct relocation *relocation,
                        const struct reloc_type *type)
{
    if (!(chunk->flags & SHF_EXECINSTR) || !link->machine->got_use)
        return GOT_USE_OTHER;
    return link->machine->got_use(type, chunk->bytes.data + relocation->offset,
                                  relocation->offset, relocation->addend);
}

bool got_is_relaxed(const struct link *link, const struct reloc_type *type,
                    const struct symbol *symbol, enum got_use use)
{
    return link->may_relax && type->relax && use != GOT_USE_OTHER &&
           !symbol->lone_load &&
           (symbol->place == SYMBOL_IN_CHUNK ||
            symbol->place == SYMBOL_IN_IMAGE);
}

/* ---- Before scanning ---- */

/* Several instructions load one address, and they need not be neighbours: a
 * jump may lead from one load into the middle of another. So either all loads
 * of a symbol's address are rewritten, or none. */
static void find_lone_loads(const struct link *link, const struct chunk *chunk)
{
    for (size_t i = 0; i < chunk->relocations.n_items; i++) {
        const struct relocation *relocation = &chunk->relocations.items[i];
        const struct reloc_type *type = link->machine->type(relocation->type);

        if (!type || type->relax != RELAX_TOGETHER)
            continue;
        if (relocation->offset > chunk->bytes.size ||
            chunk->bytes.size - relocation->offset < type->size ||
            got_use_of(link, chunk, relocation, type) == GOT_USE_OTHER)
            chunk->object->symbols[relocation->symbol]->lone_load = true;
    }
}

static enum status need_indirect(struct link *link, struct symbol *symbol,
                                 struct error *err)
{
    enum status status;

    if (!symbol_is_indirect(symbol) || symbol->indirect)
        return STATUS_OK;
    status = add_slot(link, GOT_INDIRECT, symbol, &symbol->indirect, err);
    return status ? status : add_stub(link, symbol, err);
}

static bool may_relax(const struct link *link)
{
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &link->chunks);
    uint64_t left = link->machine->relax_reach;

    for (size_t i = 0; i < LIST_COUNT(struct chunk *, &link->chunks); i++) {
        if (chunks[i]->size >= left)
            return false;
        left -= chunks[i]->size;
    }
    return left != 0;
}

enum status got_begin(struct link *link, struct error *err)
{
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &link->chunks);

    link->may_relax = may_relax(link);
    for (size_t i = 0; i < LIST_COUNT(struct chunk *, &link->chunks); i++)
        find_lone_loads(link, chunks[i]);
    for (size_t i = 0; i < LIST_COUNT(struct object *, &link->objects); i++) {
        const struct object *object =
            LIST_ITEMS(struct object *, &link->objects)[i];

        for (uint32_t j = 0; j < object->view.n_symbols; j++) {
            const enum status status =
                need_indirect(link, object->symbols[j], err);

            if (status)
                return status;
        }
    }
    return STATUS_OK;
}

/* ---- After scanning ---- */

/* Imports with a slot come first, in the order of slots. */
static enum status order_imports(struct link *link, struct error *err)
{
    struct symbol **imports = LIST_ITEMS(struct symbol *, &link->imports);
    const size_t n_imports = LIST_COUNT(struct symbol *, &link->imports);
    struct symbol **ordered =
        arena_alloc(&link->arena, n_imports, sizeof(struct symbol *));
    size_t next = link->n_import_slots;

    if (!ordered)
        return error_no_memory(err);
    for (size_t i = 0; i < n_imports; i++) {
        const size_t place = imports[i]->got ? imports[i]->got - 1 : next++;

        ordered[place] = imports[i];
        imports[i]->import = (uint32_t)place + 1;
    }
    for (size_t i = 0; i < n_imports; i++)
        imports[i] = ordered[i];
    return STATUS_OK;
}

static struct symbol *only_import(struct symbol *symbol)
{
    return symbol && symbol->place == SYMBOL_UNDEFINED ? symbol : NULL;
}

/* The relocation by which the loader fills a slot; false if there is none. */
static bool slot_relocation(const struct link_machine *machine,
                            const struct got_slot *slot,
                            struct dynamic_reloc *dynamic)
{
    dynamic->symbol = only_import(slot->symbol);
    switch (slot->kind) {
    case GOT_ADDRESS:
        dynamic->type = machine->dynamic_relative;
        dynamic->target = slot->symbol;
        return slot->symbol->place != SYMBOL_ABSOLUTE;
    case GOT_INDIRECT:
        dynamic->type = machine->dynamic_irelative;
        dynamic->target = slot->symbol;
        return true;
    case GOT_TLS_MODULE:
        dynamic->type = machine->dynamic_tls_module;
        return true;
    case GOT_TLS_OFFSET:
        dynamic->type = machine->dynamic_tls_offset;
        return dynamic->symbol != NULL;
    case GOT_TLS_TPOFF:
    case GOT_TLS_DESCRIPTOR:
        dynamic->type = slot->kind == GOT_TLS_TPOFF
                            ? machine->dynamic_tls_tpoff
                            : machine->dynamic_tls_descriptor;
        if (!dynamic->symbol)
            dynamic->target = slot->symbol;
        return true;
    case GOT_TLS_ARGUMENT:
        return false;
    }
    return false;
}

static void relocate_slots(struct link *link)
{
    const struct link_machine *machine = link->machine;
    struct symbol **imports = LIST_ITEMS(struct symbol *, &link->imports);
    const struct got_slot *slots =
        LIST_ITEMS(struct got_slot, &link->got_slots);

    for (uint32_t i = 0; i < link->n_import_slots; i++) {
        const struct dynamic_reloc dynamic = {
            .chunk = link->got,
            .offset = (uint64_t)i * machine->row->address_size,
            .type = machine->dynamic_got,
            .symbol = imports[i],
        };

        buffer_append(&link->dynamic, &dynamic, sizeof(dynamic));
    }
    for (size_t i = 0; i < LIST_COUNT(struct got_slot, &link->got_slots); i++) {
        struct dynamic_reloc dynamic = {
            .chunk = link->got,
            .offset = (link->n_import_slots + i) * machine->row->address_size,
        };

        if (slot_relocation(machine, &slots[i], &dynamic))
            buffer_append(&link->dynamic, &dynamic, sizeof(dynamic));
    }
}

enum status got_finish(struct link *link, struct error *err)
{
    const size_t n_slots = LIST_COUNT(struct got_slot, &link->got_slots);
    const size_t n_stubs = LIST_COUNT(struct symbol *, &link->stubs);
    const enum status status = order_imports(link, err);

    if (status)
        return status;
    link->got->size = (link->n_import_slots + n_slots) *
                      (uint64_t)link->machine->row->address_size;
    link->plt->size = n_stubs * (uint64_t)link->machine->stub_size;
    relocate_slots(link);
    return buffer_failed(&link->dynamic) ? error_no_memory(err) : STATUS_OK;
}

/* ---- Addresses and contents ---- */

uint64_t got_made_slot_address(const struct link *link, uint32_t slot)
{
    return chunk_address(link->got) +
           (uint64_t)(link->n_import_slots + slot - 1) *
               link->machine->row->address_size;
}

uint64_t got_slot_address(const struct link *link, const struct symbol *symbol)
{
    if (symbol->place == SYMBOL_UNDEFINED)
        return chunk_address(link->got) +
               (uint64_t)(symbol->got - 1) * link->machine->row->address_size;
    return got_made_slot_address(link, symbol->got);
}

/* The content of a slot without a dynamic relocation. */
static uint64_t constant_of(const struct link *link,
                            const struct got_slot *slot)
{
    if (!slot->symbol || slot->symbol->place == SYMBOL_UNDEFINED)
        return 0;
    if (slot->kind == GOT_ADDRESS && slot->symbol->place == SYMBOL_ABSOLUTE)
        return slot->symbol->value;
    if (slot->kind == GOT_TLS_OFFSET)
        return symbol_definition_address(slot->symbol) - link->tls.address -
               link->machine->tls_bias;
    return 0;
}

enum status got_write(const struct link *link, struct error *err)
{
    const struct link_machine *machine = link->machine;
    const struct got_slot *slots =
        LIST_ITEMS(struct got_slot, &link->got_slots);
    struct symbol **stubs = LIST_ITEMS(struct symbol *, &link->stubs);
    uint8_t *bytes;

    bytes = chunk_bytes(link, link->got) +
            (size_t)link->n_import_slots * machine->row->address_size;
    for (size_t i = 0; i < LIST_COUNT(struct got_slot, &link->got_slots); i++) {
        const uint64_t value = constant_of(link, &slots[i]);

        memcpy(bytes + i * machine->row->address_size, &value,
               machine->row->address_size);
    }
    bytes = chunk_bytes(link, link->plt);
    for (size_t i = 0; i < LIST_COUNT(struct symbol *, &link->stubs); i++) {
        const uint64_t slot =
            stubs[i]->indirect ? got_made_slot_address(link, stubs[i]->indirect)
                               : got_slot_address(link, stubs[i]);

        if (!machine->write_stub(bytes + i * machine->stub_size,
                                 stub_address(link, stubs[i]->stub), slot))
            return error_set(err, STATUS_OUT_OF_RANGE,
                             "%s: the stub of '%s' is out of reach of its GOT "
                             "slot",
                             link->params->inputs[0].name, stubs[i]->name);
    }
    return STATUS_OK;
}
