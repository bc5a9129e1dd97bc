/* A script: inputs, options, and after a prepare the mapped cache file.
 *
 *   script.c          life, options
 *   report.c          errors, the report of a prepare, the log
 *   source.c          inputs: files known by stat, memory, marked symbols
 *   libraries.c       shared libraries: requested, and open
 *   library_order.c   opens several as a native program does
 *   symbols.c         addresses of imports, and missing symbols
 *   prepare.c         prepare, and the files that prepare.h lists
 *   compile_client.c  the compiler process
 *   host.c            the interface to a host that runs a program
 *   shown.c           code, shown to debuggers and profilers
 *   reflect.c         lists and lookups, read from the mapped file in place
 *
 * Only script_fail() turns the status of lower folders into the API's 0/1 and
 * an error code. */
#ifndef BCC_ENGINE_SCRIPT_H
#define BCC_ENGINE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bcc/bcc.h>

#include "buffer.h"
#include "cache_read.h"
#include "error.h"
#include "file.h"
#include "host_symbols.h"
#include "load.h"
#include "request.h"
#include "sha1_digest.h"
#include "signature.h"
#include "span.h"
#include "store.h"

/* One input. A file, or the archive that contains it, is stat'ed when it is
 * named, and opened and read only when a prepare needs it. It is not mapped,
 * because a process that truncates a mapped file ends the host by SIGBUS. */
struct source {
    enum request_role role;
    uint32_t type; /* OBCC_APK_RESOURCE or OBCC_FILE_RESOURCE */
    bool skip_sha1;
    bool is_compiled;  /* an oBCC file instead of bitcode */
    char *name;        /* owned; ARCHIVE!ENTRY for an entry of an archive */
    const char *path;  /* of the file or the archive; NULL: bytes in memory */
    const char *entry; /* NULL: not in an archive. Both borrow from name */
    struct file_stamp stamp; /* of the file at path */
    bool was_prepared;       /* the stamp is from an earlier prepare */
    struct span bytes;       /* content, if there is no path */
    char *copy;              /* owned, if the caller's bytes were copied */
    bool is_hashed;          /* sha1 was computed in this prepare */
    uint8_t sha1[SHA1_SIZE];
    const struct script_options *options; /* the script's; borrowed */
    const BCCHost *host;                  /* likewise */
    int fd; /* during a prepare, once needed; else -1 */
};

/* Shared libraries that are open for a script, in order; owned. */
struct library {
    void *handle; /* of dlopen() */
    bool is_read;
    struct host_object object; /* the library's tables, if is_read */
};

struct libraries {
    struct library *open;
    size_t n_open;
    void *order; /* of library_order_open(), or NULL */
};

/* An undefined symbol. Strings are owned. */
struct missing_symbol {
    char *name;
    char *user; /* a function or variable that refers to it; "" if unknown */
};

struct script_options {
    /* owned; NULL: the default */
    char *triple;
    char *cpu;
    char *features;
    char *compiler_path;
    unsigned opt_level;                 /* 0..3 */
    uint32_t time_limit_ms;             /* 0: none */
    uint64_t memory_limit;              /* 0: none */
    uint64_t cache_size_limit;          /* 0: the default */
    int tier;                           /* BCC_TIER_... */
    int jit;                            /* BCC_JIT_... */
    struct signature_key *trusted_keys; /* owned */
    size_t n_trusted_keys;              /* 0: signatures are not required */
};

struct shown_code;

struct BCCOpaqueCache {
    struct store_kept kept;
    char dir[]; /* its name */
};

struct BCCOpaqueScript {
    struct source *sources; /* the script's own first, once it is set */
    size_t n_sources;
    char **marks; /* owned */
    size_t n_marks;
    struct request_shared *shared; /* names are owned */
    size_t n_shared;
    char **library_dirs; /* owned */
    size_t n_library_dirs;

    struct script_options options;
    char *cache_path;  /* owned; NULL: the environment's */
    BCCCacheRef cache; /* borrowed, or NULL */
    BCCSymbolLookupFn lookup;
    void *lookup_context;
    BCCHost host;
    char **argv; /* for constructors, argc of them; borrowed; NULL: none */
    int argc;

