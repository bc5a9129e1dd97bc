/* A request as canonical text (each request has exactly one text), and back.
 * Grammar, each line ended by a newline:
 *
 *     message  = identity limit portable tier entry input { input }
 *     identity = "format=100" libbcc llvm triple cpu features opt flags
 *                { "mark=" value } { "library-dir=" value }
 *                { "shared=" how " " value }
 *     limit    = "limit-memory=" number
 *     portable = "portable=" ( "0" | "1" )
 *     tier     = "tier=" ( "0" | "1" | "2" | "3" )
 *     entry    = "entry=" value
 *     input    = "input=" role " " type " " skip " " number " " value
 *                [ " " value ]
 *     value    = { byte | "%" hex hex }
 *
 * Only canonical text is accepted: lines in order, marks ascending, no
 * unnecessary escape, no leading zero. So a text that parses is exactly the
 * text that request_write() makes from the result, and the identity can be
 * stored as the bytes that were received. */
#include "request.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc_cache.h>

/* ---- Words and values ---- */

enum { MAX_OPT_LEVEL = 3 };

/* A word of the text and the constant it stands for; "" ends a list. */
struct word {
    char text[18];
    uint16_t value;
};

/* ORDER REQUEST FLAGS: flags are written in the order of this list. */
static const struct word flag_words[] = {
    {"marked-only", REQUEST_MARKED_ONLY},
    {"default-libraries", REQUEST_DEFAULT_LIBRARIES},
    {"strip-debug", REQUEST_STRIP_DEBUG},
    {"fp-contract-off", REQUEST_FP_CONTRACT_OFF},
    {"", 0},
};

static const struct word role_words[] = {
    {"script", REQUEST_SCRIPT},
    {"library", REQUEST_LIBRARY},
    {"object", REQUEST_OBJECT},
    {"", 0},
};

static const struct word shared_words[] = {
    {"open", REQUEST_SHARED_OPEN},
    {"search", REQUEST_SHARED_SEARCH},
    {"", 0},
};

static const struct word type_words[] = {
    {"apk", OBCC_APK_RESOURCE},
    {"file", OBCC_FILE_RESOURCE},
    {"", 0},
};

/* True for the bytes that a value holds as %XX, two upper-case digits: those
 * that would end a word or a line, and the percent sign. Inlined, because each
 * launch tests every byte of its identity. */
static inline __attribute__((always_inline)) bool is_escaped(unsigned char byte)
{
    return byte < 0x21 || byte == '%' || byte == 0x7f;
}

/* ---- Writing ---- */

/* Append the value and the byte that ends it. They are written in place,
 * because each launch writes its identity. */
static void append_value(struct buffer *out, const char *value, char end)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t *at = buffer_room(out, 3 * strlen(value) + 1);

    if (!at)
        return;
    for (; *value; value++) {
        const unsigned char byte = (unsigned char)*value;

        if (!is_escaped(byte)) {
            *at++ = byte;
            continue;
        }
        *at++ = '%';
        *at++ = (uint8_t)digits[byte >> 4];
        *at++ = (uint8_t)digits[byte & 15];
    }
    *at++ = (uint8_t)end;
    out->size = (size_t)(at - out->data);
}

/* name ends in "=". */
static void append_line(struct buffer *out, const char *name, const char *value)
{
    buffer_append_string(out, name);
    append_value(out, value, '\n');
}

static const char *word_of(const struct word *words, unsigned value)
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
    for (const struct word *word = flag_words; *word->text; word++) {
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

    if (request->n_marks == 1)
        append_line(out, "mark=", request->marks[0]);
    if (request->n_marks <= 1)
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

        buffer_printf(out, "shared=%s ", word_of(shared_words, shared->how));
        append_value(out, shared->name, '\n');
    }
}

/* ---- Identity and message ---- */

enum status request_write_identity(const struct request *request,
                                   struct buffer *out, struct error *err)
{
    const char level = (char)('0' + request->opt_level);
    enum status status;

    assert(request->opt_level <= MAX_OPT_LEVEL);
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
    buffer_printf(out, "limit-memory=%" PRIu64 "\nportable=%d\ntier=%d\n",
                  request->limit_memory, request->portable, (int)request->tier);
    append_line(out, "entry=", request->entry ? request->entry : "");
    for (size_t i = 0; i < request->n_inputs; i++) {
        const struct request_input *input = &request->inputs[i];

        buffer_printf(out, "input=%s %s %s %" PRIu64 " ",
                      word_of(role_words, input->role),
                      word_of(type_words, input->type),
                      input->skip_sha1 ? "skip-sha1" : "-", input->size);
        append_value(out, input->name, input->entry ? ' ' : '\n');
        if (input->entry)
            append_value(out, input->entry, '\n');
    }
    return buffer_failed(out) ? error_no_memory(err) : STATUS_OK;
}

