#include "known_content.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checksum.h"
#include "file.h"

enum {
    N_ROWS = 1024, /* 64 KiB */
    ROWS_OFFSET = 4096,
    PATH_SIZE = 256
};

static const char magic[8] = {'b', 'c', 'c', 0, 'c', 'o', 'n', '1'};

struct file_row {
    struct known_row row;
    uint8_t zero[4];
    uint64_t checksum;
    uint8_t unused[16];
};

static_assert(sizeof(struct known_key) <= ROWS_OFFSET, "the key is before");
static_assert(offsetof(struct file_row, checksum) == 40, "as documented");
static_assert(sizeof(struct file_row) == 64, "one row, one page");

static uint64_t checksum_of_key(const struct known_key *key)
{
    const size_t offset = offsetof(struct known_key, number);

    return checksum_xxh3(
        (struct span){(const uint8_t *)key + offset, sizeof(*key) - offset});
}

static uint64_t checksum_of_row(const struct file_row *row)
{
    return checksum_xxh3((struct span){(const uint8_t *)row,
                                       offsetof(struct file_row, checksum)});
}

static bool read_at(int fd, void *data, size_t size, uint64_t offset)
{
    size_t got;

    return file_read_at(fd, (struct file_target){data, size}, offset,
                        KNOWN_CONTENT_NAME, &got, NULL) == STATUS_OK &&
           got == size;
}

/* ---- The file ---- */

static const char *find_dir(const struct known_table *table,
                            char place[USER_PLACE_SIZE])
{
    if (table->dir)
        return table->dir;
    user_place_find(place);
    return place;
}

/* -1: the file does not exist, or another user may access it. The directory
 * need not be checked: no other user can put a file there that belongs to this
 * user and has chosen content. */
static int open_file(const struct known_table *table)
{
    char place[USER_PLACE_SIZE], path[PATH_SIZE];
    const char *dir = find_dir(table, place);
    const size_t size = strlen(dir);
    struct stat st;
    int fd;

    if (size + sizeof("/" KNOWN_CONTENT_NAME) > sizeof(path))
        return -1;
    memcpy(path, dir, size);
    memcpy(path + size, "/" KNOWN_CONTENT_NAME, sizeof("/" KNOWN_CONTENT_NAME));
    fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_uid == user_place_owner() && !(st.st_mode & 077))
        return fd;
    file_close(fd);
    return -1;
}

/* Open the file if it has this process's key. */
static int open_own_file(const struct known_table *table)
{
    struct {
        char magic[8];
        uint64_t checksum;
        uint8_t number[16];
    } head;
    int fd = open_file(table);

    if (fd >= 0 && read_at(fd, &head, sizeof(head), 0) &&
        memcmp(&head, &table->key, sizeof(head)) == 0)
        return fd;
    file_close(fd);
    return -1;
}

static off_t offset_of(const uint8_t digest[KEYED_DIGEST_SIZE])
{
    const unsigned low = digest[0] | (unsigned)digest[1] << 8;

    return ROWS_OFFSET + (off_t)(low % N_ROWS * sizeof(struct file_row));
}

static bool find_in_file(int fd, struct known_row *row)
{
    struct file_row found;

    if (!read_at(fd, &found, sizeof(found), (uint64_t)offset_of(row->digest)) ||
        memcmp(found.row.digest, row->digest, sizeof(row->digest)) != 0 ||
        checksum_of_row(&found) != found.checksum)
        return false;
    *row = found.row;
    return true;
}

static void put_into_file(int fd, const struct known_row *row)
{
    struct file_row new = {.row = *row};
    enum status status = STATUS_OK;

    new.checksum = checksum_of_row(&new);
    if (file_may_grow_to(ROWS_OFFSET + N_ROWS * sizeof(new)) &&
        lseek(fd, offset_of(row->digest), SEEK_SET) > 0)
        status = file_write_all(fd, (struct span){(uint8_t *)&new, sizeof(new)},
                                KNOWN_CONTENT_NAME, NULL);
    /* A row that could not be written is forgotten. */
    (void)status;
}

/* ---- The key ---- */

static bool make_key(struct known_key *key)
{
    if (!file_random(key->number,
                     sizeof(*key) - offsetof(struct known_key, number)))
        return false;
    memcpy(key->magic, magic, sizeof(magic));
    key->checksum = checksum_of_key(key);
    return true;
}

/* Read the key of the file, which stays open. -1: there is no usable file. */
static int read_key(const struct known_table *table, struct known_key *ret_key)
{
    const int fd = open_file(table);

    if (fd >= 0 && read_at(fd, ret_key, sizeof(*ret_key), 0) &&
        memcmp(ret_key->magic, magic, sizeof(magic)) == 0 &&
        ret_key->checksum == checksum_of_key(ret_key))
        return fd;
    file_close(fd);
    return -1;
}

/* Make a file with this key, and return it open. -1: impossible, or another
 * process was first (EEXIST). The file gets its name when it is complete. */
