/* run_case_status FILE COMMAND [ARGS...]: run a command and write to FILE how
 * it ended, "exit 3" or "signal 15"; a shell's $? confuses the two. The command
 * is killed ("timeout") after minutes, because a busy machine may need them to
 * compile all of Rust's library. It leaves no core file. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIME_LIMIT_SECONDS = 600 };

static pid_t child;
static volatile sig_atomic_t timed_out;

static void on_alarm(int number)
{
    (void)number;
    timed_out = 1;
    kill(child, SIGKILL);
}

static int run(char **command)
{
    struct rlimit no_core = {0, 0};

    setrlimit(RLIMIT_CORE, &no_core);
    execvp(command[0], command);
    fprintf(stderr, "run_case_status: %s: %s\n", command[0], strerror(errno));
    return 127;
}

static int write_status(const char *path, int status)
{
    FILE *file = fopen(path, "w");

    if (!file)
        return 1;
    if (timed_out)
        fprintf(file, "timeout\n");
    else if (WIFSIGNALED(status))
        fprintf(file, "signal %d\n", WTERMSIG(status));
    else
        fprintf(file, "exit %d\n", WEXITSTATUS(status));
    return fclose(file) != 0;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_alarm};
    int status;

    if (argc < 3) {
        fprintf(stderr, "usage: run_case_status FILE COMMAND [ARGS...]\n");
        return 2;
    }
    child = fork();
    if (child < 0)
        return 1;
    if (child == 0)
        _exit(run(argv + 2));
    sigaction(SIGALRM, &action, NULL);
    alarm(TIME_LIMIT_SECONDS);
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return 1;
    }
    return write_status(argv[1], status);
}
