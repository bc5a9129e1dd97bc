/* SHA-1 of inputs. sha1_digest.c uses libmd, which adds 5 KB of code to
 * libobcc.so. bccc reads whole runtime libraries at each miss, so it uses
 * OpenSSL instead (tools/bccc/sha1_openssl.c): 19 KB, two to three times as
 * fast. One test checks both against the same digests.
 *
 * The file is not called sha1.h, because libmd has a header of that name. */
#ifndef BCC_SUPPORT_SHA1_DIGEST_H
#define BCC_SUPPORT_SHA1_DIGEST_H

#include <stdint.h>

#include "span.h"

enum { SHA1_SIZE = 20 };

/* Thread-safe. */
void sha1_digest(struct span bytes, uint8_t ret_digest[SHA1_SIZE]);

#endif
