/* The dynamic linker binds a library by name, and finds the program first: what
 * a native program defines is used in the place of what the library itself, or
 * another one, defines by the same name. argp reads its argp_program_version,
 * getopt() sets its optarg. A linker puts such definitions, and no others, into
 * the program's table of dynamic symbols.
 *
 * Here they are the names by which libc, libm and the libraries of the request
 * are bound. The compiler keeps the program's definitions of them and lists
 * them as exports; `bcc run` lets the libraries have them (tools/bcc/
 * interpose.c). libstdc++ is left out: of its thousands of names programs
 * define those of inline functions, where one definition is like another. So
 * is the allocator: see needed.c. */
#include "uses.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "library_search.h"
#include "name_map.h"
#include "needed.h"

/* Tells which machine this process is for, at the same place in both classes.
 */
extern const Elf32_Ehdr __ehdr_start __attribute__((visibility("hidden")));

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

/* A library_found_fn; context is the uses. */
static enum status add_all(void *context, const struct found_library *found,
                           struct error *err)
{
    enum status status = STATUS_OK;
    uint32_t position = 0;
    const char *name;

    while (status == STATUS_OK &&
           (name = shared_library_next_use(&found->library, &position)))
        status = add(context, name, err);
    return status;
}

static enum status read_file(const struct library_dirs *dirs, const char *name,
                             struct uses *uses)
{
    struct found_library found;
    enum status status = library_open(dirs, name, &found, NULL);

    if (status)
        return status;
    status = add_all(uses, &found, NULL);
    shared_library_close(&found.library);
    return status;
}

static enum status read_all(const struct request *request, struct uses *uses)
{
    static const char *const always[] = {"libc.so.6", "libm.so.6"};
    struct library_dirs dirs;
    enum status status;

    status =
        library_dirs_init(&dirs, request->library_dirs, request->n_library_dirs,
                          __ehdr_start.e_machine, uses->arena, NULL);
    for (size_t i = 0; status != STATUS_NO_MEMORY && i < 2; i++)
        status = read_file(&dirs, always[i], uses);
    for (size_t i = 0; status != STATUS_NO_MEMORY && i < request->n_shared;
         i++) {
        const struct request_shared *shared = &request->shared[i];

        status = shared->how == REQUEST_SHARED_SEARCH
                     ? library_search(&dirs, shared->name, add_all, uses, NULL)
                     : read_file(&dirs, shared->name, uses);
    }
    return status == STATUS_NO_MEMORY ? status : STATUS_OK;
}

enum status uses_find(struct request *request, struct arena *arena,
                      struct error *err)
{
    const unsigned program = REQUEST_MARKED_ONLY | REQUEST_DEFAULT_LIBRARIES;
    struct uses uses = {.arena = arena};
    enum status status;

    if ((request->flags & program) != program)
        return STATUS_OK;
    name_map_init(&uses.seen);
    status = read_all(request, &uses);
    name_map_release(&uses.seen);
    if (status)
        return error_no_memory(err);
    request->uses = uses.name;
    request->n_uses = uses.n_names;
    return STATUS_OK;
}
