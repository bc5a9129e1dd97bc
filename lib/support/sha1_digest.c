/* SHA-1, with the CPU's instructions where it has them: SHA-NI of x86-64, the
 * SHA1 extension of ARMv8; portable C elsewhere.
 *
 * Why this project has its own: the library needs libc alone and has 96 KiB, so
 * OpenSSL's object with its loops for each generation of CPUs (19 KB) does not
 * fit, and libcrypto.so takes 1.6 ms to load. libmd's loop (5 KB) is portable
 * only: 0.8 GB/s, where this file reaches 1.9 (EPYC of 2023). This file takes
 * 1.6 KB; its portable loop is made for size: 0.55 GB/s.
 *
 * The loops do four rounds at a time. ABCD and E are the five state words; the
 * message schedule is a ring of four vectors of four words. */
#include "sha1_digest.h"

#include <string.h>

#include "digest_cpu.h"

/* ---- Portable ---- */

static uint32_t rotate(uint32_t value, unsigned n)
{
    return value << n | value >> (32 - n);
}

static uint32_t load_be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
           (uint32_t)bytes[2] << 8 | bytes[3];
}

static void store_be32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* FIPS 180-4, 4.1.1: f is Ch, Parity, Maj, Parity for 20 rounds each; 4.2.1:
 * the constant of each. */
#define F_CHOOSE(b, c, d)   ((d) ^ ((b) & ((c) ^ (d))))
#define F_PARITY(b, c, d)   ((b) ^ (c) ^ (d))
#define F_MAJORITY(b, c, d) (((b) & (c)) | ((d) & ((b) | (c))))

static const uint32_t round_constant[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc,
                                          0xca62c1d6};

/* 6.1.2, step 3, for twenty rounds, and the words of the schedule that are used
 * 16 rounds later. v: a .. e. */
#define TWENTY_ROUNDS(f, first)                                                \
    for (int t = (first); t < (first) + 20; t++) {                             \
        const uint32_t sum = rotate(v[0], 5) + f(v[1], v[2], v[3]) + v[4] +    \
                             round_constant[(first) / 20] + w[t];              \
        w[t + 16] = rotate(w[t + 13] ^ w[t + 8] ^ w[t + 2] ^ w[t], 1);         \
        v[4] = v[3];                                                           \
        v[3] = v[2];                                                           \
        v[2] = rotate(v[1], 30);                                               \
        v[1] = v[0];                                                           \
        v[0] = sum;                                                            \
    }

static void block_portable(uint32_t state[SHA1_STATE_WORDS],
                           const uint8_t *block)
{
    uint32_t w[96], v[SHA1_STATE_WORDS];

    memcpy(v, state, sizeof(v));
    for (int t = 0; t < 16; t++)
        w[t] = load_be32(block + 4 * t);
    TWENTY_ROUNDS(F_CHOOSE, 0)
    TWENTY_ROUNDS(F_PARITY, 20)
    TWENTY_ROUNDS(F_MAJORITY, 40)
    TWENTY_ROUNDS(F_PARITY, 60)
    for (int i = 0; i < SHA1_STATE_WORDS; i++)
        state[i] += v[i];
}

void sha1_blocks_portable(uint32_t state[SHA1_STATE_WORDS],
                          const uint8_t *blocks, size_t n_blocks)
{
    for (; n_blocks; n_blocks--, blocks += SHA1_BLOCK_SIZE)
        block_portable(state, blocks);
}

/* ---- The CPU's instructions ---- */

/* GROUP(i): of twenty groups of four rounds, the rounds 4i .. 4i + 3. */
#define FIVE_GROUPS(i)                                                         \
    (GROUP(i), GROUP((i) + 1), GROUP((i) + 2), GROUP((i) + 3), GROUP((i) + 4))

#ifdef __x86_64__
#include <immintrin.h>

#define TARGET __attribute__((target("sha,sse4.1")))
#define INLINE TARGET static inline __attribute__((always_inline))

/* w[i] of w[i - 4 .. i - 1], of which the ring has w[i - 4] at i. */
INLINE __m128i schedule(const __m128i w[4], int i)
{
    const __m128i mixed = _mm_xor_si128(
        _mm_sha1msg1_epu32(w[i & 3], w[(i + 1) & 3]), w[(i + 2) & 3]);

    return _mm_sha1msg2_epu32(mixed, w[(i + 3) & 3]);
}

/* SHA1NEXTE adds the rotated A of four rounds ago, which is E now. */
#define GROUP(i)                                                               \
    (w[(i)&3] = (i) < 4 ? w[(i)&3] : schedule(w, i),                           \
     e = (i) ? _mm_sha1nexte_epu32(before, w[(i)&3]) : _mm_add_epi32(e, w[0]), \
     before = abcd, abcd = _mm_sha1rnds4_epu32(abcd, e, (i) / 5))

/* The vectors have the first word in the highest lane. */
TARGET static void blocks_sha_ni(uint32_t state[SHA1_STATE_WORDS],
                                 const uint8_t *blocks, size_t n_blocks)
{
    const __m128i reversed =
        _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    __m128i abcd = _mm_shuffle_epi32(
        _mm_loadu_si128((const __m128i *)(const void *)state), 0x1b);
    __m128i e = _mm_set_epi32((int)state[4], 0, 0, 0), before = e, w[4];

    for (; n_blocks; n_blocks--, blocks += SHA1_BLOCK_SIZE) {
        const __m128i abcd_0 = abcd, e_0 = e;
        const __m128i *words = (const __m128i *)(const void *)blocks;

        for (int i = 0; i < 4; i++)
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128(words + i), reversed);
        FIVE_GROUPS(0);
        FIVE_GROUPS(5);
        FIVE_GROUPS(10);
        FIVE_GROUPS(15);
        e = _mm_sha1nexte_epu32(before, e_0);
        abcd = _mm_add_epi32(abcd, abcd_0);
    }
    _mm_storeu_si128((__m128i *)(void *)state, _mm_shuffle_epi32(abcd, 0x1b));
    state[4] = (uint32_t)_mm_extract_epi32(e, 3);
}

