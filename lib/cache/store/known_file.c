#include "known_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "trust.h"
#include "work_dir.h"

/* The target of a link: SHA-1, size, mtime and ctime, six bits in each letter.
 * ext4 keeps a target of up to 59 bytes in the inode. */
enum {
    PACKED_SIZE = SHA1_SIZE + 3 * 8,
    TARGET_SIZE = (PACKED_SIZE * 8 + 5) / 6,
    /* Two numbers in hexadecimal, a hyphen after each, and a digest. */
    NAME_SIZE = 2 * (16 + 1) + 2 * SHA1_SIZE + 1
};

static_assert(TARGET_SIZE < 60, "fits into an inode");

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* ---- Text ---- */

/* Without printf(): each launch of bcc run makes a name. */
static char *append_hex(char *at, uint64_t number)
{
    int shift = 60;

    while (shift > 0 && !(number >> shift))
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[number >> shift & 15];
    return at;
}

static void make_name(const struct known_file *file, char name[NAME_SIZE])
{
    uint8_t digest[SHA1_SIZE];
    char *at = append_hex(name, file->stamp.device);

    *at++ = '-';
    at = append_hex(at, file->stamp.inode);
    if (file->entry) {
        const uint8_t *text = (const uint8_t *)file->entry;

        sha1_digest((struct span){text, strlen(file->entry)}, digest);
        *at++ = '-';
        for (size_t i = 0; i < sizeof(digest); i++) {
            *at++ = "0123456789abcdef"[digest[i] >> 4];
            *at++ = "0123456789abcdef"[digest[i] & 15];
        }
    }
    *at = '\0';
}

static void pack_number(uint8_t *at, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(number >> 8 * i);
}

static void pack(const struct known_file *file, const uint8_t sha1[SHA1_SIZE],
                 uint8_t packed[PACKED_SIZE])
{
    memcpy(packed, sha1, SHA1_SIZE);
    pack_number(packed + SHA1_SIZE, file->stamp.size);
    pack_number(packed + SHA1_SIZE + 8, file->stamp.mtime_ns);
    pack_number(packed + SHA1_SIZE + 16, file->stamp.ctime_ns);
}

static void make_target(const uint8_t packed[PACKED_SIZE],
                        char target[TARGET_SIZE + 1])
{
    unsigned bits = 0, n_bits = 0;
    size_t n = 0;

    for (size_t i = 0; i < PACKED_SIZE; i++) {
        bits = bits << 8 | packed[i];
        for (n_bits += 8; n_bits >= 6; n_bits -= 6)
            target[n++] = letters[bits >> (n_bits - 6) & 63];
    }
    target[n++] = letters[bits << (6 - n_bits) & 63];
    target[n] = '\0';
}

/* The six bits of a letter; 64: no such letter. */
static unsigned value_of(char letter)
{
    if (letter >= 'a')
        return letter <= 'z' ? (unsigned)(letter - 'a') + 26 : 64;
    if (letter >= 'A' && letter <= 'Z')
        return (unsigned)(letter - 'A');
    if (letter >= '0' && letter <= '9')
        return (unsigned)(letter - '0') + 52;
    return letter == '-' ? 62 : letter == '_' ? 63 : 64;
}

static bool read_target(const char target[TARGET_SIZE],
                        uint8_t ret_packed[PACKED_SIZE])
{
    unsigned bits = 0, n_bits = 0;
    size_t n = 0;

    for (size_t i = 0; i < TARGET_SIZE; i++) {
        const unsigned value = value_of(target[i]);

        if (value == 64)
            return false;
        bits = bits << 6 | value;
        n_bits += 6;
        if (n_bits < 8)
            continue;
        n_bits -= 8;
        ret_packed[n++] = (uint8_t)(bits >> n_bits);
    }
    return n == PACKED_SIZE;
}

/* ---- Finding ---- */

/* Is the link's target about this file as it is now? target: from
 * readlink(). */
static bool is_of(const struct known_file *file, const char *target,
                  ssize_t size, uint8_t ret_sha1[SHA1_SIZE])
{
    uint8_t packed[PACKED_SIZE], wanted[PACKED_SIZE];

    if (size != TARGET_SIZE || !read_target(target, packed))
        return false;
    pack(file, packed, wanted);
    if (memcmp(packed, wanted, sizeof(packed)) != 0)
        return false;
    memcpy(ret_sha1, packed, SHA1_SIZE);
    return true;
}

