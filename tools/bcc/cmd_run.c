/* bcc run: a program from bitcode, as if it were native. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "commands.h"
#include "counters.h"
#include "entry_name.h"
#include "program.h"
#include "print.h"
#include "resource.h"
#include "script_setup.h"
#include "settings.h"
#include "undefined.h"
#include "variants.h"
#include "progress.h"

/* The environment's BCC_PERF as BCC_SHOW_...; -1: a word that is not known. */
static int perf_wanted(void)
{
    const char *word = getenv("BCC_PERF");

    if (!word || !*word)
        return 0;
    if (strcmp(word, "map") == 0)
        return BCC_SHOW_PERF_MAP;
    if (strcmp(word, "jitdump") == 0)
        return BCC_SHOW_JITDUMP;
    complain("BCC_PERF=%s: map or jitdump is needed", word);
    return -1;
}

/* Called before a compile: the library logs then why there is no usable
 * entry. */
static void note_miss(void *path, int level, const char *area, const char *text)
{
    if (level == BCC_LOG_FATAL)
        setup_end_program(text);
    if (strcmp(area, "cache") != 0)
        return;
    waiting_begin(path);
    undefined_ask();
}

/* Called when the compile is over, before constructors run: symbols are bound
 * then. */
static void *look_up(void *context, const char *symbol)
{
    waiting_end();
    undefined_forget();
    return loaded_objects_lookup(context, symbol);
}

/* Count the launch, and warn that without a cache every launch compiles.
 * reason: why the library was given no directory. */
static void note_launch(BCCScriptRef script, const char *dir,
                        const char *reason)
{
    BCCReport report = {.size = sizeof(report)};

    if (bccGetReport(script, &report))
        return;
    if (dir)
        counters_note(dir, &report);
    if (report.cache != BCC_CACHE_OFF)
        return;
    if (*report.reason)
        reason = report.reason;
    complain("no usable cache: %s", reason ? reason : "no directory");
}

static bool prepare(BCCScriptRef script, const struct options *options,
                    const char *path)
{
    const int shows = perf_wanted();
    const BCCHost host = {
        .size = sizeof(host),
        .context = (void *)options,
        .interpose = interpose,
        .cacheSizeLimit = settings_cache_limit_bytes,
        .showsImage = loaded_objects_init(),
        .shows = (unsigned)shows,
        .knownSha1 = entry_name_known_sha1,
    };
    const char *reason = NULL;
    char name[NAME_MAX];
    struct variants variants = {
        .script = script,
        .options = options,
        .name = options->no_cache ? NULL : name,
        .flags = setup_flags(options, true) | BCC_PROCESS_SYMBOLS,
        .prepare = bccPrepareExecutable,
    };
    char *dir;
    bool failed, has_name;

    if (shows < 0)
        return false;
    bccSetHost(script, &host);
    bccRegisterSymbolCallback(script, look_up, NULL);
    if (options->verbose)
        undefined_ask();
    else
        bccSetLogCallback(script, note_miss, (void *)path);
    if (options->no_cache)
        note_miss((void *)path, 0, "cache", "");
    bccSetArguments(script, options->n_arguments, options->arguments);
    dir = setup_find_cache_dir(options, &reason);
    failed = variants.name && !entry_name(script, options, path, dir, name);
    has_name = variants.name && !failed;
    variants.is_in_dir = !failed && dir && variants_is_in(dir, name);
    /* If the entry is there, so is its directory. */
    if (!failed && dir && !variants.is_in_dir) {
        free(dir);
        dir = setup_cache_dir(options, &reason);
    }
    variants.dir = dir;
    failed = failed || variants_prepare(&variants);
    waiting_end();
    print_report(script, options, reason);
    if (has_name && !resource_is_compiled(path))
        note_launch(script, dir, reason);
    free(dir);
    if (failed)
        complain_failed(script, options, path);
    undefined_forget();
    return !failed;
}

/* Set the name that err(3) and error(3) print before their messages, and ps(1)
 * shows. */
static void say_name_is(char *path)
{
    char *slash = strrchr(path, '/');

    program_invocation_name = path;
    program_invocation_short_name = slash ? slash + 1 : path;
    prctl(PR_SET_NAME, program_invocation_short_name);
}

int cmd_run(struct options *options)
{
    const struct machine *foreign = foreign_machine(options);
    int (*entry)(int, char **, char **);
    BCCScriptRef script;
    char *path = options->arguments[0]; /* NULL if there are no arguments */
    const char *name;
    bool failed;

    if (options->n_arguments < 1) {
        complain("run: no file (bcc help run)");
        return EXIT_USAGE;
    }
    if ((options->target || options->cpu || options->features) &&
        resource_is_compiled(options->arguments[0])) {
        complain("%s: is compiled already: --target, --cpu and --features are "
                 "for bitcode",
                 options->arguments[0]);
        return EXIT_USAGE;
    }
    if (foreign)
        return run_foreign(options, foreign);
    if (options->fake_name)
        options->arguments[0] = (char *)options->fake_name;
    say_name_is(options->arguments[0]);
    script = setup_script(options, path, true, &failed);
    if (script && failed)
        setup_complain(script);
    if (!script || failed || !program_set(script, path) ||
        !prepare(script, options, path)) {
        program_set(NULL, NULL);
        bccDisposeScript(script);
        return EXIT_FAILED;
    }
    name = options->entry ? options->entry : "main";
    *(void **)&entry = bccGetFuncAddr(script, name);
    if (!entry || bccGetVarAddr(script, name)) {
        complain("%s: no function '%s'", path, name);
        return EXIT_FAILED;
    }
    errno = 0; /* like in a native program */
    exit(entry(options->n_arguments, options->arguments, environ));
}
