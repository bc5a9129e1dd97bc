/* lib/support: small tools on which everything else relies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "buffer.h"
#include "checksum.h"
#include "cpu_features.h"
#include "error.h"
#include "file.h"
#include "machine.h"
#include "span.h"
#include "text.h"
#include "temp_dir.h"

static struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

/* ---- Checksum ---- */

static void checksum_is_xxh3(void **state)
{
    (void)state;
    /* The value that the specification gives for no bytes and seed 0. */
    assert_true(checksum_xxh3(span_of("")) == UINT64_C(0x2d06800538d394c2));
    assert_true(checksum_xxh3(span_of("a")) != checksum_xxh3(span_of("b")));
}

/* ---- Spans and arithmetic ---- */

static void span_slice_takes_what_is_inside(void **state)
{
    struct span whole = span_of("0123456789"), part;

    (void)state;
    assert_true(span_slice(whole, 3, 4, &part));
    assert_ptr_equal(part.data, whole.data + 3);
    assert_int_equal(part.size, 4);
    assert_true(span_slice(whole, 10, 0, &part));
    assert_int_equal(part.size, 0);
    assert_true(span_slice(whole, 0, 10, &part));
}

static void span_slice_refuses_what_is_not(void **state)
{
    struct span whole = span_of("0123456789"), part = whole;

    (void)state;
    assert_false(span_slice(whole, 0, 11, &part));
    assert_false(span_slice(whole, 11, 0, &part));
    assert_false(span_slice(whole, 5, UINT64_MAX, &part));
    assert_false(span_slice(whole, UINT64_MAX, 1, &part));
    assert_false(span_slice(whole, UINT64_MAX, UINT64_MAX, &part));
    assert_ptr_equal(part.data, whole.data);
}

static void arithmetic_says_when_it_would_wrap(void **state)
{
    uint64_t value;
    size_t size;

    (void)state;
    assert_true(checked_add_u64(UINT64_MAX - 1, 1, &value));
    assert_true(value == UINT64_MAX);
    assert_false(checked_add_u64(UINT64_MAX, 1, &value));
    assert_false(checked_mul_size(SIZE_MAX, 2, &size));
    assert_true(is_power_of_two(1) && is_power_of_two(UINT64_C(1) << 63));
    assert_false(is_power_of_two(0) || is_power_of_two(12));
    assert_int_equal(align_up(4097, 4096), 8192);
    assert_int_equal(align_up(4096, 4096), 4096);
    assert_int_equal(align_down(4095, 4096), 0);
}

/* ---- Arena and buffer ---- */

static void arena_memory_is_zero_aligned_and_lasting(void **state)
{
    struct arena arena;
    char *first, *text;

    (void)state;
    arena_init(&arena);
    first = arena_alloc(&arena, 3, 1);
    assert_non_null(first);
    memcpy(first, "ab", 3);
    for (size_t i = 0; i < 1000; i++) {
        uint8_t *place = arena_alloc(&arena, i, 7);
        assert_non_null(place);
        assert_int_equal((uintptr_t)place % sizeof(void *), 0);
        for (size_t byte = 0; byte < i * 7; byte++)
            assert_int_equal(place[byte], 0);
        memset(place, 0xff, i * 7);
    }
    text = arena_copy_string(&arena, "name and more", 4);
    assert_string_equal(text, "name");
    assert_string_equal(arena_copy_string(&arena, "", 0), "");
    assert_string_equal(first, "ab");
    arena_release(&arena);
    arena_release(&arena);
}

static void arena_refuses_sizes_that_overflow(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena);
    assert_null(arena_alloc(&arena, SIZE_MAX, 2));
    assert_null(arena_alloc(&arena, SIZE_MAX / 2, 2));
    assert_null(arena_copy_string(&arena, "", SIZE_MAX));
    arena_release(&arena);
}

