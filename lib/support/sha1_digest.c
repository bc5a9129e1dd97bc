#include "sha1_digest.h"

#include <assert.h>
#include <sha1.h>

static_assert(SHA1_SIZE == SHA1_DIGEST_LENGTH, "libmd's digest is ours");

void sha1_digest(struct span bytes, uint8_t ret_digest[SHA1_SIZE])
{
    SHA1_CTX context;

    SHA1Init(&context);
    SHA1Update(&context, bytes.data, bytes.size);
    SHA1Final(ret_digest, &context);
}
