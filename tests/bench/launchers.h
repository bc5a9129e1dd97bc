/* The sides of a launch in a running process, and what they have in common: a
 * script with its cache entry, the same code as a shared library. */
#ifndef BCC_BENCH_LAUNCHERS_H
#define BCC_BENCH_LAUNCHERS_H

#include "artefact.h"
#include "samples.h"

/* A script whose entry is present. */
struct hit {
    struct sample sample;
    struct sample_files files;
    char cache_dir[BENCH_PATH_SIZE];
    const char *cache_name;
    char entry_path[BENCH_PATH_SIZE];
    BCCScriptRef script; /* between enter and leave */
};

/* Make the entry, by a miss, and load it once. name is also that of the cache
 * directory, which is emptied. */
bool hit_make(struct hit *hit, const char *name);

/* A whole launch, for its own sake: the caller disposes of hit->script. */
bool hit_enter(void *hit);
bool hit_check(void *hit); /* refuses what was no hit */
bool hit_leave(void *hit);
struct bench_side hit_side(struct hit *hit);

/* A script of the samples; refused if it is not known or not built. */
bool hit_find_sample(const char *name, struct hit *ret_hit);
/* The language interpreter, which takes its imports from the process. */
bool hit_find_interpreter(struct hit *ret_hit);

/* What can be looked up in the prepared script, with commas between. */
bool hit_list_exports(struct hit *hit, char *ret_names, size_t size);

/* Its bitcode, linked with that of its library. */
bool hit_link(const struct hit *hit, struct artefact *ret_bitcode);

struct library {
    const char *path;
    const char *symbol;
    void *handle;
};

struct bench_side library_side(struct library *library, const char *enter_name,
                               const char *leave_name);

struct floor {
    const char *path;
    const struct entry *entry;
    volatile uint8_t *code, *data;
};

struct bench_side floor_side(struct floor *floor);

#endif
