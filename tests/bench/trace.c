/* The child runs the side a few times and says what it is about to do with a
 * system call that does nothing: fcntl() on a descriptor that cannot exist. The
 * last run counts; those before bring buffers and bindings of this process to
 * where they are in the middle of many rounds. */
#include "trace.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_RUNS = 3, MARKER_FD = -77 };

enum phase { PHASE_ENTER, PHASE_CHECK, PHASE_LEAVE, PHASE_BETWEEN, N_PHASES };

static void mark(enum phase phase)
{
    syscall(SYS_fcntl, MARKER_FD, (int)phase);
}

_Noreturn static void run_child(const struct bench_side *side)
{
    const int n_runs = side->is_process ? 1 : N_RUNS;
    bool ok = true;

    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
        _exit(1);
    raise(SIGSTOP);
    for (int i = 0; i < n_runs && ok; i++) {
        mark(PHASE_ENTER);
        ok = side->enter(side->context);
        mark(PHASE_CHECK);
        ok = ok && (!side->check || side->check(side->context));
        mark(PHASE_LEAVE);
        ok = ok && (!side->leave || side->leave(side->context));
        mark(PHASE_BETWEEN);
    }
    _exit(ok ? 0 : 1);
}

struct count {
    pid_t child;
    bool is_process;
    bool has_program; /* in this phase something was executed */
    enum phase phase;
    long n[N_PHASES];
};

static void count_call(struct count *count, pid_t pid)
{
    struct __ptrace_syscall_info info = {0};

    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) <=
            0 ||
        info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return;
    if (pid == count->child && info.entry.nr == SYS_fcntl &&
        (int)info.entry.args[0] == MARKER_FD) {
        count->phase = (enum phase)info.entry.args[1];
        count->n[count->phase] = 0;
        count->has_program = false;
    } else if ((pid == count->child) != count->is_process) {
        count->n[count->phase]++;
    }
}

/* What the copy of this process did before it became the program does not
 * count. */
static void begin_program(struct count *count)
{
    if (!count->has_program)
        count->n[count->phase] = 0;
    count->has_program = true;
}

/* Follow all tracees until the child has ended; true if it ended well. */
static bool follow(struct count *count)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, __WALL)) > 0) {
        long signal = 0;

        if (!WIFSTOPPED(status)) {
            if (pid == count->child)
                return WIFEXITED(status) && WEXITSTATUS(status) == 0;
            continue;
        }
        if (WSTOPSIG(status) == (SIGTRAP | 0x80))
            count_call(count, pid);
        else if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8))
            begin_program(count);
        else if (WSTOPSIG(status) != SIGSTOP && WSTOPSIG(status) != SIGTRAP)
            signal = WSTOPSIG(status);
        ptrace(PTRACE_SYSCALL, pid, NULL, (void *)signal);
    }
    return false;
}

void trace_count(const struct bench_side *side, long *ret_enter,
                 long *ret_leave)
{
    struct count count = {.is_process = side->is_process,
                          .phase = PHASE_BETWEEN};
    const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD |
                         PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                         PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;
    int status;

    fflush(NULL);
    count.child = fork();
    if (count.child < 0)
        return;
    if (count.child == 0)
        run_child(side);
    if (waitpid(count.child, &status, __WALL) != count.child ||
        !WIFSTOPPED(status))
        return;
    if (ptrace(PTRACE_SETOPTIONS, count.child, NULL, (void *)options) < 0 ||
        ptrace(PTRACE_SYSCALL, count.child, NULL, NULL) < 0) {
        kill(count.child, SIGKILL);
        waitpid(count.child, &status, __WALL);
        return;
    }
    if (!follow(&count))
        return;
    *ret_enter = count.n[PHASE_ENTER];
    *ret_leave = count.n[PHASE_LEAVE];
}
