/* How the compiler process is started without disturbing the host:
 *
 *  - posix_spawn: no code of the library runs between fork and exec, and a host
 *    of many GiB is not copied.
 *  - A process group of its own: waitpid(0) in the host does not reap the
 *    child, and Ctrl-C in a terminal reaches the host first. bccc asks the
 *    kernel to kill it when its parent dies, and gets a pid and a pidfd to see
 *    whether the parent has died already.
 *  - If the host reaps the child anyway (waitpid(-1), SIGCHLD ignored), nothing
 *    is lost: the reply record, not the exit status, holds the result.
 *  - No signal handler, mask, umask or directory of the host is changed. */
#include "compile_client.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "request.h"

extern char **environ;

/* ---- Where the compiler is ---- */

/* The directory of bccc relative to that of the library, or of a program that
 * contains the library. */
static const char places[] =
    BCC_LIBEXEC_FROM_LIB "\0" BCC_LIBEXEC_FROM_BIN "\0";

static bool is_program(const char *path)
{
    return faccessat(AT_FDCWD, path, X_OK, 0) == 0;
}

/* Was this code loaded from the program's file? The name does not tell, because
 * the starter of a program chooses it. */
static bool is_program_itself(const Dl_info *info)
{
    return getauxval(AT_PHDR) - (uintptr_t)info->dli_fbase < 4096;
}

/* Not realpath(): the file may have been replaced since the program was
 * started. */
static char *own_program(void)
{
    char *path = malloc(PATH_MAX);
    ssize_t size = path ? readlink("/proc/self/exe", path, PATH_MAX - 1) : -1;

    if (size < 0) {
        free(path);
        return NULL;
    }
    path[size] = '\0';
    return path;
}

/* The directory of the file that this code was loaded from, which the caller
 * frees; NULL: unknown. */
static char *own_directory(void)
{
    char *path = NULL, *slash;
    Dl_info info;

    if (!dladdr((void *)compile_client_run, &info))
        return NULL;
    if (is_program_itself(&info))
        path = own_program();
    else if (info.dli_fname)
        path = realpath(info.dli_fname, NULL);
    slash = path ? strrchr(path, '/') : NULL;
    if (!slash) {
        free(path);
        return NULL;
    }
    *slash = '\0';
    return path;
}

/* Find a file relative to the directory; the caller frees the path. */
static enum status find_installed(const char *dir, const char *file,
                                  char **ret_path, struct error *err)
{
    for (const char *place = places; *place; place += strlen(place) + 1) {
        char *path;

        if (asprintf(&path, "%s/%s/%s", dir, place, file) < 0)
            return error_no_memory(err);
        if (faccessat(AT_FDCWD, path, F_OK, 0) == 0) {
            *ret_path = path;
            return STATUS_OK;
        }
        free(path);
    }
    return error_set(err, STATUS_NOT_FOUND,
                     "%s: is not installed (looked for %s/%s/%s)", file, dir,
                     places, file);
}

static enum status find_near(const char *file, char **ret_path,
                             struct error *err)
{
    char *dir = own_directory();
    enum status status;

    if (!dir)
        return error_set(err, STATUS_NOT_FOUND,
                         "%s: the path of libobcc is unknown", file);
    status = find_installed(dir, file, ret_path, err);
    free(dir);
    return status;
}

enum status compile_client_find(const char *given, char **ret_path,
                                struct error *err)
{
    const char *named = given ? given : secure_getenv("BCC_BCCC");
    char *path;

    if (named && *named) {
        if (!is_program(named))
            return error_set(err, STATUS_NOT_FOUND,
                             "%s: no such compiler program", named);
        path = strdup(named);
        if (!path)
            return error_no_memory(err);
        *ret_path = path;
        return STATUS_OK;
    }
    return find_near("bccc", ret_path, err);
}

/* The libraries stay open: what LLVM keeps for a process could not be set up
 * twice. */
static enum status open_library(const char *path, const char *function,
                                void **ret_function, struct error *err)
{
    void *library = dlopen(path, RTLD_NOW);

    *ret_function = library ? dlsym(library, function) : NULL;
    return *ret_function ? STATUS_OK
                         : error_set(err, STATUS_NOT_FOUND, "%s", dlerror());
}

enum status compile_client_open(const char *file, const char *function,
                                void **ret_function, struct error *err)
{
    char *path;
    enum status status = find_near(file, &path, err);

    if (status)
        return status;
    status = open_library(path, function, ret_function, err);
    free(path);
    return status;
}

