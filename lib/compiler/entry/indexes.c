/* An index is found by the identity of its library. For a file this has the
 * stamp, which stands for the content as in an entry (dependency.h). So if the
 * index has every needed name, the library is not read at all, not even to be
 * hashed: the index has its SHA1. For a library in memory, or a file that was
 * written a moment ago, the SHA1 itself is the key.
 *
 * An input whose SHA1 must be skipped has no index. */
#include "indexes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "checksum.h"
#include "entry_use.h"
#include "prune.h"
#include "store.h"

/* The directory's name in messages, which are not shown. */
static const char directory[] = "cache";

/* ---- Which ---- */

static bool has_index(const struct indexes *indexes,
                      const struct request_input *request, struct span bytes)
{
    return request->role == REQUEST_LIBRARY && !request->skip_sha1 &&
           bytes.size >= indexes->library_size;
}

/* Everything that shapes closures goes into the identity. */
static bool name_index(const struct request *request, const struct input *input,
                       struct index_file *file)
{
    const struct file_stamp *stamp = &input->stamp;
    struct buffer *identity = &file->identity;

    buffer_printf(identity, "libbcc=%s\nllvm=%s\ntriple=%s\nflags=%s\n",
                  request->libbcc_version, request->llvm_version,
                  request->triple,
                  request->flags & REQUEST_STRIP_DEBUG ? "strip-debug" : "");
    if (file->is_stamped) {
        buffer_printf(identity,
                      "file=%" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64
                      " %" PRIx64 "\nentry=%s\n",
                      stamp->device, stamp->inode, stamp->size, stamp->mtime_ns,
                      stamp->ctime_ns,
                      input->request->entry ? input->request->entry : "");
    } else {
        buffer_append_string(identity, "sha1=");
        for (size_t i = 0; i < SHA1_SIZE; i++)
            buffer_printf(identity, "%02x", input->sha1[i]);
        buffer_append_string(identity, "\n");
    }
    if (buffer_failed(identity))
        return false;
    snprintf(file->name, sizeof(file->name), "%016" PRIx64 "%s",
             checksum_xxh3(buffer_span(identity)), STORE_INDEX_SUFFIX);
    return true;
}

