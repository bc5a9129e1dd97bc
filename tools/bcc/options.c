#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "print.h"
#include "prune.h"

/* ---- Values ---- */

static bool parse_number(const char *text, long low, long high, int *ret_value)
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

bool words_append(struct words *words, const char *word)
{
    const char **longer =
        realloc(words->word, (words->n + 1) * sizeof(*longer));

    if (!longer) {
        complain("out of memory");
        return false;
    }
    words->word = longer;
    longer[words->n++] = word;
    return true;
}

static bool parse_size(const char *text, struct size_option *size)
{
    size->is_given = prune_parse_limit(text, &size->bytes);
    return size->is_given;
}

int options_choice(const char *choices, const char *text)
{
    const size_t size = strlen(text);

    for (int i = 0;; i++) {
        const char *end = strchrnul(choices, '|');

        if ((size_t)(end - choices) == size && memcmp(choices, text, size) == 0)
            return i;
        if (!*end)
            return -1;
        choices = end + 1;
    }
}

void options_refuse_choice(const char *option, const char *separator,
                           const char *value, const char *choices)
{
    char list[64];
    size_t n = 0;

    for (; *choices && n + 2 < sizeof(list); choices++) {
        if (*choices != '|') {
            list[n++] = *choices;
            continue;
        }
        list[n++] = ',';
        list[n++] = ' ';
    }
    list[n] = '\0';
    complain("%s%s%s: not one of %s", option, separator, value, list);
}

static bool parse_choice(const struct option_row *row, const char *text,
                         int *ret_choice)
{
    const int choice = options_choice(row->choices, text);

    if (choice >= 0)
        *ret_choice = choice;
    return choice >= 0;
}

/* Report a value that is invalid for this option. */
static bool refuse(const struct option_row *row, const char *value)
{
    char name[64] = {'-', row->letter};

    if (*row->name)
        snprintf(name, sizeof(name), "--%s", row->name);
    if (row->kind == OPTION_NUMBER)
        complain("%s %s: not a number from %u to %u", name, value, row->low,
                 row->high);
    else if (row->kind == OPTION_SIZE)
        complain("%s %s: not a size: 512M, 2G, none", name, value);
    else if (*row->choices)
        options_refuse_choice(name, " ", value, row->choices);
    else
        complain("%s: needs the name of a directory", name);
    return false;
}

static bool apply(struct options *options, const struct option_row *row,
                  const char *value)
{
    void *field = (char *)options + row->field;
    bool ok = true;

    switch ((enum option_kind)row->kind) {
    case OPTION_FORM:
        *(int *)field = REPORT_TEXT;
        ok = !value || parse_choice(row, value, field);
        if (ok && value)
            *(int *)field += REPORT_JSON;
        break;
    case OPTION_SWITCH:
        *(bool *)field = true;
        break;
    case OPTION_DIRECTORY:
        /* An empty value, as from an unset variable, must not select the user's
         * own cache. */
        ok = *value != '\0';
        *(const char **)field = value;
        break;
    case OPTION_TEXT:
        *(const char **)field = value;
        break;
    case OPTION_LIST:
        return words_append(field, value);
    case OPTION_CHOICE:
        ok = parse_choice(row, value, field);
        break;
    case OPTION_NUMBER:
        ok = parse_number(value, row->low, row->high, field);
        break;
    case OPTION_SIZE:
        ok = parse_size(value, field);
        break;
    }
    return ok || refuse(row, value);
}

/* ---- Wrong usage ---- */

/* The option of these commands with the closest name; NULL if more than a third
 * of it differs. */
static const char *nearest(const char *name, size_t size, uint32_t commands)
{
    unsigned least = (unsigned)size / 3 + 1;
    const char *found = NULL;

    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        unsigned away;

        if (!*row->name || !(row->commands & commands))
            continue;
        away = near_name_distance(name, size, row->name, strlen(row->name));
        if (away < least) {
            least = away;
            found = row->name;
        }
    }
    return found;
}

/* ---- Words ---- */

/* The C library's getopt() keeps state that optind cannot reset, and the
 * program that bcc will run may use it next. So its functions are not called
 * here. */
