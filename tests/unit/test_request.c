/* Requests: each has exactly one text, and the text gives the request back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <bcc/bcc_cache.h>

#include "arena.h"
#include "buffer.h"
#include "request.h"

static const struct request_input inputs[] = {
    {REQUEST_SCRIPT, OBCC_APK_RESOURCE, false, "raw/my script.bc", 1234, NULL},
    {REQUEST_LIBRARY, OBCC_FILE_RESOURCE, true, "/usr/lib/lib%41\nx.bc", 0,
     NULL},
    {REQUEST_OBJECT, OBCC_FILE_RESOURCE, false, "", UINT64_MAX, NULL},
    {REQUEST_LIBRARY, OBCC_APK_RESOURCE, true, "\x01 \x7f\xc3\xbc input=", 1,
     NULL},
    {REQUEST_LIBRARY, OBCC_APK_RESOURCE, false, "my app.apk!raw/my lib.bc", 70,
     "raw/my lib.bc"},
};

static const char *const marks[] = {"zeta", "alpha", "zeta",
                                    "",     "a b",   "alpha"};

static const char *const library_dirs[] = {"/opt/z lib", "."};

static const struct request_shared shared[] = {
    {REQUEST_SHARED_SEARCH, "z"},
    {REQUEST_SHARED_OPEN, "/opt/my lib.so"},
};

static const struct request rich = {
    .libbcc_version = "0.1.0",
    .llvm_version = "22.1.8",
    .triple = "x86_64-pc-linux-gnu",
    .cpu = "native",
    .features = "+avx2,-fma",
    .opt_level = 2,
    .flags = REQUEST_MARKED_ONLY,
    .marks = marks,
    .n_marks = 6,
    .library_dirs = library_dirs,
    .n_library_dirs = 2,
    .shared = shared,
    .n_shared = 2,
    .inputs = inputs,
    .n_inputs = 5,
    .limit_memory = UINT64_C(1) << 40,
    .portable = true,
    .tier = REQUEST_TIER_AUTO,
    .entry = "my entry",
};

static const char rich_identity[] = "format=100\n"
                                    "libbcc=0.1.0\n"
                                    "llvm=22.1.8\n"
                                    "triple=x86_64-pc-linux-gnu\n"
                                    "cpu=native\n"
                                    "features=+avx2,-fma\n"
                                    "opt=2\n"
                                    "flags=marked-only\n"
                                    "mark=\n"
                                    "mark=a%20b\n"
                                    "mark=alpha\n"
                                    "mark=zeta\n"
                                    "library-dir=/opt/z%20lib\n"
                                    "library-dir=.\n"
                                    "shared=search z\n"
                                    "shared=open /opt/my%20lib.so\n";

static const char rich_rest[] =
    "limit-memory=1099511627776\n"
    "portable=1\n"
    "tier=2\n"
    "entry=my%20entry\n"
    "input=script apk - 1234 raw/my%20script.bc\n"
    "input=library file skip-sha1 0 /usr/lib/lib%2541%0Ax.bc\n"
    "input=object file - 18446744073709551615 \n"
    "input=library apk skip-sha1 1 %01%20%7F\xc3\xbc%20input=\n"
    "input=library apk - 70 my%20app.apk!raw/my%20lib.bc raw/my%20lib.bc\n";

struct fixture {
    struct arena arena;
    struct buffer text; /* of `rich` */
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (!f)
        return -1;
    arena_init(&f->arena);
    buffer_init(&f->text);
    *state = f;
    return request_write(&rich, &f->text, NULL);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    arena_release(&f->arena);
    buffer_release(&f->text);
    free(f);
    return 0;
}

static void assert_text(const struct buffer *text, const char *wanted)
{
    assert_int_equal(text->size, strlen(wanted));
    assert_memory_equal(text->data, wanted, text->size);
}

/* ---- Writing ---- */

static void identity_is_canonical_text_without_inputs(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text);
    assert_int_equal(request_write_identity(&rich, &text, NULL), STATUS_OK);
    assert_text(&text, rich_identity);
    buffer_release(&text);
}

