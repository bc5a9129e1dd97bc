/* Ed25519 signatures and SHA-512, from OpenSSL's libcrypto.
 *
 * libcrypto.so.3 is loaded at first use and stays loaded. A program that checks
 * no signatures does not need it and does not pay its 1.6 ms at process start.
 * Static linking, as for SHA-1, is impractical: OpenSSL's Ed25519 needs the
 * whole provider framework. */
#ifndef BCC_SUPPORT_ED25519_H
#define BCC_SUPPORT_ED25519_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "span.h"

enum { ED25519_KEY_SIZE = 32, ED25519_SIGNATURE_SIZE = 64, SHA512_SIZE = 64 };

/* SHA-512 of several pieces, one after the other. Thread-safe. UNSUPPORTED, as
 * for the functions below: there is no libcrypto.so.3, or it cannot do this. */
enum status sha512_digest(const struct span *pieces, size_t n_pieces,
                          uint8_t ret_digest[SHA512_SIZE],
                          struct error *err) MUST_CHECK;

/* Could anyone sign for this public key? A point of small order has no private
 * half; nor has an encoding that RFC 8032 does not allow (5.1.3: y below the
 * prime). */
bool ed25519_key_is_weak(const uint8_t key[ED25519_KEY_SIZE]);

/* OK, or UNTRUSTED: this is not the message's signature by that public key. */
enum status ed25519_verify(const uint8_t key[ED25519_KEY_SIZE],
                           struct span message,
                           const uint8_t signature[ED25519_SIGNATURE_SIZE],
                           struct error *err) MUST_CHECK;

/* Sign with a private key; also returns the public key that belongs to it. */
enum status ed25519_sign(const uint8_t private_key[ED25519_KEY_SIZE],
                         struct span message,
                         uint8_t ret_signature[ED25519_SIGNATURE_SIZE],
                         uint8_t ret_key[ED25519_KEY_SIZE],
                         struct error *err) MUST_CHECK;

#endif
