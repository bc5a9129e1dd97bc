/* Writing an oBCC file: contents in, bytes out. The same contents give the same
 * bytes. */
#ifndef BCC_CACHE_WRITE_H
#define BCC_CACHE_WRITE_H

#include <stdint.h>

#include <bcc/bcc_cache.h>

#include "buffer.h"
#include "cpu_features.h"
#include "error.h"
#include "file.h"
#include "sha1_digest.h"
#include "span.h"

struct cache_dependency {
    const char *name;
    uint32_t type;  /* OBCC_APK_RESOURCE or OBCC_FILE_RESOURCE */
    uint32_t flags; /* OBCC_DEPENDENCY_... */
    uint8_t sha1[SHA1_SIZE];
    struct file_stamp stamp; /* if OBCC_DEPENDENCY_STAMPED */
};

struct cache_import {
    const char *name;
    uint32_t flags;   /* OBCC_IMPORT_... */
    const char *user; /* the user of the symbol; NULL: unknown */
    uint32_t library; /* 1 + index into needed, or OBCC_NO_LIBRARY ... */
};

struct cache_symbol {
    const char *name;
    uint64_t address; /* image address or OBCC_NO_ADDRESS */
    uint64_t size;    /* bytes */
    uint32_t kernel_signature;
    uint32_t n_inputs; /* of a kernel; 0: as its parameters say; not written */
};

struct cache_function {
    const char *name;
    const char *signature;
    const char *parameters; /* NULL: unknown */
    const char *kernel;     /* NULL: no kernel */
};

struct cache_pragma {
    const char *key;
    const char *value;
};

/* All pointers are borrowed. Lists keep their order; the writer sorts the
 * function and the variable table by name. */
struct cache_contents {
    uint8_t sizeof_off_t; /* of the target, bytes */
    uint8_t sizeof_size_t;
    uint8_t sizeof_ptr_t;
    uint16_t machine;       /* ELF e_machine */
    uint32_t context_align; /* largest page size of the target */
    uint64_t image_span;
    uint64_t image_align;
    uint64_t text_span;
    uint32_t tier; /* OBCC_TIER_... */
    struct cpu_features cpu_features;
    struct span identity;
    const struct cache_dependency *dependencies;
    size_t n_dependencies;
    const struct cache_import *imports;
    size_t n_imports;
    const struct cache_symbol *export_vars;
    size_t n_export_vars;
    const struct cache_symbol *export_funcs;
    size_t n_export_funcs;
    const struct cache_symbol *export_foreachs;
    size_t n_export_foreachs;
    const struct cache_pragma *pragmas;
    size_t n_pragmas;
    const struct cache_function *functions; /* by name */
    size_t n_functions;                     /* 0: no such section */
    const struct cache_symbol *funcs;
    size_t n_funcs;
    const struct cache_symbol *vars;
    size_t n_vars;
    const uint32_t *object_slots;
    size_t n_object_slots;
    const char *const *needed; /* shared libraries */
    size_t n_needed;           /* 0: no needed list */
    struct span context;       /* the ELF image */
    struct span debug;         /* empty: no debug section */
};

/* Append the file to *out, which is empty. NO_MEMORY, UNSUPPORTED if a count,
 * a string or an alignment does not fit the format, or MISUSE (no identity, no
 * context, object slot without variable, import of no needed library). */
enum status cache_write(const struct cache_contents *contents,
                        struct buffer *out, struct error *err) MUST_CHECK;

/* Change the tier in the bytes of a whole file, whose layout was read. */
void cache_set_tier(uint8_t *file, uint32_t tier);

#endif
