/* Decides as a linker does with --as-needed: an undefined symbol is taken from
 * the first library, in order, that defines it, and a library from which no
 * symbol is taken is not recorded. So a launch opens only the libraries that
 * this program needs, and asks the right library for each symbol at once.
 *
 * Symbols of libc need no library, as libc is always loaded; but a requested
 * library that replaces a function of libc comes before it. The allocator is an
 * exception: in a running process, the C library and all others are already
 * bound to one allocator, and memory from one of them, strdup()'s for instance,
 * must be freed by the same allocator.
 *
 * A weak symbol alone makes no library needed. A symbol with a version
 * (.symver, "name@VERSION") takes only that version; without one it takes only
 * the default version. */
#include "candidates.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc_cache.h>

#include "name_map.h"

/* Sorted. */
static const char *const allocator[] = {
    "aligned_alloc", "calloc",         "cfree",
    "free",          "malloc",         "malloc_usable_size",
    "memalign",      "posix_memalign", "pvalloc",
    "realloc",       "valloc"};

/* More than any program has. */
enum { MAX_NEEDED = 1024 };

enum { N_ALLOCATOR = sizeof(allocator) / sizeof(allocator[0]) };

/* An undefined symbol. */
struct want {
    const struct link_import *import;
    const char *version; /* NULL: the default version */
    struct want *next;   /* same name, another version */
    bool found;
    bool is_other_kind; /* thread-local in the library or in the code, but not
                           in both */
    uint32_t library;   /* 1 + index of the library; OBCC_NO_LIBRARY: in libc */
};

struct search {
    const char *name; /* of the script, for messages */
    struct arena *arena;
    struct want *wants;
    size_t n_wants;
    size_t n_lacking; /* strong wants that are not found yet */
    struct name_map by_name;
    struct needed needed;
};

/* ---- What is wanted ---- */

static enum status add_want(struct search *s, struct want *want,
                            struct error *err)
{
    const char *name = want->import->name;
    const char *at = strchr(name + (*name != '\0'), '@');
    const size_t size = at ? (size_t)(at - name) : strlen(name);
    void **place;

    if (at)
        want->version = at + strspn(at, "@");
    name = arena_copy_string(s->arena, name, size);
    place = name ? name_map_insert(&s->by_name, name) : NULL;
    if (!place)
        return error_no_memory(err);
    want->next = *place;
    *place = want;
    return STATUS_OK;
}

static enum status collect_wants(struct search *s,
                                 const struct link_result *link,
                                 struct error *err)
{
    enum status status = STATUS_OK;

    s->n_wants = link->n_imports;
    s->wants = arena_alloc(s->arena, s->n_wants + 1, sizeof(*s->wants));
    if (!s->wants)
        return error_no_memory(err);
    for (size_t i = 0; status == STATUS_OK && i < s->n_wants; i++) {
        s->wants[i].import = &link->imports[i];
        s->n_lacking += !link->imports[i].weak;
        status = add_want(s, &s->wants[i], err);
    }
    return status;
}

/* ---- What a library has ---- */

static int compare_names(const void *key, const void *row)
{
    return strcmp(key, *(const char *const *)row);
}

bool needed_is_allocator(const char *name)
{
    return bsearch(name, allocator, N_ALLOCATOR, sizeof(*allocator),
                   compare_names) != NULL;
}

static bool is_meant(const struct want *want,
                     const struct shared_library *library,
                     const struct shared_definition *definition)
{
    if (!want->version)
        return definition->is_default;
    return strcmp(want->version,
                  shared_library_version(library, definition->version)) == 0;
}

/* Take from the library the definitions of symbols that no earlier library had.
 * True if a strong symbol makes the library needed; otherwise nothing is
 * taken. */
static bool take(struct search *s, const struct shared_library *library,
                 uint32_t number)
{
    struct shared_definition definition;
    uint32_t position = 0;
    bool is_needed = false;

    while (shared_library_next(library, &position, &definition)) {
        struct want *want = name_map_find(&s->by_name, definition.name);

        if (number != OBCC_NO_LIBRARY && needed_is_allocator(definition.name))
            continue;
        for (; want; want = want->next) {
            if (want->found || !is_meant(want, library, &definition))
                continue;
            want->found = true;
            want->library = number;
            want->is_other_kind =
                definition.is_thread_local != want->import->is_thread_local;
            if (want->import->weak)
                continue;
            is_needed = true;
            s->n_lacking--;
        }
    }
    for (size_t i = 0; !is_needed && i < s->n_wants; i++)
        if (s->wants[i].found && s->wants[i].library == number)
            s->wants[i].found = false;
    return is_needed;
}

