/* Was an entry made from these inputs?
 *
 * An input matches a dependency if role, resource type and SHA1 are equal.
 * Its name or path is not compared: content is what shaped the code. For a
 * file, an equal stamp stands for an equal SHA1, so that a launch
 * need not read it. That is sound only if the stamp was taken when a later
 * change could no longer hide in the same timestamp tick ("racily clean", as
 * git's index calls it): the compiler process records a stamp only if the
 * file's last change was at least DEPENDENCY_RACY_NS before the moment when
 * its content was hashed. Otherwise there is none, and the SHA1 decides.
 *
 * For an input in an archive, the archive's stamp and the name of the entry
 * stand for the content. A different stamp proves no change. */
#ifndef BCC_CACHE_DEPENDENCY_H
#define BCC_CACHE_DEPENDENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "cache_read.h"
#include "error.h"
#include "file.h"
#include "request.h"
#include "sha1_digest.h"

enum {
    /* Linux stamps files from a tick of at most 10 ms (HZ=100); twice that.
     * File systems that keep whole seconds (ns part 0) get two seconds. */
    DEPENDENCY_RACY_NS = 20 * 1000 * 1000,
    DEPENDENCY_RACY_COARSE_NS = 2000 * 1000 * 1000
};

/* May a stamp taken at now_ns (CLOCK_REALTIME) stand for the content that was
 * read after it was taken? */
bool dependency_stamp_is_sound(const struct file_stamp *stamp, uint64_t now_ns);

/* The recorded stamp; zero unless OBCC_DEPENDENCY_STAMPED. */
struct file_stamp dependency_stamp(const struct obcc_dependency *dependency);

/* An input as the reader sees it now. */
struct dependency_input {
    enum request_role role;
    uint32_t type;
    bool skip_sha1;
    const char *name;
    const struct file_stamp *stamp; /* NULL: not a file */
    const char *entry; /* not NULL: the input is this entry of an archive; the
                          stamp is the archive's */
    /* SHA1 of the content. Called only if the stamp does not decide, and at
     * most once for each input. */
    enum status (*digest)(void *context, uint8_t ret_digest[SHA1_SIZE],
                          struct error *err);
    void *context;
};

/* The dependency flag of an input with this role; 0: the script. */
uint32_t dependency_role_flag(enum request_role role);

/* "script", "library" or "object", from the flags of a dependency. */
const char *dependency_role_name(uint32_t flags);

/* The place of the bytes: "file", "archive", or "resource" for memory. */
const char *dependency_type_name(uint32_t type, uint32_t flags);

/* May the stamp of its archive stand for an entry? A dependency has one name,
 * ARCHIVE!ENTRY, in which both parts may have a '!'. It is divided at the last
 * one, so an entry with a '!' is compared by SHA1 alone. */
bool dependency_entry_may_be_stamped(const char *entry);

/* OK: the entry's dependencies are exactly these inputs in this order. STALE
 * with a message that names the input and the fact otherwise; or what
 * digest returned. */
enum status dependency_check(const struct cache_view *view,
                             const struct dependency_input *inputs,
                             size_t n_inputs, struct error *err) MUST_CHECK;

#endif
