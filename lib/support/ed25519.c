#include "ed25519.h"

#include <string.h>

#include <openssl/evp.h>

#include "late_library.h"

/* ---- libcrypto ---- */

#define FUNCTIONS(X)                                                           \
    X(EVP_MD_CTX_new)                                                          \
    X(EVP_MD_CTX_free)                                                         \
    X(EVP_sha512)                                                              \
    X(EVP_DigestInit_ex)                                                       \
    X(EVP_DigestUpdate)                                                        \
    X(EVP_DigestFinal_ex)                                                      \
    X(EVP_PKEY_new_raw_public_key)                                             \
    X(EVP_PKEY_new_raw_private_key)                                            \
    X(EVP_PKEY_get_raw_public_key)                                             \
    X(EVP_PKEY_free)                                                           \
    X(EVP_DigestVerifyInit)                                                    \
    X(EVP_DigestVerify)                                                        \
    X(EVP_DigestSignInit)                                                      \
    X(EVP_DigestSign)

struct crypto {
#define X(name) __typeof__(name) *name;
    FUNCTIONS(X)
#undef X
};

static enum status open_crypto(struct crypto *crypto, struct error *err)
{
    static const char names[] =
#define X(name) #name "\0"
        FUNCTIONS(X);
#undef X

    return late_library_bind("libcrypto.so.3", "signatures", names,
                             (void **)crypto, err);
}

static enum status fail(const char *what, struct error *err)
{
    return error_set(err, STATUS_UNSUPPORTED, "libcrypto.so.3: %s", what);
}

/* ---- SHA-512 ---- */

enum status sha512_digest(const struct span *pieces, size_t n_pieces,
                          uint8_t ret_digest[SHA512_SIZE], struct error *err)
{
    struct crypto crypto;
    enum status status = open_crypto(&crypto, err);
    EVP_MD_CTX *context;
    bool ok;

    if (status)
        return status;
    context = crypto.EVP_MD_CTX_new();
    if (!context)
        return error_no_memory(err);
    ok = crypto.EVP_DigestInit_ex(context, crypto.EVP_sha512(), NULL) == 1;
    for (size_t i = 0; ok && i < n_pieces; i++)
        ok = crypto.EVP_DigestUpdate(context, pieces[i].data, pieces[i].size) ==
             1;
    ok = ok && crypto.EVP_DigestFinal_ex(context, ret_digest, NULL) == 1;
    crypto.EVP_MD_CTX_free(context);
    return ok ? STATUS_OK : fail("SHA-512 is unavailable", err);
}

/* ---- Ed25519 ---- */

/* The y of points whose order divides the cofactor 8, in the lowest 255 bits.
 */
static const uint8_t small_order[][ED25519_KEY_SIZE] = {
    {0},
    {1},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

bool ed25519_key_is_weak(const uint8_t key[ED25519_KEY_SIZE])
{
    const uint8_t last = key[ED25519_KEY_SIZE - 1] & 0x7f; /* no sign of x */
    size_t n_ff = 0;

    for (size_t i = 1; i < ED25519_KEY_SIZE - 1; i++)
        n_ff += key[i] == 0xff;
    /* From the prime, 2^255 - 19, on. */
    if (key[0] >= 0xed && n_ff == ED25519_KEY_SIZE - 2 && last == 0x7f)
        return true;
    for (size_t i = 0; i < sizeof(small_order) / sizeof(*small_order); i++)
        if (memcmp(key, small_order[i], ED25519_KEY_SIZE - 1) == 0 &&
            last == small_order[i][ED25519_KEY_SIZE - 1])
            return true;
    return false;
}

enum status ed25519_verify(const uint8_t key[ED25519_KEY_SIZE],
                           struct span message,
                           const uint8_t signature[ED25519_SIGNATURE_SIZE],
                           struct error *err)
{
    struct crypto crypto;
    enum status status = open_crypto(&crypto, err);
    EVP_MD_CTX *context = NULL;
    EVP_PKEY *pkey;

    if (status)
        return status;
    if (ed25519_key_is_weak(key))
        return error_set(err, STATUS_UNTRUSTED,
                         "anybody can sign for that public key");
    pkey = crypto.EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key,
                                              ED25519_KEY_SIZE);
    if (pkey)
        context = crypto.EVP_MD_CTX_new();
    if (!context ||
        crypto.EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) != 1)
        status = fail("Ed25519 is unavailable", err);
    else if (crypto.EVP_DigestVerify(context, signature, ED25519_SIGNATURE_SIZE,
                                     message.data, message.size) != 1)
        status = error_set(err, STATUS_UNTRUSTED, "signature does not match");
    crypto.EVP_MD_CTX_free(context);
    crypto.EVP_PKEY_free(pkey);
    return status;
}

enum status ed25519_sign(const uint8_t private_key[ED25519_KEY_SIZE],
                         struct span message,
                         uint8_t ret_signature[ED25519_SIGNATURE_SIZE],
                         uint8_t ret_key[ED25519_KEY_SIZE], struct error *err)
{
    size_t signature_size = ED25519_SIGNATURE_SIZE;
    size_t key_size = ED25519_KEY_SIZE;
    struct crypto crypto;
    enum status status = open_crypto(&crypto, err);
    EVP_MD_CTX *context = NULL;
    EVP_PKEY *pkey;

    if (status)
        return status;
    pkey = crypto.EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
                                               private_key, ED25519_KEY_SIZE);
    if (pkey)
        context = crypto.EVP_MD_CTX_new();
    if (!context ||
        crypto.EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) != 1 ||
        crypto.EVP_DigestSign(context, ret_signature, &signature_size,
                              message.data, message.size) != 1 ||
        crypto.EVP_PKEY_get_raw_public_key(pkey, ret_key, &key_size) != 1)
        status = fail("Ed25519 is unavailable", err);
    crypto.EVP_MD_CTX_free(context);
    crypto.EVP_PKEY_free(pkey);
    return status;
}
