/* bcc doctor: are all things there that bcc needs of this machine and this
 * user? One line for each fact; a line that is not "ok" tells how to mend it.
 *
 * Nothing is changed: no directory is made, nothing is compiled. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "commands.h"
#include "cpu_features.h"
#include "machine.h"
#include "print.h"
#include "script_setup.h"
#include "trust.h"

enum health { OK, NOTE, PROBLEM };

struct doctor {
    bool json;
    bool has_rows;
    enum health worst;
};

struct finding {
    const char *subject;
    enum health health;
    char text[512];
    const char *mend; /* NULL if ok */
};

/* ---- Printing ---- */

static void say(struct doctor *doctor, const struct finding *finding)
{
    static const char *const words[] = {"ok", "note", "problem"};

    if (finding->health > doctor->worst)
        doctor->worst = finding->health;
    if (doctor->json) {
        printf("%s{\"subject\":\"%s\",\"health\":\"%s\",\"text\":",
               doctor->has_rows ? "," : "", finding->subject,
               words[finding->health]);
        json_print_string(stdout, finding->text);
        fputs(",\"mend\":", stdout);
        if (finding->mend)
            json_print_string(stdout, finding->mend);
        else
            fputs("null", stdout);
        putchar('}');
    } else {
        printf("%-8s %-10s ", words[finding->health], finding->subject);
        print_visible(stdout, finding->text);
        printf("%s%s\n", finding->mend ? ": " : "",
               finding->mend ? finding->mend : "");
    }
    doctor->has_rows = true;
}

__attribute__((format(printf, 5, 6))) static void
report(struct doctor *doctor, const char *subject, enum health health,
       const char *mend, const char *format, ...)
{
    struct finding finding = {
        .subject = subject, .health = health, .mend = mend};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(finding.text, sizeof(finding.text), format, arguments);
    va_end(arguments);
    say(doctor, &finding);
}

/* ---- Compiler ---- */

