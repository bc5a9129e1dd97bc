/* bcc: run bitcode, and look after the cache of native code. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc.h>

#include "commands.h"
#include "entry_name.h"
#include "help.h"
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
        complain("help: %s: no such command", options->arguments[0]);
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
    [COMMAND_RUN] = cmd_run,           [COMMAND_CALL] = cmd_call,
    [COMMAND_COMPILE] = cmd_compile,   [COMMAND_PRECOMPILE] = cmd_precompile,
    [COMMAND_DUMP] = cmd_dump,         [COMMAND_SIGN] = cmd_sign,
    [COMMAND_VERIFY] = cmd_verify,     [COMMAND_CONFIG_SHOW] = config_show,
    [COMMAND_DOCTOR] = cmd_doctor,     [COMMAND_COMPLETION] = complete,
    [COMMAND_VERSION] = print_version, [COMMAND_HELP] = help,
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

/* A failure to write out standard output is a failure of the command. (Under
 * bcc run the program's own output is its own matter.) */
static int end_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    complain("standard output: %s", strerror(errno));
    return status ? status : EXIT_FAILED;
}

/* If a standard descriptor is closed, the next file that is opened would get
 * its number, for instance an entry, and printed text would go there. So it is
 * opened on a file that can be used in neither way, and its use fails as
 * before. */
static void reserve_standard_descriptors(void)
{
    struct pollfd standard[] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};

    if (poll(standard, 3, 0) <= 0)
        return;
    for (int fd = 0; fd < 3; fd++)
        if (standard[fd].revents & POLLNVAL)
            open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

/* ---- The command line ---- */

static bool is_one(uint32_t commands)
{
    return (commands & (commands - 1)) == 0;
}

/* One operand, if the command has any. */
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
 * arguments. It may come after options, so the options are parsed twice. */
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
    const char *near = command_nearest(name);

    complain("%s: no such command%s%s%s (bcc help)", name, near ? ", but " : "",
             near ? near : "", near ? " is" : "");
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    const uint32_t commands = commands_named(name, NULL);

    reserve_standard_descriptors();
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
