/* Inputs have constructors and destructors in two forms; an image has one.
 *
 *                    order of words            order of priorities N
 *   .init_array.N    run first to last         ascending
 *   .fini_array.N    run last to first         ascending
 *   .ctors.N         run last to first         N is 65535 - priority
 *   .dtors.N         run first to last         N is 65535 - priority
 *
 * Sections without a number come after all numbered ones. With the words of
 * .ctors and .dtors turned around inside each section, and the sections of an
 * object in reverse order (outputs.c), they mean the same as .init_array and
 * .fini_array, in which they are merged. LLVM writes .ctors by default, and its
 * C API cannot change that.
 *
 * A .ctors section may also hold the marks that crtbegin.o and crtend.o put
 * around the list, -1 and 0. They are left out.
 *
 * .preinit_array, which only an executable may have, runs before all others.
 *
 * Lists may be unaligned in the inputs, because assembly often does not align
 * them. In the image they are aligned, without gaps.
 *
 * There is a third form, older than both: the sections .init and .fini hold
 * pieces of one function each, code that falls through from one object's to the
 * next. Natively crti.o and crtn.o are its begin and end. Here the linker makes
 * them, and the function is a word of .init_array before all but those of
 * .preinit_array, or of .fini_array, to run after all others. */
#include "passes.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum {
    ORDER_FIRST = 0,
    ORDER_PIECES = 1,
    ORDER_NUMBERED = 2,   /* + priority */
    ORDER_LAST = 0x10002, /* after priority 65535 */
    MAX_PRIORITY = 65535,
};

struct fashion {
    const char *name; /* alone or followed by ".N" */
    enum chunk_role role;
    bool reversed;
};

static const struct fashion fashions[] = {
    {".init_array", CHUNK_INIT, false},    {".fini_array", CHUNK_FINI, false},
    {".preinit_array", CHUNK_INIT, false}, {".ctors", CHUNK_INIT, true},
    {".dtors", CHUNK_FINI, true},
};

static const struct fashion *fashion_of(const char *name)
{
    for (size_t i = 0; i < sizeof(fashions) / sizeof(fashions[0]); i++) {
        const size_t size = strlen(fashions[i].name);

        if (strncmp(name, fashions[i].name, size) == 0 &&
            (name[size] == 0 || name[size] == '.'))
            return &fashions[i];
    }
    return NULL;
}

static uint32_t order_of(const struct chunk *chunk,
                         const struct fashion *fashion)
{
    const char *suffix = chunk->name + strlen(fashion->name);
    unsigned long number;
    char *end;

    if (strcmp(fashion->name, ".preinit_array") == 0)
        return ORDER_FIRST;
    if (suffix[0] != '.' || suffix[1] < '0' || suffix[1] > '9')
        return ORDER_LAST;
    number = strtoul(suffix + 1, &end, 10);
    if (*end || number > MAX_PRIORITY)
        return ORDER_LAST;
    if (fashion->reversed)
        number = MAX_PRIORITY - number;
    return ORDER_NUMBERED + (uint32_t)number;
}

/* ---- Turning around ---- */

struct word {
    bool relocated;
    uint64_t new_offset;
};

/* 0 and the word of all ones are marks, unless a relocation applies. */
static bool is_mark(const uint8_t *word, size_t size)
{
    for (size_t i = 1; i < size; i++)
        if (word[i] != word[0])
            return false;
    return word[0] == 0 || word[0] == 0xff;
}

static enum status find_relocated(const struct chunk *chunk, size_t word_size,
                                  struct word *words, struct error *err)
{
    for (size_t i = 0; i < chunk->relocations.n_items; i++) {
        const uint64_t offset = chunk->relocations.items[i].offset;

        if (offset % word_size != 0 || offset >= chunk->size)
            return error_set(
                err, STATUS_CORRUPT,
                "%s: %s+0x%llx: relocation that is not a whole word",
                chunk->object->view.name, chunk->name,
                (unsigned long long)offset);
        words[offset / word_size].relocated = true;
    }
    return STATUS_OK;
}

static enum status turn_around(struct link *link, struct chunk *chunk,
                               struct error *err)
{
    const size_t word_size = link->machine->row->address_size;
    const size_t n_words = chunk->bytes.size / word_size;
    struct word *words = arena_alloc(&link->arena, n_words, sizeof(*words));
    uint8_t *bytes = arena_alloc(&link->arena, n_words, word_size);
    uint64_t size = 0;
    enum status status;

    if (!words || !bytes)
        return error_no_memory(err);
    status = find_relocated(chunk, word_size, words, err);
    if (status)
        return status;
    for (size_t i = n_words; i-- > 0;) {
        const uint8_t *word = chunk->bytes.data + i * word_size;

        if (!words[i].relocated && is_mark(word, word_size))
            continue;
        memcpy(bytes + size, word, word_size);
        words[i].new_offset = size;
        size += word_size;
    }
    for (size_t i = 0; i < chunk->relocations.n_items; i++) {
        struct relocation *relocation = &chunk->relocations.items[i];

        relocation->offset = words[relocation->offset / word_size].new_offset;
    }
    chunk->bytes = (struct span){bytes, (size_t)size};
    chunk->size = size;
    chunk->rearranged = true;
    return STATUS_OK;
}

/* ---- Pieces ---- */

