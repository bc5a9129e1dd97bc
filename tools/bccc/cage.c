/* LLVM is large and reads untrusted input: a directive of assembly can open any
 * file that this process may open (.incbin "/etc/shadow"), and a bug in LLVM
 * may run any code. Once the inputs, the shared libraries and the indexes are
 * open, this process needs only memory, time, children and its open
 * descriptors. So it puts up three independent walls, in the order of their
 * demands on the kernel:
 *
 *  - open() of this program (open_wall.h) refuses, so no directive is obeyed on
 *    any kernel. This is no wall against code that an attacker runs in this
 *    process.
 *  - Landlock (Linux 5.13): no file or directory can be named, since 6.7 no
 *    TCP port, since 6.12 no process outside signalled.
 *  - seccomp (Linux 3.5): only the system calls below are allowed. Any other,
 * also of later kernels, fails as if the kernel did not have it, for which a
 * libc is prepared.
 *
 * If the kernel lacks the last two, or refuses them, as in a container or under
 * an emulator, the compile goes on without them.
 *
 * The index of a library is published under a name, after the compile. Its
 * files are opened before. Renaming is allowed only if there is an index to
 * publish, and Landlock limits it to the cache directory. */

#include "cage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "open_wall.h"

/* ---- Landlock ---- */

/* The numbers are the same for all machines; older headers lack some of
 * them. */
enum {
    LANDLOCK_CREATE_RULESET = 444,
    LANDLOCK_ADD_RULE = 445,
    LANDLOCK_RESTRICT_SELF = 446,
    VERSION_FLAG = 1u << 0,
    RULE_PATH_BENEATH = 1,
    FS_REMOVE_FILE = 1u << 5,
    FS_MAKE_REG = 1u << 8,
    FS_REFER = 1u << 13, /* rename to another directory */
};

struct landlock_ruleset {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
};

struct landlock_path {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

/* All access rights that a version of Landlock can remove. */
static struct landlock_ruleset all_rights(long version)
{
    /* Bits of the file system by version: up to 5, then one for devices. */
    static const unsigned n_fs_bits[] = {0, 13, 14, 15, 15, 16};
    const long known = version < 5 ? version : 5;

