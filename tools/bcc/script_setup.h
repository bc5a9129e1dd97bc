/* From a command line to a script and the place of its cache entry. */
#ifndef BCC_TOOL_SCRIPT_SETUP_H
#define BCC_TOOL_SCRIPT_SETUP_H

#include <stdbool.h>

#include <bcc/bcc.h>

#include "options.h"

/* Let compiles see --sysroot: before threads are started. False after a
 * complaint. */
bool setup_sysroot(const struct options *options);

/* Move the -l options that stand for an archive, a libNAME.a of a directory of
 * -L, to options->archives. As for a linker, the first directory that has
 * either kind of library decides, and in it the shared one. False after a
 * complaint: no memory. */
bool setup_static_archives(struct options *options);

/* A script with the options, the file, objects and libraries set. *ret_failed:
 * setting failed, and the script's error message or a complaint says why. NULL
 * after a complaint: no memory. program: only the entry point (options->entry,
 * else "main") is kept. */
BCCScriptRef setup_script(const struct options *options, const char *path,
                          bool program, bool *ret_failed);

/* The function that a program begins with: --entry, or "main". */
const char *setup_entry(const struct options *options);

/* After BCC_LOG_FATAL: print the text, and end the process. */
_Noreturn void setup_end_program(const char *text);

/* Print the script's error message, if it has one. */
void setup_complain(BCCScriptRef script);

/* Set how the script is compiled. False: the script's error message says why,
 * or a complaint about a key file did. */
bool setup_set_options(BCCScriptRef script, const struct options *options);

/* Flags for the prepare functions. */
unsigned long setup_flags(const struct options *options, bool program);

/* The cache directory, which the caller frees: --cache-dir, $BCC_CACHE_DIR,
 * $XDG_CACHE_HOME/bcc, ~/.cache/bcc. NULL: none, or --no-cache; *ret_reason
 * then says why. */
char *setup_find_cache_dir(const struct options *options,
                           const char **ret_reason);

/* The option or variable that decides where it is. */
const char *setup_cache_dir_origin(const struct options *options);

/* The same, but creates the directory with mode 0700 if it does not exist. */
char *setup_cache_dir(const struct options *options, const char **ret_reason);

#endif
