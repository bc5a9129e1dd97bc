/* Entries of one program for several CPUs.
 *
 * An installer that makes entries for other machines names a CPU: the entry is
 * then DIGEST@CPU.oBCC, or DIGEST@CPU@FEATURES.oBCC. A launch without --cpu
 * looks for an entry made on a machine like this one (DIGEST.oBCC), then for
 * the levels of the x86-64 psABI, best first, then for any other CPU, the one
 * with the most features first. It uses the first entry that this CPU can run.
 * All layers and the cache directory are searched for each of these names. */
#ifndef BCC_TOOL_VARIANTS_H
#define BCC_TOOL_VARIANTS_H

#include <limits.h>
#include <stdbool.h>

#include <bcc/bcc.h>

#include "options.h"

/* bccPrepareExecutable() or bccPrepareSharedObject(). */
typedef int (*prepare_fn)(BCCScriptRef script, const char *dir,
                          const char *name, unsigned long flags);

struct variants {
    BCCScriptRef script;
    const struct options *options;
    const char *dir;  /* or NULL */
    const char *name; /* of entry_name(); NULL: no entry is looked for */
    bool is_in_dir;   /* dir is known to have an entry of that name */
    unsigned long flags;
    prepare_fn prepare;
};

/* Prepare from the best entry, or compile for this CPU. The result is that of
 * the last prepare. */
int variants_prepare(const struct variants *variants);

/* Has a directory an entry of that name? */
bool variants_is_in(const char *dir, const char *name);

/* The next layer of BCC_CACHE_PATH. *rest is the list, and is advanced. False:
 * there are no more. */
bool variants_next_layer(const char **rest, char ret_dir[PATH_MAX]);

/* The first CPU feature that an entry's code needs and this CPU lacks. NULL:
 * there is none, or the file cannot be read. */
const char *variants_lacking(const char *path);

#endif
