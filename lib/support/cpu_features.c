#include "cpu_features.h"

#include <string.h>

#include "machine.h"

/* One row per bit, in bit order: LLVM's name, the place of glibc's answer (a
 * bit of a register of a leaf of cpuid), and whether the feature needs register
 * state that the operating system must save (then CPU support alone is not
 * enough). The name is in the row, so that nothing needs a relocation. */
struct feature {
    char name[16];
    uint8_t leaf, reg, bit;
    bool needs_os;
};

#ifdef __x86_64__
#include <sys/platform/x86.h>
#define X86(name, index, needs_os)                                             \
    {                                                                          \
        name, x86_cpu_##index / 128, x86_cpu_##index % 128 / 32,               \
            x86_cpu_##index % 32, needs_os                                     \
    }
#else
#define X86(name, index, needs_os)                                             \
    {                                                                          \
        name, 0, 0, 0, needs_os                                                \
    }
#endif

/* ORDER CPU FEATURES: stored in cache files, append only. */
static const struct feature x86_features[] = {
    X86("sse3", SSE3, false),
    X86("ssse3", SSSE3, false),
    X86("sse4.1", SSE4_1, false),
    X86("sse4.2", SSE4_2, false),
    X86("popcnt", POPCNT, false),
    X86("cx16", CMPXCHG16B, false),
    X86("sahf", LAHF64_SAHF64, false),
    X86("movbe", MOVBE, false),
    X86("aes", AES, false),
    X86("pclmul", PCLMULQDQ, false),
    X86("avx", AVX, true),
    X86("f16c", F16C, true),
    X86("fma", FMA, true),
    X86("avx2", AVX2, true),
    X86("bmi", BMI1, false),
    X86("bmi2", BMI2, false),
    X86("lzcnt", LZCNT, false),
    X86("adx", ADX, false),
    X86("sha", SHA, false),
    X86("rdrnd", RDRAND, false),
    X86("rdseed", RDSEED, false),
    X86("fsgsbase", FSGSBASE, true),
    X86("sse4a", SSE4A, false),
    X86("xop", XOP, true),
    X86("fma4", FMA4, true),
    X86("tbm", TBM, false),
    X86("prfchw", PREFETCHW, false),
    X86("avx512f", AVX512F, true),
    X86("avx512dq", AVX512DQ, true),
    X86("avx512bw", AVX512BW, true),
    X86("avx512vl", AVX512VL, true),
    X86("avx512cd", AVX512CD, true),
    X86("avx512ifma", AVX512_IFMA, true),
    X86("avx512vbmi", AVX512_VBMI, true),
    X86("avx512vbmi2", AVX512_VBMI2, true),
    X86("avx512vnni", AVX512_VNNI, true),
    X86("avx512bitalg", AVX512_BITALG, true),
    X86("avx512vpopcntdq", AVX512_VPOPCNTDQ, true),
    X86("avx512bf16", AVX512_BF16, true),
    X86("gfni", GFNI, false),
    X86("vaes", VAES, true),
    X86("vpclmulqdq", VPCLMULQDQ, true),
    X86("xsave", XSAVE, true),
    X86("clflushopt", CLFLUSHOPT, false),
    X86("clwb", CLWB, false),
    X86("rdpid", RDPID, false),
    X86("movdiri", MOVDIRI, false),
    X86("movdir64b", MOVDIR64B, false),
};

static const struct feature *features_of(unsigned elf_machine, size_t *ret_n)
{
    const struct machine *machine = machine_find(elf_machine);

    if (machine && machine->features == MACHINE_FEATURES_X86) {
        *ret_n = sizeof(x86_features) / sizeof(x86_features[0]);
        return x86_features;
    }
    *ret_n = 0;
    return NULL;
}

static void add_bit(struct cpu_features *features, size_t bit)
{
    features->word[bit / 64] |= UINT64_C(1) << (bit % 64);
}

/* glibc's x86_cpu_active() and x86_cpu_present() say the same, but ask anew for
 * each feature, and shift 1 into the sign bit of an int, at which UBSan stops.
 */
struct cpu_features cpu_features_host(void)
{
    struct cpu_features host = {0};

#ifdef __x86_64__
    const struct cpuid_feature *leaf = NULL;
    const struct feature *feature = x86_features;
    const size_t n_features = sizeof(x86_features) / sizeof(x86_features[0]);

    for (size_t bit = 0; bit < n_features; bit++, feature++) {
        if (bit == 0 || feature->leaf != feature[-1].leaf)
            leaf = __x86_get_cpuid_feature_leaf(feature->leaf);
        if ((feature->needs_os ? leaf->active_array
                               : leaf->cpuid_array)[feature->reg] >>
                feature->bit &
            1)
            add_bit(&host, bit);
    }
#endif
    return host;
}

bool cpu_features_add(struct cpu_features *features, unsigned machine,
                      const char *name, size_t size)
{
    size_t n_features;
    const struct feature *feature = features_of(machine, &n_features);

    for (size_t bit = 0; bit < n_features; bit++, feature++) {
        if (strlen(feature->name) == size &&
            memcmp(feature->name, name, size) == 0) {
            add_bit(features, bit);
            return true;
        }
    }
    return false;
}

const char *cpu_feature_name(unsigned machine, unsigned bit)
{
    size_t n_features;
    const struct feature *feature = features_of(machine, &n_features);

    return bit < n_features ? feature[bit].name : NULL;
}

int cpu_features_missing(const struct cpu_features *needed,
                         const struct cpu_features *present)
{
    for (int i = 0; i < CPU_FEATURE_WORDS; i++) {
        const uint64_t missing = needed->word[i] & ~present->word[i];

        if (missing)
            return i * 64 + __builtin_ctzll(missing);
    }
    return -1;
}
