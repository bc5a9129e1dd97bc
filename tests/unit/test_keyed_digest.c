/* The keyed digest against its definition, computed bit by bit here; and what a
 * change of a byte, of the size or of the key does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "keyed_digest.h"

enum { LARGEST = 5 * KEYED_BLOCK_SIZE };

struct fixture {
    enum keyed_loop best;
    struct keyed_digest_key key;
    uint8_t bytes[LARGEST + 1];
};

/* The same numbers at each run: xorshift64*. */
static void fill(void *data, size_t size, uint64_t seed)
{
    uint8_t *bytes = data;

    for (size_t i = 0; i < size; i++) {
        seed ^= seed >> 12;
        seed ^= seed << 25;
        seed ^= seed >> 27;
        bytes[i] = (uint8_t)(seed * UINT64_C(0x2545f4914f6cdd1d) >> 56);
    }
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    if (!f)
        return -1;
    f->best = keyed_loop_of_cpu();
    fill(&f->key, sizeof(f->key), 1);
    fill(f->bytes, sizeof(f->bytes), 2);
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

/* ---- The definition ---- */

struct bits {
    uint64_t low, high;
};

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word = 0;

    for (int i = 0; i < 8; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

/* x times, in GF(2^128) or not. */
static struct bits shifted(struct bits a, bool reduced)
{
    const uint64_t carry = a.high >> 63;

    a.high = a.high << 1 | a.low >> 63;
    a.low <<= 1;
    if (reduced && carry)
        a.low ^= 0x87;
    return a;
}

static struct bits product(struct bits a, struct bits b, bool reduced)
{
    struct bits sum = {0, 0};

    for (int i = 0; i < 128; i++) {
        if ((i < 64 ? b.low >> i : b.high >> (i - 64)) & 1)
            sum = (struct bits){sum.low ^ a.low, sum.high ^ a.high};
        a = shifted(a, reduced);
    }
    return sum;
}

static struct bits sum_of_block(const struct keyed_digest_key *key,
                                const uint8_t *data, size_t size)
{
    uint8_t block[KEYED_BLOCK_SIZE] = {0};
    struct bits sum = {0, 0};

    memcpy(block, data, size);
    for (size_t i = 0; i < (size + 63) / 64 * 64; i += 16) {
        const struct bits a = {word_at(block + i) ^ word_at(key->block + i), 0};
        const struct bits b = {
            word_at(block + i + 8) ^ word_at(key->block + i + 8), 0};
        const struct bits ab = product(a, b, false);

        sum = (struct bits){sum.low ^ ab.low, sum.high ^ ab.high};
    }
    return sum;
}

static struct bits by_definition(const struct keyed_digest_key *key,
                                 const uint8_t *data, size_t size)
{
    const struct bits point = {word_at(key->point), word_at(key->point + 8)};
    struct bits digest = {0, 0};

    for (size_t at = 0; at < size; at += KEYED_BLOCK_SIZE) {
        const size_t rest = size - at;
        const struct bits sum = sum_of_block(
            key, data + at, rest < KEYED_BLOCK_SIZE ? rest : KEYED_BLOCK_SIZE);

        digest = (struct bits){digest.low ^ sum.low, digest.high ^ sum.high};
        digest = product(digest, point, true);
    }
    digest.low ^= size;
    return product(digest, point, true);
}

/* ---- Tests ---- */

static void all_loops_agree_with_the_definition(void **state)
{
    static const size_t sizes[] = {0,    1,    15,   16,   63,     64,
                                   65,   4095, 4096, 4097, 4160,   8192,
                                   8255, 8256, 8257, 9999, LARGEST};
    struct fixture *f = *state;
    uint8_t digest[KEYED_DIGEST_SIZE];

    if (f->best == KEYED_LOOP_NONE)
        skip();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        /* Not aligned, too. */
        const uint8_t *data = f->bytes + (i & 1);
        const struct bits known = by_definition(&f->key, data, sizes[i]);

        for (int loop = KEYED_LOOP_128; loop <= (int)f->best; loop++) {
            keyed_digest(&f->key, (struct span){data, sizes[i]},
                         (enum keyed_loop)loop, digest);
            assert_int_equal(word_at(digest), known.low);
            assert_int_equal(word_at(digest + 8), known.high);
        }
    }
}

static void assert_differs(const struct fixture *f, struct span bytes,
                           const uint8_t *from)
{
    uint8_t digest[KEYED_DIGEST_SIZE];

    keyed_digest(&f->key, bytes, f->best, digest);
    assert_memory_not_equal(digest, from, sizeof(digest));
}

static void a_change_of_any_byte_changes_the_digest(void **state)
{
    enum { SIZE = KEYED_BLOCK_SIZE + 200 };
    struct fixture *f = *state;
    uint8_t before[KEYED_DIGEST_SIZE];

    if (f->best == KEYED_LOOP_NONE)
        skip();
    keyed_digest(&f->key, (struct span){f->bytes, SIZE}, f->best, before);
    for (size_t i = 0; i < SIZE; i++) {
        f->bytes[i] ^= 1u << (i % 8);
        assert_differs(f, (struct span){f->bytes, SIZE}, before);
        f->bytes[i] ^= 1u << (i % 8);
    }
}

/* Zeros behind the end are no content, and neither is a block of them. */
static void the_size_counts(void **state)
{
    struct fixture *f = *state;
    uint8_t before[KEYED_DIGEST_SIZE];

    if (f->best == KEYED_LOOP_NONE)
        skip();
    memset(f->bytes, 0, sizeof(f->bytes));
    keyed_digest(&f->key, (struct span){f->bytes, 10}, f->best, before);
    for (size_t size = 0; size <= LARGEST; size += size < 80 ? 1 : 1000) {
        if (size != 10)
            assert_differs(f, (struct span){f->bytes, size}, before);
    }
}

/* Each bit of the key that is used: the first block's, and the point's. */
static void another_key_gives_another_digest(void **state)
{
    struct fixture *f = *state;
    uint8_t before[KEYED_DIGEST_SIZE], *key = (uint8_t *)&f->key;
    const struct span bytes = {f->bytes, LARGEST};

    if (f->best == KEYED_LOOP_NONE)
        skip();
    keyed_digest(&f->key, bytes, f->best, before);
    for (size_t i = 0; i < sizeof(f->key); i++) {
        key[i] ^= 0x10;
        assert_differs(f, bytes, before);
        key[i] ^= 0x10;
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(all_loops_agree_with_the_definition),
        TEST(a_change_of_any_byte_changes_the_digest),
        TEST(the_size_counts),
        TEST(another_key_gives_another_digest),
    };

    return cmocka_run_group_tests_name("keyed digest", tests, NULL, NULL);
}
