/* Entries of ZIP archives, such as Android packages (APK).
 *
 * Entries may be stored or deflated. ZIP64 archives, and data before the
 * archive, are supported. Encrypted entries and archives in several parts are
 * not. The archive's directory defines an entry: exactly its number of bytes
 * with its CRC-32, or an error. (Static archives, which `ar` makes: see
 * lib/linker/archive.h.)
 *
 * zlib unpacks; libz.so.1 is loaded at first use. Bytes are read with pread(),
 * because a mapped file may be truncated by others.
 *
 * All functions return CORRUPT: damaged; UNSUPPORTED: encrypted, packed by an
 * unknown method, or there is no libz.so.1; IO: the archive cannot be read, or
 * has no such entry; NO_MEMORY. Messages start with name. Thread-safe. */
#ifndef BCC_SUPPORT_ZIP_H
#define BCC_SUPPORT_ZIP_H

#include <stdint.h>

#include "error.h"
#include "span.h"

/* Called with the bytes of an entry in order, piece by piece. A result other
 * than OK ends the reading and is returned. */
typedef enum status (*zip_bytes_fn)(void *context, struct span bytes,
                                    struct error *err);

struct zip_sink {
    zip_bytes_fn fn;
    void *context;
};

/* Read the bytes of one entry. fd holds archive_size bytes. A mismatch with the
 * archive's directory is found after the last byte. */
enum status zip_stream(int fd, uint64_t archive_size, const char *name,
                       const char *entry, const struct zip_sink *sink,
                       struct error *err) MUST_CHECK;

/* The same in one piece, which the caller frees; not NULL even for an empty
 * entry. */
enum status zip_read(int fd, uint64_t archive_size, const char *name,
                     const char *entry, struct span *ret_bytes,
                     struct error *err) MUST_CHECK;

/* Called for an entry, whose name has no NUL. A result other than OK ends the
 * listing and is returned. */
typedef enum status (*zip_entry_fn)(void *context, struct span entry,
                                    struct error *err);

/* Visit all entries, in the order of the directory. */
enum status zip_list(int fd, uint64_t archive_size, const char *name,
                     zip_entry_fn fn, void *context,
                     struct error *err) MUST_CHECK;

#endif
