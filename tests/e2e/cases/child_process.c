/* fork(): parent and child both go on in the mapped code; a pipe joins them.
 *
 * STATUS: 12
 * OUTPUT:
 * child says hello
 * child left with 11
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char text[32] = "";
    int pipe_fd[2], status;
    pid_t child;

    if (pipe(pipe_fd) || (child = fork()) < 0)
        return 1;
    if (child == 0) {
        if (write(pipe_fd[1], "hello", 5) != 5)
            _exit(1);
        _exit(11);
    }
    close(pipe_fd[1]);
    if (read(pipe_fd[0], text, sizeof(text) - 1) != 5 ||
        waitpid(child, &status, 0) != child)
        return 1;
    printf("child says %s\n", text);
    printf("child left with %d\n", WEXITSTATUS(status));
    return WEXITSTATUS(status) + 1;
}
