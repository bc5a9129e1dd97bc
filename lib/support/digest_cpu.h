/* Does this CPU have instructions for digests? glibc keeps the answer, so no
 * cpuid is executed, which traps in a virtual machine.
 *
 * A file that includes this one compiles a loop with such instructions and a
 * portable one, and asks here which of them may run. */
#ifndef BCC_SUPPORT_DIGEST_CPU_H
#define BCC_SUPPORT_DIGEST_CPU_H

#include <stdbool.h>

#ifdef __x86_64__
#include <sys/platform/x86.h>

/* index: of x86_cpu_...; x86_cpu_active() says the same, but shifts 1 into the
 * sign bit of an int, at which UBSan stops. */
static inline bool digest_cpu_has(unsigned index)
{
    const struct cpuid_feature *leaf =
        __x86_get_cpuid_feature_leaf(index / 128);

    return leaf->active_array[index % 128 / 32] >> (index % 32) & 1;
}
#endif

/* Before 16, clang offers the intrinsics of an extension only to files that are
 * compiled for it as a whole. */
#if defined(__aarch64__) && (!defined(__clang__) || __clang_major__ >= 16)
#define DIGEST_CPU_IS_ARMV8 1
#ifdef __clang__
#define DIGEST_CPU_ARMV8 __attribute__((target("aes,sha2")))
#else
#define DIGEST_CPU_ARMV8 __attribute__((target("+crypto")))
#endif

#include <asm/hwcap.h>
#include <sys/auxv.h>

/* bit: HWCAP_... */
static inline bool digest_cpu_has(unsigned long bit)
{
    return getauxval(AT_HWCAP) & bit;
}
#else
#define DIGEST_CPU_IS_ARMV8 0
#endif

#endif
