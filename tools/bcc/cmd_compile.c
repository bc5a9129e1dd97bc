/* bcc compile: one cache file, wherever the user wants it. */
#include <bcc/bcc.h>

#include "commands.h"
#include "print.h"
#include "script_setup.h"

int cmd_compile(struct options *options)
{
    const bool is_program = options->entry != NULL;
    BCCScriptRef script;
    int status = EXIT_OK;
    bool failed;

    if (options->n_arguments < 1 || !options->output) {
        complain("compile: a file and -o are needed (bcc help compile)");
        return EXIT_USAGE;
    }
    options->more_files = (struct words){(const char **)options->arguments + 1,
                                         (size_t)options->n_arguments - 1};
    script = setup_script(options, options->arguments[0], is_program, &failed);
    if (!script)
        return EXIT_FAILED;
    if (failed ||
        bccPrepareSharedObjectFile(script, options->output,
                                   setup_flags(options, is_program))) {
        setup_complain(script);
        status = EXIT_FAILED;
    }
    if (options->report_json)
        print_report(script, NULL);
    bccDisposeScript(script);
    return status;
}
