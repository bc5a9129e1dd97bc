/* An Ed25519 signature in a cache file, for caches that move between machines.
 *
 * On this machine owner and mode tell who can have written a file. They tell
 * nothing about a file from a package or a network; neither do its checksums,
 * because the file's writer makes them. The signature covers the SHA-512 of all
 * bytes before the signature section, which is the last; docs/cache-format.html
 * has the exact rule.
 *
 * A reader that requires no signature can ignore it: the section is optional,
 * and loaders skip its kind. */
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
 * REASON_UNSIGNED: not signed by one of them. UNSUPPORTED: no libcrypto.
 * CORRUPT: the bytes changed since that check; nothing outside them is read,
 * whatever they hold. */
enum status signature_check(struct span file, const struct signature_key *keys,
                            size_t n_keys, const char *name,
                            struct error *err) MUST_CHECK;

/* Append the file with a signature by this private key, which replaces an
 * earlier signature. file: checked whole. NO_MEMORY, UNSUPPORTED, CORRUPT as
 * above. */
enum status signature_attach(struct span file,
                             const uint8_t private_key[ED25519_KEY_SIZE],
                             const char *name, struct buffer *out,
                             struct error *err) MUST_CHECK;

#endif
