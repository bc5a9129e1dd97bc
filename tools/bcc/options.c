#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prune.h"
#include "visible.h"

void complain(const char *format, ...)
{
    va_list args;
    struct buffer line;
    char *text;
    int size;

    va_start(args, format);
    size = vasprintf(&text, format, args);
    va_end(args);
    /* In one piece, as others write there, too. */
    buffer_init(&line);
    buffer_append_string(&line, "bcc: ");
    visible_append(&line, size < 0 ? "out of memory" : text);
    buffer_append_string(&line, "\n");
    if (!buffer_failed(&line))
        fwrite(line.data, 1, line.size, stderr);
    buffer_release(&line);
    if (size >= 0)
        free(text);
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
    {"time-limit", required_argument, NULL, 'W'},
    {"memory-limit", required_argument, NULL, 'Z'},
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

/* The API has 0 for its default, and the most for no limit. */
static bool parse_time_limit(struct options *options, const char *text)
{
    enum { MAX_S = UINT32_MAX / 1000 };
    int seconds;

    if (!parse_number(text, 0, MAX_S, &seconds)) {
        complain("--time-limit %s: not seconds from 0 to %d", text, MAX_S);
        return false;
    }
    options->time_limit_ms =
        seconds ? (uint32_t)seconds * UINT32_C(1000) : UINT32_MAX;
    return true;
}

static bool parse_memory_limit(struct options *options, const char *text)
{
    if (!prune_parse_limit(text, &options->memory_limit)) {
        complain("--memory-limit %s: not a size: 512M, 2G, 0", text);
        return false;
    }
    if (!options->memory_limit)
        options->memory_limit = UINT64_MAX;
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
        /* A variable that is not set must not mean the user's own cache. */
        if (!*value)
            complain("--cache-dir: needs the name of a directory");
        options->cache_dir = value;
        return *value != '\0';
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
    case 'W':
        return parse_time_limit(options, value);
    case 'Z':
        return parse_memory_limit(options, value);
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

/* ---- Words ---- */

/* The C library's getopt() keeps how it was used last, beyond what optind can
 * reset; and the program that bcc is to run may be the next to use it. So its
 * functions are not called here. */
struct word_list {
    char **word; /* up to a NULL; the next one */
    const char *command;
    const char *accepts;
    struct options *options;
};

static bool complain_of_option(const struct word_list *list, const char *word,
                               const char *fact)
{
    complain("%s: %s: %s", list->command, word, fact);
    print_usage(list->command, true);
    return false;
}

/* What the option that `word` names does. value: what follows in the same word,
 * or NULL. */
static bool apply_option(struct word_list *list, const char *word, int letter,
                         bool takes_value, const char *value)
{
    if (letter == 'h') {
        print_usage(list->command, false);
        exit(EXIT_OK);
    }
    if (!letter || !strchr(list->accepts, letter) || (value && !takes_value))
        return complain_of_option(list, word, "no such option here");
    if (!takes_value)
        return parse_switch(list->options, letter);
    if (!value)
        value = *list->word ? *list->word++ : NULL;
    if (!value)
        return complain_of_option(list, word, "needs a value");
    return parse_value(list->options, letter, value);
}

/* --name, --name value, --name=value */
static bool parse_long(struct word_list *list, const char *word)
{
    const char *name = word + 2;
    /* Not strcspn(), whose table is a page that no launch needs but for it. */
    const size_t size = (size_t)(strchrnul(name, '=') - name);
    const char *value = name[size] ? name + size + 1 : NULL;
    const struct option *row = long_options;

    while (row->name &&
           (strncmp(row->name, name, size) != 0 || row->name[size]))
        row++;
    return apply_option(list, word, row->val, row->has_arg, value);
}

/* -v, -vv, -O2, -j 2, -vj2 */
static bool parse_short(struct word_list *list, const char *word)
{
    static const char switches[] = "hv", with_value[] = "OjolL";

    for (const char *at = word + 1; *at; at++) {
        const bool takes_value = strchr(with_value, *at) != NULL;
        const bool known = takes_value || strchr(switches, *at);
        const char *value = takes_value && at[1] ? at + 1 : NULL;

        if (!apply_option(list, word, known ? *at : 0, takes_value, value))
            return false;
        if (takes_value)
            break;
    }
    return true;
}

/* What follows the options is the program's argv, and stays where it is. */
static bool parse_up_to_file(struct word_list *list)
{
    while (*list->word && (*list->word)[0] == '-' && (*list->word)[1]) {
        const char *word = *list->word++;

        if (strcmp(word, "--") == 0)
            break;
        if (!(word[1] == '-' ? parse_long : parse_short)(list, word))
            return false;
    }
    list->options->arguments = list->word;
    while (list->options->arguments[list->options->n_arguments])
        list->options->n_arguments++;
    return true;
}

/* Options anywhere; argv is not changed, as it may be parsed again. */
static bool parse_all(struct word_list *list, int argc)
{
    struct options *options = list->options;
    bool done = false;

    options->collected = calloc((size_t)argc + 1, sizeof(char *));
    if (!options->collected) {
        complain("out of memory");
        return false;
    }
    options->arguments = options->collected;
    while (*list->word) {
        char *word = *list->word++;

        if (done || word[0] != '-' || !word[1])
            options->collected[options->n_arguments++] = word;
        else if (strcmp(word, "--") == 0)
            done = true;
        else if (!(word[1] == '-' ? parse_long : parse_short)(list, word))
            return false;
    }
    return true;
}

bool options_parse(struct options *options, int argc, char **argv,
                   const char *accepts, bool stop_at_file)
{
    struct word_list list = {argv + 1, argv[0], accepts, options};

    *options = (struct options){.opt_level = 3};
    return stop_at_file ? parse_up_to_file(&list) : parse_all(&list, argc);
}

void options_release(struct options *options)
{
    free(options->collected);
    free(options->libraries);
    free(options->objects);
    for (size_t i = 0; i < options->n_archives; i++)
        free(options->archives[i]);
    free(options->archives);
    free(options->shared);
    free(options->library_dirs);
    free(options->keys);
}
