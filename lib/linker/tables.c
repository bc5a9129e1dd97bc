/* Symbols are not in the image but in tables of the cache file, where they are
 * found by name without reading anything else. */
#include "passes.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum table { TABLE_FUNCTIONS, TABLE_OBJECTS, N_TABLES, TABLE_NONE = N_TABLES };

struct tables {
    struct link *link;
    struct link_symbol *rows[N_TABLES]; /* NULL while counting */
    size_t n_rows[N_TABLES];
};

static enum table table_of(const struct symbol *symbol)
{
    if (symbol->place != SYMBOL_IN_CHUNK || symbol->name[0] == 0 ||
        (symbol->chunk->flags & SHF_TLS) || symbol->chunk->rearranged)
        return TABLE_NONE;
    switch (symbol->type) {
    case STT_FUNC:
    case STT_GNU_IFUNC:
        return TABLE_FUNCTIONS;
    case STT_OBJECT:
    case STT_COMMON:
        /* Constants to which the code generator gave names. */
        return strncmp(symbol->name, ".L", 2) == 0 ? TABLE_NONE : TABLE_OBJECTS;
    default:
        return TABLE_NONE;
    }
}

/* The size that an assembler gave to a symbol; the part outside of its section
 * does not count. */
static uint64_t size_of(const struct link *link, const struct symbol *symbol)
{
    const uint64_t room = symbol->chunk->size - symbol->value;

    if (symbol->stub)
        return link->machine->stub_size;
    return symbol->size < room ? symbol->size : room;
}

static enum status add(struct tables *tables, const struct symbol *symbol,
                       struct error *err)
{
    const enum table table = table_of(symbol);
    struct link_symbol *row;

    if (table == TABLE_NONE)
        return STATUS_OK;
    if (tables->rows[table]) {
        row = &tables->rows[table][tables->n_rows[table]];
        row->address = symbol_pointer(tables->link, symbol, 0);
        row->size = size_of(tables->link, symbol);
        row->name = arena_copy_string(&tables->link->result->arena,
                                      symbol->name, strlen(symbol->name));
        if (!row->name)
            return error_no_memory(err);
    }
    tables->n_rows[table]++;
    return STATUS_OK;
}

static enum status add_all(struct tables *tables, struct error *err)
{
    const struct link *link = tables->link;
    struct symbol **globals = LIST_ITEMS(struct symbol *, &link->globals);

    tables->n_rows[TABLE_FUNCTIONS] = 0;
    tables->n_rows[TABLE_OBJECTS] = 0;
    for (size_t i = 0; i < LIST_COUNT(struct symbol *, &link->globals); i++) {
        const enum status status = add(tables, globals[i], err);

        if (status)
            return status;
    }
    for (size_t i = 0; i < LIST_COUNT(struct object *, &link->objects); i++) {
        const struct object *object =
            LIST_ITEMS(struct object *, &link->objects)[i];

        for (uint32_t j = 1; j < object->view.n_symbols; j++) {
            enum status status;

            if (!object->symbols[j]->local)
                continue;
            status = add(tables, object->symbols[j], err);
            if (status)
                return status;
        }
    }
    return STATUS_OK;
}

static int compare_rows(const void *a, const void *b)
{
    const struct link_symbol *first = a;
    const struct link_symbol *second = b;
    const int order = strcmp(first->name, second->name);

    if (order)
        return order;
    if (first->address != second->address)
        return first->address < second->address ? -1 : 1;
    return first->size < second->size ? -1 : first->size > second->size;
}

static enum status fill_imports(struct link *link, struct error *err)
{
    struct link_result *result = link->result;
    struct symbol **imports = LIST_ITEMS(struct symbol *, &link->imports);
    const size_t n_imports = LIST_COUNT(struct symbol *, &link->imports);

    result->imports =
        arena_alloc(&result->arena, n_imports, sizeof(*result->imports));
    if (!result->imports)
        return error_no_memory(err);
    for (size_t i = 0; i < n_imports; i++) {
        struct link_import *import = &result->imports[i];

        import->weak = imports[i]->weak;
        import->function = imports[i]->called || imports[i]->type == STT_FUNC;
        import->is_thread_local = imports[i]->type == STT_TLS ||
                                  imports[i]->tls_pair || imports[i]->tls_got;
        import->name = arena_copy_string(&result->arena, imports[i]->name,
                                         strlen(imports[i]->name));
        if (!import->name)
            return error_no_memory(err);
    }
    result->n_imports = n_imports;
    return STATUS_OK;
}

enum status tables_fill(struct link *link, struct error *err)
{
    struct link_result *result = link->result;
    struct tables tables = {.link = link};
    enum status status;

    status = add_all(&tables, err); /* counts */
    if (status)
        return status;
    for (unsigned table = 0; table < N_TABLES; table++) {
        tables.rows[table] = arena_alloc(&result->arena, tables.n_rows[table],
                                         sizeof(struct link_symbol));
        if (!tables.rows[table])
            return error_no_memory(err);
    }
    status = add_all(&tables, err);
    if (status)
        return status;
    for (unsigned table = 0; table < N_TABLES; table++)
        if (tables.n_rows[table])
            qsort(tables.rows[table], tables.n_rows[table],
                  sizeof(struct link_symbol), compare_rows);
    result->functions = tables.rows[TABLE_FUNCTIONS];
    result->n_functions = tables.n_rows[TABLE_FUNCTIONS];
    result->objects = tables.rows[TABLE_OBJECTS];
    result->n_objects = tables.n_rows[TABLE_OBJECTS];
    return fill_imports(link, err);
}

static int compare_name(const void *name, const void *row)
{
    return strcmp(name, ((const struct link_symbol *)row)->name);
}

const struct link_symbol *link_find_symbol(const struct link_symbol *rows,
                                           size_t n, const char *name)
{
    return n ? bsearch(name, rows, n, sizeof(*rows), compare_name) : NULL;
}
