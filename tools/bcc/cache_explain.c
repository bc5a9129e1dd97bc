/* bcc cache explain: would a launch hit, and if not, why?
 *
 * The library decides: a prepare that may not compile. The table next to its
 * answer compares the entry with the request field by field; fields that do not
 * decide are marked so. If there is no entry of the right name, the nearest one
 * of the directory is shown: made from the same script, or one of the same
 * name, with the most fields in common. The first field that decides is the
 * cause. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc.h>

#include "commands.h"
#include "cache_file.h"
#include "dependency.h"
#include "entry_name.h"
#include "file.h"
#include "print.h"
#include "script_setup.h"
#include "sha1_digest.h"
#include "store.h"
#include "variants.h"
#include "inventory.h"

enum { MAX_FIELD = 32, MAX_VALUE = 512, MAX_LINES = 4096 };

struct explain {
    const struct options *options;
    const char *dir;
    BCCScriptRef script;
    const char *identity; /* of the request */
    BCCInput *inputs;     /* owned */
    size_t n_inputs;
    bool first_row;
    bool any_cpu; /* the entry's CPU does not matter: this one runs its code */
    char cause[3 * MAX_VALUE]; /* the first row that decides; "": none */
};

/* ---- Printing ---- */

static void print_row(struct explain *explain, const char *field,
                      const char *entry, const char *request, bool decides)
{
    const int size = (int)strlen(field), column = size < 18 ? 18 - size : 0;

    if (decides && !*explain->cause)
        snprintf(explain->cause, sizeof(explain->cause),
                 "%s: the entry has %s, and %s is wanted", field,
                 *entry ? entry : "none", *request ? request : "none");
    if (!explain->options->json) {
        fputs("  ", stdout);
        print_visible(stdout, field);
        printf("%*s entry ", column, "");
        print_visible(stdout, *entry ? entry : "none");
        fputs(", request ", stdout);
        print_visible(stdout, *request ? request : "none");
        puts(decides ? "" : " (does not matter)");
        return;
    }
    printf("%s{\"field\":", explain->first_row ? "" : ",");
    json_print_string(stdout, field);
    fputs(",\"entry\":", stdout);
    json_print_string(stdout, entry);
    fputs(",\"request\":", stdout);
    json_print_string(stdout, request);
    printf(",\"decides\":%s}", decides ? "true" : "false");
    explain->first_row = false;
}

/* ---- Identities ---- */

struct lines {
    struct span line[MAX_LINES];
    size_t n;
};

static struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

static void split(struct span text, struct lines *lines)
{
    size_t start = 0;

    lines->n = 0;
    for (size_t i = 0; i < text.size && lines->n < MAX_LINES; i++)
        if (text.data[i] == '\n') {
            lines->line[lines->n++] =
                (struct span){text.data + start, i - start};
            start = i + 1;
        }
}

static bool has_line(const struct lines *lines, struct span line)
{
    for (size_t i = 0; i < lines->n; i++)
        if (lines->line[i].size == line.size &&
            memcmp(lines->line[i].data, line.data, line.size) == 0)
            return true;
    return false;
}

static size_t name_size(struct span line)
{
    const uint8_t *equals = memchr(line.data, '=', line.size);

    return equals ? (size_t)(equals - line.data) : line.size;
}

static const char *value_of(struct span line, char value[MAX_VALUE])
{
    size_t skip = name_size(line) + 1;

    snprintf(value, MAX_VALUE, "%.*s",
             line.size > skip ? (int)(line.size - skip) : 0,
             (const char *)line.data + skip);
    return value;
}

static bool line_decides(const struct explain *explain, const char *field)
{
    return !explain->any_cpu ||
           (strcmp(field, "cpu") != 0 && strcmp(field, "features") != 0);
}

/* Prints the lines that only one side has. A line of the request is printed
 * next to an unmatched line of the entry with the same name, if there is
 * one. */
