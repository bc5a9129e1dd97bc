/* A handler installed by the program runs, with its siginfo, on an alternate
 * stack, and leaves by siglongjmp().
 *
 * STATUS: 0
 * OUTPUT:
 * SIGUSR1 from myself: 1
 * jumped out of SIGFPE
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t from_myself;
static sigjmp_buf after_fault;
static char stack[65536];

static void on_usr1(int number, siginfo_t *info, void *context)
{
    (void)context;
    from_myself = number == SIGUSR1 && info->si_pid == getpid();
}

static void on_fpe(int number)
{
    siglongjmp(after_fault, number);
}

int main(void)
{
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction usr1 = {.sa_sigaction = on_usr1,
                             .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigaction fpe = {.sa_handler = on_fpe, .sa_flags = SA_ONSTACK};

    if (sigaltstack(&alternate, NULL) || sigaction(SIGUSR1, &usr1, NULL) ||
        sigaction(SIGFPE, &fpe, NULL))
        return 1;
    raise(SIGUSR1);
    printf("SIGUSR1 from myself: %d\n", from_myself);
    if (sigsetjmp(after_fault, 1) == SIGFPE)
        puts("jumped out of SIGFPE");
    else
        raise(SIGFPE);
    return 0;
}
