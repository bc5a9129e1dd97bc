/* The system calls of a hit: open, fstat, openat, fstat, geteuid and close. */
#include "store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "trust.h"

enum {
    ENTRY_NAME_SIZE = sizeof(((struct store_writer *)0)->entry),
    /* Two names of 64 random bits never collide by chance; after a few tries
     * something else is wrong. */
    MAX_TRIES = 8
};

/* ---- Names ---- */

static enum status entry_name(const char *name, char buffer[ENTRY_NAME_SIZE],
                              struct error *err)
{
    size_t size = strlen(name);

    if (size == 0 || name[0] == '.' || strchr(name, '/'))
        return error_set(err, STATUS_MISUSE,
                         "cache entry '%s': empty, hidden or a path", name);
    if (size + strlen(STORE_SUFFIX) > NAME_MAX)
        return error_set(err, STATUS_MISUSE,
                         "cache entry '%.64s...': name is too long", name);
    memcpy(buffer, name, size);
    memcpy(buffer + size, STORE_SUFFIX, sizeof(STORE_SUFFIX));
    return STATUS_OK;
}

/* ".<name of the file>.<pid>.<16 hex digits>.tmp", the first part cut to fit.
 * The pid is for people who clean up after a crash. */
static void temporary_name(const char *name, uint64_t random,
                           struct store_writer *writer)
{
    int length;

    length =
        snprintf(writer->temporary, sizeof(writer->temporary),
                 ".%.28s.%ld.%016" PRIx64 ".tmp", name, (long)getpid(), random);
    assert(length > 0 && (size_t)length < sizeof(writer->temporary));
    (void)length;
}

/* ---- Directories ---- */

static int open_retrying(int dir_fd, const char *name, int flags)
{
    int fd;

    do
        fd = openat(dir_fd, name, flags | O_CLOEXEC, 0644);
    while (fd < 0 && errno == EINTR);
    return fd;
}

enum trust { CHECKED, VOUCHED_FOR };

/* access: O_PATH to open entries below it, O_RDONLY if the directory will be
 * synced. */
static enum status open_directory(const char *dir, int access, enum trust trust,
                                  int *ret_fd, struct error *err)
{
    enum status status = STATUS_OK;
    int fd = open_retrying(AT_FDCWD, dir, access | O_DIRECTORY);

    if (fd < 0)
        return error_set_os(err, errno, "%s", dir);
    if (trust == CHECKED)
        status = trust_check_fd(fd, dir, "", err);
    if (status) {
        file_close(fd);
        return status;
    }
    *ret_fd = fd;
    return STATUS_OK;
}

/* ---- Finding ---- */

/* Errors of openat() for files that are not regular. */
static bool is_special_errno(int os_errno)
{
    return os_errno == ELOOP || os_errno == ENXIO || os_errno == ENODEV;
}

enum status store_open_at(int dir_fd, const char *dir, const char *entry,
                          int *ret_fd, struct stat *ret_st, struct error *err)
{
    enum status status;
    struct stat st;
    /* O_NONBLOCK: opening a fifo must not wait for its writer. */
    int fd = open_retrying(dir_fd, entry,
                           O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno == ENOENT)
        return error_set(err, STATUS_NOT_FOUND, "%s/%s: no such entry", dir,
                         entry);
    if (fd < 0 && is_special_errno(errno))
        return error_set(err, STATUS_UNTRUSTED, "%s/%s: not a regular file",
                         dir, entry);
    if (fd < 0)
        return error_set_os(err, errno, "%s/%s", dir, entry);
    if (fstat(fd, &st) < 0)
        status = error_set_os(err, errno, "%s/%s: fstat", dir, entry);
    else if (!S_ISREG(st.st_mode))
        status = error_set(err, STATUS_UNTRUSTED, "%s/%s: not a regular file",
                           dir, entry);
    else
        status = trust_check(&st, dir, entry, err);
    if (status) {
        file_close(fd);
        return status;
    }
    *ret_fd = fd;
    *ret_st = st;
    return STATUS_OK;
}