static void identity_depends_on_no_order_of_marks(void **state)
{
    static const char *const other[] = {"a b", "", "zeta", "alpha"};
    struct request request = rich;
    struct buffer text;

    (void)state;
    request.marks = other;
    request.n_marks = 4;
    buffer_init(&text);
    assert_int_equal(request_write_identity(&request, &text, NULL), 0);
    assert_text(&text, rich_identity);
    buffer_release(&text);
}

static void identity_changes_with_each_option(void **state)
{
    static const char *const one_mark[] = {"alpha"};
    struct request changed[13];
    struct buffer text;

    (void)state;
    for (size_t i = 0; i < 13; i++)
        changed[i] = rich;
    changed[0].libbcc_version = "0.1.1";
    changed[1].llvm_version = "22.1.9";
    changed[2].triple = "x86_64-pc-linux-musl";
    changed[3].cpu = "x86-64";
    changed[4].features = "";
    changed[5].opt_level = 3;
    changed[6].flags = 0;
    changed[7].marks = one_mark;
    changed[7].n_marks = 1;
    changed[8].flags |= REQUEST_DEFAULT_LIBRARIES;
    changed[9].n_library_dirs = 1;
    changed[10].n_shared = 1;
    changed[11].flags = REQUEST_MARKED_ONLY | REQUEST_STRIP_DEBUG;
    changed[12].flags |= REQUEST_FP_CONTRACT_OFF;
    for (size_t i = 0; i < 13; i++) {
        buffer_init(&text);
        assert_int_equal(request_write_identity(&changed[i], &text, NULL), 0);
        buffer_append(&text, "", 1);
        assert_string_not_equal((char *)text.data, rich_identity);
        buffer_release(&text);
    }
}

static void flags_are_words_in_one_order(void **state)
{
    struct fixture *f = *state;
    struct request request = rich, parsed;
    struct buffer text;
    size_t identity_size;

    request.flags = REQUEST_FP_CONTRACT_OFF | REQUEST_STRIP_DEBUG |
                    REQUEST_DEFAULT_LIBRARIES | REQUEST_MARKED_ONLY;
    buffer_init(&text);
    assert_int_equal(request_write(&request, &text, NULL), STATUS_OK);
    assert_int_equal(request_parse(buffer_span(&text), &f->arena, &parsed,
                                   &identity_size, NULL),
                     STATUS_OK);
    assert_int_equal(parsed.flags, request.flags);
    buffer_append(&text, "", 1);
    assert_non_null(strstr((char *)text.data,
                           "\nflags=marked-only,default-libraries,strip-debug,"
                           "fp-contract-off\n"));
    buffer_release(&text);
}

static void value_cannot_pass_for_another_line(void **state)
{
    struct request request = rich;
    struct buffer text;

    (void)state;
    request.cpu = "native\nfeatures=+x";
    buffer_init(&text);
    assert_int_equal(request_write_identity(&request, &text, NULL), 0);
    buffer_append(&text, "", 1);
    assert_non_null(strstr((char *)text.data, "\ncpu=native%0Afeatures=+x\n"));
    buffer_release(&text);
}

static void message_is_identity_and_inputs(void **state)
{
    struct fixture *f = *state;
    size_t size = sizeof(rich_identity) - 1;

    assert_int_equal(f->text.size, size + sizeof(rich_rest) - 1);
    assert_memory_equal(f->text.data, rich_identity, size);
    assert_memory_equal(f->text.data + size, rich_rest, f->text.size - size);
}

static void no_inputs_and_too_many_are_misuse(void **state)
{
    struct request request = rich;
    struct error err = {0};
    struct buffer text;

    (void)state;
    buffer_init(&text);
    request.n_inputs = REQUEST_MAX_INPUTS + 1;
    assert_int_equal(request_write(&request, &text, &err), STATUS_MISUSE);
    assert_string_equal(err.message, "request: 257 inputs, not 1 to 256");
    request.n_inputs = 0;
    assert_int_equal(request_write(&request, &text, &err), STATUS_MISUSE);
    buffer_release(&text);
}