/* ---- Parsing ---- */

struct parser {
    struct span rest; /* after the current line */
    struct span line; /* rest of the current line */
    unsigned line_number;
    struct arena *arena;
    struct error *err;
};

static enum status bad_line(const struct parser *p, const char *fact)
{
    return error_set(p->err, STATUS_CORRUPT, "request: line %u: %s",
                     p->line_number, fact);
}

/* ---- Lines and words ---- */

static bool starts_with(struct span text, const char *start)
{
    size_t size = strlen(start);

    return text.size >= size && memcmp(text.data, start, size) == 0;
}

static struct span skip(struct span text, size_t size)
{
    return (struct span){text.data + size, text.size - size};
}

/* Take the next line, which must begin with start, and skip start. */
static enum status next_line(struct parser *p, const char *start)
{
    const uint8_t *newline = NULL;

    p->line_number++;
    if (p->rest.size)
        newline = memchr(p->rest.data, '\n', p->rest.size);
    if (!newline || !starts_with(p->rest, start))
        return error_set(p->err, STATUS_CORRUPT,
                         "request: line %u: '%s' was expected", p->line_number,
                         start);
    p->line = (struct span){p->rest.data, (size_t)(newline - p->rest.data)};
    p->rest = skip(p->rest, p->line.size + 1);
    p->line = skip(p->line, strlen(start));
    return STATUS_OK;
}

/* Take the word up to the next separator, or the end of the line. */
static struct span take_word(struct parser *p, char separator)
{
    const uint8_t *end =
        p->line.size ? memchr(p->line.data, separator, p->line.size) : NULL;
    size_t size = end ? (size_t)(end - p->line.data) : p->line.size;
    struct span word = {p->line.data, size};

    p->line = skip(p->line, end ? size + 1 : size);
    return word;
}

static bool is_word(struct span word, const char *text)
{
    return word.size == strlen(text) && starts_with(word, text);
}

static const struct word *find_word(const struct word *words, struct span word)
{
    while (*words->text && !is_word(word, words->text))
        words++;
    return *words->text ? words : NULL;
}

/* ---- Values ---- */

/* -1 if it is not an upper-case hexadecimal digit. */
static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* Decode the byte at the start of text and return how many bytes of text it
 * takes; 0 if the text is not canonical. NUL has no escape, as it would cut a
 * name short. */
static size_t decode_byte(struct span text, char *ret_byte)
{
    int high, low, value;

    if (text.data[0] != '%') {
        *ret_byte = (char)text.data[0];
        return is_escaped(text.data[0]) ? 0 : 1;
    }
    if (text.size < 3)
        return 0;
    high = hex_digit(text.data[1]);
    low = hex_digit(text.data[2]);
    if (high < 0 || low < 0)
        return 0;
    value = high * 16 + low;
    if (value == 0 || !is_escaped((unsigned char)value))
        return 0;
    *ret_byte = (char)value;
    return 3;
}

/* Take the value up to a space, or the end of the line. */
static enum status take_one_value(struct parser *p, const char **ret_value)
{
    char *value = arena_alloc(p->arena, p->line.size + 1, 1);

    if (!value)
        return error_no_memory(p->err);
    *ret_value = value;
    while (p->line.size && p->line.data[0] != ' ') {
        size_t used = decode_byte(p->line, value);
        if (used == 0)
            return bad_line(p, "a byte is not escaped as it should be");
        value++;
        p->line = skip(p->line, used);
    }
    return STATUS_OK;
}

/* Take the value up to the end of the line. */
static enum status take_value(struct parser *p, const char **ret_value)
{
    enum status status = take_one_value(p, ret_value);

    return !status && p->line.size
               ? bad_line(p, "a byte is not escaped as it should be")
               : status;
}