/* The output of `bccc --version` after its name; "" if it does not run. */
static void ask_version(const char *compiler, char *ret_text, size_t size)
{
    int ends[2];
    ssize_t n = 0;
    pid_t pid;

    *ret_text = '\0';
    if (pipe(ends) < 0)
        return;
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(compiler, compiler, "--version", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    if (pid > 0)
        n = read(ends[0], ret_text, size - 1);
    ret_text[n > 0 ? n : 0] = '\0';
    ret_text[strcspn(ret_text, "\n")] = '\0';
    close(ends[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

static void check_compiler(struct doctor *doctor)
{
    BCCScriptRef script = bccCreateScript();
    const char *path = script ? bccGetCompilerPath(script) : NULL;
    char version[128], wanted[128];

    if (!path) {
        report(doctor, "compiler", PROBLEM,
               "install bccc, or name it in BCC_BCCC; without it only entries "
               "that exist run",
               "%s", script ? bccGetErrorMessage(script) : "out of memory");
        bccDisposeScript(script);
        return;
    }
    ask_version(path, version, sizeof(version));
    snprintf(wanted, sizeof(wanted), "bccc %s (LLVM %s", bccGetVersion(),
             bccGetLLVMVersion());
    if (!*version)
        report(doctor, "compiler", PROBLEM, "install bccc again",
               "%s does not run", path);
    else if (strncmp(version, wanted, strlen(wanted)) != 0)
        report(doctor, "compiler", PROBLEM,
               "install bccc and bcc from one build",
               "%s is %s, and bcc is %s with LLVM %s", path, version,
               bccGetVersion(), bccGetLLVMVersion());
    else
        report(doctor, "compiler", OK, NULL, "%s: %s", path, version);
    bccDisposeScript(script);
}

/* ---- Directories ---- */

/* False if the directory was reported. */
static bool check_access(struct doctor *doctor, const char *subject,
                         const char *dir, bool must_write)
{
    struct error err = {0};
    struct stat st;

    if (stat(dir, &st) < 0 && errno == ENOENT)
        report(doctor, subject, must_write ? OK : NOTE,
               must_write ? NULL : "name a directory that exists",
               must_write ? "%s: the first run makes it" : "%s: does not exist",
               dir);
    else if (stat(dir, &st) < 0)
        report(doctor, subject, PROBLEM, "name another directory", "%s: %s",
               dir, strerror(errno));
    else if (!S_ISDIR(st.st_mode))
        report(doctor, subject, PROBLEM, "name another directory",
               "%s: not a directory", dir);
    else if (trust_check(&st, dir, "", &err))
        report(doctor, subject, PROBLEM,
               "chmod go-w it, or chown it to you or root", "%s", err.message);
    else if (must_write && access(dir, W_OK | X_OK) < 0)
        report(doctor, subject, PROBLEM,
               "name one that you may write to with BCC_CACHE_DIR", "%s: %s",
               dir, strerror(errno));
    else
        return true;
    return false;
}

static void check_file_system(struct doctor *doctor, const char *dir)
{
    struct statvfs place;
    uint64_t free_bytes;

    if (statvfs(dir, &place) < 0) {
        report(doctor, "cache", NOTE, "name another with BCC_CACHE_DIR",
               "%s: %s", dir, strerror(errno));
        return;
    }
    free_bytes = (uint64_t)place.f_bavail * place.f_frsize;
    if (free_bytes < UINT64_C(64) << 20)
        report(doctor, "cache", PROBLEM,
               "free some, or name another file system with BCC_CACHE_DIR",
               "%s: %" PRIu64 " bytes of disk are free", dir, free_bytes);
    else if (place.f_flag & ST_NOEXEC)
        report(doctor, "cache", NOTE,
               "name another file system with BCC_CACHE_DIR: each launch "
               "copies its code",
               "%s: is mounted noexec", dir);
    else
        report(doctor, "cache", OK, NULL,
               "%s: yours, %" PRIu64 " bytes are free", dir, free_bytes);
}

static void check_cache(struct doctor *doctor, const struct options *options)
{
    const char *reason = "";
    char *dir = setup_find_cache_dir(options, &reason);

    if (!dir)
        report(doctor, "cache", PROBLEM,
               "set HOME, or BCC_CACHE_DIR: each launch compiles", "%s",
               reason);
    else if (check_access(doctor, "cache", dir, true))
        check_file_system(doctor, dir);
    free(dir);
}

static void check_layers(struct doctor *doctor)
{
    const char *path = getenv("BCC_CACHE_PATH");
    char *copy = path && *path ? strdup(path) : NULL;
    char *rest = copy;

    if (!copy)
        report(doctor, "layers", OK, NULL, "none (BCC_CACHE_PATH)");
    while (rest) {
        const char *dir = strsep(&rest, ":");

        if (*dir && check_access(doctor, "layers", dir, false))
            report(doctor, "layers", OK, NULL, "%s", dir);
    }
    free(copy);
}

/* ---- Kernel, CPU, limits ---- */

/* May memory become executable? The loader needs that for code that cannot be
 * mapped from a file. */
static bool may_make_executable(void)
{
    const size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool may;

    if (page == MAP_FAILED)
        return false;
    may = mprotect(page, size, PROT_READ | PROT_EXEC) == 0;
    munmap(page, size);
    return may;
}

static bool has_memory_files(void)
{
    const int fd = memfd_create("bcc-doctor", MFD_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool has_landlock(void)
{
#ifdef SYS_landlock_create_ruleset
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
#else
    return false;
#endif
}

static void check_kernel(struct doctor *doctor)
{
    struct utsname name;

    if (uname(&name) == 0)
        report(doctor, "kernel", OK, NULL, "%s %s", name.sysname, name.release);
    if (!has_memory_files())
        report(doctor, "kernel", PROBLEM, "needs Linux 3.17",
               "no memfd_create: nothing can be compiled");
    if (!may_make_executable())
        report(doctor, "kernel", NOTE,
               "allow it (SELinux: execmem); code in files still runs",
               "written memory cannot be made executable");
    if (!has_landlock())
        report(doctor, "kernel", NOTE,
               "Linux 5.13 with landlock: without it seccomp alone guards "
               "the compiler",
               "no landlock");
    if (access("/dev/shm", W_OK) < 0)
        report(doctor, "kernel", NOTE,
               "mount a tmpfs there: scripts in memory are hashed anew in "
               "each process",
               "/dev/shm: %s", strerror(errno));
}

static void check_cpu(struct doctor *doctor)
{
    const struct cpu_features host = cpu_features_host();
    const struct machine *machine = machine_host();
    char text[480] = "";
    size_t used = 0;

    for (unsigned bit = 0; bit < CPU_FEATURE_WORDS * 64; bit++) {
        const char *name = cpu_feature_name(machine->elf_machine, bit);

        if (name && used < sizeof(text) &&
            (host.word[bit / 64] >> bit % 64 & 1))
            used +=
                (size_t)snprintf(text + used, sizeof(text) - used, " %s", name);
    }
    report(doctor, "CPU", OK, NULL, "%s:%s", machine->name, text);
}

static void check_limit(struct doctor *doctor, const char *name, int resource,
                        rlim_t least)
{
    struct rlimit limit;

    if (getrlimit((unsigned)resource, &limit) < 0 ||
        limit.rlim_cur == RLIM_INFINITY)
        report(doctor, "limits", OK, NULL, "%s: none", name);
    else if (limit.rlim_cur < least)
        report(doctor, "limits", PROBLEM,
               "raise it with ulimit: compiles may fail", "%s: %llu", name,
               (unsigned long long)limit.rlim_cur);
    else
        report(doctor, "limits", OK, NULL, "%s: %llu", name,
               (unsigned long long)limit.rlim_cur);
}

int cmd_doctor(struct options *options)
{
    struct doctor doctor = {.json = options->json};

    if (options->n_arguments > 0) {
        complain("doctor: takes no file");
        return EXIT_USAGE;
    }
    if (doctor.json)
        fputs("{\"checks\":[", stdout);
    check_compiler(&doctor);
    check_cache(&doctor, options);
    check_layers(&doctor);
    check_kernel(&doctor);
    check_cpu(&doctor);
    /* LLVM maps 1 GiB for a module of a few MB; entries are files; the compiler
     * has a descriptor for each input. */
    check_limit(&doctor, "address space (-v)", RLIMIT_AS, (rlim_t)1 << 30);
    check_limit(&doctor, "file size (-f)", RLIMIT_FSIZE, (rlim_t)64 << 20);
    check_limit(&doctor, "descriptors (-n)", RLIMIT_NOFILE, 64);
    if (doctor.json)
        puts("]}");
    return doctor.worst == PROBLEM ? EXIT_FAILED : EXIT_OK;
}
