/* Libraries are in the order of a linker's command line:
 *
 *     libraries of the request  ->  libc  ->  default libraries of programs
 *
 * Their symbols are looked up when there is code, and by then the process opens
 * no file any more (cage.h). So all of them are opened before, although some
 * may not be needed: five files for the usual programs. */
#include "candidates.h"

#include <stdio.h>
#include <string.h>

#include "library_search.h"

static const char libc_name[] = "libc.so.6";

/* Libraries of programs in C and C++. All of them are optional. */
static const char *const default_libraries[] = {
    "libm.so.6", "libmvec.so.1", "libgcc_s.so.1", "libstdc++.so.6"};

/* Since glibc 2.34 these are parts of libc and need not exist; with other C
 * libraries the same holds for libm. */
static const char *const parts_of_libc[] = {"dl", "m", "pthread", "rt", "util"};

struct opening {
    const struct request *request;
    struct arena *arena;
    struct library_dirs dirs;
    struct candidates candidates;
};

/* ---- One more ---- */

static enum status add(struct opening *opening, enum candidate_kind kind,
                       const char *name, const struct shared_library *library,
                       struct error *err)
{
    struct candidates *candidates = &opening->candidates;
    struct candidate *candidate =
        arena_alloc(opening->arena, 1, sizeof(*candidate));

    if (candidate)
        candidate->name = arena_copy_string(opening->arena, name, strlen(name));
    if (!candidate || !candidate->name)
        return error_no_memory(err);
    candidate->kind = kind;
    if (library)
        candidate->library = *library;
    if (!candidates->end)
        candidates->end = &candidates->first;
    *candidates->end = candidate;
    candidates->end = &candidate->next;
    return STATUS_OK;
}

static enum status add_file(struct opening *opening, enum candidate_kind kind,
                            const char *name, struct error *err)
{
    struct found_library found;
    enum status status = library_open(&opening->dirs, name, &found, err);

    return status ? status
                  : add(opening, kind, found.name, &found.library, err);
}

/* A library_found_fn; context is the opening. */
static enum status add_found(void *context, const struct found_library *found,
                             struct error *err)
{
    return add(context, CANDIDATE_REQUESTED, found->name, &found->library, err);
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

/* Without a libc for the target (no sysroot, or another C library), the
 * definitions of its libraries are unknown. So the libraries of the request are
 * recorded as they are, and the launch asks one after another. */
static enum status add_unseen(struct opening *opening,
                              const struct request_shared *shared,
                              struct error *err)
{
    const char *name = shared->name;
    char file[NAME_MAX];

    if (shared->how == REQUEST_SHARED_SEARCH && name[0] == ':') {
        name++;
    } else if (shared->how == REQUEST_SHARED_SEARCH) {
        snprintf(file, sizeof(file), "lib%s.so", name);
        name = file;
    }
    return add(opening, CANDIDATE_UNSEEN, name, NULL, err);
}

static enum status add_requested(struct opening *opening,
                                 const struct request_shared *shared,
                                 struct error *err)
{
    const bool searches = shared->how == REQUEST_SHARED_SEARCH;
    struct error why = {0};
    enum status status;

    if (searches && strcmp(shared->name, "c") == 0)
        return STATUS_OK; /* it exists, and is searched in its turn */
    status = searches
                 ? library_search(&opening->dirs, shared->name, add_found,
                                  opening, &why)
                 : add_file(opening, CANDIDATE_REQUESTED, shared->name, &why);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (searches && is_part_of_libc(shared->name))
        return STATUS_OK;
    if (opening->candidates.is_foreign)
        return add_unseen(opening, shared, err);
    /* NOT_FOUND would tell the library that there is no compiler. */
    return error_set(err, status == STATUS_NOT_FOUND ? STATUS_IO : status, "%s",
                     why.message);
}

static enum status add_defaults(struct opening *opening, struct error *err)
{
    const size_t n = sizeof(default_libraries) / sizeof(default_libraries[0]);

    /* Without a libc, each default library would be opened at every launch:
     * only the one that all systems have is recorded. */
    if (opening->candidates.is_foreign)
        return add(opening, CANDIDATE_UNSEEN,
                   strstr(opening->request->triple, "android") ? "libm.so"
                                                               : "libm.so.6",
                   NULL, err);
    for (size_t i = 0; i < n; i++) {
        struct error why;
        enum status status =
            add_file(opening, CANDIDATE_DEFAULT, default_libraries[i], &why);

        /* A missing default library is no error. */
        if (status == STATUS_NO_MEMORY)
            return error_no_memory(err);
    }
    return STATUS_OK;
}

/* Find glibc. A script of another C library for this machine runs with
 * glibc. */
static bool find_libc(const struct opening *opening,
                      struct found_library *ret_libc)
{
    const char *triple = opening->request->triple;

    if (opening->dirs.machine != machine_host() &&
        (strstr(triple, "android") || strstr(triple, "musl")))
        return false;
    return library_open(&opening->dirs, libc_name, ret_libc, NULL) == STATUS_OK;
}

static enum status add_all(struct opening *opening, struct error *err)
{
    const struct request *request = opening->request;
    enum status status = STATUS_OK;
    struct found_library libc;

    opening->candidates.is_foreign = !find_libc(opening, &libc);
    for (size_t i = 0; status == STATUS_OK && i < request->n_shared; i++)
        status = add_requested(opening, &request->shared[i], err);
    if (status == STATUS_OK && !opening->candidates.is_foreign)
        status = add(opening, CANDIDATE_LIBC, libc_name, &libc.library, err);
    if (status == STATUS_OK && request->flags & REQUEST_DEFAULT_LIBRARIES)
        status = add_defaults(opening, err);
    return status;
}

enum status candidates_open(const struct request *request, struct arena *arena,
                            struct candidates *ret_candidates,
                            struct error *err)
{
    const struct machine *machine = machine_of_triple(request->triple);
    struct opening opening = {.request = request, .arena = arena};
    enum status status = STATUS_OK;

    if (machine &&
        (request->n_shared || request->flags & REQUEST_DEFAULT_LIBRARIES)) {
        status =
            library_dirs_init(&opening.dirs, request->library_dirs,
                              request->n_library_dirs, machine, arena, err);
        if (status == STATUS_OK)
            status = add_all(&opening, err);
    }
    if (status)
        candidates_close(&opening.candidates);
    *ret_candidates = opening.candidates;
    return status;
}

void candidates_close(struct candidates *candidates)
{
    for (struct candidate *at = candidates->first; at; at = at->next)
        shared_library_close(&at->library);
    *candidates = (struct candidates){0};
}
