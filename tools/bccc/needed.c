/* As a linker decides with --as-needed: of the libraries that it is given, in
 * order, an undefined symbol takes the first that defines it, and a library
 * from which nothing is taken is not recorded. So a launch opens what this
 * program needs, and asks the right one for each symbol at once.
 *
 *     libraries of the request  ->  libc  ->  what programs are linked with
 *
 * What libc defines needs no library, as it is always there; but a library of
 * the request that stands in for a function of libc comes before it. Not so
 * for the allocator: in a process that runs already, the C library and all
 * others keep to the one they were bound to. Memory that one of them gave,
 * strdup()'s for instance, may be freed only by the same.
 *
 * A weak symbol alone makes no library needed. A symbol with a version
 * (.symver, "name@VERSION") takes only that version, one without only the
 * default.
 *
 * Where there is no libc for the target, the code is for another machine, and
 * what its libraries define cannot be known: what the request names is
 * recorded as it is, and the launch asks one after another. */
#include "needed.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc_cache.h>

#include "library_search.h"
#include "name_map.h"

static const char libc_name[] = "libc.so.6";

/* Of programs in C and C++. All are there or may be missing. */
static const char *const default_libraries[] = {
    "libm.so.6", "libmvec.so.1", "libgcc_s.so.1", "libstdc++.so.6"};

/* Are parts of libc since glibc 2.34, and need not be there; so is libm with
 * other C libraries. */
static const char *const parts_of_libc[] = {"dl", "m", "pthread", "rt", "util"};

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
    const char *version; /* NULL: the default */
    struct want *next;   /* of the same name, another version */
    bool found;
    bool is_other_kind; /* thread-local there and not here, or the reverse */
    uint32_t library;   /* 1 + index of where; OBCC_NO_LIBRARY: in libc */
};

struct search {
    const struct request *request;
    struct arena *arena;
    struct library_dirs dirs;
    struct want *wants;
    size_t n_wants;
    size_t n_lacking; /* wants that make a library needed, not found yet */
    struct name_map by_name;
    bool is_foreign; /* there is no libc for the target */
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

/* Let the library have what it defines of what nobody had. True if some of it
 * makes the library needed; if nothing does, nothing is taken. */
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

/* A library_found_fn; context is the search. */
static enum status take_found(void *context, const struct found_library *found,
                              struct error *err)
{
    struct search *s = context;

    if (take(s, &found->library, (uint32_t)s->needed.n_libraries + 1))
        return record(s, found->name, err);
    return STATUS_OK;
}

static enum status ask_file(struct search *s, const char *name,
                            struct error *err)
{
    struct found_library found;
    enum status status = library_open(&s->dirs, name, &found, err);

    if (status)
        return status;
    status = take_found(s, &found, err);
    shared_library_close(&found.library);
    return status;
}

/* ---- In order ---- */

static bool is_part_of_libc(const char *name)
{
    const size_t n = sizeof(parts_of_libc) / sizeof(parts_of_libc[0]);

    for (size_t i = 0; i < n; i++)
        if (strcmp(parts_of_libc[i], name) == 0)
            return true;
    return false;
}

static enum status record_unseen(struct search *s,
                                 const struct request_shared *shared,
                                 struct error *err)
{
    char file[NAME_MAX];

    if (shared->how == REQUEST_SHARED_OPEN)
        return record(s, shared->name, err);
    if (shared->name[0] == ':')
        return record(s, shared->name + 1, err);
    snprintf(file, sizeof(file), "lib%s.so", shared->name);
    return record(s, file, err);
}

static enum status ask_requested(struct search *s,
                                 const struct request_shared *shared,
                                 struct error *err)
{
    const bool searches = shared->how == REQUEST_SHARED_SEARCH;
    struct error why = {0};
    enum status status;