void store_keep(const char *dir, struct store_kept *ret_kept)
{
    struct stat st;

    *ret_kept = (struct store_kept){.fd = -1};
    if (open_directory(dir, O_PATH, VOUCHED_FOR, &ret_kept->fd, NULL))
        return;
    if (fstat(ret_kept->fd, &st) == 0) {
        ret_kept->device = st.st_dev;
        ret_kept->inode = st.st_ino;
    }
}

static bool is_kept(const struct store_kept *kept, const struct stat *st)
{
    return st->st_dev == kept->device && st->st_ino == kept->inode;
}

void store_unkeep(struct store_kept *kept)
{
    struct stat st;

    if (fstat(kept->fd, &st) == 0 && is_kept(kept, &st))
        file_close(kept->fd);
    kept->fd = -1;
}

static bool is_usable(const struct store_kept *kept, const char *dir)
{
    struct stat st;

    return kept && fstat(kept->fd, &st) == 0 && is_kept(kept, &st) &&
           trust_check(&st, dir, "", NULL) == STATUS_OK;
}

enum status store_open_kept(const struct store_kept *kept, const char *dir,
                            const char *name, int *ret_fd, struct stat *ret_st,
                            struct error *err)
{
    char entry[ENTRY_NAME_SIZE];
    enum status status;
    struct error why;
    int dir_fd;

    status = entry_name(name, entry, err);
    if (status)
        return status;
    if (is_usable(kept, dir) &&
        store_open_at(kept->fd, dir, entry, ret_fd, ret_st, NULL) == STATUS_OK)
        return STATUS_OK;
    status = open_directory(dir, O_PATH, CHECKED, &dir_fd, &why);
    if (status == STATUS_IO && why.os_errno == ENOENT)
        return error_set(err, STATUS_NOT_FOUND, "%s: no such directory", dir);
    if (status) {
        if (err)
            *err = why;
        return status;
    }
    status = store_open_at(dir_fd, dir, entry, ret_fd, ret_st, err);
    file_close(dir_fd);
    return status;
}

enum status store_open(const char *dir, const char *name, int *ret_fd,
                       struct stat *ret_st, struct error *err)
{
    return store_open_kept(NULL, dir, name, ret_fd, ret_st, err);
}

/* ---- Publishing ---- */

enum status store_open_work_dir(const char *dir, struct work_dir *ret_work,
                                struct error *err)
{
    enum status status;
    int dir_fd;

    status = open_directory(dir, O_PATH, CHECKED, &dir_fd, err);
    if (status)
        return status;
    status = work_dir_open(dir_fd, dir, ret_work, err);
    file_close(dir_fd);
    return status;
}

void store_sweep(const char *dir)
{
    struct work_dir work;
    int dir_fd;

    if (open_directory(dir, O_PATH, CHECKED, &dir_fd, NULL))
        return;
    /* If nothing was ever written here, do not create .bcc now. */
    if (faccessat(dir_fd, WORK_DIR_NAME, F_OK, 0) == 0 &&
        work_dir_open(dir_fd, dir, &work, NULL) == STATUS_OK) {
        work_dir_sweep(&work);
        work_dir_close(&work);
    }
    file_close(dir_fd);
}

static struct store_writer no_writer(void)
{
    return (struct store_writer){
        .dir_fd = -1,
        .fd = -1,
        .work = {-1, -1},
    };
}

/* The descriptor of the directory that holds the temporary file. */
static int temporary_dir(const struct store_writer *writer)
{
    return writer->work.fd >= 0 ? writer->work.fd : writer->dir_fd;
}

static enum status create_temporary(const char *dir, const char *name,
                                    struct store_writer *writer,
                                    struct error *err)
{
    uint64_t random;

