/* The dynamic linker binds a library's references by name, and searches the
 * program first: a native program's definition is used instead of the library's
 * own, or another library's, of the same name. argp reads the program's
 * argp_program_version, getopt() sets its optarg. A linker puts such
 * definitions, and no others, into the program's table of dynamic symbols.
 *
 * This file collects the names by which libc, libm and the requested libraries
 * are bound. The compiler keeps the program's definitions of these names and
 * lists them as exports; `bcc run` binds the libraries to them
 * (tools/bcc/interpose.c). libstdc++ is left out: of its thousands of names,
 * programs define inline functions, whose definitions are all alike. The
 * allocator is left out, too: see needed.c. */
#include "candidates.h"

#include <stdbool.h>
#include <string.h>

#include "name_map.h"

struct uses {
    struct arena *arena;
    struct name_map seen;
    const char **name;
    size_t n_names, capacity;
};

static enum status add(struct uses *uses, const char *name, struct error *err)
{
    void **place;
    char *copy;

    if (!*name || needed_is_allocator(name) || name_map_find(&uses->seen, name))
        return STATUS_OK;
    if (uses->n_names == uses->capacity) {
        const size_t capacity = 2 * uses->capacity + 64;
        const char **grown = arena_alloc(uses->arena, capacity, sizeof(*grown));

        if (!grown)
            return error_no_memory(err);
        for (size_t i = 0; i < uses->n_names; i++)
            grown[i] = uses->name[i];
        uses->name = grown;
        uses->capacity = capacity;
    }
    copy = arena_copy_string(uses->arena, name, strlen(name));
    place = copy ? name_map_insert(&uses->seen, copy) : NULL;
    if (!place)
        return error_no_memory(err);
    *place = copy;
    uses->name[uses->n_names++] = copy;
    return STATUS_OK;
}

/* Is the library asked? Of the default libraries only libm is: see above. */
static bool is_asked(const struct candidate *candidate)
{
    return candidate->kind == CANDIDATE_LIBC ||
           candidate->kind == CANDIDATE_REQUESTED ||
           (candidate->kind == CANDIDATE_DEFAULT &&
            strcmp(candidate->name, "libm.so.6") == 0);
}

static enum status add_all(struct uses *uses, const struct candidate *candidate,
                           struct error *err)
{
    enum status status = STATUS_OK;
    uint32_t position = 0;
    const char *name;

    while (status == STATUS_OK &&
           (name = shared_library_next_use(&candidate->library, &position)))
        status = add(uses, name, err);
    return status;
}

enum status uses_find(struct request *request,
                      const struct candidates *candidates, struct arena *arena,
                      struct error *err)
{
    const unsigned program = REQUEST_MARKED_ONLY | REQUEST_DEFAULT_LIBRARIES;
    struct uses uses = {.arena = arena};
    enum status status = STATUS_OK;

    if ((request->flags & program) != program)
        return STATUS_OK;
    name_map_init(&uses.seen);
    for (const struct candidate *at = candidates->first;
         status == STATUS_OK && at; at = at->next)
        if (is_asked(at))
            status = add_all(&uses, at, err);
    name_map_release(&uses.seen);
    request->uses = uses.name;
    request->n_uses = uses.n_names;
    return status;
}
