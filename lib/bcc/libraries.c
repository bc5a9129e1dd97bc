/* Shared libraries that a script may take symbols from.
 *
 * The compiler process decides which of them the code needs and records them in
 * the entry: needed.c. A launch opens these and no others, before
 * its imports are bound, and never searches for one.
 *
 * If their order matters, they are opened at once (library_order.c). dlopen()
 * opens them for this script alone or, if the script is a part of the process
 * (BCC_PROCESS_SYMBOLS), for the process: then dlsym() in the program or its
 * plug-ins finds their symbols as in a native program, whose libraries are all
 * visible. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "prepare.h"

/* ---- What is asked for ---- */

static int check(BCCScriptRef script, const char *what, const char *name)
{
    if (script_check_open(script, what))
        return 1;
    if (!name || !*name)
        return script_misuse(script, BCC_INVALID_VALUE, "%s: no name", what);
    script->identity.size = 0;
    return 0;
}

int bccLinkSharedLibrary(BCCScriptRef script, const char *name,
                         unsigned long flags)
{
    struct request_shared *shared;
    char *copy;

    if (check(script, "shared library", name))
        return 1;
    if (flags & ~(unsigned long)BCC_SEARCH_LIBRARY)
        return script_misuse(script, BCC_INVALID_ENUM,
                             "shared library %s: unknown flags 0x%lx", name,
                             flags & ~(unsigned long)BCC_SEARCH_LIBRARY);
    shared = realloc(script->shared, (script->n_shared + 1) * sizeof(*shared));
    if (shared)
        script->shared = shared;
    copy = strdup(name);
    if (!shared || !copy) {
        free(copy);
        return script_no_memory(script);
    }
    shared[script->n_shared++] = (struct request_shared){
        .how = flags & BCC_SEARCH_LIBRARY ? REQUEST_SHARED_SEARCH
                                          : REQUEST_SHARED_OPEN,
        .name = copy,
    };
    return 0;
}

int bccAddLibraryDirectory(BCCScriptRef script, const char *dir)
{
    char **dirs, *copy;

    if (check(script, "library directory", dir))
        return 1;
    dirs = realloc(script->library_dirs,
                   (script->n_library_dirs + 1) * sizeof(*dirs));
    if (dirs)
        script->library_dirs = dirs;
    copy = strdup(dir);
    if (!dirs || !copy) {
        free(copy);
        return script_no_memory(script);
    }
    dirs[script->n_library_dirs++] = copy;
    return 0;
}

void libraries_release(BCCScriptRef script)
{
    for (size_t i = 0; i < script->n_shared; i++)
        free((char *)script->shared[i].name);
    for (size_t i = 0; i < script->n_library_dirs; i++)
        free(script->library_dirs[i]);
    free(script->shared);
    free(script->library_dirs);
    libraries_close(&script->libraries);
}

/* ---- What is open ---- */

static bool open_library(const char *name, int mode,
                         struct libraries *libraries)
{
    void *handle = dlopen(name, RTLD_NOW | mode);
    struct library library = {.handle = handle};
    struct link_map *map;

    if (!handle)
        return false;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0)
        library.is_read = host_object_read(map, &library.object);
    libraries->open[libraries->n_open++] = library;
    return true;
}

enum status libraries_open(const struct cache_view *view, bool for_process,
                           const char *name, struct libraries *ret_libraries,
                           struct error *err)
{
    const int mode = for_process ? RTLD_GLOBAL : RTLD_LOCAL;
    const uint32_t n = cache_count(view, OBCC_NEEDED_LIST);
    struct libraries libraries = {0};

    libraries.open = calloc(n + 1, sizeof(*libraries.open));
    if (!libraries.open)
        return error_no_memory(err);
    if (library_order_matters(view))
        libraries.order = library_order_open(view, libraries.open, mode);
    for (uint32_t i = 0; i < n; i++) {
        const char *library = cache_needed_at(view, i);

        /* For dlopen() an empty name is the program. */
        if (!*library) {
            libraries_close(&libraries);
            return error_set(err, STATUS_CORRUPT,
                             "%s: needed list: a library without a name", name);
        }
        if (!open_library(library, mode, &libraries)) {
            error_set(err, STATUS_UNRESOLVED,
                      "%s: cannot open a shared library: %s", name, dlerror());
            libraries_close(&libraries);
            return STATUS_UNRESOLVED;
        }
    }
    *ret_libraries = libraries;
    return STATUS_OK;
}

void *libraries_find(const void *context, const char *name)
{
    const struct libraries *libraries = context;
    void *address = NULL;

    for (size_t i = 0; !address && i < libraries->n_open; i++)
        address = dlsym(libraries->open[i].handle, name);
    return address;
}

void libraries_close(struct libraries *libraries)
{
    for (size_t i = libraries->n_open; i > 0; i--)
        dlclose(libraries->open[i - 1].handle);
    if (libraries->order)
        dlclose(libraries->order);
    free(libraries->open);
    *libraries = (struct libraries){0};
}

void libraries_keep_open(struct libraries *libraries)
{
    /* library_order_open() used this address as a unique name, so nothing else
     * may get it. */
    if (!libraries->order)
        free(libraries->open);
    *libraries = (struct libraries){0};
}
