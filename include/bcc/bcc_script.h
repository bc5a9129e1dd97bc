/* For the sources of scripts: declares a script's exports in C.
 *
 *     #include <bcc/bcc_script.h>
 *
 *     BCC_PRAGMA("version", "1");
 *     BCC_EXPORT int frames = 0;
 *     BCC_EXPORT void reset(void) { frames = 0; }
 *
 *     BCC_KERNEL("in, out, x")
 *     void invert(const uint8_t *in, uint8_t *out, uint32_t x)
 *     {
 *         *out = 255 - *in;
 *     }
 *
 *     clang -O2 -c -emit-llvm filter.c -o filter.bc
 *
 * A script with these macros exports the marked definitions, in the order of
 * its source, and nothing else. A script without these macros and without such
 * metadata (#rs_export_func...) exports all of its global functions and
 * variables. The macros need clang; to other compilers they mean nothing. In
 * C++ the functions and variables have to be extern "C". */
#ifndef BCC_BCC_SCRIPT_H
#define BCC_BCC_SCRIPT_H

#if defined(__clang__)
#define BCC_SCRIPT_NOTE(text) __attribute__((annotate(text)))
#else
#define BCC_SCRIPT_NOTE(text)
#endif

/* Before a function: bccGetExportFuncList(). Before a variable:
 * bccGetExportVarList(). */
#define BCC_EXPORT BCC_SCRIPT_NOTE("bcc.export")

/* Before a variable: exported, and a reference to an object of the host:
 * bccGetObjectSlotList(). */
#define BCC_OBJECT BCC_SCRIPT_NOTE("bcc.object")

/* Before a function: a kernel, which is called for each element:
 * bccGetExportForEachList(). parameters: a string of words with commas between
 * them, in this order, for the parameters that the function has:
 *
 *     accum  pointer to an accumulator, for bccReduce()
 *     in     pointer to the element that is read; repeated for several inputs
 *     out    pointer to the element that is written
 *     data   pointer that the caller of the kernel passes through
 *     x y z  uint32_t or uint64_t, the place of the element
 *     item   alone: a work item of OpenCL C; all parameters are arguments
 *
 * With the word "value" elements are not pointed to: in is the element itself,
 * and the element to write is what the function returns. */
#define BCC_KERNEL(parameters) BCC_SCRIPT_NOTE("bcc.kernel:" parameters)

/* A reduction, for bccGetReduction(): its name, the type of its accumulator,
 * and its functions, which must not be static:
 *
 *     BCC_REDUCE("sum", struct total,
 *                "accumulator(add_up) combiner(add_totals)");
 *
 * accumulator    a kernel, BCC_KERNEL("accum, in")
 * initializer    void zero(struct total *); without it all bytes are 0
 * combiner       void add_totals(struct total *, const struct total *); without
 *                it the accumulator's elements must be accumulators
 * outconverter   void give(result *, const struct total *); without it the
 *                accumulator is the result
 *
 * At most one in a line. */
#if defined(__clang__)
#define BCC_REDUCE(name, type, functions)                                      \
    BCC_SCRIPT_NOTE("bcc.reduce:" name ":" functions)                          \
    __attribute__((used)) static const unsigned BCC_SCRIPT_NAME(               \
        bcc_reduce_, __LINE__) = sizeof(type)
#else
#define BCC_REDUCE(name, type, functions)                                      \
    struct BCC_SCRIPT_NAME(bcc_reduce_, __LINE__)
#endif

/* A pair of strings about the script: bccGetPragmaList(). At most one in a
 * line. */
#if defined(__clang__)
#define BCC_PRAGMA(key, value)                                                 \
    BCC_SCRIPT_NOTE("bcc.pragma:" key "=" value)                               \
    __attribute__((used)) static const char BCC_SCRIPT_NAME(bcc_pragma_,       \
                                                            __LINE__) = 0
#else
#define BCC_PRAGMA(key, value) struct BCC_SCRIPT_NAME(bcc_pragma_, __LINE__)
#endif

#define BCC_SCRIPT_NAME(prefix, line)  BCC_SCRIPT_NAME_(prefix, line)
#define BCC_SCRIPT_NAME_(prefix, line) prefix##line

#endif