    if (searches && strcmp(shared->name, "c") == 0)
        return STATUS_OK; /* is there, and its turn comes */
    status = searches
                 ? library_search(&s->dirs, shared->name, take_found, s, &why)
                 : ask_file(s, shared->name, &why);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (searches && is_part_of_libc(shared->name))
        return STATUS_OK;
    if (s->is_foreign)
        return record_unseen(s, shared, err);
    /* To the library NOT_FOUND means that there is no compiler. */
    return error_set(err, status == STATUS_NOT_FOUND ? STATUS_IO : status, "%s",
                     why.message);
}

static enum status ask_defaults(struct search *s, struct error *err)
{
    const size_t n = sizeof(default_libraries) / sizeof(default_libraries[0]);

    for (size_t i = 0; s->n_lacking && i < n; i++) {
        struct error why;
        enum status status = ask_file(s, default_libraries[i], &why);

        /* One that is not there is no error. */
        if (status == STATUS_NO_MEMORY)
            return error_no_memory(err);
    }
    return STATUS_OK;
}

static enum status ask_all(struct search *s, struct error *err)
{
    const struct request *request = s->request;
    enum status status = STATUS_OK;
    struct found_library libc;

    s->is_foreign = library_open(&s->dirs, libc_name, &libc, NULL) != STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < request->n_shared; i++)
        status = ask_requested(s, &request->shared[i], err);
    if (!s->is_foreign) {
        take(s, &libc.library, OBCC_NO_LIBRARY);
        shared_library_close(&libc.library);
    }
    if (status == STATUS_OK && request->flags & REQUEST_DEFAULT_LIBRARIES)
        status = ask_defaults(s, err);
    return status;
}

/* A variable of each thread and one of all are reached in different ways, and
 * code has taken one of them. */
static enum status check_kinds(const struct search *s, struct error *err)
{
    for (size_t i = 0; i < s->n_wants; i++) {
        const struct want *want = &s->wants[i];
        const bool here = want->import->is_thread_local;

        if (want->found && want->is_other_kind)
            return error_set(err, STATUS_UNSUPPORTED,
                             "%s: '%s' is %sthread-local here, but %s in %s",
                             s->request->inputs[0].name, want->import->name,
                             here ? "" : "not ", here ? "not" : "is",
                             want->library == OBCC_NO_LIBRARY
                                 ? libc_name
                                 : s->needed.library[want->library - 1]);
    }
    return STATUS_OK;
}

/* ---- All of it ---- */

static void fill_imports(struct search *s)
{
    const uint32_t otherwise = s->is_foreign && s->needed.n_libraries
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

static enum status find(struct search *s, const struct link_result *link,
                        struct error *err)
{
    const struct request *request = s->request;
    enum status status;

    s->needed.library =
        arena_alloc(s->arena, MAX_NEEDED, sizeof(*s->needed.library));
    s->needed.of_import = arena_alloc(s->arena, link->n_imports + 1,
                                      sizeof(*s->needed.of_import));
    if (!s->needed.library || !s->needed.of_import)
        return error_no_memory(err);
    if (!request->n_shared && !(request->flags & REQUEST_DEFAULT_LIBRARIES))
        return STATUS_OK;
    status = library_dirs_init(&s->dirs, request->library_dirs,
                               request->n_library_dirs, link->machine, s->arena,
                               err);
    if (status == STATUS_OK)
        status = collect_wants(s, link, err);
    if (status == STATUS_OK)
        status = ask_all(s, err);
    if (status == STATUS_OK)
        status = check_kinds(s, err);
    if (status == STATUS_OK)
        fill_imports(s);
    return status;
}

enum status needed_find(const struct request *request,
                        const struct link_result *link, struct arena *arena,
                        struct needed *ret_needed, struct error *err)
{
    struct search s = {.request = request, .arena = arena};
    enum status status;

    name_map_init(&s.by_name);
    status = find(&s, link, err);
    name_map_release(&s.by_name);
    if (status == STATUS_OK)
        *ret_needed = s.needed;
    return status;
}
