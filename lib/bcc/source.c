/* Inputs of a script. A hit needs one stat() for each file, or for the archive
 * that contains it. The content is opened, read and passed on only when it is
 * needed, and nothing of it is kept after the prepare: thousands of scripts may
 * live at once, in a process that may have few descriptors. */
#include "script.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "known_content.h"
#include "zip.h"

enum {
    SHORTEST_BITCODE = 4,  /* 'B' 'C' 0xC0 0xDE, or the wrapper's magic */
    SHORTEST_ARCHIVE = 22, /* the record that ends a ZIP archive's directory */
    PIECE_SIZE = 64 * 1024
};

void source_release(struct source *source)
{
    free(source->name);
    free(source->copy);
    file_close(source->fd);
    *source = (struct source){.fd = -1};
}

void source_close(struct source *source)
{
    file_close(source->fd);
    source->fd = -1;
    source->was_prepared = true;
    source->is_hashed = false;
}

void sources_close(BCCScriptRef script)
{
    for (size_t i = 0; i < script->n_sources; i++)
        source_close(&script->sources[i]);
}

void sources_release(BCCScriptRef script)
{
    for (size_t i = 0; i < script->n_sources; i++)
        source_release(&script->sources[i]);
    free(script->sources);
    script->sources = NULL;
    script->n_sources = 0;
    script->has_source = false;
}

/* ---- Content ---- */

const struct file_stamp *source_stamp(struct source *source)
{
    struct stat st;

    if (!source->path)
        return NULL;
    if (source->was_prepared && fstatat(AT_FDCWD, source->path, &st, 0) == 0)
        source->stamp = file_stamp_of(&st);
    source->was_prepared = false;
    return &source->stamp;
}

const char *source_base_name(const struct source *source)
{
    const char *base =
        source->entry ? source->entry : source->name + strlen(source->name);

    while (base > source->name && base[-1] != '/')
        base--;
    return base;
}

static enum status open_file(struct source *source, struct error *err)
{
    enum status status;
    struct stat st;

    if (source->fd >= 0)
        return STATUS_OK;
    status = file_open(source->path, &source->fd, &st, err);
    if (status == STATUS_OK)
        source->stamp = file_stamp_of(&st);
    return status;
}

struct hashing {
    const struct source *source;
    struct sha1 sha1;
    uint64_t size;
    uint64_t deadline_ns; /* monotonic; 0: none */
};

/* An input too large or slow for the limits of a compile is not hashed to its
 * end. */
static enum status hash_some(void *context, struct span bytes,
                             struct error *err)
{
    struct hashing *hashing = context;
    const struct script_options *options = hashing->source->options;

    hashing->size += bytes.size;
    if (options->memory_limit && hashing->size > options->memory_limit)
        return error_set(err, STATUS_NO_MEMORY,
                         "%s: larger than the memory limit of %" PRIu64
                         " bytes",
                         hashing->source->name, options->memory_limit);
    if (hashing->deadline_ns && clock_monotonic_ns() > hashing->deadline_ns)
        return error_set(err, STATUS_COMPILE,
                         "%s: not read after the limit of %u ms",
                         hashing->source->name, options->time_limit_ms);
    sha1_update(&hashing->sha1, bytes);
    return STATUS_OK;
}

static enum status hash_file(const struct source *source,
                             struct hashing *hashing, struct error *err)
{
    const uint64_t size = source->stamp.size;
    enum status status = STATUS_OK;
    uint8_t *piece = malloc(PIECE_SIZE);
    size_t got = PIECE_SIZE;

    if (!piece)
        return error_no_memory(err);
    while (status == STATUS_OK && hashing->size < size && got > 0) {
        status =
            file_read_at(source->fd, (struct file_target){piece, PIECE_SIZE},
                         hashing->size, source->name, &got, err);
        if (status == STATUS_OK)
            status = hash_some(hashing, (struct span){piece, got}, err);
    }
    free(piece);
    if (status == STATUS_OK && hashing->size != size)
        return error_set(err, STATUS_STALE, "%s: changed while it was read",
                         source->name);
    return status;
}

