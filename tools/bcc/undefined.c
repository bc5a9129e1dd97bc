/* A linker reports a missing symbol's name and its user. Here the libraries
 * that the user might have named are on this machine, too: the libraries in the
 * directories of -L and of the system are read until one defines the symbol. A
 * program that runs pays nothing for this. */
#include "undefined.h"

#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "cache_file.h"
#include "library_search.h"
#include "machine.h"
#include "print.h"
#include "resource.h"

enum {
    MAX_LINES = 100,      /* as many as people read */
    MAX_LIBRARIES = 4096, /* as many as a machine reads in some tenths of a
                             second */
};

/* ---- Names as people write them ---- */

typedef char *demangle_fn(const char *name, char *buffer, size_t *size,
                          int *status);

/* Find the function in libstdc++, which is opened only for this. */
static demangle_fn *find_demangle(void)
{
    void *library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
    demangle_fn *demangle = NULL;

    if (library)
        *(void **)&demangle = dlsym(library, "__cxa_demangle");
    return demangle;
}

/* The caller frees the result; NULL: no memory. */
static char *readable_name(const char *name)
{
    static demangle_fn *demangle;
    char *readable = NULL;
    int status;

    if (strncmp(name, "_Z", 2) == 0) {
        if (!demangle)
            demangle = find_demangle();
        if (demangle)
            readable = demangle(name, NULL, NULL, &status);
    }
    return readable ? readable : strdup(name);
}

static void complain_of(const char *symbol, const char *wanted_by,
                        const char *path)
{
    char *name = readable_name(symbol);
    char *user = readable_name(wanted_by);

    if (name && user && *user)
        complain("%s: undefined symbol '%s', wanted by '%s'", path, name, user);
    else
        complain("%s: undefined symbol '%s'", path, name ? name : symbol);
    free(name);
    free(user);
}

/* ---- Who defines them ---- */

/* A symbol, and the library with the shortest name of those that define it. */
struct clue {
    const char *symbol;         /* borrowed */
    char library[NAME_MAX + 1]; /* "libz.so.1"; "" if none is known yet */
};

static int compare_clues(const void *a, const void *b)
{
    return strcmp(((const struct clue *)a)->symbol,
                  ((const struct clue *)b)->symbol);
}

static bool is_better(const char *library, const char *than)
{
    const size_t size = strlen(library), than_size = strlen(than);

    return than_size == 0 || size < than_size ||
           (size == than_size && strcmp(library, than) < 0);
}

/* The soname, if it only adds a version to the file's name. */
static const char *shown_name(const char *path,
                              const struct shared_library *library)
{
    const char *file = strrchr(path, '/') + 1; /* lib*.so*, by the glob
                                                  pattern */

    return strncmp(library->soname, file, strlen(file)) == 0 ? library->soname
                                                             : file;
}

/* Libraries of compilers define many names by accident. */
static bool is_of_compiler(const char *file)
{
    return strncmp(file, "librustc_driver", strlen("librustc_driver")) == 0;
}

static void read_library(const char *path, struct clue *clues, size_t n_clues)
{
    struct shared_definition definition;
    struct shared_library library;
    uint32_t position = 0;
    const char *file;

    if (shared_library_open(path, &library, NULL))
        return;
    file = shown_name(path, &library);
    while (library.machine == machine_host() &&
           shared_library_next(&library, &position, &definition)) {
        const struct clue key = {.symbol = definition.name};
        struct clue *clue =
            bsearch(&key, clues, n_clues, sizeof(key), compare_clues);

        if (clue && definition.is_default && !is_of_compiler(file) &&
            is_better(file, clue->library))
            snprintf(clue->library, sizeof(clue->library), "%s", file);
    }
    shared_library_close(&library);
}

static void read_directory(const char *dir, struct clue *clues, size_t n_clues,
                           size_t *n_read)
{
    char pattern[PATH_MAX];
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s/lib*.so*", dir);
    if (glob(pattern, GLOB_NOSORT, NULL, &found))
        return;
    for (size_t i = 0; i < found.gl_pathc && *n_read < MAX_LIBRARIES; i++) {
        read_library(found.gl_pathv[i], clues, n_clues);
        (*n_read)++;
    }
    globfree(&found);
}

