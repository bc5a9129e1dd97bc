/* May the file that was found be used, and does it match this request?
 *
 * The header is checked at each launch. The other bytes are compared with their
 * checksums at the first use after each start of the machine, for an entry that
 * was just made, and if signatures are required. The identity is compared byte
 * for byte, the dependencies by stamp or SHA-1.
 *
 * A file that will run is mapped here, once: the bytes that are checked are the
 * bytes that are loaded. Any defect is a reason to look further. */
#include "prepare.h"

#include <stdlib.h>
#include <string.h>

#include "cpu_features.h"
#include "dependency.h"
#include "entry_use.h"
#include "machine.h"
#include "reason_code.h"
#include "version.h"

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

/* Name the first line in which the two identities differ; one of them may be
 * the beginning of the other. */
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

/* The first two lines of an identity; the version of the format ends in the
 * NUL that stands for a newline here. */
enum {
    ENGINE_LINES_SIZE =
        sizeof("format=" OBCC_VERSION "libbcc=" BCC_VERSION_STRING "\n") - 1
};

static enum status check_identity(struct prepare *p, const char *name,
                                  const struct cache_view *view,
                                  struct error *err)
{
    struct span has = cache_identity(view);
    struct span wants = buffer_span(&p->script->identity);
    size_t size = has.size;

    /* Code given by the host may be made with any options, but for this version
     * of the library. */
    if (p->given) {
        wants.size = ENGINE_LINES_SIZE;
        if (size > wants.size)
            size = wants.size;
    }
    if (size == wants.size && memcmp(has.data, wants.data, size) == 0)
        return STATUS_OK;
    if (!has.size || has.data[has.size - 1] != '\n')
        return error_set(err, STATUS_CORRUPT, "%s: identity is not text", name);
    return say_what_differs(name, has, wants, err);
}

static enum status digest_for_dependency(void *context,
                                         uint8_t ret_digest[SHA1_SIZE],
                                         struct error *err)
{
    return source_digest(context, ret_digest, err);
}

static enum status check_dependencies(struct prepare *p,
                                      const struct cache_view *view,
                                      struct error *err)
{
    BCCScriptRef script = p->script;
    struct dependency_input few[4], *inputs = few;
    enum status status;

    if (script->n_sources > sizeof(few) / sizeof(few[0]))
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
            .stamp = source_stamp(source),
            .entry = source->entry,
            .digest = digest_for_dependency,
            .context = source,
        };
    }
    status = dependency_check(view, inputs, script->n_sources, err);
    if (inputs != few)
        free(inputs);
    return status;
}

static enum status check_tier(const struct prepare *p,
                              const struct found *found, struct error *err)
{
    if (p->request.tier != REQUEST_TIER_BEST ||
        found->layout.tier == OBCC_TIER_BEST)
        return STATUS_OK;
    error_set(err, STATUS_STALE, "%s: baseline code, the best is required",
              found->name);
    return error_add_reason(err, STATUS_STALE, REASON_TIER);
}

static enum status check_answer(struct prepare *p, const struct found *found,
                                const struct cache_view *view,
                                struct error *err)
{
    enum status status = check_identity(p, found->name, view, err);

    if (status == STATUS_OK)
        status = check_tier(p, found, err);
    /* The inputs of an entry that was just made are known. Compiled code that
     * the host gives needs no comparison. */
    if (status || found->origin >= FOUND_MADE)
        return status;
    return check_dependencies(p, view, err);
}

/* ---- Is it whole? ---- */

/* A file that will run is mapped before anything of it is read. */
static enum status read_layout(const struct prepare *p, struct found *found,
                               bool was_checked, struct error *err)
{
    uint8_t bytes[CACHE_HEAD_SIZE];
    struct span head = found->bytes;
    enum status status = STATUS_OK;

    found->source = (struct load_source){
        .is_copied = (p->script->host.shows & BCC_SHOW_PERF_MAP) != 0,
        .fd = found->fd,
        .bytes = found->bytes.data,
        .name = found->name,
        .file_size = (uint64_t)found->st.st_size,
    };
    if (p->execute && !found->source.is_copied)
        load_open(&found->source, &found->image);
    if (found->image.head) {
        head = (struct span){found->image.head, (size_t)found->st.st_size};
    } else if (found->fd >= 0) {
        head.data = bytes;
        status =
            file_read_at(found->fd, (struct file_target){bytes, sizeof(bytes)},
                         0, found->name, &head.size, err);
    }
    if (status)
        return status;
    return cache_layout_read(head, (uint64_t)found->st.st_size, was_checked,
                             found->name, &found->layout, err);
}