    for (int try = 0; try < MAX_TRIES; try++) {
        if (!file_random(&random, sizeof(random)))
            return error_set_os(err, errno, "%s: getrandom", dir);
        temporary_name(name, random, writer);
        /* Lock first: another writer may remove a file without a lock at
         * once. */
        writer->slot = work_slot(random);
        work_lock(writer->work.lock_fd, writer->slot + WORK_SLOT_FILE, 1);
        writer->fd = open_retrying(temporary_dir(writer), writer->temporary,
                                   O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
        if (writer->fd >= 0)
            return STATUS_OK;
        if (errno != EEXIST)
            return error_set_os(err, errno, "%s/%s", dir, writer->temporary);
    }
    return error_set_os(err, EEXIST, "%s: no name for a temporary file", dir);
}

/* Begin in the open directory; closes the writer on failure. */
static enum status begin_here(const char *dir, enum trust trust,
                              struct store_writer *writer,
                              struct store_writer *ret_writer,
                              struct error *err)
{
    enum status status = STATUS_OK;

    if (trust == CHECKED) {
        status = work_dir_open(writer->dir_fd, dir, &writer->work, err);
        if (status == STATUS_OK)
            work_dir_sweep(&writer->work);
    }
    if (status == STATUS_OK)
        status = create_temporary(dir, writer->entry, writer, err);
    if (status) {
        work_dir_close(&writer->work);
        file_close(writer->dir_fd);
        return status;
    }
    *ret_writer = *writer;
    return STATUS_OK;
}

static enum status begin(const char *dir, enum trust trust,
                         struct store_writer *writer,
                         struct store_writer *ret_writer, struct error *err)
{
    enum status status;

    status = open_directory(dir, O_RDONLY, trust, &writer->dir_fd, err);
    return status ? status : begin_here(dir, trust, writer, ret_writer, err);
}

enum status store_begin_at(int dir_fd, const char *dir, const char *file_name,
                           struct store_writer *ret_writer, struct error *err)
{
    struct store_writer writer = no_writer();

    assert(strlen(file_name) < sizeof(writer.entry));
    memcpy(writer.entry, file_name, strlen(file_name) + 1);
    writer.dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
    if (writer.dir_fd < 0)
        return error_set_os(err, errno, "%s", dir);
    return begin_here(dir, CHECKED, &writer, ret_writer, err);
}

enum status store_begin(const char *dir, const char *name,
                        struct store_writer *ret_writer, struct error *err)
{
    struct store_writer writer = no_writer();
    enum status status = entry_name(name, writer.entry, err);

    return status ? status : begin(dir, CHECKED, &writer, ret_writer, err);
}

enum status store_begin_file(const char *path, struct store_writer *ret_writer,
                             struct error *err)
{
    struct store_writer writer = no_writer();
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    enum status status;
    char *dir;

    if (strlen(name) == 0 || strlen(name) > NAME_MAX ||
        strlen(path) >= PATH_MAX)
        return error_set(err, STATUS_MISUSE, "'%.256s': not the name of a file",
                         path);
    memcpy(writer.entry, name, strlen(name) + 1);
    /* Keeps the slash: the directory of "/file" is "/". */
    dir = slash ? strndup(path, (size_t)(name - path)) : strdup(".");
    if (!dir)
        return error_no_memory(err);
    status = begin(dir, VOUCHED_FOR, &writer, ret_writer, err);
    free(dir);
    return status;
}

enum status store_publish(struct store_writer *writer, struct error *err)
{
    const char *entry = writer->entry;
    enum status status;

    /* The bytes first, then the name: after a power cut no name stands for
     * bytes that never reached the disk. */
    status = file_sync(writer->fd, entry, err);
    if (status)
        return status;
    if (file_rename(temporary_dir(writer), writer->temporary, writer->dir_fd,
                    entry) < 0)
        return error_set_os(err, errno, "%s: rename", entry);
    writer->temporary[0] = '\0';
    /* The directory is not synced: after a power cut the old entry may be back,
     * which is a miss and no failure. */
    return STATUS_OK;
}

void store_end(struct store_writer *writer)
{
    if (writer->dir_fd >= 0 && writer->temporary[0])
        unlinkat(temporary_dir(writer), writer->temporary, 0);
    /* Closing is not enough: if the host forked meanwhile, the child has
     * another descriptor of this lock. */
    if (writer->work.lock_fd >= 0)
        work_unlock(writer->work.lock_fd, writer->slot + WORK_SLOT_FILE, 1);
    work_dir_close(&writer->work);
    file_close(writer->fd);
    file_close(writer->dir_fd);
    *writer = no_writer();
}