static void buffer_grows_and_aligns(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer);
    buffer_append_string(&buffer, "abc");
    buffer_align(&buffer, 8);
    assert_int_equal(buffer.size, 8);
    assert_memory_equal(buffer.data, "abc\0\0\0\0\0", 8);
    buffer_align(&buffer, 8);
    assert_int_equal(buffer.size, 8);
    buffer_printf(&buffer, "%05d", 42);
    assert_int_equal(buffer.size, 13);
    assert_memory_equal(buffer.data + 8, "00042", 5);
    for (int i = 0; i < 1000; i++)
        buffer_append(&buffer, "xyz", 3);
    assert_int_equal(buffer_span(&buffer).size, 3013);
    assert_memory_equal(buffer.data + 3010, "xyz", 3);
    assert_false(buffer_failed(&buffer));
    buffer_release(&buffer);
    assert_int_equal(buffer.size, 0);
}

static void buffer_that_failed_stays_failed(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer);
    buffer_append_string(&buffer, "abc");
    assert_null(buffer_grow(&buffer, SIZE_MAX / 2));
    assert_true(buffer_failed(&buffer));
    buffer_append_string(&buffer, "def");
    buffer_printf(&buffer, "%d", 1);
    assert_true(buffer_failed(&buffer));
    assert_int_equal(buffer.size, 3);
    buffer_release(&buffer);
    assert_false(buffer_failed(&buffer));
}

/* ---- Errors ---- */

static void error_tells_status_and_story(void **state)
{
    struct error err = {0};

    (void)state;
    assert_int_equal(error_set(&err, STATUS_CORRUPT, "%s: bad %d", "file", 7),
                     STATUS_CORRUPT);
    assert_int_equal(err.status, STATUS_CORRUPT);
    assert_int_equal(err.os_errno, 0);
    assert_string_equal(err.message, "file: bad 7");
    assert_int_equal(error_set_os(&err, ENOENT, "file"), STATUS_IO);
    assert_int_equal(err.os_errno, ENOENT);
    assert_string_equal(err.message, "file: No such file or directory");
    assert_int_equal(error_set_os(&err, ENOMEM, "file"), STATUS_NO_MEMORY);
    assert_int_equal(error_no_memory(NULL), STATUS_NO_MEMORY);
    assert_int_equal(error_set_os(NULL, EIO, "file"), STATUS_IO);
}

static void error_message_is_one_line(void **state)
{
    struct error err = {0};

    (void)state;
    error_set(&err, STATUS_CORRUPT, "%s: bad", "a\nb\033[31m");
    assert_string_equal(err.message, "a?b?[31m: bad");
    error_set_os(&err, ENOENT, "%s", "\tcaf\xc3\xa9\x7f");
    assert_string_equal(err.message,
                        "?caf\xc3\xa9?: No such file or directory");
}

/* ---- Text for terminals ---- */

static void assert_shown(const char *text, const char *shown)
{
    struct buffer out;

    buffer_init(&out);
    visible_append(&out, text);
    buffer_append(&out, "", 1);
    assert_string_equal((const char *)out.data, shown);
    buffer_release(&out);
}

