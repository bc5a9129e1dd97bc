/* The reader with damaged files: damage as it happens (bits, lengths), and
 * damage with correct checksums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cache_fixture.h"
#include "sample_cache.h"

struct fixture {
    struct sample_cache sample;
    struct cache_file file;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct cache_contents contents;

    if (!f || sample_cache_init(&f->sample))
        return -1;
    contents = f->sample.contents;
    contents.debug = (struct span){(const uint8_t *)"debug", 5};
    f->file = cache_file_make(&contents);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    cache_file_free(&f->file);
    sample_cache_release(&f->sample);
    free(f);
    return 0;
}

static enum status open_whole(const struct cache_file *file, struct error *err)
{
    struct cache_layout layout;
    struct cache_view view;
    enum status status =
        cache_file_open(file, CACHE_CHECK_ALL, &layout, &view, err);

    if (status == STATUS_OK)
        cache_view_walk(&view);
    return status;
}

/* With the checks of a launch; whatever passes is walked. */
static enum status open_launch(const struct cache_file *file, struct error *err)
{
    struct cache_layout layout;
    struct cache_view view;
    enum status status = cache_file_open(file, 0, &layout, &view, err);

    if (status == STATUS_OK)
        cache_view_walk(&view);
    return status;
}

static void
expect_of(enum status open(const struct cache_file *file, struct error *err),
          const struct cache_file *file, enum status wanted, const char *fact)
{
    struct error err = {0};
    enum status status = open(file, &err);

    if (status != wanted)
        fail_msg("status %d, not %d: %s", status, wanted, err.message);
    if (!strstr(err.message, fact))
        fail_msg("'%s' is not in '%s'", fact, err.message);
}

static void expect(const struct cache_file *file, enum status wanted,
                   const char *fact)
{
    expect_of(open_launch, file, wanted, fact);
}

/* ---- Damage as it happens ---- */

static void every_single_bit_flip_is_found(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_int_equal(open_whole(&f->file, &err), STATUS_OK);
    for (size_t bit = 0; bit < f->file.size * 8; bit++) {
        enum status status;

        f->file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        status = open_whole(&f->file, &err);
        if (status != STATUS_CORRUPT && status != STATUS_UNSUPPORTED)
            fail_msg("bit %zu: status %d", bit, status);
        assert_non_null(strstr(err.message, "test.oBCC: "));
        f->file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(open_whole(&f->file, &err), STATUS_OK);
}

/* Elsewhere it may do without; what it makes of a changed table stays inside
 * the sections. */
static void a_launch_finds_every_flip_of_the_header(void **state)
{
    struct fixture *f = *state;
    const size_t header_size =
        obcc_get32(cache_file_header(&f->file)->header_size);
    uint8_t *data = f->file.data;
    struct error err;

    for (size_t offset = 0; offset < 4096; offset++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            enum status status;

            data[offset] ^= (uint8_t)(1u << bit);
            status = open_launch(&f->file, &err);
            if (offset < header_size)
                assert_int_not_equal(status, STATUS_OK);
            data[offset] ^= (uint8_t)(1u << bit);
        }
    }
}

static void every_truncation_is_found(void **state)
{
    struct fixture *f = *state;

    for (size_t size = 0; size < f->file.size; size++) {
        struct cache_file whole = {f->file.data, size};
        struct cache_file cut = cache_file_copy(&whole);

        assert_int_equal(open_launch(&cut, NULL), STATUS_CORRUPT);
        cache_file_free(&cut);
    }
}

static void what_was_appended_is_found(void **state)
{
    struct fixture *f = *state;
    struct cache_file longer = {calloc(1, f->file.size + 4096),
                                f->file.size + 4096};

    memcpy(longer.data, f->file.data, f->file.size);
    expect(&longer, STATUS_CORRUPT, "header: written as");
    longer.size = f->file.size + 1;
    expect(&longer, STATUS_CORRUPT, "header: written as");
    cache_file_free(&longer);
}

