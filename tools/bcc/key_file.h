/* Ed25519 keys as `openssl genpkey -algorithm ed25519` writes them: PEM files
 * of a private key (PKCS #8, RFC 8410), or of its public half (`openssl pkey
 * -pubout`). They are parsed here, because a key is always the last 32 bytes of
 * the file; so libcrypto is needed for arithmetic only. */
#ifndef BCC_TOOL_KEY_FILE_H
#define BCC_TOOL_KEY_FILE_H

#include <stdbool.h>

#include "signature.h"

/* False after a complaint. */
bool key_file_read_public(const char *path, struct signature_key *ret_key);
bool key_file_read_private(const char *path, struct signature_key *ret_key);

enum { KEY_TEXT_SIZE = 2 * sizeof(struct signature_key) + 1 };

/* 64 hexadecimal digits, the form of BCCOptions.trustedKeys. */
void key_file_print(const struct signature_key *key,
                    char ret_text[KEY_TEXT_SIZE]);

#endif