static void printable_text_is_shown_as_it_is(void **state)
{
    static const char *const texts[] = {"",
                                        "plain ~ \\ text",
                                        "caf\xc3\xa9",
                                        "\xc2\xa0",
                                        "\xe6\x97\xa5",
                                        "\xe2\x80\x8d", /* joins emoji */
                                        "\xf0\x9f\x98\x80",
                                        "\xed\x9f\xbf",
                                        "\xf4\x8f\xbf\xbf"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_shown(texts[i], texts[i]);
}

static void what_a_terminal_obeys_is_escaped(void **state)
{
    (void)state;
    assert_shown("a\n\t\x1b[31m\x7f", "a\\x0a\\x09\\x1b[31m\\x7f");
    assert_shown("\xc2\x80\xc2\x9b"
                 "1m\xc2\x9f",
                 "\\xc2\\x80\\xc2\\x9b1m\\xc2\\x9f");
    assert_shown("\xd8\x9c", "\\xd8\\x9c");
    for (char last = 0x0e; last <= 0x2e; last++) {
        const char text[] = {'\xe2', '\x80', (char)(last | 0x80), '\0'};
        char shown[16];
        bool is_plain = last > 0x0f && last < 0x28;

        snprintf(shown, sizeof(shown), "\\xe2\\x80\\x%02x",
                 (unsigned char)text[2]);
        assert_shown(text, is_plain ? text : shown);
    }
    assert_shown("\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa",
                 "\xe2\x81\xa5\\xe2\\x81\\xa6\\xe2\\x81\\xa9\xe2\x81\xaa");
}

static void what_is_no_utf8_is_escaped(void **state)
{
    (void)state;
    assert_shown("\x80z\xff", "\\x80z\\xff");
    assert_shown("\x9b"
                 "31m",
                 "\\x9b31m");
    assert_shown("\xc3", "\\xc3"); /* cut */
    assert_shown("\xe2\x80", "\\xe2\\x80");
    assert_shown("\xf0\x9f\x98z", "\\xf0\\x9f\\x98z");
    assert_shown("\xc1\x8a", "\\xc1\\x8a"); /* a newline, too long */
    assert_shown("\xe0\x82\x9b", "\\xe0\\x82\\x9b");
    assert_shown("\xf0\x82\x82\xac", "\\xf0\\x82\\x82\\xac");
    assert_shown("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a surrogate */
    assert_shown("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
    assert_shown("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80");
}

static void error_message_that_is_too_long_is_cut(void **state)
{
    struct error err = {0};
    char name[2 * ERROR_MESSAGE_SIZE];

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(error_set(&err, STATUS_STALE, "%s", name), STATUS_STALE);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_SIZE - 1);
    assert_int_equal(error_set_os(&err, EIO, "%s", name), STATUS_IO);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_SIZE - 1);
}

/* ---- CPU features ---- */

static void every_machine_is_found_by_its_elf_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_MACHINES; i++) {
        const struct machine *machine = machine_find(machines[i].elf_machine);

        assert_non_null(machine);
        assert_string_equal(machine->name, machines[i].name);
        assert_int_equal(machine->address_size, machines[i].address_size);
        assert_int_equal(strncmp(machines[i].triple, machines[i].name,
                                 strlen(machines[i].name)),
                         0);
    }
    assert_null(machine_find(EM_NONE));
    assert_int_equal(machine_host()->address_size, sizeof(void *));
}

