/* The oBCC file: the reader returns exactly what was written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "cache_fixture.h"
#include "checksum.h"
#include "sample_cache.h"

/* ---- Contents with something in every list ---- */

static const struct cache_import imports[] = {
    {"sinf", OBCC_IMPORT_FUNCTION, "helper", 2},
    {"__gmon_start__", OBCC_IMPORT_WEAK, NULL, OBCC_NO_LIBRARY},
    {"twice", 0, "wanting", OBCC_ANY_LIBRARY},
};
static const char *const needed[] = {"libfirst.so.1", "/lib/libsecond.so"};
static const struct cache_symbol export_vars[] = {
    {.name = "zeta", .address = 0x2000, .size = 4},
    {.name = "gain", .address = OBCC_NO_ADDRESS, .size = 0},
    {.name = "alpha", .address = 0x2010, .size = 16},
};
static const struct cache_symbol export_funcs[] = {
    {.name = "twice", .address = 0x100, .size = 4, .kernel_signature = 77},
    {.name = "\xc3\xbc"
             "ber",
     .address = 0x110,
     .size = 12},
};
static const struct cache_symbol export_foreachs[] = {
    {.name = "root", .address = 0x200, .size = 64, .kernel_signature = 0x1f},
    {.name = "blur", .address = OBCC_NO_ADDRESS, .kernel_signature = 0x23},
};
static const struct cache_pragma pragmas[] = {
    {"version", "1"},
    {"rs_fp_relaxed", ""},
    {"version", "1"},
};
static const struct cache_symbol funcs[] = {
    {.name = "twice", .address = 0x100, .size = 4},
    {.name = "helper", .address = 0x300, .size = 8},
    {.name = "\xc3\xbc"
             "ber",
     .address = 0x110,
     .size = 12},
    {.name = "helper", .address = 0x280, .size = 8},
    {.name = "twicer", .address = 0x400, .size = 1},
    {.name = "help", .address = 0x500, .size = 1},
};
static const struct cache_symbol vars[] = {
    {.name = "zeta", .address = 0x2000, .size = 4},
    {.name = "alpha", .address = 0x2010, .size = 16},
};
static const uint32_t object_slots[] = {2, 0};

#define LIST(field, array)                                                     \
    .field = array, .n_##field = sizeof(array) / sizeof(array[0])

static const struct cache_contents rich = {
    .sizeof_off_t = 8,
    .sizeof_size_t = 4,
    .sizeof_ptr_t = 2,
    .machine = 183,
    .context_align = 8192,
    .image_span = 0x14000,
    .text_span = 0x12000,
    .tier = OBCC_TIER_BASELINE,
    .image_align = 65536,
    .cpu_features = {{UINT64_C(0x8000000000000001), 0x42}},
    .identity = {(const uint8_t *)"format=100\n", 11},
    .dependencies = sample_dependencies,
    .n_dependencies = 2,
    LIST(imports, imports),
    LIST(export_vars, export_vars),
    LIST(export_funcs, export_funcs),
    LIST(export_foreachs, export_foreachs),
    LIST(pragmas, pragmas),
    LIST(funcs, funcs),
    LIST(vars, vars),
    LIST(object_slots, object_slots),
    LIST(needed, needed),
    .context = {(const uint8_t *)"the image, 25 bytes of it", 25},
    .debug = {(const uint8_t *)"debug", 5},
};

struct opened {
    struct cache_file file;
    struct cache_layout layout;
    struct cache_view view;
};

static struct opened open_contents(const struct cache_contents *contents,
                                   unsigned flags)
{
    struct opened opened = {.file = cache_file_make(contents)};
    struct error err = {0};

    if (cache_file_open(&opened.file, flags, &opened.layout, &opened.view,
                        &err))
        fail_msg("%s", err.message);
    return opened;
}

/* ---- Roundtrip ---- */

static void assert_symbols(const struct cache_view *view, unsigned kind,
                           const struct cache_symbol *wanted, size_t n_wanted,
                           bool with_signature)
{
    assert_int_equal(cache_count(view, kind), n_wanted);
    for (uint32_t i = 0; i < n_wanted; i++) {
        const struct obcc_symbol *symbol = cache_symbol_at(view, kind, i);

        assert_non_null(symbol);
        assert_string_equal(cache_string(view, obcc_get32(symbol->name)),
                            wanted[i].name);
        assert_true(obcc_get64(symbol->address) == wanted[i].address);
        assert_true(obcc_get64(symbol->size) == wanted[i].size);
        assert_int_equal(obcc_get32(symbol->kernel_signature),
                         with_signature ? wanted[i].kernel_signature : 0);
    }
}

