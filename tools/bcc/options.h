/* The command line, parsed. One struct for all commands; grammar.c lists the
 * options of each command; any other is wrong usage. */
#ifndef BCC_TOOL_OPTIONS_H
#define BCC_TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grammar.h"

/* Exit statuses. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* ORDER REPORT: 0, without a value, with the first choice. */
enum { REPORT_NONE, REPORT_TEXT, REPORT_JSON };

/* ORDER FP CONTRACT */
enum { FP_CONTRACT_ON, FP_CONTRACT_OFF };

struct words {
    const char **word;
    size_t n;
};

struct size_option {
    bool is_given;
    uint64_t bytes;
};

struct options {
    struct words libraries;    /* --lib, in order */
    struct words objects;      /* --link, in order */
    struct words archives;     /* archives found for -l; their words are
                                  owned, see setup_static_archives() */
    struct words more_files;   /* arguments after the first: bcc compile;
                                  borrowed */
    struct words shared;       /* -l, in order */
    struct words loaded;       /* lli's -load and --dlopen: paths */
    struct words library_dirs; /* -L, in order */
    struct words keys;         /* --key, --trusted-key */
    struct size_option max_size;
    struct size_option memory_limit; /* of a compile; 0 bytes: none */
    const char *cache_dir;           /* NULL: the default */
    const char *target;
    const char *sysroot;
    const char *emulator;
    const char *target_bcc;
    const char *cpu;
    const char *features;
    char *sorted_features; /* in place of the given ones; owned, or NULL */
    const char *entry;     /* NULL: not given */
    const char *fake_name; /* lli's -fake-argv0; NULL: not given */
    const char *output;    /* -o */
    const char *image;     /* NULL: not given */
    const char *debug;     /* --debug-file; NULL: not given */
    int opt_level;         /* 0..3 */
    int tier;              /* BCC_TIER_... */
    int jit;               /* BCC_JIT_... */
    int fp_contract;       /* FP_CONTRACT_... */
    int report;            /* REPORT_... */
    int time_limit_s;      /* of a compile; 0: none, -1: not given */
    int jobs;              /* -j; 0: one for each CPU */
    bool no_cache;
    bool exports;
    bool rebuild;
    bool strip_debug;
    bool no_undefined;
    bool shared_object; /* --shared */
    bool verbose;
    bool json;
    bool disassemble;
    bool dry_run;
    bool zero; /* cache stats */
    bool remove;
    bool help;
    char **words;     /* after the command's name; ends with NULL */
    char **arguments; /* words that are not options; ends with NULL */
    int n_arguments;
    char **collected; /* memory of arguments, if not in argv; owned */
};

/* Parse argv[1..]; argv[0] is the command's name. commands: bits of the
 * commands whose options are accepted. For COMMAND_RUN and COMMAND_CALL, words
 * after the first argument belong to the program. Prints usage errors; false:
 * exit with EXIT_USAGE. Release with options_release(). */
bool options_parse(struct options *options, int argc, char **argv,
                   uint32_t commands);
void options_release(struct options *options);

/* The number of the word in choices, which have '|' between them; -1: none. */
int options_choice(const char *choices, const char *text);

/* "option value: not one of auto, best, baseline" */
void options_refuse_choice(const char *option, const char *separator,
                           const char *value, const char *choices);

/* False after a complaint: no memory. */
bool words_append(struct words *words, const char *word);

/* ---- Options of LLVM's lli ---- */

/* bcc run accepts them where bcc has the same. */

enum lli_result {
    LLI_UNKNOWN, /* not an option of lli: nothing was done */
    LLI_TAKEN,
    LLI_REFUSED /* after a complaint that names bcc's own way */
};

/* word: an option. *next: the words after it; if the first is the option's
 * value, *next is advanced. */
enum lli_result lli_option_take(struct options *options, const char *word,
                                char ***next);

#endif
