#include "cache_file.h"

enum status cache_file_open(const char *path, unsigned check_flags,
                            struct cache_file *ret_file, struct error *err)
{
    struct cache_file file = {0};
    enum status status;
    struct stat st;
    struct span head;
    int fd;

    status = file_open(path, &fd, &st, err);
    if (status)
        return status;
    status = file_map(fd, (uint64_t)st.st_size, path, &file.mapping, err);
    file_close(fd);
    if (status)
        return status;
    head = file.mapping.bytes;
    if (head.size > CACHE_HEAD_SIZE)
        head.size = CACHE_HEAD_SIZE;
    status =
        cache_layout_read(head, (uint64_t)st.st_size, path, &file.layout, err);
    if (status == STATUS_OK)
        status = cache_view_open(file.mapping.bytes, &file.layout, check_flags,
                                 path, &file.view, err);
    if (status)
        file_unmap(&file.mapping);
    else
        *ret_file = file;
    return status;
}

void cache_file_close(struct cache_file *file)
{
    file_unmap(&file->mapping);
}
