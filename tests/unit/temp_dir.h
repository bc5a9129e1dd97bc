/* A directory of the test's own, removed at the end of the test, and if a
 * signal ends it before. */
#ifndef BCC_TESTS_TEMP_DIR_H
#define BCC_TESTS_TEMP_DIR_H

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
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

/* ---- What ends the test ends the directory ---- */

static struct {
    pid_t owner; /* not of its children */
    char path[256];
} temp_dir_last;

static void temp_dir_end(int number)
{
    static char shell[] = "/bin/sh", option[] = "-c",
                script[] = "rm -rf \"$0\"; exit 1";
    char *argv[] = {shell, option, script, temp_dir_last.path, NULL};

    if (getpid() == temp_dir_last.owner)
        execv(shell, argv);
    signal(number, SIG_DFL);
    raise(number);
}

static inline void temp_dir_watch(const char *path)
{
    static const int ends[] = {SIGHUP, SIGINT, SIGTERM};
    struct sigaction old;

    temp_dir_last.owner = getpid();
    snprintf(temp_dir_last.path, sizeof(temp_dir_last.path), "%.255s", path);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            signal(ends[i], temp_dir_end);
}

/* ---- The directory ---- */

/* Mode 0700; name is the first part of its name. 0, or -1 with errno. */
static inline int temp_dir_make_at(char path[256], const char *name)
{
    const char *parent = getenv("TMPDIR");

    snprintf(path, 256, "%s/%s-XXXXXX", parent && *parent ? parent : P_tmpdir,
             name);
    umask(022); /* other users read what is for them */
    if (!mkdtemp(path))
        return -1;
    temp_dir_watch(path);
    return 0;
}

static inline int temp_dir_make(struct temp_dir *dir)
{
    dir->n_descriptors = temp_dir_descriptors();
    return temp_dir_make_at(dir->path, "bcc-test");
}

static inline int temp_dir_remove_one(const char *path, const struct stat *st,
                                      int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    remove(path); /* or whoever made it has */
    return 0;
}

/* A compiler in the background may be writing there: as long as it does, some
 * names come back. */
static inline int temp_dir_remove_at(const char *path)
{
    const struct timespec pause = {.tv_nsec = 20000000};

    for (int i = 0; i < 500; i++) {
        nftw(path, temp_dir_remove_one, 8, FTW_DEPTH | FTW_PHYS);
        if (access(path, F_OK) < 0)
            return 0;
        nanosleep(&pause, NULL);
    }
    return -1;
}

/* -1, too, if the test left a descriptor open. */
static inline int temp_dir_remove(struct temp_dir *dir)
{
    if (temp_dir_descriptors() > dir->n_descriptors) {
        fprintf(stderr, "a descriptor is left open\n");
        return -1;
    }
    return temp_dir_remove_at(dir->path);
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
