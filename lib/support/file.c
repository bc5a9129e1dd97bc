#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

struct file_stamp file_stamp_of(const struct stat *st)
{
    return (struct file_stamp){
        .device = st->st_dev,
        .inode = st->st_ino,
        .size = (uint64_t)st->st_size,
        .mtime_ns = clock_ns(st->st_mtim),
        .ctime_ns = clock_ns(st->st_ctim),
    };
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode &&
           a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns;
}

enum status file_open(const char *path, int *ret_fd, struct stat *ret_st,
                      struct error *err)
{
    struct stat st;
    int fd;

    /* O_NONBLOCK: opening a fifo must not wait for its writer. */
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return error_set_os(err, errno, "%s", path);
    if (fstat(fd, &st) < 0) {
        int saved = errno;
        close(fd);
        return error_set_os(err, saved, "%s", path);
    }
    if (!S_ISREG(st.st_mode)) {
        close(fd);
        return error_set_os(err, S_ISDIR(st.st_mode) ? EISDIR : EINVAL,
                            "%s: not a regular file", path);
    }
    if (ret_st)
        *ret_st = st;
    *ret_fd = fd;
    return STATUS_OK;
}

enum status file_map(int fd, uint64_t size, const char *name,
                     struct file_mapping *ret_mapping, struct error *err)
{
    static const uint8_t nothing[1];
    void *data;

    if (size == 0) {
        ret_mapping->bytes = (struct span){nothing, 0};
        return STATUS_OK;
    }
    if (size > SIZE_MAX / 2)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %llu bytes are more than can be mapped", name,
                         (unsigned long long)size);
    data = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return error_set_os(err, errno, "%s: mmap", name);
    ret_mapping->bytes = (struct span){data, (size_t)size};
    return STATUS_OK;
}

void file_unmap(struct file_mapping *mapping)
{
    if (mapping->bytes.size)
        munmap((void *)mapping->bytes.data, mapping->bytes.size);
    mapping->bytes = (struct span){NULL, 0};
}

enum status file_write_all(int fd, struct span bytes, const char *name,
                           struct error *err)
{
    while (bytes.size) {
        ssize_t n = write(fd, bytes.data, bytes.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_os(err, errno, "%s: write", name);
        bytes.data += n;
        bytes.size -= (size_t)n;
    }
    return STATUS_OK;
}

enum status file_sync(int fd, const char *name, struct error *err)
{
    int result;

    do
        result = fsync(fd);
    while (result < 0 && errno == EINTR);
    return result < 0 ? error_set_os(err, errno, "%s: fsync", name) : STATUS_OK;
}

enum status file_read_at(int fd, struct file_target target, uint64_t offset,
                         const char *name, size_t *ret_size, struct error *err)
{
    size_t done = 0;

    while (done < target.size) {
        ssize_t n = pread(fd, (uint8_t *)target.data + done, target.size - done,
                          (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_os(err, errno, "%s: read", name);
        if (n == 0)
            break;
        done += (size_t)n;
    }
    *ret_size = done;
    return STATUS_OK;
}

bool file_may_grow_to(uint64_t size)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_FSIZE, &limit) < 0 || size <= limit.rlim_cur;
}

int file_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

/* The kernel gives up to 256 bytes at once, as soon as it has any. */
bool file_random(void *bytes, size_t size)
{
    long n;

    do
        n = syscall(SYS_getrandom, bytes, size, 0);
    while (n < 0 && errno == EINTR);
    return n == (long)size;
}

enum status file_create_memory(const char *name, struct span bytes, int *ret_fd,
                               struct error *err)
{
    enum status status;
    int fd;

    if (!file_may_grow_to(bytes.size))
        return error_set_os(err, EFBIG,
                            "%s: %zu bytes are above the process's limit", name,
                            bytes.size);
    fd = (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return error_set_os(err, errno, "%s: memfd_create", name);
    status = file_write_all(fd, bytes, name, err);
    if (status == STATUS_OK && lseek(fd, 0, SEEK_SET) < 0)
        status = error_set_os(err, errno, "%s: lseek", name);
    if (status) {
        file_close(fd);
        return status;
    }
    *ret_fd = fd;
    return STATUS_OK;
}

void file_close(int fd)
{
    int saved = errno;

    if (fd >= 0)
        close(fd);
    errno = saved;
}
