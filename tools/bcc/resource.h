/* Inputs that are in a ZIP archive or an Android package: ARCHIVE!ENTRY. */
#ifndef BCC_TOOL_RESOURCE_H
#define BCC_TOOL_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/* If what the user named is an entry of an archive, the archive's name, for the
 * caller to free: no file of that name is there, but one whose name ends before
 * a '!' of it. *ret_entry borrows, and is set then alone. Else NULL. */
char *resource_split(const char *name, const char **ret_entry);

/* True for names that end in .apk or .zip. */
bool resource_has_archive_name(const char *path);

/* True for those, and for files of other names that start as archives do. */
bool resource_is_archive(const char *path);

/* True for oBCC files. One that is named as bitcode (*.bc) is not read: a
 * launch that hits needs no byte of its bitcode. */
bool resource_is_compiled(const char *path);

struct resource_list {
    char **name; /* ARCHIVE!ENTRY, by name; owned */
    size_t n;
};

/* The bitcode in an archive: its entries *.bc. */
enum status resource_list_bitcode(const char *path,
                                  struct resource_list *ret_list,
                                  struct error *err) MUST_CHECK;
void resource_list_release(struct resource_list *list);

/* Whether both name one file, through links, too. */
bool resource_is_same_file(const char *a, const char *b);

#endif
