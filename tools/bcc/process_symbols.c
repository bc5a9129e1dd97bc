#include "process_symbols.h"

#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Who defines names that begin so; the first row that fits is tried first, a
 * row without a prefix fits all. */
static const struct {
    const char *prefix;
    const char *library;
} defaults[] = {
    {"_ZGV", "libmvec.so.1"},
    {"_Z", "libstdc++.so.6"},
    {"__cxa_", "libstdc++.so.6"},
    {"__gxx_", "libstdc++.so.6"},
    {"__once_proxy", "libstdc++.so.6"},
    {"__dynamic_cast", "libstdc++.so.6"},
    {"_Unwind_", "libgcc_s.so.1"},
    {"", "libm.so.6"},
    {"__", "libgcc_s.so.1"},
};

void *process_symbols_find(void *context, const char *name)
{
    void *address = dlsym(RTLD_DEFAULT, name);

    (void)context;
    for (size_t i = 0; !address && i < sizeof(defaults) / sizeof(defaults[0]);
         i++) {
        const char *library = defaults[i].library;

        if (strncmp(name, defaults[i].prefix, strlen(defaults[i].prefix)) ||
            dlopen(library, RTLD_NOW | RTLD_NOLOAD) ||
            !dlopen(library, RTLD_NOW | RTLD_GLOBAL))
            continue;
        address = dlsym(RTLD_DEFAULT, name);
    }
    return address;
}

/* ---- -l ---- */

static bool open_path(const char *path)
{
    return dlopen(path, RTLD_NOW | RTLD_GLOBAL) != NULL;
}

/* libNAME.so is only there where headers are, and may be a linker script; the
 * library itself is libNAME.so.VERSION beside it. */
static bool open_in(const char *dir, const char *name)
{
    char pattern[PATH_MAX];
    bool opened = false;
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s/lib%s.so", dir, name);
    if (open_path(pattern))
        return true;
    snprintf(pattern, sizeof(pattern), "%s/lib%s.so.*", dir, name);
    if (glob(pattern, 0, NULL, &found))
        return false;
    for (size_t i = found.gl_pathc; !opened && i > 0; i--)
        opened = open_path(found.gl_pathv[i - 1]);
    globfree(&found);
    return opened;
}

/* Where Debian's dynamic linker looks by itself. */
static const char *const system_dirs[] = {
    "/usr/local/lib", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu",
    "/lib", "/usr/lib"};

static bool open_library(const struct options *options, const char *name)
{
    char file[PATH_MAX];

    for (size_t i = 0; i < options->n_library_dirs; i++)
        if (open_in(options->library_dirs[i], name))
            return true;
    snprintf(file, sizeof(file), "lib%s.so", name);
    if (open_path(file))
        return true;
    for (size_t i = 0; i < sizeof(system_dirs) / sizeof(system_dirs[0]); i++)
        if (open_in(system_dirs[i], name))
            return true;
    return false;
}

bool process_symbols_open(const struct options *options)
{
    for (size_t i = 0; i < options->n_shared; i++) {
        if (open_library(options, options->shared[i]))
            continue;
        complain("-l%s: %s", options->shared[i], dlerror());
        return false;
    }
    return true;
}
