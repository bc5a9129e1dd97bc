#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void read_text(int fd, char text[PROCESS_TEXT_SIZE])
{
    const ssize_t size = pread(fd, text, PROCESS_TEXT_SIZE - 1, 0);

    text[size < 0 ? 0 : size] = '\0';
    close(fd);
}

static uint64_t nanoseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

/* vfork() and not posix_spawn(), which asks for each of 64 signals what is to
 * become of it: that would be a part of both sides, and bring their ratio
 * nearer to 1. */
static bool start(const char *const *argv, int in, int out, int err,
                  pid_t *ret_pid)
{
    *ret_pid = vfork();
    if (*ret_pid == 0) {
        if (dup2(in, STDIN_FILENO) == STDIN_FILENO &&
            dup2(out, STDOUT_FILENO) == STDOUT_FILENO &&
            dup2(err, STDERR_FILENO) == STDERR_FILENO)
            execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    return *ret_pid > 0;
}

void process_adopt_orphans(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void process_wait_all(void)
{
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        continue;
}

uint64_t process_children_ns(void)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
}

bool process_run(const char *const *argv, struct process_result *ret_result)
{
    const int out = memfd_create("out", MFD_CLOEXEC);
    const int err = memfd_create("err", MFD_CLOEXEC);
    const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct rusage usage;
    uint64_t begin;
    bool is_started;
    int status = 0;
    pid_t pid;

    if (in < 0 || out < 0 || err < 0)
        bench_die("no memory files");
    begin = clock_monotonic_ns();
    is_started = start(argv, in, out, err, &pid) &&
                 wait4(pid, &status, 0, &usage) == pid;
    ret_result->wall_ns = clock_monotonic_ns() - begin;
    close(in);
    read_text(out, ret_result->out);
    read_text(err, ret_result->err);
    if (!is_started)
        return bench_refuse("%s: cannot be started", argv[0]);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return bench_refuse("%s failed: %s", argv[0],
                            ret_result->err[0] ? ret_result->err
                                               : ret_result->out);
    ret_result->cpu_ns =
        nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
    ret_result->faults = (uint64_t)usage.ru_minflt;
    return true;
}
