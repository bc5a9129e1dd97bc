/* The target machine. */
#ifndef BCC_COMPILER_TARGET_H
#define BCC_COMPILER_TARGET_H

#include <stdbool.h>

#include "arena.h"
#include "cpu_features.h"
#include "llvm_glue.h"
#include "machine.h"
#include "request.h"

/* Intrinsics whose names begin with the prefix need the feature. */
struct target_intrinsics {
    const char *prefix;
    const char *feature; /* ",+a" */
};

/* The code generator's facts about a machine beyond the row of
 * support/machine.h, in a file target_MACHINE.c each. Feature strings are
 * LLVM's, and have only names that LLVM 19 knows, too: LLVM reports unknown
 * ones to users. */
struct target_kind {
    unsigned elf_machine;
    void (*initialize)(void); /* its part of LLVM */
    void (*initialize_disassembler)(void);
    const char
        *all_features; /* for disassembly; features of existing CPUs only */
    const char *abi;   /* calling convention; NULL: as the triple says */
    const char *generic_cpu; /* the features of every CPU */
    /* The features of a generic CPU for a triple, which the entry then demands.
     * "": none; NULL: LLVM is asked. */
    const char *(*baseline)(const char *triple);
    const char *named;  /* added to a CPU given by name */
    const char *always; /* for every CPU; the user's features override them */
    const char *with_routines; /* the same, if there are support routines */
    /* CPUs whose features follow from the name, so that LLVM need not be asked
     * (35 ms). */
    const struct cpu_level *levels;
    size_t n_levels;
    /* For target_cpu.c, to find CPUs that LLVM does not know: an unknown CPU
     * lacks a feature that all others have. */
    const char *probe_caller; /* features without which LLVM gives up */
    const char *probe_callee; /* the same features and that one */
    const char *or_lacks; /* that feature in words; NULL: all CPUs have it */
    /* Features without a bit in cpu_features.h that native code may use all the
     * same. NULL: LLVM may use only features that have a bit. */
    const char *unchecked;
    /* Features that LLVM's inliner does not compare; or NULL. */
    const char *uncompared;
    const char *uncompared_if; /* a CPU with this feature has them */
    /* Features that front ends write on all functions and that the target
     * decides. */
    const char *on_functions;
    /* Ends with a row without a prefix; or NULL. See attributes.c. */
    const struct target_intrinsics *intrinsics;
    /* Flags that a module has if all of its parts have them; ends with NULL. */
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
    /* These live in the arena given to target_init(): */
    const char *triple;
    const char *cpu;
    const char *features; /* "+a,-b", complete for cpu native */
    bool is_native;       /* cpu and features are this machine's */
    bool is_plain;        /* the user asked for no features */
    const char *asked;    /* the features that the user asked for; borrowed */
};

/* Set up LLVM's disassembler of a triple. Returns the features with which it
 * knows all instructions. "", and nothing is set up, for an unknown triple. */
const char *target_disassembler(const char *triple);

/* UNSUPPORTED (triple, CPU name, feature syntax), NO_MEMORY. */
enum status target_init(struct target *target, struct arena *arena,
                        const struct request *request,
                        struct error *err) MUST_CHECK;
void target_release(struct target *target); /* accepts a zeroed one */

/* Give the module the target's triple and data layout. UNSUPPORTED: it was made
 * for an incompatible machine. */
enum status target_adopt(const struct target *target, LLVMModuleRef module,
                         const char *name, struct error *err) MUST_CHECK;

/* Prepare the module into which all others are linked: the target's triple,
 * data layout, and flags whose least value counts. */
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

/* "; near names: 'a', 'b'", or "" if there are none or they do not fit. */
void target_names_near(const char *lists, enum target_names kind,
                       const char *name, size_t size, char *ret_text,
                       size_t text_size);

/* The features of this machine that have a bit for the target's kind; all
 * others are turned off (target_cpu.c). NULL: no memory. */
const char *target_host_features(struct arena *arena,
                                 const struct target_kind *kind);

/* The bits of a feature string. Of several words on one feature the last
 * counts. */
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
