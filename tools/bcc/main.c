/* bcc: run bitcode, and look after the cache of native code. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <bcc/bcc.h>

#include "commands.h"
#include "options.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage;
} commands[] = {
    {"run", cmd_run,
     "bcc run [options] FILE [ARGS...]\n"
     "    Run main() of a bitcode file; its exit status is the result.\n"
     "    FILE may be in a ZIP archive: ARCHIVE!ENTRY.\n"
     "    --entry NAME      another function, of main's type\n"
     "    --report=json     what prepare did, one line on standard error\n"
     "    --trusted-key PUBLIC.pem\n"
     "                      only entries that this key has signed\n"
     "                      (repeatable); nothing is compiled\n"},
    {"compile", cmd_compile,
     "bcc compile [options] FILE... -o OUT.oBCC\n"
     "    Make one cache file, for this machine or another (--target).\n"
     "    Several files are linked, as with --link.\n"
     "    --entry NAME      keep only this function: a program\n"},
    {"precompile", cmd_precompile,
     "bcc precompile [options] [-j N] PATH...\n"
     "    Fill the cache for files, and for the *.bc of directories and of\n"
     "    ZIP archives (APK).\n"
     "    --exports         for programs that use the API: keep the exports,\n"
     "                      name entries NAME.oBCC after NAME.bc\n"
     "    --entry NAME      for bcc run --entry NAME\n"},
    {"dump", cmd_dump,
     "bcc dump [--json] [--disassemble] FILE.oBCC\n"
     "    Show every section of a cache file.\n"
     "bcc dump [--image OUT] [--debug-file OUT] FILE.oBCC\n"
     "    Take the native image out of it, or the file for debuggers.\n"},
    {"cache", cmd_cache,
     "bcc cache stats|ls|verify|gc|clear [--json] [--cache-dir DIR]\n"
     "    What the cache holds; is every byte of it whole; remove what was\n"
     "    used longest ago and is above the limit; remove all.\n"
     "    --max-size SIZE   the limit: 512M, 2G, none (gc, stats)\n"
     "    --dry-run         gc: only say what would be removed\n"
     "    --remove          verify: remove what is damaged\n"
     "bcc cache explain [--json] [options of run] FILE\n"
     "    Would it be a hit? If not: what differs from the nearest entry.\n"},
    {"sign", cmd_sign,
     "bcc sign --key PRIVATE.pem FILE.oBCC...\n"
     "    Put an Ed25519 signature into cache files.\n"},
    {"verify", cmd_verify,
     "bcc verify --key PUBLIC.pem FILE.oBCC...\n"
     "    Are they whole, and signed by that key?\n"},
};

enum { N_COMMANDS = sizeof(commands) / sizeof(*commands) };

static const char common_usage[] =
    "Common options:\n"
    "    --link FILE       another file of the program: bitcode, or an\n"
    "                      archive of it (repeatable, in order)\n"
    "    --lib RUNTIME.bc  link a runtime library (repeatable, in order)\n"
    "    -lNAME -LDIR      take symbols from this shared library, too, or\n"
    "                      link libNAME.a of DIR\n"
    "    --cache-dir DIR   default: $BCC_CACHE_DIR, $XDG_CACHE_HOME/bcc,\n"
    "                      ~/.cache/bcc\n"
    "    --no-cache        compile into memory\n"
    "    --rebuild         compile, and replace the entry\n"
    "    --strip-debug     drop debug information\n"
    "    --max-size SIZE   of the cache; default: $BCC_CACHE_SIZE, the file\n"
    "                      ~/.config/bcc/config, 1G\n"
    "    --time-limit SECONDS --memory-limit SIZE\n"
    "                      of a compile; default: 1800, 16G; 0: none\n"
    "    --target TRIPLE --cpu CPU --features LIST -O0..-O3 (default -O3)\n"
    "    -v                say what happens\n";

bool print_usage(const char *command, bool to_stderr)
{
    FILE *out = to_stderr ? stderr : stdout;
    bool found = false;

    for (int i = 0; i < N_COMMANDS; i++) {
        if (command && strcmp(command, commands[i].name) != 0)
            continue;
        fprintf(out, "%s%s", found ? "" : "usage: ", commands[i].usage);
        found = true;
    }
    if (found)
        fputs(common_usage, out);
    return found;
}

/* What is lost on the way out is a failure. (What a program writes under bcc
 * run is its own matter.) */
static int end_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    complain("standard output: %s", strerror(errno));
    return status ? status : EXIT_FAILED;
}

/* A standard descriptor that is closed would be that of the next file that is
 * opened, an entry for one, and what is printed would get there. It is given
 * to a file that takes and gives nothing, so use of it fails as before. */
static void reserve_standard_descriptors(void)
{
    struct pollfd standard[] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};

    if (poll(standard, 3, 0) <= 0)
        return;
    for (int fd = 0; fd < 3; fd++)
        if (standard[fd].revents & POLLNVAL)
            open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;

    reserve_standard_descriptors();
    for (int i = 0; name && i < N_COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0) {
            int status = commands[i].run(argc - 1, argv + 1);
            return commands[i].run == cmd_run ? status : end_output(status);
        }
    if (name && strcmp(name, "--version") == 0) {
        printf("bcc %s (LLVM %s)\n", bccGetVersion(), bccGetLLVMVersion());
        return end_output(EXIT_OK);
    }
    if (name && (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0)) {
        print_usage(NULL, false);
        return EXIT_OK;
    }
    if (name)
        complain("%s: no such command", name);
    print_usage(NULL, true);
    return EXIT_USAGE;
}