static void triples_that_mean_the_same_are_spelt_the_same(void **state)
{
    static const struct {
        const char *triple, *usual; /* NULL: as it is */
    } cases[] = {
        {"aarch64-linux-gnu", "aarch64-unknown-linux-gnu"},
        {"arm64-linux-gnu", "aarch64-unknown-linux-gnu"},
        {"aarch64-redhat-linux-gnu", "aarch64-unknown-linux-gnu"},
        {"x86_64-linux-gnu", "x86_64-pc-linux-gnu"},
        {"amd64-unknown-linux-gnu", "x86_64-pc-linux-gnu"},
        {"arm-linux-gnueabihf", "armv7-unknown-linux-gnueabihf"},
        {"armv7-none-linux-gnueabi", "armv7-unknown-linux-gnueabi"},
        {"riscv64-linux-gnu", "riscv64-unknown-linux-gnu"},
        {"aarch64-linux-android", NULL},
        {"aarch64-linux-gnu_ilp32", NULL},
        {"aarch64-linux-musl", NULL},
        {"aarch64", NULL},
        {"x86_64h-linux-gnu", NULL},
        {"x86_64-linux-gnux32", NULL},
        {"armv8l-linux-gnueabihf", NULL},
        {"thumbv7-linux-gnueabihf", NULL},
        {"armv7-linux-androideabi", NULL},
        {"mips64-linux-gnu", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(machine_usual_triple(cases[i].triple),
                            cases[i].usual ? cases[i].usual : cases[i].triple);
    for (size_t i = 0; i < N_MACHINES; i++) {
        assert_ptr_equal(machine_of_triple(machines[i].triple), &machines[i]);
        assert_ptr_equal(machine_usual_triple(machines[i].triple),
                         machines[i].triple);
    }
    assert_null(machine_of_triple("armeb-linux-gnueabi"));
    assert_null(machine_of_triple("arm64_32-linux"));
    assert_null(machine_of_triple("aarch64_be-linux-gnu"));
}

static void cpu_feature_names_and_bits_agree(void **state)
{
    (void)state;
    for (size_t row = 0; row < N_MACHINES; row++) {
        const unsigned machine = machines[row].elf_machine;
        unsigned n_bits = 0;

        while (cpu_feature_name(machine, n_bits)) {
            const char *name = cpu_feature_name(machine, n_bits);
            struct cpu_features one = {{0}}, none = {{0}};

            assert_true(cpu_features_add(&one, machine, name, strlen(name)));
            assert_int_equal(cpu_features_missing(&one, &none), n_bits);
            assert_int_equal(cpu_features_missing(&one, &one), -1);
            assert_int_equal(cpu_features_missing(&none, &one), -1);
            n_bits++;
        }
        assert_in_range(n_bits, 20, CPU_FEATURE_WORDS * 64);
        assert_null(cpu_feature_name(machine, UINT32_MAX));
    }
    assert_null(cpu_feature_name(EM_NONE, 0));
    assert_string_equal(cpu_features_host_name(0),
                        cpu_feature_name(machine_host()->elf_machine, 0));
    assert_null(cpu_features_host_name(UINT32_MAX));
}

/* ---- CPU features as the kernel says them ---- */

struct said {
    unsigned machine;
    const char *name;
    uint64_t word[3]; /* all that it takes */
};

#define BIT(n) (UINT64_C(1) << (n))

/* Numbers from the kernel's headers (asm/hwcap.h, asm/hwprobe.h). */
static const struct said said[] = {
    {EM_AARCH64, "aes", {BIT(3) | BIT(4)}},
    {EM_AARCH64, "sha2", {BIT(5) | BIT(6)}},
    {EM_AARCH64, "crc", {BIT(7)}},
    {EM_AARCH64, "lse", {BIT(8)}},
    {EM_AARCH64, "fullfp16", {BIT(9) | BIT(10)}},
    {EM_AARCH64, "rdm", {BIT(12)}},
    {EM_AARCH64, "jsconv", {BIT(13)}},
    {EM_AARCH64, "complxnum", {BIT(14)}},
    {EM_AARCH64, "rcpc", {BIT(15)}},
    {EM_AARCH64, "sha3", {BIT(17) | BIT(21)}},
    {EM_AARCH64, "sm4", {BIT(18) | BIT(19)}},
    {EM_AARCH64, "dotprod", {BIT(20)}},
    {EM_AARCH64, "sve", {BIT(22)}},
    {EM_AARCH64, "fp16fml", {BIT(23)}},
    {EM_AARCH64, "lse2", {BIT(25)}},
    {EM_AARCH64, "rcpc-immo", {BIT(26)}},
    {EM_AARCH64, "flagm", {BIT(27)}},
    {EM_AARCH64, "pauth", {BIT(30) | BIT(31)}},
    {EM_AARCH64, "sve2", {0, BIT(1)}},
    {EM_AARCH64, "sve2-aes", {0, BIT(2) | BIT(3)}},
    {EM_AARCH64, "sve2-bitperm", {0, BIT(4)}},
    {EM_AARCH64, "sve2-sha3", {0, BIT(5)}},
    {EM_AARCH64, "sve2-sm4", {0, BIT(6)}},
    {EM_AARCH64, "altnzcv", {0, BIT(7)}},
    {EM_AARCH64, "fptoint", {0, BIT(8)}},
    {EM_AARCH64, "f32mm", {0, BIT(10)}},
    {EM_AARCH64, "f64mm", {0, BIT(11)}},
    {EM_AARCH64, "i8mm", {0, BIT(13)}},
    {EM_AARCH64, "bf16", {0, BIT(14)}},
    {EM_AARCH64, "sme", {0, BIT(23)}},
    {EM_AARCH64, "sme-i16i64", {0, BIT(24)}},
    {EM_AARCH64, "sme-f64f64", {0, BIT(25)}},
    {EM_AARCH64, "sme-fa64", {0, BIT(30)}},
    {EM_AARCH64, "wfxt", {0, BIT(31)}},
    {EM_AARCH64, "cssc", {0, BIT(34)}},
    {EM_AARCH64, "sve2p1", {0, BIT(36)}},
    {EM_AARCH64, "sme2", {0, BIT(37)}},
    {EM_AARCH64, "sme2p1", {0, BIT(38)}},
    {EM_AARCH64, "sme-b16b16", {0, BIT(41)}},
    {EM_AARCH64, "sme-f16f16", {0, BIT(42)}},
    {EM_AARCH64, "mops", {0, BIT(43)}},
    {EM_AARCH64, "hbc", {0, BIT(44)}},
    {EM_AARCH64, "sve-b16b16", {0, BIT(45)}},
    {EM_AARCH64, "rcpc3", {0, BIT(46)}},
    {EM_AARCH64, "lse128", {0, BIT(47)}},
    {EM_AARCH64, "lut", {0, BIT(49)}},
    {EM_AARCH64, "faminmax", {0, BIT(50)}},
    {EM_AARCH64, "fp8", {0, BIT(51)}},
    {EM_AARCH64, "fp8fma", {0, BIT(52)}},
    {EM_AARCH64, "fp8dot4", {0, BIT(53)}},
    {EM_AARCH64, "fp8dot2", {0, BIT(54)}},
    {EM_ARM, "vfp2", {BIT(6)}},
    {EM_ARM, "vfp3d16", {BIT(13)}},
    {EM_ARM, "vfp3", {BIT(13) | BIT(19)}},
    {EM_ARM, "d32", {BIT(19)}},
    {EM_ARM, "neon", {BIT(12)}},
    {EM_ARM, "fp16", {BIT(16)}},
    {EM_ARM, "vfp4d16", {BIT(16)}},
    {EM_ARM, "vfp4", {BIT(16) | BIT(19)}},
    {EM_ARM, "hwdiv-arm", {BIT(17)}},
    {EM_ARM, "hwdiv", {BIT(18)}},
    {EM_ARM, "fullfp16", {BIT(22) | BIT(23)}},
    {EM_ARM, "dotprod", {BIT(24)}},
    {EM_ARM, "fp16fml", {BIT(25)}},
    {EM_ARM, "bf16", {BIT(26)}},
    {EM_ARM, "i8mm", {BIT(27)}},
    {EM_ARM, "aes", {0, BIT(0) | BIT(1)}},
    {EM_ARM, "sha2", {0, BIT(2) | BIT(3)}},
    {EM_ARM, "crc", {0, BIT(4)}},
    {EM_ARM, "v8", {0, 0, 1}},
    {EM_ARM, "fp-armv8d16", {0, 0, 1}},
    {EM_ARM, "fp-armv8", {0, 0, 1}},
    {EM_ARM, "v8.1a", {BIT(24)}},
    {EM_RISCV, "m", {BIT(12)}},
    {EM_RISCV, "a", {BIT(0)}},
    {EM_RISCV, "f", {BIT(5)}},
    {EM_RISCV, "d", {BIT(3)}},
    {EM_RISCV, "c", {BIT(2)}},
    {EM_RISCV, "v", {BIT(21)}},
    {EM_RISCV, "zba", {0, 0, BIT(3)}},
    {EM_RISCV, "zbb", {0, 0, BIT(4)}},
    {EM_RISCV, "zbs", {0, 0, BIT(5)}},
    {EM_RISCV, "zicboz", {0, 0, BIT(6)}},
    {EM_RISCV, "zbc", {0, 0, BIT(7)}},
    {EM_RISCV, "zbkb", {0, 0, BIT(8)}},
    {EM_RISCV, "zbkc", {0, 0, BIT(9)}},
    {EM_RISCV, "zbkx", {0, 0, BIT(10)}},
    {EM_RISCV, "zknd", {0, 0, BIT(11)}},
    {EM_RISCV, "zkne", {0, 0, BIT(12)}},
    {EM_RISCV, "zknh", {0, 0, BIT(13)}},
    {EM_RISCV, "zksed", {0, 0, BIT(14)}},
    {EM_RISCV, "zksh", {0, 0, BIT(15)}},
    {EM_RISCV, "zvbb", {0, 0, BIT(17)}},
    {EM_RISCV, "zvbc", {0, 0, BIT(18)}},
    {EM_RISCV, "zvkb", {0, 0, BIT(19)}},
    {EM_RISCV, "zfh", {0, 0, BIT(27)}},
    {EM_RISCV, "zfhmin", {0, 0, BIT(28)}},
    {EM_RISCV, "zvfh", {0, 0, BIT(30)}},
    {EM_RISCV, "zvfhmin", {0, 0, BIT(31)}},
    {EM_RISCV, "zfa", {0, 0, BIT(32)}},
    {EM_RISCV, "ztso", {0, 0, BIT(33)}},
    {EM_RISCV, "zacas", {0, 0, BIT(34)}},
    {EM_RISCV, "zicond", {0, 0, BIT(35)}},
    {EM_RISCV, "zve32x", {0, 0, BIT(37)}},
    {EM_RISCV, "zve32f", {0, 0, BIT(38)}},
    {EM_RISCV, "zve64x", {0, 0, BIT(39)}},
    {EM_RISCV, "zve64f", {0, 0, BIT(40)}},
    {EM_RISCV, "zve64d", {0, 0, BIT(41)}},
    {EM_RISCV, "zcb", {0, 0, BIT(44)}},
    {EM_RISCV, "zawrs", {0, 0, BIT(48)}},
};

static bool is_said_to_have(const struct said *row,
                            const struct cpu_words *words)
{
    const struct cpu_features host =
        cpu_features_from_words(row->machine, words);
    struct cpu_features one = {{0}};

    assert_true(
        cpu_features_add(&one, row->machine, row->name, strlen(row->name)));
    return cpu_features_missing(&one, &host) < 0;
}

/* Each with its bits alone, with all but one of them, and with all others. */
static void every_feature_follows_from_its_hwcap_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        const struct said *row = &said[i];
        struct cpu_words words;

        memcpy(words.word, row->word, sizeof(words.word));
        assert_true(is_said_to_have(row, &words));
        for (unsigned bit = 0; bit < 3 * 64; bit++) {
            if (!(row->word[bit / 64] & BIT(bit % 64)))
                continue;
            memset(words.word, 0xff, sizeof(words.word));
            words.word[bit / 64] &= ~BIT(bit % 64);
            assert_false(is_said_to_have(row, &words));
        }
    }
}

