/* Names of entries in the tools' cache. */
#ifndef BCC_TOOL_ENTRY_NAME_H
#define BCC_TOOL_ENTRY_NAME_H

#include <limits.h>
#include <stdbool.h>

#include <bcc/bcc.h>

#include "options.h"

/* Give options with the same meaning one spelling: defaults are removed, and
 * features that are only added are sorted. False after a complaint: no
 * memory. */
bool options_make_canonical(struct options *options);

/* The name of a script's entry. For a program it is a digest of the content of
 * its inputs and of all that decides about the code, then the CPU, if one is
 * named: 0123456789abcdef@x86-64-v3. So it depends neither on the paths of the
 * files nor on the spelling of options. dir: the cache directory, which
 * remembers the content of files, or NULL. With --exports the name is the
 * file's. The prepare compares all of this with the entry again.
 *
 * False: an input cannot be read, and the script's error message tells why. */
bool entry_name(BCCScriptRef script, const struct options *options,
                const char *path, const char *dir, char ret_name[NAME_MAX]);

/* The file's name without its end: the entry's name with --exports. */
void entry_name_of_file(const char *path, char ret_name[NAME_MAX]);

/* Add the part of the name after the digest, for a CPU and features; both may
 * be NULL. */
void entry_name_add_cpu(char name[NAME_MAX], const char *cpu,
                        const char *features);

/* A BCCHost.knownSha1; context is the options. */
int entry_name_known_sha1(void *context, const char *path, const char *entry,
                          uint8_t sha1[20]);

#endif
