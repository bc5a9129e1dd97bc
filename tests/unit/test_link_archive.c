/* lib/linker: which members of archives get into an image. */
#include "link_fixture.h"

#include <stdlib.h>

/* ---- Taken, and not taken ---- */

static void takes_the_members_that_define_what_is_undefined(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", "func start\ncall needed@PLT\nret\n");
    fixture_assemble(f, "b.o", ".globl needed\nfunc needed\nret\n");
    fixture_assemble(f, "c.o", ".globl spare\nfunc spare\nret\n");
    fixture_archive(f, "lib.a", 2);
    fixture_image(f);
    assert_true(fixture_has_symbol(f, "needed"));
    assert_false(fixture_has_symbol(f, "spare"));
    assert_int_equal(f->result.n_imports, 0);
}

static void takes_what_members_need_from_any_archive(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".data\n.quad first\n");
    fixture_assemble(f, "b.o",
                     ".data\n.globl third\nvar third\n.quad fourth\n");
    fixture_assemble(f, "c.o",
                     ".data\n.globl first\nvar first\n.quad second\n");
    fixture_archive(f, "one.a", 2);
    fixture_assemble(f, "d.o", ".globl fourth\nfunc fourth\nret\n");
    fixture_assemble(f, "e.o",
                     ".data\n.globl second\nvar second\n.quad third\n");
    fixture_archive(f, "two.a", 2);
    fixture_image(f);
    assert_int_equal(f->result.n_imports, 0);
    assert_int_equal(f->result.n_objects, 3);
    assert_int_equal(f->result.n_functions, 1);
}

static void takes_the_first_that_has_it(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".data\nvar word\n.quad number\n");
    fixture_assemble(f, "b.o", ".globl number\nnumber = 1\n");
    fixture_archive(f, "one.a", 1);
    fixture_assemble(f, "c.o", ".globl number\nnumber = 2\n");
    fixture_archive(f, "two.a", 1);
    fixture_image(f);
    assert_int_equal(fixture_word(f, fixture_address(f, "word")), 1);
}

/* What is weakly wanted may stay undefined; what is common is defined. */
static void takes_nothing_for_weak_references_and_commons(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".weak maybe\n.comm shared, 8, 8\n"
                     ".data\n.quad maybe, shared\n");
    fixture_assemble(f, "b.o", ".globl maybe\nfunc maybe\nret\n");
    fixture_assemble(f, "c.o", ".data\n.globl shared\nvar shared\n.quad 7\n");
    fixture_archive(f, "lib.a", 2);
    fixture_image(f);
    assert_false(fixture_has_symbol(f, "maybe"));
    assert_true(fixture_import(f, "maybe")->weak);
    assert_null(fixture_section(f, ".text"));
}

static void is_the_same_image_if_no_member_is_needed(void **state)
{
    struct fixture *f = *state;
    struct link_params params = {.inputs = f->inputs, .n_inputs = 1};
    struct link_result alone;

    fixture_assemble(f, "a.o", ".globl used\nfunc used\ncall other@PLT\nret\n");
    fixture_assemble(f, "b.o", ".globl used\nfunc used\nret\n");
    fixture_archive(f, "lib.a", 1);
    fixture_image(f);
    assert_int_equal(link_image(&params, &alone, NULL), STATUS_OK);
    assert_int_equal(alone.image.size, f->result.image.size);
    assert_memory_equal(alone.image.data, f->result.image.data,
                        alone.image.size);
    link_result_release(&alone);
}

/* ---- Definitions ---- */

static void keeps_definitions_of_inputs_against_those_of_members(void **state)
{
    struct fixture *f = *state;
    uint64_t words;

    fixture_assemble(f, "a.o",
                     ".globl strong\nstrong = 1\n.weak weak\nweak = 2\n"
                     ".data\nvar words\n.quad strong, weak, other\n");
    fixture_assemble(f, "b.o",
                     ".globl strong, weak, other\n"
                     "strong = 11\nweak = 12\nother = 13\n");
    fixture_archive(f, "lib.a", 1);
    fixture_image(f);
    words = fixture_address(f, "words");
    assert_int_equal(fixture_word(f, words), 1);
    assert_int_equal(fixture_word(f, words + 8), 2);
    assert_int_equal(fixture_word(f, words + 16), 13);
}

