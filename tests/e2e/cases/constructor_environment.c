/* Constructors get the arguments and the environment before main() does.
 *
 * ARGS: alpha 'beta gamma'
 * ENV: CASE_NAME=value
 * STATUS: 0
 * OUTPUT:
 * constructor has environ: 1
 * constructor has 3: alpha, beta gamma, end: 1
 * main has 3, the same: 1
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int has_environment;
static char **arguments;

__attribute__((constructor)) static void start(int argc, char **argv,
                                               char **envp)
{
    const char *value = getenv("CASE_NAME");

    has_environment =
        value && strcmp(value, "value") == 0 && envp && strchr(envp[0], '=');
    printf("constructor has environ: %d\n", has_environment);
    printf("constructor has %d: %s, %s, end: %d\n", argc, argv[1], argv[2],
           argv[3] == NULL);
    arguments = argv;
}

int main(int argc, char **argv)
{
    printf("main has %d, the same: %d\n", argc, argv == arguments);
    return 0;
}
