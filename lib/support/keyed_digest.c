/* Two universal hash functions, one after the other, as in CLHASH (Lemire and
 * Kaser, "Faster 64-bit universal hashing using carry-less multiplications")
 * and GHASH (NIST SP 800-38D). Products are of polynomials over GF(2): no
 * carries; + is exclusive or.
 *
 *   1. Each block of 2,048 bytes, as 64-bit words m, with the key's words k:
 *
 *          s = (m0 + k0) (m1 + k1) + (m2 + k2) (m3 + k3) + ...
 *
 *      The last block is filled with zeros to a multiple of 64 bytes.
 *   2. The sums s1 .. sn and the number of bytes are the coefficients of a
 *      polynomial over GF(2^128), modulo x^128 + x^7 + x^2 + x + 1, which is
 *      evaluated at the key's point p:
 *
 *          digest = s1 p^(n+1) + ... + sn p^2 + size p
 *
 * Why two contents rarely have one digest:
 *   - Blocks that differ in a word, say m0: the sums' difference is
 *     (m0 + m0') k1 + (something without k1). It has no zero divisors, so one
 *     value of k1 at most makes it 0: 2^-64.
 *   - Polynomials that differ, in a sum or in the size, have at most n + 1
 * common values: (n + 1) 2^-128 for a random p, which is far less.
 *
 * Bit i of a word or of a digest, little-endian, is the coefficient of x^i. */
#include "keyed_digest.h"

#include <string.h>

#include "digest_cpu.h"

enum { STEP = 64 };

/* ---- Vectors of 128 bits ---- */

#ifdef __x86_64__
#include <immintrin.h>

#define TARGET     __attribute__((target("pclmul,sse4.1")))
#define INLINE     TARGET static inline __attribute__((always_inline))
#define HAS_DIGEST 1

typedef __m128i vector;

INLINE vector zero(void)
{
    return _mm_setzero_si128();
}

INLINE vector load(const uint8_t *bytes)
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

INLINE void store(uint8_t *bytes, vector value)
{
    _mm_storeu_si128((__m128i *)(void *)bytes, value);
}

INLINE vector of_words(uint64_t low, uint64_t high)
{
    return _mm_set_epi64x((long long)high, (long long)low);
}

INLINE vector plus(vector a, vector b)
{
    return _mm_xor_si128(a, b);
}

/* x^64 times a, and a divided by x^64. */
INLINE vector up(vector a)
{
    return _mm_slli_si128(a, 8);
}

INLINE vector down(vector a)
{
    return _mm_srli_si128(a, 8);
}

/* Product of the low or high words of a and b. */
#define times_low_low(a, b)   _mm_clmulepi64_si128(a, b, 0x00)
#define times_low_high(a, b)  _mm_clmulepi64_si128(a, b, 0x10)
#define times_high_low(a, b)  _mm_clmulepi64_si128(a, b, 0x01)
#define times_high_high(a, b) _mm_clmulepi64_si128(a, b, 0x11)

#elif DIGEST_CPU_IS_ARMV8
#include <arm_neon.h>

#define TARGET     DIGEST_CPU_ARMV8
#define INLINE     TARGET static inline __attribute__((always_inline))
#define HAS_DIGEST 1

typedef uint64x2_t vector;

INLINE vector zero(void)
{
    return vdupq_n_u64(0);
}

INLINE vector load(const uint8_t *bytes)
{
    return vreinterpretq_u64_u8(vld1q_u8(bytes));
}

INLINE void store(uint8_t *bytes, vector value)
{
    vst1q_u8(bytes, vreinterpretq_u8_u64(value));
}

INLINE vector of_words(uint64_t low, uint64_t high)
{
    return vcombine_u64(vcreate_u64(low), vcreate_u64(high));
}

INLINE vector plus(vector a, vector b)
{
    return veorq_u64(a, b);
}

INLINE vector up(vector a)
{
    return vextq_u64(zero(), a, 1);
}

INLINE vector down(vector a)
{
    return vextq_u64(a, zero(), 1);
}

#define times(a, i, b, j)                                                      \
    vreinterpretq_u64_p128(vmull_p64((poly64_t)vgetq_lane_u64(a, i),           \
                                     (poly64_t)vgetq_lane_u64(b, j)))
#define times_low_low(a, b)   times(a, 0, b, 0)
#define times_low_high(a, b)  times(a, 0, b, 1)
#define times_high_low(a, b)  times(a, 1, b, 0)
#define times_high_high(a, b) times(a, 1, b, 1)

#else
#define HAS_DIGEST 0
#endif

#if HAS_DIGEST

/* ---- A block ---- */

INLINE vector pair(const uint8_t *data, const uint8_t *key)
{
    const vector sum = plus(load(data), load(key));

    return times_low_high(sum, sum);
}