static enum status classify_piece(struct chunk *chunk, enum chunk_role role,
                                  struct error *err)
{
    if (chunk->flags & (SHF_WRITE | SHF_TLS) || chunk->type == SHT_NOBITS)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %s is not read-only code, of which it is to be "
                         "a function",
                         chunk->object->view.name, chunk->name);
    chunk->role = role;
    chunk->init_order = ORDER_PIECES;
    return STATUS_OK;
}

static bool has_role(const struct link *link, enum chunk_role role)
{
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &link->chunks);

    for (size_t i = 0; i < LIST_COUNT(struct chunk *, &link->chunks); i++)
        if (chunks[i]->role == role)
            return true;
    return false;
}

static struct chunk *add_piece(struct link *link, enum rank rank,
                               struct span bytes, uint32_t order)
{
    struct chunk *chunk =
        outputs_new_chunk(link, rank, link->machine->text_skip.size);

    if (!chunk)
        return NULL;
    chunk->bytes = bytes;
    chunk->size = bytes.size;
    chunk->init_order = order;
    return chunk;
}

/* A word of a list that is the address of `function`. */
static bool add_word(struct link *link, enum rank rank, enum chunk_role role,
                     struct chunk *function)
{
    const uint64_t size = link->machine->row->address_size;
    struct chunk *word = outputs_new_chunk(link, rank, size);
    struct symbol *target = arena_alloc(&link->arena, 1, sizeof(*target));
    struct dynamic_reloc reloc = {
        .chunk = word,
        .type = link->machine->dynamic_relative,
        .target = target,
    };

    if (!word || !target)
        return false;
    word->role = role;
    word->size = size;
    word->init_order = ORDER_PIECES;
    word->patched_at_load = true;
    *target = (struct symbol){
        .name = function->name,
        .chunk = function,
        .place = SYMBOL_IN_CHUNK,
        .type = STT_FUNC,
        .local = true,
    };
    buffer_append(&link->dynamic, &reloc, sizeof(reloc));
    return true;
}

/* Code falls through from piece to piece, so that all are of the mode in which
 * the function is called. The mapping symbol $t says that code is Thumb code
 * (AAELF32, "Mapping symbols"). */
static enum status check_mode(const struct object *object,
                              enum chunk_role of_pieces, struct error *err)
{
    for (uint32_t i = 1; i < object->view.n_symbols; i++) {
        const struct symbol *symbol = object->symbols[i];

        if (symbol->place == SYMBOL_IN_CHUNK && symbol->local &&
            symbol->chunk->role == of_pieces &&
            strncmp(symbol->name, "$t", 2) == 0)
            return error_set(err, STATUS_UNSUPPORTED,
                             "%s: %s is Thumb code, which cannot be a piece "
                             "of a function of ARM code",
                             object->view.name, symbol->chunk->name);
    }
    return STATUS_OK;
}

static enum status check_modes(const struct link *link,
                               enum chunk_role of_pieces, struct error *err)
{
    struct object **objects = LIST_ITEMS(struct object *, &link->objects);

    if (!link->machine->interworks)
        return STATUS_OK;
    for (size_t i = 0; i < LIST_COUNT(struct object *, &link->objects); i++) {
        const enum status status = check_mode(objects[i], of_pieces, err);

        if (status)
            return status;
    }
    return STATUS_OK;
}

enum status init_array_join_pieces(struct link *link, struct error *err)
{
    static const struct {
        enum chunk_role of_pieces, of_word;
        enum rank pieces, list;
    } kinds[] = {
        {CHUNK_INIT_CODE, CHUNK_INIT, RANK_INIT_CODE, RANK_INIT_ARRAY},
        {CHUNK_FINI_CODE, CHUNK_FINI, RANK_FINI_CODE, RANK_FINI_ARRAY},
    };
    const struct link_machine *machine = link->machine;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct chunk *begin;
        enum status status;

        if (!has_role(link, kinds[i].of_pieces))
            continue;
        status = check_modes(link, kinds[i].of_pieces, err);
        if (status)
            return status;
        begin = add_piece(link, kinds[i].pieces, machine->pieces_begin,
                          ORDER_PIECES - 1);
        if (!begin ||
            !add_piece(link, kinds[i].pieces, machine->pieces_end,
                       ORDER_PIECES + 1) ||
            !add_word(link, kinds[i].list, kinds[i].of_word, begin))
            return error_no_memory(err);
    }
    return buffer_failed(&link->chunks) || buffer_failed(&link->dynamic)
               ? error_no_memory(err)
               : STATUS_OK;
}

/* ---- All of them ---- */

enum status init_array_classify(struct link *link, struct chunk *chunk,
                                struct error *err)
{
    const struct fashion *fashion = fashion_of(chunk->name);

    if (strcmp(chunk->name, ".init") == 0)
        return classify_piece(chunk, CHUNK_INIT_CODE, err);
    if (strcmp(chunk->name, ".fini") == 0)
        return classify_piece(chunk, CHUNK_FINI_CODE, err);
    if (!fashion)
        return STATUS_OK;
    if (chunk->type == SHT_NOBITS ||
        chunk->size % link->machine->row->address_size != 0)
        return error_set(err, STATUS_CORRUPT,
                         "%s: %s: 0x%llx bytes are not a list of addresses",
                         chunk->object->view.name, chunk->name,
                         (unsigned long long)chunk->size);
    chunk->role = fashion->role;
    chunk->align = link->machine->row->address_size;
    chunk->init_order = order_of(chunk, fashion);
    return fashion->reversed ? turn_around(link, chunk, err) : STATUS_OK;
}