static void header_says_what_was_written(void **state)
{
    struct opened o = open_contents(&rich, 0);

    (void)state;
    assert_int_equal(o.layout.machine, 183);
    assert_int_equal(o.layout.endianness, 'e');
    assert_int_equal(o.layout.sizeof_off_t, 8);
    assert_int_equal(o.layout.sizeof_size_t, 4);
    assert_int_equal(o.layout.sizeof_ptr_t, 2);
    assert_int_equal(o.layout.file_size, o.file.size);
    assert_int_equal(o.layout.context_align, 8192);
    assert_int_equal(o.layout.image_span, 0x14000);
    assert_int_equal(o.layout.text_span, 0x12000);
    assert_int_equal(o.layout.tier, OBCC_TIER_BASELINE);
    assert_int_equal(o.layout.image_align, 65536);
    assert_memory_equal(&o.layout.cpu_features, &rich.cpu_features,
                        sizeof(rich.cpu_features));
    assert_int_equal(o.layout.section[OBCC_CONTEXT].offset, 8192);
    assert_int_equal(o.layout.section[OBCC_CONTEXT].size, 25);
    assert_int_equal(o.layout.section[OBCC_DEBUG].offset, 8192 + 32);
    cache_file_free(&o.file);
}

static void symbols_come_back_and_tables_are_sorted(void **state)
{
    static const size_t by_name[] = {5, 3, 1, 0, 4, 2};
    struct cache_symbol sorted[6], sorted_vars[] = {vars[1], vars[0]};
    struct opened o = open_contents(&rich, 0);

    (void)state;
    for (size_t i = 0; i < 6; i++)
        sorted[i] = funcs[by_name[i]];
    assert_symbols(&o.view, OBCC_EXPORT_VAR_LIST, export_vars, 3, false);
    assert_symbols(&o.view, OBCC_EXPORT_FUNC_LIST, export_funcs, 2, false);
    assert_symbols(&o.view, OBCC_EXPORT_FOREACH_LIST, export_foreachs, 2, true);
    assert_symbols(&o.view, OBCC_FUNC_TABLE, sorted, 6, false);
    assert_symbols(&o.view, OBCC_VAR_TABLE, sorted_vars, 2, false);
    cache_file_free(&o.file);
}

static void dependencies_come_back(void **state)
{
    struct opened o = open_contents(&rich, 0);

    (void)state;
    assert_int_equal(cache_count(&o.view, OBCC_DEPENDENCY_TABLE), 2);
    for (uint32_t i = 0; i < 2; i++) {
        const struct obcc_dependency *d = cache_dependency_at(&o.view, i);
        const struct cache_dependency *wanted = &sample_dependencies[i];

        assert_string_equal(cache_string(&o.view, obcc_get32(d->name)),
                            wanted->name);
        assert_int_equal(obcc_get32(d->type), wanted->type);
        assert_int_equal(obcc_get32(d->flags), wanted->flags);
        assert_memory_equal(d->sha1, wanted->sha1, SHA1_SIZE);
        assert_true(obcc_get64(d->device) == wanted->stamp.device);
        assert_true(obcc_get64(d->inode) == wanted->stamp.inode);
        assert_true(obcc_get64(d->size) == wanted->stamp.size);
        assert_true(obcc_get64(d->mtime_ns) == wanted->stamp.mtime_ns);
        assert_true(obcc_get64(d->ctime_ns) == wanted->stamp.ctime_ns);
    }
    assert_null(cache_dependency_at(&o.view, 2));
    cache_file_free(&o.file);
}

