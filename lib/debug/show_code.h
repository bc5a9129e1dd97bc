/* The interface between the library and obcc-debug.so, which shows code to
 * debuggers and profilers.
 *
 * Few processes are debugged, so the library holds none of this: it opens
 * obcc-debug.so (lib/bcc/shown.c) when a debugger or the host asks for it. The
 * two are installed together and compare their versions. */
#ifndef BCC_DEBUG_SHOW_CODE_H
#define BCC_DEBUG_SHOW_CODE_H

#include <stdint.h>

#include "cache_read.h"
#include "load.h"
#include "span.h"

#define SHOW_CODE_FUNCTION "obcc_show_code"

/* ---- GDB's interface for code made at run time ----
 * GDB manual, "JIT Compilation Interface"; lldb knows it, too. The debugger
 * finds both symbols by name. The names of the types are ours. */

struct jit_entry {
    struct jit_entry *next, *previous;
    const void *file; /* an ELF file in memory */
    uint64_t file_size;
};

enum { JIT_NOTHING = 0, JIT_REGISTER = 1, JIT_UNREGISTER = 2 };

struct jit_descriptor {
    uint32_t version; /* 1 */
    uint32_t action;  /* JIT_... of the entry that is relevant */
    struct jit_entry *relevant;
    struct jit_entry *first;
};

/* ---- Requests ---- */

/* ORDER SHOWS: as BCC_SHOW_... */
enum {
    SHOW_DEBUGGER = 1u << 0,
    SHOW_PERF_MAP = 1u << 1,
    SHOW_JITDUMP = 1u << 2
};

struct code_to_show {
    const char *version;              /* of the library that asks */
    unsigned how;                     /* SHOW_... */
    const struct load_source *source; /* name; fd or bytes of the cache file */
    const struct image *image;        /* base, text_span, eh_frame are read */
    struct cache_extent debug;        /* the debug section; size 0: none */
    const struct cache_view *view;    /* for the function table */
    struct jit_descriptor *descriptor;
    void (*register_code)(void); /* the debugger has its breakpoint here */
};

/* The parameter is borrowed for the call. NULL: there is nothing to hide
 * later. */
struct shown_code {
    void (*hide)(struct shown_code *shown); /* frees it */
};

typedef struct shown_code *show_code_fn(const struct code_to_show *code);

#endif
