/* From a cache file to code. What is wrong with an entry is a reason to
 * compile, code that this build cannot load as well; only what a compile cannot
 * mend ends the prepare: symbols that nobody defines. */
#include "prepare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cpu_features.h"
#include "dependency.h"
#include "last_use.h"
#include "machine.h"
#include "payload_check.h"
#include "reason.h"
#include "store.h"

/* An open cache file. */
struct entry {
    int fd;
    uint64_t size;
    const char *name; /* for messages */
};

/* ---- Is the entry the answer to this request? ---- */

/* The line at `start`; empty if the text ends there. */
static struct span line_at(struct span text, size_t start)
{
    struct span line = {text.data + start, 0};

    while (start + line.size < text.size && line.size < ERROR_MESSAGE_SIZE &&
           line.data[line.size] != '\n')
        line.size++;
    return line;
}

static struct span or_nothing(struct span line)
{
    static const char nothing[] = "nothing there";

    return line.size
               ? line
               : (struct span){(const uint8_t *)nothing, sizeof(nothing) - 1};
}

/* Name the first line of the identity in which the two differ; one of them may
 * be the beginning of the other. */
static enum status say_what_differs(const char *name, struct span has,
                                    struct span wants, struct error *err)
{
    size_t start = 0, i = 0;
    struct span made, wanted;
    enum reason reason;

    while (i < has.size && i < wants.size && has.data[i] == wants.data[i]) {
        if (has.data[i] == '\n')
            start = i + 1;
        i++;
    }
    made = line_at(has, start);
    wanted = line_at(wants, start);
    reason = reason_of_lines(made, wanted);
    made = or_nothing(made);
    wanted = or_nothing(wanted);
    error_set(err, STATUS_STALE, "%s: made with %.*s, wanted %.*s", name,
              (int)made.size, (const char *)made.data, (int)wanted.size,
              (const char *)wanted.data);
    return error_add_reason(err, STATUS_STALE, reason);
}

static enum status check_identity(struct prepare *p, const char *name,
                                  const struct cache_view *view,
                                  struct error *err)
{
    struct span has = cache_identity(view);
    struct span wants = buffer_span(&p->identity);

    if (has.size == wants.size && memcmp(has.data, wants.data, has.size) == 0)
        return STATUS_OK;
    if (!has.size || has.data[has.size - 1] != '\n')
        return error_set(err, STATUS_CORRUPT, "%s: identity is not text", name);
    return say_what_differs(name, has, wants, err);
}

static enum status read_for_dependency(void *context, struct span *ret_bytes,
                                       struct error *err)
{
    return source_read(context, ret_bytes, err);
}

static enum status check_dependencies(struct prepare *p,
                                      const struct cache_view *view,
                                      struct error *err)
{
    BCCScriptRef script = p->script;
    struct dependency_input *inputs;
    enum status status;

    inputs = calloc(script->n_sources, sizeof(*inputs));
    if (!inputs)
        return error_no_memory(err);
    for (size_t i = 0; i < script->n_sources; i++) {
        struct source *source = &script->sources[i];
        inputs[i] = (struct dependency_input){
            .role = source->role,
            .type = source->type,
            .skip_sha1 = source->skip_sha1,
            .name = source->name,
            .signature = source_signature(source),
            .entry = source->entry,
            .read = read_for_dependency,
            .context = source,
        };
    }
    status = dependency_check(view, inputs, script->n_sources, err);
    free(inputs);
    return status;
}

static enum status check_view(struct prepare *p, const char *name,
                              const struct cache_view *view, struct error *err)
{
    enum status status = check_identity(p, name, view, err);

    return status ? status : check_dependencies(p, view, err);
}

static enum status read_layout(const struct entry *entry,
                               struct cache_layout *ret_layout,
                               struct error *err)
{
    uint8_t head[CACHE_HEAD_SIZE];
    enum status status;
    size_t size;

    status =
        file_read_at(entry->fd, head, sizeof(head), 0, entry->name, &size, err);
    if (status)
        return status;
    return cache_layout_read((struct span){head, size}, entry->size,
                             entry->name, ret_layout, err);
}

/* Whether it is ours to trust, and the answer. */
static enum status check_found(struct prepare *p, const struct entry *entry,
                               struct span bytes, const struct cache_view *view,
                               struct error *err)
{
    const struct script_options *options = &p->script->options;
    enum status status = STATUS_OK;

