/* A request as canonical text: each request has exactly one text. */
#include "request.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc_cache.h>

#include "request_text.h"

const struct request_word request_flag_words[] = {
    {"marked-only", REQUEST_MARKED_ONLY},
    {"default-libraries", REQUEST_DEFAULT_LIBRARIES},
    {"strip-debug", REQUEST_STRIP_DEBUG},
    {"", 0},
};

const struct request_word request_role_words[] = {
    {"script", REQUEST_SCRIPT},
    {"library", REQUEST_LIBRARY},
    {"object", REQUEST_OBJECT},
    {"", 0},
};

const struct request_word request_shared_words[] = {
    {"open", REQUEST_SHARED_OPEN},
    {"search", REQUEST_SHARED_SEARCH},
    {"", 0},
};

const struct request_word request_type_words[] = {
    {"apk", OBCC_APK_RESOURCE},
    {"file", OBCC_FILE_RESOURCE},
    {"", 0},
};

/* ---- Words and values ---- */

/* In runs of plain bytes: each launch writes its identity. */
static void append_value(struct buffer *out, const char *value)
{
    static const char digits[] = "0123456789ABCDEF";

    for (;;) {
        size_t run = 0;

        while (!request_is_escaped((unsigned char)value[run]))
            run++;
        buffer_append(out, value, run);
        value += run;
        if (!*value)
            return;
        const char escape[] = {'%', digits[(unsigned char)*value >> 4],
                               digits[(unsigned char)*value & 15]};
        buffer_append(out, escape, sizeof(escape));
        value++;
    }
}

/* name ends in "=". */
static void append_line(struct buffer *out, const char *name, const char *value)
{
    buffer_append_string(out, name);
    append_value(out, value);
    buffer_append(out, "\n", 1);
}

static const char *word_of(const struct request_word *words, unsigned value)
{
    while (*words->text && words->value != value)
        words++;
    assert(*words->text);
    return words->text;
}

static void append_flags(struct buffer *out, unsigned flags)
{
    const char *separator = "";

    buffer_append_string(out, "flags=");
    for (const struct request_word *word = request_flag_words; *word->text;
         word++) {
        if (!(flags & word->value))
            continue;
        buffer_append_string(out, separator);
        buffer_append_string(out, word->text);
        separator = ",";
    }
    buffer_append(out, "\n", 1);
}

/* ---- Marks ---- */

static int compare_marks(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static enum status append_marks(struct buffer *out,
                                const struct request *request,
                                struct error *err)
{
    const char **sorted;

    if (request->n_marks == 0)
        return STATUS_OK;
    sorted = calloc(request->n_marks, sizeof(*sorted));
    if (!sorted)
        return error_no_memory(err);
    memcpy(sorted, request->marks, request->n_marks * sizeof(*sorted));
    qsort(sorted, request->n_marks, sizeof(*sorted), compare_marks);
    for (size_t i = 0; i < request->n_marks; i++)
        if (i == 0 || strcmp(sorted[i - 1], sorted[i]) != 0)
            append_line(out, "mark=", sorted[i]);
    free(sorted);
    return STATUS_OK;
}

/* ---- Shared libraries ---- */

static void append_libraries(struct buffer *out, const struct request *request)
{
    for (size_t i = 0; i < request->n_library_dirs; i++)
        append_line(out, "library-dir=", request->library_dirs[i]);
    for (size_t i = 0; i < request->n_shared; i++) {
        const struct request_shared *shared = &request->shared[i];

        buffer_printf(out, "shared=%s ",
                      word_of(request_shared_words, shared->how));
        append_value(out, shared->name);
        buffer_append(out, "\n", 1);
    }
}

/* ---- Identity and message ---- */

enum status request_write_identity(const struct request *request,
                                   struct buffer *out, struct error *err)
{
    const char level = (char)('0' + request->opt_level);
    enum status status;

    assert(request->opt_level <= REQUEST_MAX_OPT_LEVEL);
    append_line(out, "format=", OBCC_VERSION);
    append_line(out, "libbcc=", request->libbcc_version);
    append_line(out, "llvm=", request->llvm_version);
    append_line(out, "triple=", request->triple);
    append_line(out, "cpu=", request->cpu);
    append_line(out, "features=", request->features);
    append_line(out, "opt=", (const char[]){level, '\0'});
    append_flags(out, request->flags);
    status = append_marks(out, request, err);
    if (status)
        return status;
    append_libraries(out, request);
    return buffer_failed(out) ? error_no_memory(err) : STATUS_OK;
}

enum status request_write(const struct request *request, struct buffer *out,
                          struct error *err)
{
    enum status status;

    if (request->n_inputs == 0 || request->n_inputs > REQUEST_MAX_INPUTS)
        return error_set(err, STATUS_MISUSE, "request: %zu inputs, not 1 to %d",
                         request->n_inputs, REQUEST_MAX_INPUTS);
    status = request_write_identity(request, out, err);
    if (status)
        return status;
    buffer_printf(out, "limit-memory=%" PRIu64 "\nportable=%d\n",
                  request->limit_memory, request->portable);
    for (size_t i = 0; i < request->n_inputs; i++) {
        const struct request_input *input = &request->inputs[i];

        buffer_printf(out, "input=%s %s %s %" PRIu64 " ",
                      word_of(request_role_words, input->role),
                      word_of(request_type_words, input->type),
                      input->skip_sha1 ? "skip-sha1" : "-", input->size);
        append_value(out, input->name);
        if (input->entry) {
            buffer_append(out, " ", 1);
            append_value(out, input->entry);
        }
        buffer_append(out, "\n", 1);
    }
    return buffer_failed(out) ? error_no_memory(err) : STATUS_OK;
}
