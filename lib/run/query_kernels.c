/* Tables by which code describes its kernels, without an entry. The compiler's
 * side is lib/compiler/codegen/kernel_table.c.
 *
 * The table is as trusted as the code: a host that loads a shared object runs
 * it. The checks find an unsuitable host, not an attack. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_features.h"
#include "function_list.h"
#include "kernel.h"

#define QUERY "bcc_library_query"

static const uint64_t features = BCC_FEATURE_TILES | BCC_FEATURE_GROUPS;

/* For each bit: the name, the prefix of the runtime's functions, and a function
 * that a process with the runtime has. */
static const struct {
    const char *name, *prefix, *probe;
} sanitizers[] = {
    {"AddressSanitizer", "__asan_", "__asan_init"},
    {"HWAddressSanitizer", "__hwasan_", "__hwasan_init"},
    {"ThreadSanitizer", "__tsan_", "__tsan_init"},
    {"MemorySanitizer", "__msan_", "__msan_init"},
    {"UndefinedBehaviorSanitizer", "__ubsan_handle_",
     "__ubsan_handle_builtin_unreachable"},
    {"DataFlowSanitizer", "__dfsan_", "__dfsan_load_label"},
};

enum { N_SANITIZERS = sizeof(sanitizers) / sizeof(sanitizers[0]) };

static int refuse_sanitizer(unsigned bit, BCCRunError *error)
{
    return run_fail(error,
                    "the code was built with %s, whose runtime ('%s') this "
                    "process does not have",
                    sanitizers[bit].name, sanitizers[bit].probe);
}

static int check_sanitizers(uint32_t bits, BCCRunError *error)
{
    for (unsigned i = 0; i < 32; i++) {
        if (!(bits >> i & 1))
            continue;
        if (i >= N_SANITIZERS)
            return run_fail(error, "the code was built with a sanitizer that "
                                   "this library does not know");
        if (!dlsym(RTLD_DEFAULT, sanitizers[i].probe))
            return refuse_sanitizer(i, error);
    }
    return 0;
}

static int check_cpu(const BCCKernelTable *table, BCCRunError *error)
{
    const struct cpu_features host = cpu_features_host();
    const struct cpu_features needed = {
        {table->cpuFeatures[0], table->cpuFeatures[1]}};
    const int bit = cpu_features_missing(&needed, &host);
    const char *name = bit < 0 ? NULL : cpu_features_host_name((unsigned)bit);

    return bit < 0 ? 0
                   : run_fail(error, "the code needs the CPU feature '%s'",
                              name ? name : "unknown");
}

/* Explain why the query returns NULL: ask it again, as a host that has all
 * features. */
static void explain(BCCQueryFn query, BCCRunError *error)
{
    const BCCKernelTable *table = query(UINT32_MAX, UINT64_MAX);

    if (!table)
        run_fail(error, "there is no table");
    else if (table->required & ~features)
        run_fail(error, "the code needs features 0x%llx of its host",
                 (unsigned long long)(table->required & ~features));
    else
        run_fail(error, "the table is newer than version %d",
                 BCC_TABLE_VERSION);
}

const BCCKernelTable *bccQueryKernels(BCCQueryFn query, BCCRunError *error)
{
    const BCCKernelTable *table =
        query ? query(BCC_TABLE_VERSION, features) : NULL;

    if (!query) {
        run_fail(error, "no query function");
        return NULL;
    }
    if (!table) {
        explain(query, error);
        return NULL;
    }
    if (table->size < sizeof(*table) || table->version > BCC_TABLE_VERSION ||
        table->version == 0 || table->required & ~features) {
        run_fail(error,
                 "the table has %u bytes and version %u: it does not "
                 "keep to the rules",
                 table->size, table->version);
        return NULL;
    }
    if (check_sanitizers(table->sanitizers, error) || check_cpu(table, error))
        return NULL;
    return table;
}

/* ---- Kernels of a table ---- */

static const BCCKernelInfo *info_at(const BCCKernelTable *table, uint32_t index)
{
    return (const BCCKernelInfo *)(const void *)((const char *)table->kernels +
                                                 (size_t)index *
                                                     table->kernels->size);
}