/* ---- Parsing ---- */

static void assert_same_input(const struct request_input *a,
                              const struct request_input *b)
{
    assert_int_equal(a->role, b->role);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->skip_sha1, b->skip_sha1);
    assert_string_equal(a->name, b->name);
    assert_true(a->size == b->size);
    assert_int_equal(a->entry == NULL, b->entry == NULL);
    if (a->entry)
        assert_string_equal(a->entry, b->entry);
}

static void parsing_gives_back_what_was_written(void **state)
{
    static const char *const sorted[] = {"", "a b", "alpha", "zeta"};
    struct fixture *f = *state;
    struct error err = {0};
    struct request got;
    size_t identity_size;

    assert_int_equal(request_parse(buffer_span(&f->text), &f->arena, &got,
                                   &identity_size, &err),
                     STATUS_OK);
    assert_int_equal(identity_size, sizeof(rich_identity) - 1);
    assert_string_equal(got.libbcc_version, rich.libbcc_version);
    assert_string_equal(got.llvm_version, rich.llvm_version);
    assert_string_equal(got.triple, rich.triple);
    assert_string_equal(got.cpu, rich.cpu);
    assert_string_equal(got.features, rich.features);
    assert_int_equal(got.opt_level, rich.opt_level);
    assert_int_equal(got.flags, rich.flags);
    assert_true(got.limit_memory == rich.limit_memory);
    assert_true(got.portable);
    assert_int_equal(got.tier, REQUEST_TIER_AUTO);
    assert_string_equal(got.entry, "my entry");
    assert_int_equal(got.n_marks, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(got.marks[i], sorted[i]);
    assert_int_equal(got.n_library_dirs, rich.n_library_dirs);
    assert_int_equal(got.n_shared, rich.n_shared);
    for (size_t i = 0; i < got.n_shared; i++) {
        assert_string_equal(got.library_dirs[i], library_dirs[i]);
        assert_int_equal(got.shared[i].how, shared[i].how);
        assert_string_equal(got.shared[i].name, shared[i].name);
    }
    assert_int_equal(got.n_inputs, rich.n_inputs);
    for (size_t i = 0; i < rich.n_inputs; i++)
        assert_same_input(&got.inputs[i], &rich.inputs[i]);
}

/* Each number up to its limit; what is above is among bad_cases. */
static void parsing_takes_every_level_and_tier(void **state)
{
    struct fixture *f = *state;

    for (unsigned number = 0; number <= 3; number++) {
        struct request request = rich, got;
        struct error err = {0};
        size_t identity_size;
        struct buffer text;

        request.opt_level = number;
        request.tier = (enum request_tier)number;
        buffer_init(&text);
        assert_int_equal(request_write(&request, &text, &err), STATUS_OK);
        assert_int_equal(request_parse(buffer_span(&text), &f->arena, &got,
                                       &identity_size, &err),
                         STATUS_OK);
        assert_int_equal(got.opt_level, number);
        assert_int_equal(got.tier, number);
        buffer_release(&text);
    }
}

static void as_many_inputs_as_there_are_descriptors(void **state)
{
    struct fixture *f = *state;
    struct request_input many[REQUEST_MAX_INPUTS];
    struct request request = rich, got;
    size_t identity_size;
    struct buffer text;

    for (size_t i = 0; i < REQUEST_MAX_INPUTS; i++) {
        many[i] = inputs[1];
        many[i].size = i;
    }
    request.inputs = many;
    request.n_inputs = REQUEST_MAX_INPUTS;
    buffer_init(&text);
    assert_int_equal(request_write(&request, &text, NULL), STATUS_OK);
    assert_int_equal(request_parse(buffer_span(&text), &f->arena, &got,
                                   &identity_size, NULL),
                     STATUS_OK);
    assert_int_equal(got.n_inputs, REQUEST_MAX_INPUTS);
    assert_int_equal(got.inputs[255].size, 255);
    buffer_append_string(&text, "input=library apk - 1 x\n");
    assert_int_equal(request_parse(buffer_span(&text), &f->arena, &got,
                                   &identity_size, NULL),
                     STATUS_CORRUPT);
    buffer_release(&text);
}

struct bad_case {
    const char *old, *new; /* replacement in the text of `rich` */
    const char *message;
};

static const struct bad_case bad_cases[] = {
    {"format=100", "format=101", "request: line 1: another format version"},
    {"format=", "Format=", "request: line 1: 'format=' was expected"},
    {"llvm=22.1.8\n", "", "request: line 3: 'llvm=' was expected"},
    {"cpu=native", "cpu=na tive", "request: line 5: a byte is not escaped"},
    {"cpu=native", "cpu=%", "line 5: a byte is not escaped"},
    {"cpu=native", "cpu=%2", "line 5: a byte is not escaped"},
    {"cpu=native", "cpu=%0a", "line 5: a byte is not escaped"},
    {"cpu=native", "cpu=%41", "line 5: a byte is not escaped"},
    {"cpu=native", "cpu=%00", "line 5: a byte is not escaped"},
    {"cpu=native", "cpu=\x7f", "line 5: a byte is not escaped"},
    {"opt=2", "opt=4", "line 7: no such optimisation level"},
    {"opt=2", "opt=", "line 7: not a decimal number"},
    {"opt=2", "opt=02", "line 7: not a decimal number"},
    {"opt=2", "opt=-1", "line 7: not a decimal number"},
    {"flags=marked-only", "flags=marked", "line 8: unknown flag"},
    {"flags=marked-only", "flags=marked-only,", "line 8: flag list ends"},
    {"flags=marked-only", "flags=,marked-only", "line 8: unknown flag"},
    {"flags=marked-only", "flags=strip-debug,marked-only", "out of order"},
    {"flags=marked-only", "flags=marked-only,marked-only", "line 8: unknown"},
    {"mark=alpha", "mark=zeta", "line 12: marks are not in ascending order"},
    {"mark=zeta", "mark=a", "line 12: marks are not in ascending order"},
    {"library-dir=.", "Library-dir=.", "line 14: 'limit-memory=' was"},
    {"shared=search z", "shared=seek z", "line 15: not how to find"},
    {"shared=search z", "shared=search ", "line 15: not how to find"},
    {"shared=search z", "shared=search", "line 15: not how to find"},
    {"open /opt/my%20lib.so", "open /opt/my lib.so", "line 16: a byte is"},
    {"memory=1099511627776", "memory=18446744073709551616",
     "line 17: not a decimal number of 64 bits"},
    {"memory=1099511627776", "memory=1 ", "line 17: not a decimal number"},
    {"portable=1", "portable=2", "line 18: portable is neither 0 nor 1"},
    {"portable=1", "portable=", "line 18: not a decimal number"},
    {"tier=2", "tier=4", "line 19: no such tier"},
    {"tier=2", "tier=", "line 19: not a decimal number"},
    {"entry=my%20entry", "entry=my entry", "line 20: a byte is not"},
    {"input=script", "input=scripts", "line 21: unknown role"},
    {"input=object", "input=objects", "line 23: unknown role"},
    {"script apk", "script zip", "line 21: unknown role or resource type"},
    {"script apk", "script  apk", "line 21: unknown role or resource type"},
    {"apk - ", "apk + ", "line 21: unknown input flag"},
    {"- 1234 raw/my%20script.bc", "- 1234", "line 21: input without a name"},
    {"- 1234 raw/my%20script.bc", "-", "line 21: input without a name"},
    {"- 1234 raw/my%20script.bc", "", "line 21: unknown input flag"},
    {"1234 raw", "x234 raw", "line 21: not a decimal number"},
    {" raw/my%20lib.bc\n", " raw/my lib.bc\n", "line 25: a byte is not"},
    {" raw/my%20lib.bc\n", " raw/my%20lib.bc more\n", "line 25: a byte is"},
    {"input=library apk skip", "output=library apk", "line 24: something"},
};

static void each_malformed_line_is_named(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(bad_cases) / sizeof(bad_cases[0]); i++) {
        const struct bad_case *c = &bad_cases[i];
        struct error err = {0};
        struct request got;
        struct buffer text;
        size_t identity_size;
        const char *whole, *place;

        buffer_append(&f->text, "", 1);
        whole = (const char *)f->text.data;
        place = strstr(whole, c->old);
        assert_non_null(place);
        buffer_init(&text);
        buffer_append(&text, whole, (size_t)(place - whole));
        buffer_append_string(&text, c->new);
        buffer_append_string(&text, place + strlen(c->old));
        assert_int_equal(request_parse(buffer_span(&text), &f->arena, &got,
                                       &identity_size, &err),
                         STATUS_CORRUPT);
        if (!strstr(err.message, c->message))
            fail_msg("'%s' is not in '%s'", c->message, err.message);
        buffer_release(&text);
        f->text.size--;
    }
}

