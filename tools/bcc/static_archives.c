#include "static_archives.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_shared(const char *dir, const char *name)
{
    char pattern[PATH_MAX];
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s/lib%s.so", dir, name);
    if (access(pattern, F_OK) == 0)
        return true;
    snprintf(pattern, sizeof(pattern), "%s/lib%s.so.*", dir, name);
    if (glob(pattern, GLOB_NOSORT, NULL, &found))
        return false;
    globfree(&found);
    return true;
}

static bool any_has_shared(const struct options *options, size_t n_dirs,
                           const char *name)
{
    for (size_t i = 0; i < n_dirs; i++)
        if (has_shared(options->library_dirs[i], name))
            return true;
    return false;
}

/* Each launch with -l comes here: who has no archive pays for one access() of
 * each directory.
 * False: no directory of -L has one before a shared library. */
static bool find_archive(const struct options *options, const char *name,
                         char ret_path[PATH_MAX])
{
    for (size_t i = 0; i < options->n_library_dirs; i++) {
        snprintf(ret_path, PATH_MAX, "%s/lib%s.a", options->library_dirs[i],
                 name);
        if (access(ret_path, F_OK) == 0)
            return !any_has_shared(options, i + 1, name);
    }
    return false;
}

static bool add_archive(struct options *options, const char *path)
{
    char **longer =
        realloc(options->archives, (options->n_archives + 1) * sizeof(*longer));

    if (longer) {
        options->archives = longer;
        longer[options->n_archives] = strdup(path);
    }
    if (!longer || !longer[options->n_archives]) {
        complain("out of memory");
        return false;
    }
    options->n_archives++;
    return true;
}

bool static_archives_find(struct options *options)
{
    size_t n_shared = 0;

    for (size_t i = 0; i < options->n_shared; i++) {
        char path[PATH_MAX];

        if (!find_archive(options, options->shared[i], path))
            options->shared[n_shared++] = options->shared[i];
        else if (!add_archive(options, path))
            return false;
    }
    options->n_shared = n_shared;
    return true;
}
