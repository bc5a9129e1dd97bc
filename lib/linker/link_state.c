#include "link_state.h"

#include <elf.h>
#include <stdarg.h>
#include <stdio.h>

struct chunk *link_new_chunk(struct link *link, const char *name, uint32_t type,
                             uint64_t flags, uint64_t align)
{
    struct chunk *chunk = arena_alloc(&link->arena, 1, sizeof(*chunk));

    if (!chunk)
        return NULL;
    chunk->name = name;
    chunk->type = type;
    chunk->flags = flags | SHF_ALLOC;
    chunk->align = align;
    list_append_pointer(&link->chunks, chunk);
    return chunk;
}

bool symbol_is_thread_local(const struct symbol *symbol)
{
    if (symbol->place == SYMBOL_IN_CHUNK)
        return (symbol->chunk->flags & SHF_TLS) != 0;
    return symbol->type == STT_TLS;
}

bool symbol_is_indirect(const struct symbol *symbol)
{
    return symbol->type == STT_GNU_IFUNC && symbol->place == SYMBOL_IN_CHUNK;
}

uint64_t relocation_size(const struct link *link, const struct chunk *chunk,
                         const struct relocation *relocation,
                         const struct reloc_type *type)
{
    uint64_t size = type->size, left;

    if (relocation->offset > chunk->bytes.size)
        return UINT64_MAX;
    left = chunk->bytes.size - relocation->offset;
    if (link->machine->field_size)
        size = link->machine->field_size(
            type, chunk->bytes.data + relocation->offset, left);
    return size <= left ? size : UINT64_MAX;
}

static bool is_high_at(const struct link *link,
                       const struct relocation *relocation, uint64_t offset)
{
    const struct reloc_type *type = link->machine->type(relocation->type);

    return relocation->offset == offset && type && link->machine->is_high(type);
}

/* Both parts are usually near each other. */
const struct relocation *relocation_high(const struct link *link,
                                         const struct chunk *chunk,
                                         const struct relocation *relocation)
{
    const struct symbol *label = chunk->object->symbols[relocation->symbol];
    const struct relocation_list *list;
    size_t start = 0;

    if (label->place != SYMBOL_IN_CHUNK ||
        label->chunk->object != chunk->object)
        return NULL;
    list = &label->chunk->relocations;
    if (label->chunk == chunk)
        start = (size_t)(relocation - list->items);
    for (size_t i = start; i-- > 0;)
        if (is_high_at(link, &list->items[i], label->value))
            return &list->items[i];
    for (size_t i = start; i < list->n_items; i++)
        if (is_high_at(link, &list->items[i], label->value))
            return &list->items[i];
    return NULL;
}

bool symbol_is_weak_zero(const struct symbol *symbol)
{
    return symbol->place == SYMBOL_ABSOLUTE && symbol->weak &&
           symbol->value == 0;
}

/* The symbol's name, or for a section symbol the section's name. */
static const char *symbol_text(const struct symbol *symbol)
{
    if (symbol->name[0])
        return symbol->name;
    return symbol->chunk ? symbol->chunk->name : "";
}

enum status reloc_error(const struct link *link, const struct chunk *chunk,
                        const struct relocation *relocation, enum status status,
                        struct error *err, const char *format, ...)
{
    const struct reloc_type *type = link->machine->type(relocation->type);
    const struct symbol *symbol = chunk->object->symbols[relocation->symbol];
    char fact[256];
    char number[32];
    va_list args;

    va_start(args, format);
    vsnprintf(fact, sizeof(fact), format, args);
    va_end(args);
    snprintf(number, sizeof(number), "relocation type %u", relocation->type);
    return error_set(err, status, "%s: %s+0x%llx: %s against '%.300s': %s",
                     chunk->object->view.name, chunk->name,
                     (unsigned long long)relocation->offset,
                     type ? type->name : number, symbol_text(symbol), fact);
}
