/* The target machine. */
#ifndef BCC_COMPILER_TARGET_H
#define BCC_COMPILER_TARGET_H

#include <stdbool.h>

#include "arena.h"
#include "cpu_features.h"
#include "llvm_glue.h"
#include "machine.h"
#include "request.h"

/* Intrinsics whose names begin so need a feature. */
struct target_intrinsics {
    const char *prefix;
    const char *feature; /* ",+a" */
};

/* What the code generator knows of a machine beyond the row of
 * support/machine.h: a file target_MACHINE.c each. Feature strings are LLVM's,
 * and name only what LLVM 19 knows, too: it tells people of others. */
struct target_kind {
    unsigned elf_machine;
    void (*initialize)(void); /* its part of LLVM */
    void (*initialize_disassembler)(void);
    const char *all_features; /* for disassembly; of CPUs that there are */
    const char *abi;          /* calling convention; NULL: the triple says it */
    const char *generic_cpu;  /* what every CPU has */
    /* What a generic CPU is given, and what it therefore needs; "" for nothing,
     * NULL: LLVM is asked. */
    const char *(*baseline)(const char *triple);
    const char *named;  /* what a CPU by name is given */
    const char *always; /* for every CPU, before what the user asks for */
    const char *with_routines; /* likewise, where there are support routines */
    /* CPUs whose features follow from the name, so that LLVM need not be asked
     * (35 ms). */
    const struct cpu_level *levels;
    size_t n_levels;
    /* How target_cpu.c finds that LLVM does not know a CPU: this one lacks a
     * feature that all others have. */
    const char *probe_caller; /* without this LLVM gives up */
    const char *probe_callee; /* the same and the feature */
    const char *or_lacks;     /* the feature in words; NULL: all CPUs have it */
    /* Features without a bit in cpu_features.h that native code may use all the
     * same. NULL: only those that have one are LLVM's to use. */
    const char *unchecked;
    /* Those that LLVM's inliner does not compare; or NULL. */
    const char *uncompared;
    const char *uncompared_if; /* a CPU with this one has them */
    /* What front ends write on all functions, and the target decides. */
    const char *on_functions;
    /* Up to one without a prefix; or NULL. See attributes.c. */
    const struct target_intrinsics *intrinsics;
    /* Flags that a module has if all of its parts have them; up to a NULL. */
    const char *const *unanimous;
    bool demands_common;  /* attributes.c */
    bool has_large_data;  /* large_data.c */
    bool has_trampolines; /* routines/trampoline.c */
    /* LLVM's C API asks for .ctors. Machines whose ABI knows .init_array alone
     * get that, but with the words in the order of .ctors: last to first. */
    bool turns_lists_around;
};

extern const struct target_kind target_x86_64, target_aarch64, target_arm,
    target_riscv64;

struct target {
    const struct machine *row;
    const struct target_kind *kind;
    LLVMTargetMachineRef machine;
    LLVMTargetDataRef layout;
    unsigned elf_machine;
    /* In the arena given to target_init(): */
    const char *triple;
    const char *cpu;
    const char *features; /* "+a,-b", complete for cpu native */
    bool is_native;       /* cpu and features are this machine's */
    bool is_plain;        /* nobody asked for features */
    const char *asked;    /* the features that somebody asked for; borrowed */
};

/* Set up LLVM's disassembler of a triple: the features to give to it, so that
 * it knows all instructions. "" and nothing for a triple without a kind. */
const char *target_disassembler(const char *triple);

/* UNSUPPORTED (triple, CPU name, feature syntax), NO_MEMORY. */
enum status target_init(struct target *target, struct arena *arena,
                        const struct request *request,
                        struct error *err) MUST_CHECK;
void target_release(struct target *target); /* accepts a zeroed one */

/* Give the module the target's triple and data layout. UNSUPPORTED if it was
 * made for a machine with which it could not work. */
enum status target_adopt(const struct target *target, LLVMModuleRef module,
                         const char *name, struct error *err) MUST_CHECK;

/* Give the module into which all others are linked the target's triple, data
 * layout, and flags that the others may take away. */
void target_begin(const struct target *target, LLVMModuleRef module);

/* Features that code for the target may use (target_cpu.c). UNSUPPORTED if
 * LLVM does not know the CPU, or a feature that was asked for. */
enum status target_cpu_features(const struct target *target,
                                struct cpu_features *ret_features,
                                struct error *err) MUST_CHECK;

/* LLVM's lists of CPUs and features (target_names.c), at the first call in a
 * process; NULL: not available. */
const char *target_names_list(const struct target *target, struct arena *arena);

enum target_names { TARGET_CPUS, TARGET_FEATURES };
bool target_names_know(const char *lists, enum target_names kind,
                       const char *name, size_t size);

/* "; near names: 'a', 'b'", or "" if none is or they do not fit. */
void target_names_near(const char *lists, enum target_names kind,
                       const char *name, size_t size, char *ret_text,
                       size_t text_size);

/* The features of this machine, of the target's kind, that cache entries can
 * speak of; all others are turned off (target_cpu.c). NULL: no memory. */
const char *target_host_features(struct arena *arena,
                                 const struct target_kind *kind);

/* The bits of a feature string of which the last word on each counts. */
struct cpu_features target_feature_bits(unsigned elf_machine,
                                        const char *features);

/* Is the name one of the list, "a,b"? */
bool target_list_has(const char *list, const char *name, size_t size);

/* Calls with each "+name" (enabled) or "-name" of a feature string. */
typedef void (*target_feature_fn)(void *context, bool enabled, const char *name,
                                  size_t size);
void target_for_each_feature(const char *features, target_feature_fn visit,
                             void *context);

#endif
