/* Signatures of cache files: made as docs/cache-format.html says, and covering
 * every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc.h>

#include "cache_read.h"
#include "cache_layout.h"
#include "cache_write.h"
#include "checksum.h"
#include "ed25519.h"
#include "sample_cache.h"
#include "signature.h"

/* ---- Known answers ---- */

static void from_hex(const char *text, uint8_t *bytes)
{
    for (size_t i = 0; text[2 * i]; i++) {
        char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
}

/* RFC 8032, section 7.1, test 1. */
static const char rfc_private[] =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
static const char rfc_public[] =
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
static const char rfc_signature[] =
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590"
    "a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

static void ed25519_gives_the_known_answer(void **state)
{
    uint8_t private_key[ED25519_KEY_SIZE], wanted_key[ED25519_KEY_SIZE];
    uint8_t wanted[ED25519_SIGNATURE_SIZE], signature[ED25519_SIGNATURE_SIZE];
    const struct span nothing = {(const uint8_t *)"", 0};
    uint8_t key[ED25519_KEY_SIZE];
    struct error err = {0};

    (void)state;
    from_hex(rfc_private, private_key);
    from_hex(rfc_public, wanted_key);
    from_hex(rfc_signature, wanted);
    if (ed25519_sign(private_key, nothing, signature, key, &err))
        fail_msg("%s", err.message);
    assert_memory_equal(signature, wanted, sizeof(wanted));
    assert_memory_equal(key, wanted_key, sizeof(key));
    assert_int_equal(ed25519_verify(key, nothing, signature, &err), STATUS_OK);
    signature[5] ^= 1;
    assert_int_equal(ed25519_verify(key, nothing, signature, &err),
                     STATUS_UNTRUSTED);
}

/* FIPS 180-2, appendix C.1: "abc". */
static void sha512_gives_the_known_answer(void **state)
{
    static const char answer[] =
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
    const struct span pieces[] = {{(const uint8_t *)"a", 1},
                                  {(const uint8_t *)"bc", 2}};
    uint8_t digest[SHA512_SIZE], wanted[SHA512_SIZE];
    struct error err;

    (void)state;
    from_hex(answer, wanted);
    assert_int_equal(sha512_digest(pieces, 2, digest, &err), STATUS_OK);
    assert_memory_equal(digest, wanted, sizeof(wanted));
}

/* ---- Files ---- */

static struct buffer fixture_file(void)
{
    struct sample_cache sample;
    struct buffer file;

    buffer_init(&file);
    assert_int_equal(sample_cache_init(&sample), STATUS_OK);
    assert_int_equal(cache_write(&sample.contents, &file, NULL), STATUS_OK);
    sample_cache_release(&sample);
    return file;
}

static uint8_t private_key[ED25519_KEY_SIZE] = {1, 2, 3};
static uint8_t other_private_key[ED25519_KEY_SIZE] = {3, 2, 1};

static struct signature_key public_of(const uint8_t *private_half)
{
    uint8_t ignored[ED25519_SIGNATURE_SIZE];
    struct signature_key key;

    assert_int_equal(ed25519_sign(private_half, (struct span){ignored, 0},
                                  ignored, key.byte, NULL),
                     STATUS_OK);
    return key;
}

static struct buffer sign(struct span file, const uint8_t *private_half)
{
    struct error err = {0};
    struct buffer out;

    buffer_init(&out);
    if (signature_attach(file, private_half, "file", &out, &err))
        fail_msg("%s", err.message);
    return out;
}

static enum status check(struct span file, const uint8_t *private_half,
                         struct error *err)
{
    const struct signature_key key = public_of(private_half);
    struct cache_layout layout;
    enum status status =
        cache_layout_read(file, file.size, false, "file", &layout, err);

    return status ? status : signature_check(file, &key, 1, "file", err);
}

static void a_signed_file_is_whole_and_says_the_same(void **state)
{
    struct buffer plain = fixture_file();
    struct buffer first = sign(buffer_span(&plain), private_key);
    struct buffer again = sign(buffer_span(&plain), private_key);
    struct buffer twice = sign(buffer_span(&first), private_key);
    struct cache_layout layout, plain_layout;
    struct cache_view view, plain_view;
    struct error err = {0};

    (void)state;
    assert_int_equal(check(buffer_span(&first), private_key, &err), STATUS_OK);
    assert_int_equal(first.size, again.size);
    assert_memory_equal(first.data, again.data, first.size);
    assert_int_equal(first.size, twice.size);
    assert_memory_equal(first.data, twice.data, first.size);

    assert_int_equal(cache_layout_read(buffer_span(&first), first.size, false,
                                       "file", &layout, &err),
                     STATUS_OK);
    assert_int_equal(cache_view_open(buffer_span(&first), &layout,
                                     CACHE_CHECK_ALL, "file", &view, &err),
                     STATUS_OK);
    assert_int_equal(cache_layout_read(buffer_span(&plain), plain.size, false,
                                       "file", &plain_layout, &err),
                     STATUS_OK);
    assert_int_equal(cache_view_open(buffer_span(&plain), &plain_layout,
                                     CACHE_CHECK_ALL, "file", &plain_view,
                                     &err),
                     STATUS_OK);
    for (size_t kind = 1; kind < OBCC_N_SECTION_KINDS; kind++) {
        assert_int_equal(view.section[kind].size,
                         plain_view.section[kind].size);
        if (view.section[kind].size)
            assert_memory_equal(view.section[kind].data,
                                plain_view.section[kind].data,
                                view.section[kind].size);
    }
    buffer_release(&plain);
    buffer_release(&first);
    buffer_release(&again);
    buffer_release(&twice);
}

static void only_trusted_keys_count(void **state)
{
    struct buffer plain = fixture_file();
    struct buffer file = sign(buffer_span(&plain), private_key);
    const struct signature_key keys[] = {public_of(other_private_key),
                                         public_of(private_key)};
    struct error err = {0};

    (void)state;
    assert_int_equal(check(buffer_span(&plain), private_key, &err),
                     STATUS_UNTRUSTED);
    assert_int_equal(err.reason, BCC_REASON_UNSIGNED);
    assert_int_equal(check(buffer_span(&file), other_private_key, &err),
                     STATUS_UNTRUSTED);
    assert_int_equal(signature_check(buffer_span(&file), keys, 2, "file", &err),
                     STATUS_OK);
    assert_int_equal(signature_check(buffer_span(&file), keys, 0, "file", &err),
                     STATUS_UNTRUSTED);
    buffer_release(&plain);
    buffer_release(&file);
}

/* As one would who changes a file on purpose: with the right checksums. */
static void seal(struct buffer *file)
{
    struct obcc_header *header = (void *)file->data;
    struct obcc_section *table = (void *)(header + 1);
    size_t n = obcc_get16(header->n_sections);
    struct span bytes;

    if (n > OBCC_MAX_SECTIONS || obcc_get32(header->header_size) !=
                                     OBCC_HEADER_SIZE + n * OBCC_SECTION_SIZE)
        return;
    for (size_t i = 0; i < n; i++)
        if (span_slice(buffer_span(file), obcc_get64(table[i].offset),
                       obcc_get64(table[i].size), &bytes))
            table[i].checksum = obcc_le64(checksum_xxh3(bytes));
    header->checksum = obcc_le64(cache_header_checksum(
        buffer_span(file), OBCC_HEADER_SIZE + n * OBCC_SECTION_SIZE));
}

static void no_byte_can_be_changed(void **state)
{
    struct buffer plain = fixture_file();
    struct buffer file = sign(buffer_span(&plain), private_key);
    uint8_t *right = malloc(file.size);
    struct error err;

    (void)state;
    assert_non_null(right);
    memcpy(right, file.data, file.size);
    for (size_t i = 0; i < file.size; i++) {
        file.data[i] ^= (uint8_t)(1u << i % 8);
        seal(&file);
        /* A checksum is put right by sealing: that is no change. */
        if (memcmp(file.data, right, file.size) != 0 &&
            check(buffer_span(&file), private_key, &err) == STATUS_OK)
            fail_msg("byte %zu of %zu is not signed", i, file.size);
        memcpy(file.data, right, file.size);
    }
    free(right);
    buffer_release(&plain);
    buffer_release(&file);
}

/* ---- Keys that are nobody's ---- */

static void keys_of_small_order_are_weak(void **state)
{
    /* Orders 4, 1, 8, 8 and 2; then y of the prime and above, which are no
     * encodings, up to 2^255 - 1. Each with and without the sign of x. */
    static const char *const weak[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    static const char *const good[] = {
        rfc_public, /* and neighbours of the weak ones: */
        "0200000000000000000000000000000000000000000000000000000000000000",
        "ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7e",
        "edfffffffffffffffffffffffffffeffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000040",
    };
    uint8_t key[ED25519_KEY_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(weak) / sizeof(*weak); i++) {
        from_hex(weak[i], key);
        if (!ed25519_key_is_weak(key))
            fail_msg("%s is not refused", weak[i]);
        key[ED25519_KEY_SIZE - 1] |= 0x80;
        if (!ed25519_key_is_weak(key))
            fail_msg("%s with the sign is not refused", weak[i]);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        from_hex(good[i], key);
        if (ed25519_key_is_weak(key))
            fail_msg("%s is refused", good[i]);
    }
}

static struct obcc_signature *signature_of(struct buffer *file)
{
    return (void *)(file->data + file->size - sizeof(struct obcc_signature));
}

/* With the neutral element for a key, that element and 0 are a signature of
 * every message. */
static void nobody_signs_for_the_neutral_element(void **state)
{
    const struct signature_key neutral = {{1}};
    struct buffer plain = fixture_file();
    struct buffer file = sign(buffer_span(&plain), private_key);
    struct obcc_signature *signature = signature_of(&file);
    struct error err = {0};

    (void)state;
    memcpy(signature->key, &neutral, sizeof(neutral));
    memset(signature->signature, 0, sizeof(signature->signature));
    signature->signature[0] = 1;
    seal(&file);
    assert_int_equal(
        signature_check(buffer_span(&file), &neutral, 1, "file", &err),
        STATUS_UNTRUSTED);
    buffer_release(&plain);
    buffer_release(&file);
}

/* ---- Bytes that change after they were checked ---- */

/* In an allocation of just that size, so that a sanitizer sees what reads
 * behind it. */
static void use_changed(const struct buffer *file, struct error *err)
{
    const struct signature_key key = public_of(private_key);
    uint8_t *bytes = malloc(file->size);
    const struct span changed = {bytes, file->size};
    struct buffer out;

    assert_non_null(bytes);
    memcpy(bytes, file->data, file->size);
    buffer_init(&out);
    assert_int_not_equal(signature_check(changed, &key, 1, "file", err),
                         STATUS_OK);
    assert_int_not_equal(
        signature_attach(changed, private_key, "file", &out, err), STATUS_OK);
    buffer_release(&out);
    free(bytes);
}

static void a_head_that_changes_after_its_check_is_refused(void **state)
{
    static const uint16_t counts[] = {OBCC_MAX_SECTIONS + 1, 2000, UINT16_MAX};
    struct buffer plain = fixture_file();
    struct buffer file = sign(buffer_span(&plain), private_key);
    struct obcc_header *header = (void *)file.data;
    struct obcc_section *table = (void *)(header + 1);
    const size_t n = obcc_get16(header->n_sections);
    struct error err;

    (void)state;
    for (size_t size = 0; size < OBCC_HEADER_SIZE + n * OBCC_SECTION_SIZE;
         size += 16) {
        const struct buffer cut = {.data = file.data, .size = size};

        use_changed(&cut, &err);
        if (size >= OBCC_HEADER_SIZE)
            assert_string_equal(err.message, "file: section table: damaged");
    }
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        header->n_sections = obcc_le16(counts[i]);
        use_changed(&file, &err);
    }
    header->n_sections = obcc_le16((uint16_t)n);
    for (size_t i = 0; i < n; i++) {
        const struct obcc_section row = table[i];

        table[i].offset = obcc_le64(file.size + 1);
        use_changed(&file, &err);
        table[i].offset = obcc_le64(UINT64_MAX - 8);
        use_changed(&file, &err);
        table[i] = row;
        table[i].size = obcc_le64(UINT64_MAX);
        use_changed(&file, &err);
        table[i] = row;
    }
    buffer_release(&plain);
    buffer_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ed25519_gives_the_known_answer),
        cmocka_unit_test(sha512_gives_the_known_answer),
        cmocka_unit_test(a_signed_file_is_whole_and_says_the_same),
        cmocka_unit_test(only_trusted_keys_count),
        cmocka_unit_test(no_byte_can_be_changed),
        cmocka_unit_test(keys_of_small_order_are_weak),
        cmocka_unit_test(nobody_signs_for_the_neutral_element),
        cmocka_unit_test(a_head_that_changes_after_its_check_is_refused),
    };

#ifdef SIGNATURE_MAY_SKIP
    struct error err;

    if (sha512_digest(NULL, 0, (uint8_t[SHA512_SIZE]){0}, &err)) {
        printf("skipped: %s\n", err.message);
        return 77;
    }
#endif
    return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}
