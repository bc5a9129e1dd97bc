/* The routines that a code generator calls although no source names them. */
#ifndef BCC_COMPILER_SUPPORT_ARCHIVE_H
#define BCC_COMPILER_SUPPORT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "link_image.h"
#include "machine.h"

enum { SUPPORT_MAX_ARCHIVES = 2 };

/* Fills in the static libraries of code for a machine, for link_params, and
 * says how many: none for a machine that has none. Their bytes live as long as
 * the process. */
size_t support_archives(const struct machine *machine,
                        struct link_archive archives[SUPPORT_MAX_ARCHIVES]);

/* Whether compiler-rt or libgcc is among them. */
bool support_has_routines(const struct machine *machine);

/* Where they come from, for people who lack them. */
const char *support_package(const struct machine *machine);

/* Is this the name of such a routine, on any machine? */
bool support_is_routine(const char *name);

#endif