static enum status hash_path(struct source *source, struct hashing *hashing,
                             struct error *err)
{
    const struct zip_sink sink = {hash_some, hashing};
    enum status status = open_file(source, err);

    if (!source->entry)
        return status ? status : hash_file(source, hashing, err);
    if (status == STATUS_OK)
        status = zip_stream(source->fd, source->stamp.size, source->name,
                            source->entry, &sink, err);
    return status ? error_add_reason(err, status, REASON_RESOURCE) : STATUS_OK;
}

static bool host_knows(struct source *source)
{
    const BCCHost *host = source->host;

    return host->knownSha1 && host->knownSha1(host->context, source->path,
                                              source->entry, source->sha1);
}

enum status source_digest(struct source *source, uint8_t ret_digest[SHA1_SIZE],
                          struct error *err)
{
    const uint32_t limit_ms = source->options->time_limit_ms;
    struct hashing hashing = {.source = source};
    enum status status = STATUS_OK;

    if (!source->is_hashed && !source->path) {
        known_content_sha1(source->bytes, source->sha1);
    } else if (!source->is_hashed && !host_knows(source)) {
        if (limit_ms)
            hashing.deadline_ns =
                clock_monotonic_ns() + limit_ms * (uint64_t)1000000;
        sha1_init(&hashing.sha1);
        status = hash_path(source, &hashing, err);
        if (status)
            return status;
        sha1_final(&hashing.sha1, source->sha1);
    }
    source->is_hashed = true;
    memcpy(ret_digest, source->sha1, SHA1_SIZE);
    return STATUS_OK;
}

void sources_expect(BCCScriptRef script)
{
    for (size_t i = 0; i < script->n_sources; i++) {
        struct source *source = &script->sources[i];

        if (!source->path && !source->skip_sha1)
            known_content_sha1(source->bytes, source->sha1);
    }
}

enum status source_descriptor(struct source *source, int *ret_fd,
                              uint64_t *ret_size, struct error *err)
{
    enum status status = STATUS_OK;

    if (source->path)
        status = open_file(source, err);
    else if (source->fd < 0)
        status =
            file_create_memory("bcc-input", source->bytes, &source->fd, err);
    if (status)
        return status;
    *ret_fd = source->fd;
    *ret_size = source->path ? source->stamp.size : source->bytes.size;
    return STATUS_OK;
}

/* ---- Adding inputs ---- */

/* The slot for a new source: the script's own is number 0. */
static struct source *place_for(BCCScriptRef script, enum request_role role)
{
    size_t n = script->n_sources;
    struct source *sources;

    if (role == REQUEST_SCRIPT && script->has_source) {
        source_release(&script->sources[0]);
        return &script->sources[0];
    }
    sources = realloc(script->sources, (n + 1) * sizeof(*sources));
    if (!sources)
        return NULL;
    script->sources = sources;
    script->n_sources = n + 1;
    if (role != REQUEST_SCRIPT)
        return &sources[n];
    memmove(&sources[1], &sources[0], n * sizeof(*sources));
    script->has_source = true;
    return &sources[0];
}

static int add_source(BCCScriptRef script, struct source *source)
{
    struct source *place = place_for(script, source->role);

    if (!place) {
        source_release(source);
        return script_no_memory(script);
    }
    *place = *source;
    place->options = &script->options;
    place->host = &script->host;
    return 0;
}

static int check_input(BCCScriptRef script, enum request_role role,
                       const char *name, unsigned long flags,
                       unsigned long known_flags)
{
    if (script_check_open(script, name ? name : "input"))
        return 1;
    if (!name)
        return script_misuse(script, BCC_INVALID_VALUE,
                             "input: its name is NULL");
    if (flags & ~known_flags)
        return script_misuse(script, BCC_INVALID_ENUM,
                             "%s: unknown flags 0x%lx", name,
                             flags & ~known_flags);
    if (script->n_sources >= REQUEST_MAX_INPUTS &&
        !(role == REQUEST_SCRIPT && script->has_source))
        return script_misuse(script, BCC_INVALID_VALUE,
                             "%s: more than %d inputs", name,
                             REQUEST_MAX_INPUTS);
    return 0;
}