static void other_lists_come_back(void **state)
{
    struct opened o = open_contents(&rich, CACHE_CHECK_ALL);

    (void)state;
    assert_int_equal(cache_count(&o.view, OBCC_RELOCATION_TABLE), 3);
    for (uint32_t i = 0; i < 3; i++) {
        const struct obcc_import *import = cache_import_at(&o.view, i);
        const struct obcc_pragma *pragma = cache_pragma_at(&o.view, i);

        assert_string_equal(cache_string(&o.view, obcc_get32(import->name)),
                            imports[i].name);
        assert_int_equal(obcc_get32(import->flags), imports[i].flags);
        assert_string_equal(cache_string(&o.view, obcc_get32(import->user)),
                            imports[i].user ? imports[i].user : "");
        assert_int_equal(obcc_get32(import->library), imports[i].library);
        assert_string_equal(cache_string(&o.view, obcc_get32(pragma->key)),
                            pragmas[i].key);
        assert_string_equal(cache_string(&o.view, obcc_get32(pragma->value)),
                            pragmas[i].value);
    }
    assert_null(cache_import_at(&o.view, 3));
    assert_null(cache_pragma_at(&o.view, 3));
    assert_int_equal(cache_count(&o.view, OBCC_NEEDED_LIST), 2);
    assert_string_equal(cache_needed_at(&o.view, 0), needed[0]);
    assert_string_equal(cache_needed_at(&o.view, 1), needed[1]);
    assert_string_equal(cache_needed_at(&o.view, 2), "");
    assert_int_equal(cache_count(&o.view, OBCC_OBJECT_SLOT_LIST), 2);
    assert_int_equal(cache_object_slot_at(&o.view, 0), 2);
    assert_int_equal(cache_object_slot_at(&o.view, 1), 0);
    assert_int_equal(cache_identity(&o.view).size, 11);
    assert_memory_equal(cache_identity(&o.view).data, "format=100\n", 11);
    assert_memory_equal(o.view.section[OBCC_CONTEXT].data, "the image", 9);
    assert_memory_equal(o.view.section[OBCC_DEBUG].data, "debug", 5);
    assert_int_equal(cache_count(&o.view, OBCC_CONTEXT), 0);
    assert_int_equal(cache_count(&o.view, 9999), 0);
    cache_file_free(&o.file);
}

static void a_byte_of_debug_information_is_kept(void **state)
{
    struct cache_contents little = rich;

    (void)state;
    for (size_t size = 0; size <= 1; size++) {
        struct opened o;

        little.debug.size = size;
        o = open_contents(&little, 0);
        assert_int_equal(o.view.section[OBCC_DEBUG].size, size);
        cache_file_free(&o.file);
    }
}

/* Of the C library, if it can tell. */
static size_t bytes_in_use(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
    return mallinfo2().uordblks;
#else
    return 0;
#endif
}

static void writing_and_reading_leave_no_memory_behind(void **state)
{
    size_t before = 0;

    (void)state;
    for (int i = 0; i < 40; i++) {
        struct opened o = open_contents(&rich, 0);

        cache_file_free(&o.file);
        if (i < 20) /* the C library keeps some blocks at hand */
            before = bytes_in_use();
    }
    assert_int_equal(bytes_in_use(), before);
}

static void each_string_is_kept_once(void **state)
{
    struct opened o = open_contents(&rich, 0);
    uint32_t count = cache_count(&o.view, OBCC_STRING_POOL);

    (void)state;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < i; j++)
            assert_string_not_equal(cache_string(&o.view, i),
                                    cache_string(&o.view, j));
    cache_file_free(&o.file);
}

static void same_contents_give_same_bytes(void **state)
{
    struct cache_symbol reversed[6];
    struct cache_contents other = rich;
    struct cache_file first = cache_file_make(&rich), second;

    (void)state;
    for (size_t i = 0; i < 6; i++)
        reversed[i] = funcs[5 - i];
    other.funcs = reversed;
    second = cache_file_make(&other);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    cache_file_free(&first);
    cache_file_free(&second);
}

static void empty_lists_are_there(void **state)
{
    struct cache_contents contents = {
        .context_align = 4096,
        .image_span = 4096,
        .text_span = 4096,
        .image_align = 4096,
        .identity = {(const uint8_t *)"i", 1},
        .context = {(const uint8_t *)"c", 1},
    };
    struct opened o = open_contents(&contents, CACHE_CHECK_ALL);

    (void)state;
    for (unsigned kind = 1; kind < OBCC_IDENTITY; kind++) {
        assert_int_equal(o.view.section[kind].size, sizeof(struct obcc_list));
        assert_int_equal(cache_count(&o.view, kind), 0);
    }
    assert_int_equal(o.layout.section[OBCC_DEBUG].size, 0);
    assert_int_equal(o.layout.section[OBCC_NEEDED_LIST].size, 0);
    assert_int_equal(cache_count(&o.view, OBCC_NEEDED_LIST), 0);
    assert_null(cache_find_symbol(&o.view, OBCC_FUNC_TABLE, ""));
    assert_string_equal(cache_string(&o.view, 0), "");
    cache_file_free(&o.file);
}

