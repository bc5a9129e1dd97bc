/* SHA-1: known answers, in one piece and in many; and the loop with the CPU's
 * instructions against the portable one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sha1_digest.h"

static struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

static void assert_sha1(struct span bytes, const char *hex)
{
    uint8_t digest[SHA1_SIZE];
    char text[2 * SHA1_SIZE + 1];

    sha1_digest(bytes, digest);
    for (size_t i = 0; i < SHA1_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(text, hex);
}

static void sha1_gives_the_answers_of_fips_180(void **state)
{
    (void)state;
    assert_sha1(span_of(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_sha1(span_of("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_sha1(span_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmno"
                        "mnopnopq"),
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

/* Bytes 0, 1 .. 250, 0, 1 ..; digests by another implementation. The lengths
 * lie around what pads to one and to two blocks, and use the fast loops. */
static void sha1_is_right_around_block_sizes(void **state)
{
    static const struct {
        size_t size;
        const char *hex;
    } known[] = {
        {1, "5ba93c9db0cff93f52b521d7420e43f6eda2784f"},
        {55, "8ae2d46729cfe68ff927af5eec9c7d1b66d65ac2"},
        {56, "636e2ec698dac903498e648bd2f3af641d3c88cb"},
        {63, "6d942da0c4392b123528f2905c713a3ce28364bd"},
        {64, "c6138d514ffa2135bfce0ed0b8fac65669917ec7"},
        {65, "69bd728ad6e13cd76ff19751fde427b00e395746"},
        {119, "41c89d06001bab4ab78736b44efe7ce18ce6ae08"},
        {127, "89d7312a903f65cd2b3e34a975e55dbea9033353"},
        {128, "e6434bc401f98603d7eda504790c98c67385d535"},
        {1000, "c9c960a0b925474fab83942cc27d504fc24ac37b"},
        {65537, "74c69f8e2c886f87f68d52d16c30e9b4790513c9"},
    };
    uint8_t *bytes = malloc(65537);

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < 65537; i++)
        bytes[i] = (uint8_t)(i % 251);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_sha1((struct span){bytes, known[i].size}, known[i].hex);
    free(bytes);
}

static void sha1_in_pieces_is_that_of_the_whole(void **state)
{
    static const size_t pieces[] = {1, 3, 63, 64, 65, 127, 128, 1000};
    uint8_t bytes[2500], whole[SHA1_SIZE], digest[SHA1_SIZE];
    struct sha1 sha1;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7);
    sha1_digest((struct span){bytes, sizeof(bytes)}, whole);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        sha1_init(&sha1);
        for (size_t at = 0; at < sizeof(bytes); at += pieces[i]) {
            size_t rest = sizeof(bytes) - at;

            sha1_update(
                &sha1,
                (struct span){bytes + at, rest < pieces[i] ? rest : pieces[i]});
        }
        sha1_final(&sha1, digest);
        assert_memory_equal(digest, whole, sizeof(digest));
    }
}

/* The known answers above came from one of them. */
static void both_loops_agree(void **state)
{
    enum { N_BLOCKS = 500 };
    const sha1_blocks_fn of_cpu = sha1_blocks_of_cpu();
    uint32_t portable[SHA1_STATE_WORDS] = {1, 2, 3, 4, UINT32_MAX};
    uint32_t fast[SHA1_STATE_WORDS] = {1, 2, 3, 4, UINT32_MAX};
    uint8_t *bytes;

    (void)state;
    if (!of_cpu)
        skip();
    bytes = malloc(N_BLOCKS * SHA1_BLOCK_SIZE);
    assert_non_null(bytes);
    for (size_t i = 0; i < (size_t)N_BLOCKS * SHA1_BLOCK_SIZE; i++)
        bytes[i] = (uint8_t)(i * i >> 5);
    for (size_t n = 0; n <= N_BLOCKS; n += 1 + n / 3) {
        sha1_blocks_portable(portable, bytes, n);
        of_cpu(fast, bytes, n);
        assert_memory_equal(portable, fast, sizeof(fast));
    }
    free(bytes);
}

/* FIPS 180-4's first example by the portable loop, whatever this CPU has. */
static void the_portable_loop_gives_the_answer_of_fips_180(void **state)
{
    uint32_t words[SHA1_STATE_WORDS] = {0x67452301, 0xefcdab89, 0x98badcfe,
                                        0x10325476, 0xc3d2e1f0};
    const uint32_t known[SHA1_STATE_WORDS] = {
        0xa9993e36, 0x4706816a, 0xba3e2571, 0x7850c26c, 0x9cd0d89d};
    const uint8_t block[SHA1_BLOCK_SIZE] = {'a', 'b', 'c', 0x80, [63] = 24};

    (void)state;
    sha1_blocks_portable(words, block, 1);
    assert_memory_equal(words, known, sizeof(known));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha1_gives_the_answers_of_fips_180),
        cmocka_unit_test(sha1_is_right_around_block_sizes),
        cmocka_unit_test(sha1_in_pieces_is_that_of_the_whole),
        cmocka_unit_test(both_loops_agree),
        cmocka_unit_test(the_portable_loop_gives_the_answer_of_fips_180),
    };

    return cmocka_run_group_tests_name("sha1", tests, NULL, NULL);
}
