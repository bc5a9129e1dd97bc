/* A directory of the test's own, removed at the end of the test. */
#ifndef BCC_TESTS_TEMP_DIR_H
#define BCC_TESTS_TEMP_DIR_H

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct temp_dir {
    char path[256];
    unsigned n_descriptors; /* that were open */
};

static inline unsigned temp_dir_descriptors(void)
{
    DIR *list = opendir("/proc/self/fd");
    unsigned n = 0;

    while (list && readdir(list))
        n++;
    if (list)
        closedir(list);
    return n;
}

/* Mode 0700. 0, or -1 with errno. */
static inline int temp_dir_make(struct temp_dir *dir)
{
    const char *parent = getenv("TMPDIR");

    snprintf(dir->path, sizeof(dir->path), "%s/bcc-test-XXXXXX",
             parent && *parent ? parent : "/tmp");
    dir->n_descriptors = temp_dir_descriptors();
    return mkdtemp(dir->path) ? 0 : -1;
}

static inline int temp_dir_remove_one(const char *path, const struct stat *st,
                                      int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* -1, too, if the test left a descriptor open. */
static inline int temp_dir_remove(struct temp_dir *dir)
{
    if (temp_dir_descriptors() > dir->n_descriptors) {
        fprintf(stderr, "a descriptor is left open\n");
        return -1;
    }
    return nftw(dir->path, temp_dir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct temp_path {
    char text[512];
};

static inline struct temp_path temp_dir_path(const struct temp_dir *dir,
                                             const char *name)
{
    struct temp_path path;

    snprintf(path.text, sizeof(path.text), "%s/%s", dir->path, name);
    return path;
}

/* A new file, or a new content of an old one. 0 or -1. */
static inline int temp_dir_write(const struct temp_dir *dir, const char *name,
                                 const char *text)
{
    struct temp_path path = temp_dir_path(dir, name);
    size_t size = strlen(text);
    int fd = open(path.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ssize_t n;

    if (fd < 0)
        return -1;
    n = write(fd, text, size);
    close(fd);
    return n == (ssize_t)size ? 0 : -1;
}

#endif