/* Check every byte against its checksum, except those of the debug section if
 * the file will run: it is never loaded. */
static enum status check_bytes(struct prepare *p, struct found *found,
                               struct span bytes, struct error *err)
{
    const struct script_options *options = &p->script->options;
    const bool with_debug =
        found->origin == FOUND_MADE || !p->execute || (p->flags & BCC_VERIFY);
    struct cache_view view;
    enum status status;

    status = cache_view_open(bytes, &found->layout,
                             CACHE_CHECK_ALL |
                                 (with_debug ? 0 : CACHE_CHECK_NO_DEBUG),
                             found->name, &view, err);
    if (status == STATUS_OK && options->n_trusted_keys)
        status = signature_check(bytes, options->trusted_keys,
                                 options->n_trusted_keys, found->name, err);
    return status ? status : check_answer(p, found, &view, err);
}

enum status admit_whole(struct prepare *p, struct found *found,
                        struct error *err)
{
    struct file_mapping mapping = {found->bytes};
    enum status status = STATUS_OK;

    if (found->fd >= 0)
        status = file_map(found->fd, (uint64_t)found->st.st_size, found->name,
                          &mapping, err);
    if (status)
        return status;
    status = check_bytes(p, found, mapping.bytes, err);
    if (found->fd >= 0)
        file_unmap(&mapping);
    found->was_checked = status == STATUS_OK;
    return status;
}

static bool must_check(const struct prepare *p, const struct found *found)
{
    return found->origin == FOUND_MADE || found->fd < 0 || !p->execute ||
           (p->flags & BCC_VERIFY) || p->script->options.n_trusted_keys ||
           !entry_is_checked(&found->st);
}

/* ---- Is it for this machine? ---- */

static enum status check_machine(const struct found *found, struct error *err)
{
    const struct cache_layout *layout = &found->layout;
    const struct machine *made_for = machine_find(layout->machine);
    struct cpu_features host;
    int missing;

    if (layout->machine != machine_host()->elf_machine ||
        layout->sizeof_ptr_t != sizeof(void *) || layout->endianness != 'e')
        return error_add_reason(
            err,
            error_set(err, STATUS_UNSUPPORTED,
                      "%s: made for another machine (%s, this one is %s)",
                      found->name, made_for ? made_for->name : "unknown",
                      machine_host()->name),
            REASON_MACHINE);
    host = cpu_features_host();
    missing = cpu_features_missing(&layout->cpu_features, &host);
    if (missing >= 0) {
        const char *name = cpu_features_host_name((unsigned)missing);

        return error_add_reason(
            err,
            error_set(err, STATUS_STALE,
                      "%s: needs the CPU feature '%s', which this machine "
                      "lacks",
                      found->name, name ? name : "unknown"),
            REASON_HOST_CPU);
    }
    return STATUS_OK;
}

/* ---- All of it ---- */

static enum status map(struct prepare *p, struct found *found,
                       struct error *err)
{
    const struct cache_layout *layout = &found->layout;
    enum status status;

    found->source.image_offset = layout->section[OBCC_CONTEXT].offset;
    found->source.image_size = layout->section[OBCC_CONTEXT].size;
    found->source.image_span = layout->image_span;
    found->source.image_align = layout->image_align;
    found->source.text_span = layout->text_span;
    status = load_map(&found->source, &found->image, err);
    if (status)
        return status;
    status = cache_view_open(load_prefix(&found->image), layout, 0, found->name,
                             &found->view, err);
    if (status || found->was_checked)
        return status;
    return check_answer(p, found, &found->view, err);
}

enum status admit(struct prepare *p, struct found *found, struct error *err)
{
    const bool is_due = must_check(p, found);
    enum status status;

    status = read_layout(p, found, !is_due, err);
    if (status == STATUS_OK && is_due)
        status = admit_whole(p, found, err);
    if (status == STATUS_OK && p->execute)
        status = check_machine(found, err);
    if (status == STATUS_OK && p->execute)
        status = map(p, found, err);
    if (status == STATUS_OK)
        p->script->report.tier = found->layout.tier == OBCC_TIER_BEST
                                     ? BCC_TIER_BEST
                                     : BCC_TIER_BASELINE;
    return status;
}
