/* The addresses of a script's imports. These places are asked in this order:
 * the libc functions that generated code calls, the client's callback, the
 * shared libraries that the entry names, and the process, if the script may see
 * it, or else libc, if the script may see that. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prepare.h"
#include "support_routines.h"

/* ---- Looking up ---- */

/* "name@VERSION" or "name@@VERSION", as .symver writes it. */
static void *find_version(void *handle, const char *name)
{
    const char *at = strchr(name, '@');
    void *address = NULL;
    char *plain;

    if (!at || asprintf(&plain, "%.*s", (int)(at - name), name) < 0)
        return NULL;
    address = dlvsym(handle, plain, at + (at[1] == '@') + 1);
    free(plain);
    return address;
}

/* Find the name, or its version, if dlsym() finds only that. */
static void *find(void *handle, const char *name)
{
    void *address = dlsym(handle, name);

    return address ? address : find_version(handle, name);
}

static void *find_in_library(const struct library *library, const char *name,
                             uint32_t hash)
{
    void *address = NULL;

    if (library->is_read)
        address = host_object_find(&library->object, name, hash);
    return address ? address : find(library->handle, name);
}

static void *find_in_libraries(const struct symbol_search *search,
                               const char *name, uint32_t hash, uint32_t import)
{
    const struct libraries *libraries = search->libraries;
    const struct obcc_import *row = cache_import_at(search->view, import);
    const uint32_t library = row ? obcc_get32(row->library) : OBCC_NO_LIBRARY;
    void *address = NULL;

    if (library == OBCC_ANY_LIBRARY)
        for (size_t i = 0; !address && i < libraries->n_open; i++)
            address = find_in_library(&libraries->open[i], name, hash);
    else if (library != OBCC_NO_LIBRARY && library <= libraries->n_open)
        address = find_in_library(&libraries->open[library - 1], name, hash);
    return address;
}

/* Find the name in a library that stays open anyway, or that is opened for a
 * message. */
static void *find_in(const char *library, const char *name)
{
    void *handle = dlopen(library, RTLD_LAZY);
    void *address = NULL;

    if (handle) {
        address = find(handle, name);
        dlclose(handle);
    }
    return address;
}

static void *find_in_process(struct symbol_search *search, const char *name,
                             uint32_t hash)
{
    void *address = NULL;

    if (!search->scope)
        search->scope = host_scope_of_process();
    if (search->scope)
        address = host_scope_find(search->scope, name, hash);
    return address ? address : find(RTLD_DEFAULT, name);
}

void *symbols_resolve(void *context, const char *name, uint32_t hash,
                      uint32_t import)
{
    struct symbol_search *search = context;
    BCCScriptRef script = search->script;
    void *address = support_routine_find(name, hash);

    if (!address && script->lookup)
        address = script->lookup(script->lookup_context, name);
    if (address)
        return address;
    if (search->libraries->n_open)
        address = find_in_libraries(search, name, hash, import);
    if (!address && search->of_process)
        address = find_in_process(search, name, hash);
    else if (!address && search->of_libc)
        address = find_in("libc.so.6", name);
    return address;
}

/* ---- What is missing ---- */

void missing_release(BCCScriptRef script)
{
    for (size_t i = 0; i < script->n_missing; i++) {
        free(script->missing[i].name);
        free(script->missing[i].user);
    }
    free(script->missing);
    script->missing = NULL;
    script->n_missing = 0;
}

/* Without memory the list, which is for reports, is only shorter. */
static void remember(BCCScriptRef script, const char *name, const char *user)
{
    struct missing_symbol *missing =
        realloc(script->missing, (script->n_missing + 1) * sizeof(*missing));
    struct missing_symbol symbol;

    if (!missing)
        return;
    script->missing = missing;
    symbol = (struct missing_symbol){strdup(name), strdup(user)};
    if (symbol.name && symbol.user) {
        missing[script->n_missing++] = symbol;
        return;
    }
    free(symbol.name);
    free(symbol.user);
}

const char *symbols_note_missing(void *context, const char *name,
                                 uint32_t import)
{
    const struct symbol_search *search = context;
    const struct obcc_import *row = cache_import_at(search->view, import);
    const char *user =
        row ? cache_string(search->view, obcc_get32(row->user)) : "";

    remember(search->script, name, user);
    return user;
}

void symbols_add_hint(const struct symbol_search *search, struct error *err)
{
    const BCCScriptRef script = search->script;
    const char *name = script->n_missing ? script->missing[0].name : "";
    const char *hint = "bccLinkSharedLibrary()";
    const size_t size = strlen(err->message);

    if (find_in("libc.so.6", name) || find_in("libm.so.6", name))
        hint = "BCC_DEFAULT_LIBRARIES";
    else if (dlsym(RTLD_DEFAULT, name))
        hint = "BCC_PROCESS_SYMBOLS";
    snprintf(err->message + size, sizeof(err->message) - size,
             "; %s may supply it", hint);
}

void symbols_log_missing(BCCScriptRef script)
{
    for (size_t i = 0; i < script->n_missing; i++) {
        const struct missing_symbol *symbol = &script->missing[i];

        if (*symbol->user)
            script_log(script, BCC_LOG_WARN, "load",
                       "undefined symbol '%s', wanted by '%s'", symbol->name,
                       symbol->user);
        else
            script_log(script, BCC_LOG_WARN, "load", "undefined symbol '%s'",
                       symbol->name);
    }
}
