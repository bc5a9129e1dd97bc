/* bcc compile: one cache file, wherever the user wants it. */
#include <bcc/bcc.h>

#include "commands.h"
#include "options.h"
#include "script_setup.h"
#include "static_archives.h"

int cmd_compile(int argc, char **argv)
{
    struct options options;
    BCCScriptRef script;
    int status = EXIT_OK;
    bool failed;

    if (!options_parse(&options, argc, argv, "bklLTCFERSvOoWZ", false))
        return EXIT_USAGE;
    if (options.n_arguments < 1 || !options.output) {
        complain("compile: a file and -o are needed");
        print_usage("compile", true);
        return EXIT_USAGE;
    }
    options.more_files = options.arguments + 1;
    options.n_more_files = (size_t)options.n_arguments - 1;
    if (!static_archives_find(&options))
        return EXIT_FAILED;
    script = setup_script(&options, options.arguments[0], options.entry != NULL,
                          &failed);
    if (!script)
        return EXIT_FAILED;
    if (failed || bccPrepareSharedObjectFile(
                      script, options.output,
                      setup_flags(&options, options.entry != NULL))) {
        complain("%s", bccGetErrorMessage(script));
        status = EXIT_FAILED;
    }
    if (options.report_json)
        print_report(script, NULL);
    bccDisposeScript(script);
    options_release(&options);
    return status;
}
