/* Who vouches for a cache file: an Ed25519 signature in it.
 *
 * For caches that travel. Ownership and mode say who may have written a file
 * on this machine; nothing says that for one that came with a package or over
 * a network, and the checksums in it do not either: they are made by whoever
 * makes the file. What is signed is the SHA-512 of all bytes before the
 * signature section, which is the last; docs/cache-format.html has the rule.
 *
 * A reader that asks for no signature need not know any of this: the section
 * is optional and of a kind that it skips. */
#ifndef BCC_CACHE_SIGNATURE_H
#define BCC_CACHE_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "ed25519.h"
#include "error.h"
#include "span.h"

/* A public key. */
struct signature_key {
    uint8_t byte[ED25519_KEY_SIZE];
};

/* file: a whole cache file, whose header and section table were checked by
 * cache_layout_read(). OK: signed by one of the keys. UNTRUSTED, with
 * REASON_UNSIGNED: it is not. UNSUPPORTED: no libcrypto. CORRUPT: the bytes
 * have changed since; whatever they hold, nothing outside them is read. */
enum status signature_check(struct span file, const struct signature_key *keys,
                            size_t n_keys, const char *name,
                            struct error *err) MUST_CHECK;

/* Append the file with a signature by this private key, in the place of one
 * that it may have. file: checked whole. NO_MEMORY, UNSUPPORTED, CORRUPT as
 * above.
 */
enum status signature_attach(struct span file,
                             const uint8_t private_key[ED25519_KEY_SIZE],
                             const char *name, struct buffer *out,
                             struct error *err) MUST_CHECK;

#endif