static enum request_role link_role(unsigned long flags)
{
    return flags & BCC_LINK_WHOLE ? REQUEST_OBJECT : REQUEST_LIBRARY;
}

/* The flags that the link functions accept in addition. */
static unsigned long link_flags(enum request_role role)
{
    return role == REQUEST_SCRIPT ? 0 : BCC_LINK_WHOLE;
}

static int add_memory(BCCScriptRef script, enum request_role role,
                      const char *name, const char *bitcode, size_t size,
                      unsigned long flags)
{
    struct source source = {
        .role = role,
        .type = OBCC_APK_RESOURCE,
        .skip_sha1 = flags & BCC_SKIP_DEP_SHA1,
        .bytes = {(const uint8_t *)bitcode, size},
        .fd = -1,
    };

    if (check_input(script, role, name, flags,
                    BCC_SKIP_DEP_SHA1 | BCC_COPY_INPUT | link_flags(role)))
        return 1;
    if (!bitcode || size < SHORTEST_BITCODE)
        return script_misuse(script, BCC_INVALID_VALUE,
                             "%s: not bitcode (%zu bytes)", name,
                             bitcode ? size : 0);
    source.name = strdup(name);
    if (source.name && (flags & BCC_COPY_INPUT)) {
        source.copy = malloc(size);
        if (source.copy)
            source.bytes.data = memcpy(source.copy, bitcode, size);
    }
    if (!source.name || ((flags & BCC_COPY_INPUT) && !source.copy)) {
        source_release(&source);
        return script_no_memory(script);
    }
    return add_source(script, &source);
}

/* False: no memory. entry may be NULL. */
static bool set_names(struct source *source, const char *path,
                      const char *entry)
{
    if (!entry) {
        source->path = source->name = strdup(path);
        return source->name != NULL;
    }
    /* "ARCHIVE!ENTRY", NUL, "ARCHIVE" */
    if (asprintf(&source->name, "%s!%s%c%s", path, entry, '\0', path) < 0)
        return false;
    source->entry = source->name + strlen(path) + 1;
    source->path = source->entry + strlen(entry) + 1;
    return true;
}

/* entry: NULL, or an entry of the archive at path. */
static int add_file(BCCScriptRef script, enum request_role role,
                    const char *path, const char *entry, unsigned long flags)
{
    struct source source = {
        .role = role,
        .type = entry ? OBCC_APK_RESOURCE : OBCC_FILE_RESOURCE,
        .skip_sha1 = flags & BCC_SKIP_DEP_SHA1,
        .fd = -1,
    };
    int shortest = entry ? SHORTEST_ARCHIVE : SHORTEST_BITCODE;
    struct error err;
    struct stat st;

    if (check_input(script, role, path, flags,
                    BCC_SKIP_DEP_SHA1 | link_flags(role)))
        return 1;
    if (fstatat(AT_FDCWD, path, &st, 0) < 0) {
        error_set_os(&err, errno, "%s", path);
        return script_fail(script, &err);
    }
    if (!S_ISREG(st.st_mode)) {
        error_set(&err, STATUS_IO, "%s: not a regular file", path);
        return script_fail(script, &err);
    }
    if (st.st_size < shortest)
        return script_misuse(
            script, BCC_INVALID_VALUE, "%s: %jd bytes are too few for %s", path,
            (intmax_t)st.st_size, entry ? "a ZIP archive" : "bitcode");
    source.stamp = file_stamp_of(&st);
    if (!set_names(&source, path, entry))
        return script_no_memory(script);
    return add_source(script, &source);
}

static int add_resource(BCCScriptRef script, enum request_role role,
                        const char *archive, const char *entry,
                        unsigned long flags)
{
    if (!entry || !*entry)
        return script_misuse(script, BCC_INVALID_VALUE,
                             "%s: no archive entry was named",
                             archive ? archive : "input");
    return add_file(script, role, archive, entry, flags);
}

