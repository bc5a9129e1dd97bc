/* Ed25519 keys as `openssl genpkey -algorithm ed25519` writes them: PEM files
 * of a private key (PKCS #8, RFC 8410), or of its public half (`openssl pkey
 * -pubout`). Read here, as a key is always the last 32 bytes of it, so that
 * libcrypto is needed for the arithmetic only. */
#ifndef BCC_TOOL_KEY_FILE_H
#define BCC_TOOL_KEY_FILE_H

#include <stdbool.h>

#include "signature.h"

/* False after a complaint. */
bool key_file_read_public(const char *path, struct signature_key *ret_key);
bool key_file_read_private(const char *path, struct signature_key *ret_key);

enum { KEY_TEXT_SIZE = 2 * sizeof(struct signature_key) + 1 };

/* 64 hexadecimal digits, as BCCOptions.trustedKeys has them. */
void key_file_print(const struct signature_key *key,
                    char ret_text[KEY_TEXT_SIZE]);

#endif
