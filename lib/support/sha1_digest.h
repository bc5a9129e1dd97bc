/* SHA-1 of inputs. sha1_digest.c has it from libmd, which adds 5 KB of code to
 * libobcc.so; bccc, which reads whole runtime libraries at each miss, has it
 * from OpenSSL instead (tools/bccc/sha1_digest.c): 19 KB, two to three times
 * as fast. One test holds both to the same digests.
 *
 * The name is not sha1.h, as that is libmd's. */
#ifndef BCC_SUPPORT_SHA1_DIGEST_H
#define BCC_SUPPORT_SHA1_DIGEST_H

#include <stdint.h>

#include "span.h"

enum { SHA1_SIZE = 20 };

/* Thread-safe. */
void sha1_digest(struct span bytes, uint8_t ret_digest[SHA1_SIZE]);

#endif