static void every_hwcap_row_is_tested(void **state)
{
    static const unsigned tested[] = {EM_AARCH64, EM_ARM, EM_RISCV};
    size_t n_rows = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(tested) / sizeof(tested[0]); i++)
        for (unsigned bit = 0; cpu_feature_name(tested[i], bit); bit++)
            assert_string_equal(said[n_rows++].name,
                                cpu_feature_name(tested[i], bit));
    assert_int_equal(n_rows, sizeof(said) / sizeof(said[0]));
}

static void cpu_features_are_stored_under_their_first_number(void **state)
{
    struct cpu_features features = {{0}};

    (void)state;
    assert_true(cpu_features_add(&features, EM_X86_64, "sse3", 4));
    assert_true(cpu_features_add(&features, EM_X86_64, "avx2", 4));
    assert_true(cpu_features_add(&features, EM_X86_64, "movdir64b", 9));
    assert_true(features.word[0] ==
                (UINT64_C(1) | UINT64_C(1) << 13 | UINT64_C(1) << 47));
}

static void cpu_feature_without_a_bit_is_refused(void **state)
{
    struct cpu_features features = {{0}};

    (void)state;
    assert_false(cpu_features_add(&features, EM_X86_64, "avx", 2));
    assert_false(cpu_features_add(&features, EM_X86_64, "avx2000", 7));
    assert_false(cpu_features_add(&features, EM_X86_64, "", 0));
    assert_false(cpu_features_add(&features, EM_NONE, "avx2", 4));
    assert_true(features.word[0] == 0 && features.word[1] == 0);
}