static void foreign_files_are_refused(void **state)
{
    struct cache_file file = {calloc(1, 5000), 5000};

    (void)state;
    expect(&file, STATUS_CORRUPT, "not an oBCC file");
    memset(file.data, 0xff, file.size);
    expect(&file, STATUS_CORRUPT, "not an oBCC file");
    memcpy(file.data,
           "\x7f"
           "ELF",
           4);
    expect(&file, STATUS_CORRUPT, "not an oBCC file");
    file.size = 0;
    expect(&file, STATUS_CORRUPT, "file ends after 0 bytes");
    file.size = 5000;
    cache_file_free(&file);
}

/* ---- Header fields, with a right checksum ---- */

struct header_case {
    size_t offset, size; /* of the field */
    uint64_t value;
    enum status status;
    const char *fact;
};

#define FIELD(field)                                                           \
    offsetof(struct obcc_header, field),                                       \
        sizeof(((struct obcc_header *)0)->field)

static const struct header_case header_cases[] = {
    {FIELD(version), 0x00313031, STATUS_UNSUPPORTED, "version is not 100"},
    {FIELD(version), 0x00000001, STATUS_UNSUPPORTED, "version is not 100"},
    {FIELD(endianness), 'x', STATUS_CORRUPT, "endianness"},
    {FIELD(endianness), 0, STATUS_CORRUPT, "endianness"},
    {FIELD(header_size), 96, STATUS_CORRUPT, "do not fit"},
    {FIELD(header_size), 96 + 14 * 32, STATUS_CORRUPT, "do not fit"},
    {FIELD(header_size), UINT32_MAX, STATUS_CORRUPT, "do not fit"},
    {FIELD(context_align), 0, STATUS_CORRUPT, "context alignment"},
    {FIELD(context_align), 2048, STATUS_CORRUPT, "context alignment"},
    {FIELD(context_align), 12288, STATUS_CORRUPT, "context alignment"},
    {FIELD(context_align), 1u << 21, STATUS_CORRUPT, "context alignment"},
    {FIELD(context_align), 8192, STATUS_CORRUPT, "image alignment"},
    {FIELD(required), 1, STATUS_UNSUPPORTED, "needs format features 0x1"},
    {FIELD(required), UINT64_C(1) << 63, STATUS_UNSUPPORTED, "features"},
    {FIELD(file_size), 0, STATUS_CORRUPT, "written as 0 bytes"},
    {FIELD(file_size), UINT64_MAX, STATUS_CORRUPT, "written as"},
    {FIELD(text_span), 0, STATUS_CORRUPT, "text span"},
    {FIELD(text_span), 4095, STATUS_CORRUPT, "text span"},
    {FIELD(text_span), UINT64_MAX - 4095, STATUS_CORRUPT, "text span"},
    {FIELD(image_span), 0, STATUS_CORRUPT, "image span"},
    {FIELD(image_span), 4095, STATUS_CORRUPT, "image span"},
    {FIELD(image_span), (UINT64_C(1) << 46) + 4096, STATUS_CORRUPT, "span"},
    {FIELD(image_span), UINT64_MAX, STATUS_CORRUPT, "image span"},
    {FIELD(image_align), 0, STATUS_CORRUPT, "image alignment"},
    {FIELD(image_align), 2048, STATUS_CORRUPT, "image alignment"},
    {FIELD(image_align), 12288, STATUS_CORRUPT, "image alignment"},
    {FIELD(image_align), UINT64_C(1) << 31, STATUS_CORRUPT, "image alignment"},
    {FIELD(image_span), UINT64_C(1) << 46, STATUS_OK, ""},
    {FIELD(image_align), UINT64_C(1) << 30, STATUS_OK, ""},
    {FIELD(machine), 0xffff, STATUS_OK, ""},
    {FIELD(endianness), 'E', STATUS_OK, ""},
};

