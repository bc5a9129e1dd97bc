/* Endless recursion: a handler on a stack of its own sees it in a child, and it
 * ends the program.
 *
 * FLAGS: -Wno-infinite-recursion
 * STATUS: signal 11
 * OUTPUT:
 * handled
 * child left with 4
 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int depth;

__attribute__((noinline)) static int fall(int n)
{
    volatile char frame[1000];

    frame[n % 1000] = (char)n;
    depth = n;
    return fall(n + 1) + frame[(n + 1) % 1000];
}

static void handler(int number)
{
    static const char text[] = "handled\n";

    (void)number;
    _exit(depth > 500 && write(1, text, sizeof(text) - 1) > 0 ? 4 : 5);
}

int main(void)
{
    static char memory[65536];
    stack_t stack = {.ss_sp = memory, .ss_size = sizeof(memory)};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    struct rlimit limit = {1 << 20, 1 << 20}, no_core = {0, 0};
    int status;

    setrlimit(RLIMIT_STACK, &limit);
    setrlimit(RLIMIT_CORE, &no_core);
    if (fork() == 0) {
        sigaltstack(&stack, NULL);
        sigaction(SIGSEGV, &action, NULL);
        return fall(0);
    }
    wait(&status);
    printf("child left with %d\n", WEXITSTATUS(status));
    fflush(stdout);
    return fall(0);
}
