#include "launchers.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- A hit ---- */

static const char *library_or_null(const struct hit *hit)
{
    return hit->files.library[0] ? hit->files.library : NULL;
}

bool hit_enter(void *context)
{
    struct hit *hit = context;
    const BCCOptions options = {.size = sizeof(options),
                                .optLevel = hit->opt_level,
                                .tier = BCC_TIER_BEST};

    if (sample_open(&hit->sample, &hit->files, &hit->script) ||
        bccSetOptions(hit->script, &options) ||
        (hit->shared_library &&
         bccLinkSharedLibrary(hit->script, hit->shared_library, 0)) ||
        bccUseCache(hit->script, hit->cache) ||
        bccPrepareExecutable(hit->script, hit->cache ? NULL : hit->cache_dir,
                             hit->cache_name, hit->sample.prepare_flags) ||
        !bccGetFuncAddr(hit->script, hit->sample.entry))
        return bench_refuse("%s: %s", hit->sample.name,
                            bccGetErrorMessage(hit->script));
    return true;
}

bool hit_check(void *context)
{
    const struct hit *hit = context;
    BCCReport report = {.size = sizeof(report)};

    bccGetReport(hit->script, &report);
    return report.cache == BCC_CACHE_HIT ||
           bench_refuse("%s: a hit was not a hit: %s", hit->sample.name,
                        report.reason);
}

bool hit_leave(void *context)
{
    struct hit *hit = context;

    bccDisposeScript(hit->script);
    hit->script = NULL;
    return true;
}

struct bench_side hit_side(struct hit *hit)
{
    return (struct bench_side){.enter_name = "hit",
                               .leave_name = "dispose",
                               .context = hit,
                               .enter = hit_enter,
                               .check = hit_check,
                               .leave = hit_leave};
}

bool hit_make(struct hit *hit, const char *name)
{
    if (!bench_open_cache(name, hit->cache_dir))
        return false;
    hit->cache_name = "entry";
    snprintf(hit->entry_path, sizeof(hit->entry_path), "%.1000s/entry.oBCC",
             hit->cache_dir);
    return hit_enter(hit) && hit_leave(hit) && hit_enter(hit) &&
           hit_check(hit) && hit_leave(hit);
}

void hit_of_file(const char *path, const char *function, struct hit *ret_hit)
{
    memset(ret_hit, 0, sizeof(*ret_hit));
    ret_hit->sample.name = path;
    ret_hit->sample.entry = function;
    snprintf(ret_hit->files.script, sizeof(ret_hit->files.script), "%s", path);
}

bool hit_find_sample(const char *name, struct hit *ret_hit)
{
    const struct sample *table;
    size_t n;

    memset(ret_hit, 0, sizeof(*ret_hit));
    table = sample_table(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0) {
            ret_hit->sample = table[i];
            return sample_locate(&table[i], NULL, &ret_hit->files) == 0 ||
                   bench_refuse("%s is not built", name);
        }
    return bench_refuse("there is no sample %s", name);
}

bool hit_find_interpreter(struct hit *ret_hit)
{
    if (bench_is_quick()) /* it takes half a minute to compile in all ways */
        return hit_find_sample("Halo", ret_hit);
    hit_of_file(BCC_BENCH_INTERPRETER, "interp_main", ret_hit);
    ret_hit->sample.name = "interpreter";
    ret_hit->sample.marks[0] = "interp_main";
    ret_hit->sample.prepare_flags = BCC_PROCESS_SYMBOLS | BCC_MARKED_ONLY;
    /* So that libm's symbols are the process's, for both sides. */
    return dlopen("libm.so.6", RTLD_NOW | RTLD_GLOBAL) ||
           bench_refuse("libm.so.6: %s", dlerror());
}

static void add_name(char *names, size_t size, const char *name)
{
    const size_t length = strlen(names);

    snprintf(names + length, size - length, "%s%s", length ? "," : "", name);
}

/* What can be looked up in the prepared script, with commas between. */
static bool list_exports(struct hit *hit, char *ret_names, size_t size)
{
    ret_names[0] = '\0';
    if (!hit_enter(hit))
        return false;
    add_name(ret_names, size, hit->sample.entry);
    for (size_t i = 0; i < bccGetExportFuncCount(hit->script); i++)
        add_name(ret_names, size, bccGetExportFuncName(hit->script, i));
    for (size_t i = 0; i < bccGetExportVarCount(hit->script); i++)
        add_name(ret_names, size, bccGetExportVarName(hit->script, i));
    for (size_t i = 0; i < bccGetExportForEachCount(hit->script); i++)
        add_name(ret_names, size, bccGetExportForEachName(hit->script, i));
    if (strlen(ret_names) + 1 == size)
        bench_die("too many exports");
    return hit_leave(hit);
}

