#include "variants.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bcc/bcc_cache.h>

#include "cpu_features.h"
#include "cpu_levels.h"
#include "entry_name.h"
#include "file.h"
#include "machine.h"
#include "script_setup.h"
#include "store.h"

enum { MAX_FOUND = 32 };

/* An entry for a named CPU. */
struct variant {
    char cpu[NAME_MAX];
    char features[NAME_MAX]; /* "": none */
    unsigned n_features;     /* CPU features that the code may use */
};

struct variant_list {
    struct variant found[MAX_FOUND];
    size_t n;
};

/* ---- Places ---- */

bool variants_next_layer(const char **rest, char ret_dir[PATH_MAX])
{
    while (*rest && **rest) {
        const size_t size = (size_t)(strchrnul(*rest, ':') - *rest);
        const char *layer = *rest;

        *rest += size + (layer[size] == ':');
        if (size == 0 || size >= PATH_MAX)
            continue;
        memcpy(ret_dir, layer, size);
        ret_dir[size] = '\0';
        return true;
    }
    return false;
}

bool variants_is_in(const char *dir, const char *name)
{
    const size_t dir_size = strlen(dir), size = strlen(name);
    char path[PATH_MAX];

    if (dir_size + 1 + size + sizeof(STORE_SUFFIX) > sizeof(path))
        return false;
    memcpy(path, dir, dir_size);
    path[dir_size] = '/';
    memcpy(path + dir_size + 1, name, size);
    memcpy(path + dir_size + 1 + size, STORE_SUFFIX, sizeof(STORE_SUFFIX));
    return access(path, F_OK) == 0;
}

static bool is_anywhere(const struct variants *v, const char *name)
{
    const char *rest = secure_getenv("BCC_CACHE_PATH");
    char layer[PATH_MAX];

    while (variants_next_layer(&rest, layer))
        if (variants_is_in(layer, name))
            return true;
    return v->dir && variants_is_in(v->dir, name);
}

/* ---- CPUs ---- */

/* The CPU features of an entry, from its header. */
static bool read_features(const char *path, struct cpu_features *ret_features)
{
    struct obcc_header header;
    size_t size = 0;
    int fd;

    if (file_open(path, &fd, NULL, NULL))
        return false;
    if (file_read_at(fd, (struct file_target){&header, sizeof(header)}, 0, path,
                     &size, NULL))
        size = 0;
    file_close(fd);
    if (size != sizeof(header) ||
        memcmp(header.magic, OBCC_MAGIC, sizeof(header.magic)) != 0 ||
        obcc_get16(header.machine) != machine_host()->elf_machine)
        return false;
    for (size_t i = 0; i < CPU_FEATURE_WORDS; i++)
        ret_features->word[i] = obcc_get64(header.cpu_features[i]);
    return true;
}

const char *variants_lacking(const char *path)
{
    const struct cpu_features host = cpu_features_host();
    struct cpu_features needed;
    const char *name;
    int missing;

    if (!read_features(path, &needed))
        return NULL;
    missing = cpu_features_missing(&needed, &host);
    if (missing < 0)
        return NULL;
    name = cpu_feature_name(machine_host()->elf_machine, (unsigned)missing);
    return name ? name : "unknown";
}

/* Can this machine tell whether it runs the code? An entry records only
 * features that have a number in cpu_features.h. */
static bool is_checkable(const struct variant *variant)
{
    const unsigned machine = machine_host()->elf_machine;
    const char *at = variant->features;

    while (*at) {
        struct cpu_features ignored = {0};
        const size_t size = (size_t)(strchrnul(at, ',') - at);

        if (*at == '+' &&
            !cpu_features_add(&ignored, machine, at + 1, size - 1))
            return false;
        at += size + (at[size] == ',');
    }
    return true;
}

static void add_variant(struct variant_list *list, const char *dir,
                        const char *file, size_t name_size)
{
    const struct cpu_features host = cpu_features_host();
    struct variant *variant = &list->found[list->n];
    struct cpu_features needed;
    char path[PATH_MAX], *features;
    size_t size = strlen(file) - name_size - strlen(STORE_SUFFIX);

    if (list->n == MAX_FOUND || size == 0)
        return;
    memcpy(variant->cpu, file + name_size, size);
    variant->cpu[size] = '\0';
    variant->features[0] = '\0';
    features = strchr(variant->cpu, '@');
    if (features) {
        *features++ = '\0';
        memcpy(variant->features, features, strlen(features) + 1);
    }
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    if (!is_checkable(variant) || !read_features(path, &needed) ||
        cpu_features_missing(&needed, &host) >= 0)
        return;
    variant->n_features = 0;
    for (size_t i = 0; i < CPU_FEATURE_WORDS; i++)
        variant->n_features += (unsigned)__builtin_popcountll(needed.word[i]);
    list->n++;
}

/* Find the entries "NAME@*.oBCC" of a directory. */
static void search(struct variant_list *list, const char *dir, const char *name)
{
    const size_t size = strlen(name);
    DIR *stream = opendir(dir);
    const struct dirent *entry;

    if (!stream)
        return;
    while ((entry = readdir(stream))) {
        const char *file = entry->d_name;
        const char *dot = strrchr(file, '.');

        if (strncmp(file, name, size) == 0 && file[size] == '@' && dot &&
            strcmp(dot, STORE_SUFFIX) == 0)
            add_variant(list, dir, file, size + 1);
    }
    closedir(stream);
}

static int by_features(const void *left, const void *right)
{
    const struct variant *a = left, *b = right;

    if (a->n_features != b->n_features)
        return a->n_features > b->n_features ? -1 : 1;
    return strcmp(a->cpu, b->cpu);
}

