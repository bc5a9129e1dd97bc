/* An entry records the bytes it was made from: their SHA1, and for a file the
 * stamp, so that later launches need not read it. Both must be true of the
 * bytes that were compiled, although files can change at any moment.
 *
 *  - A file whose stamp is sound when it is opened (dependency.h) is
 *    mapped. If the stamp is the same after the compile, nothing changed,
 *    and it is recorded.
 *  - A file that was written a moment ago is copied first: what is compiled is
 *    what is hashed, whatever happens to the file. If at the end the stamp
 *    is still the same and has become sound, and the file still has the same
 *    SHA1, it is recorded after all: the usual case of a program that writes a
 *    script and compiles it.
 *  - An entry of an archive is unpacked, and so always a copy. The stamp
 *    that is recorded is the archive's.
 *
 * SHA1 takes 5 ms for a runtime of 9 MB, as long as linking a small script
 * with it; so large inputs are hashed by a second thread while LLVM works. */
#include "inputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "dependency.h"
#include "zip.h"

/* Below this size a thread costs more than it saves. */
enum { THREAD_WORTH_SIZE = 256 * 1024 };

static enum status take_stamp(const struct input *input,
                              struct file_stamp *ret_stamp, bool *ret_sound,
                              struct error *err)
{
    struct stat st;

    if (fstat(input->fd, &st) < 0)
        return error_set_os(err, errno, "%s", input->request->name);
    *ret_stamp = file_stamp_of(&st);
    *ret_sound = dependency_stamp_is_sound(ret_stamp, clock_realtime_ns());
    return STATUS_OK;
}

/* ---- Reading ---- */

/* The caller frees the copy. */
static enum status read_copy(const struct input *input, struct span *ret_copy,
                             struct error *err)
{
    size_t size = (size_t)input->stamp.size, got;
    enum status status;
    uint8_t *copy;

    if (input->request->entry)
        return zip_read(input->fd, size, input->request->name,
                        input->request->entry, ret_copy, err);
    copy = malloc(size + 1);
    if (!copy)
        return error_no_memory(err);
    status = file_read_at(input->fd, (struct file_target){copy, size}, 0,
                          input->request->name, &got, err);
    if (!status && got != size)
        status = error_set(err, STATUS_STALE, "%s: cut short while it was read",
                           input->request->name);
    if (status) {
        free(copy);
        return status;
    }
    *ret_copy = (struct span){copy, size};
    return STATUS_OK;
}

/* May the bytes be mapped, because a change would be noticed or is
 * impossible? */
static bool is_mapped(const struct input *input)
{
    return !input->request->entry &&
           (input->sound || input->request->type != OBCC_FILE_RESOURCE);
}

static enum status open_input(struct input *input, struct error *err)
{
    const struct request_input *request = input->request;
    enum status status;

    status = take_stamp(input, &input->stamp, &input->sound, err);
    if (status)
        return status;
    if (input->stamp.size != request->size)
        return error_set(err, STATUS_STALE,
                         "%s: %llu bytes, and not the %llu that were announced",
                         request->name, (unsigned long long)input->stamp.size,
                         (unsigned long long)request->size);
    if (!is_mapped(input))
        return read_copy(input, &input->bytes, err);
    status =
        file_map(input->fd, request->size, request->name, &input->mapping, err);
    input->bytes = input->mapping.bytes;
    return status;
}

enum status inputs_open(struct inputs *inputs, const struct request *request,
                        const int *fds, struct arena *arena, struct error *err)
{
    memset(inputs, 0, sizeof(*inputs));
    inputs->portable = request->portable;
    inputs->input =
        arena_alloc(arena, request->n_inputs, sizeof(*inputs->input));
    inputs->bytes =
        arena_alloc(arena, request->n_inputs, sizeof(*inputs->bytes));
    if (!inputs->input || !inputs->bytes)
        return error_no_memory(err);
    for (size_t i = 0; i < request->n_inputs; i++) {
        struct input *input = &inputs->input[i];
        enum status status;

        input->request = &request->inputs[i];
        input->fd = fds[i];
        inputs->n_inputs = i + 1;
        status = open_input(input, err);
        if (status)
            return status;
        inputs->bytes[i] = input->bytes;
    }
    return STATUS_OK;
}

