/* bcc binfmt: let the kernel start bitcode by itself, as in ./prog.bc.
 *
 * The kernel's binfmt_misc knows formats by their first bytes. For a file of a
 * format it starts the format's interpreter, with the path of the file in front
 * of the arguments. It passes no words of the interpreter's own, so "bcc run"
 * cannot be one. The interpreter is bcc-run, a link to bcc: main() behaves by
 * that name.
 *
 *     ./prog.bc a b   ->   PREFIX/libexec/bcc/bcc-run ./prog.bc a b
 *
 * Formats are registered until the machine is restarted. On Debian
 * update-binfmts (package binfmt-support) registers them at each boot. Without
 * it the kernel is told directly, until the next boot.
 *
 * The kernel's registrations are read from /proc/sys/fs/binfmt_misc/NAME, see
 * Documentation/admin-guide/binfmt-misc.rst. The runtimes of LLVM register lli
 * for all files that begin with "BC": `show` names such rivals. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "print.h"

#define KERNEL_DIR "/proc/sys/fs/binfmt_misc"

extern char **environ;

/* The kernel's own limit of a line is lower. */
enum { MAGIC_SIZE = 4, MAX_MAGIC = 128, MAX_LINE = 2048 };

struct format {
    const char *name; /* of the registration */
    const char *title;
    uint8_t magic[MAGIC_SIZE];
};

static const struct format formats[] = {
    {"bcc-bitcode", "bitcode", {'B', 'C', 0xc0, 0xde}},
    {"bcc-wrapper", "wrapped bitcode", {0xde, 0xc0, 0x17, 0x0b}},
    {"bcc-compiled", "bcc compile", {0, 'b', 'c', 'c'}},
};

enum { N_FORMATS = sizeof(formats) / sizeof(formats[0]) };

/* The magic in the form that both the kernel and update-binfmts read. */
static void escape_magic(const struct format *format,
                         char ret_text[4 * MAGIC_SIZE + 1])
{
    for (int i = 0; i < MAGIC_SIZE; i++)
        snprintf(ret_text + 4 * i, 5, "\\x%02x", format->magic[i]);
}

/* ---- What the kernel has ---- */

struct registration {
    bool is_enabled;
    char interpreter[MAX_LINE];
    unsigned offset;
    uint8_t magic[MAX_MAGIC];
    uint8_t mask[MAX_MAGIC];
    size_t magic_size;
};

/* Read hexadecimal digits up to the end of the line. */
static size_t parse_bytes(const char *digits, uint8_t bytes[MAX_MAGIC])
{
    size_t n = 0;

    while (n < MAX_MAGIC && isxdigit((unsigned char)digits[0]) &&
           isxdigit((unsigned char)digits[1])) {
        const char pair[] = {digits[0], digits[1], '\0'};

        bytes[n++] = (uint8_t)strtoul(pair, NULL, 16);
        digits += 2;
    }
    return n;
}

/* line: shorter than MAX_LINE. */
static void parse_line(struct registration *found, const char *line)
{
    if (strcmp(line, "enabled") == 0)
        found->is_enabled = true;
    else if (strncmp(line, "offset ", 7) == 0)
        found->offset = (unsigned)strtoul(line + 7, NULL, 10);
    else if (strncmp(line, "magic ", 6) == 0)
        found->magic_size = parse_bytes(line + 6, found->magic);
    else if (strncmp(line, "mask ", 5) == 0)
        parse_bytes(line + 5, found->mask);
    else if (strncmp(line, "interpreter ", 12) == 0)
        memcpy(found->interpreter, line + 12, strlen(line + 12) + 1);
}

/* False: there is no registration of that name. */
static bool read_registration(const char *name, struct registration *found)
{
    char path[sizeof(KERNEL_DIR) + NAME_MAX + 1], line[MAX_LINE];
    FILE *file;

    memset(found, 0, sizeof(*found));
    memset(found->mask, 0xff, sizeof(found->mask));
    snprintf(path, sizeof(path), KERNEL_DIR "/%s", name);
    file = fopen(path, "re");
    if (!file)
        return false;
    while (fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        parse_line(found, line);
    }
    fclose(file);
    return true;
}