    return (struct landlock_ruleset){
        .fs = (UINT64_C(1) << n_fs_bits[known]) - 1,
        .net = version >= 4 ? 3 : 0,    /* bind, connect */
        .scoped = version >= 6 ? 3 : 0, /* abstract sockets, signals */
    };
}

static bool allow_publishing(int ruleset_fd, int dir_fd)
{
    const struct landlock_path rule = {
        .allowed = FS_REMOVE_FILE | FS_MAKE_REG | FS_REFER,
        .parent_fd = dir_fd,
    };

    return syscall(LANDLOCK_ADD_RULE, ruleset_fd, RULE_PATH_BENEATH, &rule,
                   0) == 0;
}

static bool close_landlock(int publish_dir_fd)
{
    long version = syscall(LANDLOCK_CREATE_RULESET, NULL, 0, VERSION_FLAG);
    struct landlock_ruleset rights;
    bool closed;
    int fd;

    /* The first version cannot allow renaming from directory to directory. */
    if (version < (publish_dir_fd >= 0 ? 2 : 1))
        return false;
    rights = all_rights(version);
    fd = (int)syscall(LANDLOCK_CREATE_RULESET, &rights, sizeof(rights), 0);
    if (fd < 0)
        return false;
    closed = (publish_dir_fd < 0 || allow_publishing(fd, publish_dir_fd)) &&
             syscall(LANDLOCK_RESTRICT_SELF, fd, 0) == 0;
    close(fd);
    return closed;
}

/* ---- seccomp ---- */

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCH AUDIT_ARCH_ARM
#else
#define ARCH 0
#endif

/* Calls that cannot harm other processes, whatever their arguments. */
static const int allowed[] = {
    /* use of open descriptors */
    __NR_read,
    __NR_write,
    __NR_readv,
    __NR_writev,
    __NR_pread64,
    __NR_pwrite64,
    __NR_close,
    __NR_lseek,
    __NR_fstat,
    __NR_fcntl,
    __NR_fsync,
    __NR_fdatasync,
    __NR_dup,
    __NR_dup3,
    __NR_pipe2,
    __NR_ppoll,
    /* memory */
    __NR_brk,
    __NR_munmap,
    __NR_mremap,
    __NR_madvise,
    __NR_membarrier,
    __NR_mlock,
    __NR_munlock,
    /* children and threads */
    __NR_wait4,
    __NR_waitid,
    __NR_exit,
    __NR_exit_group,
    __NR_futex,
    __NR_set_tid_address,
    __NR_set_robust_list,
    __NR_sched_yield,
    __NR_sched_getaffinity,
    __NR_sched_getparam,
    __NR_sched_getscheduler,
    __NR_getcpu,
    __NR_prctl,
    __NR_restart_syscall,
    /* signals to this process */
    __NR_rt_sigaction,
    __NR_rt_sigprocmask,
    __NR_rt_sigreturn,
    __NR_sigaltstack,
    /* identity and time */
    __NR_getpid,
    __NR_gettid,
    __NR_getppid,
    __NR_getuid,
    __NR_geteuid,
    __NR_getgid,
    __NR_getegid,
    __NR_getcwd,
    __NR_setsid,
    __NR_uname,
    __NR_sysinfo,
    __NR_getrusage,
    __NR_times,
    __NR_getrandom,
    __NR_clock_gettime,
    __NR_clock_getres,
    __NR_clock_nanosleep,
    __NR_nanosleep,
    __NR_gettimeofday,
#ifdef __NR_close_range
    __NR_close_range,
#endif
#ifdef __NR_rseq
    __NR_rseq,
#endif
#ifdef __NR_getrlimit
    __NR_getrlimit,
#endif
#ifdef __NR_setrlimit
    __NR_setrlimit,
#endif
#ifdef __NR_poll /* old machines have two versions of many calls */
    __NR_poll,
    __NR_dup2,
    __NR_pipe,
    __NR_fork,
    __NR_vfork,
#endif
#ifdef __NR_time
    __NR_time,
#endif
#ifdef __x86_64__
    __NR_arch_prctl,
#endif
#ifdef __arm__
    __NR_fstat64,
    __NR_fcntl64,
    __NR__llseek,
    __NR_ugetrlimit,
    __NR_clock_gettime64,
    __NR_clock_nanosleep_time64,
    __NR_futex_time64,
    __NR_ppoll_time64,
    __NR_getuid32,
    __NR_geteuid32,
    __NR_getgid32,
    __NR_getegid32,
    __NR_sigreturn,
    0xf0002 /* cacheflush */,
    0xf0005 /* set_tls */,
#endif
};

/* Calls with a file name fail as if access were forbidden. If they failed as
 * unknown, libc would take the kernel for an old one and try another call. */
static const int forbidden[] = {
    __NR_openat,    __NR_faccessat, __NR_readlinkat, __NR_execve,
    __NR_unlinkat,  __NR_mkdirat,   __NR_linkat,     __NR_symlinkat,
    __NR_renameat2,
#ifdef __NR_renameat
    __NR_renameat,
#endif
#ifdef __NR_open
    __NR_open,      __NR_creat,     __NR_access,     __NR_readlink,
    __NR_stat,      __NR_lstat,     __NR_rename,     __NR_unlink,
    __NR_mkdir,     __NR_link,      __NR_symlink,
#endif
#ifdef __NR_openat2
    __NR_openat2,
#endif
};

enum {
    CLONE_NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                       CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                       CLONE_NEWNET
};

/* A call that is allowed if the low 32 bits of an argument match. */
static const struct on_condition {
    int number;
    unsigned argument;
    uint32_t mask, value; /* argument & mask == value */
} on_condition[] = {
    /* No new namespaces. clone3() has its flags in memory, where a filter
     * cannot see them, so it is not allowed; libc does without it. */
    {__NR_clone, 0, CLONE_NAMESPACES, 0},
    /* its own limits */
    {__NR_prlimit64, 0, ~0u, 0},
    /* its own priority */
    {__NR_sched_setattr, 0, ~0u, 0},
    /* its workers; itself, from abort() */
    {__NR_kill, 1, ~0u, SIGKILL},
    {__NR_tgkill, 2, ~0u, SIGABRT},
    /* no memory becomes executable */
    {__NR_mprotect, 2, PROT_EXEC, 0},
#ifdef __NR_mmap
    {__NR_mmap, 2, PROT_EXEC, 0},
#endif
#ifdef __NR_mmap2
    {__NR_mmap2, 2, PROT_EXEC, 0},
#endif
/* fstat() of newer C libraries */
#ifdef __NR_newfstatat
    {__NR_newfstatat, 3, AT_EMPTY_PATH, AT_EMPTY_PATH},
#endif
#ifdef __NR_fstatat64
    {__NR_fstatat64, 3, AT_EMPTY_PATH, AT_EMPTY_PATH},
#endif
#ifdef __NR_statx
    {__NR_statx, 2, AT_EMPTY_PATH, AT_EMPTY_PATH},
#endif
};

enum { FILTER_SIZE = 512 };

struct filter {
    struct sock_filter step[FILTER_SIZE];
    unsigned short n_steps;
};

static void add(struct filter *filter, struct sock_filter step)
{
    filter->step[filter->n_steps++] = step;
}

static void add_load(struct filter *filter, size_t offset)
{
    add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                             (uint32_t)offset));
}