/* Its bitcode, linked with that of its library. */
static bool link_bitcode(const struct hit *hit, struct artefact *ret_bitcode)
{
    struct artefact script, library;
    char name[64];
    const char *const argv[] = {BCC_BENCH_LLVM_LINK, "--only-needed",
                                "--internalize",     script.path,
                                library.path,        "-o",
                                artefact_out,        NULL};

    if (!artefact_source(hit->files.script, &script))
        return false;
    if (!library_or_null(hit)) {
        *ret_bitcode = script;
        return true;
    }
    snprintf(name, sizeof(name), "%s.bc", hit->sample.name);
    return artefact_source(hit->files.library, &library) &&
           artefact_make(
               name, (const struct artefact *const[]){&script, &library, NULL},
               argv, ret_bitcode);
}

bool library_pair_make(struct hit *hit, struct library_pair *ret_pair)
{
    static const char *const tuning =
        "-Wl,-Bsymbolic,-O1,--hash-style=gnu,-z,now,-z,noseparate-code,"
        "-z,pack-relative-relocs";
    char name[2][64], exports[BENCH_PATH_SIZE / 2];
    struct artefact bitcode;
    struct entry entry;

    snprintf(name[0], sizeof(name[0]), "%s.so", hit->sample.name);
    snprintf(name[1], sizeof(name[1]), "%s.tuned.so", hit->sample.name);
    return link_bitcode(hit, &bitcode) &&
           list_exports(hit, exports, sizeof(exports)) &&
           artefact_library(name[0], &bitcode, exports, NULL,
                            &ret_pair->plain) &&
           artefact_library(name[1], &bitcode, exports, tuning,
                            &ret_pair->tuned) &&
           entry_read(hit->entry_path, &entry) &&
           provenance_is_same("the entry", &entry.from, "the library",
                              &ret_pair->plain.from);
}

/* ---- The yardsticks ---- */

bool library_enter(void *context)
{
    struct library *library = context;

    library->handle = dlopen(library->path, RTLD_NOW | RTLD_LOCAL);
    return (library->handle && dlsym(library->handle, library->symbol)) ||
           bench_refuse("%s: %s", library->path, dlerror());
}

bool library_leave(void *context)
{
    struct library *library = context;

    return dlclose(library->handle) == 0 ||
           bench_refuse("%s: %s", library->path, dlerror());
}

struct bench_side library_side(struct library *library, const char *enter_name,
                               const char *leave_name)
{
    return (struct bench_side){.enter_name = enter_name,
                               .leave_name = leave_name,
                               .context = library,
                               .enter = library_enter,
                               .leave = library_leave};
}

/* Make the data private, touch each page of it, and write the import slots,
 * which are RELRO. */
static bool floor_fill(const struct floor *floor)
{
    const struct entry *entry = floor->entry;
    uint8_t *const data = floor->memory + entry->data_offset;
    volatile uintptr_t *const slots = (void *)(data);

    if (mprotect(data, floor->size - entry->data_offset,
                 PROT_READ | PROT_WRITE))
        return false;
    if (entry->bss_size &&
        mmap(data + entry->data_size, entry->bss_size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
        return false;
    for (uint64_t page = 0; page < entry->data_size; page += 4096)
        *(volatile uint8_t *)(data + page) = 1;
    for (uint32_t i = 0; i < entry->n_imports; i++)
        slots[i] = i;
    return entry->relro_size == 0 ||
           mprotect(floor->memory + entry->relro_offset, entry->relro_size,
                    PROT_READ) == 0;
}

static bool floor_enter(void *context)
{
    struct floor *floor = context;
    const struct entry *entry = floor->entry;
    const int fd = open(floor->path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return bench_refuse("%s: cannot be opened", floor->path);
    floor->size = (size_t)st.st_size;
    if (entry->data_offset + entry->data_size + entry->bss_size > floor->size)
        floor->size = entry->data_offset + entry->data_size + entry->bss_size;
    floor->memory =
        mmap(NULL, floor->size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    if (floor->memory == MAP_FAILED || (entry->data_size && !floor_fill(floor)))
        return bench_refuse("%s: cannot be mapped", floor->path);
    (void)*(volatile uint8_t *)floor->memory;
    close(fd);
    return true;
}

static bool floor_leave(void *context)
{
    struct floor *floor = context;

    return munmap(floor->memory, floor->size) == 0 ||
           bench_refuse("%s: cannot be unmapped", floor->path);
}

struct bench_side floor_side(struct floor *floor)
{
    return (struct bench_side){.enter_name = "floor",
                               .leave_name = "munmap",
                               .context = floor,
                               .enter = floor_enter,
                               .leave = floor_leave};
}
