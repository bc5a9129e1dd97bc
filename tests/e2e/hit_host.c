/* hit_host DIR SCRIPT.bc SYMBOL N [memory]: launches of a script, of which the
 * first may compile it and the second may note that it was checked; then N
 * hits, each with its disposal, by launch_once(). A program outside counts
 * their instructions and system calls. With "memory" the script is read once,
 * here, and given as bytes. A SCRIPT.oBCC is compiled already. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc.h>

static char *bytes; /* with "memory" */
static size_t n_bytes;

/* A function of its own, for tools that count in it. */
__attribute__((noinline, visibility("default"))) int
launch_once(char **arguments);

static int read_script(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (!file || fseek(file, 0, SEEK_END))
        return 1;
    n_bytes = (size_t)ftell(file);
    bytes = malloc(n_bytes);
    rewind(file);
    if (!bytes || fread(bytes, 1, n_bytes, file) != n_bytes)
        return 1;
    return fclose(file);
}

static int read_into(BCCScriptRef script, const char *path)
{
    if (bytes)
        return bccReadBC(script, "memory", bytes, n_bytes, 0);
    if (strstr(path, ".oBCC"))
        return bccReadExecutableFile(script, path, 0);
    return bccReadFile(script, path, 0);
}

static int launch(char **arguments, int expected)
{
    /* Valgrind does not know each CPU's instructions. */
    const BCCOptions options = {.size = sizeof(options), .cpu = "x86-64"};
    BCCReport report = {.size = sizeof(report)};
    BCCScriptRef script = bccCreateScript();
    int failed =
        bccSetOptions(script, &options) || read_into(script, arguments[2]) ||
        bccPrepareExecutable(script, arguments[1], "launch",
                             BCC_PROCESS_SYMBOLS) ||
        !bccGetFuncAddr(script, arguments[3]) || bccGetReport(script, &report);

    if (!failed && expected && report.cache != expected)
        failed = 1;
    if (failed)
        fprintf(stderr, "hit_host: %s%s\n", bccGetErrorMessage(script),
                report.reason ? report.reason : "");
    bccDisposeScript(script);
    return failed;
}

int launch_once(char **arguments)
{
    return launch(arguments, BCC_CACHE_HIT);
}

int main(int argc, char **argv)
{
    int failed;

    if (argc != 5 && argc != 6)
        return 2;
    if (argc == 6 && read_script(argv[2]))
        return 3;
    failed = launch(argv, 0) || launch(argv, BCC_CACHE_HIT);
    for (int n = atoi(argv[4]); n > 0 && !failed; n--)
        failed = launch_once(argv);
    return failed;
}
