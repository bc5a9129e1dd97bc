/* SHA-1 from libmd, as lib/support has it, and from OpenSSL, as bccc has it:
 * one program each. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha1_gives_the_answers_of_fips_180),
        cmocka_unit_test(sha1_is_right_around_block_sizes),
    };

    return cmocka_run_group_tests_name("sha1", tests, NULL, NULL);
}
