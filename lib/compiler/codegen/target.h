/* The target machine. */
#ifndef BCC_COMPILER_TARGET_H
#define BCC_COMPILER_TARGET_H

#include <stdbool.h>

#include "arena.h"
#include "cpu_features.h"
#include "llvm_glue.h"
#include "request.h"

/* What the code generator knows of a machine: a row of target.c. */
struct architecture {
    unsigned elf_machine;
    const char *spellings[4]; /* of the triple's first part; then NULL */
    bool prefix;              /* spellings may be continued: armv7a */
    void (*initialize)(void); /* its part of LLVM */
    const char *generic_cpu;  /* what every CPU has */
    /* A caller that lacks a feature which every CPU of the machine has, so
     * that only of a CPU that LLVM does not know a callee could be inlined:
     * how target_cpu.c finds those. NULL: it does not. The callee's 64bit keeps
     * LLVM from giving up on it before it can be told. */
    const char *probe_cpu;
    const char *probe_caller; /* features */
    const char *probe_callee;
};

struct target {
    const struct architecture *architecture;
    LLVMTargetMachineRef machine;
    LLVMTargetDataRef layout;
    unsigned elf_machine;
    /* In the arena given to target_init(): */
    const char *triple;
    const char *cpu;
    const char *features; /* "+a,-b", complete for cpu native */
    bool native;          /* cpu and features are this machine's */
};

/* See compile_machine(). */
unsigned target_machine(const char *triple);

/* UNSUPPORTED (triple, CPU name, feature syntax), NO_MEMORY. */
enum status target_init(struct target *target, struct arena *arena,
                        const struct request *request,
                        struct error *err) MUST_CHECK;
void target_release(struct target *target); /* accepts a zeroed one */

/* Give the module the target's triple and data layout. UNSUPPORTED if it was
 * made for a machine with which it could not work. */
enum status target_adopt(const struct target *target, LLVMModuleRef module,
                         const char *name, struct error *err) MUST_CHECK;

/* Features that code for the target may use (target_cpu.c). UNSUPPORTED if
 * LLVM does not know the CPU. */
enum status target_cpu_features(const struct target *target,
                                struct cpu_features *ret_features,
                                struct error *err) MUST_CHECK;

/* The part of LLVM's feature string for this machine that cache entries can
 * speak of; the rest is turned off (target_cpu.c). NULL: no memory. */
const char *target_host_features(struct arena *arena, unsigned elf_machine,
                                 const char *requested);

/* Calls with each "+name" (enabled) or "-name" of a feature string. */
typedef void (*target_feature_fn)(void *context, bool enabled, const char *name,
                                  size_t size);
void target_for_each_feature(const char *features, target_feature_fn visit,
                             void *context);

#endif