static bool is_directory(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* ---- Finding ---- */

static bool find(struct index_file *file, int dir_fd)
{
    const struct timespec now[2] = {{.tv_nsec = UTIME_NOW},
                                    {.tv_nsec = UTIME_NOW}};
    enum status status;
    struct stat st;
    int fd;

    if (store_open_at(dir_fd, directory, file->name, &fd, &st, NULL))
        return false;
    status = st.st_size > INDEX_MAX_SIZE
                 ? STATUS_UNSUPPORTED
                 : file_map(fd, (uint64_t)st.st_size, file->name,
                            &file->mapping, NULL);
    if (status == STATUS_OK && entry_use_is_due(&st))
        futimens(fd, now);
    file_close(fd);
    if (status)
        return false;
    if (index_view_open(file->mapping.bytes, buffer_span(&file->identity),
                        file->name, &file->view, NULL) == STATUS_OK)
        return true;
    file_unmap(&file->mapping);
    return false;
}

static void find_all(struct indexes *indexes, const struct request *request,
                     struct inputs *inputs, bool is_stamped)
{
    for (size_t i = 0; i < indexes->n_inputs; i++) {
        struct index_file *file = &indexes->file[i];
        struct input *input = &inputs->input[i];

        file->is_stamped = input->sound && inputs_may_stamp(input->request);
        if (file->is_stamped != is_stamped ||
            !has_index(indexes, input->request, input->bytes) ||
            !name_index(request, input, file) || !find(file, indexes->dir_fd))
            continue;
        indexes->index[i].known = &file->view;
        if (is_stamped) {
            memcpy(input->sha1, file->view.header->sha1, SHA1_SIZE);
            input->is_hashed = true;
        }
    }
}

/* Is there a library whose key is its SHA1? */
static bool waits_for_hashing(const struct indexes *indexes,
                              const struct inputs *inputs)
{
    for (size_t i = 0; i < indexes->n_inputs; i++)
        if (!indexes->file[i].is_stamped &&
            has_index(indexes, inputs->input[i].request, inputs->bytes[i]))
            return true;
    return false;
}

enum status indexes_open(struct indexes *indexes, const struct request *request,
                         struct inputs *inputs, struct arena *arena,
                         struct error *err)
{
    indexes->file =
        arena_alloc(arena, request->n_inputs, sizeof(*indexes->file));
    indexes->index =
        arena_alloc(arena, request->n_inputs, sizeof(*indexes->index));
    if (!indexes->file || !indexes->index)
        return error_no_memory(err);
    indexes->n_inputs = request->n_inputs;
    indexes->notes_fd = -1;
    if (!is_directory(indexes->dir_fd)) {
        inputs_start_hashing(inputs);
        return STATUS_OK;
    }
    find_all(indexes, request, inputs, true);
    inputs_start_hashing(inputs);
    if (waits_for_hashing(indexes, inputs)) {
        inputs_finish_hashing(inputs);
        find_all(indexes, request, inputs, false);
    }
    return STATUS_OK;
}

bool indexes_are_used(const struct indexes *indexes)
{
    for (size_t i = 0; i < indexes->n_inputs; i++)
        if (indexes->index[i].known)
            return true;
    return false;
}

void indexes_forget(struct indexes *indexes)
{
    for (size_t i = 0; i < indexes->n_inputs; i++)
        indexes->index[i] = (struct library_index){0};
}

/* ---- Writing ---- */

static void publish(struct index_file *file, int notes_fd, struct span bytes)
{
    struct store_writer *writer = &file->writer;
    struct stat st;

    if (file_write_all(writer->fd, bytes, file->name, NULL) == STATUS_OK &&
        store_publish(writer, NULL) == STATUS_OK && fstat(writer->fd, &st) == 0)
        prune_note(notes_fd, (uint64_t)st.st_blocks * 512, PRUNE_NO_LIMIT);
}

bool indexes_begin(struct indexes *indexes)
{
    bool any = false;

    for (size_t i = 0; i < indexes->n_inputs; i++) {
        struct index_file *file = &indexes->file[i];

        file->is_begun = file->name[0] &&
                         store_begin_at(indexes->dir_fd, directory, file->name,
                                        &file->writer, NULL) == STATUS_OK;
        any |= file->is_begun;
    }
    if (any)
        indexes->notes_fd = prune_open_notes(indexes->dir_fd);
    return any;
}

void indexes_leave(struct indexes *indexes)
{
    for (size_t i = 0; i < indexes->n_inputs; i++)
        indexes->file[i].is_begun = false;
}

void indexes_publish(struct indexes *indexes, const struct inputs *inputs)
{
    for (size_t i = 0; i < indexes->n_inputs; i++) {
        struct index_file *file = &indexes->file[i];
        const struct library_index *index = &indexes->index[i];
        struct buffer bytes;

        if (!file->is_begun)
            continue;
        buffer_init(&bytes);
        /* The stamp turned out not to stand for the bytes. */
        if (index->is_changed &&
            (!file->is_stamped || inputs->input[i].is_stamped) &&
            library_index_write(index, buffer_span(&file->identity),
                                inputs->input[i].sha1, &bytes,
                                NULL) == STATUS_OK)
            publish(file, indexes->notes_fd, buffer_span(&bytes));
        buffer_release(&bytes);
    }
}

void indexes_end(struct indexes *indexes)
{
    for (size_t i = 0; i < indexes->n_inputs; i++)
        if (indexes->file[i].is_begun)
            store_end(&indexes->file[i].writer);
}

void indexes_release(struct indexes *indexes)
{
    for (size_t i = 0; i < indexes->n_inputs; i++) {
        file_unmap(&indexes->file[i].mapping);
        buffer_release(&indexes->file[i].identity);
    }
    if (indexes->n_inputs)
        file_close(indexes->notes_fd);
    indexes->n_inputs = 0;
}
