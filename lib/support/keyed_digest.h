/* A digest of bytes under a secret key, as fast as memory is read. It
 * distinguishes contents even if an attacker chose them, as long as the
 * attacker knows neither the key nor a digest made with it.
 *
 * Two contents that were chosen without knowledge of the key have equal digests
 * with a probability of at most 2^-63, whatever they are. keyed_digest.c has
 * the proof, which needs no assumption about attacks. The digest needs
 * instructions for carry-less products, which x86-64 has since 2010 and ARMv8
 * has as an extension. There is no portable loop: it would be slower than
 * SHA-1.
 *
 * Digests are as secret as the key, because the key can be computed from
 * digests of known contents. They are for private memory only. */
#ifndef BCC_SUPPORT_KEYED_DIGEST_H
#define BCC_SUPPORT_KEYED_DIGEST_H

#include <stdint.h>

#include "span.h"

enum { KEYED_DIGEST_SIZE = 16, KEYED_BLOCK_SIZE = 2048 };

/* All bytes are random. */
struct keyed_digest_key {
    uint8_t block[KEYED_BLOCK_SIZE];
    uint8_t point[KEYED_DIGEST_SIZE];
};

/* Loops that give the same digests. */
enum keyed_loop {
    KEYED_LOOP_NONE, /* this CPU has no carry-less products */
    KEYED_LOOP_128,  /* one at a time */
    KEYED_LOOP_256   /* two */
};

/* The best loop that this CPU has. */
enum keyed_loop keyed_loop_of_cpu(void);

/* Thread-safe. loop: not KEYED_LOOP_NONE, and this CPU has it. */
void keyed_digest(const struct keyed_digest_key *key, struct span bytes,
                  enum keyed_loop loop, uint8_t ret_digest[KEYED_DIGEST_SIZE]);

#endif
