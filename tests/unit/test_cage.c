/* The sandbox of bccc. Each test closes it in a child, then tries calls that
 * must be refused and calls that must not. If the kernel, or a container, has
 * neither Landlock nor seccomp, only open() is tried. */
#include "cage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "file.h"
#include "temp_dir.h"

/* ---- In the child ---- */

enum { DIR_FD = 100 }; /* the directory whose files may be renamed */

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    _exit(1);
}

static void expect_refused(long result, const char *what)
{
    expect(result < 0 && (errno == EACCES || errno == EPERM || errno == ENOSYS),
           what);
}

static void try_to_open(unsigned parts)
{
    expect(parts & CAGE_OPEN, "the cage without open()");
    errno = 0;
    expect(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES, "open");
    if (!(parts & (CAGE_LANDLOCK | CAGE_SECCOMP)))
        return;
    expect_refused(openat(AT_FDCWD, "/etc/passwd", O_RDONLY), "openat");
#ifdef SYS_open
    expect_refused(syscall(SYS_open, "/etc/passwd", O_RDONLY), "SYS_open");
#endif
    expect_refused(openat(AT_FDCWD, "/dev/zero", O_RDONLY), "a device");
    expect_refused(openat(DIR_FD, "new", O_CREAT | O_WRONLY, 0600), "a file");
    expect_refused(openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY), "/");
}

static void try_calls(unsigned parts)
{
    uint64_t how[3] = {O_RDONLY, 0, 0};
    const char *const arguments[] = {"true", NULL};

    if (!(parts & CAGE_SECCOMP))
        return;
    expect_refused(socket(AF_INET, SOCK_STREAM, 0), "socket");
    expect_refused(socket(AF_UNIX, SOCK_STREAM, 0), "a local socket");
    expect_refused(syscall(SYS_execve, "/bin/true", arguments, NULL), "execve");
    expect_refused(syscall(SYS_ptrace, 0, 0, 0, 0), "ptrace");
    expect_refused(syscall(SYS_process_vm_readv, getppid(), 0, 0, 0, 0, 0),
                   "process_vm_readv");
    expect_refused(syscall(SYS_bpf, 0, 0, 0), "bpf");
    expect_refused(syscall(425, 8, &how), "io_uring_setup");
    expect_refused(syscall(437, AT_FDCWD, "/etc/passwd", &how, sizeof(how)),
                   "openat2");
    expect_refused(syscall(434, getppid(), 0), "pidfd_open");
    expect_refused(unshare(CLONE_NEWUSER), "unshare");
    expect_refused(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0),
                   "clone");
    expect_refused(rename("/etc/passwd", "/etc/shadow"), "rename");
    expect_refused(syscall(SYS_renameat2, AT_FDCWD, "/etc/passwd", AT_FDCWD,
                           "/etc/shadow", 0),
                   "renameat2");
    expect_refused(mkdir("/tmp/new", 0700), "mkdir");
    expect_refused(chmod("/etc/passwd", 0600), "chmod");
    expect_refused(symlink("a", "/tmp/new"), "symlink");
    expect_refused(truncate("/etc/passwd", 0), "truncate");
    expect_refused(kill(getppid(), SIGTERM), "kill");
    expect(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0) == MAP_FAILED,
           "executable memory");
}

/* What a compile lives of. */
static void try_work(void)
{
    struct stat st;
    int ends[2], status;
    char byte;
    char *memory = malloc(1 << 24);
    pid_t child;

    expect(memory, "malloc");
    memset(memory, 1, 1 << 24);
    free(memory);
    expect(fstat(0, &st) == 0, "fstat");
    expect(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
    child = fork();
    expect(child >= 0, "fork");
    if (child == 0) {
        expect(dup2(ends[1], 3) == 3 && write(3, "x", 1) == 1, "write");
        poll(NULL, 0, -1);
        _exit(1);
    }
    expect(read(ends[0], &byte, 1) == 1, "read");
    expect(kill(child, SIGKILL) == 0, "kill");
    expect(waitpid(child, &status, 0) == child && WIFSIGNALED(status), "wait");
}

/* ---- Tests ---- */

typedef void (*child_fn)(void);

static void run_in_child(child_fn run)
{
    int status = 0;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        run();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void open_nothing(void)
{
    try_to_open(cage_close(-1));
}

static void call_nothing(void)
{
    try_calls(cage_close(-1));
}

static void work(void)
{
    cage_close(-1);
    try_work();
}

static void rename_in_one_place(void)
{
    unsigned parts = cage_close(DIR_FD);

    try_to_open(parts);
    expect(file_rename(DIR_FD, "sub/one", DIR_FD, "two") == 0, "rename");
    expect(unlinkat(DIR_FD, "two", 0) == 0, "unlinkat");
    if (parts & CAGE_LANDLOCK)
        expect_refused(file_rename(AT_FDCWD, "../outside", DIR_FD, "three"),
                       "a file from elsewhere");
    if (parts & CAGE_SECCOMP)
        expect_refused(mkdirat(DIR_FD, "new", 0700), "mkdirat");
}

static void no_file_can_be_opened(void **state)
{
    (void)state;
    run_in_child(open_nothing);
}

static void other_calls_are_refused(void **state)
{
    (void)state;
    run_in_child(call_nothing);
}

static void compiling_goes_on(void **state)
{
    (void)state;
    run_in_child(work);
}

static void publishing_is_kept_to_its_directory(void **state)
{
    struct temp_dir dir;
    int fd;

    (void)state;
    assert_int_equal(temp_dir_make(&dir), 0);
    temp_dir_write(&dir, "outside", "");
    assert_int_equal(mkdir(temp_dir_path(&dir, "in").text, 0700), 0);
    assert_int_equal(mkdir(temp_dir_path(&dir, "in/sub").text, 0700), 0);
    temp_dir_write(&dir, "in/sub/one", "");
    assert_int_equal(chdir(temp_dir_path(&dir, "in").text), 0);
    fd = open(".", O_PATH | O_DIRECTORY);
    assert_true(fd >= 0);
    assert_int_equal(dup2(fd, DIR_FD), DIR_FD);
    close(fd);
    run_in_child(rename_in_one_place);
    close(DIR_FD);
    assert_int_equal(access("../outside", F_OK), 0);
    assert_int_equal(chdir("/"), 0);
    temp_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_file_can_be_opened),
        cmocka_unit_test(other_calls_are_refused),
        cmocka_unit_test(compiling_goes_on),
        cmocka_unit_test(publishing_is_kept_to_its_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
