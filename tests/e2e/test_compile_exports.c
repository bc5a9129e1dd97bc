/* The exports of a script, as compile() returns them. */
#include <stdio.h>

#include "compile_fixture.h"

#include "libcalls.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, compile_fixture_setup,           \
                                    compile_fixture_teardown)

/* ---- With metadata ---- */

static const char rs_script[] =
    "@first = global i32 1\n"
    "@second = global [4 x i32] zeroinitializer\n"
    "@unlisted = global i32 3\n"
    "define void @root(ptr %in, ptr %out) { ret void }\n"
    "define void @init() { ret void }\n"
    "define void @.rs.dtor() { ret void }\n"
    "define void @invert() { ret void }\n"
    "define i32 @set(i32 %x) {\n"
    "  %old = load i32, ptr @first\n"
    "  store i32 %x, ptr @first\n"
    "  ret i32 %old\n"
    "}\n"
    "define void @other() { ret void }\n"
    "!\\23pragma = !{!0, !1, !0, !2}\n"
    "!\\23rs_export_var = !{!3, !4, !5, !6}\n"
    "!\\23rs_export_func = !{!7, !8}\n"
    "!\\23rs_export_foreach_name = !{!9, !10}\n"
    "!\\23rs_export_foreach = !{!11, !12}\n"
    "!\\23rs_object_slots = !{!13}\n"
    "!0 = !{!\"version\", !\"1\"}\n"
    "!1 = !{!\"rs_fp_relaxed\", !\"\"}\n"
    "!2 = !{!\"lonely\"}\n"
    "!3 = !{!\"second\", !\"5\"}\n"
    "!4 = !{!\"nowhere\", !\"5\"}\n"
    "!5 = !{!\"unlisted\"}\n"
    "!6 = !{!\"first\", !\"5\"}\n"
    "!7 = !{!\"set\"}\n"
    "!8 = !{!\".helper_gone\"}\n"
    "!9 = !{!\"root\"}\n"
    "!10 = !{!\"invert\"}\n"
    "!11 = !{!\"3\"}\n"
    "!12 = !{!\"35\"}\n"
    "!13 = !{!\"2\"}\n";

static void assert_symbol(const struct cache_symbol *symbol, const char *name,
                          bool has_address)
{
    assert_string_equal(symbol->name, name);
    if (has_address)
        assert_true(symbol->address != OBCC_NO_ADDRESS);
    else
        assert_true(symbol->address == OBCC_NO_ADDRESS);
}

static void lists_exports_in_metadata_order(void **state)
{
    struct compile_fixture *f = *state;
    const struct compile_result *result = &f->result;

    compile_fixture_add_text(f, "rs.bc", rs_script);
    assert_compiles(f);
    assert_int_equal(result->exports.n_vars, 3);
    assert_symbol(&result->exports.vars[0], "second", true);
    assert_symbol(&result->exports.vars[2], "first", true);
    assert_int_equal(result->exports.vars[0].size, 16);
    assert_int_equal(result->exports.vars[2].size, 4);
    assert_int_equal(result->exports.n_funcs, 2);
    assert_symbol(&result->exports.funcs[0], "set", true);
    assert_true(result->exports.funcs[0].size > 0);
}

static void a_missing_export_keeps_its_position(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "rs.bc", rs_script);
    assert_compiles(f);
    assert_symbol(&f->result.exports.vars[1], "nowhere", false);
    assert_symbol(&f->result.exports.funcs[1], ".helper_gone", false);
}

static void exports_name_the_symbols_of_the_function_table(void **state)
{
    struct compile_fixture *f = *state;
    const struct link_symbol *set;

    compile_fixture_add_text(f, "rs.bc", rs_script);
    assert_compiles(f);
    set = find_function(f, "set");
    assert_non_null(set);
    assert_int_equal(set->address, f->result.exports.funcs[0].address);
}

static void well_known_entries_stay_though_no_list_has_them(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "rs.bc", rs_script);
    assert_compiles(f);
    assert_non_null(find_function(f, "init"));
    assert_non_null(find_function(f, ".rs.dtor"));
}

static void what_metadata_does_not_list_vanishes(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "rs.bc", rs_script);
    assert_compiles(f);
    assert_null(find_function(f, "other"));
    assert_null(find_object(f, "unlisted"));
}

static void kernels_have_names_and_signatures(void **state)
{
    struct compile_fixture *f = *state;
    const struct cache_symbol *kernels;

    compile_fixture_add_text(f, "rs.bc", rs_script);
    assert_compiles(f);
    kernels = f->result.exports.foreachs;
    assert_int_equal(f->result.exports.n_foreachs, 2);
    assert_symbol(&kernels[0], "root", true);
    assert_symbol(&kernels[1], "invert", true);
    assert_int_equal(kernels[0].kernel_signature, 3);
    assert_int_equal(kernels[1].kernel_signature, 35);
}

