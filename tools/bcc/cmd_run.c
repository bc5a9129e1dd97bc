/* bcc run: a program from bitcode, as if it were native. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "commands.h"
#include "interpose.h"
#include "loaded_objects.h"
#include "operators.h"
#include "print.h"
#include "script.h"
#include "script_setup.h"
#include "undefined.h"

/* The program, for its destructors. A native one's run after every handler
 * that it gave to atexit(), from its constructors on: so ours is given first.
 * Nothing is unmapped: stdio's last flush may read a buffer of the program. */
static BCCScriptRef program;

static void run_destructors(void)
{
    if (program)
        load_stop(&program->image);
}

static bool prepare(BCCScriptRef script, const struct options *options,
                    const char *path)
{
    const char *reason = NULL;
    char *dir = setup_cache_dir(options, &reason);
    char name[NAME_MAX];
    bool failed;

    setup_entry_name(options, path, true, name);
    loaded_objects_take(script);
    bccRegisterSymbolCallback(script, loaded_objects_lookup, NULL);
    operators_take(script);
    script->interpose = interpose;
    bccSetArguments(script, options->n_arguments, options->arguments);
    errno = 0; /* as a native program's constructors find it */
    failed =
        bccPrepareExecutable(script, dir, options->no_cache ? NULL : name,
                             setup_flags(options, true) | BCC_PROCESS_SYMBOLS);
    free(dir);
    if (options->report_json)
        print_report(script, reason);
    if (failed && script->error_code == BCC_UNRESOLVED_SYMBOL)
        complain_undefined(script, options, path);
    else if (failed)
        complain("%s", bccGetErrorMessage(script));
    return !failed;
}

/* What err(3) and error(3) print before their messages, and ps(1) shows. */
static void say_name_is(char *path)
{
    char *slash = strrchr(path, '/');

    program_invocation_name = path;
    program_invocation_short_name = slash ? slash + 1 : path;
    prctl(PR_SET_NAME, program_invocation_short_name);
}

int cmd_run(struct options *options)
{
    int (*entry)(int, char **, char **);
    BCCScriptRef script;
    const char *name;
    bool failed;

    if (options->n_arguments < 1) {
        complain("run: no file (bcc help run)");
        return EXIT_USAGE;
    }
    say_name_is(options->arguments[0]);
    script = setup_script(options, options->arguments[0], true, &failed);
    if (script && failed)
        complain("%s", bccGetErrorMessage(script));
    program = script; /* before the prepare: a constructor may exit */
    if (!script || failed || atexit(run_destructors) ||
        !prepare(script, options, options->arguments[0])) {
        program = NULL;
        loaded_objects_take(NULL);
        operators_take(NULL);
        bccDisposeScript(script);
        return EXIT_FAILED;
    }
    name = options->entry ? options->entry : "main";
    *(void **)&entry = bccGetFuncAddr(script, name);
    if (!entry || bccGetVarAddr(script, name)) {
        complain("%s: no function '%s'", options->arguments[0], name);
        return EXIT_FAILED;
    }
    errno = 0; /* as a native program finds it */
    exit(entry(options->n_arguments, options->arguments, environ));
}
