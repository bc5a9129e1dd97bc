/* bcc config show: every setting with its value and origin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "commands.h"
#include "machine.h"
#include "print.h"
#include "script_setup.h"
#include "settings.h"

struct shower {
    bool json;
    bool has_rows;
};

static void begin(struct shower *shower, const char *name)
{
    if (shower->json)
        printf("%s{\"name\":\"%s\",\"value\":", shower->has_rows ? "," : "",
               name);
    else
        printf("%-14s ", name);
    shower->has_rows = true;
}

static void end(const struct shower *shower, const char *origin)
{
    if (shower->json) {
        fputs(",\"origin\":", stdout);
        json_print_string(stdout, origin);
        putchar('}');
    } else {
        fputs(" (", stdout);
        print_visible(stdout, origin);
        puts(")");
    }
}

/* value: NULL: not set. */
static void show(struct shower *shower, const char *name, const char *value,
                 const char *origin)
{
    begin(shower, name);
    if (!shower->json)
        print_visible(stdout, value ? value : "none");
    else if (value)
        json_print_string(stdout, value);
    else
        fputs("null", stdout);
    end(shower, origin);
}

/* Show a setting that only an environment variable has. */
static void show_variable(struct shower *shower, const char *name,
                          const char *variable)
{
    const char *value = getenv(variable);

    show(shower, name, value && *value ? value : NULL,
         value && *value ? variable : "default");
}

static void show_cache(struct shower *shower, const struct options *options)
{
    const char *reason = "default";
    char *dir = setup_find_cache_dir(options, &reason);
    struct cache_limit limit;

    show(shower, "cache-dir", dir,
         dir ? setup_cache_dir_origin(options) : reason);
    free(dir);
    show_variable(shower, "cache-path", "BCC_CACHE_PATH");
    settings_cache_limit(options, &limit);
    begin(shower, "cache-size");
    settings_print_limit(&limit, shower->json);
    end(shower, limit.origin);
}

static void show_compiler(struct shower *shower)
{
    const char *variable = getenv("BCC_BCCC");
    BCCScriptRef script = bccCreateScript();
    const char *path = script ? bccGetCompilerPath(script) : NULL;

    if (variable && *variable)
        show(shower, "compiler", path,
             path ? "BCC_BCCC"
                  : "BCC_BCCC: no such "
                    "program");
    else
        show(shower, "compiler", path, path ? "installed" : "not installed");
    bccDisposeScript(script);
}

static void show_config_file(struct shower *shower)
{
    char path[PATH_MAX];

    if (!settings_config_path(path, sizeof(path)))
        show(shower, "config-file", NULL, "HOME is not set");
    else
        show(shower, "config-file", path,
             access(path, F_OK) == 0 ? "is read" : "does not exist");
}

int config_show(struct options *options)
{
    struct shower shower = {.json = options->json};

    if (options->n_arguments != 1 ||
        strcmp(options->arguments[0], "show") != 0) {
        complain("config: show is the one action (bcc help config)");
        return EXIT_USAGE;
    }
    if (shower.json)
        fputs("{\"settings\":[", stdout);
    show_cache(&shower, options);
    show_config_file(&shower);
    show_compiler(&shower);
    show_variable(&shower, "perf", "BCC_PERF");
    show(&shower, "target", machine_host()->triple, "default: --target");
    show(&shower, "cpu", "native", "default: --cpu");
    show(&shower, "optimisation", "3", "default: -O");
    show(&shower, "time-limit", "1800", "default: --time-limit");
    show(&shower, "memory-limit", "17179869184", "default: --memory-limit");
    if (shower.json)
        puts("]}");
    return EXIT_OK;
}
