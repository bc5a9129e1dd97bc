/* SHA-1 of bytes in memory, remembered from one launch to the next.
 *
 * An entry records its inputs by SHA-1. The equal stamp of a file makes reading
 * it unnecessary. A script in memory has no stamp, so its bytes are hashed at
 * each launch: SHA-1 of 400 KB takes 200 us, five times a hit. Here a keyed
 * digest of the bytes (keyed_digest.h, 8 us) is looked up in a table from
 * digests to SHA-1. Contents that are not in the table are hashed and added.
 *
 * There are two tables under one key. The process's own has the contents that
 * it used last. The user's is a file, for the first launch in a process:
 *
 *     /dev/shm/bcc-UID/.contents      mode 0600 (user_place.h)
 *
 *     0       "bcc", NUL, "con1"; checksum of the next two; number of the key
 *             (16 random bytes); key
 *     4096    1,024 rows of 64 bytes: digest, SHA-1, 4 zeros, checksum of these
 *             40 bytes, 16 zeros. The low bits of a digest select its row; a
 * new digest replaces the one that is there.
 *
 * The key is random. It is made with the file, at the first use after a start
 * of the machine, and goes with it. The file is linked into place when it is
 * complete; of two processes that make one, the second uses the first one's. A
 * process keeps its key: if the file was replaced, has another owner or mode,
 * or is damaged, the process goes on with its own table alone. The file is read
 * and written, not mapped, because a process that truncates it would end the
 * host by SIGBUS. Rows need no lock: one that is half written fails its
 * checksum.
 *
 * Guarantees:
 *   - An attacker who gives contents to a host, but cannot read this user's
 *     files, knows neither the key nor any digest. Two contents of the
 * attacker's choice have one digest with a probability of 2^-63. Without a key,
 * as with plain XXH3, an attacker could compute a module with the digest of a
 *     victim's, and have it cached first; the victim's launch would run it.
 *   - Digests never leave the two tables. In an entry, which others may read,
 *     they would reveal the key, and make entries of equal inputs differ.
 *   - So equality is as certain as by SHA-1, for which two contents with one
 *     digest, both of the attacker's choice, are costly but possible.
 *   - This user and root can write the file, read the key, and also write
 *     entries.
 *   - Bytes that change while they are hashed, against the rule of the API, are
 *     not remembered: the digest is compared before and after.
 *
 * The process's table is the only mutable global of the library's hits: a key
 * must outlive the scripts. Its lock is only tried, never waited for.
 *
 * Nothing here can fail: without the CPU's instructions, a key, or a file, the
 * SHA-1 is computed as ever. */
#ifndef BCC_CACHE_KNOWN_CONTENT_H
#define BCC_CACHE_KNOWN_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "keyed_digest.h"
#include "sha1_digest.h"
#include "span.h"
#include "user_place.h"

enum {
    /* SHA-1 of fewer bytes takes as long as reading a row of the file. */
    KNOWN_CONTENT_MIN_SIZE = 8 * 1024,
    KNOWN_CONTENT_N_KEPT = 16 /* in a process */
};

#define KNOWN_CONTENT_NAME ".contents" /* marker files have no dot */

/* The SHA-1 of bytes. Thread-safe. */
void known_content_sha1(struct span bytes, uint8_t ret_sha1[SHA1_SIZE]);

/* ---- For tests: tables of their own ---- */

/* The start of the file. */
struct known_key {
    char magic[8];
    uint64_t checksum; /* XXH3-64 of the fields below */
    uint8_t number[16];
    struct keyed_digest_key key;
};

struct known_row {
    uint8_t digest[KEYED_DIGEST_SIZE];
    uint8_t sha1[SHA1_SIZE];
};

/* A process's table. All zero at first. */
struct known_table {
    const char *dir; /* directory of the file; NULL: user_place.h */
    bool has_key;    /* set once; read without the lock */
    struct known_key key;
    bool
        is_locked; /* protects the fields below; only tried, never waited for */
    struct known_row kept[KNOWN_CONTENT_N_KEPT];
    unsigned n_kept; /* in all; the oldest is replaced */
};

/* True: this process or the file knew it. */
bool known_table_sha1(struct known_table *table, struct span bytes,
                      uint8_t ret_sha1[SHA1_SIZE]);

#endif