static enum status record(struct search *s, const char *name, struct error *err)
{
    const char *copy = arena_copy_string(s->arena, name, strlen(name));

    if (!copy)
        return error_no_memory(err);
    if (s->needed.n_libraries == MAX_NEEDED)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: more than %d shared libraries are needed", name,
                         MAX_NEEDED);
    s->needed.library[s->needed.n_libraries++] = copy;
    return STATUS_OK;
}

static enum status ask(struct search *s, const struct candidate *candidate,
                       struct error *err)
{
    const uint32_t number = (uint32_t)s->needed.n_libraries + 1;

    switch (candidate->kind) {
    case CANDIDATE_LIBC:
        take(s, &candidate->library, OBCC_NO_LIBRARY);
        return STATUS_OK;
    case CANDIDATE_UNSEEN:
        return record(s, candidate->name, err);
    case CANDIDATE_DEFAULT:
        if (!s->n_lacking)
            return STATUS_OK;
        break;
    case CANDIDATE_REQUESTED:
        break;
    }
    return take(s, &candidate->library, number)
               ? record(s, candidate->name, err)
               : STATUS_OK;
}

/* Code reaches thread-local variables differently from others, and was
 * generated for one of the two. */
static enum status check_kinds(const struct search *s, struct error *err)
{
    for (size_t i = 0; i < s->n_wants; i++) {
        const struct want *want = &s->wants[i];
        const bool here = want->import->is_thread_local;

        if (want->found && want->is_other_kind)
            return error_set(err, STATUS_UNSUPPORTED,
                             "%s: '%s' is %sthread-local here, but %s in %s",
                             s->name, want->import->name, here ? "" : "not ",
                             here ? "not" : "is",
                             want->library == OBCC_NO_LIBRARY
                                 ? "libc.so.6"
                                 : s->needed.library[want->library - 1]);
    }
    return STATUS_OK;
}

/* ---- All of it ---- */

static void fill_imports(struct search *s, bool is_foreign)
{
    const uint32_t otherwise = is_foreign && s->needed.n_libraries
                                   ? OBCC_ANY_LIBRARY
                                   : OBCC_NO_LIBRARY;

    for (size_t i = 0; i < s->n_wants; i++) {
        const struct want *want = &s->wants[i];

        if (want->found)
            s->needed.of_import[i] = want->library;
        else
            s->needed.of_import[i] = needed_is_allocator(want->import->name)
                                         ? OBCC_NO_LIBRARY
                                         : otherwise;
    }
}

static enum status ask_all(struct search *s,
                           const struct candidates *candidates,
                           const struct link_result *link, struct error *err)
{
    const struct candidate *candidate = candidates->first;
    enum status status;

    s->needed.library =
        arena_alloc(s->arena, MAX_NEEDED, sizeof(*s->needed.library));
    s->needed.of_import = arena_alloc(s->arena, link->n_imports + 1,
                                      sizeof(*s->needed.of_import));
    if (!s->needed.library || !s->needed.of_import)
        return error_no_memory(err);
    if (!candidate)
        return STATUS_OK;
    status = collect_wants(s, link, err);
    for (; status == STATUS_OK && candidate; candidate = candidate->next)
        status = ask(s, candidate, err);
    return status;
}

static enum status find(struct search *s, const struct candidates *candidates,
                        const struct link_result *link, struct error *err)
{
    enum status status = ask_all(s, candidates, link, err);

    if (status == STATUS_OK)
        status = check_kinds(s, err);
    if (status == STATUS_OK)
        fill_imports(s, candidates->is_foreign);
    return status;
}

enum status needed_lack(const struct candidates *candidates,
                        const struct link_result *link, struct arena *arena,
                        bool *ret_lacks, struct error *err)
{
    struct search s = {.arena = arena, .name = ""};
    enum status status;

    name_map_init(&s.by_name);
    status = ask_all(&s, candidates, link, err);
    name_map_release(&s.by_name);
    for (size_t i = 0; status == STATUS_OK && i < s.n_wants; i++)
        ret_lacks[i] = !s.wants[i].found;
    return status;
}

enum status needed_find(const struct candidates *candidates,
                        const struct link_result *link, const char *name,
                        struct arena *arena, struct needed *ret_needed,
                        struct error *err)
{
    struct search s = {.arena = arena, .name = name};
    enum status status;

    name_map_init(&s.by_name);
    status = find(&s, candidates, link, err);
    name_map_release(&s.by_name);
    if (status == STATUS_OK)
        *ret_needed = s.needed;
    return status;
}