static void view_needs_no_bytes_of_the_context(void **state)
{
    struct opened o = open_contents(&rich, 0);
    struct span prefix = {o.file.data, 8192};
    struct cache_view view;

    (void)state;
    assert_int_equal(cache_view_open(prefix, &o.layout, 0, "x", &view, NULL),
                     STATUS_OK);
    assert_int_equal(view.section[OBCC_CONTEXT].size, 0);
    assert_int_equal(view.section[OBCC_DEBUG].size, 0);
    assert_true(cache_view_walk(&view) == cache_view_walk(&o.view));
    assert_int_equal(
        cache_view_open(prefix, &o.layout, CACHE_CHECK_ALL, "x", &view, NULL),
        STATUS_CORRUPT);
    prefix.size = 700;
    assert_int_equal(cache_view_open(prefix, &o.layout, 0, "x", &view, NULL),
                     STATUS_CORRUPT);
    cache_file_free(&o.file);
}

/* ---- Lookup ---- */

static void symbols_are_found_by_name(void **state)
{
    struct opened o = open_contents(&rich, 0);
    const struct obcc_symbol *symbol;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        symbol = cache_find_symbol(&o.view, OBCC_FUNC_TABLE, funcs[i].name);
        assert_non_null(symbol);
        assert_string_equal(cache_string(&o.view, obcc_get32(symbol->name)),
                            funcs[i].name);
    }
    symbol = cache_find_symbol(&o.view, OBCC_FUNC_TABLE, "helper");
    assert_int_equal(obcc_get64(symbol->address), 0x280);
    assert_null(cache_find_symbol(&o.view, OBCC_FUNC_TABLE, ""));
    assert_null(cache_find_symbol(&o.view, OBCC_FUNC_TABLE, "aaaa"));
    assert_null(cache_find_symbol(&o.view, OBCC_FUNC_TABLE, "twic"));
    assert_null(cache_find_symbol(&o.view, OBCC_FUNC_TABLE, "twices"));
    assert_null(cache_find_symbol(&o.view, OBCC_FUNC_TABLE, "\xff"));
    assert_non_null(cache_find_symbol(&o.view, OBCC_VAR_TABLE, "alpha"));
    assert_null(cache_find_symbol(&o.view, OBCC_VAR_TABLE, "gain"));
    cache_file_free(&o.file);
}

enum { N_MANY = 100000 };

/* Owned by the caller: the array and, in one block, its names. */
static struct cache_symbol *make_many(char (**ret_names)[16])
{
    struct cache_symbol *many = calloc(N_MANY, sizeof(*many));
    char(*names)[16] = calloc(N_MANY, sizeof(*names));

    assert_non_null(many);
    assert_non_null(names);
    for (size_t i = 0; i < N_MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "f%zu", i);
        many[i] = (struct cache_symbol){
            .name = names[i], .address = 16 * i, .size = 16};
    }
    *ret_names = names;
    return many;
}

static void hundred_thousand_functions_are_found(void **state)
{
    struct cache_contents contents = rich;
    char(*names)[16];
    struct cache_symbol *many = make_many(&names);
    struct opened o;

    (void)state;
    contents.funcs = many;
    contents.n_funcs = N_MANY;
    contents.image_span = 16 * N_MANY / 4096 * 4096 + 4096;
    o = open_contents(&contents, CACHE_CHECK_ALL);
    assert_int_equal(cache_count(&o.view, OBCC_FUNC_TABLE), N_MANY);
    for (size_t i = 0; i < N_MANY; i += 7) {
        const struct obcc_symbol *symbol =
            cache_find_symbol(&o.view, OBCC_FUNC_TABLE, names[i]);
        assert_non_null(symbol);
        assert_int_equal(obcc_get64(symbol->address), 16 * i);
    }
    assert_null(cache_find_symbol(&o.view, OBCC_FUNC_TABLE, "f100000"));
    cache_file_free(&o.file);
    free(many);
    free(names);
}

/* Only above that many rows is there an index. */
enum { N_PLAIN = 1024 };

/* The functions have the names of make_many(), but each name twice. */
static struct opened open_twins(size_t n_funcs, struct cache_symbol **ret_many,
                                char (**ret_names)[16])
{
    struct cache_contents contents = rich;
    struct opened o;

    *ret_many = make_many(ret_names);
    for (size_t i = 0; i < n_funcs; i++)
        (*ret_many)[i].name = (*ret_names)[i / 2];
    contents.funcs = *ret_many;
    contents.n_funcs = n_funcs;
    o = open_contents(&contents, CACHE_CHECK_ALL);
    return o;
}

