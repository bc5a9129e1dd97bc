/* bcc: run bitcode, and look after the cache of native code. */
#include <errno.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __x86_64__
#include <sys/platform/x86.h>
#endif
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "commands.h"
#include "entry_name.h"
#include "grammar.h"
#include "print.h"
#include "script_setup.h"

/* ---- Commands ---- */

static int complete(struct options *options)
{
    if (options->n_arguments == 1 && help_completion(options->arguments[0]))
        return EXIT_OK;
    complain("completion: one of bash, zsh, fish is needed");
    return EXIT_USAGE;
}

static int help(struct options *options)
{
    uint32_t commands = 0;

    if (options->n_arguments == 0) {
        help_overview(stdout);
        return EXIT_OK;
    }
    if (options->n_arguments <= 2)
        commands = commands_named(options->arguments[0], options->arguments[1]);
    if (!commands) {
        complain("help: %s%s%s: no such command", options->arguments[0],
                 options->n_arguments > 1 ? " " : "",
                 options->n_arguments > 1 ? options->arguments[1] : "");
        return EXIT_USAGE;
    }
    help_commands(commands, stdout);
    return EXIT_OK;
}

static int print_version(struct options *options)
{
    if (options && options->n_arguments > 0) {
        complain("version: takes no file");
        return EXIT_USAGE;
    }
    printf("bcc %s (LLVM %s)\n", bccGetVersion(), bccGetLLVMVersion());
    return EXIT_OK;
}

static int (*const run[N_COMMANDS])(struct options *options) = {
    [COMMAND_RUN] = cmd_run,
    [COMMAND_CALL] = cmd_call,
    [COMMAND_COMPILE] = cmd_compile,
    [COMMAND_PRECOMPILE] = cmd_precompile,
    [COMMAND_DUMP] = cmd_dump,
    [COMMAND_SIGN] = cmd_sign,
    [COMMAND_VERIFY] = cmd_verify,
    [COMMAND_CONFIG_SHOW] = config_show,
    [COMMAND_DOCTOR] = cmd_doctor,
    [COMMAND_COMPLETION] = complete,
    [COMMAND_VERSION] = print_version,
    [COMMAND_HELP] = help,
    [COMMAND_BINFMT_INSTALL] = cmd_binfmt_install,
    [COMMAND_BINFMT_REMOVE] = cmd_binfmt_remove,
    [COMMAND_BINFMT_SHOW] = cmd_binfmt_show,
};

/* The commands of "bcc cache". */
static int (*const run_in_cache[N_COMMANDS])(const struct options *options,
                                             const char *dir) = {
    [COMMAND_CACHE_STATS] = cache_stats,
    [COMMAND_CACHE_LS] = cache_ls,
    [COMMAND_CACHE_VERIFY] = cache_verify,
    [COMMAND_CACHE_GC] = cache_gc,
    [COMMAND_CACHE_CLEAR] = cache_clear,
    [COMMAND_CACHE_EXPLAIN] = cache_explain,
};

/* Inspecting never creates the directory. */
static int run_cache_command(enum command command, struct options *options)
{
    const char *reason;
    char *dir = setup_find_cache_dir(options, &reason);
    int status = EXIT_FAILED;

    if (dir)
        status = run_in_cache[command](options, dir);
    else
        complain("%s", reason);
    free(dir);
    return status;
}

/* Write out standard output; a failure is a failure of the command. (Under bcc
 * run the program's own output is the program's matter.) */
static int end_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    complain("standard output: %s", strerror(errno));
    return status ? status : EXIT_FAILED;
}

/* If a standard descriptor is closed, the next file that is opened, such as an
 * entry, would get its number, and printed text would go into that file. So it
 * is opened on a file that can neither be read nor written, and its use fails
 * as before. */
static void reserve_standard_descriptors(void)
{
    struct pollfd standard[] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};

    if (poll(standard, 3, 0) <= 0)
        return;
    for (int fd = 0; fd < 3; fd++)
        if (standard[fd].revents & POLLNVAL)
            open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

/* Behind atexit(). */
extern int __cxa_atexit(void (*function)(void *), void *context, void *object);

/* Functions of libc are bound at their first call, as a run calls a third of
 * them. But such a binding takes half again as long as one at the start. The
 * linker lets functions be bound at the start if their addresses are taken:
 * here, of those that every warm run calls. */
