/* A process for each part. LLVM's objects belong to one context, and a context
 * to one thread; and under a memory limit an allocation in C++ may end the
 * process. A forked process has the module at once, may reduce it to its part,
 * and may die: its parent notices that and reports an error like any other.
 *
 * The result of a part is written to a pipe, as a head and bytes:
 *
 *   status, length of what follows: a message, or the object
 *
 * If a process dies, its result is incomplete. Workers die with the process
 * that started them. They keep none of its descriptors but the pipe; above all,
 * they must not keep the request's lock. */
#include "bccc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

enum {
    PIPE_FD = 3, /* of a worker */
    MAX_WORKERS = 16,
    READ_SIZE = 64 * 1024
};

struct head {
    int32_t status;
    int32_t os_errno;
    uint64_t size;
};

/* ---- In the worker ---- */

_Noreturn static void end(enum status status, int os_errno, struct span bytes)
{
    const struct head head = {status, os_errno, bytes.size};
    const struct span head_bytes = {(const uint8_t *)&head, sizeof(head)};

    if (file_write_all(PIPE_FD, head_bytes, "part", NULL) == STATUS_OK &&
        file_write_all(PIPE_FD, bytes, "part", NULL) == STATUS_OK)
        _exit(0);
    _exit(1);
}

_Noreturn static void end_with_message(enum status status, int os_errno,
                                       const char *message)
{
    end(status, os_errno,
        (struct span){(const uint8_t *)message, strlen(message)});
}

_Noreturn static void on_end(enum status status, const char *message)
{
    end_with_message(status, 0, message);
}

_Noreturn static void work(pid_t parent, int fd, size_t part, part_fn make,
                           void *context)
{
    struct error err = {0};
    struct buffer out;
    enum status status;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(fd, PIPE_FD) < 0)
        _exit(1);
    populate_pages();
    close_range(PIPE_FD + 1, ~0u, 0);
    compile_on_end(on_end);
    buffer_init(&out);
    status = make(context, part, &out, &err);
    if (status == STATUS_OK && buffer_failed(&out))
        status = error_no_memory(&err);
    if (status)
        end_with_message(status, err.os_errno, err.message);
    end(STATUS_OK, 0, buffer_span(&out));
}

/* ---- Starting and waiting ---- */

struct worker {
    pid_t pid;
    int fd;
    struct buffer *out; /* the result of its part */
};

struct pool {
    struct worker worker[MAX_WORKERS];
    size_t n_workers; /* workers that run */
    size_t max_workers;
};

static size_t count_cpus(void)
{
    cpu_set_t cpus;
    int n = sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : CPU_COUNT(&cpus);

    return n < MAX_WORKERS ? (size_t)n : MAX_WORKERS;
}

static enum status start(struct pool *pool, size_t part, part_fn make,
                         void *context, struct buffer *out, struct error *err)
{
    struct worker *worker = &pool->worker[pool->n_workers];
    pid_t parent = getpid();
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_os(err, errno, "compile: pipe of a part");
    worker->pid = fork();
    if (worker->pid == 0)
        work(parent, ends[1], part, make, context);
    close(ends[1]);
    if (worker->pid < 0) {
        enum status status =
            error_set_os(err, errno, "compile: process of a part");
        close(ends[0]);
        return status;
    }
    worker->fd = ends[0];
    worker->out = out;
    pool->n_workers++;
    return STATUS_OK;
}

/* Read the result of a worker that has ended. */
static enum status judge(const struct worker *worker, int wait_status,
                         struct error *err)
{
    struct buffer *out = worker->out;
    struct head head = {0};

    if (buffer_failed(out))
        return error_no_memory(err);
    if (out->size >= sizeof(head))
        memcpy(&head, out->data, sizeof(head));
    if (out->size < sizeof(head) || out->size - sizeof(head) != head.size) {
        /* Not LLVM's fault: when memory runs out, the kernel kills compilers
         * first. */
        if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL)
            return error_set(err, STATUS_IO,
                             "compile: the process of a part was killed");
        if (WIFSIGNALED(wait_status))
            return error_set(err, STATUS_COMPILE,
                             "compile: the process of a part died of signal %d",
                             WTERMSIG(wait_status));
        return error_set(err, STATUS_COMPILE,
                         "compile: the process of a part exited without a "
                         "reply");
    }
    out->size -= sizeof(head);
    memmove(out->data, out->data + sizeof(head), out->size);
    if (head.status == STATUS_OK)
        return STATUS_OK;
    error_set(err, (enum status)head.status, "%.*s", (int)out->size,
              (const char *)out->data);
    if (err)
        err->os_errno = head.os_errno;
    return (enum status)head.status;
}

static enum status finish(struct pool *pool, size_t index, struct error *err)
{
    struct worker worker = pool->worker[index];
    int wait_status = 0;

    pool->worker[index] = pool->worker[--pool->n_workers];
    close(worker.fd);
    while (waitpid(worker.pid, &wait_status, 0) < 0 && errno == EINTR)
        ;
    return judge(&worker, wait_status, err);
}

/* Read from a worker; true if more may come. */
static bool receive(const struct worker *worker)
{
    uint8_t bytes[READ_SIZE];
    ssize_t got;

    do
        got = read(worker->fd, bytes, sizeof(bytes));
    while (got < 0 && errno == EINTR);
    if (got > 0)
        buffer_append(worker->out, bytes, (size_t)got);
    return got > 0;
}

/* Wait until at least one worker has ended. */
static enum status wait_for_one(struct pool *pool, struct error *err)
{
    size_t n_before = pool->n_workers;

    while (pool->n_workers == n_before) {
        struct pollfd fds[MAX_WORKERS];

        for (size_t i = 0; i < pool->n_workers; i++)
            fds[i] = (struct pollfd){pool->worker[i].fd, POLLIN, 0};
        if (poll(fds, pool->n_workers, -1) < 0 && errno != EINTR)
            return error_set_os(err, errno, "compile: waiting for parts");
        for (size_t i = pool->n_workers; i-- > 0;) {
            enum status status = STATUS_OK;

            if (fds[i].revents && !receive(&pool->worker[i]))
                status = finish(pool, i, err);
            if (status)
                return status;
        }
    }
    return STATUS_OK;
}

enum status parts_make(size_t n_parts, part_fn make, void *context,
                       struct buffer *ret_out, struct error *err)
{
    struct pool pool = {.max_workers = count_cpus()};
    enum status status = STATUS_OK;

    for (size_t part = 0; !status && part < n_parts; part++) {
        if (pool.n_workers == pool.max_workers)
            status = wait_for_one(&pool, err);
        if (status == STATUS_OK)
            status = start(&pool, part, make, context, &ret_out[part], err);
    }
    while (!status && pool.n_workers > 0)
        status = wait_for_one(&pool, err);
    while (pool.n_workers > 0) {
        kill(pool.worker[0].pid, SIGKILL);
        /* The output of this worker no longer matters. */
        if (finish(&pool, 0, NULL))
            continue;
    }
    return status;
}
