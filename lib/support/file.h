/* Files: read whole, write whole, map, and stamps. */
#ifndef BCC_SUPPORT_FILE_H
#define BCC_SUPPORT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "error.h"
#include "span.h"

/* stat()'s facts about a file's identity and last change. Two equal stamps mean
 * unchanged content, except for the race explained in dependency.h. */
struct file_stamp { /* ORDER STAMP */
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    uint64_t mtime_ns; /* since 1970 */
    uint64_t ctime_ns;
};

struct file_stamp file_stamp_of(const struct stat *st);
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

/* Open read-only, close-on-exec. Refuses files that are not regular, without
 * blocking on a fifo. *ret_st may be NULL. name is for messages. */
enum status file_open(const char *path, int *ret_fd, struct stat *ret_st,
                      struct error *err) MUST_CHECK;

/* A private, read-only mapping of a whole file; for an empty file data is
 * "". */
struct file_mapping {
    struct span bytes;
};

enum status file_map(int fd, uint64_t size, const char *name,
                     struct file_mapping *ret_mapping,
                     struct error *err) MUST_CHECK;
void file_unmap(struct file_mapping *mapping);

/* Write all of bytes at the fd's position, over EINTR and short writes. */
enum status file_write_all(int fd, struct span bytes, const char *name,
                           struct error *err) MUST_CHECK;

/* fsync, over EINTR: the file's content is on the disk. */
enum status file_sync(int fd, const char *name, struct error *err) MUST_CHECK;

/* Destination of a read. */
struct file_target {
    void *data;
    size_t size;
};

/* Fill target from offset on, over EINTR and short reads; *ret_size is less
 * than target's size if the file ends before. */
enum status file_read_at(int fd, struct file_target target, uint64_t offset,
                         const char *name, size_t *ret_size,
                         struct error *err) MUST_CHECK;

/* May a file grow to this size? Beyond its limit (RLIMIT_FSIZE) a process that
 * writes gets SIGXFSZ, which would end a host. The limit includes files in
 * memory. */
bool file_may_grow_to(uint64_t size);

/* As renameat(). */
int file_rename(int from_dir, const char *from, int to_dir, const char *to);

/* Random bytes of the kernel, at most 256; false: errno. */
bool file_random(void *bytes, size_t size);

/* An anonymous file in memory with these bytes, close-on-exec, position 0. */
enum status file_create_memory(const char *name, struct span bytes, int *ret_fd,
                               struct error *err) MUST_CHECK;

/* Close if fd >= 0; errno is kept. */
void file_close(int fd);

#endif