static const BCCKernelInfo *find_info(const BCCKernelTable *table,
                                      const char *name)
{
    uint32_t low = 0, high = table->nKernels;

    if (high && table->kernels->size < sizeof(BCCKernelInfo))
        return NULL;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const BCCKernelInfo *info = info_at(table, middle);
        const int order = strcmp(info->name, name);

        if (order == 0)
            return info;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

BCCKernelRef bccGetTableKernel(const BCCKernelTable *table, const char *name,
                               BCCRunError *error)
{
    const BCCKernelInfo *info = table && name ? find_info(table, name) : NULL;
    struct function_row row;

    if (!info) {
        run_fail(error, "%s: no kernel of that name", name ? name : "");
        return NULL;
    }
    row = (struct function_row){info->signature, info->parameters, info->form};
    return kernel_make(name, &row, (kernel_expand_fn)info->run, error);
}

/* ---- Kernels of a script ---- */

void bccExportTable(BCCScriptRef script)
{
    bccMarkExternalSymbol(script, "bcc:table " QUERY);
}

static void read_place(BCCKernelInfo *info)
{
    const char *place = strstr(info->form, " at:");
    char *end;

    if (!place)
        return;
    info->line = (uint32_t)strtoul(place + strlen(" at:"), &end, 10);
    info->file = *end == ':' ? end + 1 : NULL;
}

int bccGetKernelInfo(BCCScriptRef script, const char *name, BCCKernelInfo *info,
                     BCCRunError *error)
{
    BCCKernelRef kernel;
    struct function_row row;
    BCCKernelInfo all;

    if (!info || info->size < offsetof(BCCKernelInfo, line))
        return run_fail(error, "info, or its size, is missing");
    kernel = bccGetKernel(script, name, error);
    if (!kernel || !function_find(script, name, &row)) {
        bccDisposeKernel(kernel);
        return 1;
    }
    all = (BCCKernelInfo){
        .size = info->size,
        .name = name,
        .signature = row.signature,
        .parameters = row.parameters,
        .form = row.kernel,
        .run = (void (*)(void))kernel->expand,
        .localMemory = kernel->group_memory,
    };
    memcpy(all.tile, kernel->group[0] ? kernel->group : kernel->tile,
           sizeof(all.tile));
    read_place(&all);
    memcpy(info, &all, info->size < sizeof(all) ? info->size : sizeof(all));
    bccDisposeKernel(kernel);
    return 0;
}

/* ---- Shared objects ---- */

struct BCCOpaqueKernelLibrary {
    void *handle;
    const BCCKernelTable *table;
};

/* Explain why an object cannot be opened: the dynamic linker names a missing
 * symbol, but not the runtime it belongs to. */
static void explain_open(const char *why, BCCRunError *error)
{
    for (unsigned i = 0; why && i < N_SANITIZERS; i++)
        if (strstr(why, sanitizers[i].prefix)) {
            refuse_sanitizer(i, error);
            return;
        }
    run_fail(error, "%s", why ? why : "cannot be loaded");
}

static const BCCKernelTable *query_handle(void *handle, BCCRunError *error)
{
    void *address = dlsym(handle, QUERY);
    BCCQueryFn query;

    if (!address) {
        run_fail(error, "has no function '" QUERY "'");
        return NULL;
    }
    memcpy(&query, &address, sizeof(address));
    return bccQueryKernels(query, error);
}

static void name_file(const char *path, BCCRunError *error)
{
    BCCRunError inner;

    if (!error)
        return;
    inner = *error;
    run_fail(error, "%s: %.*s", path, (int)sizeof(inner.message) - 1,
             inner.message);
}

BCCKernelLibraryRef bccOpenKernelLibrary(const char *path, BCCRunError *error)
{
    BCCKernelLibraryRef library = calloc(1, sizeof(*library));

    if (!library || !path) {
        run_fail(error, path ? "out of memory" : "no path");
        free(library);
        return NULL;
    }
    library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library->handle) {
        explain_open(dlerror(), error);
    } else {
        library->table = query_handle(library->handle, error);
        if (library->table)
            return library;
    }
    name_file(path, error);
    bccCloseKernelLibrary(library);
    return NULL;
}

const BCCKernelTable *bccGetLibraryKernels(BCCKernelLibraryRef library)
{
    return library ? library->table : NULL;
}

void bccCloseKernelLibrary(BCCKernelLibraryRef library)
{
    if (library && library->handle)
        dlclose(library->handle);
    free(library);
}
