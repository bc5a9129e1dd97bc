#include "cache_file.h"

#include <stdlib.h>

#include "file.h"

/* An open file, and the bytes read from it. */
struct reading {
    int fd;
    const char *path;
    uint8_t *bytes;
    size_t size, done;
};

/* Read the bytes up to end that were not read yet. */
static enum status read_up_to(struct reading *reading, uint64_t end,
                              struct error *err)
{
    size_t wanted, n;
    enum status status;

    if (end <= reading->done)
        return STATUS_OK;
    wanted = (size_t)end - reading->done;
    status = file_read_at(
        reading->fd,
        (struct file_target){reading->bytes + reading->done, wanted},
        reading->done, reading->path, &n, err);
    if (status)
        return status;
    if (n != wanted)
        return error_set(err, STATUS_CORRUPT, "%s: cut short while it was read",
                         reading->path);
    reading->done += wanted;
    return STATUS_OK;
}

static enum status skip(struct reading *reading,
                        const struct cache_extent *extent, struct error *err)
{
    enum status status;

    if (extent->size == 0)
        return STATUS_OK;
    status = read_up_to(reading, extent->offset, err);
    if (reading->done < extent->offset + extent->size)
        reading->done = (size_t)(extent->offset + extent->size);
    return status;
}

/* Read the file, except for the parts that check_flags leave out. The bytes
 * from which the layout was read are not read again. */
static enum status read_file(struct reading *reading, unsigned check_flags,
                             struct cache_layout *ret_layout, struct error *err)
{
    const size_t head_size =
        reading->size < CACHE_HEAD_SIZE ? reading->size : CACHE_HEAD_SIZE;
    enum status status = read_up_to(reading, head_size, err);

    if (status)
        return status;
    status =
        cache_layout_read((struct span){reading->bytes, head_size},
                          reading->size, false, reading->path, ret_layout, err);
    /* ORDER SECTIONS: the debug section comes after the context. */
    if (status == STATUS_OK && (check_flags & CACHE_CHECK_NO_CODE))
        status = skip(reading, &ret_layout->section[OBCC_CONTEXT], err);
    if (status == STATUS_OK && (check_flags & CACHE_CHECK_NO_DEBUG))
        status = skip(reading, &ret_layout->section[OBCC_DEBUG], err);
    return status ? status : read_up_to(reading, reading->size, err);
}

enum status cache_file_open(const char *path, unsigned check_flags,
                            struct cache_file *ret_file, struct error *err)
{
    struct reading reading = {.path = path};
    struct cache_file file = {0};
    enum status status;
    struct stat st;

    status = file_open(path, &reading.fd, &st, err);
    if (status)
        return status;
    reading.size = (size_t)st.st_size;
    /* A file may be larger than an address space of 32 bits. */
    reading.bytes =
        st.st_size < PTRDIFF_MAX ? calloc(reading.size + 1, 1) : NULL;
    status = reading.bytes ? read_file(&reading, check_flags, &file.layout, err)
                           : error_no_memory(err);
    file_close(reading.fd);
    file.bytes = (struct span){reading.bytes, reading.size};
    if (status == STATUS_OK)
        status = cache_view_open(file.bytes, &file.layout, check_flags, path,
                                 &file.view, err);
    if (status)
        cache_file_close(&file);
    else
        *ret_file = file;
    return status;
}

void cache_file_close(struct cache_file *file)
{
    free((void *)file->bytes.data);
    *file = (struct cache_file){0};
}
