/* Symbols that linkers define.
 *
 * __dso_handle is the first byte of the image: __cxa_atexit() needs an address
 * that tells one image from another. Programs may define `end`, `edata` or
 * `etext` themselves: only symbols that are undefined after resolution are
 * defined here. _TLS_MODULE_BASE_ is the first byte of the image's block of
 * thread-local variables; one descriptor, its own, serves for all of them. For
 * a section whose name is a C identifier, __start_NAME and __stop_NAME delimit
 * the content from all inputs. */
#include "passes.h"

#include <elf.h>
#include <string.h>

enum edge {
    EDGE_IMAGE_START,
    EDGE_IMAGE_END,
    EDGE_TEXT_END,
    EDGE_DATA_END,
    EDGE_BSS_START,
    EDGE_GOT,
    EDGE_DYNAMIC,
    EDGE_TLS_START,
    EDGE_OUTPUT_START,
    EDGE_OUTPUT_END,
};

struct boundary {
    struct symbol *symbol;
    enum edge edge;
    const struct output *output; /* of EDGE_OUTPUT_..., NULL: an empty one */
};

static const struct {
    const char *name;
    enum edge edge;
} image_edges[] = {
    {"__dso_handle", EDGE_IMAGE_START},
    {"__ehdr_start", EDGE_IMAGE_START},
    {"__executable_start", EDGE_IMAGE_START},
    {"_GLOBAL_OFFSET_TABLE_", EDGE_GOT},
    {"_DYNAMIC", EDGE_DYNAMIC},
    {"_TLS_MODULE_BASE_", EDGE_TLS_START},
    {"etext", EDGE_TEXT_END},
    {"_etext", EDGE_TEXT_END},
    {"edata", EDGE_DATA_END},
    {"_edata", EDGE_DATA_END},
    {"__bss_start", EDGE_BSS_START},
    {"end", EDGE_IMAGE_END},
    {"_end", EDGE_IMAGE_END},
};

/* .init_array holds all constructors, those of .preinit_array too. */
static const struct {
    const char *name;
    enum edge edge;
    enum rank rank; /* N_RANKS: no output */
} array_edges[] = {
    {"__init_array_start", EDGE_OUTPUT_START, RANK_INIT_ARRAY},
    {"__init_array_end", EDGE_OUTPUT_END, RANK_INIT_ARRAY},
    {"__fini_array_start", EDGE_OUTPUT_START, RANK_FINI_ARRAY},
    {"__fini_array_end", EDGE_OUTPUT_END, RANK_FINI_ARRAY},
    {"__preinit_array_start", EDGE_OUTPUT_START, N_RANKS},
    {"__preinit_array_end", EDGE_OUTPUT_END, N_RANKS},
};

bool link_defines(const char *name)
{
    for (size_t i = 0; i < sizeof(image_edges) / sizeof(image_edges[0]); i++)
        if (strcmp(image_edges[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < sizeof(array_edges) / sizeof(array_edges[0]); i++)
        if (strcmp(array_edges[i].name, name) == 0)
            return true;
    return false;
}

static void define(struct link *link, struct symbol *symbol, enum edge edge,
                   const struct output *output)
{
    const struct boundary boundary = {symbol, edge, output};

    symbol->place = SYMBOL_IN_IMAGE;
    symbol->type = edge == EDGE_TLS_START ? STT_TLS : STT_NOTYPE;
    buffer_append(&link->boundaries, &boundary, sizeof(boundary));
}

static struct symbol *find_undefined(const struct link *link, const char *name)
{
    struct symbol *symbol = name_map_find(&link->symbols, name);

    return symbol && symbol->place == SYMBOL_UNDEFINED ? symbol : NULL;
}

static void define_section_edges(struct link *link, struct symbol *symbol)
{
    const struct output *output = NULL;
    enum edge edge = EDGE_OUTPUT_START;

    if (strncmp(symbol->name, "__start_", 8) == 0) {
        output = name_map_find(&link->named, symbol->name + 8);
    } else if (strncmp(symbol->name, "__stop_", 7) == 0) {
        output = name_map_find(&link->named, symbol->name + 7);
        edge = EDGE_OUTPUT_END;
    }
    if (output)
        define(link, symbol, edge, output);
}

enum status boundary_define(struct link *link, struct error *err)
{
    struct symbol **globals = LIST_ITEMS(struct symbol *, &link->globals);
    const size_t n_globals = LIST_COUNT(struct symbol *, &link->globals);

    for (size_t i = 0; i < sizeof(image_edges) / sizeof(image_edges[0]); i++) {
        struct symbol *symbol = find_undefined(link, image_edges[i].name);

        if (symbol)
            define(link, symbol, image_edges[i].edge, NULL);
    }
    for (size_t i = 0; i < sizeof(array_edges) / sizeof(array_edges[0]); i++) {
        struct symbol *symbol = find_undefined(link, array_edges[i].name);

        if (symbol)
            define(link, symbol, array_edges[i].edge,
                   outputs_standard(link, array_edges[i].rank));
    }
    for (size_t i = 0; i < n_globals; i++) {
        struct symbol *symbol = globals[i];

        if (symbol->place == SYMBOL_UNDEFINED)
            define_section_edges(link, symbol);
        if (symbol->place == SYMBOL_UNDEFINED && symbol->weak &&
            symbol->visibility != STV_DEFAULT) {
            symbol->place = SYMBOL_ABSOLUTE;
            symbol->value = 0;
        }
    }
    return buffer_failed(&link->boundaries) ? error_no_memory(err) : STATUS_OK;
}

/* ---- Addresses ---- */

static uint64_t edge_address(const struct link *link,
                             const struct boundary *boundary)
{
    const struct segment_extent *data = &link->segments[SEGMENT_DATA];
    const struct segment_extent *last =
        data->memory_size ? data : &link->segments[SEGMENT_RELRO];
    const struct segment_extent *text = &link->segments[SEGMENT_TEXT];
    const struct segment_extent *large = &link->segments[SEGMENT_LARGE_DATA];

    switch (boundary->edge) {
    case EDGE_IMAGE_START:
        break;
    case EDGE_IMAGE_END:
        if (large->memory_size)
            last = large;
        return last->address + last->memory_size;
    case EDGE_TEXT_END:
        return text->address + text->memory_size;
    case EDGE_DATA_END:
    case EDGE_BSS_START:
        return last->address + last->file_size;
    case EDGE_GOT:
        return chunk_address(link->got);
    case EDGE_DYNAMIC:
        return chunk_address(link->dynamic_table);
    case EDGE_TLS_START:
        return link->tls.address;
    case EDGE_OUTPUT_START:
        return boundary->output ? boundary->output->address : 0;
    case EDGE_OUTPUT_END:
        return boundary->output
                   ? boundary->output->address + boundary->output->size
                   : 0;
    }
    return 0;
}

void boundary_set_addresses(struct link *link)
{
    const struct boundary *boundaries =
        LIST_ITEMS(struct boundary, &link->boundaries);

    for (size_t i = 0; i < LIST_COUNT(struct boundary, &link->boundaries); i++)
        boundaries[i].symbol->value = edge_address(link, &boundaries[i]);
}