static enum status parse_number(struct parser *p, struct span word,
                                uint64_t *ret_number)
{
    uint64_t number = 0;

    if (word.size == 0 || (word.size > 1 && word.data[0] == '0'))
        return bad_line(p, "not a decimal number");
    for (size_t i = 0; i < word.size; i++) {
        unsigned digit = (unsigned)word.data[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digit, &number))
            return bad_line(p, "not a decimal number of 64 bits");
    }
    *ret_number = number;
    return STATUS_OK;
}

/* ---- Identity ---- */

static enum status parse_value_line(struct parser *p, const char *start,
                                    const char **ret_value)
{
    enum status status = next_line(p, start);

    return status ? status : take_value(p, ret_value);
}

static enum status parse_opt(struct parser *p, struct request *request)
{
    uint64_t level;
    enum status status = next_line(p, "opt=");

    if (status == STATUS_OK)
        status = parse_number(p, p->line, &level);
    if (status)
        return status;
    if (level > MAX_OPT_LEVEL)
        return bad_line(p, "no such optimisation level");
    request->opt_level = (unsigned)level;
    return STATUS_OK;
}

static enum status parse_flags(struct parser *p, struct request *request)
{
    const struct word *next = flag_words;
    enum status status = next_line(p, "flags=");

    if (status)
        return status;
    if (p->line.size && p->line.data[p->line.size - 1] == ',')
        return bad_line(p, "flag list ends in a comma");
    while (p->line.size) {
        const struct word *word = find_word(next, take_word(p, ','));
        if (!word)
            return bad_line(p, "unknown flag, or flags out of order");
        request->flags |= word->value;
        next = word + 1;
    }
    return STATUS_OK;
}

/* The number of following lines that begin with start. The parser reads them
 * again; this only bounds their number. */
static size_t count_lines(struct span text, const char *start)
{
    size_t n_lines = 0;

    while (starts_with(text, start)) {
        const uint8_t *newline = memchr(text.data, '\n', text.size);
        if (!newline)
            break;
        n_lines++;
        text = skip(text, (size_t)(newline - text.data) + 1);
    }
    return n_lines;
}

static enum status parse_marks(struct parser *p, struct request *request)
{
    size_t n_marks = count_lines(p->rest, "mark=");
    const char **marks = arena_alloc(p->arena, n_marks + 1, sizeof(*marks));
    enum status status;

    if (!marks)
        return error_no_memory(p->err);
    for (size_t i = 0; i < n_marks; i++) {
        status = parse_value_line(p, "mark=", &marks[i]);
        if (status)
            return status;
        if (i > 0 && strcmp(marks[i - 1], marks[i]) >= 0)
            return bad_line(p, "marks are not in ascending order");
    }
    request->marks = marks;
    request->n_marks = n_marks;
    return STATUS_OK;
}

static enum status parse_library_dirs(struct parser *p, struct request *request)
{
    size_t n_dirs = count_lines(p->rest, "library-dir=");
    const char **dirs = arena_alloc(p->arena, n_dirs + 1, sizeof(*dirs));
    enum status status = STATUS_OK;

    if (!dirs)
        return error_no_memory(p->err);
    for (size_t i = 0; status == STATUS_OK && i < n_dirs; i++)
        status = parse_value_line(p, "library-dir=", &dirs[i]);
    request->library_dirs = dirs;
    request->n_library_dirs = n_dirs;
    return status;
}

static enum status parse_shared(struct parser *p, struct request_shared *shared)
{
    const struct word *how;
    enum status status = next_line(p, "shared=");

    if (status)
        return status;
    how = find_word(shared_words, take_word(p, ' '));
    if (!how || p->line.size == 0)
        return bad_line(p, "not how to find which library");
    shared->how = (enum request_shared_how)how->value;
    return take_value(p, &shared->name);
}

static enum status parse_libraries(struct parser *p, struct request *request)
{
    enum status status = parse_library_dirs(p, request);
    size_t n_shared = count_lines(p->rest, "shared=");
    struct request_shared *shared =
        arena_alloc(p->arena, n_shared + 1, sizeof(*shared));

    if (status)
        return status;
    if (!shared)
        return error_no_memory(p->err);
    for (size_t i = 0; status == STATUS_OK && i < n_shared; i++)
        status = parse_shared(p, &shared[i]);
    request->shared = shared;
    request->n_shared = n_shared;
    return status;
}

static enum status parse_identity(struct parser *p, struct request *request)
{
    const struct {
        const char *start;
        const char **value;
    } lines[] = {
        {"libbcc=", &request->libbcc_version},
        {"llvm=", &request->llvm_version},
        {"triple=", &request->triple},
        {"cpu=", &request->cpu},
        {"features=", &request->features},
    };
    enum status status = next_line(p, "format=");