int bccReadBC(BCCScriptRef script, const char *resName, const char *bitcode,
              size_t bitcodeSize, unsigned long flags)
{
    return add_memory(script, REQUEST_SCRIPT, resName, bitcode, bitcodeSize,
                      flags);
}

int bccReadFile(BCCScriptRef script, const char *path, unsigned long flags)
{
    return add_file(script, REQUEST_SCRIPT, path, NULL, flags);
}

int bccReadResource(BCCScriptRef script, const char *archivePath,
                    const char *resName, unsigned long flags)
{
    return add_resource(script, REQUEST_SCRIPT, archivePath, resName, flags);
}

int bccLinkBC(BCCScriptRef script, const char *resName, const char *bitcode,
              size_t bitcodeSize, unsigned long flags)
{
    return add_memory(script, link_role(flags), resName, bitcode, bitcodeSize,
                      flags);
}

int bccLinkFile(BCCScriptRef script, const char *path, unsigned long flags)
{
    return add_file(script, link_role(flags), path, NULL, flags);
}

int bccLinkResource(BCCScriptRef script, const char *archivePath,
                    const char *resName, unsigned long flags)
{
    return add_resource(script, link_role(flags), archivePath, resName, flags);
}

static int mark_compiled(BCCScriptRef script, int failed)
{
    if (!failed)
        script->sources[0].is_compiled = true;
    return failed;
}

int bccReadExecutable(BCCScriptRef script, const char *name, const void *bytes,
                      size_t size, unsigned long flags)
{
    return check_input(script, REQUEST_SCRIPT, name, flags, BCC_COPY_INPUT) ||
           mark_compiled(script, add_memory(script, REQUEST_SCRIPT, name, bytes,
                                            size, flags));
}

int bccReadExecutableFile(BCCScriptRef script, const char *path,
                          unsigned long flags)
{
    return check_input(script, REQUEST_SCRIPT, path, flags, 0) ||
           mark_compiled(script,
                         add_file(script, REQUEST_SCRIPT, path, NULL, flags));
}

/* ---- What they are ---- */

size_t bccGetInputCount(BCCScriptRef script)
{
    return script ? script->n_sources : 0;
}

static_assert((int)BCC_INPUT_LIBRARY == (int)REQUEST_LIBRARY &&
                  (int)BCC_INPUT_OBJECT == (int)REQUEST_OBJECT,
              "ORDER INPUT ROLE");
static_assert(sizeof(BCCFileStamp) == sizeof(struct file_stamp) &&
                  offsetof(BCCFileStamp, ctimeNs) ==
                      offsetof(struct file_stamp, ctime_ns),
              "ORDER STAMP");

int bccGetInput(BCCScriptRef script, size_t i, BCCInput *input)
{
    struct source *source;

    if (i >= bccGetInputCount(script) || !input ||
        input->size != sizeof(*input))
        return script_misuse(script, BCC_INVALID_VALUE,
                             "input %zu: no such input, or size not set", i);
    source = &script->sources[i];
    if (!input->withoutSha1 &&
        source_digest(source, input->sha1, &script->error))
        return script_fail(script, &script->error);
    memcpy(&input->stamp, &source->stamp, sizeof(input->stamp));
    input->name = source->name;
    input->path = source->path;
    input->role = (int)source->role;
    input->flags = source->skip_sha1 ? BCC_SKIP_DEP_SHA1 : 0;
    return 0;
}

void bccMarkExternalSymbol(BCCScriptRef script, const char *name)
{
    char **marks;

    if (script_check_open(script, "mark"))
        return;
    if (!name || !*name) {
        script_misuse(script, BCC_INVALID_VALUE, "mark: no name");
        return;
    }
    script->identity.size = 0;
    marks = realloc(script->marks, (script->n_marks + 1) * sizeof(*marks));
    if (marks) {
        script->marks = marks;
        marks[script->n_marks] = strdup(name);
    }
    if (!marks || !marks[script->n_marks]) {
        script->out_of_memory = true;
        script_no_memory(script);
        return;
    }
    script->n_marks++;
}