static void compare_lines(struct explain *explain, struct lines *entry,
                          const struct lines *request)
{
    char field[MAX_FIELD], a[MAX_VALUE], b[MAX_VALUE];

    for (size_t i = 0; i < request->n; i++) {
        struct span line = request->line[i];
        size_t size = name_size(line), j = 0;

        if (has_line(entry, line))
            continue;
        while (j < entry->n &&
               (name_size(entry->line[j]) != size ||
                memcmp(entry->line[j].data, line.data, size) != 0 ||
                has_line(request, entry->line[j])))
            j++;
        snprintf(field, sizeof(field), "%.*s", (int)size,
                 (const char *)line.data);
        print_row(explain, field,
                  j < entry->n ? value_of(entry->line[j], a) : "",
                  value_of(line, b), line_decides(explain, field));
        if (j < entry->n)
            entry->line[j] = line; /* matched */
    }
    for (size_t j = 0; j < entry->n; j++) {
        struct span line = entry->line[j];

        if (has_line(request, line))
            continue;
        snprintf(field, sizeof(field), "%.*s", (int)name_size(line),
                 (const char *)line.data);
        print_row(explain, field, value_of(line, a), "",
                  line_decides(explain, field));
    }
}

static bool compare_identities(struct explain *explain,
                               const struct cache_view *view)
{
    struct lines *entry = malloc(sizeof(*entry));
    struct lines *request = malloc(sizeof(*request));
    bool ok = entry && request;

    if (ok) {
        split(cache_identity(view), entry);
        split(span_of(explain->identity), request);
        compare_lines(explain, entry, request);
    }
    free(entry);
    free(request);
    return ok;
}

/* ---- Inputs ---- */

