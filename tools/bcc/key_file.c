#include "key_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "print.h"

enum { MAX_FILE = 4096, MAX_DER = 128 };

/* The DER bytes before the 32 bytes of an Ed25519 key. */
struct key_kind {
    const char *label;
    size_t prefix_size;
    uint8_t prefix[16];
};

static const struct key_kind public_kind = {
    "PUBLIC KEY",
    12,
    {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}};
static const struct key_kind private_kind = {
    "PRIVATE KEY",
    16,
    {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
     0x04, 0x22, 0x04, 0x20}};

/* ---- PEM ---- */

static int value_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Decode base 64 up to a byte that is neither a digit nor the end of a line.
 * Returns the number of bytes, or 0 if they are too many. */
static size_t decode(const char *text, uint8_t der[MAX_DER])
{
    unsigned bits = 0, n_bits = 0;
    size_t n = 0;

    for (; *text; text++) {
        int value = value_of(*text);

        if (*text == '\n' || *text == '\r')
            continue;
        if (value < 0)
            break;
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        n_bits += 6;
        if (n_bits < 8)
            continue;
        if (n == MAX_DER)
            return 0;
        n_bits -= 8;
        der[n++] = (uint8_t)(bits >> n_bits);
    }
    return n;
}

/* ---- Keys ---- */

/* Complain if others can read a private key: they could sign. The open file is
 * checked, so that the checked file is the file that is read. */
static bool is_private(const char *path, const struct stat *st)
{
    if (st->st_uid != geteuid() && st->st_uid != 0)
        complain("%s: private key belongs to user %lu", path,
                 (unsigned long)st->st_uid);
    else if (st->st_mode & (S_IRWXG | S_IRWXO))
        complain("%s: private key is open to others (mode %04o): chmod 600 it, "
                 "and replace the key if others may have read it",
                 path, (unsigned)st->st_mode & 07777);
    else
        return true;
    return false;
}

static bool read_text(const char *path, char text[MAX_FILE],
                      struct stat *ret_st)
{
    struct error err = {0};
    size_t size = 0;
    int fd;

    if (file_open(path, &fd, ret_st, &err)) {
        complain("%s", err.message);
        return false;
    }
    if (file_read_at(fd, (struct file_target){text, MAX_FILE - 1}, 0, path,
                     &size, &err)) {
        complain("%s", err.message);
        file_close(fd);
        return false;
    }
    file_close(fd);
    text[size] = '\0';
    return true;
}

/* Complain about files given by mistake: the other half of the pair, a key of
 * another kind, a certificate. */
static bool not_a_key(const char *path, const char *text,
                      const struct key_kind *kind)
{
    const bool is_public = kind == &public_kind;
    const char *advice = "";

    if (is_public && strstr(text, "-----BEGIN PRIVATE KEY-----"))
        advice = ": it is a private key; openssl pkey -in PRIVATE.pem -pubout "
                 "prints the public one";
    else if (!is_public && strstr(text, "-----BEGIN PUBLIC KEY-----"))
        advice = ": it is a public key, and only the private one can sign";
    else if (strstr(text, "-----BEGIN CERTIFICATE-----"))
        advice = ": it is a certificate";
    else if (strstr(text, " KEY-----"))
        advice = ": it is a key of another kind; openssl genpkey -algorithm "
                 "ed25519 makes one";
    complain("%s: not an Ed25519 %s in PEM format%s", path,
             is_public ? "public key" : "private key", advice);
    return false;
}

static bool read_key(const char *path, const struct key_kind *kind,
                     struct signature_key *ret_key)
{
    char text[MAX_FILE], begin[64];
    uint8_t der[MAX_DER];
    struct stat st;
    const char *at;

    if (!read_text(path, text, &st))
        return false;
    snprintf(begin, sizeof(begin), "-----BEGIN %s-----", kind->label);
    at = strstr(text, begin);
    if (!at ||
        decode(at + strlen(begin), der) !=
            kind->prefix_size + sizeof(ret_key->byte) ||
        memcmp(der, kind->prefix, kind->prefix_size) != 0)
        return not_a_key(path, at ? " KEY-----" : text, kind);
    if (kind == &private_kind && !is_private(path, &st))
        return false;
    memcpy(ret_key->byte, der + kind->prefix_size, sizeof(ret_key->byte));
    return true;
}

bool key_file_read_public(const char *path, struct signature_key *ret_key)
{
    if (!read_key(path, &public_kind, ret_key))
        return false;
    if (!ed25519_key_is_weak(ret_key->byte))
        return true;
    complain("%s: anybody can sign for this key (a point of small order)",
             path);
    return false;
}

bool key_file_read_private(const char *path, struct signature_key *ret_key)
{
    return read_key(path, &private_kind, ret_key);
}

void key_file_print(const struct signature_key *key,
                    char ret_text[KEY_TEXT_SIZE])
{
    for (size_t i = 0; i < sizeof(key->byte); i++)
        snprintf(ret_text + 2 * i, 3, "%02x", key->byte[i]);
}