/* ---- Starting it ---- */

/* The child's descriptor table from 3 on. All descriptors in it belong to the
 * table, and their numbers are above the child's. */
struct descriptors {
    int fd[REQUEST_FIRST_INPUT_FD + REQUEST_MAX_INPUTS]; /* -1: /dev/null */
    int n;                                               /* one past the last */
};

static void descriptors_close(struct descriptors *table)
{
    for (int i = REQUEST_FD; i < table->n; i++)
        file_close(table->fd[i]);
}

/* Add a copy of fd, if fd is not -1, with a number that no descriptor of the
 * child has. */
static enum status add_descriptor(struct descriptors *table, int fd, int above,
                                  struct error *err)
{
    int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, above);

    if (copy < 0 && fd >= 0)
        return error_set_os(err, errno, "bccc: descriptor %d", fd);
    table->fd[table->n++] = copy;
    return STATUS_OK;
}

static enum status build_descriptors(const struct compile_job *job,
                                     int request_fd, int reply_fd,
                                     struct descriptors *table,
                                     struct error *err)
{
    int host_fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    int above = REQUEST_FIRST_INPUT_FD + (int)job->n_inputs;
    enum status status;

    /* ORDER REQUEST FD */
    table->n = REQUEST_FD;
    status = add_descriptor(table, request_fd, above, err);
    if (status == STATUS_OK)
        status = add_descriptor(table, job->call.output_fd, above, err);
    if (status == STATUS_OK)
        status = add_descriptor(table, reply_fd, above, err);
    if (status == STATUS_OK)
        status = add_descriptor(table, job->call.lock_fd, above, err);
    if (status == STATUS_OK)
        status = add_descriptor(table, job->call.dir_fd, above, err);
    if (status == STATUS_OK)
        status = add_descriptor(table, host_fd, above, err);
    file_close(host_fd);
    for (size_t i = 0; status == STATUS_OK && i < job->n_inputs; i++)
        status = add_descriptor(table, job->call.input_fds[i], above, err);
    return status;
}

static int fill_actions(posix_spawn_file_actions_t *actions,
                        const struct descriptors *table)
{
    int rc = 0;

    for (int fd = 0; rc == 0 && fd < table->n; fd++)
        rc = fd < REQUEST_FD || table->fd[fd] < 0
                 ? posix_spawn_file_actions_addopen(actions, fd, "/dev/null",
                                                    O_RDWR, 0)
                 : posix_spawn_file_actions_adddup2(actions, table->fd[fd], fd);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(actions, table->n);
    return rc;
}

static int fill_attributes(posix_spawnattr_t *attributes)
{
    const sigset_t none = {0}; /* as sigemptyset() makes it */
    sigset_t all;

    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setpgroup(attributes, 0);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETPGROUP);
}

/* The request tells bccc what to do. It gets only the variables of the host's
 * environment that it needs to start: others (LD_PRELOAD, MALLOC_CONF,
 * GLIBC_TUNABLES ...) are meant for the host, and would change it, slow it
 * down, or end it. */
static const char passed_variables[] =
    "PATH="            /* if bccc is a script */
    "BCC_BCCC="        /* which such a script may start */
    "LD_LIBRARY_PATH=" /* its own libraries, and those that -l finds: the
                          host's dlopen() looks there, too */
    "BCC_SYSROOT="     /* where the libraries of other machines are */
    "BCC_UNDEFINED="   /* where bcc run wants undefined symbols listed */
    "QEMU_LD_PREFIX="  /* if another machine is emulated */
    "QEMU_CPU="
    "ASAN_OPTIONS=" /* if it is built with sanitizers; nothing else reads
                       these */
    "UBSAN_OPTIONS="
    "TSAN_OPTIONS=";

/* At most: a name and its "=" take two bytes. */
enum { MAX_PASSED = sizeof(passed_variables) / 2 };

static bool is_passed(const char *variable)
{
    const char *name = passed_variables;

    while (*name) {
        const char *at = variable;

        for (; *name == *at && *at != '='; name++)
            at++;
        if (*name == '=' && *at == '=')
            return true;
        while (*name++ != '=')
            continue;
    }
    return false;
}

static void choose_environment(char *ret_environment[MAX_PASSED + 1])
{
    size_t n = 0;

    /* Bounded, because a name may occur many times, by mistake. */
    for (char **at = environ; at && *at && n < MAX_PASSED; at++)
        if (is_passed(*at))
            ret_environment[n++] = *at;
    ret_environment[n] = NULL;
}