/* ---- With annotations, as the macros of bcc_script.h make them ---- */

/* A row for each of `what`, which is annotated with `text`. */
static void add_annotated(struct compile_fixture *f, const char *what,
                          const char *text)
{
    static char source[2048];

    snprintf(source, sizeof(source),
             "@v = global i32 1\n"
             "@w = global ptr null\n"
             "@hidden = internal global i32 1\n"
             "define void @k(ptr %%in, ptr %%out, i32 %%x) { ret void }\n"
             "define i32 @f() { ret i32 1 }\n"
             "define void @unlisted() { ret void }\n"
             "@file = private constant [4 x i8] c\"a.c\\00\"\n"
             "@other = private constant [6 x i8] c\"other\\00\"\n"
             "@text = private constant [%zu x i8] c\"%s\\00\"\n"
             "@llvm.global.annotations = appending global "
             "[2 x { ptr, ptr, ptr, i32, ptr }] [\n"
             "{ ptr, ptr, ptr, i32, ptr } "
             "{ ptr @unlisted, ptr @other, ptr @file, i32 1, ptr null },\n"
             "{ ptr, ptr, ptr, i32, ptr } "
             "{ ptr @%s, ptr @text, ptr @file, i32 2, ptr null }\n"
             "], section \"llvm.metadata\"\n",
             strlen(text) + 1, text, what);
    compile_fixture_reset(f);
    compile_fixture_add_text(f, "a.bc", source);
}

static void annotations_export_what_they_stand_before(void **state)
{
    struct compile_fixture *f = *state;

    add_annotated(f, "f", "bcc.export");
    assert_compiles(f);
    assert_int_equal(f->result.exports.n_funcs, 1);
    assert_symbol(&f->result.exports.funcs[0], "f", true);
    assert_int_equal(f->result.exports.n_vars, 0);
    assert_null(find_function(f, "unlisted"));
    add_annotated(f, "v", "bcc.export");
    assert_compiles(f);
    assert_int_equal(f->result.exports.n_vars, 1);
    assert_symbol(&f->result.exports.vars[0], "v", true);
    assert_int_equal(f->result.exports.n_funcs, 0);
    add_annotated(f, "w", "bcc.object");
    assert_compiles(f);
    assert_symbol(&f->result.exports.vars[0], "w", true);
    assert_int_equal(f->result.exports.n_object_slots, 1);
    assert_int_equal(f->result.exports.object_slots[0], 0);
}

static void annotated_kernels_have_the_bits_of_their_words(void **state)
{
    static const struct {
        const char *text;
        unsigned bits;
    } cases[] = {
        {"bcc.kernel:in, out, x", 0x0b},   {"bcc.kernel:in out y", 0x13},
        {"bcc.kernel:out,data,z", 0x46},   {"bcc.kernel:value, in, out", 0x23},
        {"bcc.kernel:in,x,y,value", 0x39},
    };
    struct compile_fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        add_annotated(f, "k", cases[i].text);
        assert_compiles(f);
        assert_int_equal(f->result.exports.n_foreachs, 1);
        assert_symbol(&f->result.exports.foreachs[0], "k", true);
        assert_int_equal(f->result.exports.foreachs[0].kernel_signature,
                         cases[i].bits);
    }
}

static void annotated_pragmas_do_not_say_what_is_exported(void **state)
{
    struct compile_fixture *f = *state;

    add_annotated(f, "hidden", "bcc.pragma:version=1=2");
    assert_compiles(f);
    assert_int_equal(f->result.exports.n_pragmas, 1);
    assert_string_equal(f->result.exports.pragmas[0].key, "version");
    assert_string_equal(f->result.exports.pragmas[0].value, "1=2");
    assert_non_null(find_function(f, "unlisted"));
}

static void wrong_annotations_are_refused_by_name(void **state)
{
    static const struct {
        const char *what, *text, *fact;
    } cases[] = {
        {"f", "bcc.exprot", "a.bc: annotation 'bcc.exprot' of 'f': not one"},
        {"f", "bcc.object", "of 'f': not a variable"},
        {"v", "bcc.kernel:in", "of 'v': not a function"},
        {"k", "bcc.kernel:in, out, w", "once, and nothing else"},
        {"k", "bcc.kernel:in, out, out", "once, and nothing else"},
        {"k", "bcc.kernel:in, out", "another number of parameters"},
        {"k", "bcc.kernel:in, out, x, y", "another number of parameters"},
        {"f", "bcc.kernel:in, value", "another number of parameters"},
        {"v", "bcc.pragma:version", "no '='"},
        {"hidden", "bcc.export", "static, so it cannot be exported"},
    };
    struct compile_fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        add_annotated(f, cases[i].what, cases[i].text);
        assert_refused(f, STATUS_COMPILE, cases[i].fact);
    }
}

