/* One way through a prepare: find -> admit -> load.
 *
 *   prepare.c     the API functions, and the order of the steps
 *   find.c        files that were compiled before: in layers, in the directory,
 *                 or given by the host
 *   make.c        a file that the compiler makes now, in a directory or memory
 *   tier.c        baseline code: the best is made later, and waited for
 *   admit.c       may the file be used, and does it match the request?
 *   load_entry.c  from file to code; symbols.c resolves its imports,
 *                 libraries.c opens the shared libraries it needs
 *   report.c      collects errors and reasons; all of them call it
 *
 * find.c and make.c are the providers: each gives a struct found, a file or its
 * bytes. Another provider, such as a remote cache, is a file like them and a
 * step in prepare.c. */
#ifndef BCC_ENGINE_PREPARE_H
#define BCC_ENGINE_PREPARE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "buffer.h"
#include "cache_read.h"
#include "error.h"
#include "request.h"
#include "script.h"

/* A prepare in progress. */
struct prepare {
    BCCScriptRef script;
    unsigned long flags;
    bool execute;           /* load the code */
    const char *dir;        /* NULL: no cache */
    BCCCacheRef cache;      /* dir, kept open; or NULL */
    const char *name;       /* of the entry in dir */
    const char *file;       /* not NULL: make this file, even if it exists */
    struct source *given;   /* not NULL: the host gives compiled code */
    struct request request; /* without inputs */
    bool is_lazy;           /* functions are compiled when they are called */
    bool is_waiting; /* what was found is baseline code of the directory */
};

enum found_origin {
    FOUND_IN_DIRECTORY,
    FOUND_IN_LAYER,
    FOUND_MADE,
    FOUND_GIVEN
};

/* A file that may hold the code. A provider fills the first members. */
struct found {
    int fd;            /* owned; -1: none */
    struct span bytes; /* of the file, if fd is -1; borrowed */
    void *copy;        /* owned; a private copy of the bytes, or NULL */
    enum found_origin origin;
    struct stat st;   /* for bytes only st_size is set */
    const char *dir;  /* the directory in which a use may be noted, or NULL;
                         borrowed */
    const char *name; /* for messages; borrowed */
    /* Set by admit(): */
    bool was_checked; /* every byte was checked in this prepare */
    struct cache_layout layout;
    struct load_source source;
    struct image image;     /* mapped, if it will run; owned */
    struct cache_view view; /* borrows image's mapping */
};

void found_release(struct found *found);

/* ---- find.c ---- */

struct finder {
    const char *layers; /* the layers not searched yet */
    bool has_own;       /* the caller's directory comes after the layers */
    bool has_moved;     /* the report names an entry of a layer */
};

void find_begin(struct finder *finder, const struct prepare *p);

/* Try the next place of the entry; false: there are no more. *ret_status: OK
 * with an open file, or the reason against the entry there. Layers without the
 * entry are skipped. */
bool find_next(struct finder *finder, struct prepare *p,
               struct found *ret_found, enum status *ret_status,
               struct error *err) MUST_CHECK;

/* Find the entry in the caller's directory. Errors of store_open(); STALE with
 * BCC_REBUILD. */
enum status find_own(struct prepare *p, struct found *ret_found,
                     struct error *err) MUST_CHECK;

/* Open p->given. If the file belongs to another user and a signature decides
 * whether it may be used, it is read into memory, so that its owner cannot
 * change it afterwards. IO, UNTRUSTED, NO_MEMORY. */
enum status find_given(struct prepare *p, struct found *ret_found,
                       struct error *err) MUST_CHECK;

/* "dir/name.oBCC", which the caller frees; NULL: no memory. */
char *find_path(const char *dir, const char *name);

/* ---- make.c ---- */

struct flight;

/* Both leave an admitted file open; the caller releases *ret_found in any case.
 * Errors of the compiler; COMPILE if its output is no entry. */
enum status make_in_memory(struct prepare *p, struct found *ret_found,
                           struct error *err) MUST_CHECK;

