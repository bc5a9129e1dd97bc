#include "cpu_features.h"

#include <stdatomic.h>
#include <string.h>

#include "machine.h"

/* One row per bit, in bit order: LLVM's name and the place of this CPU's
 * answer. The name is in the row, so that nothing needs a relocation.
 *
 *   x86    from glibc: bit b of register a of cpuid; a counts the four
 * registers of each leaf. Some features need register state that the operating
 *          system must save (then CPU support alone is not enough).
 *   others from the kernel: bits a and b (often the same one) of a word, see
 * enum word. */
struct feature {
    char name[16];
    uint16_t word : 2, a : 6, b : 6, needs_os : 1;
};

enum word { HWCAP, HWCAP2, MORE };

#ifdef __x86_64__
#include <sys/platform/x86.h>
#define X86(name, index, needs_os)                                             \
    {                                                                          \
        name, 0, x86_cpu_##index / 32, x86_cpu_##index % 32, needs_os          \
    }
#else
#include <sys/auxv.h>
#define X86(name, index, needs_os)                                             \
    {                                                                          \
        name, 0, 0, 0, needs_os                                                \
    }
#endif

/* ORDER CPU FEATURES: stored in cache files, append only. Here and below. */
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

/* Linux, Documentation/arch/arm64/elf_hwcaps.rst. Features that code uses only
 * if its source asks for them (bti, dit, mte, rand, sb, ssbs) are left out:
 * kernels hide some of these on CPUs that have them. */
static const struct feature aarch64_features[] = {
    {"aes", HWCAP, 3, 4, false},
    {"sha2", HWCAP, 5, 6, false},
    {"crc", HWCAP, 7, 7, false},
    {"lse", HWCAP, 8, 8, false},
    {"fullfp16", HWCAP, 9, 10, false},
    {"rdm", HWCAP, 12, 12, false},
    {"jsconv", HWCAP, 13, 13, false},
    {"complxnum", HWCAP, 14, 14, false},
    {"rcpc", HWCAP, 15, 15, false},
    {"sha3", HWCAP, 17, 21, false},
    {"sm4", HWCAP, 18, 19, false},
    {"dotprod", HWCAP, 20, 20, false},
    {"sve", HWCAP, 22, 22, false},
    {"fp16fml", HWCAP, 23, 23, false},
    {"lse2", HWCAP, 25, 25, false},
    {"rcpc-immo", HWCAP, 26, 26, false},
    {"flagm", HWCAP, 27, 27, false},
    {"pauth", HWCAP, 30, 31, false},
    {"sve2", HWCAP2, 1, 1, false},
    {"sve2-aes", HWCAP2, 2, 3, false},
    {"sve2-bitperm", HWCAP2, 4, 4, false},
    {"sve2-sha3", HWCAP2, 5, 5, false},
    {"sve2-sm4", HWCAP2, 6, 6, false},
    {"altnzcv", HWCAP2, 7, 7, false},
    {"fptoint", HWCAP2, 8, 8, false},
    {"f32mm", HWCAP2, 10, 10, false},
    {"f64mm", HWCAP2, 11, 11, false},
    {"i8mm", HWCAP2, 13, 13, false},
    {"bf16", HWCAP2, 14, 14, false},
    {"sme", HWCAP2, 23, 23, false},
    {"sme-i16i64", HWCAP2, 24, 24, false},
    {"sme-f64f64", HWCAP2, 25, 25, false},
    {"sme-fa64", HWCAP2, 30, 30, false},
    {"wfxt", HWCAP2, 31, 31, false},
    {"cssc", HWCAP2, 34, 34, false},
    {"sve2p1", HWCAP2, 36, 36, false},
    {"sme2", HWCAP2, 37, 37, false},
    {"sme2p1", HWCAP2, 38, 38, false},
    {"sme-b16b16", HWCAP2, 41, 41, false},
    {"sme-f16f16", HWCAP2, 42, 42, false},
    {"mops", HWCAP2, 43, 43, false},
    {"hbc", HWCAP2, 44, 44, false},
    {"sve-b16b16", HWCAP2, 45, 45, false},
    {"rcpc3", HWCAP2, 46, 46, false},
    {"lse128", HWCAP2, 47, 47, false},
    {"lut", HWCAP2, 49, 49, false},
    {"faminmax", HWCAP2, 50, 50, false},
    {"fp8", HWCAP2, 51, 51, false},
    {"fp8fma", HWCAP2, 52, 52, false},
    {"fp8dot4", HWCAP2, 53, 53, false},
    {"fp8dot2", HWCAP2, 54, 54, false},
};

/* Linux, arch/arm/include/uapi/asm/hwcap.h; "more" tells whether the platform's
 * name begins with "v8". A feature without a bit of its own has the bit of a
 * feature that implies it: conversions of 16-bit floats that of VFPv4, ARMv8.1
 * that of the dot product. */