static const char *hex(const uint8_t *digest, char text[2 * SHA1_SIZE + 1])
{
    for (size_t i = 0; i < SHA1_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return text;
}

static const char *stamp_text(const struct file_stamp *s, char text[MAX_VALUE])
{
    snprintf(text, MAX_VALUE,
             "device %" PRIu64 " inode %" PRIu64 " size %" PRIu64
             " mtime %" PRIu64 " ctime %" PRIu64,
             s->device, s->inode, s->size, s->mtime_ns, s->ctime_ns);
    return text;
}

static const char *path_stamp_text(const char *path, char text[MAX_VALUE])
{
    struct file_stamp stamp;
    struct stat st;

    if (stat(path, &st) < 0)
        return "none";
    stamp = file_stamp_of(&st);
    return stamp_text(&stamp, text);
}

/* An input in an archive is named ARCHIVE!ENTRY. */
static bool is_in_archive(const BCCInput *input)
{
    return input->path && strcmp(input->path, input->name) != 0;
}

static uint32_t type_of(const BCCInput *input)
{
    return input->path && !is_in_archive(input) ? OBCC_FILE_RESOURCE
                                                : OBCC_APK_RESOURCE;
}

static void compare_word(struct explain *explain, size_t i, const char *what,
                         const char *entry, const char *request, bool decides)
{
    char field[MAX_FIELD];

    if (strcmp(entry, request) == 0)
        return;
    snprintf(field, sizeof(field), "input %zu %s", i, what);
    print_row(explain, field, entry, request, decides);
}

static void compare_input(struct explain *explain, size_t i,
                          const struct cache_view *view)
{
    const struct obcc_dependency *row = cache_dependency_at(view, (uint32_t)i);
    const BCCInput *input = &explain->inputs[i];
    const bool skips = input->flags & BCC_SKIP_DEP_SHA1;
    uint32_t flags = obcc_get32(row->flags);
    char a[MAX_VALUE], b[MAX_VALUE];

    compare_word(explain, i, "role", dependency_role_name(flags),
                 dependency_role_name(
                     dependency_role_flag((enum request_role)input->role)),
                 true);
    compare_word(
        explain, i, "type", dependency_type_name(obcc_get32(row->type), flags),
        dependency_type_name(
            type_of(input), is_in_archive(input) ? OBCC_DEPENDENCY_ARCHIVE : 0),
        obcc_get32(row->type) != type_of(input));
    compare_word(explain, i, "content",
                 flags & OBCC_DEPENDENCY_SKIP_SHA1 ? "ignored" : "compared",
                 skips ? "ignored" : "compared", true);
    compare_word(explain, i, "sha1", hex(row->sha1, a), hex(input->sha1, b),
                 !skips);
    compare_word(explain, i, "name", cache_string(view, obcc_get32(row->name)),
                 input->name, false);
    if (!input->path)
        return;
    if (flags & OBCC_DEPENDENCY_STAMPED) {
        const struct file_stamp recorded = dependency_stamp(row);
        stamp_text(&recorded, a);
    } else {
        snprintf(a, sizeof(a), "none");
    }
    compare_word(explain, i, "stat", a, path_stamp_text(input->path, b), false);
}

static void compare_inputs(struct explain *explain,
                           const struct cache_view *view)
{
    size_t n_entry = cache_count(view, OBCC_DEPENDENCY_TABLE);
    size_t n_request = explain->n_inputs;
    char a[MAX_FIELD], b[MAX_FIELD];

    snprintf(a, sizeof(a), "%zu", n_entry);
    snprintf(b, sizeof(b), "%zu", n_request);
    if (n_entry != n_request)
        print_row(explain, "number of inputs", a, b, true);
    for (size_t i = 0; i < n_entry && i < n_request; i++)
        compare_input(explain, i, view);
}

/* False after a complaint. */
static bool read_inputs(struct explain *explain)
{
    const size_t n = bccGetInputCount(explain->script);

    explain->inputs = calloc(n, sizeof(*explain->inputs));
    if (!explain->inputs) {
        complain("out of memory");
        return false;
    }
    for (; explain->n_inputs < n; explain->n_inputs++) {
        BCCInput *input = &explain->inputs[explain->n_inputs];

        input->size = sizeof(*input);
        if (bccGetInput(explain->script, explain->n_inputs, input)) {
            complain("%s", bccGetErrorMessage(explain->script));
            return false;
        }
    }
    return true;
}

/* ---- The nearest entry ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The number of fields in common; 0 if the entry is for another script. */
static size_t likeness(const struct explain *explain,
                       const struct cache_view *view)
{
    const struct obcc_dependency *row;
    struct span has = cache_identity(view);
    struct span wants = span_of(explain->identity);
    size_t score = 0, n = cache_count(view, OBCC_DEPENDENCY_TABLE);

    for (size_t i = 0; i < n && i < explain->n_inputs; i++) {
        row = cache_dependency_at(view, (uint32_t)i);
        if (memcmp(row->sha1, explain->inputs[i].sha1, SHA1_SIZE) == 0)
            score += 1000;
        else if (i == 0 &&
                 strcmp(base_name(cache_string(view, obcc_get32(row->name))),
                        base_name(explain->inputs[0].name)) == 0)
            score += 500;
        if (i == 0 && score == 0)
            return 0;
    }
    /* The number of equal leading lines stands for the similarity of the
     * texts. */
    for (size_t i = 0; i < has.size && i < wants.size; i++) {
        if (has.data[i] != wants.data[i])
            break;
        score += has.data[i] == '\n';
    }
    return score;
}

static void find_nearest_in(const struct explain *explain, const char *dir,
                            size_t *best, char ret_path[PATH_MAX])
{
    struct inventory inventory;

    if (!cache_inventory(dir, &inventory))
        return;
    for (size_t i = 0; i < inventory.n_entries; i++) {
        struct cache_file file;
        char path[PATH_MAX];
        size_t score;

        cache_entry_path(dir, &inventory, i, path);
        if (inventory.entries[i].is_index ||
            cache_file_open(path, CACHE_CHECK_TABLES, &file, NULL))
            continue;
        score = likeness(explain, &file.view);
        cache_file_close(&file);
        if (score > *best) {
            *best = score;
            memcpy(ret_path, path, sizeof(path));
        }
    }
    inventory_release(&inventory);
}

/* Search the cache, or a layer that is searched before it. */
static bool find_nearest(const struct explain *explain, char ret_path[PATH_MAX])
{
    const char *rest = secure_getenv("BCC_CACHE_PATH");
    char layer[PATH_MAX];
    size_t best = 0;

    find_nearest_in(explain, explain->dir, &best, ret_path);
    while (variants_next_layer(&rest, layer))
        find_nearest_in(explain, layer, &best, ret_path);
    return best > 0;
}

/* ---- The verdict ---- */

static BCCReport report_of(const struct explain *explain)
{
    BCCReport report = {.size = sizeof(report)};

    (void)bccGetReport(explain->script, &report);
    return report;
}

static bool print_verdict(struct explain *explain, const char *path)
{
    const BCCReport report = report_of(explain);
    const bool is_hit = report.cache == BCC_CACHE_HIT;

    if (!explain->options->json) {
        print_visible(stdout, path);
        fputs(is_hit ? ": hit: " : ": miss: ", stdout);
        print_visible(stdout, is_hit ? report.path : report.reason);
        if (report.tier == BCC_TIER_BASELINE)
            fputs(" (baseline code)", stdout);
        putchar('\n');
        return is_hit;
    }
    fputs("{\"file\":", stdout);
    json_print_string(stdout, path);
    printf(",\"cache\":\"%s\",\"code\":\"%s\",\"reason\":",
           is_hit ? "hit" : "miss", bccGetReasonName(report.reasonCode));
    json_print_string(stdout, report.reason);
    fputs(",\"path\":", stdout);
    json_print_string(stdout, report.path);
    printf(",\"tier\":\"%s\"", !report.tier                   ? "none"
                               : report.tier == BCC_TIER_BEST ? "best"
                                                              : "baseline");
    return is_hit;
}

/* Open the entry that is compared with the request. False: there is none. */
static bool open_compared(struct explain *explain, bool is_hit,
                          char ret_path[PATH_MAX], struct cache_file *ret_file)
{
    snprintf(ret_path, PATH_MAX, "%s", report_of(explain).path);
    if (cache_file_open(ret_path, CACHE_CHECK_TABLES, ret_file, NULL) ==
        STATUS_OK)
        return true;
    return !is_hit && find_nearest(explain, ret_path) &&
           cache_file_open(ret_path, CACHE_CHECK_TABLES, ret_file, NULL) ==
               STATUS_OK;
}

static void note_cpu(struct explain *explain, const char *path)
{
    const struct options *options = explain->options;
    const char *lacking = variants_lacking(path);

    explain->any_cpu = !lacking && !options->exports && !options->cpu &&
                       !options->features && !options->target;
    if (lacking)
        snprintf(explain->cause, sizeof(explain->cause),
                 "the entry needs the CPU feature '%s', which this machine "
                 "lacks",
                 lacking);
}

static void print_differences(struct explain *explain, bool is_hit)
{
    char path[PATH_MAX] = "";
    struct cache_file file;
    const bool found = open_compared(explain, is_hit, path, &file);

    if (explain->options->json) {
        fputs(",\"compared_with\":", stdout);
        json_print_string(stdout, found ? path : "");
        fputs(",\"differences\":[", stdout);
    } else if (!is_hit) {
        fputs(found ? "compared with " : "no entry of that script", stdout);
        print_visible(stdout, found ? path : "");
        putchar('\n');
    }
    if (found) {
        note_cpu(explain, path);
        if (!compare_identities(explain, &file.view))
            complain("out of memory");
        compare_inputs(explain, &file.view);
        cache_file_close(&file);
    }
    if (explain->options->json)
        putchar(']');
}

/* ---- What to do ---- */

/* Append text as a word of a shell. */
static void append_word(struct buffer *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./,+=:@%";

    if (*word && !word[strspn(word, plain)]) {
        buffer_append_string(out, word);
        return;
    }
    buffer_append(out, "'", 1);
    for (; *word; word++)
        if (*word == '\'')
            buffer_append_string(out, "'\\''");
        else
            buffer_append(out, word, 1);
    buffer_append(out, "'", 1);
}

static void append_option(struct buffer *out, const struct option_row *row,
                          const char *value)
{
    if (*row->name)
        buffer_printf(out, " --%s", row->name);
    else
        buffer_printf(out, " -%c", row->letter);
    if (!value)
        return;
    if (*row->name)
        buffer_append(out, " ", 1);
    append_word(out, value);
}

/* Append the options of this command that precompile has, too. */
static void append_options(struct buffer *out, const struct options *options)
{
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        const void *field = (const char *)options + row->field;

        if (!(row->commands & COMMAND_BIT(COMMAND_PRECOMPILE)))
            continue;
        if (row->kind == OPTION_SWITCH && *(const bool *)field)
            append_option(out, row, NULL);
        else if ((row->kind == OPTION_TEXT || row->kind == OPTION_DIRECTORY) &&
                 *(const char *const *)field)
            append_option(out, row, *(const char *const *)field);
        for (size_t j = 0;
             row->kind == OPTION_LIST && j < ((const struct words *)field)->n;
             j++)
            append_option(out, row, ((const struct words *)field)->word[j]);
    }
    if (options->opt_level != 3)
        buffer_printf(out, " -O%d", options->opt_level);
}