/* Does the registration take files that begin with this format's bytes,
 * whatever follows them? */
static bool is_rival(const struct registration *other,
                     const struct format *format)
{
    if (!other->is_enabled || other->offset || other->magic_size == 0)
        return false;
    for (size_t i = 0; i < other->magic_size && i < MAGIC_SIZE; i++)
        if ((other->magic[i] ^ format->magic[i]) & other->mask[i])
            return false;
    return true;
}

static bool is_ours(const char *name)
{
    for (int i = 0; i < N_FORMATS; i++)
        if (strcmp(name, formats[i].name) == 0)
            return true;
    return false;
}

/* ---- show ---- */

static void print_rivals(const struct format *format, bool json)
{
    DIR *dir = opendir(KERNEL_DIR);
    const char *separator = "";
    struct registration other;
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.' || is_ours(entry->d_name) ||
            !read_registration(entry->d_name, &other) ||
            !is_rival(&other, format))
            continue;
        fputs(json ? separator : "    also taken by ", stdout);
        (json ? json_print_string : print_visible)(stdout, entry->d_name);
        fputs(json ? ":" : ": ", stdout);
        (json ? json_print_string : print_visible)(stdout, other.interpreter);
        if (!json)
            putchar('\n');
        separator = ",";
    }
    if (dir)
        closedir(dir);
}

static void print_format(const struct format *format,
                         const struct registration *found, bool json)
{
    char magic[4 * MAGIC_SIZE + 1];

    escape_magic(format, magic);
    if (json) {
        fputs("{\"name\":", stdout);
        json_print_string(stdout, format->name);
        fputs(",\"magic\":", stdout);
        json_print_string(stdout, magic);
        printf(",\"enabled\":%s,\"interpreter\":",
               found->is_enabled ? "true" : "false");
        json_print_string(stdout, found->interpreter);
        fputs(",\"rivals\":{", stdout);
        print_rivals(format, true);
        fputs("}}", stdout);
        return;
    }
    printf("%-16s %s  ", format->title, magic);
    if (*found->interpreter)
        print_visible(stdout, found->interpreter);
    puts(!*found->interpreter ? "not registered"
         : !found->is_enabled ? " (disabled)"
                              : "");
    print_rivals(format, false);
}

/* EXIT_OK: the kernel takes all formats. */
static int show(bool json)
{
    struct registration all, found;
    int status = EXIT_OK;

    if (!read_registration("status", &all)) {
        complain("binfmt_misc is not mounted (bcc binfmt install mounts it)");
        return EXIT_FAILED;
    }
    fputs(json ? "{\"formats\":[" : "", stdout);
    for (int i = 0; i < N_FORMATS; i++) {
        read_registration(formats[i].name, &found);
        found.is_enabled = found.is_enabled && all.is_enabled;
        if (!found.is_enabled)
            status = EXIT_FAILED;
        fputs(json && i ? "," : "", stdout);
        print_format(&formats[i], &found, json);
    }
    fputs(json ? "]}\n" : "", stdout);
    return status;
}

int cmd_binfmt_show(struct options *options)
{
    return show(options->json);
}

/* ---- install, remove ---- */

/* Find the interpreter that belongs to this program; false after a
 * complaint. */
static bool find_interpreter(char ret_path[PATH_MAX])
{
    char relative[PATH_MAX], *slash;
    const ssize_t size = readlink("/proc/self/exe", relative, PATH_MAX - 1);
    char *dir;

    if (size < 0) {
        complain("/proc/self/exe: %s", strerror(errno));
        return false;
    }
    relative[size] = '\0';
    slash = strrchr(relative, '/');
    snprintf(slash, (size_t)(relative + PATH_MAX - slash), "/%s",
             BCC_LIBEXEC_FROM_BIN);
    dir = realpath(relative, NULL);
    snprintf(ret_path, PATH_MAX, "%.*s/bcc-run", PATH_MAX - 16,
             dir ? dir : relative);
    free(dir);
    if (access(ret_path, X_OK) == 0)
        return true;
    complain("%s: %s (cmake --install makes it)", ret_path, strerror(errno));
    return false;
}