sha1_blocks_fn sha1_blocks_of_cpu(void)
{
    return digest_cpu_has(x86_cpu_SHA) && digest_cpu_has(x86_cpu_SSE4_1)
               ? blocks_sha_ni
               : NULL;
}

#elif DIGEST_CPU_IS_ARMV8
#include <arm_neon.h>

#define TARGET DIGEST_CPU_ARMV8
#define INLINE TARGET static inline __attribute__((always_inline))

INLINE uint32x4_t schedule(const uint32x4_t w[4], int i)
{
    return vsha1su1q_u32(
        vsha1su0q_u32(w[i & 3], w[(i + 1) & 3], w[(i + 2) & 3]),
        w[(i + 3) & 3]);
}

INLINE uint32x4_t four_rounds(uint32x4_t abcd, uint32_t e, uint32x4_t words,
                              int twenty)
{
    if (twenty == 0)
        return vsha1cq_u32(abcd, e, words);
    return twenty == 2 ? vsha1mq_u32(abcd, e, words)
                       : vsha1pq_u32(abcd, e, words);
}

#define GROUP(i)                                                               \
    (w[(i)&3] = (i) < 4 ? w[(i)&3] : schedule(w, i),                           \
     next = vsha1h_u32(vgetq_lane_u32(abcd, 0)),                               \
     abcd = four_rounds(                                                       \
         abcd, e, vaddq_u32(w[(i)&3], vdupq_n_u32(round_constant[(i) / 5])),   \
         (i) / 5),                                                             \
     e = next)

TARGET static void blocks_armv8(uint32_t state[SHA1_STATE_WORDS],
                                const uint8_t *blocks, size_t n_blocks)
{
    uint32x4_t abcd = vld1q_u32(state), w[4];
    uint32_t e = state[4], next;

    for (; n_blocks; n_blocks--, blocks += SHA1_BLOCK_SIZE) {
        const uint32x4_t abcd_0 = abcd;
        const uint32_t e_0 = e;

        for (int i = 0; i < 4; i++)
            w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks + 16 * i)));
        FIVE_GROUPS(0);
        FIVE_GROUPS(5);
        FIVE_GROUPS(10);
        FIVE_GROUPS(15);
        e += e_0;
        abcd = vaddq_u32(abcd, abcd_0);
    }
    vst1q_u32(state, abcd);
    state[4] = e;
}

sha1_blocks_fn sha1_blocks_of_cpu(void)
{
    return digest_cpu_has(HWCAP_SHA1) ? blocks_armv8 : NULL;
}

#else
sha1_blocks_fn sha1_blocks_of_cpu(void)
{
    return NULL;
}
#endif

/* ---- Padding ---- */

static void add_blocks(struct sha1 *sha1, const uint8_t *blocks, size_t n)
{
    const sha1_blocks_fn fast = sha1_blocks_of_cpu();

    (fast ? fast : sha1_blocks_portable)(sha1->state, blocks, n);
}

void sha1_init(struct sha1 *sha1)
{
    /* 5.3.1 */
    *sha1 = (struct sha1){
        .state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
}

void sha1_update(struct sha1 *sha1, struct span bytes)
{
    const size_t filled = sha1->size % SHA1_BLOCK_SIZE;
    size_t n = SHA1_BLOCK_SIZE - filled;

    sha1->size += bytes.size;
    if (filled && bytes.size >= n) {
        memcpy(sha1->block + filled, bytes.data, n);
        add_blocks(sha1, sha1->block, 1);
        bytes = (struct span){bytes.data + n, bytes.size - n};
    } else if (filled) {
        memcpy(sha1->block + filled, bytes.data, bytes.size);
        return;
    }
    n = bytes.size / SHA1_BLOCK_SIZE;
    add_blocks(sha1, bytes.data, n);
    if (bytes.size % SHA1_BLOCK_SIZE)
        memcpy(sha1->block, bytes.data + n * SHA1_BLOCK_SIZE,
               bytes.size % SHA1_BLOCK_SIZE);
}

/* 5.1.1: the bit 1, zeros, and the number of bits as the last eight bytes of a
 * block. */
void sha1_final(struct sha1 *sha1, uint8_t ret_digest[SHA1_SIZE])
{
    static const uint8_t padding[SHA1_BLOCK_SIZE] = {0x80};
    const uint64_t bits = sha1->size * 8;
    const size_t n = 1 + (119 - sha1->size % 64) % 64;
    uint8_t length[8];

    store_be32(length, (uint32_t)(bits >> 32));
    store_be32(length + 4, (uint32_t)bits);
    sha1_update(sha1, (struct span){padding, n});
    sha1_update(sha1, (struct span){length, sizeof(length)});
    for (int i = 0; i < SHA1_STATE_WORDS; i++)
        store_be32(ret_digest + 4 * i, sha1->state[i]);
}

void sha1_digest(struct span bytes, uint8_t ret_digest[SHA1_SIZE])
{
    struct sha1 sha1;

    sha1_init(&sha1);
    sha1_update(&sha1, bytes);
    sha1_final(&sha1, ret_digest);
}