static const struct feature arm_features[] = {
    {"vfp2", HWCAP, 6, 6, false},        {"vfp3d16", HWCAP, 13, 13, false},
    {"vfp3", HWCAP, 13, 19, false},      {"d32", HWCAP, 19, 19, false},
    {"neon", HWCAP, 12, 12, false},      {"fp16", HWCAP, 16, 16, false},
    {"vfp4d16", HWCAP, 16, 16, false},   {"vfp4", HWCAP, 16, 19, false},
    {"hwdiv-arm", HWCAP, 17, 17, false}, {"hwdiv", HWCAP, 18, 18, false},
    {"fullfp16", HWCAP, 22, 23, false},  {"dotprod", HWCAP, 24, 24, false},
    {"fp16fml", HWCAP, 25, 25, false},   {"bf16", HWCAP, 26, 26, false},
    {"i8mm", HWCAP, 27, 27, false},      {"aes", HWCAP2, 0, 1, false},
    {"sha2", HWCAP2, 2, 3, false},       {"crc", HWCAP2, 4, 4, false},
    {"v8", MORE, 0, 0, false},           {"fp-armv8d16", MORE, 0, 0, false},
    {"fp-armv8", MORE, 0, 0, false},     {"v8.1a", HWCAP, 24, 24, false},
};

/* The letters of the ISA are in the first word, IMA_EXT_0 of riscv_hwprobe(2)
 * in "more": Linux, arch/riscv/include/uapi/asm/hwprobe.h. */
static const struct feature riscv_features[] = {
    {"m", HWCAP, 'm' - 'a', 'm' - 'a', false},
    {"a", HWCAP, 'a' - 'a', 'a' - 'a', false},
    {"f", HWCAP, 'f' - 'a', 'f' - 'a', false},
    {"d", HWCAP, 'd' - 'a', 'd' - 'a', false},
    {"c", HWCAP, 'c' - 'a', 'c' - 'a', false},
    {"v", HWCAP, 'v' - 'a', 'v' - 'a', false},
    {"zba", MORE, 3, 3, false},
    {"zbb", MORE, 4, 4, false},
    {"zbs", MORE, 5, 5, false},
    {"zicboz", MORE, 6, 6, false},
    {"zbc", MORE, 7, 7, false},
    {"zbkb", MORE, 8, 8, false},
    {"zbkc", MORE, 9, 9, false},
    {"zbkx", MORE, 10, 10, false},
    {"zknd", MORE, 11, 11, false},
    {"zkne", MORE, 12, 12, false},
    {"zknh", MORE, 13, 13, false},
    {"zksed", MORE, 14, 14, false},
    {"zksh", MORE, 15, 15, false},
    {"zvbb", MORE, 17, 17, false},
    {"zvbc", MORE, 18, 18, false},
    {"zvkb", MORE, 19, 19, false},
    {"zfh", MORE, 27, 27, false},
    {"zfhmin", MORE, 28, 28, false},
    {"zvfh", MORE, 30, 30, false},
    {"zvfhmin", MORE, 31, 31, false},
    {"zfa", MORE, 32, 32, false},
    {"ztso", MORE, 33, 33, false},
    {"zacas", MORE, 34, 34, false},
    {"zicond", MORE, 35, 35, false},
    {"zve32x", MORE, 37, 37, false},
    {"zve32f", MORE, 38, 38, false},
    {"zve64x", MORE, 39, 39, false},
    {"zve64f", MORE, 40, 40, false},
    {"zve64d", MORE, 41, 41, false},
    {"zcb", MORE, 44, 44, false},
    {"zawrs", MORE, 48, 48, false},
};

struct feature_list {
    const struct feature *feature;
    size_t n_features;
};

#define LIST(table)                                                            \
    {                                                                          \
        table, sizeof(table) / sizeof((table)[0])                              \
    }

static struct feature_list features_of(unsigned elf_machine)
{
    static const struct feature_list lists[] = {
        [MACHINE_FEATURES_X86] = LIST(x86_features),
        [MACHINE_FEATURES_AARCH64] = LIST(aarch64_features),
        [MACHINE_FEATURES_ARM] = LIST(arm_features),
        [MACHINE_FEATURES_RISCV] = LIST(riscv_features),
    };
    const struct machine *machine = machine_find(elf_machine);

    return machine ? lists[machine->features] : (struct feature_list){NULL, 0};
}

/* Not by features_of(), so that a library has no tables of other machines. */
#if defined(__x86_64__)
static const struct feature_list host_list = LIST(x86_features);
#elif defined(__aarch64__)
static const struct feature_list host_list = LIST(aarch64_features);
#elif defined(__arm__)
static const struct feature_list host_list = LIST(arm_features);
#elif defined(__riscv)
static const struct feature_list host_list = LIST(riscv_features);
#endif