struct word_list {
    char **word; /* the next word; the list ends in NULL */
    const char *command;
    uint32_t commands; /* bits */
    struct options *options;
};

/* Apply the option that `word` names. row: NULL: no option has that name.
 * value: the rest of the same word, or NULL. */
static bool apply_option(struct word_list *list, const char *word,
                         const struct option_row *row, const char *value)
{
    if (!row || !(row->commands & list->commands) || (value && !*row->value)) {
        const size_t size = (size_t)(strchrnul(word, '=') - word);
        const char *near = NULL;

        if (word[1] == '-' && !row)
            near = nearest(word + 2, size - 2, list->commands);
        complain("%s: %s: no such option here%s%s%s (bcc help %s)",
                 list->command, word, near ? ", but --" : "", near ? near : "",
                 near ? " is" : "", list->command);
        return false;
    }
    if (*row->value && !value && row->kind != OPTION_FORM)
        value = *list->word ? *list->word++ : NULL;
    if (*row->value && !value && row->kind != OPTION_FORM) {
        complain("%s: %s: needs a value (bcc help %s)", list->command, word,
                 list->command);
        return false;
    }
    return apply(list->options, row, value);
}

/* --name, --name value, --name=value */
static bool parse_long(struct word_list *list, const char *word)
{
    const char *name = word + 2;
    /* Not strcspn(), whose table is a page that a launch uses for nothing
     * else. */
    const size_t size = (size_t)(strchrnul(name, '=') - name);
    const char *value = name[size] ? name + size + 1 : NULL;
    const struct option_row *row = NULL;

    for (size_t i = 0; i < n_option_rows && !row; i++)
        if (*option_rows[i].name &&
            strncmp(option_rows[i].name, name, size) == 0 &&
            !option_rows[i].name[size])
            row = &option_rows[i];
    return apply_option(list, word, row, value);
}

/* -v, -vv, -O2, -j 2, -vj2 */
static bool parse_short(struct word_list *list, const char *word)
{
    for (const char *at = word + 1; *at; at++) {
        const struct option_row *row = NULL;
        const char *value;

        for (size_t i = 0; i < n_option_rows && !row; i++)
            if (option_rows[i].letter == *at)
                row = &option_rows[i];
        value = row && *row->value && at[1] ? at + 1 : NULL;
        if (!apply_option(list, word, row, value))
            return false;
        if (row && *row->value)
            break;
    }
    return true;
}

/* The words after the options are the program's argv, and are not moved. */
static bool parse_up_to_file(struct word_list *list)
{
    while (*list->word && (*list->word)[0] == '-' && (*list->word)[1]) {
        const char *word = *list->word++;
        enum lli_result lli;

        if (strcmp(word, "--") == 0)
            break;
        lli = lli_option_take(list->options, word, &list->word);
        if (lli == LLI_TAKEN)
            continue;
        if (lli == LLI_REFUSED ||
            !(word[1] == '-' ? parse_long : parse_short)(list, word))
            return false;
    }
    list->options->arguments = list->word;
    while (list->options->arguments[list->options->n_arguments])
        list->options->n_arguments++;
    return true;
}

/* Options may stand anywhere. argv is not changed, as it may be parsed
 * again. */
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
                   uint32_t commands)
{
    struct word_list list = {argv + 1, argv[0], commands, options};

    *options =
        (struct options){.opt_level = 3, .time_limit_s = -1, .words = argv + 1};
    return commands == COMMAND_BIT(COMMAND_RUN) ||
                   commands == COMMAND_BIT(COMMAND_CALL)
               ? parse_up_to_file(&list)
               : parse_all(&list, argc);
}

void options_release(struct options *options)
{
    for (size_t i = 0; i < options->archives.n; i++)
        free((void *)options->archives.word[i]);
    free(options->collected);
    free(options->sorted_features);
    free(options->libraries.word);
    free(options->objects.word);
    free(options->archives.word);
    free(options->shared.word);
    free(options->loaded.word);
    free(options->library_dirs.word);
    free(options->keys.word);
}
