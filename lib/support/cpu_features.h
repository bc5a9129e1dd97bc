/* CPU features as a set of bits: those that code needs, and those that this CPU
 * has.
 *
 * A cache entry records the features that its code may use. The reader compares
 * them with this machine's features and treats a missing feature as a miss, so
 * that the code never dies of SIGILL. Names are LLVM's. Bit numbers are stored
 * in cache files, so the list may only grow at its end. It holds only features
 * that LLVM's CPU models turn on; code uses other features only if the user
 * names them. */
#ifndef BCC_SUPPORT_CPU_FEATURES_H
#define BCC_SUPPORT_CPU_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CPU_FEATURE_WORDS = 2 };

struct cpu_features {
    uint64_t word[CPU_FEATURE_WORDS];
};

/* Features of the CPU this runs on, as the operating system lets them be
 * used. Costs no cpuid instruction (those trap in virtual machines). */
struct cpu_features cpu_features_host(void);

/* Name of a bit of this machine, NULL if it has none. */
const char *cpu_features_host_name(unsigned bit);

/* The kernel's description of a CPU other than x86: AT_HWCAP, AT_HWCAP2, and a
 * third word that depends on the machine. */
struct cpu_words {
    uint64_t word[3];
};
struct cpu_features cpu_features_from_words(unsigned machine,
                                            const struct cpu_words *words);

/* Set the bit of an LLVM feature name ("avx2", size 4) for ELF machine
 * e_machine; false if the name has no bit. */
bool cpu_features_add(struct cpu_features *features, unsigned machine,
                      const char *name, size_t size);

/* Name of a machine's bit, NULL if it has none. */
const char *cpu_feature_name(unsigned machine, unsigned bit);

/* First feature of `needed` that `present` lacks, as its bit; -1 if none. */
int cpu_features_missing(const struct cpu_features *needed,
                         const struct cpu_features *present);

#endif