/* size: a multiple of STEP. Four sums, as a product takes several cycles. */
TARGET static vector sum_128(const uint8_t *data, const uint8_t *key,
                             size_t size)
{
    vector a = zero(), b = a, c = a, d = a;

    for (size_t i = 0; i < size; i += STEP) {
        a = plus(a, pair(data + i, key + i));
        b = plus(b, pair(data + i + 16, key + i + 16));
        c = plus(c, pair(data + i + 32, key + i + 32));
        d = plus(d, pair(data + i + 48, key + i + 48));
    }
    return plus(plus(a, b), plus(c, d));
}

#ifdef __x86_64__
#define TARGET_256 __attribute__((target("vpclmulqdq,avx2,pclmul")))

TARGET_256 static inline __attribute__((always_inline)) __m256i
pair_256(const uint8_t *data, const uint8_t *key)
{
    const __m256i sum = _mm256_xor_si256(
        _mm256_loadu_si256((const __m256i *)(const void *)data),
        _mm256_loadu_si256((const __m256i *)(const void *)key));

    return _mm256_clmulepi64_epi128(sum, sum, 0x10);
}

TARGET_256 static vector sum_256(const uint8_t *data, const uint8_t *key,
                                 size_t size)
{
    __m256i a = _mm256_setzero_si256(), b = a;

    for (size_t i = 0; i < size; i += STEP) {
        a = _mm256_xor_si256(a, pair_256(data + i, key + i));
        b = _mm256_xor_si256(b, pair_256(data + i + 32, key + i + 32));
    }
    a = _mm256_xor_si256(a, b);
    return _mm_xor_si128(_mm256_castsi256_si128(a),
                         _mm256_extracti128_si256(a, 1));
}

enum keyed_loop keyed_loop_of_cpu(void)
{
    if (!digest_cpu_has(x86_cpu_PCLMULQDQ) || !digest_cpu_has(x86_cpu_SSE4_1))
        return KEYED_LOOP_NONE;
    return digest_cpu_has(x86_cpu_VPCLMULQDQ) && digest_cpu_has(x86_cpu_AVX2)
               ? KEYED_LOOP_256
               : KEYED_LOOP_128;
}
#else
#define sum_256 sum_128

enum keyed_loop keyed_loop_of_cpu(void)
{
    return digest_cpu_has(HWCAP_PMULL) ? KEYED_LOOP_128 : KEYED_LOOP_NONE;
}
#endif

/* ---- The polynomial ---- */

/* Product in GF(2^128): x^128 is x^7 + x^2 + x + 1, 0x87. */
INLINE vector multiply(vector a, vector b)
{
    const vector x128 = of_words(0x87, 0);
    const vector middle = plus(times_low_high(a, b), times_high_low(a, b));
    vector low = plus(times_low_low(a, b), up(middle));
    vector high = plus(times_high_high(a, b), down(middle));
    const vector folded = times_high_low(high, x128);

    low = plus(low, up(folded));
    high = plus(high, down(folded));
    return plus(low, times_low_low(high, x128));
}

typedef vector (*sum_fn)(const uint8_t *data, const uint8_t *key, size_t size);

/* Sum of a block; the last block may be short. */
TARGET static vector sum_of_block(sum_fn sum, const uint8_t *data,
                                  const uint8_t *key, size_t size)
{
    const size_t n = size / STEP * STEP;
    vector result = sum(data, key, n);
    uint8_t rest[STEP] = {0};

    if (n == size)
        return result;
    memcpy(rest, data + n, size - n);
    return plus(result, sum(rest, key + n, STEP));
}

TARGET void keyed_digest(const struct keyed_digest_key *key, struct span bytes,
                         enum keyed_loop loop,
                         uint8_t ret_digest[KEYED_DIGEST_SIZE])
{
    const sum_fn sum = loop == KEYED_LOOP_256 ? sum_256 : sum_128;
    const vector point = load(key->point);
    vector digest = zero(), next;
    size_t at = 0, n;

    do {
        n = bytes.size - at < KEYED_BLOCK_SIZE ? bytes.size - at
                                               : KEYED_BLOCK_SIZE;
        next = n ? sum_of_block(sum, bytes.data + at, key->block, n)
                 : of_words(bytes.size, 0);
        digest = multiply(plus(digest, next), point);
        at += n;
    } while (n);
    store(ret_digest, digest);
}

#else

enum keyed_loop keyed_loop_of_cpu(void)
{
    return KEYED_LOOP_NONE;
}

void keyed_digest(const struct keyed_digest_key *key, struct span bytes,
                  enum keyed_loop loop, uint8_t ret_digest[KEYED_DIGEST_SIZE])
{
    (void)key;
    (void)bytes;
    (void)loop;
    memset(ret_digest, 0, KEYED_DIGEST_SIZE);
}
#endif