static void assert_twins(const struct cache_view *view, size_t n_funcs,
                         char (*names)[16])
{
    for (size_t i = 0; i < n_funcs / 2; i++) {
        const struct obcc_symbol *symbol =
            cache_find_symbol(view, OBCC_FUNC_TABLE, names[i]);

        assert_non_null(symbol);
        assert_int_equal(obcc_get64(symbol->address), 32 * i);
    }
    assert_null(cache_find_symbol(view, OBCC_FUNC_TABLE, names[n_funcs / 2]));
    assert_null(cache_find_symbol(view, OBCC_FUNC_TABLE, ""));
}

static void large_tables_have_an_index(void **state)
{
    struct cache_symbol *many;
    char(*names)[16];
    struct opened o = open_twins(N_PLAIN, &many, &names);
    uint32_t n_slots, n_used = 0;

    (void)state;
    assert_false(cache_is_there(&o.view, OBCC_FUNC_INDEX));
    assert_twins(&o.view, N_PLAIN, names);
    cache_file_free(&o.file);
    free(many);
    free(names);

    o = open_twins(N_PLAIN + 2, &many, &names);
    n_slots = cache_count(&o.view, OBCC_FUNC_INDEX);
    assert_int_equal(n_slots, 2048);
    for (uint32_t i = 0; i < n_slots; i++) {
        const struct obcc_slot *slots =
            (const void *)(o.view.section[OBCC_FUNC_INDEX].data + 8);
        n_used += obcc_get32(slots[i].row) != 0;
    }
    assert_int_equal(n_used, N_PLAIN / 2 + 1);
    assert_twins(&o.view, N_PLAIN + 2, names);
    cache_file_free(&o.file);
    free(many);
    free(names);
}

/* A reader that does not know it passes over it. */
static void the_index_is_dispensable(void **state)
{
    const size_t n_funcs = 2 * N_PLAIN;
    struct cache_symbol *many;
    char(*names)[16];
    struct opened o = open_twins(n_funcs, &many, &names);

    (void)state;
    cache_file_section(&o.file, OBCC_FUNC_INDEX)->kind = obcc_le32(60);
    cache_file_seal_header(&o.file);
    assert_int_equal(
        cache_file_open(&o.file, CACHE_CHECK_ALL, &o.layout, &o.view, NULL),
        STATUS_OK);
    assert_twins(&o.view, n_funcs, names);
    cache_file_free(&o.file);
    free(many);
    free(names);
}

/* Rows that are not there, no slot empty, hashes that agree with all; then a
 * count that no mask fits. */
static void the_search_in_a_damaged_index_ends(void **state)
{
    const size_t n_funcs = 2 * N_PLAIN;
    struct cache_symbol *many;
    char(*names)[16];
    struct opened o = open_twins(n_funcs, &many, &names);
    const uint32_t n_slots = cache_count(&o.view, OBCC_FUNC_INDEX);
    struct obcc_slot *slots =
        (void *)(cache_file_bytes(&o.file, OBCC_FUNC_INDEX) + 8);
    const struct obcc_le32 hash = obcc_le32(checksum_name("f0"));

    (void)state;
    for (uint32_t i = 0; i < n_slots; i++) {
        slots[i].hash = hash;
        slots[i].row = obcc_le32(UINT32_MAX - i % 2);
    }
    assert_null(cache_find_symbol(&o.view, OBCC_FUNC_TABLE, "f0"));
    for (uint32_t i = 0; i < n_slots; i++)
        slots[i].name = obcc_le32(UINT32_MAX - i % 4);
    assert_null(cache_find_symbol(&o.view, OBCC_FUNC_TABLE, "f0"));
    for (uint32_t i = 0; i < n_slots; i++)
        slots[i].row = obcc_le32(2);
    assert_null(cache_find_symbol(&o.view, OBCC_FUNC_TABLE, "f3"));

    ((struct obcc_list *)(void *)slots)[-1].count = obcc_le32(n_slots - 1);
    cache_file_section(&o.file, OBCC_FUNC_INDEX)->size =
        obcc_le64(8 + (n_slots - 1) * sizeof(*slots));
    cache_file_section(&o.file, OBCC_FUNC_INDEX)->checksum = obcc_le64(0);
    cache_file_seal_header(&o.file);
    assert_int_equal(cache_file_open(&o.file, 0, &o.layout, &o.view, NULL),
                     STATUS_OK);
    assert_twins(&o.view, n_funcs, names);
    cache_file_free(&o.file);
    free(many);
    free(names);
}

