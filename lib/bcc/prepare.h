/* What the parts of a prepare share.
 *
 *   prepare.c  the API functions, and the order of things
 *   layers.c   directories that are searched before the caller's
 *   hit.c      a cache file becomes code: check it, map it, bind it
 *   symbols.c  its imports; libraries.c  those that shared libraries define
 *   miss.c     a cache file is made: run the compiler, publish
 *   bound.c    a directory that became too large is pruned */
#ifndef BCC_ENGINE_PREPARE_H
#define BCC_ENGINE_PREPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "error.h"
#include "request.h"
#include "script.h"
#include "store.h"

/* One prepare under way. */
struct prepare {
    BCCScriptRef script;
    unsigned long flags;
    bool execute;     /* load what was found or made */
    bool is_layer;    /* dir is only read */
    const char *dir;  /* NULL: no cache */
    const char *name; /* of the entry in dir */
    const char *file; /* not NULL: make this file, whatever was there */
    struct request request;
    struct buffer identity;
    uint64_t mark_ns; /* end of the stage before */
    /* While imports are bound: */
    const struct cache_view *view;
    struct libraries libraries;
    bool scope_is_read;
    struct host_scope scope; /* if it is */
};

/* Give the time since the last mark to a stage, and mark. */
void prepare_end_stage(struct prepare *p, int stage);

/* Report that there is no hit, or no cache, and why. */
void prepare_set_reason(struct prepare *p, int cache, const struct error *why);

/* A new report, of the entry in p->dir. False: no memory. */
bool prepare_set_path(struct prepare *p);

/* Append the identity that a prepare with these flags asks for. NO_MEMORY. */
enum status prepare_write_identity(BCCScriptRef script, unsigned long flags,
                                   struct buffer *out,
                                   struct error *err) MUST_CHECK;

/* ---- layers.c ---- */

/* Look for the entry where it is only read. True: the prepare ends here, and
 * *ret_status says how. False: *why is set by an entry that is there, and may
 * not be used. */
bool prepare_search_layers(struct prepare *p, enum status *ret_status,
                           struct error *why) MUST_CHECK;

/* ---- hit.c ---- */

/* OK: the entry is good, and loaded if that was asked for. *ret_is_final: a
 * failure that a compile cannot mend. */
enum status prepare_hit(struct prepare *p, bool *ret_is_final,
                        struct error *err) MUST_CHECK;

/* Whether the compiler wrote an entry for this request, every byte of it, so
 * that no good one has to make way for less. COMPILE, IO, NO_MEMORY. */
enum status prepare_check_fresh(struct prepare *p, int fd,
                                struct error *err) MUST_CHECK;

/* Load what was just compiled, from its open file; nothing if only the entry
 * is wanted. */
enum status prepare_load_fresh(struct prepare *p, int fd, const char *name,
                               struct error *err) MUST_CHECK;

/* ---- libraries.c ---- */

/* Open what the entry says that its code needs. name is the entry's, for
 * messages. UNRESOLVED, NO_MEMORY. */
enum status libraries_open(struct prepare *p, const struct cache_view *view,
                           const char *name, struct libraries *ret_libraries,
                           struct error *err) MUST_CHECK;

/* Address of a symbol in any of them, or in what they need. context is a struct
 * libraries. */
void *libraries_find(const void *context, const char *name);

/* ---- symbols.c ---- */

/* A load_resolve_fn and a load_missing_fn; context is the struct prepare. */
void *symbols_resolve(void *context, const char *name, uint32_t import);
const char *symbols_note_missing(void *context, const char *name,
                                 uint32_t import);

void symbols_log_missing(BCCScriptRef script);

/* ---- miss.c ---- */

enum status prepare_miss(struct prepare *p, const struct error *why,
                         struct error *err) MUST_CHECK;

/* ---- bound.c ---- */

/* What was just published may make the directory too large. */
void prepare_bound_cache(struct prepare *p, const struct store_writer *writer);

#endif
