/* count_faults N COMMAND...: the fewest page faults that the command takes in N
 * runs. Its output goes to /dev/null. Where the kernel puts stack and
 * libraries is random, and costs some runs a page more. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static long faults_of(char **command)
{
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    int failed, status;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                     O_WRONLY, 0);
    failed = posix_spawnp(&pid, *command, &actions, NULL, command, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed || wait4(pid, &status, 0, &usage) != pid || status)
        return -1;
    return usage.ru_minflt + usage.ru_majflt;
}

int main(int argc, char **argv)
{
    long fewest = -1;

    if (argc < 3)
        return 2;
    for (int n = atoi(argv[1]); n > 0; n--) {
        const long faults = faults_of(argv + 2);

        if (faults < 0)
            return 1;
        if (fewest < 0 || faults < fewest)
            fewest = faults;
    }
    printf("%ld\n", fewest);
    return 0;
}
