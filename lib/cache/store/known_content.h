/* SHA-1 of bytes in memory, without computing it where it was computed before.
 *
 * An entry records its inputs by SHA-1. For a file an equal stamp spares the
 * reading. A script in memory has no stamp, so its bytes are read at each
 * launch: SHA-1 of 400 KB takes 200 us, five times a hit. Here a keyed digest
 * (keyed_digest.h, 8 us) of the bytes is computed, and looked up in a table of
 * "content with this digest has that SHA-1". What is not in the table is hashed
 * and put there.
 *
 * There are two tables under one key. The process's own has the contents that
 * it used last. The user's is a file, for the first launch in a process:
 *
 *     /dev/shm/bcc-UID/.contents      mode 0600 (user_place.h)
 *
 *     0       "bcc", NUL, "con1"; checksum of the next two; number of the key
 *             (16 random bytes); key
 *     4096    1,024 rows of 64 bytes: digest, SHA-1, 4 zeros, checksum of these
 *             40 bytes, 16 zeros. The low bits of a digest say its row; a new
 *             one replaces what is there.
 *
 * The key is random. It is made with the file, at the first use after a start
 * of the machine, and goes with it. The file is linked into place when it is
 * complete; of two processes that make one, the second takes the first one's.
 * A process keeps its key: if the file was replaced, has another owner or mode,
 * or is damaged, the process goes on with its own table alone. The file is read
 * and written, not mapped, because whoever cuts it short would end the host by
 * SIGBUS. Rows need no lock: one that is half written fails its checksum.
 *
 * What it promises:
 *   - An attacker who gives contents to a host, but cannot read this user's
 *     files, knows neither the key nor any digest. Two contents of his choice
 *     have one digest with a probability of 2^-63, whatever he computes.
 *     Without a key, as with plain XXH3, he could compute a module with the
 *     digest of a victim's, and have it cached first; the victim's launch would
 *     run it.
 *   - Digests never leave the two tables. In an entry, which others may read,
 *     they would give the key away, and make entries of equal inputs differ.
 *   - Equal contents are thus as certain as by SHA-1, for which two contents
 *     with one digest, both of the attacker's choice, are costly but possible.
 *   - This user and root can write the file, read the key, and also write
 *     entries.
 *   - Bytes that change while they are hashed, against the rule of the API, are
 *     not remembered: the digest is compared before and after.
 *
 * The process's table is the one mutable global of the library's hits: a key
 * must outlive the scripts, and a lock that nobody waits for guards the rows.
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
    /* SHA-1 of less takes as long as reading the file's row. */
    KNOWN_CONTENT_MIN_SIZE = 8 * 1024,
    KNOWN_CONTENT_N_KEPT = 16 /* in a process */
};

#define KNOWN_CONTENT_NAME ".contents" /* no marker's: these have no dot */

/* The SHA-1 of bytes. Thread-safe. */
void known_content_sha1(struct span bytes, uint8_t ret_sha1[SHA1_SIZE]);

/* ---- For tests: tables of their own ---- */

/* As it is in the file, at offset 0. */
struct known_key {
    char magic[8];
    uint64_t checksum; /* XXH3-64 of what follows */
    uint8_t number[16];
    struct keyed_digest_key key;
};

struct known_row {
    uint8_t digest[KEYED_DIGEST_SIZE];
    uint8_t sha1[SHA1_SIZE];
};

/* A process's table. All zero at first. */
struct known_table {
    const char *dir; /* of the file; NULL: the user's place */
    bool has_key;    /* for good; read without the lock */
    struct known_key key;
    bool is_locked; /* what follows; nobody waits for it */
    struct known_row kept[KNOWN_CONTENT_N_KEPT];
    unsigned n_kept; /* ever; the oldest is replaced */
};

/* True if it was known, by this process or by the file. */
bool known_table_sha1(struct known_table *table, struct span bytes,
                      uint8_t ret_sha1[SHA1_SIZE]);

#endif