static void header_fields_are_checked_one_by_one(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(header_cases) / sizeof(header_cases[0]);
         i++) {
        const struct header_case *c = &header_cases[i];
        struct obcc_le64 value = obcc_le64(c->value);
        struct cache_file file = cache_file_copy(&f->file);

        memcpy(file.data + c->offset, &value, c->size);
        cache_file_seal_header(&file);
        expect(&file, c->status, c->fact);
        cache_file_free(&file);
    }
}

/* Every bound: at the limit, one step below, one above. */
static void geometry_has_bounds(void **state)
{
    enum { ALIGN = OBCC_MIN_CONTEXT_ALIGN, MAX_ALIGN = OBCC_MAX_CONTEXT_ALIGN };
    static const struct {
        struct cache_geometry geometry; /* context, span, align, text */
        const char *fact;
    } cases[] = {
        {{ALIGN, ALIGN, ALIGN, ALIGN}, NULL},
        {{ALIGN / 2, ALIGN, ALIGN, ALIGN}, "context alignment"},
        {{ALIGN + 1, ALIGN, MAX_ALIGN, ALIGN}, "context alignment"},
        {{MAX_ALIGN, ALIGN, MAX_ALIGN, ALIGN}, NULL},
        {{MAX_ALIGN * 2, ALIGN, MAX_ALIGN * 2, ALIGN}, "context alignment"},
        {{ALIGN, 0, ALIGN, ALIGN}, "image span"},
        {{ALIGN, ALIGN - 1, ALIGN, ALIGN}, "image span"},
        {{ALIGN, ALIGN + 1, ALIGN, ALIGN}, "image span"},
        {{ALIGN, OBCC_MAX_IMAGE_SPAN, ALIGN, ALIGN}, NULL},
        {{ALIGN, OBCC_MAX_IMAGE_SPAN - ALIGN, ALIGN, ALIGN}, NULL},
        {{ALIGN, OBCC_MAX_IMAGE_SPAN + ALIGN, ALIGN, ALIGN}, "image span"},
        {{ALIGN, 2 * ALIGN, ALIGN, 0}, "text span"},
        {{ALIGN, 2 * ALIGN, ALIGN, ALIGN + 1}, "text span"},
        {{ALIGN, 2 * ALIGN, ALIGN, 2 * ALIGN}, NULL},
        {{ALIGN, 2 * ALIGN, ALIGN, 3 * ALIGN}, "text span"},
        {{ALIGN, ALIGN, ALIGN / 2, ALIGN}, "image alignment"},
        {{2 * ALIGN, ALIGN, ALIGN, ALIGN}, "image alignment"},
        {{2 * ALIGN, ALIGN, 2 * ALIGN, ALIGN}, NULL},
        {{ALIGN, ALIGN, 3 * ALIGN, ALIGN}, "image alignment"},
        {{ALIGN, ALIGN, OBCC_MAX_IMAGE_ALIGN, ALIGN}, NULL},
        {{ALIGN, ALIGN, OBCC_MAX_IMAGE_ALIGN * 2, ALIGN}, "image alignment"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        const enum status status = cache_geometry_check(
            &cases[i].geometry, STATUS_CORRUPT, "test.oBCC", &err);

        assert_int_equal(status, cases[i].fact ? STATUS_CORRUPT : STATUS_OK);
        if (cases[i].fact && !strstr(err.message, cases[i].fact))
            fail_msg("case %zu: %s", i, err.message);
    }
}

/* A section may end with the file, and not a byte later. */
static void sections_end_with_the_file(void **state)
{
    struct fixture *f = *state;
    struct obcc_section *last = cache_file_section(&f->file, OBCC_DEBUG);
    const uint64_t size = obcc_get64(last->size);

    for (int more = -1; more <= 1; more++) {
        last->size = obcc_le64(size + (uint64_t)more);
        cache_file_seal_header(&f->file);
        expect(&f->file, more ? STATUS_CORRUPT : STATUS_OK,
               more > 0   ? "reaches past the end of the file"
               : more < 0 ? "last section does not end the file"
                          : "");
    }
}

/* A first read may have fewer bytes than the largest header: all of this file's
 * header, or one byte less. */
static void the_header_must_be_whole(void **state)
{
    struct fixture *f = *state;
    const size_t header_size =
        obcc_get32(cache_file_header(&f->file)->header_size);
    const size_t sizes[] = {0, OBCC_HEADER_SIZE - 1, OBCC_HEADER_SIZE,
                            header_size - 1};
    struct cache_layout layout;
    struct span head = {f->file.data, header_size};

    assert_int_equal(cache_layout_read(head, f->file.size, false, "test.oBCC",
                                       &layout, NULL),
                     STATUS_OK);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct error err = {0};

        head.size = sizes[i];
        assert_int_equal(cache_layout_read(head, f->file.size, false,
                                           "test.oBCC", &layout, &err),
                         STATUS_CORRUPT);
        assert_non_null(strstr(err.message, sizes[i] < OBCC_HEADER_SIZE
                                                ? "header: file ends after"
                                                : "section table: file ends"));
    }
}