/* ---- Trying them ---- */

static int prepare(const struct variants *v, const char *name,
                   unsigned long flags)
{
    errno = 0; /* set like a native program's, before constructors run */
    return v->prepare(v->script, v->dir, name, flags);
}

/* Can this CPU run the code of the prepared entry? A prepare that does not load
 * the code does not compare the CPU. */
static bool runs_here(BCCScriptRef script)
{
    BCCReport report = {.size = sizeof(report)};

    return bccGetReport(script, &report) == 0 && !variants_lacking(report.path);
}

/* Prepare with another CPU named. */
static bool prepare_for(const struct variants *v, const char *cpu,
                        const char *features, unsigned long flags)
{
    struct options options = *v->options;
    char name[NAME_MAX];

    options.cpu = strcmp(cpu, "native") == 0 ? NULL : cpu;
    options.features = *features ? features : NULL;
    if (v->name) {
        memcpy(name, v->name, strlen(v->name) + 1);
        entry_name_add_cpu(name, options.cpu, options.features);
    }
    return setup_set_options(v->script, &options) &&
           prepare(v, v->name ? name : NULL, flags) == 0;
}

static bool try_cpu(const struct variants *v, const char *cpu,
                    const char *features)
{
    return prepare_for(v, cpu, features, v->flags | BCC_CACHE_ONLY) &&
           (v->prepare == bccPrepareExecutable || runs_here(v->script));
}

/* The levels are opened by name, since a layer may have very many entries. */
static bool try_levels(const struct variants *v)
{
    if (strncmp(machine_host()->triple, "x86_64", 6) != 0)
        return false;
    for (size_t i = 0; i < N_CPU_LEVELS; i++) {
        char name[NAME_MAX];

        memcpy(name, v->name, strlen(v->name) + 1);
        entry_name_add_cpu(name, cpu_levels[i].cpu, NULL);
        if (is_anywhere(v, name) && try_cpu(v, cpu_levels[i].cpu, ""))
            return true;
    }
    return false;
}

static bool try_others(const struct variants *v)
{
    const char *rest = secure_getenv("BCC_CACHE_PATH");
    struct variant_list *list = calloc(1, sizeof(*list));
    char layer[PATH_MAX];
    bool found = false;

    if (!list)
        return false;
    while (variants_next_layer(&rest, layer))
        search(list, layer, v->name);
    if (v->dir)
        search(list, v->dir, v->name);
    qsort(list->found, list->n, sizeof(list->found[0]), by_features);
    for (size_t i = 0; !found && i < list->n; i++)
        found = try_cpu(v, list->found[i].cpu, list->found[i].features);
    free(list);
    return found;
}

static bool names_a_cpu(const struct options *options)
{
    return options->cpu || options->features || options->target;
}

/* ---- Another CPU than the compiler's ---- */

/* The compiler process sees the real CPU, also if this process runs under
 * Valgrind, which has a CPU of its own. */
static bool is_of_another_cpu(BCCScriptRef script)
{
    BCCReport report = {.size = sizeof(report)};

    return bccGetReport(script, &report) == 0 &&
           report.reasonCode == BCC_REASON_HOST_CPU;
}

/* If there was no entry, the report has another reason, but the message
 * tells. */
static bool is_made_for_another_cpu(BCCScriptRef script)
{
    return strstr(bccGetErrorMessage(script), "needs the CPU feature") != NULL;
}

static bool has_level(const struct cpu_level *level)
{
    const struct cpu_features host = cpu_features_host();
    struct cpu_features needed = {0};
    const char *at = level->features;

    while (*at) {
        const size_t size = (size_t)(strchrnul(at, ',') - at);

        cpu_features_add(&needed, machine_host()->elf_machine, at + 1,
                         size - 1);
        at += size + (at[size] == ',');
    }
    return cpu_features_missing(&needed, &host) < 0;
}

/* Compile for the best level that this CPU has. */
static int prepare_for_level(const struct variants *v)
{
    size_t i = 0;

    while (i < N_CPU_LEVELS - 1 && !has_level(&cpu_levels[i]))
        i++;
    return !prepare_for(v, cpu_levels[i].cpu, "", v->flags);
}

/* Under Valgrind the compiler sees another CPU than the program does. */
static int compile_here(const struct variants *v)
{
    const bool is_x86 = strncmp(machine_host()->triple, "x86_64", 6) == 0;

    if (prepare(v, v->name, v->flags) == 0)
        return 0;
    return is_x86 && !(v->flags & BCC_CACHE_ONLY) &&
                   is_made_for_another_cpu(v->script)
               ? prepare_for_level(v)
               : 1;
}

static int compile(const struct variants *v, bool is_other)
{
    const bool is_x86 = strncmp(machine_host()->triple, "x86_64", 6) == 0;

    if (is_x86 && is_other && !(v->flags & BCC_CACHE_ONLY))
        return prepare_for_level(v);
    if (!setup_set_options(v->script, v->options))
        return 1;
    return compile_here(v);
}

int variants_prepare(const struct variants *v)
{
    const struct options *options = v->options;
    bool is_there, is_other;

    if (options->exports || names_a_cpu(options))
        return prepare(v, v->name, v->flags);
    if (!v->name || options->rebuild)
        return compile_here(v);
    is_there = v->is_in_dir || is_anywhere(v, v->name);
    if (is_there &&
        prepare(v, v->name, v->flags | BCC_CACHE_ONLY | BCC_BEST_LATER) == 0)
        return 0;
    is_other = is_there && is_of_another_cpu(v->script);
    if (try_levels(v) || try_others(v))
        return 0;
    return compile(v, is_other);
}
