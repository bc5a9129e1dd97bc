/* Inputs in a ZIP archive or an Android package: ARCHIVE!ENTRY. */
#ifndef BCC_TOOL_RESOURCE_H
#define BCC_TOOL_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "error.h"
#include "span.h"

/* If no file has the name that the user gave, but a file exists whose name is
 * its start up to a '!', the name stands for an entry of that archive. Returns
 * the archive's name, which the caller frees; *ret_entry borrows the rest.
 * Otherwise NULL, and *ret_entry is not set. */
char *resource_split(const char *name, const char **ret_entry);

/* True for names that end in .apk or .zip. */
bool resource_has_archive_name(const char *path);

/* True for such names, and for files of other names that begin like
 * archives. */
bool resource_is_archive(const char *path);

/* True for "-", which is standard input, and for pipes and devices: they are
 * read once, to their end. */
bool resource_is_stream(const char *path);

/* Append the bytes of a stream. */
enum status resource_read_stream(const char *path, struct buffer *out,
                                 struct error *err) MUST_CHECK;

/* Do these bytes begin an oBCC file? */
bool resource_bytes_are_compiled(struct span bytes);

/* True for oBCC files. A file named *.bc counts as bitcode without being read,
 * because a hit needs no byte of it. */
bool resource_is_compiled(const char *path);

/* A file with LLVM bitcode, by its first bytes. */
bool resource_is_bitcode(const char *path);

struct resource_list {
    char **name; /* ARCHIVE!ENTRY, sorted; owned */
    size_t n;
};

/* The bitcode in an archive: its entries *.bc. */
enum status resource_list_bitcode(const char *path,
                                  struct resource_list *ret_list,
                                  struct error *err) MUST_CHECK;
void resource_list_release(struct resource_list *list);

/* Do both names lead to one file, also through links? */
bool resource_is_same_file(const char *a, const char *b);

#endif
