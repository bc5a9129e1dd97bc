/* Reasons why no usable cache entry was found.
 *
 * ORDER REASONS: numbers and names are those of BCC_REASON_... in bcc.h, which
 * explains each. lib/bcc/reason_code.c checks that both lists agree. */
#ifndef BCC_SUPPORT_REASON_H
#define BCC_SUPPORT_REASON_H

#define REASON_MAP(X)                                                          \
    X(NONE, 0, "none")                                                         \
    X(NO_CACHE, 1, "no_cache")                                                 \
    X(NO_ENTRY, 2, "no_entry")                                                 \
    X(REBUILD, 3, "rebuild")                                                   \
    X(UNTRUSTED, 4, "untrusted")                                               \
    X(DAMAGED, 5, "damaged")                                                   \
    X(IO, 6, "io")                                                             \
    X(NO_MEMORY, 7, "no_memory")                                               \
    X(FORMAT, 8, "format")                                                     \
    X(MACHINE, 9, "machine")                                                   \
    X(HOST_CPU, 10, "host_cpu")                                                \
    X(LIBBCC, 11, "libbcc")                                                    \
    X(LLVM, 12, "llvm")                                                        \
    X(TRIPLE, 13, "triple")                                                    \
    X(CPU, 14, "cpu")                                                          \
    X(FEATURES, 15, "features")                                                \
    X(OPT_LEVEL, 16, "opt_level")                                              \
    X(FLAGS, 17, "flags")                                                      \
    X(MARKS, 18, "marks")                                                      \
    X(OTHER_OPTION, 19, "other_option")                                        \
    X(INPUT_COUNT, 20, "input_count")                                          \
    X(INPUT_KIND, 21, "input_kind")                                            \
    X(SCRIPT, 22, "script")                                                    \
    X(LIBRARY, 23, "library")                                                  \
    X(UNSIGNED, 24, "unsigned")                                                \
    X(OBJECT, 25, "object")                                                    \
    X(SHARED, 26, "shared")                                                    \
    X(UNRESOLVED, 27, "unresolved")                                            \
    X(RESOURCE, 28, "resource")                                                \
    X(TIER, 29, "tier")

enum reason {
#define REASON_NUMBER(name, number, word) REASON_##name = number,
    REASON_MAP(REASON_NUMBER)
#undef REASON_NUMBER
};

#endif