static void refuses_two_strong_definitions_of_members(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".data\n.quad first, second\n");
    fixture_assemble(f, "b.o", ".globl first, both\nfirst = 1\nboth = 1\n");
    fixture_assemble(f, "c.o", ".globl second, both\nsecond = 1\nboth = 1\n");
    fixture_archive(f, "lib.a", 2);
    fixture_refused(f, STATUS_MISUSE, "lib.a(c.o): 'both' is defined",
                    "lib.a(b.o)");
}

static void serves_undefined_symbols_with_hidden_definitions(void **state)
{
    struct fixture *f = *state;

    fixture_compile(f, "a.o", NULL,
                    "extern long twice(long); extern long calls;\n"
                    "long run(void) { return twice(20) + calls; }\n");
    fixture_compile(f, "b.o", "-fvisibility=hidden",
                    "long calls;\n"
                    "__attribute__((constructor)) static void start(void)\n"
                    "{ calls = 1; }\n"
                    "long twice(long value) { calls++; return 2 * value; }\n");
    fixture_archive(f, "lib.a", 1);
    fixture_export(f, "run");
    fixture_load(f);
    assert_int_equal(fixture_call(f, "run"), 42);
}

/* ---- Refused ---- */

static void names_the_member_in_messages(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".data\n.quad wanted\n");
    fixture_assemble_for(f, "--32", "b.o", ".globl wanted\nwanted = 1\n");
    fixture_archive(f, "lib.a", 1);
    fixture_refused(f, STATUS_UNSUPPORTED, "lib.a(b.o): ", "machine 3");
}

static void refuses_an_index_that_lies(void **state)
{
    struct fixture *f = *state;
    uint8_t *name;

    fixture_assemble(f, "a.o", ".data\n.quad wanted\n");
    fixture_assemble(f, "b.o", ".globl wander\nwander = 1\n");
    fixture_archive(f, "lib.a", 1);
    /* Behind magic, header, count and one offset. */
    name = (uint8_t *)(uintptr_t)f->archives[0].bytes.data + 8 + 60 + 8;
    assert_string_equal((const char *)name, "wander");
    memcpy(name, "wanted", 6);
    fixture_refused(f, STATUS_CORRUPT, "lib.a(b.o): the archive's index",
                    "'wanted'");
}

static void refuses_an_archive_without_index(void **state)
{
    struct fixture *f = *state;
    char *index;

    fixture_assemble(f, "a.o", ".data\n.quad wanted\n");
    fixture_assemble(f, "b.o", ".globl wanted\nwanted = 1\n");
    fixture_archive(f, "lib.a", 1);
    index = (char *)(uintptr_t)f->archives[0].bytes.data + 8;
    assert_memory_equal(index, "/  ", 3);
    memcpy(index, "x.o/", 4);
    fixture_refused(f, STATUS_UNSUPPORTED, "lib.a: ", "no symbol index");
}

static void refuses_what_is_no_archive(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o", ".data\n.quad wanted\n");
    fixture_assemble(f, "b.o", ".globl wanted\nwanted = 1\n");
    fixture_archive(f, "lib.a", 1);
    memcpy((void *)(uintptr_t)f->archives[0].bytes.data, "!<thin>\n", 8);
    fixture_refused(f, STATUS_UNSUPPORTED, "lib.a: ", "thin archive");
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_the_members_that_define_what_is_undefined),
        TEST(takes_what_members_need_from_any_archive),
        TEST(takes_the_first_that_has_it),
        TEST(takes_nothing_for_weak_references_and_commons),
        TEST(is_the_same_image_if_no_member_is_needed),
        TEST(keeps_definitions_of_inputs_against_those_of_members),
        TEST(refuses_two_strong_definitions_of_members),
        TEST(serves_undefined_symbols_with_hidden_definitions),
        TEST(names_the_member_in_messages),
        TEST(refuses_an_index_that_lies),
        TEST(refuses_an_archive_without_index),
        TEST(refuses_what_is_no_archive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
