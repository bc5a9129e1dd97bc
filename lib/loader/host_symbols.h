/* The symbols that objects of the process define, read from the tables of the
 * dynamic linker.
 *
 * dlsym() answers the same question, but for a launch of ninety imports it
 * takes half of the loader's computing time: each call takes a lock, prepares
 * an error message and compares versions. So imports are looked up here first.
 * This file gives an answer only if dlsym() would give the same. Unclear cases
 * (an object with tables of another kind, a thread-local variable, a symbol
 * that is one of several versions) are left to dlsym().
 *
 * hash, a parameter of functions below, is the symbol_hash() of the name. A
 * wrong hash, which a damaged image may have, finds nothing. */
#ifndef BCC_LOADER_HOST_SYMBOLS_H
#define BCC_LOADER_HOST_SYMBOLS_H

#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* The tables of one object. All point into it, so it must stay open. */
struct host_object {
    uintptr_t base;
    const ElfW(Sym) * symbols;
    const char *strings;
    const uint16_t *versions; /* by symbol; NULL: it has none */
    /* DT_GNU_HASH */
    const ElfW(Addr) * filter;
    const uint32_t *buckets;
    const uint32_t *chain; /* by symbol */
    uint32_t filter_mask;  /* words less one */
    uint32_t filter_shift;
    uint32_t n_buckets;
};

/* False: the tables are of a kind that is not read here. */
bool host_object_read(const struct link_map *map,
                      struct host_object *ret_object) MUST_CHECK;

/* The address that dlsym() of a handle of the object would return because the
 * object itself defines the name. NULL: ask dlsym(). */
void *host_object_find(const struct host_object *object, const char *name,
                       uint32_t hash);

/* More objects than most programs start with. */
enum { HOST_SCOPE_SIZE = 24 };

/* More than the imports of most hosts' scripts. */
enum { HOST_SCOPE_ANSWERS = 512 };

struct host_answer {
    _Atomic uintptr_t address;
    char name[24];
};

/* The objects that the program was started with, from the program itself to
 * libc. dlsym(RTLD_DEFAULT) searches these first, in this order, and they are
 * never closed, so no lock is needed. Objects opened later are not here.
 *
 * An answer holds as long as the process, because interposition, versions and
 * indirect functions are decided. So it is remembered. The next launch compares
 * one name, in one line of the CPU's cache; a search touches six lines, on
 * pages far from each other. */
struct host_scope {
    size_t n_objects; /* 0: ask dlsym() */
    /* Set when a second script asks. For one, as under bcc run, looking up is
     * less work than writing the answers down on pages of their own. */
    atomic_bool remembers;
    struct host_object object[HOST_SCOPE_SIZE];
    struct host_answer answers[HOST_SCOPE_ANSWERS];
};

/* scope: zero. */
void host_scope_read(struct host_scope *scope);

/* The scope of this process, read at the first call. NULL while another thread
 * reads it: ask dlsym(). Thread-safe. */
struct host_scope *host_scope_of_process(void);

/* The address that dlsym(RTLD_DEFAULT) would return. NULL: ask dlsym().
 * Thread-safe. */
void *host_scope_find(struct host_scope *scope, const char *name,
                      uint32_t hash);

#endif