static void section_counts_are_checked(void **state)
{
    static const uint16_t counts[] = {0, 12, 14, 33, 0xffff};
    struct fixture *f = *state;
    struct obcc_header *header = cache_file_header(&f->file);

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        header->n_sections = obcc_le16(counts[i]);
        expect(&f->file, STATUS_CORRUPT, "sections do not fit");
    }
}

static void a_file_without_sections_lacks_them(void **state)
{
    struct fixture *f = *state;
    struct cache_file file = {f->file.data, OBCC_HEADER_SIZE};
    struct obcc_header *header;

    file = cache_file_copy(&file);
    header = cache_file_header(&file);
    header->n_sections = obcc_le16(0);
    header->header_size = obcc_le32(OBCC_HEADER_SIZE);
    header->file_size = obcc_le64(OBCC_HEADER_SIZE);
    cache_file_seal_header(&file);
    expect(&file, STATUS_CORRUPT, "string pool: missing");
    cache_file_free(&file);
}

/* ---- Section table, with a right checksum ---- */

/* To a row, given its kind: what is not UNCHANGED is set. */
#define UNCHANGED (UINT64_MAX - 12345)

struct section_case {
    uint32_t kind;
    uint64_t new_kind, flags, offset, size;
    enum status status;
    const char *fact;
};

