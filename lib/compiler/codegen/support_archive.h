/* Support routines: functions that a code generator calls although no source
 * names them. */
#ifndef BCC_COMPILER_SUPPORT_ARCHIVE_H
#define BCC_COMPILER_SUPPORT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "link_image.h"
#include "machine.h"

enum { SUPPORT_MAX_ARCHIVES = 2 };

/* Fill in the static libraries with routines for a machine, for link_params.
 * Returns their number, 0 for a machine without. Their bytes live as long as
 * the process. */
size_t support_archives(const struct machine *machine,
                        struct link_archive archives[SUPPORT_MAX_ARCHIVES]);

/* Is compiler-rt or libgcc among the machine's libraries? */
bool support_has_routines(const struct machine *machine);

/* The package that has them, for users who build without. */
const char *support_package(const struct machine *machine);

/* Is this the name of such a routine, on any machine? */
bool support_is_routine(const char *name);

#endif
