#include "resource.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bcc/bcc_cache.h>

#include "file.h"
#include "zip.h"

static bool ends_in(const char *name, const char *end)
{
    size_t size = strlen(name), end_size = strlen(end);

    return size > end_size && strcmp(name + size - end_size, end) == 0;
}

char *resource_split(const char *name, const char **ret_entry)
{
    const char *mark = strchr(name, '!');
    struct stat st;

    if (!mark || access(name, F_OK) == 0)
        return NULL;
    for (; mark; mark = strchr(mark + 1, '!')) {
        char *archive = strndup(name, (size_t)(mark - name));

        if (archive && stat(archive, &st) == 0 && S_ISREG(st.st_mode)) {
            *ret_entry = mark + 1;
            return archive;
        }
        free(archive);
    }
    return NULL;
}

bool resource_has_archive_name(const char *path)
{
    return ends_in(path, ".apk") || ends_in(path, ".zip");
}

static bool begins_with(const char *path, const char magic[4])
{
    char start[4];
    size_t size;
    int fd;

    if (resource_is_stream(path) || file_open(path, &fd, NULL, NULL))
        return false;
    if (file_read_at(fd, (struct file_target){start, sizeof(start)}, 0, path,
                     &size, NULL))
        size = 0;
    file_close(fd);
    return size == sizeof(start) && memcmp(start, magic, sizeof(start)) == 0;
}

bool resource_is_archive(const char *path)
{
    return resource_has_archive_name(path) || begins_with(path, "PK\3\4");
}

bool resource_is_compiled(const char *path)
{
    return !ends_in(path, ".bc") && begins_with(path, OBCC_MAGIC);
}

bool resource_is_bitcode(const char *path)
{
    return begins_with(path, "BC\xc0\xde") ||
           begins_with(path, "\xde\xc0\x17\x0b"); /* wrapped */
}

bool resource_bytes_are_compiled(struct span bytes)
{
    return bytes.size >= 4 && memcmp(bytes.data, OBCC_MAGIC, 4) == 0;
}

/* ---- Streams ---- */

bool resource_is_stream(const char *path)
{
    struct stat st;

    return strcmp(path, "-") == 0 ||
           (stat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
            !S_ISDIR(st.st_mode));
}

static enum status read_to_end(int fd, const char *path, struct buffer *out,
                               struct error *err)
{
    uint8_t piece[16384];
    ssize_t n;

    do {
        n = read(fd, piece, sizeof(piece));
        if (n > 0)
            buffer_append(out, piece, (size_t)n);
    } while (n > 0 || (n < 0 && errno == EINTR));
    if (n < 0)
        return error_set_os(err, errno, "%s", path);
    return buffer_failed(out) ? error_no_memory(err) : STATUS_OK;
}

enum status resource_read_stream(const char *path, struct buffer *out,
                                 struct error *err)
{
    const bool is_input = strcmp(path, "-") == 0;
    int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    enum status status;

    if (fd < 0)
        return error_set_os(err, errno, "%s", path);
    status = read_to_end(fd, path, out, err);
    if (!is_input)
        file_close(fd);
    return status;
}

bool resource_is_same_file(const char *a, const char *b)
{
    struct stat left, right;

    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &left) == 0 && stat(b, &right) == 0 &&
           left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

/* ---- What is in one ---- */

struct listing {
    const char *path;
    struct resource_list list;
};

static enum status add_entry(void *context, struct span entry,
                             struct error *err)
{
    static const char end[] = {'.', 'b', 'c'};
    struct listing *listing = context;
    struct resource_list *list = &listing->list;
    char **names;

    if (entry.size <= sizeof(end) ||
        memcmp(entry.data + entry.size - sizeof(end), end, sizeof(end)) != 0)
        return STATUS_OK;
    names = realloc(list->name, (list->n + 1) * sizeof(*names));
    if (!names)
        return error_no_memory(err);
    list->name = names;
    if (asprintf(&names[list->n], "%s!%.*s", listing->path, (int)entry.size,
                 (const char *)entry.data) < 0)
        return error_no_memory(err);
    list->n++;
    return STATUS_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum status resource_list_bitcode(const char *path,
                                  struct resource_list *ret_list,
                                  struct error *err)
{
    struct listing listing = {.path = path};
    struct stat st;
    enum status status;
    int fd;

    status = file_open(path, &fd, &st, err);
    if (status)
        return status;
    status = zip_list(fd, (uint64_t)st.st_size, path, add_entry, &listing, err);
    file_close(fd);
    if (status) {
        resource_list_release(&listing.list);
        return status;
    }
    if (listing.list.n)
        qsort(listing.list.name, listing.list.n, sizeof(char *), by_name);
    *ret_list = listing.list;
    return STATUS_OK;
}

void resource_list_release(struct resource_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->name[i]);
    free(list->name);
    *list = (struct resource_list){0};
}
