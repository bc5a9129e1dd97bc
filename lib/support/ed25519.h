/* Ed25519 signatures and SHA-512, from OpenSSL's libcrypto.
 *
 * Loaded when first asked for and then kept: a program that checks no
 * signatures neither needs libcrypto.so.3 nor pays the 1.6 ms that it costs at
 * process start. It cannot be linked statically as SHA1 is: its Ed25519 wants
 * the whole of OpenSSL's provider framework. */
#ifndef BCC_SUPPORT_ED25519_H
#define BCC_SUPPORT_ED25519_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "span.h"

enum { ED25519_KEY_SIZE = 32, ED25519_SIGNATURE_SIZE = 64, SHA512_SIZE = 64 };

/* SHA-512 of several pieces, one after the other. In all of these,
 * UNSUPPORTED: there is no libcrypto.so.3, or it cannot do this. Thread-safe.
 */
enum status sha512_digest(const struct span *pieces, size_t n_pieces,
                          uint8_t ret_digest[SHA512_SIZE],
                          struct error *err) MUST_CHECK;

/* Whether anybody can sign for that public key: a point of small order, or an
 * encoding that RFC 8032 does not allow (5.1.3: y below the prime). Nobody has
 * the private half of such a key. */
bool ed25519_key_is_weak(const uint8_t key[ED25519_KEY_SIZE]);

/* UNTRUSTED: not the signature of the message by that public key. */
enum status ed25519_verify(const uint8_t key[ED25519_KEY_SIZE],
                           struct span message,
                           const uint8_t signature[ED25519_SIGNATURE_SIZE],
                           struct error *err) MUST_CHECK;

/* With a private key; also the public key that belongs to it. */
enum status ed25519_sign(const uint8_t private_key[ED25519_KEY_SIZE],
                         struct span message,
                         uint8_t ret_signature[ED25519_SIGNATURE_SIZE],
                         uint8_t ret_key[ED25519_KEY_SIZE],
                         struct error *err) MUST_CHECK;

#endif
