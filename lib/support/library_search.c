#include "library_search.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <glob.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Directories ---- */

/* The dynamic linker searches these by way of its cache, which has no
 * interface. */
static const char local_dir[] = "/usr/local/lib";

/* The dynamic linker's search path: LD_LIBRARY_PATH, then its defaults. NULL if
 * it does not tell. The caller frees it. */
static Dl_serinfo *ask_dynamic_linker(void)
{
    void *process = dlopen(NULL, RTLD_LAZY);
    Dl_serinfo size, *info = NULL;

    if (process && dlinfo(process, RTLD_DI_SERINFOSIZE, &size) == 0)
        info = malloc(size.dls_size);
    if (info && (dlinfo(process, RTLD_DI_SERINFOSIZE, info) ||
                 dlinfo(process, RTLD_DI_SERINFO, info))) {
        free(info);
        info = NULL;
    }
    if (process)
        dlclose(process);
    return info;
}

static bool add_dir(struct library_dirs *dirs, struct arena *arena,
                    const char *path)
{
    const char *copy = arena_copy_string(arena, path, strlen(path));

    if (copy)
        dirs->dir[dirs->n_dirs++] = copy;
    return copy != NULL;
}

/* Add this machine's directories. */
static bool add_system(struct library_dirs *dirs, struct arena *arena,
                       const Dl_serinfo *system)
{
    dirs->dir[dirs->n_dirs++] = local_dir;
    dirs->first_system = dirs->n_dirs;
    for (size_t i = 0; system && i < system->dls_cnt; i++)
        if (!add_dir(dirs, arena, system->dls_serpath[i].dls_name))
            return false;
    return true;
}

/* Directories of another machine: %s is the sysroot, then Debian's name of the
 * machine. */
static const char *const sysroot_dirs[] = {
    "%s/usr/local/lib", "%s/lib/%s",  "%s/usr/lib/%s", "%s/lib",
    "%s/lib64",         "%s/usr/lib", "%s/usr/lib64",
};
static const char *const debian_dirs[] = {
    "%s/usr/%s/lib",
    "%s/lib/%s",
    "%s/usr/lib/%s",
};

enum { MAX_FOREIGN_DIRS = sizeof(sysroot_dirs) / sizeof(sysroot_dirs[0]) };

static bool add_foreign(struct library_dirs *dirs, struct arena *arena)
{
    const bool has_sysroot = *dirs->sysroot != '\0';
    const char *const *formats = has_sysroot ? sysroot_dirs : debian_dirs;
    const size_t n = has_sysroot ? MAX_FOREIGN_DIRS
                                 : sizeof(debian_dirs) / sizeof(debian_dirs[0]);
    char path[PATH_MAX], name[64];

    /* As armv7-unknown-linux-gnueabihf: arm-linux-gnueabihf. */
    snprintf(name, sizeof(name), "%s%s", dirs->machine->name,
             strstr(dirs->machine->triple, "-linux-"));
    dirs->first_system = dirs->n_dirs;
    for (size_t i = 0; i < n; i++) {
        const int size =
            snprintf(path, sizeof(path), formats[i], dirs->sysroot, name);

        if (size > 0 && (size_t)size < sizeof(path) &&
            !add_dir(dirs, arena, path))
            return false;
    }
    return true;
}

static bool fill(struct library_dirs *dirs, const char *const *given,
                 size_t n_given, const Dl_serinfo *system, struct arena *arena)
{
    const size_t n_system = system ? system->dls_cnt : 0;

    dirs->dir = arena_alloc(arena, n_given + 1 + n_system + MAX_FOREIGN_DIRS,
                            sizeof(*dirs->dir));
    if (!dirs->dir)
        return false;
    for (size_t i = 0; i < n_given; i++)
        dirs->dir[dirs->n_dirs++] = given[i];
    return dirs->machine == machine_host() ? add_system(dirs, arena, system)
                                           : add_foreign(dirs, arena);
}

