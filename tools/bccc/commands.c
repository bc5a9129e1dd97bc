/* bccc: the compiler process. libbcc starts it; for people it has two small
 * services. */
#include <stdio.h>
#include <string.h>

#include "bccc.h"
#include "version.h"

/* Print the versions. The first line is for this machine; then follows one for
 * each machine that it makes code for, to be given to builds of the library for
 * that machine. */
static int print_version(void)
{
    printf("bccc %s (LLVM %s)\n", BCC_VERSION_STRING,
           llvm_identity(machine_host()));
    for (size_t row = 0; row < N_MACHINES; row++)
        printf("%s %s\n", machines[row].triple, llvm_identity(&machines[row]));
    return 0;
}

static int print_usage(void)
{
    fputs("usage: bccc compile PID          (started by libbcc, see bccc(8))\n"
          "       bccc later PID            (started by libbcc)\n"
          "       bccc disassemble FILE.oBCC\n"
          "       bccc prune DIRECTORY BYTES   (started by libbcc)\n"
          "       bccc --version\n",
          stderr);
    return 2;
}

int bccc_run(int argc, char **argv, const struct compile_limits *limits)
{
    if (argc == 3 &&
        (strcmp(argv[1], "compile") == 0 || strcmp(argv[1], "later") == 0))
        serve_request(limits);
    if (argc == 3 && strcmp(argv[1], "disassemble") == 0)
        return disassemble_file(argv[2]);
    if (argc == 4 && strcmp(argv[1], "prune") == 0)
        return prune_cache(argv[2], argv[3]);
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return print_version();
    return print_usage();
}