/* Make the entry in the directory, or p->file. flight: the lock that must beat
 * while the compiler works, if there is one; it ends when the entry is
 * published. *ret_unusable: on failure, the directory cannot take an entry. */
enum status make_in_directory(struct prepare *p, struct flight *flight,
                              struct found *ret_found, bool *ret_unusable,
                              struct error *err) MUST_CHECK;

/* Let the compiler make the best code of the entry in the background, unless
 * that is under way. A failure is not reported: the next launch tries again. */
void make_later(struct prepare *p);

/* ---- tier.c ---- */

/* The inode of the file in the place of the script's entry; 0: none. */
ino_t find_inode(BCCScriptRef script) MUST_CHECK;

/* Is another file there than script->inode, which prepare() found or made? */
bool is_replaced(BCCScriptRef script) MUST_CHECK;

/* ---- admit.c ---- */

/* Is the file whole, trusted, and does it match the request? If it will run, it
 * is mapped. CORRUPT, STALE, UNTRUSTED, UNSUPPORTED, IO, NO_MEMORY. */
enum status admit(struct prepare *p, struct found *found,
                  struct error *err) MUST_CHECK;

/* Check every byte of a file whose header was read. */
enum status admit_whole(struct prepare *p, struct found *found,
                        struct error *err) MUST_CHECK;

/* ---- load_entry.c ---- */

/* Load the code of an admitted file and give it to the script. UNSUPPORTED,
 * STALE (another machine), UNRESOLVED, NO_MEMORY, IO, CORRUPT. *ret_is_final: a
 * compile cannot help. */
enum status load_entry(struct prepare *p, struct found *found,
                       bool *ret_is_final, struct error *err) MUST_CHECK;

/* ---- libraries.c ---- */

/* Open the libraries in the entry's needed list: for this script, or for the
 * process. name is the entry's, for messages. UNRESOLVED, CORRUPT,
 * NO_MEMORY. */
enum status libraries_open(const struct cache_view *view, bool for_process,
                           const char *name, struct libraries *ret_libraries,
                           struct error *err) MUST_CHECK;

/* The address of a symbol in any of these libraries, or in libraries that they
 * need; or NULL. context is a struct libraries. */
void *libraries_find(const void *context, const char *name);

/* ---- symbols.c ---- */

/* State while imports are bound. */
struct symbol_search {
    BCCScriptRef script;
    const struct cache_view *view;
    const struct libraries *libraries;
    bool of_process;          /* search the process, too */
    bool of_libc;             /* search libc, too */
    struct host_scope *scope; /* once it was asked */
};

/* A load_resolve_fn and a load_missing_fn; context is a symbol_search. */
void *symbols_resolve(void *context, const char *name, uint32_t hash,
                      uint32_t import);
const char *symbols_note_missing(void *context, const char *name,
                                 uint32_t import);

/* Append to the message of UNRESOLVED which flag or call would supply the first
 * missing symbol. */
void symbols_add_hint(const struct symbol_search *search, struct error *err);

void symbols_log_missing(BCCScriptRef script);

/* ---- Libraries in the order of a native program ---- */

/* Could shared libraries of the entry be bound differently than in a native
 * program if they are opened one after another? */
bool library_order_matters(const struct cache_view *view);

/* Open all of them at once. Returns a handle, to be closed after theirs. NULL:
 * this machine does not support it, or a library cannot be opened; open them
 * one after another then. unique: an address that no other object has until the
 * handle is closed. mode: RTLD_GLOBAL or RTLD_LOCAL. */
void *library_order_open(const struct cache_view *view, const void *unique,
                         int mode);

/* ---- Code shown to debuggers and profilers ---- */

/* See lib/debug. A launch without them compares one byte. */

/* Show the script's loaded code to a debugger that is there, and to the tools
 * that the host asks for. found: the file from which the code was loaded, still
 * open. Failures are logged. */
void shown_begin(BCCScriptRef script, const struct found *found);

/* To be called before the code is unmapped. */
void shown_end(BCCScriptRef script);

#endif
