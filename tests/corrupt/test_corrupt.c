/* A damaged cache entry is a miss with a reason, and never a crash, an error
 * or wrong code.
 *
 * One entry of a small script is made, then replaced: with every bit flipped,
 * cut to every length, and by foreign content. Each time the script is prepared
 * through the public API. The allowed results are
 *   - a hit whose answer() is right, which is possible only where the damaged
 *     bytes mean nothing, or
 *   - a miss that says why. So that 100,000 misses take seconds, most of these
 *     find no compiler (BCC_NO_COMPILER); a sample of each kind has one, and
 *     must then give the right answer and leave a good entry.
 *
 * Checksums find most damage. So the tests also flip bits and correct the
 * checksums, so that only the checks of the reader and the loader are left. */
#include "corrupt_fixture.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bcc/bcc_cache.h>

#include "checksum.h"

/* ---- Damage ---- */

static void flip(int fd, const struct fixture *f, size_t bit)
{
    uint8_t byte = f->entry[bit / 8] ^ (uint8_t)(1u << bit % 8);

    assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
}

static void unflip(int fd, const struct fixture *f, size_t bit)
{
    assert_int_equal(pwrite(fd, &f->entry[bit / 8], 1, (off_t)(bit / 8)), 1);
}

static int open_entry(const struct fixture *f)
{
    int fd = open(f->path, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

/* Place of a section in the good entry. */
static size_t find_section(const struct fixture *f, uint32_t kind,
                           size_t *ret_size)
{
    const struct obcc_header *header = (const struct obcc_header *)f->entry;
    const struct obcc_section *sections =
        (const struct obcc_section *)(f->entry + OBCC_HEADER_SIZE);

    for (size_t i = 0; i < obcc_get16(header->n_sections); i++) {
        if (obcc_get32(sections[i].kind) == kind) {
            *ret_size = (size_t)obcc_get64(sections[i].size);
            return (size_t)obcc_get64(sections[i].offset);
        }
    }
    fail_msg("the entry has no section of kind %u", kind);
    return 0;
}

static void every_flipped_bit_is_a_miss(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = create(VICTIM_BITCODE, NO_COMPILER);
    int fd = open_entry(f);

    for (size_t bit = 0; bit < f->size * 8; bit++) {
        flip(fd, f, bit);
        judge(f, &script, BCC_VERIFY, true, "bit", bit);
        unflip(fd, f, bit);
    }
    close(fd);
    bccDisposeScript(script);
    /* Nothing in a file is without a checksum: gaps must be zero. */
    assert_int_equal(f->n_hits, 0);
    assert_int_equal(f->n_misses, f->size * 8);
    require_good_entry(f);
}

/* Without BCC_VERIFY the code is not checked, so it is not run here. What lies
 * before it is. */
static void every_flipped_bit_before_the_code_is_a_miss_unverified(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = create(VICTIM_BITCODE, NO_COMPILER);
    size_t size, end = find_section(f, OBCC_CONTEXT, &size);
    int fd = open_entry(f);

    for (size_t bit = 0; bit < end * 8; bit++) {
        flip(fd, f, bit);
        judge(f, &script, 0, true, "unverified bit", bit);
        unflip(fd, f, bit);
    }
    close(fd);
    bccDisposeScript(script);
    require_good_entry(f);
}

/* The loader on a damaged image whose entry claims to be sound: it may load
 * what it likes, as long as it stays inside. */
static void every_flipped_bit_of_the_image_head_is_survived(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = create(VICTIM_BITCODE, NO_COMPILER);
    size_t size, start = find_section(f, OBCC_CONTEXT, &size);
    int fd = open_entry(f);

    /* ELF header, program headers, dynamic symbols and strings, relocations */
    size = size < 1024 ? size : 1024;
    for (size_t bit = start * 8; bit < (start + size) * 8; bit++) {
        flip(fd, f, bit);
        judge(f, &script, 0, false, "image bit", bit);
        unflip(fd, f, bit);
    }
    close(fd);
    bccDisposeScript(script);
    require_good_entry(f);
}

/* A launch does not look at debug information. */
static void damage_behind_the_code_is_not_seen_unverified(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = create(VICTIM_BITCODE, NO_COMPILER);
    size_t size, start = find_section(f, OBCC_DEBUG, &size);
    int fd = open_entry(f);

    for (size_t byte = start; byte < start + size; byte++) {
        flip(fd, f, byte * 8 + byte % 8);
        judge(f, &script, 0, true, "debug byte", byte);
        unflip(fd, f, byte * 8 + byte % 8);
    }
    close(fd);
    bccDisposeScript(script);
    assert_int_equal(f->n_hits, size);
    require_good_entry(f);
}

/* ---- Flips that the checksums do not see ---- */

static uint64_t checksum_of(const uint8_t *data, size_t size)
{
    return checksum_xxh3((struct span){data, size});
}

/* Make every checksum right for bytes that a flip has changed, as far as the
 * section table still says what they cover. */
static void seal(uint8_t *bytes, size_t size)
{
    struct obcc_header *header = (struct obcc_header *)bytes;
    struct obcc_section *section =
        (struct obcc_section *)(bytes + OBCC_HEADER_SIZE);
    size_t n = obcc_get16(header->n_sections);
    size_t header_size = obcc_get32(header->header_size);

    for (size_t i = 0; i < n && i < OBCC_MAX_SECTIONS; i++) {
        uint64_t offset = obcc_get64(section[i].offset);
        uint64_t length = obcc_get64(section[i].size);

        if (offset <= size && length <= size - offset)
            section[i].checksum =
                obcc_le64(checksum_of(bytes + offset, (size_t)length));
    }
    header->checksum = obcc_le64(0);
    if (header_size <= size)
        header->checksum = obcc_le64(checksum_of(bytes, header_size));
}

static void every_sealed_bit_before_the_code_is_survived(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = create(VICTIM_BITCODE, NO_COMPILER);
    uint8_t *bytes = malloc(f->size);
    size_t size, end = find_section(f, OBCC_CONTEXT, &size);
    int fd = open_entry(f);

    assert_non_null(bytes);
    for (size_t bit = 0; bit < end * 8; bit++) {
        memcpy(bytes, f->entry, f->size);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        seal(bytes, f->size);
        assert_int_equal(pwrite(fd, bytes, end, 0), end);
        judge(f, &script, 0, false, "sealed bit", bit);
    }
    assert_int_equal(pwrite(fd, f->entry, end, 0), end);
    close(fd);
    free(bytes);
    bccDisposeScript(script);
    require_good_entry(f);
}

static void every_length_is_a_miss(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = create(VICTIM_BITCODE, NO_COMPILER);

    for (size_t size = f->size; size-- > 0;) {
        assert_int_equal(truncate(f->path, (off_t)size), 0);
        judge(f, &script, 0, true, "length", size);
        judge(f, &script, BCC_VERIFY, true, "verified length", size);
    }
    assert_int_equal(f->n_hits, 0);
    write_entry(f, f->entry, f->size);
    for (size_t more = 1; more < 10000; more = more * 3 + 1) {
        assert_int_equal(truncate(f->path, (off_t)(f->size + more)), 0);
        judge(f, &script, BCC_VERIFY, true, "added length", more);
    }
    bccDisposeScript(script);
    recover(f, "added length", 0);
    require_good_entry(f);
}

/* ---- A large entry, sampled ---- */

enum {
    /* Primes, so that no field is passed over by its place. */
    BIT_STRIDE = 15013,
    LENGTH_STRIDE = 4001
};

static void sampled_bits_of_a_large_entry_are_misses(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = create(f->bitcode, NO_COMPILER);
    size_t size, start = find_section(f, OBCC_CONTEXT, &size);
    int fd = open_entry(f);

    assert_true(f->size > 1 << 20 && start > 2 * 65536);
    for (size_t bit = 0; bit < f->size * 8; bit += BIT_STRIDE) {
        flip(fd, f, bit);
        judge(f, &script, BCC_VERIFY, true, "bit of a large entry", bit);
        unflip(fd, f, bit);
    }
    close(fd);
    bccDisposeScript(script);
    assert_int_equal(f->n_hits, 0);
    require_good_entry(f);
}

static void sampled_lengths_of_a_large_entry_are_misses(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = create(f->bitcode, NO_COMPILER);

    for (size_t cut = 1; cut <= f->size; cut += LENGTH_STRIDE) {
        assert_int_equal(truncate(f->path, (off_t)(f->size - cut)), 0);
        judge(f, &script, 0, true, "cut by", cut);
    }
    bccDisposeScript(script);
    assert_int_equal(f->n_hits, 0);
    recover(f, "cut", 0);
    require_good_entry(f);
}

/* ---- With the compiler ---- */

static void damage_is_mended_by_the_compiler(void **state)
{
    struct fixture *f = *state;
    size_t n = 24, mended = 0;

    for (size_t i = 0; i < n; i++) {
        size_t bit = f->size * 8 / n * i + i % 8;
        int fd = open_entry(f);

        flip(fd, f, bit);
        close(fd);
        recover(f, "bit", bit);
        require_good_entry(f);
        mended++;
    }
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(truncate(f->path, (off_t)(f->size / 8 * i)), 0);
        recover(f, "length", f->size / 8 * i);
        require_good_entry(f);
    }
    assert_int_equal(mended, n);
}

static void a_failing_compiler_is_an_error_with_a_reason(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = create(VICTIM_BITCODE, FALSE_COMMAND);

    assert_int_equal(truncate(f->path, 100), 0);
    assert_int_equal(bccPrepareExecutable(script, f->dir, "victim", 0), 1);
    assert_true(*bccGetErrorMessage(script) != '\0');
    assert_int_equal(error_code(script), BCC_COMPILE_ERROR);
    require_reason(script, "failing compiler", 0);
    bccDisposeScript(script);

    script = create(VICTIM_BITCODE, NO_COMPILER);
    assert_int_equal(bccPrepareExecutable(script, f->dir, "victim", 0), 1);
    assert_int_equal(error_code(script), BCC_NO_COMPILER);
    require_reason(script, "no compiler", 0);
    bccDisposeScript(script);
    recover(f, "failing compiler", 0);
    require_good_entry(f);
}

/* ---- Foreign things ---- */

static void put_empty(struct fixture *f)
{
    write_entry(f, (const uint8_t *)"", 0);
}

static void put_zeros(struct fixture *f)
{
    uint8_t *zeros = calloc(1, f->size);

    assert_non_null(zeros);
    write_entry(f, zeros, f->size);
    free(zeros);
}

static void put_header_alone(struct fixture *f)
{
    write_entry(f, f->entry, OBCC_HEADER_SIZE);
}

static void put_noise(struct fixture *f)
{
    uint8_t *noise = malloc(65536);
    uint32_t x = 1;

    assert_non_null(noise);
    for (size_t i = 0; i < 65536; i++)
        noise[i] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
    memcpy(noise, f->entry, 8);
    write_entry(f, noise, 65536);
    free(noise);
}

static void put_entry_twice(struct fixture *f)
{
    uint8_t *both = malloc(2 * f->size);

    assert_non_null(both);
    memcpy(both, f->entry, f->size);
    memcpy(both + f->size, f->entry, f->size);
    write_entry(f, both, 2 * f->size);
    free(both);
}

static void put_bitcode(struct fixture *f)
{
    size_t size;
    uint8_t *bytes = read_file(VICTIM_BITCODE, &size);

    write_entry(f, bytes, size);
    free(bytes);
}

static void put_other_script(struct fixture *f)
{
    BCCScriptRef script = create(OTHER_BITCODE, NULL);

    assert_int_equal(bccPrepareSharedObjectFile(script, f->path, 0), 0);
    bccDisposeScript(script);
}

static void put_huge(struct fixture *f)
{
    write_entry(f, f->entry, f->size);
    assert_int_equal(truncate(f->path, (off_t)1 << 40), 0);
}

static void put_huge_zeros(struct fixture *f)
{
    write_entry(f, (const uint8_t *)"", 0);
    assert_int_equal(truncate(f->path, (off_t)1 << 40), 0);
}

static void put_nothing(struct fixture *f)
{
    (void)f;
}

static void put_directory(struct fixture *f)
{
    assert_int_equal(mkdir(f->path, 0700), 0);
}

static void put_fifo(struct fixture *f)
{
    assert_int_equal(mkfifo(f->path, 0600), 0);
}

static void put_link(struct fixture *f)
{
    char target[620];

    snprintf(target, sizeof(target), "%s.real", f->path);
    write_entry(f, f->entry, f->size);
    assert_int_equal(rename(f->path, target), 0);
    assert_int_equal(symlink(target, f->path), 0);
}

static void put_link_to_nothing(struct fixture *f)
{
    assert_int_equal(symlink("victim.oBCC", f->path), 0);
}

static void put_link_to_device(struct fixture *f)
{
    assert_int_equal(symlink("/dev/zero", f->path), 0);
}

static void put_writable_by_others(struct fixture *f)
{
    write_entry(f, f->entry, f->size);
    assert_int_equal(chmod(f->path, 0666), 0);
}

static void put_writable_by_group(struct fixture *f)
{
    write_entry(f, f->entry, f->size);
    assert_int_equal(chmod(f->path, 0664), 0);
}

/* An image that needs an executable stack; no other loader of ours would take
 * it, either. */
static void put_unsupported(struct fixture *f)
{
    size_t size, start = find_section(f, OBCC_CONTEXT, &size);
    uint8_t *bytes = malloc(f->size);
    Elf64_Ehdr *header;
    Elf64_Phdr *rows;

    assert_non_null(bytes);
    memcpy(bytes, f->entry, f->size);
    header = (Elf64_Ehdr *)(void *)(bytes + start);
    rows = (Elf64_Phdr *)(void *)(bytes + start + header->e_phoff);
    for (size_t i = 0; i < header->e_phnum; i++)
        if (rows[i].p_type == PT_GNU_STACK)
            rows[i].p_flags |= PF_X;
    seal(bytes, f->size);
    write_entry(f, bytes, f->size);
    free(bytes);
}

static const struct foreign {
    const char *name;
    void (*put)(struct fixture *f);
} foreign_things[] = {
    {"nothing", put_nothing},
    {"empty file", put_empty},
    {"zeros", put_zeros},
    {"header alone", put_header_alone},
    {"noise", put_noise},
    {"the entry twice", put_entry_twice},
    {"bitcode", put_bitcode},
    {"another script's entry", put_other_script},
    {"1 TiB, sparse", put_huge},
    {"1 TiB of zeros", put_huge_zeros},
    {"directory", put_directory},
    {"fifo", put_fifo},
    {"link to the entry", put_link},
    {"link to itself", put_link_to_nothing},
    {"link to a device", put_link_to_device},
    {"writable by others", put_writable_by_others},
    {"writable by the group", put_writable_by_group},
    {"an image that this loader does not take", put_unsupported},
};

static void clear_entry(struct fixture *f)
{
    if (unlink(f->path))
        rmdir(f->path);
}

/* Compiled into memory if the name cannot be taken (a directory), else the
 * foreign thing is replaced; nobody follows it, waits for it or maps it. */
static void foreign_things_are_misses(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(foreign_things) / sizeof(*foreign_things);
         i++) {
        BCCScriptRef script = create(VICTIM_BITCODE, NO_COMPILER);

        clear_entry(f);
        foreign_things[i].put(f);
        judge(f, &script, 0, true, foreign_things[i].name, 0);
        judge(f, &script, BCC_VERIFY, true, foreign_things[i].name, 1);
        assert_int_equal(f->n_hits, 0);
        recover(f, foreign_things[i].name, 2);
        bccDisposeScript(script);
    }
    clear_entry(f);
    recover(f, "cleared", 0);
    require_good_entry(f);
}