bool known_file_hint(const char *dir, const struct known_file *file,
                     uint8_t ret_sha1[SHA1_SIZE])
{
    static const char middle[] = "/" KNOWN_FILE_DIR "/";
    const size_t dir_size = strlen(dir), middle_size = sizeof(middle) - 1;
    char target[TARGET_SIZE + 1];
    char *path = malloc(dir_size + middle_size + NAME_SIZE);
    bool found;

    if (!path)
        return false;
    memcpy(path, dir, dir_size);
    memcpy(path + dir_size, middle, middle_size);
    make_name(file, path + dir_size + middle_size);
    found =
        is_of(file, target, readlink(path, target, sizeof(target)), ret_sha1);
    free(path);
    return found;
}

static int open_trusted(int dir_fd, const char *dir, const char *name,
                        int flags)
{
    int fd = openat(dir_fd, name, flags | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 && trust_check_fd(fd, dir, "", NULL) == STATUS_OK)
        return fd;
    file_close(fd);
    return -1;
}

/* The directory of the links. -1: there is none that may be used. */
static int open_known(const char *dir, bool may_make)
{
    int dir_fd = open_trusted(AT_FDCWD, dir, dir, O_PATH);
    int fd = -1;

    if (dir_fd >= 0 && may_make)
        mkdirat(dir_fd, KNOWN_FILE_DIR, 0700);
    if (dir_fd >= 0)
        fd = open_trusted(dir_fd, dir, KNOWN_FILE_DIR, O_PATH | O_NOFOLLOW);
    file_close(dir_fd);
    return fd;
}

bool known_file_find(const char *dir, const struct known_file *file,
                     uint8_t ret_sha1[SHA1_SIZE])
{
    char name[NAME_SIZE], target[TARGET_SIZE + 1];
    int fd = open_known(dir, false);
    bool found = false;
    struct stat st;

    make_name(file, name);
    /* No other user can change a link, whatever its mode. */
    if (fd >= 0 && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(st.st_mode) && (st.st_uid == 0 || st.st_uid == geteuid()))
        found = is_of(file, target,
                      readlinkat(fd, name, target, sizeof(target)), ret_sha1);
    file_close(fd);
    return found;
}

/* ---- Making ---- */

void known_file_note(const char *dir, const struct known_file *file,
                     const uint8_t sha1[SHA1_SIZE])
{
    char name[NAME_SIZE], target[TARGET_SIZE + 1], temporary[NAME_SIZE + 24];
    uint8_t packed[PACKED_SIZE];
    int fd = open_known(dir, true);

    if (fd < 0)
        return;
    make_name(file, name);
    pack(file, sha1, packed);
    make_target(packed, target);
    /* A link of that name is out of date, and is replaced as a whole. */
    if (symlinkat(target, fd, name) < 0 && errno == EEXIST) {
        snprintf(temporary, sizeof(temporary), "%s.%ld", name, (long)getpid());
        if (symlinkat(target, fd, temporary) < 0 ||
            file_rename(fd, temporary, fd, name) < 0)
            unlinkat(fd, temporary, 0);
    }
    file_close(fd);
}

/* ---- Sweeping ---- */

struct sweep {
    int fd;
    int64_t made_until_s;
};

static bool is_old(const void *context, const char *name)
{
    const struct sweep *sweep = context;
    struct stat st;

    return fstatat(sweep->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISLNK(st.st_mode) && st.st_ctim.tv_sec <= sweep->made_until_s;
}

void known_file_sweep(int dir_fd, int64_t age_s)
{
    const int64_t now_s = (int64_t)(clock_realtime_ns() / 1000000000u);
    struct sweep sweep = {.made_until_s = age_s ? now_s - age_s : INT64_MAX};

    sweep.fd = open_trusted(dir_fd, "", KNOWN_FILE_DIR, O_PATH | O_NOFOLLOW);
    if (sweep.fd < 0)
        return;
    work_sweep(sweep.fd, SIZE_MAX, is_old, &sweep);
    file_close(sweep.fd);
    if (!age_s)
        unlinkat(dir_fd, KNOWN_FILE_DIR, AT_REMOVEDIR);
}