/* Append the commands after which the next launch is a hit. */
static void append_commands(const struct explain *explain, const char *path,
                            struct buffer *out)
{
    const BCCReport report = report_of(explain);
    const char *end = strstr(report.reason, ": writable by");
    char *place;

    if (report.reasonCode == BCC_REASON_UNTRUSTED && end) {
        place = strndup(report.reason, (size_t)(end - report.reason));
        buffer_append_string(out, "chmod go-w ");
        append_word(out, place ? place : "");
        free(place);
        return;
    }
    if (report.reasonCode != BCC_REASON_UNSIGNED) {
        buffer_append_string(out, "bcc precompile");
        append_options(out, explain->options);
        buffer_append(out, " ", 1);
        append_word(out, path);
    }
    if (explain->options->keys.n == 0)
        return;
    if (out->size)
        buffer_append_string(out, " && ");
    buffer_append_string(out, "bcc sign --key PRIVATE.pem ");
    append_word(out, report.path);
}

/* The cause is the library's message about an entry of the right name, or else
 * the first difference from the nearest entry. */
static void print_remedy(const struct explain *explain, const char *path)
{
    const BCCReport report = report_of(explain);
    const char *cause = explain->cause;
    struct buffer commands;

    if (report.reasonCode != BCC_REASON_NO_ENTRY || !*cause)
        cause = report.reason;
    buffer_init(&commands);
    append_commands(explain, path, &commands);
    buffer_append(&commands, "", 1);
    if (!buffer_failed(&commands) && explain->options->json) {
        fputs(",\"cause\":", stdout);
        json_print_string(stdout, cause);
        fputs(",\"remedy\":", stdout);
        json_print_string(stdout, (const char *)commands.data);
    } else if (!buffer_failed(&commands)) {
        fputs("cause: ", stdout);
        print_visible(stdout, cause);
        fputs("\nto mend it: ", stdout);
        print_visible(stdout, (const char *)commands.data);
        putchar('\n');
    }
    buffer_release(&commands);
}