enum status library_dirs_init(struct library_dirs *ret_dirs,
                              const char *const *given, size_t n_given,
                              const struct machine *machine,
                              struct arena *arena, struct error *err)
{
    const bool is_ours = machine == machine_host();
    const char *sysroot = is_ours ? NULL : getenv("BCC_SYSROOT");
    struct library_dirs dirs = {.machine = machine,
                                .sysroot = sysroot ? sysroot : ""};
    Dl_serinfo *system = is_ours ? ask_dynamic_linker() : NULL;
    bool filled = fill(&dirs, given, n_given, system, arena);

    free(system);
    if (!filled)
        return error_no_memory(err);
    *ret_dirs = dirs;
    return STATUS_OK;
}

/* ---- One library ---- */

/* Set the name by which the library is opened later. In a system directory this
 * is the soname, or else the file's name, as in a native program. In another
 * directory it is the file named after the soname, if that exists: the path may
 * be a link to a later version by then. */
static void set_name(struct found_library *found, const char *dir,
                     const char *path)
{
    const char *soname = found->library.soname;
    int n = -1;

    if (!dir) {
        snprintf(found->name, sizeof(found->name), "%s",
                 *soname ? soname : basename(path));
        return;
    }
    if (*soname)
        n = snprintf(found->name, sizeof(found->name), "%s/%s", dir, soname);
    if (n < 0 || (size_t)n >= sizeof(found->name) ||
        faccessat(AT_FDCWD, found->name, R_OK, 0) != 0)
        snprintf(found->name, sizeof(found->name), "%s", path);
}

/* dir: NULL if it is a system directory. */
static bool try_file(const struct library_dirs *dirs, const char *dir,
                     const char *path, struct found_library *found)
{
    if (shared_library_open(path, &found->library, NULL))
        return false;
    if (found->library.machine != dirs->machine) {
        shared_library_close(&found->library);
        return false;
    }
    set_name(found, dir, path);
    return true;
}

/* A linker script is short, and text. */
enum { SCRIPT_SIZE = 4096 };

/* False: path is no linker script. */
static bool read_script(const char *path, char ret_text[SCRIPT_SIZE + 1])
{
    size_t size = 0;
    int fd;

    if (file_open(path, &fd, NULL, NULL))
        return false;
    if (file_read_at(fd, (struct file_target){ret_text, SCRIPT_SIZE}, 0, path,
                     &size, NULL))
        size = 0;
    file_close(fd);
    ret_text[size] = '\0';
    return strstr(ret_text, "INPUT") || strstr(ret_text, "GROUP");
}

static bool is_script(const char *path)
{
    char text[SCRIPT_SIZE + 1];

    return read_script(path, text);
}

static bool try_versions(const struct library_dirs *dirs, const char *dir,
                         const char *path, struct found_library *found)
{
    char pattern[PATH_MAX + 2];
    bool opened = false;
    glob_t versions;

    snprintf(pattern, sizeof(pattern), "%s.*", path);
    if (glob(pattern, 0, NULL, &versions))
        return false;
    /* From the end: the highest version, as far as versions have one digit. */
    for (size_t i = versions.gl_pathc; !opened && i > 0; i--)
        opened = try_file(dirs, dir, versions.gl_pathv[i - 1], found);
    globfree(&versions);
    return opened;
}

static bool search(const struct library_dirs *dirs, const char *file,
                   bool with_versions, struct found_library *found,
                   char ret_script[PATH_MAX])
{
    char path[PATH_MAX];

    for (size_t i = 0; i < dirs->n_dirs; i++) {
        const char *given = i < dirs->first_system ? dirs->dir[i] : NULL;
        int n = snprintf(path, sizeof(path), "%s/%s", dirs->dir[i], file);

        if (n < 0 || (size_t)n >= sizeof(path))
            continue;
        if (try_file(dirs, given, path, found))
            return true;
        if (with_versions && is_script(path)) {
            memcpy(ret_script, path, sizeof(path));
            return true;
        }
        if (with_versions && try_versions(dirs, given, path, found))
            return true;
    }
    return false;
}

/* ---- Linker scripts ---- */

/* A visit to each library that a linker script names. */
struct visit {
    const struct library_dirs *dirs;
    library_found_fn found;
    void *context;
    unsigned depth; /* how deeply scripts name scripts */
};

