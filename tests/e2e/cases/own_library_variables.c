/* The program defines variables of the C library: the library uses the
 * program's, if it refers to them by name.
 *
 * STATUS: 9
 * OUTPUT:
 * option n with '5', then index 3
 * opterr of the program: no complaint, optopt x
 * program name first
 * handler called
 * environment of the program: (nil), of the library: there
 * sorter 1.7
 * after argp
 */
#include <argp.h>
#include <errno.h>
#include <error.h>
#include <obstack.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* With other values than the library's. */
char *optarg = "none";
int optind = 1, opterr = 0, optopt = 'q';
const char *argp_program_version = "sorter 1.7";
error_t argp_err_exit_status = 9;
char *program_invocation_name = "first";
char **environ;

static void print_name(void)
{
    printf("program name %s\n", program_invocation_name);
}
void (*error_print_progname)(void) = print_name;

static jmp_buf out_of_memory;

static void failed(void)
{
    puts("handler called");
    longjmp(out_of_memory, 1);
}
void (*obstack_alloc_failed_handler)(void) = failed;

static void *allocate(long size)
{
    return size > 100000 ? NULL : malloc((size_t)size);
}
#define obstack_chunk_alloc allocate
#define obstack_chunk_free  free

static error_t parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    (void)state;
    return key == ARGP_KEY_ARG ? 0 : ARGP_ERR_UNKNOWN;
}

int main(void)
{
    char name[] = "sorter";
    char *arguments[] = {name, "-n", "5", "-x", NULL};
    char *version[] = {name, "--version", NULL};
    char *unknown[] = {name, "--unknown", NULL};
    struct argp argp = {NULL, parse, NULL, NULL, NULL, NULL, NULL};
    struct obstack stack;
    int option;

    option = getopt(4, arguments, "n:");
    printf("option %c with '%s', then index %d\n", option, optarg, optind);
    option = getopt(4, arguments, "n:");
    printf("opterr of the program: no complaint, optopt %c\n", optopt);
    fflush(stdout);
    error(0, 0, "%s", "a message on standard error");
    if (setjmp(out_of_memory) == 0) {
        obstack_init(&stack);
        obstack_blank(&stack, 200000);
    }
    printf("environment of the program: %p, of the library: %s\n",
           (void *)environ, getenv("PATH") ? "there" : "lost");
    optind = 0;
    argp_parse(&argp, 2, version, ARGP_NO_EXIT, NULL, NULL);
    puts("after argp");
    fflush(stdout);
    optind = 0;
    argp_parse(&argp, 2, unknown, 0, NULL, NULL);
    return 0;
}