static enum status start(char *const *argv, const struct descriptors *table,
                         pid_t *ret_pid, struct error *err)
{
    const char *path = argv[0];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char *environment[MAX_PASSED + 1];
    int rc;

    choose_environment(environment);
    rc = posix_spawn_file_actions_init(&actions);
    if (rc)
        return error_set_os(err, rc, "%s", path);
    rc = posix_spawnattr_init(&attributes);
    if (rc == 0) {
        rc = fill_actions(&actions, table);
        if (rc == 0)
            rc = fill_attributes(&attributes);
        if (rc == 0)
            rc = posix_spawn(ret_pid, path, &actions, &attributes, argv,
                             environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    if (rc)
        return error_set_os(err, rc, "%s: cannot be started", path);
    return STATUS_OK;
}

/* ---- Waiting for it ---- */

enum end { END_EXITED, END_SIGNALLED, END_TIMED_OUT, END_UNKNOWN };

static uint64_t now_ms(void)
{
    return clock_monotonic_ns() / 1000000u;
}

/* Poll, if the kernel, a sandbox or valgrind has no pidfd. */
static bool poll_for_end(pid_t pid, uint64_t end_ms)
{
    const struct timespec pause = {.tv_nsec = 2000000};

    for (;;) {
        siginfo_t info = {0};
        int rc = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);

        if ((rc < 0 && errno != EINTR) || info.si_pid)
            return true; /* or reaped by the host */
        if (now_ms() >= end_ms)
            return false;
        nanosleep(&pause, NULL);
    }
}

/* Wait at most limit_ms (0: for ever); true: the process has ended. Timers of
 * the host that interrupt every wait do not extend the limit. */
static bool wait_for_end(pid_t pid, uint32_t limit_ms)
{
    const uint64_t end_ms = now_ms() + limit_ms;
    struct pollfd pollfd = {.events = POLLIN};
    int rc;

    if (!limit_ms)
        return true; /* waitid will wait */
    pollfd.fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pollfd.fd < 0)
        return poll_for_end(pid, end_ms);
    do {
        uint64_t now = now_ms();
        uint64_t left_ms = now < end_ms ? end_ms - now : 0;
        rc = poll(&pollfd, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
    } while (rc < 0 && errno == EINTR);
    close(pollfd.fd);
    return rc != 0;
}

static enum end wait_for(pid_t pid, uint32_t limit_ms, int *ret_code)
{
    bool ended = wait_for_end(pid, limit_ms);
    siginfo_t info = {0};
    int rc;

    if (!ended)
        kill(pid, SIGKILL);
    do
        rc = waitid(P_PID, (id_t)pid, &info, WEXITED);
    while (rc < 0 && errno == EINTR);
    if (!ended)
        return END_TIMED_OUT;
    if (rc < 0)
        return END_UNKNOWN; /* the host reaped the child */
    *ret_code = info.si_status;
    return info.si_code == CLD_EXITED ? END_EXITED : END_SIGNALLED;
}

static enum status read_reply(int reply_fd, const char *path,
                              struct reply *ret_reply, struct error *err)
{
    enum status status;
    size_t size;

    status = file_read_at(reply_fd,
                          (struct file_target){ret_reply, sizeof(*ret_reply)},
                          0, path, &size, err);
    if (status)
        return status;
    if (size != sizeof(*ret_reply) || ret_reply->magic != REPLY_MAGIC)
        return STATUS_NOT_FOUND;
    ret_reply->message[sizeof(ret_reply->message) - 1] = '\0';
    return STATUS_OK;
}

/* Describe how the process ended, with its exit status or signal. */
struct ending {
    enum end end;
    int code;
};

static enum status conclude(const struct ending *ending, int reply_fd,
                            const struct compile_job *job, const char *path,
                            struct reply *ret_reply, struct error *err)
{
    enum status status;

    if (ending->end == END_TIMED_OUT)
        return error_set(err, STATUS_COMPILE,
                         "compile: took longer than the limit of %u ms",
                         job->time_limit_ms);
    status = read_reply(reply_fd, path, ret_reply, NULL);
    if (status == STATUS_OK) {
        if (ret_reply->status == STATUS_OK)
            return STATUS_OK;
        error_set(err, (enum status)ret_reply->status, "%s",
                  ret_reply->message);
        if (err)
            err->os_errno = ret_reply->os_errno;
        return (enum status)ret_reply->status;
    }
    if (ending->end == END_SIGNALLED)
        return error_set(err, STATUS_COMPILE,
                         "%s: the compiler process died of signal %d (%s)",
                         job->name, ending->code,
                         sigdescr_np(ending->code) ? sigdescr_np(ending->code)
                                                   : "?");
    return error_set(err, STATUS_COMPILE,
                     "compile: %s exited without a reply (exit status %d)",
                     path, ending->end == END_EXITED ? ending->code : -1);
}

/* argv[0] becomes the compiler's path, which the caller frees in any case. */
static enum status start_compile(const struct compile_job *job, int reply_fd,
                                 char **argv, pid_t *ret_pid, struct error *err)
{
    struct descriptors table = {.n = REQUEST_FD};
    int request_fd = -1;
    enum status status;
    char host[24];

    status = compile_client_find(job->compiler_path, &argv[0], err);
    if (status)
        return status;
    argv[2] = host;
    snprintf(host, sizeof(host), "%jd", (intmax_t)getpid());
    status =
        file_create_memory("bcc-request", job->call.message, &request_fd, err);
    if (status)
        goto out;
    status = build_descriptors(job, request_fd, reply_fd, &table, err);
    if (status)
        goto out;
    status = start(argv, &table, ret_pid, err);
out:
    /* The child has its own copies now; the host may have few descriptors
     * left. */
    descriptors_close(&table);
    file_close(request_fd);
    return status;
}

enum status compile_client_run(const struct compile_job *job,
                               struct reply *ret_reply, struct error *err)
{
    char *argv[] = {NULL, (char *)"compile", NULL, NULL};
    struct ending ending = {0};
    enum status status;
    int reply_fd;
    pid_t pid;

    status =
        file_create_memory("bcc-reply", (struct span){NULL, 0}, &reply_fd, err);
    if (status)
        return status;
    status = start_compile(job, reply_fd, argv, &pid, err);
    if (status == STATUS_OK) {
        ending.end = wait_for(pid, job->time_limit_ms, &ending.code);
        status = conclude(&ending, reply_fd, job, argv[0], ret_reply, err);
    }
    free(argv[0]);
    file_close(reply_fd);
    return status;
}

/* ---- In this process ---- */

static enum status find_function(const char *compiler, compile_call_fn *ret_fn,
                                 struct error *err)
{
    const char *slash = strrchr(compiler, '/');
    enum status status;
    char *path;

    if (asprintf(&path, "%.*s" COMPILE_CALL_FILE,
                 slash ? (int)(slash + 1 - compiler) : 0, compiler) < 0)
        return error_no_memory(err);
    status = open_library(path, COMPILE_CALL_NAME, (void **)ret_fn, err);
    free(path);
    return status;
}

enum status compile_client_call(const char *compiler_path,
                                const struct compile_call *call,
                                struct reply *ret_reply, struct error *err)
{
    compile_call_fn compile;
    char *compiler;
    enum status status = compile_client_find(compiler_path, &compiler, err);

    if (status)
        return status;
    status = find_function(compiler, &compile, err);
    free(compiler);
    return status ? status : compile(call, ret_reply, err);
}

/* ---- In the background ---- */

enum status compile_client_later(const struct compile_job *job,
                                 struct error *err)
{
    char *argv[] = {NULL, (char *)"later", NULL, NULL};
    enum status status;
    pid_t pid;
    int code;

    status = start_compile(job, -1, argv, &pid, err);
    free(argv[0]);
    if (status == STATUS_OK)
        wait_for(pid, 0, &code);
    return status;
}

enum status compile_client_prune(const char *compiler_path, const char *dir,
                                 uint64_t limit, struct error *err)
{
    struct descriptors table = {.n = REQUEST_FD};
    char limit_text[24];
    char *argv[] = {NULL, (char *)"prune", (char *)dir, limit_text, NULL};
    enum status status;
    pid_t pid;
    int code;

    status = compile_client_find(compiler_path, &argv[0], err);
    if (status)
        return status;
    snprintf(limit_text, sizeof(limit_text), "%" PRIu64, limit);
    status = start(argv, &table, &pid, err);
    free(argv[0]);
    /* The process leaves the work to a child of its own and exits at once, so
     * the host never has a child of the library to reap. */
    if (status == STATUS_OK)
        wait_for(pid, 0, &code);
    return status;
}
