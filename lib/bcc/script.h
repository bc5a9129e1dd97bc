/* A script: inputs, options, and after a prepare the mapped cache file.
 *
 *   script.c          life, errors, options, logging
 *   source.c          inputs: files known by stat, memory, marked symbols
 *   prepare.c         prepare; hit.c and miss.c are its two ways
 *   compile_client.c  the compiler process
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
#include "load.h"
#include "request.h"
#include "span.h"

/* One input. A file is stat'ed when it is named, and opened and mapped only
 * when its content is asked for. */
struct source {
    enum request_role role;
    uint32_t type; /* OBCC_APK_RESOURCE or OBCC_FILE_RESOURCE */
    bool skip_sha1;
    char *name;                      /* owned */
    struct file_signature signature; /* of a file */
    struct span bytes;               /* content; of a file once it is mapped */
    char *copy;                      /* owned, if the content was copied */
    int fd;                          /* of a file once it is opened; else -1 */
    struct file_mapping mapping;
};

struct script_options {
    /* owned; NULL: the default */
    char *triple;
    char *cpu;
    char *features;
    char *compiler_path;
    unsigned opt_level; /* 0..3 */
    uint32_t time_limit_ms;
    uint64_t memory_limit;
};

struct BCCOpaqueScript {
    struct source *sources; /* the script's own first, once it is set */
    size_t n_sources;
    bool has_source; /* sources[0] is the script */
    char **marks;    /* owned */
    size_t n_marks;
    bool out_of_memory; /* a void function could not do its work */

    struct script_options options;
    BCCSymbolLookupFn lookup;
    void *lookup_context;
    BCCLogFn log;
    void *log_context;

    int error_code;
    struct error error;

    bool prepared;
    struct cache_layout layout;
    struct cache_view view; /* borrows image's mapping */
    struct image image;

    BCCReport report; /* strings below */
    char *report_path;
    char report_reason[ERROR_MESSAGE_SIZE];
};

/* ---- script.c ---- */

/* Set the script's error from err, return 1. err is left as it is. */
int script_fail(BCCScriptRef script, const struct error *err);

/* Set a misuse error, return 1; script may be NULL. */
int script_misuse(BCCScriptRef script, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Report to the log callback, if there is one; costs nothing if not. */
void script_log(BCCScriptRef script, int level, const char *area,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ---- source.c ---- */

void source_release(struct source *source);

/* Content of a source: open and map a file that is not mapped yet. */
enum status source_read(struct source *source, struct span *ret_bytes,
                        struct error *err) MUST_CHECK;

/* A descriptor to pass to the compiler, borrowed: the file itself, or a memfd
 * made for bytes in memory. */
enum status source_descriptor(struct source *source, int *ret_fd,
                              struct error *err) MUST_CHECK;

#endif
