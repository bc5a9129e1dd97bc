/* The sides of a launch in a running process, and their common parts: a script
 * with its cache entry, and the same code as a shared library. */
#ifndef BCC_BENCH_LAUNCHERS_H
#define BCC_BENCH_LAUNCHERS_H

#include "artefact.h"
#include "samples.h"

/* A script whose entry is present. */
struct hit {
    struct sample sample;
    struct sample_files files;
    const char *shared_library; /* to take symbols from; NULL */
    int opt_level;              /* BCC_OPT_... */
    char cache_dir[BENCH_PATH_SIZE];
    const char *cache_name;
    char entry_path[BENCH_PATH_SIZE];
    BCCScriptRef script; /* between enter and leave */
};

/* Make the entry, unless it is there, and load it once. name is that of the
 * cache directory. */
bool hit_make(struct hit *hit, const char *name);

bool hit_enter(void *hit);
bool hit_check(void *hit); /* refuses what was no hit */
bool hit_leave(void *hit);
struct bench_side hit_side(struct hit *hit);

/* A script of the samples; refused if it is not known or not built. */
bool hit_find_sample(const char *name, struct hit *ret_hit);
/* The language interpreter, which takes its imports from the process. With
 * --quick a small script stands for it. */
bool hit_find_interpreter(struct hit *ret_hit);
/* Bitcode by path, of which this function is looked up. */
void hit_of_file(const char *path, const char *function, struct hit *ret_hit);

/* The same code as shared libraries: linked as the system links; and with the
 * options that make dlopen() fastest here, which is one segment less and
 * relative relocations packed. */
struct library_pair {
    struct artefact plain, tuned;
};

/* Refuses what is not made from the same as the entry. */
bool library_pair_make(struct hit *hit, struct library_pair *ret_pair);

struct library {
    const char *path;
    const char *symbol;
    void *handle;
};

bool library_enter(void *library);
bool library_leave(void *library);
struct bench_side library_side(struct library *library, const char *enter_name,
                               const char *leave_name);

struct floor {
    const char *path;
    const struct entry *entry;
    volatile uint8_t *code, *data;
};

struct bench_side floor_side(struct floor *floor);

#endif