static const struct section_case section_cases[] = {
    /* Offsets. The dependency table is first, the string pool before the
     * context, which is at 4096. */
    {OBCC_DEPENDENCY_TABLE, UNCHANGED, UNCHANGED, 520, UNCHANGED,
     STATUS_CORRUPT, "first section"},
    {OBCC_DEPENDENCY_TABLE, UNCHANGED, UNCHANGED, 0, UNCHANGED, STATUS_CORRUPT,
     "first section"},
    {OBCC_IDENTITY, UNCHANGED, UNCHANGED, 0, UNCHANGED, STATUS_CORRUPT,
     "identity: offset 0"},
    {OBCC_IDENTITY, UNCHANGED, UNCHANGED, 520, UNCHANGED, STATUS_CORRUPT,
     "identity: offset 0x208"},
    {OBCC_STRING_POOL, UNCHANGED, UNCHANGED, 2001, UNCHANGED, STATUS_CORRUPT,
     "string pool: offset 0x7d1 is misaligned"},
    {OBCC_STRING_POOL, UNCHANGED, UNCHANGED, UINT64_MAX - 7, 8, STATUS_CORRUPT,
     "string pool: reaches past the end"},
    {OBCC_STRING_POOL, UNCHANGED, UNCHANGED, UNCHANGED, UINT64_MAX,
     STATUS_CORRUPT, "string pool: reaches past the end"},
    {OBCC_STRING_POOL, UNCHANGED, UNCHANGED, UNCHANGED, 3300, STATUS_CORRUPT,
     "context: offset 0x1000 is misaligned or overlaps"},
    {OBCC_CONTEXT, UNCHANGED, UNCHANGED, 4104, 8, STATUS_CORRUPT,
     "context: offset 0x1008 is not a multiple of 0x1000"},
    {OBCC_DEBUG, UNCHANGED, UNCHANGED, UNCHANGED, 4, STATUS_CORRUPT,
     "does not end the file"},
    {OBCC_DEBUG, UNCHANGED, UNCHANGED, UNCHANGED, 6, STATUS_CORRUPT,
     "debug section: reaches past the end"},
    /* Sizes. */
    {OBCC_IDENTITY, UNCHANGED, UNCHANGED, UNCHANGED, 0, STATUS_CORRUPT,
     "identity: empty"},
    {OBCC_CONTEXT, UNCHANGED, UNCHANGED, UNCHANGED, 0, STATUS_CORRUPT,
     "context: empty"},
    /* Kinds. */
    {OBCC_IDENTITY, OBCC_PRAGMA_LIST, UNCHANGED, UNCHANGED, UNCHANGED,
     STATUS_CORRUPT, "pragma list: present twice"},
    {OBCC_DEBUG, OBCC_PRAGMA_LIST, UNCHANGED, UNCHANGED, UNCHANGED,
     STATUS_CORRUPT, "pragma list: present twice"},
    {OBCC_DEBUG, OBCC_CONTEXT, UNCHANGED, UNCHANGED, UNCHANGED, STATUS_CORRUPT,
     "context: present twice"},
    {OBCC_DEBUG, OBCC_NEEDED_LIST, UNCHANGED, UNCHANGED, UNCHANGED,
     STATUS_CORRUPT, "needed list: behind the context"},
    {OBCC_IDENTITY, OBCC_NEEDED_LIST, UNCHANGED, UNCHANGED, UNCHANGED,
     STATUS_CORRUPT, "identity: missing"},
    {OBCC_IDENTITY, 1000, 0, UNCHANGED, UNCHANGED, STATUS_CORRUPT,
     "identity: missing"},
    {OBCC_CONTEXT, 1000, 0, UNCHANGED, UNCHANGED, STATUS_CORRUPT,
     "context: missing"},
    {OBCC_DEBUG, 0, OBCC_SECTION_REQUIRED, UNCHANGED, UNCHANGED,
     STATUS_UNSUPPORTED, "needs section kind 0"},
    {OBCC_DEBUG, OBCC_N_SECTION_KINDS, OBCC_SECTION_REQUIRED, UNCHANGED,
     UNCHANGED, STATUS_UNSUPPORTED, "needs section kind 16"},
    {OBCC_DEBUG, UINT32_MAX, UINT32_MAX, UNCHANGED, UNCHANGED,
     STATUS_UNSUPPORTED, "needs section kind 4294967295"},
    {OBCC_DEBUG, UINT32_MAX, 0, UNCHANGED, UNCHANGED, STATUS_OK, ""},
    {OBCC_DEBUG, 0, ~UINT64_C(1), UNCHANGED, UNCHANGED, STATUS_OK, ""},
};

static void apply(const struct section_case *c, struct obcc_section *section)
{
    if (c->new_kind != UNCHANGED)
        section->kind = obcc_le32((uint32_t)c->new_kind);
    if (c->flags != UNCHANGED)
        section->flags = obcc_le32((uint32_t)c->flags);
    if (c->offset != UNCHANGED)
        section->offset = obcc_le64(c->offset);
    if (c->size != UNCHANGED)
        section->size = obcc_le64(c->size);
}

static void section_rows_are_checked_one_by_one(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(section_cases) / sizeof(section_cases[0]);
         i++) {
        const struct section_case *c = &section_cases[i];
        struct cache_file file = cache_file_copy(&f->file);

        apply(c, cache_file_section(&file, c->kind));
        cache_file_seal_header(&file);
        expect(&file, c->status, c->fact);
        cache_file_free(&file);
    }
}

static void sections_out_of_order_are_refused(void **state)
{
    struct fixture *f = *state;
    struct obcc_section *table = (void *)(cache_file_header(&f->file) + 1);
    struct obcc_section saved = table[3];

    table[3] = table[4];
    table[4] = saved;
    cache_file_seal_header(&f->file);
    expect(&f->file, STATUS_CORRUPT, "misaligned or overlaps");
}