    if (options->n_trusted_keys)
        status = signature_check(bytes, options->trusted_keys,
                                 options->n_trusted_keys, entry->name, err);
    return status ? status : check_view(p, entry->name, view, err);
}

/* Every byte against its checksum. What is to be run does without that of the
 * debug section, which is never loaded. Of an entry that was made just now it
 * is known who made it, and of what. */
static enum status check_whole_file(struct prepare *p,
                                    const struct entry *entry, bool is_fresh,
                                    struct error *err)
{
    bool with_debug = is_fresh || !p->execute || (p->flags & BCC_VERIFY);
    struct file_mapping mapping;
    struct cache_layout layout;
    struct cache_view view;
    enum status status;

    status = read_layout(entry, &layout, err);
    if (status)
        return status;
    status = file_map(entry->fd, entry->size, entry->name, &mapping, err);
    if (status)
        return status;
    status = cache_view_open(mapping.bytes, &layout,
                             CACHE_CHECK_ALL |
                                 (with_debug ? 0 : CACHE_CHECK_NO_DEBUG),
                             entry->name, &view, err);
    if (status == STATUS_OK)
        status = is_fresh ? check_identity(p, entry->name, &view, err)
                          : check_found(p, entry, mapping.bytes, &view, err);
    file_unmap(&mapping);
    return status;
}

/* ---- From an entry to code ---- */

static enum status check_machine(const struct entry *entry,
                                 const struct cache_layout *layout,
                                 struct error *err)
{
    struct cpu_features host;
    int missing;

    if (layout->machine != machine_host()->elf_machine ||
        layout->sizeof_ptr_t != sizeof(void *) || layout->endianness != 'e')
        return error_add_reason(
            err,
            error_set(err, STATUS_UNSUPPORTED,
                      "%s: made for another machine (ELF machine %u, this "
                      "one is %u)",
                      entry->name, layout->machine,
                      machine_host()->elf_machine),
            REASON_MACHINE);
    host = cpu_features_host();
    missing = cpu_features_missing(&layout->cpu_features, &host);
    if (missing >= 0) {
        const char *name =
            cpu_feature_name(machine_host()->elf_machine, (unsigned)missing);
        return error_add_reason(
            err,
            error_set(err, STATUS_STALE,
                      "%s: needs the CPU feature '%s', which this machine "
                      "lacks",
                      entry->name, name ? name : "unknown"),
            REASON_HOST_CPU);
    }
    return STATUS_OK;
}

/* A failure that a compile cannot mend. Where shared libraries may define what
 * is missing it can: they may have changed since they were looked at. */
static bool is_final(const struct prepare *p, enum status status)
{
    if (status == STATUS_UNRESOLVED)
        return p->request.n_shared == 0 &&
               !(p->request.flags & REQUEST_DEFAULT_LIBRARIES);
    return status == STATUS_NO_MEMORY;
}

/* Code and what it takes from elsewhere, once the view is known to be right. */
static enum status link_entry(struct prepare *p,
                              const struct load_source *source,
                              const struct cache_view *view,
                              struct image *image, struct error *err)
{
    const struct load_binding binding = {symbols_resolve, symbols_note_missing,
                                         p};
    enum status status = STATUS_OK;

    if (p->script->n_missing)
        missing_release(p->script);
    if (cache_is_there(view, OBCC_NEEDED_LIST))
        status = libraries_open(p, view, source->name, &p->libraries, err);
    if (status)
        return status;
    p->view = view;
    return load_link(source, image, &binding, err);
}

static enum status load_entry(struct prepare *p, const struct entry *entry,
                              bool is_fresh, bool *ret_is_final,
                              struct error *err)
{
    BCCScriptRef script = p->script;
    struct cache_layout layout;
    struct load_source source;
    struct cache_view view;
    struct image image = {0};
    enum status status;

    *ret_is_final = false;
    status = read_layout(entry, &layout, err);
    if (status == STATUS_OK)
        status = check_machine(entry, &layout, err);
    if (status)
        return status;
    source = (struct load_source){
        .fd = entry->fd,
        .name = entry->name,
        .file_size = entry->size,
        .image_offset = layout.section[OBCC_CONTEXT].offset,
        .image_size = layout.section[OBCC_CONTEXT].size,
        .image_span = layout.image_span,
        .image_align = layout.image_align,
        .text_span = layout.text_span,
    };
    status = load_map(&source, &image, err);
    if (status)
        return status;
    status = cache_view_open(load_prefix(&image), &layout, 0, entry->name,
                             &view, err);
    if (status == STATUS_OK && !is_fresh)
        status = check_view(p, entry->name, &view, err);
    if (status)
        goto out;
    prepare_end_stage(p, is_fresh ? BCC_STAGE_PUBLISH : BCC_STAGE_LOOKUP);

