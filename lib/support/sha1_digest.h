/* SHA-1 (FIPS 180-4), by which a cache entry records the content of its inputs.
 * Library and compiler process share this implementation; sha1_digest.c
 * explains why it is our own. */
#ifndef BCC_SUPPORT_SHA1_DIGEST_H
#define BCC_SUPPORT_SHA1_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "span.h"

enum { SHA1_SIZE = 20, SHA1_BLOCK_SIZE = 64, SHA1_STATE_WORDS = 5 };

/* Thread-safe. */
void sha1_digest(struct span bytes, uint8_t ret_digest[SHA1_SIZE]);

/* ---- The same in pieces ---- */

struct sha1 {
    uint32_t state[SHA1_STATE_WORDS];
    uint64_t size;                  /* bytes so far */
    uint8_t block[SHA1_BLOCK_SIZE]; /* the first size % 64 are filled */
};

void sha1_init(struct sha1 *sha1);
void sha1_update(struct sha1 *sha1, struct span bytes);
void sha1_final(struct sha1 *sha1, uint8_t ret_digest[SHA1_SIZE]);

/* ---- For tests ---- */

typedef void (*sha1_blocks_fn)(uint32_t state[SHA1_STATE_WORDS],
                               const uint8_t *blocks, size_t n_blocks);

void sha1_blocks_portable(uint32_t state[SHA1_STATE_WORDS],
                          const uint8_t *blocks, size_t n_blocks);

/* With this CPU's instructions for SHA-1; NULL: it has none. */
sha1_blocks_fn sha1_blocks_of_cpu(void);

#endif
