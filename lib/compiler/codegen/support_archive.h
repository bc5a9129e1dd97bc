/* The routines that a code generator calls although no source names them. */
#ifndef BCC_COMPILER_SUPPORT_ARCHIVE_H
#define BCC_COMPILER_SUPPORT_ARCHIVE_H

#include <stddef.h>

#include "link_image.h"

enum { SUPPORT_MAX_ARCHIVES = 2 };

/* Fills in the static libraries of code for an ELF machine, for link_params,
 * and says how many: none for a machine that has none. Their bytes live as
 * long as the process. */
size_t support_archives(unsigned elf_machine,
                        struct link_archive archives[SUPPORT_MAX_ARCHIVES]);

#endif