#ifdef __x86_64__
static void assert_host(const char *name, int compiler_says)
{
    struct cpu_features host = cpu_features_host(), one = {{0}};

    assert_true(cpu_features_add(&one, EM_X86_64, name, strlen(name)));
    assert_int_equal(cpu_features_missing(&one, &host) < 0, !!compiler_says);
}
#endif

static void host_features_agree_with_the_compilers(void **state)
{
    (void)state;
#ifdef __x86_64__
    assert_host("ssse3", __builtin_cpu_supports("ssse3"));
    assert_host("sse4.2", __builtin_cpu_supports("sse4.2"));
    assert_host("popcnt", __builtin_cpu_supports("popcnt"));
    assert_host("avx", __builtin_cpu_supports("avx"));
    assert_host("avx2", __builtin_cpu_supports("avx2"));
    assert_host("fma", __builtin_cpu_supports("fma"));
    assert_host("bmi2", __builtin_cpu_supports("bmi2"));
    assert_host("avx512f", __builtin_cpu_supports("avx512f"));
    assert_host("avx512vnni", __builtin_cpu_supports("avx512vnni"));
#else
    skip();
#endif
}

/* ---- Files ---- */

static int make_dir(void **state)
{
    struct temp_dir *dir = malloc(sizeof(*dir));

    *state = dir;
    return dir ? temp_dir_make(dir) : -1;
}

