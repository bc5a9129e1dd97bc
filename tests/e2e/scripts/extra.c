/* Uses a function of a shared library, and registers handlers of fork(). */
#include <pthread.h>

int extra_answer(void);

int answer(void);
int watch_forks(void);
int forks(void);
int arguments(void);

static int n_forks, n_arguments;

__attribute__((constructor)) static void start(int argc, char **argv)
{
    n_arguments = argv[argc] ? -1 : argc;
}

static void before_fork(void)
{
    n_forks++;
}

int answer(void)
{
    return extra_answer();
}

int watch_forks(void)
{
    return pthread_atfork(before_fork, 0, 0);
}

int forks(void)
{
    return n_forks;
}

int arguments(void)
{
    return n_arguments;
}