static void lists_behind_the_context_are_refused(void **state)
{
    struct fixture *f = *state;
    struct obcc_section *debug = cache_file_section(&f->file, OBCC_DEBUG);
    struct obcc_section *pragmas =
        cache_file_section(&f->file, OBCC_PRAGMA_LIST);

    debug->kind = obcc_le32(OBCC_PRAGMA_LIST);
    pragmas->kind = obcc_le32(OBCC_DEBUG);
    cache_file_seal_header(&f->file);
    expect(&f->file, STATUS_CORRUPT, "pragma list: behind the context");
}

static void unknown_optional_sections_are_checked_when_asked_for(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};

    cache_file_section(&f->file, OBCC_DEBUG)->kind = obcc_le32(500);
    cache_file_seal_header(&f->file);
    assert_int_equal(open_whole(&f->file, &err), STATUS_OK);
    f->file.data[f->file.size - 1] ^= 1;
    assert_int_equal(open_launch(&f->file, &err), STATUS_OK);
    assert_int_equal(open_whole(&f->file, &err), STATUS_CORRUPT);
    assert_string_equal(err.message,
                        "test.oBCC: unknown section: checksum mismatch");
}

static enum status open_without_debug(const struct cache_file *file)
{
    struct cache_layout layout;
    struct cache_view view;

    return cache_file_open(file, CACHE_CHECK_ALL | CACHE_CHECK_NO_DEBUG,
                           &layout, &view, NULL);
}

static void the_debug_section_need_not_be_checked(void **state)
{
    struct fixture *f = *state;
    uint8_t *context = cache_file_bytes(&f->file, OBCC_CONTEXT);
    uint8_t *debug = cache_file_bytes(&f->file, OBCC_DEBUG);

    debug[0] ^= 1;
    assert_int_equal(open_whole(&f->file, NULL), STATUS_CORRUPT);
    assert_int_equal(open_without_debug(&f->file), STATUS_OK);
    context[0] ^= 1;
    assert_int_equal(open_without_debug(&f->file), STATUS_CORRUPT);
}

static void bytes_between_sections_are_checked_when_asked_for(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};

    f->file.data[4095] = 1;
    assert_int_equal(open_launch(&f->file, &err), STATUS_OK);
    assert_int_equal(open_whole(&f->file, &err), STATUS_CORRUPT);
    assert_string_equal(err.message,
                        "test.oBCC: context: bytes before it are not zero");
}

static void a_table_that_changed_since_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct span whole = {f->file.data, f->file.size};
    struct cache_layout layout;
    struct cache_view view;
    struct error err = {0};

    assert_int_equal(cache_file_open(&f->file, 0, &layout, &view, &err), 0);
    cache_file_section(&f->file, OBCC_DEBUG)->kind = obcc_le32(500);
    cache_file_seal_header(&f->file);
    assert_int_equal(
        cache_view_open(whole, &layout, CACHE_CHECK_ALL, "x", &view, &err),
        STATUS_CORRUPT);
    assert_string_equal(err.message, "x: changed while it was read");
}

/* ---- Sections, with right checksums ---- */

static void counts_must_fit_the_section(void **state)
{
    static const uint32_t more[] = {1, 2, 1000, UINT32_MAX};
    struct fixture *f = *state;

    for (uint32_t kind = 1; kind < OBCC_IDENTITY; kind++) {
        for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
            struct cache_file file = cache_file_copy(&f->file);
            struct obcc_list *list = (void *)cache_file_bytes(&file, kind);
            uint32_t count = obcc_get32(list->count) + more[i];

            if (kind == OBCC_STRING_POOL)
                count += 100;
            list->count = obcc_le32(count);
            cache_file_seal_section(&file, kind);
            expect_of(open_whole, &file, STATUS_CORRUPT, "entries do not fit");
            expect(&file, STATUS_OK, "");
            cache_file_free(&file);
        }
    }
}