static void add_bit(struct cpu_features *features, size_t bit)
{
    features->word[bit / 64] |= UINT64_C(1) << (bit % 64);
}

/* ---- This CPU ---- */

#ifdef __x86_64__

/* glibc's x86_cpu_active() and x86_cpu_present() do the same, but make a call
 * for each feature, and shift 1 into the sign bit of an int, at which UBSan
 * stops. */
static struct cpu_features ask_host(void)
{
    const struct cpuid_feature *leaf = NULL;
    const struct feature *feature = host_list.feature;
    struct cpu_features host = {0};

    for (size_t bit = 0; bit < host_list.n_features; bit++, feature++) {
        if (bit == 0 || feature->a / 4 != feature[-1].a / 4)
            leaf = __x86_get_cpuid_feature_leaf(feature->a / 4);
        if ((feature->needs_os ? leaf->active_array
                               : leaf->cpuid_array)[feature->a % 4] >>
                feature->b &
            1)
            add_bit(&host, bit);
    }
    return host;
}

#else

#ifdef __riscv
#include <unistd.h>

/* riscv_hwprobe(2), of Linux 6.4; glibc has a function since 2.40. The letter V
 * implies all of the smaller vector extensions, and older kernels report only
 * the letter. */
static uint64_t more_of_host(void)
{
    enum { NUMBER = 258, IMA_EXT_0 = 4, ZVE32X = 37, ZVE64D = 41 };
    const uint64_t has_v = getauxval(AT_HWCAP) >> ('v' - 'a') & 1;
    const uint64_t vectors =
        (has_v << (ZVE64D + 1)) - (has_v << ZVE32X); /* bits 37 to 41 */
    struct {
        int64_t key;
        uint64_t value;
    } pair = {.key = IMA_EXT_0};

    return syscall(NUMBER, &pair, 1, 0, NULL, 0) == 0 && pair.key == IMA_EXT_0
               ? pair.value | vectors
               : vectors;
}
#else
static uint64_t more_of_host(void)
{
    const char *platform = (const char *)getauxval(AT_PLATFORM);

    return platform && strncmp(platform, "v8", 2) == 0;
}
#endif

static struct cpu_features from_words(struct feature_list list,
                                      const struct cpu_words *words);

static struct cpu_features ask_host(void)
{
    const struct cpu_words words = {
        {getauxval(AT_HWCAP), getauxval(AT_HWCAP2), more_of_host()}};

    return from_words(host_list, &words);
}

#endif

/* The features are the same at each launch, so they are kept. If another thread
 * is storing them, or after a fork meanwhile, they are found again. The
 * variable is not zero at first: a page of zeros would be another page to
 * touch. */
struct cpu_features cpu_features_host(void)
{
    enum { UNKNOWN = 1, KEEPING, KNOWN };
    static struct {
        struct cpu_features features;
        atomic_int state;
    } kept = {.state = UNKNOWN};
    struct cpu_features host;
    int unknown = UNKNOWN;

    if (atomic_load_explicit(&kept.state, memory_order_acquire) == KNOWN)
        return kept.features;
    host = ask_host();
    if (atomic_compare_exchange_strong(&kept.state, &unknown, KEEPING)) {
        kept.features = host;
        atomic_store_explicit(&kept.state, KNOWN, memory_order_release);
    }
    return host;
}

static bool has_bit(const struct cpu_words *words, unsigned word, unsigned bit)
{
    return words->word[word] >> bit & 1;
}

static struct cpu_features from_words(struct feature_list list,
                                      const struct cpu_words *words)
{
    struct cpu_features features = {0};

    for (size_t bit = 0; bit < list.n_features; bit++) {
        const struct feature *feature = &list.feature[bit];

        if (has_bit(words, feature->word, feature->a) &&
            has_bit(words, feature->word, feature->b))
            add_bit(&features, bit);
    }
    return features;
}

struct cpu_features cpu_features_from_words(unsigned machine,
                                            const struct cpu_words *words)
{
    return from_words(features_of(machine), words);
}

const char *cpu_features_host_name(unsigned bit)
{
    return bit < host_list.n_features ? host_list.feature[bit].name : NULL;
}

/* ---- Sets ---- */

bool cpu_features_add(struct cpu_features *features, unsigned machine,
                      const char *name, size_t size)
{
    const struct feature_list list = features_of(machine);

    for (size_t bit = 0; bit < list.n_features; bit++) {
        if (strlen(list.feature[bit].name) == size &&
            memcmp(list.feature[bit].name, name, size) == 0) {
            add_bit(features, bit);
            return true;
        }
    }
    return false;
}

const char *cpu_feature_name(unsigned machine, unsigned bit)
{
    const struct feature_list list = features_of(machine);

    return bit < list.n_features ? list.feature[bit].name : NULL;
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