static int remove_dir(void **state)
{
    int result = temp_dir_remove(*state);

    free(*state);
    return result;
}

static void file_opens_and_maps_what_was_written(void **state)
{
    struct temp_path path = temp_dir_path(*state, "file");
    struct file_mapping mapping;
    struct error err = {0};
    struct stat st;
    int fd;

    assert_int_equal(temp_dir_write(*state, "file", "content"), 0);
    assert_int_equal(file_open(path.text, &fd, &st, &err), STATUS_OK);
    assert_int_equal(st.st_size, 7);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(file_map(fd, 7, "file", &mapping, &err), STATUS_OK);
    assert_memory_equal(mapping.bytes.data, "content", 7);
    file_unmap(&mapping);
    assert_int_equal(mapping.bytes.size, 0);
    file_close(fd);
}

static void empty_file_maps_to_no_bytes(void **state)
{
    struct temp_path path = temp_dir_path(*state, "empty");
    struct file_mapping mapping;
    int fd;

    assert_int_equal(temp_dir_write(*state, "empty", ""), 0);
    assert_int_equal(file_open(path.text, &fd, NULL, NULL), STATUS_OK);
    assert_int_equal(file_map(fd, 0, "empty", &mapping, NULL), STATUS_OK);
    assert_non_null(mapping.bytes.data);
    assert_int_equal(mapping.bytes.size, 0);
    file_unmap(&mapping);
    file_close(fd);
}

static void file_open_refuses_what_is_no_file(void **state)
{
    struct temp_dir *dir = *state;
    struct temp_path fifo = temp_dir_path(dir, "fifo");
    struct temp_path none = temp_dir_path(dir, "none");
    struct error err = {0};
    int fd = -2;

    assert_int_equal(mkfifo(fifo.text, 0600), 0);
    assert_int_equal(file_open(fifo.text, &fd, NULL, &err), STATUS_IO);
    assert_int_equal(err.os_errno, EINVAL);
    assert_int_equal(file_open(dir->path, &fd, NULL, &err), STATUS_IO);
    assert_int_equal(err.os_errno, EISDIR);
    assert_int_equal(file_open(none.text, &fd, NULL, &err), STATUS_IO);
    assert_int_equal(err.os_errno, ENOENT);
    assert_non_null(strstr(err.message, "none: No such file"));
    assert_int_equal(fd, -2);
}

static void read_at_stops_at_the_end(void **state)
{
    struct temp_path path = temp_dir_path(*state, "file");
    char bytes[16] = {0};
    size_t size;
    int fd;

    assert_int_equal(temp_dir_write(*state, "file", "0123456789"), 0);
    assert_int_equal(file_open(path.text, &fd, NULL, NULL), STATUS_OK);
    assert_int_equal(file_read_at(fd, (struct file_target){bytes, 4}, 2, "file",
                                  &size, NULL),
                     0);
    assert_int_equal(size, 4);
    assert_memory_equal(bytes, "2345", 4);
    assert_int_equal(file_read_at(fd, (struct file_target){bytes, 16}, 7,
                                  "file", &size, NULL),
                     0);
    assert_int_equal(size, 3);
    assert_int_equal(file_read_at(fd, (struct file_target){bytes, 16}, 99,
                                  "file", &size, NULL),
                     0);
    assert_int_equal(size, 0);
    file_close(fd);
}

static void memory_file_holds_its_bytes(void **state)
{
    char bytes[8];
    size_t size;
    int fd;

    (void)state;
    assert_int_equal(
        file_create_memory("memory", span_of("content"), &fd, NULL), STATUS_OK);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    assert_int_equal(file_read_at(fd, (struct file_target){bytes, 8}, 0,
                                  "memory", &size, NULL),
                     0);
    assert_int_equal(size, 7);
    assert_memory_equal(bytes, "content", 7);
    file_close(fd);
}