static void a_section_too_small_for_a_list_is_refused(void **state)
{
    struct fixture *f = *state;
    struct obcc_section *section =
        cache_file_section(&f->file, OBCC_PRAGMA_LIST);

    memset(cache_file_bytes(&f->file, OBCC_PRAGMA_LIST), 0,
           (size_t)obcc_get64(section->size));
    section->size = obcc_le64(4);
    cache_file_seal_section(&f->file, OBCC_PRAGMA_LIST);
    expect_of(open_whole, &f->file, STATUS_CORRUPT,
              "pragma list: 4 bytes are too few for a list");
    expect(&f->file, STATUS_OK, "");
}

static void strings_outside_the_pool_read_as_empty(void **state)
{
    struct fixture *f = *state;
    struct obcc_string *row =
        (void *)(cache_file_bytes(&f->file, OBCC_STRING_POOL) +
                 sizeof(struct obcc_list));
    struct cache_layout layout;
    struct cache_view view;

    row[0].length = obcc_le32(UINT32_MAX);
    row[1].offset = obcc_le32(UINT32_MAX);
    row[2].offset = obcc_le32(0x61); /* just behind the last byte */
    row[2].length = obcc_le32(0);
    row[3].length = obcc_le32(obcc_get32(row[3].length) - 1); /* no NUL */
    cache_file_seal_section(&f->file, OBCC_STRING_POOL);
    assert_int_equal(
        cache_file_open(&f->file, CACHE_CHECK_ALL, &layout, &view, NULL),
        STATUS_OK);
    for (uint32_t i = 0; i < 4; i++)
        assert_string_equal(cache_string(&view, i), "");
    assert_string_equal(cache_string(&view, 4), "version");
    assert_string_equal(cache_string(&view, 5), "1");
    assert_string_equal(cache_string(&view, 6), "");
    assert_null(cache_find_symbol(&view, OBCC_FUNC_TABLE, "twice"));
    cache_view_walk(&view);
}

static void random_bytes_with_right_checksums_are_survived(void **state)
{
    struct fixture *f = *state;
    uint32_t random = 12345; /* the same numbers in every run */

    for (int round = 0; round < 3000; round++) {
        struct cache_file file = cache_file_copy(&f->file);
        uint32_t kind = 1 + (uint32_t)round % (OBCC_IDENTITY - 1);
        size_t size = (size_t)obcc_get64(cache_file_section(&file, kind)->size);
        uint8_t *bytes = cache_file_bytes(&file, kind);

        for (int i = 0; i < 4; i++) {
            random = random * 1664525u + 1013904223u;
            bytes[(random >> 8) % size] = (uint8_t)(random >> 24);
        }
        cache_file_seal_section(&file, kind);
        (void)open_whole(&file, NULL);
        cache_file_free(&file);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_single_bit_flip_is_found),
        TEST(a_launch_finds_every_flip_of_the_header),
        TEST(every_truncation_is_found),
        TEST(what_was_appended_is_found),
        TEST(foreign_files_are_refused),
        TEST(header_fields_are_checked_one_by_one),
        TEST(geometry_has_bounds),
        TEST(sections_end_with_the_file),
        TEST(the_header_must_be_whole),
        TEST(section_counts_are_checked),
        TEST(a_file_without_sections_lacks_them),
        TEST(section_rows_are_checked_one_by_one),
        TEST(sections_out_of_order_are_refused),
        TEST(lists_behind_the_context_are_refused),
        TEST(unknown_optional_sections_are_checked_when_asked_for),
        TEST(the_debug_section_need_not_be_checked),
        TEST(bytes_between_sections_are_checked_when_asked_for),
        TEST(a_table_that_changed_since_is_noticed),
        TEST(counts_must_fit_the_section),
        TEST(a_section_too_small_for_a_list_is_refused),
        TEST(strings_outside_the_pool_read_as_empty),
        TEST(random_bytes_with_right_checksums_are_survived),
    };
#undef TEST

    return cmocka_run_group_tests_name("cache damage", tests, NULL, NULL);
}
