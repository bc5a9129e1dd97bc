/* Signals that interrupt: a bad access and a division by zero left by
 * siglongjmp(), a handler inside another, a timer during a calculation, a
 * signal for one thread, and blocked signals.
 *
 * FLAGS: -fexceptions
 * STATUS: 0
 * OUTPUT:
 * write 1 1
 * read 1 1
 * divided 1
 * mended 42 77
 * nested 1 2 3
 * timer 1
 * thread, and not main: 1
 * pending 1
 * arrived 1
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf recovery;
static volatile sig_atomic_t ticks, code, order[4], n_order;
static char *volatile guarded;
static void *volatile fault_address;
static volatile int zero;
static _Thread_local volatile sig_atomic_t reached;

static void on_fault(int number, siginfo_t *info, void *context)
{
    ucontext_t *c = context;

    code = info->si_code;
    fault_address = info->si_addr;
    siglongjmp(recovery, c->uc_mcontext.gregs[REG_RIP] ? number : -1);
}

static void on_prof(int number)
{
    (void)number;
    ticks++;
}

static void on_usr1(int number)
{
    order[n_order++] = 1;
    raise(number == SIGUSR1 ? SIGUSR2 : SIGUSR1);
    order[n_order++] = 3;
}

static void on_usr2(int number)
{
    (void)number;
    order[n_order++] = 2;
}

static void on_thread(int number)
{
    (void)number;
    reached = 1;
}

static void on_write(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    mprotect(info->si_addr, 1, PROT_READ | PROT_WRITE); /* and try again */
    code = 77;
}

static void catch (int number, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};

    sigaction(number, &action, NULL);
}

static double calculate(void)
{
    struct itimerval every = {{0, 1000}, {0, 1000}};
    volatile double sum = 0;

    signal(SIGPROF, on_prof);
    setitimer(ITIMER_PROF, &every, NULL);
    while (ticks < 20)
        for (int i = 1; i < 1000; i++)
            sum = sum + 1.0 / i;
    memset(&every, 0, sizeof(every));
    setitimer(ITIMER_PROF, &every, NULL);
    return sum;
}

static void *wait_for_signal(void *arg)
{
    while (!reached)
        usleep(1000);
    return arg;
}

int main(void)
{
    sigset_t set, pending;
    pthread_t thread;

    guarded = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    catch (SIGSEGV, on_fault);
    catch (SIGFPE, on_fault);
    if (sigsetjmp(recovery, 1) == 0)
        guarded[5] = 1;
    else
        printf("write %d %d\n", code == SEGV_ACCERR,
               fault_address == guarded + 5);
    if (sigsetjmp(recovery, 1) == 0)
        return *(volatile int *)16;
    printf("read %d %d\n", code == SEGV_MAPERR, fault_address == (void *)16);
    if (sigsetjmp(recovery, 1) == 0)
        return 5 / zero;
    printf("divided %d\n", code == FPE_INTDIV);
    catch (SIGSEGV, on_write);
    guarded[0] = 42;
    printf("mended %d %d\n", guarded[0], code);

    signal(SIGUSR1, on_usr1);
    signal(SIGUSR2, on_usr2);
    raise(SIGUSR1);
    printf("nested %d %d %d\n", order[0], order[1], order[2]);
    printf("timer %d\n", calculate() > 1);

    signal(SIGUSR1, on_thread);
    pthread_create(&thread, NULL, wait_for_signal, NULL);
    pthread_kill(thread, SIGUSR1);
    pthread_join(thread, NULL);
    printf("thread, and not main: %d\n", !reached);

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR2);
    sigpending(&pending);
    printf("pending %d\n", sigismember(&pending, SIGUSR2));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    printf("arrived %d\n", n_order == 4);
    return 0;
}