static void search(const struct options *options, struct clue *clues,
                   size_t n_clues)
{
    struct library_dirs dirs;
    struct arena arena;
    size_t n_read = 0;

    arena_init(&arena);
    if (library_dirs_init(&dirs, options->library_dirs.word,
                          options->library_dirs.n, machine_host(), &arena,
                          NULL) == STATUS_OK)
        for (size_t i = 0; i < dirs.n_dirs; i++)
            read_directory(dirs.dir[i], clues, n_clues, &n_read);
    arena_release(&arena);
}

/* ---- What may help ---- */

/* Print a line for each library. True: there was one. */
static bool name_libraries(struct clue *clues, size_t n_clues)
{
    bool named = false;

    for (size_t i = 0; i < n_clues; i++) {
        const char *library = clues[i].library;
        const char *end = library;
        size_t n_more = 0;
        char *name;

        if (!*library)
            continue;
        while (strncmp(end, ".so", 3) != 0)
            end++;
        for (size_t j = i + 1; j < n_clues; j++)
            if (strcmp(clues[j].library, library) == 0) {
                clues[j].library[0] = '\0';
                n_more++;
            }
        name = readable_name(clues[i].symbol);
        if (n_more)
            complain("-l%.*s may help: %s defines '%s' and %zu more",
                     (int)(end - library - 3), library + 3, library,
                     name ? name : "", n_more);
        else
            complain("-l%.*s may help: %s defines '%s'",
                     (int)(end - library - 3), library + 3, library,
                     name ? name : "");
        free(name);
        named = true;
    }
    return named;
}

/* Does the symbol have this part? Mangled names of Rust (_R) have it inside. */
static bool is_part(const char *symbol, const char *part)
{
    return strncmp(symbol, "_R", 2) == 0
               ? strstr(symbol, part) != NULL
               : *part == '_' && strncmp(symbol, part, strlen(part)) == 0;
}

static const char *find_part(const struct clue *clues, size_t n_clues,
                             const char *part)
{
    for (size_t i = 0; i < n_clues; i++)
        if (is_part(clues[i].symbol, part))
            return clues[i].symbol;
    return NULL;
}

/* Explain symbols that no library has: a front end's driver supplies them when
 * it links. */
static bool name_front_end(const struct clue *clues, size_t n_clues)
{
    static const struct {
        const char *part, *advice; /* of the name */
    } known[] = {
        {"__rdl_", "rustc's own allocator functions: give it -C save-temps and "
                   "add the .bc whose name has 'allocator' by --link"},
        {"__rust_", "rustc's own allocator functions: give it -C save-temps "
                    "and add the .bc whose name has 'allocator' by --link"},
        {"__zig_", "Zig's own runtime: compile with -fcompiler-rt"},
        {"3std", "Rust's standard library, if Rust compiled it: -L$(rustc "
                 "--print target-libdir) -l:libstd-*.so names the shared one"},
    };
    const size_t n_known = sizeof(known) / sizeof(known[0]);

    const char *last = "";
    bool named = false;

    for (size_t i = 0; i < n_known; i++) {
        const char *symbol = find_part(clues, n_clues, known[i].part);

        if (!symbol || strcmp(last, known[i].advice) == 0)
            continue;
        last = known[i].advice;
        complain("'%s' belongs to %s", symbol, last);
        named = true;
    }
    return named;
}

/* Print advice. The clues have their symbols, and are freed. */
static void suggest(struct clue *clues, const struct options *options, size_t n)
{
    bool named = false;

    if (clues) {
        qsort(clues, n, sizeof(*clues), compare_clues);
        search(options, clues, n);
        named = name_libraries(clues, n);
        named = name_front_end(clues, n) || named;
    }
    if (!named)
        complain("to define it, add a file of the program (--link FILE), a "
                 "shared library (-lNAME, -LDIR) or a runtime library (--lib "
                 "RUNTIME.bc)");
    free(clues);
}

/* ---- Told by the compiler ---- */

/* The memfd of tools/bccc/missing.c, and its content. */
static struct {
    int fd; /* 0: none */
    struct buffer text;
    size_t at; /* of the next symbol */
} told;

