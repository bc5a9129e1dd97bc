/* Constructors find the environment in place; main() comes after them.
 *
 * ARGS: alpha beta
 * ENV: CASE_NAME=value
 * STATUS: 0
 * OUTPUT:
 * constructor has environ: 1
 * main has 3
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int has_environment;

__attribute__((constructor)) static void start(void)
{
    const char *value = getenv("CASE_NAME");

    has_environment = value && strcmp(value, "value") == 0;
}

int main(int argc, char **argv)
{
    (void)argv;
    printf("constructor has environ: %d\n", has_environment);
    printf("main has %d\n", argc);
    return 0;
}
