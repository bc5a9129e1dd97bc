/* A script: inputs, options, and after a prepare the mapped cache file.
 *
 *   script.c          life, options
 *   report.c          errors, the report of a prepare, the log
 *   source.c          inputs: files known by stat, memory, marked symbols
 *   libraries.c       shared libraries: what is asked for, what is open
 *   library_order.c   opens several as a native program does
 *   symbols.c         where imports come from, and which are missing
 *   prepare.c         prepare, and the files that prepare.h lists
 *   compile_client.c  the compiler process
 *   host.c            what the host of a program does and asks
 *   reflect.c         lists and lookups, read from the mapped file in place
 *
 * All functions of bcc.h keep to one rule: the status of the rooms below is
 * turned into the API's 0/1 and an error code by script_fail() alone. */
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

/* One input. A file, or the archive that it is in, is stat'ed when it is named,
 * and opened and read only when a prepare asks for it. It is not mapped:
 * whoever cuts it short at the wrong moment would end the host by SIGBUS. */
struct source {
    enum request_role role;
    uint32_t type; /* OBCC_APK_RESOURCE or OBCC_FILE_RESOURCE */
    bool skip_sha1;
    char *name;        /* owned; ARCHIVE!ENTRY of what is in an archive */
    const char *path;  /* of the file or the archive; NULL: bytes in memory */
    const char *entry; /* NULL: not in an archive. Both borrow from name */
    struct file_stamp stamp; /* of what is at the path */
    bool was_prepared;       /* the stamp is that of an earlier time */
    struct span bytes;       /* content, of what has no path */
    char *copy;              /* owned, if that was copied */
    bool is_hashed;          /* in this prepare: sha1 is that of the content */
    uint8_t sha1[SHA1_SIZE];
    const struct script_options *options; /* the script's; borrowed */
    int fd; /* during a prepare, once it is asked for; else -1 */
};

/* Shared libraries that are open for a script, in order; owned. */
struct library {
    void *handle; /* of dlopen() */
    bool is_read;
    struct host_object object; /* if it is */
};

struct libraries {
    struct library *open;
    size_t n_open;
    void *order; /* of library_order_open(), or NULL */
};

/* A symbol that nobody defines. Strings are owned. */
struct missing_symbol {
    char *name;
    char *user; /* a function or variable that wants it, "" if not known */
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
    struct signature_key *trusted_keys; /* owned */
    size_t n_trusted_keys;              /* 0: signatures are not asked for */
};

struct BCCOpaqueScript {
    struct source *sources; /* the script's own first, once it is set */
    size_t n_sources;
    bool has_source; /* sources[0] is the script */
    char **marks;    /* owned */
    size_t n_marks;
    struct request_shared *shared; /* names owned */
    size_t n_shared;
    char **library_dirs; /* owned */
    size_t n_library_dirs;
    bool out_of_memory; /* a void function could not do its work */

    struct script_options options;
    char *cache_path; /* owned; NULL: the environment's */
    BCCSymbolLookupFn lookup;
    void *lookup_context;
    BCCLogFn log;
    void *log_context;
    BCCHost host;
    bool is_found; /* host.showsImage: see struct image */
    int argc;      /* for constructors */
    char **argv;   /* borrowed; NULL: none */

    int error_code;
    struct error error;

    bool prepared;
    struct cache_layout layout;
    struct cache_view view; /* borrows image's mapping */
    struct image image;
    struct libraries libraries;
    ino_t inode; /* of the entry */

    struct missing_symbol *missing; /* of the last prepare */
    size_t n_missing;

    BCCReport report; /* strings below */
    char *report_path;
    char report_reason[ERROR_MESSAGE_SIZE];
    uint64_t stage_mark_ns; /* end of the stage before */
};

/* ---- report.c ---- */

/* Set the script's error from err, return 1. err is left as it is. */
int script_fail(BCCScriptRef script, const struct error *err);

/* Set a misuse error, return 1; script may be NULL. */
int script_misuse(BCCScriptRef script, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Report to the log callback, if there is one; costs nothing if not. */
void script_log(BCCScriptRef script, int level, const char *area,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A new report, of the entry at path; consumes path. NULL: there is no cache.
 */
void report_begin(BCCScriptRef script, char *path);

/* The entry is looked for at another path now; consumes it. */
void report_move(BCCScriptRef script, char *path);

/* Give the time since the last mark to a stage, and mark. */
void report_stage(BCCScriptRef script, int stage);

/* There is no hit, or no cache, and why. */
void report_reason(BCCScriptRef script, int cache, const struct error *why);

/* A hit all the same: another process made the entry meanwhile. */
void report_made_by_another(BCCScriptRef script);

/* ---- source.c ---- */

void source_release(struct source *source);

/* Let go of what a prepare opened and read. The next one looks anew: the file
 * may have been mended meanwhile. */
void source_close(struct source *source);

/* Stamp of a file or an archive, borrowed; NULL for bytes in memory.
 */
const struct file_stamp *source_stamp(struct source *source);

/* The name without the directories before the file or the archive. */
const char *source_base_name(const struct source *source);

/* SHA1 of a source's content, which is not kept: a little of it is in memory at
 * a time. The limits of compiling hold for it, too. */
enum status source_digest(struct source *source, uint8_t ret_digest[SHA1_SIZE],
                          struct error *err) MUST_CHECK;

/* A descriptor to pass to the compiler, borrowed: the file or the archive
 * itself, or a memfd made for bytes in memory; and how many bytes are behind
 * it. */
enum status source_descriptor(struct source *source, int *ret_fd,
                              uint64_t *ret_size, struct error *err) MUST_CHECK;

/* Of all inputs of a script, when a prepare has ended. */
void sources_close(BCCScriptRef script);
void sources_release(BCCScriptRef script);

/* ---- libraries.c, symbols.c ---- */

/* Let go of what was asked for, and close what is open. */
void libraries_release(BCCScriptRef script);

void libraries_close(struct libraries *libraries);

/* Forget them: they stay open for good. */
void libraries_keep_open(struct libraries *libraries);

/* Let libraries have what they refer to of the script's definitions, where it
 * is the program; else log what they do not see. */
void definitions_offer(BCCScriptRef script);

void missing_release(BCCScriptRef script);

#endif
