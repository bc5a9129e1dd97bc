/* Symbol resolution: one definition for each name of all inputs.
 *
 * Definitions are preferred in this order. Of equals the first one is used, but
 * two strong ones are an error (ELF gABI, "Symbol Table"):
 *
 *     strong  >  common  >  weak  >  undefined
 *
 * A member of an archive was taken for one name. If an input already defines
 * another of the member's names, even weakly, that definition stays.
 *
 * A definition in a section that was not taken (the copy of an inline function
 * in a COMDAT group seen before) becomes a reference to the definition that was
 * taken.
 *
 * The image is closed: it uses its own definitions, and no other object can
 * replace them (like -Bsymbolic of other linkers). So visibility only decides
 * about undefined symbols: a hidden one is an error, another is an import. */
#include "passes.h"

#include <elf.h>

/* ---- One entry ---- */

/* Turn an entry of a symbol table into a symbol. */
static struct symbol from_entry(const struct object *object,
                                const struct object_symbol *entry)
{
    struct symbol symbol = {
        .name = entry->name,
        .object = object,
        .value = entry->value,
        .size = entry->size,
        .type = entry->type,
        .visibility = entry->visibility,
        .mode = entry->mode,
        .local = entry->binding == STB_LOCAL,
        .weak = entry->binding == STB_WEAK,
    };

    switch (entry->place) {
    case OBJECT_SYMBOL_UNDEFINED:
        symbol.place = SYMBOL_UNDEFINED;
        break;
    case OBJECT_SYMBOL_ABSOLUTE:
        symbol.place = SYMBOL_ABSOLUTE;
        break;
    case OBJECT_SYMBOL_COMMON:
        symbol.place = SYMBOL_COMMON;
        break;
    case OBJECT_SYMBOL_IN_SECTION:
        symbol.chunk = object->chunks[entry->section];
        if (symbol.chunk) {
            symbol.place = SYMBOL_IN_CHUNK;
        } else if (symbol.local) {
            symbol.place = SYMBOL_DISCARDED;
            symbol.chunk = object->debug[entry->section];
            if (symbol.name[0] == 0)
                symbol.name = object->view.sections[entry->section].name;
        } else {
            symbol.place = SYMBOL_UNDEFINED;
            symbol.weak = false;
        }
        break;
    }
    return symbol;
}

static unsigned strength(const struct symbol *symbol)
{
    if (symbol->place == SYMBOL_UNDEFINED)
        return 0;
    if (symbol->place == SYMBOL_COMMON)
        return 2;
    return symbol->weak ? 1 : 3;
}

static bool yields(const struct symbol *other, const struct symbol *known)
{
    return other->object->is_member && !known->object->is_member &&
           known->place != SYMBOL_UNDEFINED;
}

static uint8_t stricter_visibility(uint8_t a, uint8_t b)
{
    /* STV_INTERNAL (1) is stricter than STV_HIDDEN (2), which is stricter than
     * STV_PROTECTED (3). STV_DEFAULT (0) is no restriction. */
    if (a == STV_DEFAULT)
        return b;
    return b == STV_DEFAULT || a < b ? a : b;
}

static enum status merge(struct symbol *known, const struct symbol *other,
                         struct error *err)
{
    const uint8_t visibility =
        stricter_visibility(known->visibility, other->visibility);
    const unsigned known_strength = strength(known);
    const unsigned other_strength = yields(other, known) ? 0 : strength(other);

    if (other_strength > known_strength) {
        *known = *other;
    } else if (other_strength == 3) { /* equal, both strong */
        return error_set(
            err, STATUS_MISUSE, "%s: '%s' is defined here and in %s",
            other->object->view.name, other->name, known->object->view.name);
    } else if (other_strength == 2 && known_strength == 2) {
        if (other->size > known->size)
            known->size = other->size;
        if (other->value > known->value)
            known->value = other->value;
    } else if (known_strength == 0) {
        known->weak = known->weak && other->weak;
        if (known->type == STT_NOTYPE)
            known->type = other->type;
    }
    known->visibility = visibility;
    return STATUS_OK;
}

static enum status add_global(struct link *link, const struct symbol *symbol,
                              struct symbol **ret_symbol, struct error *err)
{
    void **place = name_map_insert(&link->symbols, symbol->name);

    if (!place)
        return error_no_memory(err);
    *ret_symbol = *place;
    if (*ret_symbol)
        return merge(*ret_symbol, symbol, err);
    *ret_symbol = arena_alloc(&link->arena, 1, sizeof(**ret_symbol));
    if (!*ret_symbol)
        return error_no_memory(err);
    **ret_symbol = *symbol;
    *place = *ret_symbol;
    list_append_pointer(&link->globals, *ret_symbol);
    return STATUS_OK;
}

/* ---- One object ---- */

enum status resolve_object(struct link *link, struct object *object,
                           struct error *err)
{
    const uint32_t n_symbols = object->view.n_symbols;
    struct symbol *locals;

    object->symbols = arena_alloc(&link->arena, (size_t)n_symbols + 1,
                                  sizeof(*object->symbols));
    locals = arena_alloc(&link->arena, (size_t)n_symbols + 1, sizeof(*locals));
    if (!object->symbols || !locals)
        return error_no_memory(err);
    /* Relocations without symbol refer to index 0: the number zero. */
    locals[0] = (struct symbol){
        .name = "", .object = object, .place = SYMBOL_ABSOLUTE, .local = true};
    object->symbols[0] = &locals[0];
    for (uint32_t i = 1; i < n_symbols; i++) {
        struct object_symbol entry;
        enum status status;

        status = object_symbol_at(&object->view, i, &entry, err);
        if (status)
            return status;
        locals[i] = from_entry(object, &entry);
        object->symbols[i] = &locals[i];
        if (locals[i].local)
            continue;
        status = add_global(link, &locals[i], &object->symbols[i], err);
        if (status)
            return status;
    }
    return buffer_failed(&link->globals) ? error_no_memory(err) : STATUS_OK;
}

enum status resolve_symbols(struct link *link, struct error *err)
{
    struct object **objects = LIST_ITEMS(struct object *, &link->objects);

    for (size_t i = 0; i < LIST_COUNT(struct object *, &link->objects); i++) {
        const enum status status = resolve_object(link, objects[i], err);

        if (status)
            return status;
    }
    return STATUS_OK;
}

/* ---- What is left over ---- */

/* Place a common symbol: a C variable without initialiser, under -fcommon. */
static enum status give_memory(struct link *link, struct symbol *symbol,
                               struct error *err)
{
    const bool thread_local = symbol->type == STT_TLS;
    struct chunk *chunk =
        link_new_chunk(link, thread_local ? ".tbss" : ".bss", SHT_NOBITS,
                       SHF_WRITE | (thread_local ? SHF_TLS : 0), symbol->value);

    if (!chunk)
        return error_no_memory(err);
    chunk->object = symbol->object;
    chunk->size = symbol->size;
    symbol->place = SYMBOL_IN_CHUNK;
    symbol->chunk = chunk;
    symbol->value = 0;
    return STATUS_OK;
}

enum status resolve_commons(struct link *link, struct error *err)
{
    struct symbol **globals = LIST_ITEMS(struct symbol *, &link->globals);

    for (size_t i = 0; i < LIST_COUNT(struct symbol *, &link->globals); i++) {
        enum status status;

        if (globals[i]->place != SYMBOL_COMMON)
            continue;
        status = give_memory(link, globals[i], err);
        if (status)
            return status;
    }
    return buffer_failed(&link->chunks) ? error_no_memory(err) : STATUS_OK;
}