void inputs_release(struct inputs *inputs)
{
    inputs_finish_hashing(inputs);
    for (size_t i = 0; i < inputs->n_inputs; i++) {
        struct input *input = &inputs->input[i];
        if (is_mapped(input))
            file_unmap(&input->mapping);
        else
            free((void *)input->bytes.data);
    }
    memset(inputs, 0, sizeof(*inputs));
}

/* ---- Hashing ---- */

static void *hash_all(void *context)
{
    struct inputs *inputs = context;

    for (size_t i = 0; i < inputs->n_inputs; i++) {
        struct input *input = &inputs->input[i];
        if (!input->request->skip_sha1 && !input->is_hashed)
            sha1_digest(input->bytes, input->sha1);
    }
    return NULL;
}

void inputs_start_hashing(struct inputs *inputs)
{
    uint64_t size = 0;

    for (size_t i = 0; i < inputs->n_inputs; i++)
        size += inputs->input[i].is_hashed ? 0 : inputs->bytes[i].size;
    inputs->hashing =
        size >= THREAD_WORTH_SIZE &&
        pthread_create(&inputs->hasher, NULL, hash_all, inputs) == 0;
    if (!inputs->hashing)
        hash_all(inputs);
}

void inputs_finish_hashing(struct inputs *inputs)
{
    if (inputs->hashing)
        pthread_join(inputs->hasher, NULL);
    inputs->hashing = false;
}

/* ---- After the compile ---- */

/* Does the file now still have the SHA1 of the bytes that were compiled? */
static enum status is_unchanged(const struct input *input, bool *ret_unchanged,
                                struct error *err)
{
    uint8_t sha1[SHA1_SIZE];
    struct span copy;
    enum status status = read_copy(input, &copy, err);

    if (status)
        return status;
    sha1_digest(copy, sha1);
    free((void *)copy.data);
    *ret_unchanged = memcmp(sha1, input->sha1, SHA1_SIZE) == 0;
    return STATUS_OK;
}

/* *ret_signed: the first stamp may stand for the content. */
static enum status settle_file(const struct input *input, bool *ret_signed,
                               struct error *err)
{
    struct file_stamp stamp;
    enum status status;
    bool sound, same;

    *ret_signed = false;
    status = take_stamp(input, &stamp, &sound, err);
    if (status)
        return status;
    same = file_stamp_equal(&stamp, &input->stamp);
    if (input->sound && same) {
        *ret_signed = true;
        return STATUS_OK;
    }
    if (is_mapped(input)) {
        /* Perhaps only its mode or a link changed. */
        bool unchanged = false;
        status = is_unchanged(input, &unchanged, err);
        if (!status && !unchanged)
            status = error_set(err, STATUS_STALE,
                               "%s: changed while it was being compiled",
                               input->request->name);
        return status;
    }
    if (sound && same)
        return is_unchanged(input, ret_signed, err);
    return STATUS_OK;
}

bool inputs_may_stamp(const struct request_input *request)
{
    return request->entry ? dependency_entry_may_be_stamped(request->entry)
                          : request->type == OBCC_FILE_RESOURCE;
}

enum status inputs_settle(const struct inputs *inputs,
                          struct cache_dependency *rows, struct error *err)
{
    for (size_t i = 0; i < inputs->n_inputs; i++) {
        struct input *input = &inputs->input[i];
        const struct request_input *request = input->request;
        struct cache_dependency *row = &rows[i];

        *row = (struct cache_dependency){
            .name = request->name,
            .type = request->type,
            .flags = dependency_role_flag(request->role) |
                     (request->entry ? OBCC_DEPENDENCY_ARCHIVE : 0),
        };
        if (request->skip_sha1) {
            row->flags |= OBCC_DEPENDENCY_SKIP_SHA1;
            continue;
        }
        memcpy(row->sha1, input->sha1, SHA1_SIZE);
        if (inputs_may_stamp(request)) {
            enum status status = settle_file(input, &input->is_stamped, err);
            if (status)
                return status;
        }
        if (input->is_stamped && !inputs->portable) {
            row->flags |= OBCC_DEPENDENCY_STAMPED;
            row->stamp = input->stamp;
        }
    }
    return STATUS_OK;
}