/* What parses is canonical: writing the result gives the same bytes. */
static bool parses_canonically(struct span message)
{
    struct request got;
    struct arena arena;
    struct buffer again;
    size_t identity_size;
    enum status status;

    arena_init(&arena);
    buffer_init(&again);
    status = request_parse(message, &arena, &got, &identity_size, NULL);
    if (status == STATUS_OK) {
        assert_int_equal(request_write(&got, &again, NULL), STATUS_OK);
        assert_int_equal(again.size, message.size);
        assert_memory_equal(again.data, message.data, message.size);
        again.size = 0;
        assert_int_equal(request_write_identity(&got, &again, NULL), 0);
        assert_int_equal(again.size, identity_size);
    }
    buffer_release(&again);
    arena_release(&arena);
    return status == STATUS_OK;
}

static void every_cut_message_is_refused_or_shorter(void **state)
{
    struct fixture *f = *state;

    for (size_t size = 0; size < f->text.size; size++) {
        struct span cut = {malloc(size + 1), size};
        uint8_t *bytes = (uint8_t *)cut.data;

        assert_non_null(bytes);
        memcpy(bytes, f->text.data, size);
        /* Whole lines may be missing behind the first input. */
        if (parses_canonically(cut))
            assert_int_equal(bytes[size - 1], '\n');
        free(bytes);
    }
    assert_false(parses_canonically((struct span){NULL, 0}));
}