static void bind_now(void)
{
#define BIND(function) __asm__ volatile("" : : "r"(function))
    BIND(access);
    BIND(clock_gettime);
    BIND(close);
    BIND(dlsym);
    BIND(exit);
    BIND(fstat);
    BIND(fstatat);
    BIND(getenv);
    BIND(malloc);
    BIND(memcmp);
    BIND(memcpy);
    BIND(memmove);
    BIND(mmap);
    BIND(mprotect);
    BIND(openat);
    BIND(poll);
    BIND(prctl);
    BIND(pthread_setcancelstate);
    BIND(readlink);
    BIND(realloc);
    BIND(secure_getenv);
    BIND(strchr);
    BIND(strchrnul);
    BIND(strcmp);
    BIND(strdup);
    BIND(strlen);
    BIND(strncmp);
    BIND(strrchr);
    BIND(__cxa_atexit);
    BIND(__errno_location);
#ifdef __x86_64__
    BIND(__x86_get_cpuid_feature_leaf);
#endif
#undef BIND
}

/* ---- The command line ---- */

static bool is_one(uint32_t commands)
{
    return (commands & (commands - 1)) == 0;
}

/* Does the command have its operand? */
static bool has_operands(const struct options *options, uint32_t commands,
                         const char *name)
{
    const struct command_row *row = &command_rows[__builtin_ctz(commands)];

    if (options->n_arguments == (*row->operands != '\0'))
        return true;
    complain("%s: %s (bcc help %s)", row->name,
             *row->operands ? "one file is needed" : "takes no file", name);
    return false;
}

/* *commands: the commands that the first word names. If there are several, as
 * for "cache", the first argument chooses one, and is removed from the
 * arguments. It may follow options, so the options are parsed twice. */
static bool parse(struct options *options, int argc, char **argv,
                  uint32_t *commands)
{
    uint32_t chosen;

    if (!options_parse(options, argc, argv, *commands))
        return false;
    if (is_one(*commands))
        return true;
    chosen = options->n_arguments
                 ? commands_named(argv[0], options->arguments[0])
                 : 0;
    if (!chosen && options->help)
        return true;
    if (!chosen) {
        complain("%s: which action? (bcc help %s)", argv[0], argv[0]);
        return false;
    }
    options_release(options);
    *commands = chosen;
    if (!options_parse(options, argc, argv, chosen))
        return false;
    options->arguments++;
    options->n_arguments--;
    return options->help || has_operands(options, *commands, argv[0]);
}

static int run_command(int argc, char **argv, uint32_t commands)
{
    int status = EXIT_USAGE;
    struct options options;

    if (parse(&options, argc, argv, &commands)) {
        const enum command command = (enum command)__builtin_ctz(commands);

        if (options.help) {
            help_commands(commands, stdout);
            status = EXIT_OK;
        } else if (!setup_sysroot(&options) ||
                   !options_make_canonical(&options) ||
                   !setup_static_archives(&options)) {
            status = EXIT_FAILED;
        } else if (run[command]) {
            status = run[command](&options);
        } else {
            status = run_cache_command(command, &options);
        }
        if (command != COMMAND_RUN || options.help)
            status = end_output(status);
    }
    options_release(&options);
    return status;
}

static void complain_of_command(const char *name)
{
    char near[MAX_WORD] = "";
    const bool is_near = command_nearest(name, near);

    complain("%s: no such command%s%s%s (bcc help)", name,
             is_near ? ", but " : "", near, is_near ? " is" : "");
}

/* Is this program started as the interpreter of bcc binfmt? Every launch asks
 * this, so no libc function is called: see commands_named(). */
static bool is_interpreter(const char *path)
{
    const char *want = "bcc-run";

    for (const char *at = path; *at; at++)
        if (*at == '/')
            path = at + 1;
    while (*path && *path == *want) {
        path++;
        want++;
    }
    return *path == *want;
}

/* bcc-run FILE ARGS... means bcc run -- FILE ARGS... */
static int interpret(int argc, char **argv)
{
    static char run_word[] = "run", end_of_options[] = "--";
    char **words = calloc((size_t)argc + 2, sizeof(*words));
    int status;

    if (!words) {
        complain("out of memory");
        return EXIT_FAILED;
    }
    words[0] = run_word;
    words[1] = end_of_options;
    for (int i = 1; i < argc; i++)
        words[i + 1] = argv[i];
    status = run_command(argc + 1, words, COMMAND_BIT(COMMAND_RUN));
    free(words);
    return status;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    const uint32_t commands = commands_named(name, NULL);

    bind_now();
    reserve_standard_descriptors();
    if (argc > 0 && is_interpreter(argv[0]))
        return interpret(argc, argv);
    if (commands)
        return run_command(argc - 1, argv + 1, commands);
    if (strcmp(name, "--version") == 0)
        return end_output(print_version(NULL));
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        help_overview(stdout);
        return end_output(EXIT_OK);
    }
    if (argc > 1)
        complain_of_command(name);
    else
        help_overview(stderr);
    return EXIT_USAGE;
}
