/* Bitcode in, linked image and reflection out: everything that knows LLVM.
 *
 * Runs in the compiler process. LLVM may exit or crash there; the host is
 * another process and survives. */
#ifndef BCC_COMPILER_COMPILE_H
#define BCC_COMPILER_COMPILE_H

#include "arena.h"
#include "buffer.h"
#include "cpu_features.h"
#include "early_facts.h"
#include "error.h"
#include "index_file.h"
#include "lazy_cut.h"
#include "link_image.h"
#include "request.h"
#include "script_exports.h"
#include "span.h"

/* The result of a compile; owned by the caller, freed by
 * compile_result_release(). Lists are in metadata order. LLVM's objects live
 * until then: a process that exits need not destroy a large module. */
struct compile_result {
    struct arena arena;
    struct compilation *compilation;
    struct link_result link;          /* image, functions, objects, imports */
    struct cpu_features cpu_features; /* CPU features that the code may use */
    struct script_exports exports;
    struct cache_function *functions; /* see cache_write.h */
    size_t n_functions;
    const char **import_users;         /* the user of each import, or NULL */
    uint64_t stage_ns[REPLY_N_STAGES]; /* the stages READ to LINK_IMAGE are
                                          filled */
    bool is_baseline;
};

/* The sizes from which a compile treats an input as large. */
struct compile_limits {
    size_t part_size; /* instructions that justify a part of their own */
    size_t baseline_part_size; /* the same for baseline code */
    size_t library_size; /* bytes from which a library is linked by closures */
    /* If the needed closures have more bytes than this, and than an eighth of
     * the library, the library is linked as a whole. For PoCL's library, 9 MB,
     * that is 300 closures, and to read and link these takes as long. */
    size_t least_closures_size;
};

/* The limits of bccc; tests have smaller ones. */
extern const struct compile_limits compile_usual_limits;

/* Appends the result for one part of a large module. Afterwards the module is
 * unusable: the function runs in a forked process, or on a copy of the module
 * (compile_ways.shares_module). */
typedef enum status (*part_fn)(void *context, size_t part, struct buffer *out,
                               struct error *err);

/* Calls make for each part, usually in a process of its own, and fills ret_out:
 * n_parts buffers that the caller initialised. COMPILE if LLVM gave up or a
 * process died; else the error of a part that failed. */
typedef enum status (*make_parts_fn)(size_t n_parts, part_fn make,
                                     void *context, struct buffer *ret_out,
                                     struct error *err);

/* Should this module become baseline code? Called once everything is linked,
 * before anything is optimised. May fork, and give both processes different
 * answers. */
typedef bool (*choose_baseline_fn)(void *context,
                                   const struct module_facts *facts);

/* Help of the caller. If zeroed, this process does everything, and makes the
 * best code. */
struct compile_ways {
    make_parts_fn make_parts;           /* NULL: no module is divided */
    choose_baseline_fn choose_baseline; /* NULL: the best code */
    void *context;                      /* for choose_baseline */
    const struct undefined_asker
        *asker;           /* NULL: undefined symbols are not reported early */
    bool shares_module;   /* make_parts calls part_fn in this process: each part
                             needs a copy of the module */
    struct lazy_cut *cut; /* NULL: the whole module. Else bodies of functions
                             are read only if they are needed, debug information
                             is dropped, and the root of a piece was made
                             before */
};

struct compile_job {
    const struct request *request;
    const struct span *inputs; /* the bytes of each of request->inputs */
    /* What earlier compiles recorded about each input as a library. compile()
     * replaces it by what it knows afterwards, which lives in the result. */
    struct library_index *indexes;
    const struct compile_limits *limits;
    struct compile_ways ways;
};

/* COMPILE (with LLVM's own message), UNSUPPORTED (unknown target, lazy_cut),
 * CORRUPT (not bitcode), or an error of link_image(). */
enum status compile(const struct compile_job *job,
                    struct compile_result *ret_result,
                    struct error *err) MUST_CHECK;

void compile_result_release(struct compile_result *result);

/* Handler for fatal errors of LLVM and for exhausted memory of C++. It is
 * called in the middle of anything, with COMPILE and LLVM's message, or with
 * NO_MEMORY, and must not return. Without a handler LLVM prints, and ends the
 * process. */
typedef void (*compile_end_fn)(enum status status, const char *message);
void compile_on_end(compile_end_fn handler);

struct disassembly {
    struct span image;
    const char *triple;
    const struct link_symbol *functions;
    size_t n_functions;
};

/* Append a disassembly of the image's functions, as text. */
enum status compile_disassemble(const struct disassembly *what,
                                struct buffer *out,
                                struct error *err) MUST_CHECK;

#endif
