/* The command line, parsed. One struct for all commands; each command says
 * which options it takes, and any other is wrong usage. */
#ifndef BCC_TOOL_OPTIONS_H
#define BCC_TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct options {
    const char **libraries; /* --lib, in order */
    size_t n_libraries;
    const char **objects; /* --link, in order */
    size_t n_objects;
    char **archives; /* that -l stands for, owned; see static_archives.h */
    size_t n_archives;
    char **more_files; /* of the program, behind the first: bcc compile */
    size_t n_more_files;
    const char **shared; /* -l, in order */
    size_t n_shared;
    const char **library_dirs; /* -L, in order */
    size_t n_library_dirs;
    const char *cache_dir; /* --cache-dir; NULL: the default */
    bool no_cache;
    const char *target;
    const char *cpu;
    const char *features;
    int opt_level;      /* 0..3 */
    const char *entry;  /* --entry; NULL: not given */
    bool exports;       /* --exports */
    bool rebuild;       /* --rebuild */
    bool strip_debug;   /* --strip-debug */
    bool report_json;   /* --report=json */
    bool verbose;       /* -v */
    const char *output; /* -o */
    int jobs;           /* -j; 0: one for each CPU */
    bool json;          /* --json */
    bool disassemble;   /* --disassemble */
    const char *image;  /* --image; NULL: not given */
    const char *debug;  /* --debug-file; NULL: not given */
    const char **keys;  /* --key, --trusted-key */
    size_t n_keys;
    bool dry_run;      /* --dry-run */
    bool remove;       /* --remove */
    bool has_max_size; /* --max-size */
    uint64_t max_size; /* bytes */
    /* --time-limit, --memory-limit, as in BCCOptions */
    uint32_t time_limit_ms;
    uint64_t memory_limit;
    char **arguments;  /* what is not an option, NULL-terminated */
    int n_arguments;
    char **collected; /* where these are, if not in argv; owned */
};

/* Parse argv[1..]; argv[0] is the command's name. accepts: letters of the
 * options that the command takes (see options.c). stop_at_file: what follows
 * the first argument is not ours. Prints usage errors; false: exit with
 * EXIT_USAGE. Release with options_release(). */
bool options_parse(struct options *options, int argc, char **argv,
                   const char *accepts, bool stop_at_file);
void options_release(struct options *options);

/* "bcc: ...", one line on standard error, foreign text escaped. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print how to use it; false if there is no such command (or NULL: all). */
bool print_usage(const char *command, bool to_stderr);

#endif