static void every_bit_flip_is_refused_or_another_request(void **state)
{
    struct fixture *f = *state;
    size_t n_accepted = 0;

    for (size_t bit = 0; bit < f->text.size * 8; bit++) {
        f->text.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        n_accepted += parses_canonically(buffer_span(&f->text));
        f->text.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(n_accepted > 0);
}

static void mutated_messages_are_survived(void **state)
{
    static const char interesting[] = "\n%=, 09Af-\x7f\x00\xff";
    struct fixture *f = *state;
    uint32_t random = 4711; /* the same numbers in every run */
    struct buffer text;

    for (int round = 0; round < 5000; round++) {
        buffer_init(&text);
        buffer_append(&text, f->text.data, f->text.size);
        for (int i = 0; i < 1 + round % 5; i++) {
            random = random * 1664525u + 1013904223u;
            text.data[(random >> 12) % text.size] =
                (uint8_t)interesting[(random >> 4) % sizeof(interesting)];
        }
        (void)parses_canonically(buffer_span(&text));
        buffer_release(&text);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(identity_is_canonical_text_without_inputs),
        TEST(identity_depends_on_no_order_of_marks),
        TEST(identity_changes_with_each_option),
        TEST(flags_are_words_in_one_order),
        TEST(value_cannot_pass_for_another_line),
        TEST(message_is_identity_and_inputs),
        TEST(no_inputs_and_too_many_are_misuse),
        TEST(parsing_gives_back_what_was_written),
        TEST(parsing_takes_every_level_and_tier),
        TEST(as_many_inputs_as_there_are_descriptors),
        TEST(each_malformed_line_is_named),
        TEST(every_cut_message_is_refused_or_shorter),
        TEST(every_bit_flip_is_refused_or_another_request),
        TEST(mutated_messages_are_survived),
    };
#undef TEST

    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
