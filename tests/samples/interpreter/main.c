/* tarn [-d] (-e TEXT | FILE | -) [ARGS...]: run a script. -d prints its
 * bytecode instead. Exit status 0; 1 if the script fails or cannot be read, 2
 * for wrong usage, or what os.exit() says. */
#include "tarn.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

struct job {
    const char *name;
    char *source;
    bool disassemble;
    int argc;
    char **argv;
};

static char *read_stream(FILE *stream)
{
    size_t size = 0, capacity = 4096;
    char *text = malloc(capacity);

    while (text) {
        char *grown;

        size += fread(text + size, 1, capacity - size - 1, stream);
        text[size] = '\0';
        if (feof(stream) || ferror(stream))
            return text;
        grown = realloc(text, capacity *= 2);
        if (!grown)
            free(text);
        text = grown;
    }
    return NULL;
}

static char *read_source(const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char *text;

    if (!file) {
        fprintf(stderr, "tarn: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    text = read_stream(file);
    if (file != stdin)
        fclose(file);
    return text;
}

static void open_library(struct vm *vm, const struct job *job)
{
    vm->arguments = list_new(vm, (size_t)job->argc);
    for (int i = 0; i < job->argc; i++)
        list_push(vm, vm->arguments,
                  object_value(string_from(vm, job->argv[i])));
    library_open_core(vm);
    library_open_list(vm);
    library_open_string(vm);
    library_open_math(vm);
    library_open_os(vm);
    library_open_vector(vm);
    library_open_matrix(vm);
}

static void do_job(struct vm *vm, void *context)
{
    const struct job *job = context;
    struct proto *proto;

    open_library(vm, job);
    proto = compile(vm, job->source, job->name);
    if (job->disassemble)
        disassemble(vm, proto, stdout);
    else
        vm_run_proto(vm, proto);
}

static int run_job(struct job *job)
{
    struct vm *vm = vm_create();
    int status = 0;

    if (!vm) {
        fprintf(stderr, "tarn: out of memory\n");
        return 1;
    }
    if (!vm_try(vm, do_job, job)) {
        fflush(stdout);
        fprintf(stderr, "tarn: %s\n", value_to_string(vm, vm->error)->text);
        status = 1;
    }
    vm_free(vm);
    if (fflush(stdout)) {
        fprintf(stderr, "tarn: stdout: %s\n", strerror(errno));
        status = 1;
    }
    return status;
}

static int usage(void)
{
    fputs("usage: tarn [-d] (-e TEXT | FILE | -) [ARGS...]\n", stderr);
    return 2;
}

int interp_main(int argc, char **argv)
{
    struct job job = {.name = "?"};
    const char *text = NULL;
    int option, status;

    optind = 1;
    while ((option = getopt(argc, argv, "+de:")) != -1) {
        if (option == 'd')
            job.disassemble = true;
        else if (option == 'e')
            text = optarg;
        else
            return usage();
    }
    if (!text && optind == argc)
        return usage();
    job.name = text ? "-e" : argv[optind];
    job.source = text ? strdup(text) : read_source(argv[optind++]);
    if (!job.source)
        return 1;
    job.argc = argc - optind;
    job.argv = argv + optind;
    status = run_job(&job);
    free(job.source);
    return status;
}

int main(int argc, char **argv)
{
    return interp_main(argc, argv);
}
