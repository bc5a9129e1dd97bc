/* Constructors and destructors come in two fashions, and an image has one.
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
 * .fini_array, in which they are merged. LLVM writes .ctors unless it is told
 * otherwise, which its C API cannot do; several sections of them for variables
 * of C++ that may be in several files (inline ones, members of templates).
 *
 * A .ctors section may also hold the marks that crtbegin.o and crtend.o put
 * around the list, -1 and 0. They are left out.
 *
 * .preinit_array, which only an executable may have, runs before all. */
#include "init_array.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum {
    ORDER_FIRST = 0,
    ORDER_NUMBERED = 1,   /* + priority */
    ORDER_LAST = 0x10001, /* after priority 65535 */
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
            return error_set(err, STATUS_CORRUPT,
                             "%s: %s+0x%llx: relocation of no whole word",
                             chunk->object->view.name, chunk->name,
                             (unsigned long long)offset);
        words[offset / word_size].relocated = true;
    }
    return STATUS_OK;
}

static enum status turn_around(struct link *link, struct chunk *chunk,
                               struct error *err)
{
    const size_t word_size = link->machine->address_size;
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

enum status init_array_classify(struct link *link, struct chunk *chunk,
                                struct error *err)
{
    const struct fashion *fashion = fashion_of(chunk->name);

    if (!fashion)
        return STATUS_OK;
    if (chunk->type == SHT_NOBITS ||
        chunk->size % link->machine->address_size != 0)
        return error_set(err, STATUS_CORRUPT,
                         "%s: %s: 0x%llx bytes are no list of addresses",
                         chunk->object->view.name, chunk->name,
                         (unsigned long long)chunk->size);
    chunk->role = fashion->role;
    chunk->init_order = order_of(chunk, fashion);
    return fashion->reversed ? turn_around(link, chunk, err) : STATUS_OK;
}
