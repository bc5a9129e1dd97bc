#include "directives.h"

#include <string.h>

#include "read.h"

static const char prefix[] = "bcc:";

static const struct {
    char word[12];
    enum directive_verb verb;
} verbs[] = {
    {"calls", DIRECTIVE_CALLS},       {"call", DIRECTIVE_CALL},
    {"kernel", DIRECTIVE_KERNEL},     {"import", DIRECTIVE_IMPORT},
    {"constant", DIRECTIVE_CONSTANT}, {"table", DIRECTIVE_TABLE},
};

/* The word at *text, which is moved behind it and the space after it. */
static const char *take_word(struct arena *arena, const char **text)
{
    const size_t size = strcspn(*text, " ");
    const char *word = arena_copy_string(arena, *text, size);

    *text += size;
    *text += strspn(*text, " ");
    return word;
}

static enum status read_directive(struct arena *arena, const char *mark,
                                  struct directive *ret_row, struct error *err)
{
    const char *text = mark + strlen(prefix);
    const char *word = take_word(arena, &text);
    const char *name = take_word(arena, &text);

    if (!word || !name)
        return error_no_memory(err);
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verbs[i].word, word) == 0) {
            *ret_row = (struct directive){verbs[i].verb, name, text};
            return STATUS_OK;
        }
    return error_set(err, STATUS_COMPILE, "mark '%s': no such directive", mark);
}

enum status directives_split(const struct request *request, struct arena *arena,
                             const char ***ret_marks, size_t *ret_n_marks,
                             struct directives *ret_directives,
                             struct error *err)
{
    const char **marks =
        arena_alloc(arena, request->n_marks + 1, sizeof(*marks));
    struct directive *rows =
        arena_alloc(arena, request->n_marks + 1, sizeof(*rows));
    size_t n_marks = 0, n_rows = 0;

    if (!marks || !rows)
        return error_no_memory(err);
    for (size_t i = 0; i < request->n_marks; i++) {
        const char *mark = request->marks[i];
        enum status status;

        if (strncmp(mark, prefix, strlen(prefix)) != 0) {
            marks[n_marks++] = plain_name(mark);
            continue;
        }
        status = read_directive(arena, mark, &rows[n_rows], err);
        if (status)
            return status;
        if (rows[n_rows].verb == DIRECTIVE_KERNEL ||
            rows[n_rows].verb == DIRECTIVE_CALL ||
            rows[n_rows].verb == DIRECTIVE_TABLE)
            marks[n_marks++] = rows[n_rows].name;
        n_rows++;
    }
    *ret_marks = marks;
    *ret_n_marks = n_marks;
    *ret_directives = (struct directives){rows, n_rows};
    return STATUS_OK;
}

bool directives_have(const struct directives *directives,
                     enum directive_verb verb)
{
    for (size_t i = 0; i < directives->n_rows; i++)
        if (directives->row[i].verb == verb)
            return true;
    return false;
}
