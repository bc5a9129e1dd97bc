/* The levels of the x86-64 psABI (table 3.1) as LLVM names them, best first,
 * and those of their features that have a number in cpu_features.h. */
#ifndef BCC_SUPPORT_CPU_LEVELS_H
#define BCC_SUPPORT_CPU_LEVELS_H

struct cpu_level {
    char cpu[12];
    char features[160]; /* "+name,+name" */
};

#define CPU_LEVEL_2 "+cx16,+sahf,+popcnt,+sse3,+sse4.1,+sse4.2,+ssse3"
#define CPU_LEVEL_3                                                            \
    CPU_LEVEL_2 ",+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe,+xsave"
#define CPU_LEVEL_4                                                            \
    CPU_LEVEL_3 ",+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl"

static const struct cpu_level cpu_levels[] = {
    {"x86-64-v4", CPU_LEVEL_4},
    {"x86-64-v3", CPU_LEVEL_3},
    {"x86-64-v2", CPU_LEVEL_2},
    {"x86-64", ""},
};

enum { N_CPU_LEVELS = sizeof(cpu_levels) / sizeof(cpu_levels[0]) };

#endif