void undefined_ask(void)
{
    char path[64];

    if (told.fd || getenv("LD_PRELOAD"))
        return;
    told.fd = memfd_create("undefined", MFD_CLOEXEC);
    if (told.fd < 0)
        told.fd = 0;
    snprintf(path, sizeof(path), "/proc/%ld/fd/%d", (long)getpid(), told.fd);
    if (told.fd)
        setenv("BCC_UNDEFINED", path, 1);
}

void undefined_forget(void)
{
    if (!told.fd)
        return;
    unsetenv("BCC_UNDEFINED"); /* the program's environment is the user's */
    close(told.fd);
    buffer_release(&told.text);
    memset(&told, 0, sizeof(told));
}

static void read_told(void)
{
    char part[4096];
    ssize_t size;
    off_t at = 0;

    buffer_init(&told.text);
    while (told.fd && (size = pread(told.fd, part, sizeof(part), at)) > 0) {
        buffer_append(&told.text, part, (size_t)size);
        at += size;
    }
    buffer_append(&told.text, "\0", 2);
    if (buffer_failed(&told.text))
        buffer_release(&told.text);
}

static const char *next_word(void)
{
    const char *word = (const char *)told.text.data + told.at;

    if (told.at >= told.text.size)
        return "";
    told.at += strlen(word) + 1;
    return word;
}

/* The next undefined symbol, from a prepare that found it itself or from the
 * compiler. NULL: there are no more. */
static const char *next_missing(BCCScriptRef script, size_t i,
                                const char **user)
{
    const char *name = bccGetMissingSymbol(script, i, user);

    if (name)
        return name;
    if (i == 0)
        read_told();
    name = next_word();
    *user = *name ? next_word() : "";
    return *name ? name : NULL;
}

static bool add_clue(struct clue **clues, size_t n, const char *symbol)
{
    struct clue *longer = realloc(*clues, (n + 1) * sizeof(*longer));

    if (!longer)
        return false;
    longer[n] = (struct clue){.symbol = symbol};
    *clues = longer;
    return true;
}

void complain_failed(BCCScriptRef script, const struct options *options,
                     const char *path)
{
    struct clue *clues = NULL;
    const char *symbol, *user;
    size_t n = 0;

    while ((symbol = next_missing(script, n, &user)) &&
           add_clue(&clues, n, symbol))
        if (n++ < MAX_LINES)
            complain_of(symbol, user, path);
    if (n > MAX_LINES)
        complain("%s: and %zu more", path, n - MAX_LINES);
    if (n)
        suggest(clues, options, n);
    if (n && resource_is_compiled(path))
        complain("%s: is compiled already: bcc compile takes -l, and --entry "
                 "main for a program with its usual libraries",
                 path);
    if (!n)
        complain("%s", bccGetErrorMessage(script));
}

/* ---- Of an entry that was not loaded ---- */

/* Does libc or the library supply the name? Another machine's libc is taken to
 * have the same names. Versions are not compared. */
static bool is_supplied(const char *name)
{
    const char *at = strchrnul(name + (*name != '\0'), '@');
    char *plain = strndup(name, (size_t)(at - name));
    const bool found = plain && dlsym(RTLD_DEFAULT, plain);

    free(plain);
    return found;
}

static bool is_undefined(const struct obcc_import *import, const char *name)
{
    return !(obcc_get32(import->flags) & OBCC_IMPORT_WEAK) &&
           obcc_get32(import->library) == OBCC_NO_LIBRARY && !is_supplied(name);
}

size_t undefined_complain(const struct options *options, const char *path,
                          const char *entry)
{
    const struct obcc_import *import;
    struct cache_file file;
    struct clue *clues;
    size_t n = 0;

    if (cache_file_open(entry, CACHE_CHECK_TABLES, &file, NULL))
        return 0;
    clues = calloc(cache_count(&file.view, OBCC_RELOCATION_TABLE) + 1,
                   sizeof(*clues));
    for (uint32_t i = 0; clues && (import = cache_import_at(&file.view, i));
         i++) {
        const char *name = cache_string(&file.view, obcc_get32(import->name));

        if (!is_undefined(import, name))
            continue;
        if (n < MAX_LINES)
            complain_of(
                name, cache_string(&file.view, obcc_get32(import->user)), path);
        clues[n++].symbol = name;
    }
    if (n)
        suggest(clues, options, n);
    else
        free(clues);
    cache_file_close(&file);
    return n;
}