enum { MAX_DEPTH = 4 };

static enum status visit_name(const struct visit *visit, const char *name,
                              struct error *err);

/* Paths in a script are of the machine of the library. */
static enum status visit_file(const struct visit *visit, const char *file,
                              struct error *err)
{
    struct found_library found;
    char path[PATH_MAX];
    const int size =
        snprintf(path, sizeof(path), "%s%s", visit->dirs->sysroot, file);
    enum status status;

    if (*file != '/' || size < 0 || (size_t)size >= sizeof(path))
        status = library_open(visit->dirs, file, &found, err);
    else
        status = library_open(visit->dirs, path, &found, err);
    return status ? status : visit->found(visit->context, &found, err);
}

static bool is_archive(const char *word)
{
    const size_t size = strlen(word);

    return size > 2 && strcmp(word + size - 2, ".a") == 0;
}

static enum status visit_word(const struct visit *visit, const char *word,
                              struct error *err)
{
    if (strcmp(word, "AS_NEEDED") == 0 || is_archive(word))
        return STATUS_OK;
    if (strncmp(word, "-l", 2) == 0)
        return visit_name(visit, word + 2, err);
    return visit_file(visit, word, err);
}

/* The words in INPUT(...) or GROUP(...); changes text. */
static enum status visit_words(const struct visit *visit, char *text,
                               struct error *err)
{
    static const char separators[] = " \t\r\n,";
    enum status status = STATUS_OK;
    unsigned depth = 0;

    for (char *at = text; *at && status == STATUS_OK;) {
        const size_t size = strcspn(at, " \t\r\n,()");
        const char end = at[size];

        at[size] = '\0';
        if (size)
            status = visit_word(visit, at, err);
        depth += end == '(';
        if (end == ')' && (depth == 0 || --depth == 0))
            break;
        at += size + (end != '\0');
        at += strspn(at, separators);
    }
    return status;
}

static enum status visit_script(const struct visit *visit, const char *path,
                                struct error *err)
{
    struct visit deeper = *visit;
    char text[SCRIPT_SIZE + 1];
    char *start;

    if (visit->depth == MAX_DEPTH || !read_script(path, text))
        return error_set(err, STATUS_NOT_FOUND,
                         "%s: linker scripts nested too deeply", path);
    deeper.depth++;
    start = strstr(text, "INPUT"); /* as long as the other word */
    if (!start)
        start = strstr(text, "GROUP");
    return visit_words(&deeper, start + strlen("INPUT"), err);
}

static enum status visit_name(const struct visit *visit, const char *name,
                              struct error *err)
{
    const bool is_file = name[0] == ':';
    struct found_library found;
    char file[NAME_MAX], script[PATH_MAX] = "";
    int size;

    size = snprintf(file, sizeof(file), is_file ? "%s" : "lib%s.so",
                    name + is_file);
    if (size >= (int)sizeof(file) ||
        !search(visit->dirs, file, !is_file, &found, script))
        return error_set(err, STATUS_NOT_FOUND, "-l%s: no such shared library",
                         name);
    if (*script)
        return visit_script(visit, script, err);
    return visit->found(visit->context, &found, err);
}

enum status library_search(const struct library_dirs *dirs, const char *name,
                           library_found_fn found, void *context,
                           struct error *err)
{
    const struct visit visit = {dirs, found, context, 0};

    return visit_name(&visit, name, err);
}

/* ---- By file ---- */

enum status library_open(const struct library_dirs *dirs, const char *name,
                         struct found_library *ret_found, struct error *err)
{
    enum status status;

    if (!strchr(name, '/')) {
        if (search(dirs, name, false, ret_found, NULL))
            return STATUS_OK;
        return error_set(err, STATUS_NOT_FOUND, "%s: no such shared library",
                         name);
    }
    status = shared_library_open(name, &ret_found->library, err);
    if (status)
        return status;
    if (ret_found->library.machine != dirs->machine) {
        shared_library_close(&ret_found->library);
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: made for another machine", name);
    }
    snprintf(ret_found->name, sizeof(ret_found->name), "%s", name);
    return STATUS_OK;
}