/* A layer in front of the directory has the same. */
static void what_is_unsupported_in_a_layer_hides_nothing(void **state)
{
    struct fixture *f = *state;
    char layer[sizeof(f->dir) + 8], path[sizeof(layer) + 16];
    BCCScriptRef script = create(VICTIM_BITCODE, NO_COMPILER);
    FILE *file;

    put_unsupported(f);
    snprintf(layer, sizeof(layer), "%s/own", f->dir);
    snprintf(path, sizeof(path), "%s/victim.oBCC", layer);
    assert_int_equal(mkdir(layer, 0700), 0);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(f->entry, 1, f->size, file), f->size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(bccSetCachePath(script, f->dir), 0);
    if (bccPrepareExecutable(script, layer, "victim", 0))
        fail_msg("%s", bccGetErrorMessage(script));
    bccDisposeScript(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define LARGE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, set_up_large, tear_down)
        CASE(every_flipped_bit_is_a_miss),
        CASE(every_flipped_bit_before_the_code_is_a_miss_unverified),
        CASE(every_flipped_bit_of_the_image_head_is_survived),
        CASE(damage_behind_the_code_is_not_seen_unverified),
        CASE(every_sealed_bit_before_the_code_is_survived),
        CASE(every_length_is_a_miss),
        LARGE(sampled_bits_of_a_large_entry_are_misses),
        LARGE(sampled_lengths_of_a_large_entry_are_misses),
        CASE(damage_is_mended_by_the_compiler),
        CASE(a_failing_compiler_is_an_error_with_a_reason),
        CASE(foreign_things_are_misses),
        CASE(what_is_unsupported_in_a_layer_hides_nothing),
#undef LARGE
#undef CASE
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
