#include "trust.h"

#include <errno.h>
#include <unistd.h>

enum status trust_check(const struct stat *st, const char *dir,
                        const char *name, struct error *err)
{
    const char *separator = *name ? "/" : "";

    if (st->st_mode & (S_IWGRP | S_IWOTH))
        return error_set(err, STATUS_UNTRUSTED,
                         "%s%s%s: writable by group or others (mode %04o)", dir,
                         separator, name, (unsigned)st->st_mode & 07777);
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return error_set(err, STATUS_UNTRUSTED, "%s%s%s: belongs to user %lu",
                         dir, separator, name, (unsigned long)st->st_uid);
    return STATUS_OK;
}

enum status trust_check_fd(int fd, const char *dir, const char *name,
                           struct error *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return error_set_os(err, errno, "%s%s%s: fstat", dir, *name ? "/" : "",
                            name);
    return trust_check(&st, dir, name, err);
}