    if (status)
        return status;
    if (!is_word(p->line, OBCC_VERSION))
        return bad_line(p, "another format version");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        status = parse_value_line(p, lines[i].start, lines[i].value);
        if (status)
            return status;
    }
    status = parse_opt(p, request);
    if (status == STATUS_OK)
        status = parse_flags(p, request);
    if (status == STATUS_OK)
        status = parse_marks(p, request);
    return status ? status : parse_libraries(p, request);
}

/* ---- Message ---- */

static enum status parse_input(struct parser *p, struct request_input *input)
{
    const struct word *role, *type;
    struct span word;
    enum status status = next_line(p, "input=");

    if (status)
        return status;
    role = find_word(role_words, take_word(p, ' '));
    type = find_word(type_words, take_word(p, ' '));
    if (!role || !type)
        return bad_line(p, "unknown role or resource type");
    input->role = (enum request_role)role->value;
    input->type = type->value;
    word = take_word(p, ' ');
    input->skip_sha1 = is_word(word, "skip-sha1");
    if (!input->skip_sha1 && !is_word(word, "-"))
        return bad_line(p, "unknown input flag");
    word = take_word(p, ' ');
    /* The space after the size is there even if the name is empty. */
    if (p->line.data != word.data + word.size + 1)
        return bad_line(p, "input without a name");
    status = parse_number(p, word, &input->size);
    if (status == STATUS_OK)
        status = take_one_value(p, &input->name);
    if (status || p->line.size == 0)
        return status;
    p->line = skip(p->line, 1);
    return take_value(p, &input->entry);
}

static enum status parse_inputs(struct parser *p, struct request *request)
{
    size_t n_inputs = count_lines(p->rest, "input=");
    struct request_input *inputs;
    enum status status = STATUS_OK;

    if (n_inputs == 0 || n_inputs > REQUEST_MAX_INPUTS)
        return error_set(p->err, STATUS_CORRUPT,
                         "request: line %u: %zu inputs, not 1 to %d",
                         p->line_number + 1, n_inputs, REQUEST_MAX_INPUTS);
    inputs = arena_alloc(p->arena, n_inputs, sizeof(*inputs));
    if (!inputs)
        return error_no_memory(p->err);
    for (size_t i = 0; status == STATUS_OK && i < n_inputs; i++)
        status = parse_input(p, &inputs[i]);
    if (status)
        return status;
    request->inputs = inputs;
    request->n_inputs = n_inputs;
    return STATUS_OK;
}

static enum status parse_tier(struct parser *p, struct request *request)
{
    enum status status = next_line(p, "tier=");
    uint64_t tier;

    if (status == STATUS_OK)
        status = parse_number(p, p->line, &tier);
    if (status)
        return status;
    if (tier > REQUEST_TIER_LATER)
        return bad_line(p, "no such tier");
    request->tier = (enum request_tier)tier;
    return parse_value_line(p, "entry=", &request->entry);
}

static enum status parse_limits(struct parser *p, struct request *request)
{
    enum status status = next_line(p, "limit-memory=");
    uint64_t portable = 0;

    if (status == STATUS_OK)
        status = parse_number(p, p->line, &request->limit_memory);
    if (status == STATUS_OK)
        status = next_line(p, "portable=");
    if (status == STATUS_OK)
        status = parse_number(p, p->line, &portable);
    if (status == STATUS_OK && portable > 1)
        status = bad_line(p, "portable is neither 0 nor 1");
    request->portable = portable;
    return status ? status : parse_tier(p, request);
}

enum status request_parse(struct span message, struct arena *arena,
                          struct request *ret_request,
                          size_t *ret_identity_size, struct error *err)
{
    struct parser p = {.rest = message, .arena = arena, .err = err};
    struct request request = {0};
    size_t identity_size;
    enum status status;

    status = parse_identity(&p, &request);
    if (status)
        return status;
    identity_size = message.size - p.rest.size;
    status = parse_limits(&p, &request);
    if (status == STATUS_OK)
        status = parse_inputs(&p, &request);
    if (status)
        return status;
    if (p.rest.size) {
        p.line_number++;
        return bad_line(&p, "something follows the last input");
    }
    *ret_request = request;
    *ret_identity_size = identity_size;
    return STATUS_OK;
}