static bool is_root(const char *action)
{
    if (geteuid() == 0)
        return true;
    complain("binfmt %s: only root may do this (sudo bcc binfmt %s)", action,
             action);
    return false;
}

/* Run update-binfmts. Returns its exit status; -1: it is not installed, or was
 * ended by a signal. */
static int run_manager(const char *const words[])
{
    char *const *argv = (char *const *)(uintptr_t)words;
    pid_t child;
    int status;

    if (posix_spawnp(&child, words[0], NULL, NULL, argv, environ) &&
        posix_spawn(&child, "/usr/sbin/update-binfmts", NULL, NULL, argv,
                    environ))
        return -1;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static bool write_to_kernel(const char *name, const char *text)
{
    char path[sizeof(KERNEL_DIR) + NAME_MAX + 1];
    int fd;
    bool ok;

    snprintf(path, sizeof(path), KERNEL_DIR "/%s", name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (!ok)
        complain("%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool forget_in_kernel(const struct format *format)
{
    struct registration found;

    return !read_registration(format->name, &found) ||
           write_to_kernel(format->name, "-1");
}

/* False after a complaint: there is no binfmt_misc. */
static bool mount_kernel_dir(void)
{
    if (access(KERNEL_DIR "/register", F_OK) == 0 ||
        mount("binfmt_misc", KERNEL_DIR, "binfmt_misc", 0, NULL) == 0)
        return true;
    complain(KERNEL_DIR ": %s (modprobe binfmt_misc, or install the package "
                        "binfmt-support)",
             strerror(errno));
    return false;
}

static bool install_in_kernel(const char *interpreter)
{
    for (int i = 0; i < N_FORMATS; i++) {
        char magic[4 * MAGIC_SIZE + 1], text[PATH_MAX + 64];

        escape_magic(&formats[i], magic);
        snprintf(text, sizeof(text), ":%s:M:0:%s::%s:", formats[i].name, magic,
                 interpreter);
        if (!forget_in_kernel(&formats[i]) ||
            !write_to_kernel("register", text))
            return false;
    }
    puts("Registered until the next boot. The package binfmt-support would "
         "keep it.");
    return true;
}

int cmd_binfmt_install(struct options *options)
{
    char interpreter[PATH_MAX], magic[4 * MAGIC_SIZE + 1];
    int status = 0;

    (void)options;
    if (!is_root("install") || !find_interpreter(interpreter) ||
        !mount_kernel_dir())
        return EXIT_FAILED;
    for (int i = 0; i < N_FORMATS && status == 0; i++) {
        const char *words[] = {"update-binfmts",
                               "--install",
                               formats[i].name,
                               interpreter,
                               "--magic",
                               magic,
                               NULL};

        escape_magic(&formats[i], magic);
        status = run_manager(words);
    }
    if (status > 0 || (status < 0 && !install_in_kernel(interpreter)))
        return EXIT_FAILED;
    fflush(stdout);
    return show(false);
}

int cmd_binfmt_remove(struct options *options)
{
    char interpreter[PATH_MAX];
    int status = EXIT_OK;

    (void)options;
    if (!is_root("remove") || !find_interpreter(interpreter))
        return EXIT_FAILED;
    for (int i = 0; i < N_FORMATS; i++) {
        const char *words[] = {"update-binfmts", "--remove", formats[i].name,
                               interpreter, NULL};

        if (run_manager(words) > 0 || !forget_in_kernel(&formats[i]))
            status = EXIT_FAILED;
    }
    return status;
}