static void pragmas_keep_order_and_duplicates(void **state)
{
    struct compile_fixture *f = *state;
    const struct cache_pragma *pragmas;

    compile_fixture_add_text(f, "rs.bc", rs_script);
    assert_compiles(f);
    pragmas = f->result.exports.pragmas;
    assert_int_equal(f->result.exports.n_pragmas, 3);
    assert_string_equal(pragmas[0].key, "version");
    assert_string_equal(pragmas[0].value, "1");
    assert_string_equal(pragmas[1].key, "rs_fp_relaxed");
    assert_string_equal(pragmas[1].value, "");
    assert_string_equal(pragmas[2].key, "version");
}

static void object_slots_are_indexes_of_variables(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "rs.bc", rs_script);
    assert_compiles(f);
    assert_int_equal(f->result.exports.n_object_slots, 1);
    assert_int_equal(f->result.exports.object_slots[0], 2);
}

static void refuses_an_object_slot_that_is_no_number(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "rs.bc",
                             "!\\23rs_object_slots = !{!0}\n"
                             "!0 = !{!\"1x\"}\n");
    assert_refused(f, STATUS_COMPILE,
                   "rs.bc: Non-integer object slot value '1x'");
}

static void refuses_an_object_slot_without_variable(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "rs.bc",
                             "@v = global ptr null\n"
                             "!\\23rs_export_var = !{!0}\n"
                             "!\\23rs_object_slots = !{!1}\n"
                             "!0 = !{!\"v\", !\"20\"}\n"
                             "!1 = !{!\"1\"}\n");
    assert_refused(f, STATUS_COMPILE, "object slot 1 of 1 exported variables");
}

static void old_scripts_have_one_kernel_with_all_arguments(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "old.bc",
                             "define i32 @root(i32 %launch) { ret i32 0 }\n"
                             "!\\23rs_export_func = !{}\n");
    assert_compiles(f);
    assert_int_equal(f->result.exports.n_foreachs, 1);
    assert_symbol(&f->result.exports.foreachs[0], "root", true);
    assert_int_equal(f->result.exports.foreachs[0].kernel_signature, 0x1f);
}

static void a_signature_without_names_is_that_of_root(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "ics.bc",
                             "define void @root(ptr %in) { ret void }\n"
                             "!\\23rs_export_foreach = !{!0}\n"
                             "!0 = !{!\"25\"}\n");
    assert_compiles(f);
    assert_int_equal(f->result.exports.n_foreachs, 1);
    assert_symbol(&f->result.exports.foreachs[0], "root", true);
    assert_int_equal(f->result.exports.foreachs[0].kernel_signature, 25);
}

/* ---- Without metadata ---- */

static const char plain_script[] =
    "@number = global i32 1\n"
    "@hidden_number = hidden global i32 2\n"
    "@mine = thread_local global i32 3\n"
    "@tentative = common global i32 0\n"
    "@name = alias i32, ptr @number\n"
    "define i32 @visible() {\n"
    "  %a = call i32 @helper()\n"
    "  ret i32 %a\n"
    "}\n"
    "define internal i32 @helper() noinline { ret i32 4 }\n"
    "define hidden void @hidden_function() { ret void }\n"
    "define linkonce_odr void @inline_function() { ret void }\n"
    "define weak i32 @weak_function() { ret i32 5 }\n";

static void every_visible_definition_is_exported_in_order(void **state)
{
    struct compile_fixture *f = *state;
    const struct compile_result *result = &f->result;

    compile_fixture_add_text(f, "plain.bc", plain_script);
    assert_compiles(f);
    assert_int_equal(result->exports.n_vars, 3);
    assert_symbol(&result->exports.vars[0], "number", true);
    assert_symbol(&result->exports.vars[1], "tentative", true);
    assert_symbol(&result->exports.vars[2], "name", true);
    assert_int_equal(result->exports.n_funcs, 2);
    assert_symbol(&result->exports.funcs[0], "visible", true);
    assert_symbol(&result->exports.funcs[1], "weak_function", true);
}

static void the_function_table_has_internal_functions_too(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "plain.bc", plain_script);
    f->request.opt_level = 0;
    assert_compiles(f);
    assert_non_null(find_function(f, "helper"));
    assert_null(find_export(f->result.exports.funcs, f->result.exports.n_funcs,
                            "helper"));
}

