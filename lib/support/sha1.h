/* SHA1 of inputs, from OpenSSL's static library (see sha1.c for why). */
#ifndef BCC_SUPPORT_SHA1_H
#define BCC_SUPPORT_SHA1_H

#include <stdint.h>

#include "span.h"

enum { SHA1_SIZE = 20 };

/* Thread-safe. */
void sha1_digest(struct span bytes, uint8_t ret_digest[SHA1_SIZE]);

#endif
