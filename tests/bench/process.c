#include "process.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
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

static bool is_started(const char *const *argv, int out, int err,
                       pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    int failed;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    failed =
        posix_spawn(ret_pid, argv[0], &actions, NULL, (char **)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return !failed;
}

bool process_run(const char *const *argv, struct process_result *ret_result)
{
    const int out = memfd_create("out", MFD_CLOEXEC);
    const int err = memfd_create("err", MFD_CLOEXEC);
    struct rusage usage;
    uint64_t start;
    bool started;
    int status = 0;
    pid_t pid;

    if (out < 0 || err < 0)
        bench_die("no memory files");
    start = clock_monotonic_ns();
    started = is_started(argv, out, err, &pid) &&
              wait4(pid, &status, 0, &usage) == pid;
    ret_result->wall_ns = clock_monotonic_ns() - start;
    read_text(out, ret_result->out);
    read_text(err, ret_result->err);
    if (!started)
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
