#include "entry_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

enum status part_write(struct span part, const char *path, struct error *err)
{
    enum status status;
    struct stat st;
    int fd;

    if (strcmp(path, "-") == 0)
        return file_write_all(STDOUT_FILENO, part, "standard output", err);
    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && unlink(path) < 0)
        return error_set_os(err, errno, "%s", path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_set_os(err, errno, "%s", path);
    status = file_write_all(fd, part, path, err);
    if (close(fd) < 0 && status == STATUS_OK)
        return error_set_os(err, errno, "%s", path);
    return status;
}