static int make_file(int dir_fd, const struct known_key *key)
{
    const struct span bytes = {(const uint8_t *)key, sizeof(*key)};
    char temporary[sizeof(KNOWN_CONTENT_NAME) + 9];
    int fd;

    snprintf(temporary, sizeof(temporary), "%s-%02x%02x%02x%02x",
             KNOWN_CONTENT_NAME, key->number[0], key->number[1], key->number[2],
             key->number[3]);
    fd = openat(dir_fd, temporary,
                O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    if (file_may_grow_to(bytes.size) &&
        file_write_all(fd, bytes, KNOWN_CONTENT_NAME, NULL) == STATUS_OK &&
        syscall(SYS_renameat2, dir_fd, temporary, dir_fd, KNOWN_CONTENT_NAME,
                RENAME_NOREPLACE) == 0)
        return fd;
    file_close(fd);
    unlinkat(dir_fd, temporary, 0);
    return -1;
}

/* *ret_fd: the file, or -1: only this process has the key. */
static bool find_or_make_key(const struct known_table *table,
                             struct known_key *ret_key, int *ret_fd)
{
    char place[USER_PLACE_SIZE];
    const char *dir = find_dir(table, place);
    int dir_fd = -1;
    bool has = true;
    struct stat st;

    *ret_fd = -1;
    for (int try = 0; try < 2 && has && *ret_fd < 0; try++) {
        *ret_fd = read_key(table, ret_key);
        if (*ret_fd >= 0)
            break;
        if (try == 0) {
            mkdirat(AT_FDCWD, dir, 0700);
            dir_fd = user_place_open(dir, O_RDONLY, &st);
        } else {
            /* The file is complete, but unusable. */
            unlinkat(dir_fd, KNOWN_CONTENT_NAME, 0);
        }
        /* In each round: read_key() may have left a part of another key. */
        has = make_key(ret_key);
        if (has && dir_fd >= 0)
            *ret_fd = make_file(dir_fd, ret_key);
    }
    file_close(dir_fd);
    return has;
}

static bool try_lock(struct known_table *table)
{
    return !__atomic_test_and_set(&table->is_locked, __ATOMIC_ACQUIRE);
}

static void unlock(struct known_table *table)
{
    __atomic_clear(&table->is_locked, __ATOMIC_RELEASE);
}

/* The key never changes once it is set, so digests are computed without the
 * lock. A child of a fork that found the table locked has no key, and goes on
 * without. *ret_fd: the file, if it was opened for the key; else -1. */
static bool has_key(struct known_table *table, int *ret_fd)
{
    bool has = __atomic_load_n(&table->has_key, __ATOMIC_ACQUIRE);

    *ret_fd = -1;
    if (has || !try_lock(table))
        return has;
    has = table->has_key || find_or_make_key(table, &table->key, ret_fd);
    __atomic_store_n(&table->has_key, has, __ATOMIC_RELEASE);
    unlock(table);
    return has;
}

/* ---- This process's table ---- */

static bool find_kept(struct known_table *table, struct known_row *row)
{
    bool found = false;

    if (!try_lock(table))
        return false;
    for (unsigned i = 0; i < KNOWN_CONTENT_N_KEPT && i < table->n_kept; i++) {
        if (memcmp(table->kept[i].digest, row->digest, sizeof(row->digest)) !=
            0)
            continue;
        *row = table->kept[i];
        found = true;
        break;
    }
    unlock(table);
    return found;
}

static void keep(struct known_table *table, const struct known_row *row)
{
    if (!try_lock(table))
        return;
    table->kept[table->n_kept % KNOWN_CONTENT_N_KEPT] = *row;
    /* The number stays between one and two times the rows: it never wraps. */
    if (++table->n_kept == 2 * KNOWN_CONTENT_N_KEPT)
        table->n_kept = KNOWN_CONTENT_N_KEPT;
    unlock(table);
}

/* ---- Both ---- */

/* False: the bytes changed meanwhile. */
static bool compute(const struct known_table *table, struct span bytes,
                    enum keyed_loop loop, struct known_row *row)
{
    uint8_t digest[KEYED_DIGEST_SIZE];

    sha1_digest(bytes, row->sha1);
    keyed_digest(&table->key.key, bytes, loop, digest);
    return memcmp(digest, row->digest, sizeof(digest)) == 0;
}

/* For a row that this process does not keep. fd: the file. True: the file had
 * it. */
static bool find_or_compute(struct known_table *table, struct span bytes,
                            enum keyed_loop loop, int fd, struct known_row *row)
{
    const bool found = fd >= 0 && find_in_file(fd, row);

    if (found || compute(table, bytes, loop, row)) {
        keep(table, row);
        if (fd >= 0 && !found)
            put_into_file(fd, row);
    }
    return found;
}

static bool find(struct known_table *table, struct span bytes,
                 enum keyed_loop loop, struct known_row *ret_row)
{
    bool found = false;
    int fd;

    if (!has_key(table, &fd)) {
        sha1_digest(bytes, ret_row->sha1);
        return false;
    }
    keyed_digest(&table->key.key, bytes, loop, ret_row->digest);
    if (fd < 0)
        found = find_kept(table, ret_row);
    if (!found) {
        fd = fd < 0 ? open_own_file(table) : fd;
        found = find_or_compute(table, bytes, loop, fd, ret_row);
    }
    file_close(fd);
    return found;
}

bool known_table_sha1(struct known_table *table, struct span bytes,
                      uint8_t ret_sha1[SHA1_SIZE])
{
    const enum keyed_loop loop = keyed_loop_of_cpu();
    const int saved = errno;
    struct known_row row;
    bool found;

    if (bytes.size < KNOWN_CONTENT_MIN_SIZE || loop == KEYED_LOOP_NONE) {
        sha1_digest(bytes, ret_sha1);
        return false;
    }
    found = find(table, bytes, loop, &row);
    memcpy(ret_sha1, row.sha1, sizeof(row.sha1));
    errno = saved;
    return found;
}

static struct known_table of_process;

void known_content_sha1(struct span bytes, uint8_t ret_sha1[SHA1_SIZE])
{
    known_table_sha1(&of_process, bytes, ret_sha1);
}
