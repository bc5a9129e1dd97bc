#include "work_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "trust.h"

#define WORK_LOCK_NAME   "lock"
#define WORK_FILE_SUFFIX ".tmp"

/* ---- Locks ---- */

off_t work_slot(uint64_t hash)
{
    return (off_t)(hash & 0x7fffffffu) & ~(off_t)(WORK_SLOT_SIZE - 1);
}

static int lock_command(int lock_fd, int command, short type, off_t start,
                        off_t size, struct flock *ret_lock)
{
    int result;

    do {
        *ret_lock = (struct flock){
            .l_type = type,
            .l_whence = SEEK_SET,
            .l_start = start,
            .l_len = size,
        };
        result = fcntl(lock_fd, command, ret_lock);
    } while (result < 0 && errno == EINTR);
    return result;
}

bool work_lock(int lock_fd, off_t start, off_t size)
{
    struct flock lock;

    return lock_command(lock_fd, F_OFD_SETLK, F_WRLCK, start, size, &lock) == 0;
}

void work_unlock(int lock_fd, off_t start, off_t size)
{
    struct flock lock;

    lock_command(lock_fd, F_OFD_SETLK, F_UNLCK, start, size, &lock);
}

off_t work_locked(int lock_fd, off_t start, off_t size)
{
    struct flock lock;

    if (lock_command(lock_fd, F_OFD_GETLK, F_WRLCK, start, size, &lock) < 0)
        return -1;
    return lock.l_type == F_UNLCK ? 0 : lock.l_len;
}

/* ---- The directory ---- */

static int open_at(int dir_fd, const char *name, int flags)
{
    int fd;

    do
        fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
    while (fd < 0 && errno == EINTR);
    return fd;
}

enum status work_dir_open(int dir_fd, const char *dir,
                          struct work_dir *ret_work, struct error *err)
{
    struct work_dir work = {-1, -1};
    enum status status;
    int made;

    work.fd = open_at(dir_fd, WORK_DIR_NAME, O_RDONLY | O_DIRECTORY);
    if (work.fd < 0 && errno == ENOENT) {
        made = mkdirat(dir_fd, WORK_DIR_NAME, 0700);
        if (made < 0 && errno != EEXIST)
            return error_set_os(err, errno, "%s/%s", dir, WORK_DIR_NAME);
        work.fd = open_at(dir_fd, WORK_DIR_NAME, O_RDONLY | O_DIRECTORY);
    }
    if (work.fd < 0)
        return error_set_os(err, errno, "%s/%s", dir, WORK_DIR_NAME);
    status = trust_check_fd(work.fd, dir, WORK_DIR_NAME, err);
    if (status) {
        file_close(work.fd);
        return status;
    }
    work.lock_fd = open_at(work.fd, WORK_LOCK_NAME,
                           O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY);
    *ret_work = work;
    return STATUS_OK;
}

void work_dir_close(struct work_dir *work)
{
    file_close(work->lock_fd);
    file_close(work->fd);
    *work = (struct work_dir){-1, -1};
}

/* ---- What dead writers left ---- */

/* The hash at the end of a temporary file's name. */
static bool file_hash(const char *name, uint64_t *ret_hash)
{
    size_t size = strlen(name), end = strlen(WORK_FILE_SUFFIX) + 16;
    char *rest;

    if (size <= end || name[size - end - 1] != '.')
        return false;
    *ret_hash = strtoull(name + size - end, &rest, 16);
    return strcmp(rest, WORK_FILE_SUFFIX) == 0;
}

void work_sweep(int dir_fd, size_t max_names, sweep_fn fn, const void *context)
{
    int fd = open_at(dir_fd, ".", O_RDONLY | O_DIRECTORY);
    DIR *listing = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (!listing) {
        file_close(fd);
        return;
    }
    for (size_t i = 0; i < max_names && (entry = readdir(listing)); i++)
        if (fn(context, entry->d_name))
            unlinkat(dir_fd, entry->d_name, 0);
    closedir(listing);
}

static bool is_left_over(const void *context, const char *name)
{
    const struct work_dir *work = context;
    uint64_t hash;

    /* The writer took the lock before it created the file. */
    return file_hash(name, &hash) &&
           work_locked(work->lock_fd, work_slot(hash) + WORK_SLOT_FILE, 1) == 0;
}

void work_dir_sweep(const struct work_dir *work)
{
    /* "." and "..", the lock, and as many files as there are compiles at once
     * on a large machine. The next sweep removes the rest. */
    enum { MAX_NAMES = 200 };

    work_sweep(work->fd, MAX_NAMES, is_left_over, work);
}