static void marked_only_exports_no_other_names(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "plain.bc", plain_script);
    compile_fixture_mark(f, "weak_function");
    f->request.flags = REQUEST_MARKED_ONLY;
    assert_compiles(f);
    assert_int_equal(f->result.exports.n_vars, 0);
    assert_int_equal(f->result.exports.n_funcs, 1);
    assert_symbol(&f->result.exports.funcs[0], "weak_function", true);
    assert_null(find_function(f, "visible"));
}

static void marked_only_keeps_positions_of_metadata(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "rs.bc", rs_script);
    compile_fixture_mark(f, "first");
    f->request.flags = REQUEST_MARKED_ONLY;
    assert_compiles(f);
    assert_int_equal(f->result.exports.n_vars, 3);
    assert_symbol(&f->result.exports.vars[0], "second", false);
    assert_symbol(&f->result.exports.vars[2], "first", true);
}

static void a_marked_hidden_function_is_kept(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "plain.bc", plain_script);
    compile_fixture_mark(f, "hidden_function");
    assert_compiles(f);
    assert_non_null(find_function(f, "hidden_function"));
}

/* ---- Names of generated code ---- */

static void definitions_that_generated_code_calls_are_kept(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(
        f, "own_memset.bc",
        "define ptr @memset(ptr %p, i32 %c, i64 %n) { ret ptr %p }\n"
        "define void @my_memset() { ret void }\n"
        "define void @clear(ptr %p, i64 %n) {\n"
        "  call void @llvm.memset.p0.i64(ptr %p, i8 0, i64 %n, i1 false)\n"
        "  ret void\n"
        "}\n"
        "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)\n");
    compile_fixture_mark(f, "clear");
    f->request.flags = REQUEST_MARKED_ONLY;
    assert_compiles(f);
    assert_non_null(find_function(f, "memset"));
    assert_null(find_function(f, "my_memset"));
    assert_null(find_import(f, "memset"));
}

static void knows_the_names_that_generated_code_calls(void **state)
{
    static const char *const names[] = {
        "memcpy",
        "bcmp",
        "strlen",
        "acos",
        "sinf",
        "truncl",
        "fma",
        "sincosf",
        "exp10",
        "__udivti3",
        "__divdc3",
        "__aeabi_idiv",
        "__extendhfsf2",
        "__atomic_load_8",
        "roundevenf",
        "puts",
        "__fentry__",
        "__stack_chk_guard",
        "__llvm_retpoline_r11",
        "__x86_indirect_thunk_r11",
        "__aarch64_cas8_acq_rel",
        "__safestack_pointer_address",
        "llvm_gc_root_chain",
        "_Unwind_Resume",
        "__cyg_profile_func_enter",
        "__morestack",
    };
    static const char *const others[] = {
        "main",   "f",
        "l",      "",
        "mem",    "sinusoid",
        "sinff",  "_start",
        "__init", "a_name_that_is_longer_than_any_in_the_table_f",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!is_libcall(names[i]))
            fail_msg("%s", names[i]);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (is_libcall(others[i]))
            fail_msg("%s", others[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lists_exports_in_metadata_order),
        TEST(a_missing_export_keeps_its_position),
        TEST(exports_name_the_symbols_of_the_function_table),
        TEST(well_known_entries_stay_though_no_list_has_them),
        TEST(what_metadata_does_not_list_vanishes),
        TEST(kernels_have_names_and_signatures),
        TEST(annotations_export_what_they_stand_before),
        TEST(annotated_kernels_have_the_bits_of_their_words),
        TEST(annotated_pragmas_do_not_say_what_is_exported),
        TEST(wrong_annotations_are_refused_by_name),
        TEST(pragmas_keep_order_and_duplicates),
        TEST(object_slots_are_indexes_of_variables),
        TEST(refuses_an_object_slot_that_is_no_number),
        TEST(refuses_an_object_slot_without_variable),
        TEST(old_scripts_have_one_kernel_with_all_arguments),
        TEST(a_signature_without_names_is_that_of_root),
        TEST(every_visible_definition_is_exported_in_order),
        TEST(the_function_table_has_internal_functions_too),
        TEST(marked_only_exports_no_other_names),
        TEST(marked_only_keeps_positions_of_metadata),
        TEST(a_marked_hidden_function_is_kept),
        TEST(definitions_that_generated_code_calls_are_kept),
        TEST(knows_the_names_that_generated_code_calls),
    };

    return cmocka_run_group_tests_name("compile_exports", tests, NULL, NULL);
}
