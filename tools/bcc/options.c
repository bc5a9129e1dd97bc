#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prune.h"

void complain(const char *format, ...)
{
    va_list args;

    fputs("bcc: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* Option letters; the long ones without a short form have capitals. */
static const struct option long_options[] = {
    {"lib", required_argument, NULL, 'b'},
    {"link", required_argument, NULL, 'k'},
    {"cache-dir", required_argument, NULL, 'D'},
    {"no-cache", no_argument, NULL, 'N'},
    {"target", required_argument, NULL, 'T'},
    {"cpu", required_argument, NULL, 'C'},
    {"features", required_argument, NULL, 'F'},
    {"entry", required_argument, NULL, 'E'},
    {"exports", no_argument, NULL, 'X'},
    {"rebuild", no_argument, NULL, 'B'},
    {"strip-debug", no_argument, NULL, 'S'},
    {"report", required_argument, NULL, 'R'},
    {"json", no_argument, NULL, 'J'},
    {"disassemble", no_argument, NULL, 'A'},
    {"image", required_argument, NULL, 'I'},
    {"debug-file", required_argument, NULL, 'G'},
    {"key", required_argument, NULL, 'K'},
    {"trusted-key", required_argument, NULL, 'P'},
    {"dry-run", no_argument, NULL, 'Y'},
    {"remove", no_argument, NULL, 'U'},
    {"max-size", required_argument, NULL, 'M'},
    {"jobs", required_argument, NULL, 'j'},
    {"output", required_argument, NULL, 'o'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool parse_number(const char *text, int low, int high, int *ret_value)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < low || value > high)
        return false;
    *ret_value = (int)value;
    return true;
}

static bool append(const char ***list, size_t *n, const char *value)
{
    const char **longer = realloc(*list, (*n + 1) * sizeof(*longer));

    if (!longer) {
        complain("out of memory");
        return false;
    }
    *list = longer;
    longer[(*n)++] = value;
    return true;
}

static bool parse_value(struct options *options, int letter, const char *value)
{
    switch (letter) {
    case 'O':
        if (parse_number(value, 0, 3, &options->opt_level))
            return true;
        complain("-O%s: the levels are -O0 to -O3", value);
        return false;
    case 'j':
        if (parse_number(value, 1, 1024, &options->jobs))
            return true;
        complain("-j %s: not a number from 1 to 1024", value);
        return false;
    case 'R':
        if (strcmp(value, "json") == 0)
            return options->report_json = true;
        complain("--report=%s: only json is known", value);
        return false;
    case 'b':
        return append(&options->libraries, &options->n_libraries, value);
    case 'k':
        return append(&options->objects, &options->n_objects, value);
    case 'l':
        return append(&options->shared, &options->n_shared, value);
    case 'L':
        return append(&options->library_dirs, &options->n_library_dirs, value);
    case 'D':
        options->cache_dir = value;
        return true;
    case 'T':
        options->target = value;
        return true;
    case 'C':
        options->cpu = value;
        return true;
    case 'F':
        options->features = value;
        return true;
    case 'E':
        options->entry = value;
        return true;
    case 'o':
        options->output = value;
        return true;
    case 'I':
        options->image = value;
        return true;
    case 'G':
        options->debug = value;
        return true;
    case 'K':
    case 'P':
        return append(&options->keys, &options->n_keys, value);
    case 'M':
        options->has_max_size = prune_parse_limit(value, &options->max_size);
        if (!options->has_max_size)
            complain("--max-size %s: not a size: 512M, 2G, none", value);
        return options->has_max_size;
    }
    return false;
}

static bool parse_switch(struct options *options, int letter)
{
    switch (letter) {
    case 'N':
        return options->no_cache = true;
    case 'X':
        return options->exports = true;
    case 'B':
        return options->rebuild = true;
    case 'S':
        return options->strip_debug = true;
    case 'J':
        return options->json = true;
    case 'A':
        return options->disassemble = true;
    case 'Y':
        return options->dry_run = true;
    case 'U':
        return options->remove = true;
    case 'v':
        return options->verbose = true;
    }
    return false;
}

bool options_parse(struct options *options, int argc, char **argv,
                   const char *accepts, bool stop_at_file)
{
    const char *shorts = stop_at_file ? "+:hvO:j:o:l:L:" : ":hvO:j:o:l:L:";
    int letter;

    *options = (struct options){.opt_level = 3};
    optind = 0;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, shorts, long_options, NULL)) !=
           -1) {
        if (letter == 'h') {
            print_usage(argv[0], false);
            exit(EXIT_OK);
        }
        if (letter == ':' || letter == '?' || !strchr(accepts, letter)) {
            complain("%s: %s: %s", argv[0], argv[optind - 1],
                     letter == ':' ? "needs a value" : "no such option here");
            print_usage(argv[0], true);
            return false;
        }
        if (optarg ? !parse_value(options, letter, optarg)
                   : !parse_switch(options, letter))
            return false;
    }
    options->arguments = argv + optind;
    options->n_arguments = argc - optind;
    return true;
}

void options_release(struct options *options)
{
    free(options->libraries);
    free(options->objects);
    for (size_t i = 0; i < options->n_archives; i++)
        free(options->archives[i]);
    free(options->archives);
    free(options->shared);
    free(options->library_dirs);
    free(options->keys);
}