/* ---- All of it ---- */

static void print_all(struct explain *explain, const char *path)
{
    const bool is_hit = print_verdict(explain, path);

    print_differences(explain, is_hit);
    if (!is_hit)
        print_remedy(explain, path);
    if (explain->options->json)
        puts("}");
}

/* False: not explained; the script's error message may tell why. A miss fails
 * here, too; the report distinguishes it from other failures. */
static bool look_up(struct explain *explain, const char *path)
{
    const unsigned long flags =
        setup_flags(explain->options, !explain->options->exports);
    char name[NAME_MAX];
    const struct variants variants = {
        .script = explain->script,
        .options = explain->options,
        .dir = explain->dir,
        .name = name,
        .flags = flags | BCC_CACHE_ONLY,
        .prepare = bccPrepareSharedObject,
    };

    if (!entry_name(explain->script, explain->options, path, explain->dir,
                    name))
        return false;
    if (variants_prepare(&variants) &&
        report_of(explain).reasonCode == BCC_REASON_NONE)
        return false;
    explain->identity = bccGetIdentity(explain->script, flags);
    return explain->identity != NULL;
}

int cache_explain(const struct options *options, const char *dir)
{
    struct explain explain = {
        .options = options, .dir = dir, .first_row = true};
    const char *path = options->arguments[0];
    int status = EXIT_FAILED;
    bool failed;

    explain.script = setup_script(options, path, !options->exports, &failed);
    if (!explain.script)
        return EXIT_FAILED;
    if (failed || !look_up(&explain, path)) {
        setup_complain(explain.script);
    } else if (read_inputs(&explain)) {
        print_all(&explain, path);
        status = EXIT_OK;
    }
    free(explain.inputs);
    bccDisposeScript(explain.script);
    return status;
}
