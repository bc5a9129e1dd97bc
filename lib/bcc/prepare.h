/* One way through a prepare: find -> admit -> load.
 *
 *   prepare.c     the API functions, and the order of things
 *   find.c        files that were compiled before: in layers, in the directory
 *   make.c        a file that the compiler makes now, in a directory or memory
 *   tier.c        baseline code: the best is made later, and waited for
 *   admit.c       may the file be used, and is it the answer?
 *   load_entry.c  from file to code; symbols.c its imports, libraries.c those
 *                 that shared libraries define
 *   report.c      is told what happened by all of them
 *
 * find.c and make.c are the providers: each gives a struct found. One more, a
 * remote cache for instance, is a file like them and a step in prepare.c. */
#ifndef BCC_ENGINE_PREPARE_H
#define BCC_ENGINE_PREPARE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "buffer.h"
#include "error.h"
#include "request.h"
#include "script.h"

/* One prepare under way. */
struct prepare {
    BCCScriptRef script;
    unsigned long flags;
    bool execute;           /* load what was found or made */
    const char *dir;        /* NULL: no cache */
    const char *name;       /* of the entry in dir */
    const char *file;       /* not NULL: make this file, whatever was there */
    struct request request; /* without inputs */
    struct buffer identity;
    bool is_waiting; /* what was found is baseline code of the directory */
};

enum found_origin { FOUND_IN_DIRECTORY, FOUND_IN_LAYER, FOUND_MADE };

/* A file that may hold the code. A provider fills what comes first. */
struct found {
    int fd; /* owned; -1: none */
    enum found_origin origin;
    struct stat st;
    const char *dir;  /* where its use is noted, or NULL; borrowed */
    const char *name; /* for messages; borrowed */
    /* Set by admit(): */
    bool was_checked; /* it has been checked now */
    struct cache_layout layout;
    struct load_source source;
    struct image image;     /* mapped, if it is to run; owned */
    struct cache_view view; /* borrows image's mapping */
};

void found_release(struct found *found);

/* Append the identity that a prepare with these flags asks for. NO_MEMORY. */
enum status prepare_write_identity(BCCScriptRef script, unsigned long flags,
                                   struct buffer *out,
                                   struct error *err) MUST_CHECK;

/* ---- find.c ---- */

struct finder {
    const char *layers; /* the rest of the list */
    bool has_own;       /* the caller's directory is still to come */
    bool has_moved;     /* the report names an entry of a layer */
};

void find_begin(struct finder *finder, const struct prepare *p);

/* The next place in which the entry may be; false: there is no more.
 * *ret_status is that of the place: OK with an open file, or what is wrong with
 * it. Layers that lack the entry are passed over. */
bool find_next(struct finder *finder, struct prepare *p,
               struct found *ret_found, enum status *ret_status,
               struct error *err) MUST_CHECK;

/* In the caller's directory. What store_open() says; STALE with BCC_REBUILD. */
enum status find_own(struct prepare *p, struct found *ret_found,
                     struct error *err) MUST_CHECK;

/* "dir/name.oBCC", owned by the caller; NULL: no memory. */
char *find_path(const char *dir, const char *name);

/* ---- make.c ---- */

struct flight;

/* Both leave an admitted file behind, open; release *ret_found in any case.
 * What the compiler says; COMPILE if what it wrote is no entry. */
enum status make_in_memory(struct prepare *p, struct found *ret_found,
                           struct error *err) MUST_CHECK;

/* As the entry in the directory, or as p->file. flight has the lock that is to
 * beat while the compiler works, if there is one; it is ended when the entry is
 * published. *ret_unusable: on failure, that the place takes no entry. */
enum status make_in_directory(struct prepare *p, struct flight *flight,
                              struct found *ret_found, bool *ret_unusable,
                              struct error *err) MUST_CHECK;

/* Let the compiler make the best code of the entry in the background, unless
 * that is under way. Nothing is said of a failure: the next launch tries. */
void make_later(struct prepare *p);

/* ---- admit.c ---- */

/* Whether the file is whole, trusted, and the answer to the request; if it is
 * to run, it is mapped. CORRUPT, STALE, UNTRUSTED, UNSUPPORTED, IO, NO_MEMORY.
 */
enum status admit(struct prepare *p, struct found *found,
                  struct error *err) MUST_CHECK;

/* The same for every byte, of a file whose header was read. */
enum status admit_whole(struct prepare *p, struct found *found,
                        struct error *err) MUST_CHECK;

/* ---- load_entry.c ---- */

/* Code of an admitted file, which then belongs to the script. UNSUPPORTED,
 * STALE (another machine), UNRESOLVED, NO_MEMORY, IO, CORRUPT. *ret_is_final: a
 * failure that a compile cannot mend. */
enum status load_entry(struct prepare *p, struct found *found,
                       bool *ret_is_final, struct error *err) MUST_CHECK;

/* ---- libraries.c ---- */

/* Open what the entry says that its code needs: for this script, or for the
 * process. name is the entry's, for messages. UNRESOLVED, CORRUPT, NO_MEMORY.
 */
enum status libraries_open(const struct cache_view *view, bool for_process,
                           const char *name, struct libraries *ret_libraries,
                           struct error *err) MUST_CHECK;

/* Address of a symbol in any of them, or in what they need. context is a struct
 * libraries. */
void *libraries_find(const void *context, const char *name);

/* ---- symbols.c ---- */

/* While imports are bound. */
struct symbol_search {
    BCCScriptRef script;
    const struct cache_view *view;
    const struct libraries *libraries;
    bool of_process; /* what the process defines counts, too */
    bool scope_is_read;
    struct host_scope scope; /* if it is */
};

/* A load_resolve_fn and a load_missing_fn; context is a symbol_search. */
void *symbols_resolve(void *context, const char *name, uint32_t import);
const char *symbols_note_missing(void *context, const char *name,
                                 uint32_t import);

void symbols_log_missing(BCCScriptRef script);

#endif