    int error_code;
    bool has_source;    /* sources[0] is the script */
    bool out_of_memory; /* a function that returns void ran out of memory */
    bool prepared;
    struct cache_layout layout;
    struct cache_view view; /* borrows image's mapping */
    struct image image;
    struct shown_code *shown; /* to a debugger, or NULL; owned */
    struct libraries libraries;
    ino_t inode;           /* of the entry */
    struct lazy_code lazy; /* outlives image; has the log */

    struct missing_symbol *missing; /* of the last prepare */
    size_t n_missing;

    char *compiler; /* text returned to the caller */
    /* Likewise, for a prepare with these flags. Size 0: not written, or since
     * then the script was given something that changes it. */
    struct buffer identity;
    unsigned identity_flags;

    BCCReport report;       /* strings below */
    char *report_path;      /* owned */
    char *report_reason;    /* owned; NULL: none */
    uint64_t stage_mark_ns; /* end of the previous stage */

    /* Large, and not cleared where the rest is. */
    struct error error;
};

/* ---- report.c ---- */

/* Set the script's error from err and return 1. err is unchanged. */
int script_fail(BCCScriptRef script, const struct error *err);

/* Set a misuse error and return 1; script may be NULL. */
int script_misuse(BCCScriptRef script, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

int script_no_memory(BCCScriptRef script);

/* Returns 1 and sets an error if script is NULL or already prepared; what names
 * the refused action. */
int script_check_open(BCCScriptRef script, const char *what);

/* Report to the log callback; costs nothing if there is none. */
void script_log(BCCScriptRef script, int level, const char *area,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Begin a new report, for the entry at path; consumes path. NULL: there is no
 * cache. */
void report_begin(BCCScriptRef script, char *path);

/* The entry is now looked for at another path; consumes it. */
void report_move(BCCScriptRef script, char *path);

/* Add the time since the last mark to a stage, and set the mark. */
void report_stage(BCCScriptRef script, int stage);

/* Report a miss, or that there is no cache, with the reason. */
void report_reason(BCCScriptRef script, int cache, const struct error *why);

/* Report a hit after all: another process made the entry meanwhile. */
void report_made_by_another(BCCScriptRef script);

/* ---- source.c ---- */

void source_release(struct source *source);

/* Close and forget what a prepare opened and read. The next one reads again, as
 * the file may have been corrected meanwhile. */
void source_close(struct source *source);

/* Stamp of a file or an archive, borrowed; NULL for bytes in memory. */
const struct file_stamp *source_stamp(struct source *source);

/* The name without the directories before the file or the archive. */
const char *source_base_name(const struct source *source);

/* SHA1 of a source's content. The content is read piece by piece and not kept.
 * The limits of compiling apply, too. */
enum status source_digest(struct source *source, uint8_t ret_digest[SHA1_SIZE],
                          struct error *err) MUST_CHECK;

/* Remember the SHA-1 of inputs in memory, for the next launch. */
void sources_expect(BCCScriptRef script);

/* A descriptor to pass to the compiler, borrowed: the file or the archive, or a
 * memfd made for bytes in memory; and the number of bytes behind it. */
enum status source_descriptor(struct source *source, int *ret_fd,
                              uint64_t *ret_size, struct error *err) MUST_CHECK;

/* For all inputs of a script, at the end of a prepare. */
void sources_close(BCCScriptRef script);
void sources_release(BCCScriptRef script);

/* ---- libraries.c, symbols.c ---- */

/* Forget the requested libraries, and close the open ones. */
void libraries_release(BCCScriptRef script);

void libraries_close(struct libraries *libraries);

/* Forget the open libraries: they stay open for good. */
void libraries_keep_open(struct libraries *libraries);

/* Bind libraries to those definitions of the script that they refer to, if the
 * host supports that; else log the definitions that they do not use. */
void definitions_offer(BCCScriptRef script);

void missing_release(BCCScriptRef script);

#endif