    status = link_entry(p, &source, &view, &image, err);
    if (status) {
        *ret_is_final = is_final(p, status);
        goto out;
    }
    prepare_end_stage(p, BCC_STAGE_LOAD);
    script->image = image;
    image = (struct image){0};
    script->libraries = p->libraries;
    p->libraries = (struct libraries){0};
    script->layout = layout;
    script->view = view;
    script->report.imageBytes = layout.section[OBCC_CONTEXT].size;
out:
    load_release(&image);
    libraries_close(&p->libraries);
    return status;
}

/* ---- Hit ---- */

/* Must every byte be compared with its checksum? Where the times of a file can
 * be set, they tell that it was done since the machine was started; of others,
 * in layers for instance, it is remembered elsewhere. */
static bool must_check(const struct prepare *p, const struct stat *st,
                       bool is_marked)
{
    return !p->execute || (p->flags & BCC_VERIFY) ||
           p->script->options.n_trusted_keys ||
           !(is_marked || payload_is_checked(st));
}

/* is_marked: last_use_is_checked() of st, which most launches need once. */
static void note_use(const struct prepare *p, int fd, struct stat *st,
                     bool is_marked, bool was_checked)
{
    const bool is_noted = is_marked && !last_use_is_due(st);
    const bool written =
        !p->is_layer && !is_noted &&
        last_use_record(p->dir, fd, st, is_marked || was_checked);

    /* Of a file whose times were written, the change time is another one. */
    if ((written || was_checked) && !last_use_is_checked(st))
        payload_remember(st);
}

/* OK: the entry is good, and loaded if that was asked for. */
enum status prepare_hit(struct prepare *p, bool *ret_is_final,
                        struct error *err)
{
    struct entry entry = {.fd = -1, .name = p->script->report.path};
    enum status status;
    bool is_marked, check_all;
    struct stat st;

    *ret_is_final = false;
    if (p->flags & BCC_REBUILD)
        return error_add_reason(
            err, error_set(err, STATUS_STALE, "rebuild was asked for"),
            REASON_REBUILD);
    status = store_open(p->dir, p->name, &entry.fd, &st, err);
    if (status)
        return status;
    entry.size = (uint64_t)st.st_size;
    is_marked = last_use_is_checked(&st);
    check_all = must_check(p, &st, is_marked);
    if (check_all)
        status = check_whole_file(p, &entry, false, err);
    if (status == STATUS_OK && p->execute)
        status = load_entry(p, &entry, false, ret_is_final, err);
    /* Not every launch checks the code; one that is about to fail does, since
     * damage looks like a symbol that nobody defines. */
    if (status && *ret_is_final) {
        struct error damage;
        enum status whole = check_whole_file(p, &entry, false, &damage);
        if (whole == STATUS_CORRUPT) {
            *ret_is_final = false;
            *err = damage;
            status = whole;
        }
    }
    if (status == STATUS_OK)
        note_use(p, entry.fd, &st, is_marked, check_all);
    file_close(entry.fd);
    return status;
}

enum status prepare_check_fresh(struct prepare *p, int fd, struct error *err)
{
    struct entry entry = {.fd = fd, .name = "what the compiler wrote"};
    struct error why = {0};
    enum status status;
    struct stat st;

    if (fstat(fd, &st) < 0)
        return error_set_os(err, errno, "%s: fstat", entry.name);
    entry.size = (uint64_t)st.st_size;
    status = check_whole_file(p, &entry, true, &why);
    if (status == STATUS_NO_MEMORY || status == STATUS_IO)
        *err = why;
    else if (status)
        status = error_set(err, STATUS_COMPILE, "%s", why.message);
    return status;
}

enum status prepare_load_fresh(struct prepare *p, int fd, const char *name,
                               struct error *err)
{
    struct entry entry = {.fd = fd, .name = name};
    bool ignored;
    struct stat st;

    if (!p->execute)
        return STATUS_OK;
    if (fstat(fd, &st) < 0)
        return error_set_os(err, errno, "%s: fstat", name);
    entry.size = (uint64_t)st.st_size;
    return load_entry(p, &entry, true, &ignored, err);
}
