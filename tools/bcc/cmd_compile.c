/* bcc compile: one cache file or shared object, at a path of the user's
 * choice. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bcc/bcc_run.h>

#include "cache_file.h"
#include "commands.h"
#include "entry_files.h"
#include "print.h"
#include "script_setup.h"
#include "undefined.h"

static int make(BCCScriptRef script, const struct options *options,
                const char *path)
{
    if (bccPrepareSharedObjectFile(
            script, path, setup_flags(options, options->entry != NULL))) {
        setup_complain(script);
        return EXIT_FAILED;
    }
    if (options->entry && !function_names_have(path, options->entry)) {
        complain("%s: no function '%s'", options->arguments[0], options->entry);
        unlink(path);
        return EXIT_FAILED;
    }
    /* A host may define symbols for code that is not a program. */
    if ((!options->entry && !options->no_undefined) ||
        undefined_complain(options, options->arguments[0], path) == 0 ||
        !options->no_undefined)
        return EXIT_OK;
    unlink(path);
    return EXIT_FAILED;
}

/* Write the whole entry, or its image. */
static int deliver(const struct options *options, const char *entry)
{
    struct cache_file file;
    struct error err = {0};
    enum status status = cache_file_open(entry, CACHE_CHECK_ALL, &file, &err);

    if (status == STATUS_OK) {
        status =
            part_write(options->shared_object ? file.view.section[OBCC_CONTEXT]
                                              : file.bytes,
                       options->output, &err);
        cache_file_close(&file);
    }
    if (status)
        complain("%s", err.message);
    return status ? EXIT_FAILED : EXIT_OK;
}

/* Make the entry in another place if only a part of it is wanted: an entry is
 * always made as a file. */
static int make_elsewhere(BCCScriptRef script, const struct options *options)
{
    const char *parent = getenv("TMPDIR");
    char *dir, *path = NULL;
    int status = EXIT_FAILED;

    if (asprintf(&dir, "%s/bcc-XXXXXX", parent && *parent ? parent : "/tmp") <
        0)
        dir = NULL;
    if (!dir || !mkdtemp(dir)) {
        complain("%s: %s", dir ? dir : "-o -", strerror(errno));
        free(dir);
        return EXIT_FAILED;
    }
    if (asprintf(&path, "%s/out.oBCC", dir) >= 0) {
        status = make(script, options, path);
        if (status == EXIT_OK)
            status = deliver(options, path);
        unlink(path);
        free(path);
    }
    rmdir(dir);
    free(dir);
    return status;
}

int cmd_compile(struct options *options)
{
    const bool is_program = options->entry != NULL;
    BCCScriptRef script;
    int status = EXIT_FAILED;
    bool failed;

    if (options->n_arguments < 1 || !options->output) {
        complain("compile: a file and -o are needed (bcc help compile)");
        return EXIT_USAGE;
    }
    if (strcmp(options->output, "-") == 0 && isatty(STDOUT_FILENO)) {
        complain("compile: -o -: standard output is a terminal");
        return EXIT_USAGE;
    }
    if (options->shared_object && is_program) {
        complain("compile: --shared makes no program: leave out --entry");
        return EXIT_USAGE;
    }
    options->more_files = (struct words){(const char **)options->arguments + 1,
                                         (size_t)options->n_arguments - 1};
    script = setup_script(options, options->arguments[0], is_program, &failed);
    if (!script)
        return EXIT_FAILED;
    if (options->shared_object)
        bccExportTable(script);
    if (failed)
        setup_complain(script);
    else
        status = options->shared_object || strcmp(options->output, "-") == 0
                     ? make_elsewhere(script, options)
                     : make(script, options, options->output);
    print_report(script, options, NULL);
    bccDisposeScript(script);
    return status;
}