static void damage_in_a_table_is_found_when_asked_for(void **state)
{
    struct cache_contents contents = rich;
    char(*names)[16];
    struct cache_symbol *many = make_many(&names);
    struct error err = {0};
    struct opened o;

    (void)state;
    contents.funcs = many;
    contents.n_funcs = N_MANY;
    o = open_contents(&contents, 0);
    /* All names and all string rows nonsense: accessors stay inside. */
    memset(cache_file_bytes(&o.file, OBCC_FUNC_TABLE) + 8, 0xff,
           N_MANY / 2 * sizeof(struct obcc_symbol));
    memset(cache_file_bytes(&o.file, OBCC_STRING_POOL) + 8, 0xee, N_MANY * 8);
    assert_int_equal(cache_file_open(&o.file, 0, &o.layout, &o.view, &err),
                     STATUS_OK);
    cache_view_walk(&o.view);
    assert_int_equal(
        cache_file_open(&o.file, CACHE_CHECK_ALL, &o.layout, &o.view, &err),
        STATUS_CORRUPT);
    assert_string_equal(err.message,
                        "test.oBCC: function table: checksum mismatch");
    cache_file_free(&o.file);
    free(many);
    free(names);
}

/* ---- What the writer refuses ---- */

static void assert_refused(const struct cache_contents *contents,
                           enum status wanted, const char *fact)
{
    struct error err = {0};
    struct buffer out;

    buffer_init(&out);
    assert_int_equal(cache_write(contents, &out, &err), wanted);
    if (!strstr(err.message, fact))
        fail_msg("'%s' is not in '%s'", fact, err.message);
    buffer_release(&out);
}

static void writer_refuses_what_the_format_cannot_say(void **state)
{
    struct cache_contents c;

    (void)state;
    c = rich, c.context_align = 2048;
    assert_refused(&c, STATUS_UNSUPPORTED, "context alignment");
    c = rich, c.image_span = 4097;
    assert_refused(&c, STATUS_UNSUPPORTED, "image span");
    c = rich, c.text_span = c.image_span + 4096;
    assert_refused(&c, STATUS_UNSUPPORTED, "text span");
    c = rich, c.image_align = 4096;
    assert_refused(&c, STATUS_UNSUPPORTED, "image alignment");
    c = rich, c.identity.size = 0;
    assert_refused(&c, STATUS_MISUSE, "identity");
    c = rich, c.context.size = 0;
    assert_refused(&c, STATUS_MISUSE, "context");
    c = rich, c.n_export_vars = 2;
    assert_refused(&c, STATUS_MISUSE, "slot 0 is variable 2 of 2");
    c = rich, c.n_needed = 1;
    assert_refused(&c, STATUS_MISUSE, "'sinf' is in library 2 of 1");
#if SIZE_MAX > UINT32_MAX
    c = rich, c.n_imports = (size_t)UINT32_MAX + 1;
    assert_refused(&c, STATUS_UNSUPPORTED, "relocation table: 4294967296");
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_says_what_was_written),
        cmocka_unit_test(symbols_come_back_and_tables_are_sorted),
        cmocka_unit_test(dependencies_come_back),
        cmocka_unit_test(other_lists_come_back),
        cmocka_unit_test(a_byte_of_debug_information_is_kept),
        cmocka_unit_test(writing_and_reading_leave_no_memory_behind),
        cmocka_unit_test(each_string_is_kept_once),
        cmocka_unit_test(same_contents_give_same_bytes),
        cmocka_unit_test(empty_lists_are_there),
        cmocka_unit_test(view_needs_no_bytes_of_the_context),
        cmocka_unit_test(symbols_are_found_by_name),
        cmocka_unit_test(hundred_thousand_functions_are_found),
        cmocka_unit_test(large_tables_have_an_index),
        cmocka_unit_test(the_index_is_dispensable),
        cmocka_unit_test(the_search_in_a_damaged_index_ends),
        cmocka_unit_test(damage_in_a_table_is_found_when_asked_for),
        cmocka_unit_test(writer_refuses_what_the_format_cannot_say),
    };

    return cmocka_run_group_tests_name("cache file", tests, NULL, NULL);
}