static void write_to_a_full_device_is_an_error(void **state)
{
    struct error err = {0};
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void)state;
    if (fd < 0)
        skip();
    assert_int_equal(file_write_all(fd, span_of("content"), "full", &err),
                     STATUS_IO);
    assert_int_equal(err.os_errno, ENOSPC);
    file_close(fd);
}

static void stamp_changes_with_the_file(void **state)
{
    struct temp_path path = temp_dir_path(*state, "file");
    struct file_stamp first, same, other;
    struct stat st;

    assert_int_equal(temp_dir_write(*state, "file", "one"), 0);
    assert_int_equal(stat(path.text, &st), 0);
    first = file_stamp_of(&st);
    same = file_stamp_of(&st);
    assert_true(file_stamp_equal(&first, &same));
    assert_int_equal(first.size, 3);
    assert_true(first.mtime_ns > UINT64_C(1500000000) * 1000000000);
    assert_int_equal(temp_dir_write(*state, "file", "three"), 0);
    assert_int_equal(stat(path.text, &st), 0);
    other = file_stamp_of(&st);
    assert_false(file_stamp_equal(&first, &other));
}

static void every_field_of_a_stamp_counts(void **state)
{
    const struct file_stamp base = {1, 2, 3, 4, 5};
    struct file_stamp other[5] = {base, base, base, base, base};

    (void)state;
    other[0].device++;
    other[1].inode++;
    other[2].size++;
    other[3].mtime_ns++;
    other[4].ctime_ns++;
    for (size_t i = 0; i < 5; i++)
        assert_false(file_stamp_equal(&base, &other[i]));
}

static void file_close_keeps_errno_and_takes_no_fd(void **state)
{
    (void)state;
    errno = EXDEV;
    file_close(-1);
    assert_int_equal(errno, EXDEV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksum_is_xxh3),
        cmocka_unit_test(span_slice_takes_what_is_inside),
        cmocka_unit_test(span_slice_refuses_what_is_not),
        cmocka_unit_test(arithmetic_says_when_it_would_wrap),
        cmocka_unit_test(arena_memory_is_zero_aligned_and_lasting),
        cmocka_unit_test(arena_refuses_sizes_that_overflow),
        cmocka_unit_test(buffer_grows_and_aligns),
        cmocka_unit_test(buffer_that_failed_stays_failed),
        cmocka_unit_test(error_tells_status_and_story),
        cmocka_unit_test(error_message_is_one_line),
        cmocka_unit_test(printable_text_is_shown_as_it_is),
        cmocka_unit_test(what_a_terminal_obeys_is_escaped),
        cmocka_unit_test(what_is_no_utf8_is_escaped),
        cmocka_unit_test(error_message_that_is_too_long_is_cut),
        cmocka_unit_test(every_machine_is_found_by_its_elf_number),
        cmocka_unit_test(triples_that_mean_the_same_are_spelt_the_same),
        cmocka_unit_test(cpu_feature_names_and_bits_agree),
        cmocka_unit_test(every_feature_follows_from_its_hwcap_bits),
        cmocka_unit_test(every_hwcap_row_is_tested),
        cmocka_unit_test(cpu_features_are_stored_under_their_first_number),
        cmocka_unit_test(cpu_feature_without_a_bit_is_refused),
        cmocka_unit_test(host_features_agree_with_the_compilers),
#define WITH_DIR(test)                                                         \
    cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)
        WITH_DIR(file_opens_and_maps_what_was_written),
        WITH_DIR(empty_file_maps_to_no_bytes),
        WITH_DIR(file_open_refuses_what_is_no_file),
        WITH_DIR(read_at_stops_at_the_end),
        WITH_DIR(stamp_changes_with_the_file),
#undef WITH_DIR
        cmocka_unit_test(memory_file_holds_its_bytes),
        cmocka_unit_test(write_to_a_full_device_is_an_error),
        cmocka_unit_test(every_field_of_a_stamp_counts),
        cmocka_unit_test(file_close_keeps_errno_and_takes_no_fd),
    };

    return cmocka_run_group_tests_name("support", tests, NULL, NULL);
}
