/* Bitcode in, linked image and reflection out: everything that knows LLVM.
 *
 * Runs in the compiler process. LLVM may exit or crash there; the caller in
 * another process lives on. */
#ifndef BCC_COMPILER_COMPILE_H
#define BCC_COMPILER_COMPILE_H

#include "arena.h"
#include "buffer.h"
#include "cache_write.h"
#include "cpu_features.h"
#include "error.h"
#include "library_index.h"
#include "link_image.h"
#include "request.h"
#include "span.h"

/* Everything that follows from the inputs; owned by the caller, freed by
 * compile_result_release(). Lists are in metadata order. LLVM's objects stay
 * until then: a process that ends need not take a large module apart. */
struct compile_result {
    struct arena arena;
    struct compilation *compilation;
    struct link_result link;          /* image, functions, objects, imports */
    struct cpu_features cpu_features; /* that the code may use */
    struct cache_symbol *export_vars;
    size_t n_export_vars;
    struct cache_symbol *export_funcs;
    size_t n_export_funcs;
    struct cache_symbol *export_foreachs;
    size_t n_export_foreachs;
    struct cache_pragma *pragmas;
    size_t n_pragmas;
    const char **import_users; /* for each import who wants it, or NULL */
    uint32_t *object_slots;
    size_t n_object_slots;
    uint64_t stage_ns[REPLY_N_STAGES]; /* READ .. LINK_IMAGE are filled */
};

/* ELF's number of the machine that a triple names; EM_NONE: compile() refuses
 * it. */
unsigned compile_machine(const char *triple);

/* inputs[i] holds the bytes of request->inputs[i], indexes[i] what is known of
 * it as a library and then what became known, which lives in the result.
 * COMPILE (with LLVM's own
 * message), UNSUPPORTED (unknown target), CORRUPT (not bitcode), or what
 * link_image() says. */
enum status compile(const struct request *request, const struct span *inputs,
                    struct library_index *indexes,
                    struct compile_result *ret_result,
                    struct error *err) MUST_CHECK;

void compile_result_release(struct compile_result *result);

/* LLVM's last word: called when it, or C++, cannot go on, in the middle of
 * anything; COMPILE with LLVM's message, or NO_MEMORY. The handler must not
 * return. Without one LLVM prints, and ends the process. */
typedef void (*compile_end_fn)(enum status status, const char *message);
void compile_on_end(compile_end_fn handler);

/* Append a disassembly of the image's functions, as text. */
enum status compile_disassemble(struct span image, uint64_t load_size,
                                const char *triple, const char *features,
                                const struct link_symbol *functions,
                                size_t n_functions, struct buffer *out,
                                struct error *err) MUST_CHECK;

#endif