/* Run the next n steps only if the loaded word equals value. */
static void add_unless_skip(struct filter *filter, uint32_t value, uint8_t n)
{
    add(filter,
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, n));
}

static void add_return(struct filter *filter, uint32_t action)
{
    add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void add_calls(struct filter *filter, const int *calls, size_t n,
                      uint32_t action)
{
    for (size_t i = 0; i < n; i++) {
        add_unless_skip(filter, (uint32_t)calls[i], 1);
        add_return(filter, action);
    }
}

static void add_condition(struct filter *filter,
                          const struct on_condition *condition)
{
    size_t low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4;

    add_unless_skip(filter, (uint32_t)condition->number, 5);
    add_load(filter, offsetof(struct seccomp_data, args) +
                         condition->argument * sizeof(uint64_t) + low);
    add(filter, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K,
                                             condition->mask));
    add_unless_skip(filter, condition->value, 1);
    add_return(filter, SECCOMP_RET_ALLOW);
    add_return(filter, SECCOMP_RET_ERRNO | EPERM);
}

static void fill(struct filter *filter, bool publishes)
{
    static const int publishing[] = {__NR_renameat2, __NR_unlinkat};
    const size_t n_conditions = sizeof(on_condition) / sizeof(on_condition[0]);

    /* On other architectures the calls have other numbers. */
    add_load(filter, offsetof(struct seccomp_data, arch));
    add(filter,
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
    add_return(filter, SECCOMP_RET_ERRNO | EPERM);
    add_load(filter, offsetof(struct seccomp_data, nr));
    add_calls(filter, allowed, sizeof(allowed) / sizeof(allowed[0]),
              SECCOMP_RET_ALLOW);
    if (publishes)
        add_calls(filter, publishing,
                  sizeof(publishing) / sizeof(publishing[0]),
                  SECCOMP_RET_ALLOW);
    add_calls(filter, forbidden, sizeof(forbidden) / sizeof(forbidden[0]),
              SECCOMP_RET_ERRNO | EACCES);
    for (size_t i = 0; i < n_conditions; i++)
        add_condition(filter, &on_condition[i]);
    add_return(filter, SECCOMP_RET_ERRNO | ENOSYS);
}

static bool close_seccomp(bool publishes)
{
    struct filter filter = {.n_steps = 0};
    struct sock_fprog program = {.filter = filter.step};

    if (!ARCH)
        return false;
    fill(&filter, publishes);
    program.len = filter.n_steps;
    /* For all threads that run already; if that fails, for this thread. */
    return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
                   SECCOMP_FILTER_FLAG_TSYNC, &program) == 0 ||
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* ---- All of it ---- */

unsigned cage_close(int publish_dir_fd)
{
    unsigned parts = CAGE_OPEN;

    open_wall_close();
    /* Without this, Landlock and seccomp require a privilege. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return parts;
    if (close_landlock(publish_dir_fd))
        parts |= CAGE_LANDLOCK;
    if (close_seccomp(publish_dir_fd >= 0))
        parts |= CAGE_SECCOMP;
    return parts;
}
