/* compile(): joining script and libraries, and the imports that remain. */
#include "compile_fixture.h"

#include <stdio.h>

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, compile_fixture_setup,           \
                                    compile_fixture_teardown)

/* ---- Libraries ---- */

static const char calls_helper[] = "declare i32 @helper(i32)\n"
                                   "define i32 @entry(i32 %x) {\n"
                                   "  %y = call i32 @helper(i32 %x)\n"
                                   "  ret i32 %y\n"
                                   "}\n";

static void libraries_give_only_what_is_needed(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", calls_helper);
    compile_fixture_add_text(f, "library.bc",
                             "@table = constant i32 7\n"
                             "@useless_table = global i32 8\n"
                             "define i32 @helper(i32 %x) {\n"
                             "  %y = call i32 @deeper(i32 %x)\n"
                             "  ret i32 %y\n"
                             "}\n"
                             "define i32 @deeper(i32 %x) {\n"
                             "  %y = load i32, ptr @table\n"
                             "  ret i32 %y\n"
                             "}\n"
                             "define void @useless() {\n"
                             "  call void @missing()\n"
                             "  ret void\n"
                             "}\n"
                             "declare void @missing()\n");
    f->request.opt_level = 0;
    assert_compiles(f);
    assert_non_null(find_function(f, "helper"));
    assert_non_null(find_function(f, "deeper"));
    assert_null(find_function(f, "useless"));
    assert_null(find_object(f, "useless_table"));
    assert_null(find_import(f, "missing"));
    assert_int_equal(f->result.exports.n_funcs, 1);
}

static void library_functions_are_inlined(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", calls_helper);
    compile_fixture_add_text(
        f, "library.bc",
        "define i32 @helper(i32 %x) #0 { %y = mul i32 %x, 3\n ret i32 %y }\n"
        "attributes #0 = { \"target-cpu\"=\"x86-64\" "
        "\"target-features\"=\"+cx8,+fxsr,+mmx,+sse,+sse2,+x87\" }\n");
    assert_compiles(f);
    assert_int_equal(f->result.link.n_functions, 1);
    assert_int_equal(f->result.link.n_imports, 0);
}

static const char no_builtin_library[] =
    "define i32 @helper(i32 %x) #0 {\n"
    "  %y = call i32 @_Z5threei(i32 %x)\n"
    "  ret i32 %y\n"
    "}\n"
    "define i32 @_Z5threei(i32 %x) #0 {\n"
    "  %c = icmp sgt i32 %x, 0\n"
    "  br i1 %c, label %positive, label %end\n"
    "positive:\n"
    "  br label %end\n"
    "end:\n"
    "  %y = phi i32 [ 3, %0 ], [ 4, %positive ]\n"
    "  ret i32 %y\n"
    "}\n"
    "attributes #0 = { \"no-builtins\" }\n";

static void functions_of_no_builtin_libraries_are_inlined(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", calls_helper);
    compile_fixture_add_text(f, "library.bc", no_builtin_library);
    assert_compiles(f);
    assert_int_equal(f->result.link.n_functions, 1);
}

/* Its loop is memset's, and its name not: with builtins it would be turned
 * into a call of memset. */
static void no_builtin_functions_with_loops_stay_so(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(
        f, "library.bc",
        "define void @clear(ptr %p, i64 %n) \"no-builtins\" {\n"
        "  br label %loop\n"
        "loop:\n"
        "  %i = phi i64 [ 0, %0 ], [ %next, %loop ]\n"
        "  %q = getelementptr i8, ptr %p, i64 %i\n"
        "  store i8 0, ptr %q\n"
        "  %next = add i64 %i, 1\n"
        "  %c = icmp ult i64 %next, %n\n"
        "  br i1 %c, label %loop, label %end\n"
        "end:\n"
        "  ret void\n"
        "}\n");
    assert_compiles(f);
    assert_null(find_import(f, "memset"));
}

/* OpenCL C's functions have a calling convention of their own; a mismatch
 * would delete the call, and with it the store. */
static void c_scripts_may_call_opencl_libraries(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc",
                             "@result = global i32 0\n"
                             "declare i32 @helper(i32)\n"
                             "define void @entry(i32 %x) {\n"
                             "  %y = call i32 @helper(i32 %x)\n"
                             "  store i32 %y, ptr @result\n"
                             "  ret void\n"
                             "}\n");
    compile_fixture_add_text(
        f, "library.bc",
        "define spir_func i32 @helper(i32 %x) { ret i32 %x }\n");
    assert_compiles(f);
    assert_true(find_function(f, "entry")->size > 2);
}

/* helper() returns a constant; -O2 folds it into entry: mov $N, %eax; ret. */
static void assert_entry_returns(const struct compile_fixture *f, uint8_t value)
{
    const struct link_symbol *entry = find_function(f, "entry");
    const uint8_t expected[] = {0xb8, value, 0, 0, 0, 0xc3};
    struct span code;

    assert_non_null(entry);
    assert_true(span_slice(buffer_span(&f->result.link.image), entry->address,
                           sizeof(expected), &code));
    assert_memory_equal(code.data, expected, sizeof(expected));
}

static void the_scripts_definition_wins(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc",
                             "define i32 @helper(i32 %x) { ret i32 1 }\n"
                             "define i32 @entry(i32 %x) {\n"
                             "  %y = call i32 @helper(i32 %x)\n"
                             "  ret i32 %y\n"
                             "}\n");
    compile_fixture_add_text(f, "library.bc",
                             "define i32 @helper(i32 %x) { ret i32 2 }\n");
    compile_fixture_mark(f, "helper");
    assert_compiles(f);
    assert_entry_returns(f, 1);
}

static void the_first_library_wins(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", calls_helper);
    compile_fixture_add_text(f, "first.bc",
                             "define i32 @helper(i32 %x) { ret i32 1 }\n");
    compile_fixture_add_text(f, "second.bc",
                             "define i32 @helper(i32 %x) { ret i32 2 }\n");
    compile_fixture_mark(f, "helper");
    assert_compiles(f);
    assert_entry_returns(f, 1);
}

static void a_later_library_may_use_an_earlier_one(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", calls_helper);
    compile_fixture_add_text(f, "core.bc",
                             "define i32 @core() { ret i32 5 }\n"
                             "define i32 @unused_core() { ret i32 6 }\n");
    compile_fixture_add_text(f, "vendor.bc",
                             "declare i32 @core()\n"
                             "define i32 @helper(i32 %x) {\n"
                             "  %y = call i32 @core()\n"
                             "  ret i32 %y\n"
                             "}\n");
    assert_compiles(f);
    assert_entry_returns(f, 5);
    assert_int_equal(f->result.link.n_functions, 1);
}

/* C's inline functions: a body, and the definition is elsewhere. */
static void bodies_for_the_optimiser_are_no_definitions(void **state)
{
    static const char inlined[] =
        "define available_externally i32 @helper(i32 %x) noinline {\n"
        "  ret i32 %x\n"
        "}\n"
        "define i32 @ENTRY(i32 %x) {\n"
        "  %y = call i32 @helper(i32 %x)\n"
        "  ret i32 %y\n"
        "}\n";
    struct compile_fixture *f = *state;
    char script[sizeof(inlined)], library[sizeof(inlined)];

    f->request.opt_level = 0;
    memcpy(script, inlined, sizeof(inlined));
    memcpy(strstr(script, "ENTRY"), "entry", 5);
    memcpy(library, inlined, sizeof(inlined));
    memcpy(strstr(library, "ENTRY"), "later", 5);
    compile_fixture_add_text(f, "script.bc", script);
    compile_fixture_add_text(f, "library.bc",
                             "define i32 @helper(i32 %x) { ret i32 %x }\n");
    assert_compiles(f);
    assert_non_null(find_function(f, "helper"));
    assert_null(find_import(f, "helper"));
    compile_fixture_reset(f);
    f->request.opt_level = 0;
    compile_fixture_add_text(f, "script.bc",
                             "declare i32 @later(i32)\n"
                             "define i32 @entry(i32 %x) {\n"
                             "  %y = call i32 @later(i32 %x)\n"
                             "  ret i32 %y\n"
                             "}\n");
    compile_fixture_add_text(f, "early.bc",
                             "define i32 @helper(i32 %x) { ret i32 %x }\n");
    compile_fixture_add_text(f, "late.bc", library);
    assert_compiles(f);
    assert_non_null(find_function(f, "helper"));
    assert_null(find_import(f, "helper"));
}

static void a_library_variable_replaces_a_tentative_one(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc",
                             "@seed = common global i32 0\n"
                             "define i32 @entry() {\n"
                             "  %y = load i32, ptr @seed\n"
                             "  ret i32 %y\n"
                             "}\n");
    compile_fixture_add_text(f, "library.bc", "@seed = constant i32 9\n");
    compile_fixture_mark(f, "entry");
    f->request.flags = REQUEST_MARKED_ONLY;
    assert_compiles(f);
    assert_entry_returns(f, 9);
}

static void a_marked_library_function_is_kept_though_unused(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", calls_helper);
    compile_fixture_add_text(f, "library.bc",
                             "define i32 @helper(i32 %x) { ret i32 1 }\n"
                             "define i32 @extra() { ret i32 2 }\n");
    compile_fixture_mark(f, "extra");
    assert_compiles(f);
    assert_non_null(find_function(f, "extra"));
    assert_null(find_function(f, "helper"));
}

static void static_names_of_two_modules_do_not_collide(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc",
                             "@state = internal global i32 1\n"
                             "declare ptr @helper()\n"
                             "define ptr @entry(i1 %c) {\n"
                             "  %p = call ptr @helper()\n"
                             "  %q = select i1 %c, ptr %p, ptr @state\n"
                             "  ret ptr %q\n"
                             "}\n");
    compile_fixture_add_text(f, "library.bc",
                             "@state = internal global i32 2\n"
                             "define ptr @helper() { ret ptr @state }\n");
    f->request.opt_level = 0;
    assert_compiles(f);
    assert_int_equal(f->result.link.n_objects, 2);
    assert_int_equal(f->result.exports.n_vars, 0);
}

static void constructors_of_libraries_are_kept(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", calls_helper);
    compile_fixture_add_text(
        f, "library.bc",
        "@flag = internal global i32 0\n"
        "@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }]\n"
        "  [{ i32, ptr, ptr } { i32 65535, ptr @setup, ptr null }]\n"
        "declare void @outside()\n"
        "define internal void @setup() { call void @outside() ret void }\n"
        "define i32 @helper(i32 %x) { ret i32 1 }\n");
    assert_compiles(f);
    assert_non_null(find_function(f, "setup"));
    assert_non_null(find_import(f, "outside"));
}

/* ---- Imports ---- */

static void undefined_functions_are_imported_for_calling(void **state)
{
    struct compile_fixture *f = *state;
    const struct link_import *helper;

    compile_fixture_add_text(f, "script.bc", calls_helper);
    assert_compiles(f);
    helper = find_import(f, "helper");
    assert_non_null(helper);
    assert_false(helper->weak);
}

/* As clang -fno-pic writes them: meant for an executable. */
static void code_for_executables_becomes_position_independent(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(
        f, "executable.bc",
        "@data = external dso_local global i32\n"
        "@mine = internal thread_local(localexec) global i32 4\n"
        "declare dso_local i32 @function(i32)\n"
        "declare extern_weak dso_local void @perhaps()\n"
        "define i32 @entry() {\n"
        "  %a = load i32, ptr @data\n"
        "  %p = call ptr @llvm.threadlocal.address.p0(ptr @mine)\n"
        "  %b = load i32, ptr %p\n"
        "  store i32 %a, ptr %p\n"
        "  %c = call i32 @function(i32 %b)\n"
        "  ret i32 %c\n"
        "}\n"
        "define ptr @address() { ret ptr @function }\n"
        "define i1 @is_there() {\n"
        "  %c = icmp ne ptr @perhaps, null\n"
        "  ret i1 %c\n"
        "}\n"
        "declare ptr @llvm.threadlocal.address.p0(ptr)\n"
        "!llvm.module.flags = !{!0, !1}\n"
        "!0 = !{i32 7, !\"PIC Level\", i32 2}\n"
        "!1 = !{i32 7, !\"PIE Level\", i32 2}\n");
    assert_compiles(f);
    assert_non_null(find_import(f, "data"));
    assert_non_null(find_import(f, "function"));
    assert_non_null(find_import(f, "__tls_get_addr"));
    assert_non_null(find_import(f, "perhaps"));
    assert_true(find_import(f, "perhaps")->weak);
    assert_false(find_import(f, "data")->function);
}

static void atexit_is_told_which_image_asks(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc",
                             "declare i32 @atexit(ptr)\n"
                             "declare i32 @at_quick_exit(ptr)\n"
                             "declare void @outside()\n"
                             "define internal void @bye() {\n"
                             "  call void @outside()\n"
                             "  ret void\n"
                             "}\n"
                             "define i32 @entry() {\n"
                             "  %a = call i32 @atexit(ptr @bye)\n"
                             "  %b = call i32 @at_quick_exit(ptr @bye)\n"
                             "  %c = add i32 %a, %b\n"
                             "  ret i32 %c\n"
                             "}\n");
    for (unsigned level = 0; level <= 3; level += 3) {
        f->request.opt_level = level;
        assert_compiles(f);
        assert_null(find_import(f, "atexit"));
        assert_non_null(find_import(f, "__cxa_atexit"));
        assert_non_null(find_import(f, "__cxa_at_quick_exit"));
        assert_null(find_import(f, "__dso_handle"));
    }
}

static const char *user_of(const struct compile_fixture *f, const char *name)
{
    const struct link_import *import = find_import(f, name);

    assert_non_null(import);
    return f->result.import_users[import - f->result.link.imports];
}

static void imports_know_who_wants_them(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(
        f, "script.bc",
        "@table = global { i32, ptr } { i32 1, ptr @by_variable }\n"
        "@.hidden = private constant [1 x ptr] [ptr @by_constant]\n"
        "@by_constant = external global i32\n"
        "declare i32 @by_variable()\n"
        "declare i32 @inner()\n"
        "declare i32 @\"\\01literal\"()\n"
        "define internal i32 @inlined() alwaysinline {\n"
        "  %x = call i32 @inner()\n"
        "  ret i32 %x\n"
        "}\n"
        "define i32 @entry(i64 %i) {\n"
        "  %p = getelementptr [1 x ptr], ptr @.hidden, i64 0, i64 %i\n"
        "  %v = load ptr, ptr %p\n"
        "  %w = load i32, ptr %v\n"
        "  %a = call i32 @inlined()\n"
        "  %c = call i32 @\"\\01literal\"()\n"
        "  %e = add i32 %c, %a\n"
        "  %f = add i32 %e, %w\n"
        "  ret i32 %f\n"
        "}\n");
    for (unsigned level = 0; level <= 3; level += 3) {
        f->request.opt_level = level;
        assert_compiles(f);
        assert_string_equal(user_of(f, "by_variable"), "table");
        assert_string_equal(user_of(f, "by_constant"), "entry");
        assert_string_equal(user_of(f, "inner"), "inlined");
        assert_string_equal(user_of(f, "literal"), "entry");
    }
}

static void arguments_of_imports_keep_their_attributes(void **state)
{
    struct compile_fixture *f = *state;

    /* byval passes a copy on the stack: 24 bytes that a plain pointer, which
     * a lost attribute would leave, does not need. */
    compile_fixture_add_text(
        f, "script.bc",
        "%triple = type { i64, i64, i64 }\n"
        "declare void @take(ptr byval(%triple) align 8)\n"
        "define void @entry(ptr %p) {\n"
        "  call void @take(ptr byval(%triple) align 8 %p)\n"
        "  ret void\n"
        "}\n");
    assert_compiles(f);
    assert_true(find_function(f, "entry")->size > 16);
}

static const char divides[] = "define i128 @entry(i128 %a, i128 %b) {\n"
                              "  %c = udiv i128 %a, %b\n"
                              "  ret i128 %c\n"
                              "}\n";

static void routines_that_generated_code_calls_are_linked(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", divides);
    assert_compiles(f);
    assert_non_null(find_function(f, "__udivti3"));
    assert_int_equal(f->result.link.n_imports, 0);
}

static void mathematics_that_generated_code_calls_is_imported(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc",
                             "define double @entry(double %a, double %b) {\n"
                             "  %c = frem double %a, %b\n"
                             "  ret double %c\n"
                             "}\n");
    assert_compiles(f);
    assert_true(find_import(f, "fmod")->function);
}

/* compiler-rt's would bring a third function, __udivmodti4. */
static void a_scripts_own_routine_wins(void **state)
{
    static const char *const kinds[] = {"", "weak "};
    struct compile_fixture *f = *state;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char script[512];

        snprintf(script, sizeof(script),
                 "%s"
                 "define %si128 @__udivti3(i128 %%a, i128 %%b) {\n"
                 "  ret i128 %%b\n"
                 "}\n",
                 divides, kinds[i]);
        compile_fixture_add_text(f, "script.bc", script);
        assert_compiles(f);
        assert_non_null(find_function(f, "__udivti3"));
        assert_int_equal(f->result.link.n_functions, 2);
        compile_fixture_reset(f);
    }
}

static void a_librarys_own_routine_wins_if_it_is_linked(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc",
                             "declare i128 @__udivti3(i128, i128)\n"
                             "define i128 @entry(i128 %a, i128 %b) {\n"
                             "  %c = udiv i128 %a, %b\n"
                             "  %d = call i128 @__udivti3(i128 %c, i128 %b)\n"
                             "  ret i128 %d\n"
                             "}\n");
    compile_fixture_add_text(f, "library.bc",
                             "define i128 @__udivti3(i128 %a, i128 %b) {\n"
                             "  ret i128 %b\n"
                             "}\n");
    assert_compiles(f);
    assert_non_null(find_function(f, "__udivti3"));
    assert_int_equal(f->result.link.n_functions, 2);
}

/* compiler-rt has __lttf2 and __gttf2, which are called here, in members that
 * define others as well. */
static void a_scripts_own_routine_wins_beside_its_neighbours(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc",
                             "define i32 @__letf2(fp128 %a, fp128 %b) {\n"
                             "  ret i32 0\n"
                             "}\n"
                             "define i1 @less(fp128 %a, fp128 %b) {\n"
                             "  %c = fcmp olt fp128 %a, %b\n"
                             "  ret i1 %c\n"
                             "}\n");
    assert_compiles(f);
    assert_true(find_function(f, "__letf2")->size < 16);
    assert_true(find_function(f, "__lttf2")->size > 16);
}

/* ---- Names that begin with the byte 01 ---- */

static const char escaped_script[] =
    "declare i32 @\"\\01helper\"(i32)\n"
    "declare i32 @\"\\01missing\"(i32)\n"
    "@\"\\01shared\" = external global i32\n"
    "@\"\\01kept\" = global i32 3\n"
    "define i32 @\"\\01entry\"(i32 %x) {\n"
    "  %a = call i32 @\"\\01helper\"(i32 %x)\n"
    "  %b = load i32, ptr @\"\\01shared\"\n"
    "  %c = call i32 @\"\\01missing\"(i32 %b)\n"
    "  %y = add i32 %a, %c\n"
    "  ret i32 %y\n"
    "}\n";

static const char escaped_library[] =
    "@shared = global i32 77\n"
    "define i32 @helper(i32 %x) noinline {\n"
    "  store i32 %x, ptr @shared\n"
    "  ret i32 %x\n"
    "}\n"
    "define i32 @\"\\01unused\"(i32 %x) { ret i32 %x }\n";

static void escaped_names_are_plain_everywhere(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", escaped_script);
    compile_fixture_add_text(f, "library.bc", escaped_library);
    assert_compiles(f);
    assert_int_equal(f->result.exports.n_funcs, 1);
    assert_string_equal(f->result.exports.funcs[0].name, "entry");
    assert_string_equal(f->result.exports.vars[0].name, "kept");
    assert_non_null(find_function(f, "entry"));
    assert_non_null(find_function(f, "helper"));
    assert_non_null(find_object(f, "shared"));
    assert_int_equal(f->result.link.n_imports, 1);
    assert_string_equal(f->result.link.imports[0].name, "missing");
    assert_string_equal(f->result.import_users[0], "entry");
}

static void marks_and_lists_may_be_escaped(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", escaped_script);
    compile_fixture_add_text(f, "library.bc", escaped_library);
    compile_fixture_mark(f, "\1unused");
    assert_compiles(f);
    assert_non_null(find_function(f, "unused"));

    compile_fixture_reset(f);
    compile_fixture_add_text(f, "script.bc",
                             "define i32 @\"\\01f\"() { ret i32 1 }\n"
                             "!\\23rs_export_func = !{!0}\n"
                             "!0 = !{!\"\\01f\"}\n");
    assert_compiles(f);
    assert_string_equal(f->result.exports.funcs[0].name, "f");
    assert_int_not_equal(f->result.exports.funcs[0].address, OBCC_NO_ADDRESS);
}

static void both_forms_of_a_name_are_one_symbol(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc",
                             "declare i32 @f()\n"
                             "@\"\\01v\" = external global i32\n"
                             "@v = global i32 5\n"
                             "@\"\\01w\" = extern_weak global i32\n"
                             "@w = external global i32\n"
                             "@p = private global i32 9\n"
                             "define i32 @\"\\01f\"() { ret i32 1 }\n"
                             "define i32 @\"\\01p\"() {\n"
                             "  %a = call i32 @f()\n"
                             "  %b = load i32, ptr @\"\\01v\"\n"
                             "  %c = icmp eq ptr @w, null\n"
                             "  %d = zext i1 %c to i32\n"
                             "  %e = load i32, ptr @\"\\01w\"\n"
                             "  %g = load volatile i32, ptr @p\n"
                             "  store i32 %d, ptr @p\n"
                             "  ret i32 %e\n"
                             "}\n");
    assert_compiles(f);
    assert_int_equal(f->result.exports.n_funcs, 2);
    assert_non_null(find_function(f, "f"));
    assert_non_null(find_function(f, "p"));
    assert_int_equal(f->result.link.n_imports, 1);
    assert_non_null(find_import(f, "w"));
    assert_true(find_import(f, "w")->weak);
}

static void two_definitions_of_one_symbol_are_refused(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc",
                             "define i32 @f() { ret i32 1 }\n"
                             "define i32 @\"\\01f\"() { ret i32 1 }\n");
    assert_refused(f, STATUS_COMPILE,
                   "script.bc: 'f' is defined twice: as 'f' and as '\\01f'");

    compile_fixture_reset(f);
    compile_fixture_add_text(f, "script.bc", "define i32 @f() { ret i32 1 }\n");
    compile_fixture_add_object(f, "object.bc",
                               "define i32 @\"\\01f\"() { ret i32 1 }\n");
    assert_refused(f, STATUS_COMPILE,
                   "object.bc: 'f' is defined here and in script.bc");
}

/* ---- Modules that break LLVM's rules ---- */

static const char odd_constructors[] =
    "@llvm.global_ctors = appending global [1 x i32] [i32 5]\n"
    "define i32 @helper(i32 %x) { ret i32 %x }\n";

static const char odd_used[] =
    "@llvm.used = appending global [1 x i32] [i32 5]\n"
    "define i32 @helper(i32 %x) { ret i32 %x }\n";

static void modules_are_verified_before_they_are_linked(void **state)
{
    struct compile_fixture *f = *state;
    const char *const odd[] = {odd_constructors, odd_used};

    for (size_t i = 0; i < 2; i++) {
        compile_fixture_reset(f);
        compile_fixture_add_text(f, "odd.ll", odd[i]);
        assert_refused(f, STATUS_COMPILE, "odd.ll: wrong type for intrinsic");

        compile_fixture_reset(f);
        compile_fixture_add_text(f, "script.ll", calls_helper);
        compile_fixture_add_text(f, "odd.ll", odd[i]);
        assert_refused(f, STATUS_COMPILE, "odd.ll: wrong type for intrinsic");

        compile_fixture_reset(f);
        compile_fixture_add_text(f, "script.ll", calls_helper);
        compile_fixture_add_object(f, "odd.ll", odd[i]);
        assert_refused(f, STATUS_COMPILE, "odd.ll: wrong type for intrinsic");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(modules_are_verified_before_they_are_linked),
        TEST(escaped_names_are_plain_everywhere),
        TEST(marks_and_lists_may_be_escaped),
        TEST(both_forms_of_a_name_are_one_symbol),
        TEST(two_definitions_of_one_symbol_are_refused),
        TEST(libraries_give_only_what_is_needed),
        TEST(library_functions_are_inlined),
        TEST(functions_of_no_builtin_libraries_are_inlined),
        TEST(no_builtin_functions_with_loops_stay_so),
        TEST(c_scripts_may_call_opencl_libraries),
        TEST(the_scripts_definition_wins),
        TEST(the_first_library_wins),
        TEST(a_later_library_may_use_an_earlier_one),
        TEST(bodies_for_the_optimiser_are_no_definitions),
        TEST(a_library_variable_replaces_a_tentative_one),
        TEST(a_marked_library_function_is_kept_though_unused),
        TEST(static_names_of_two_modules_do_not_collide),
        TEST(constructors_of_libraries_are_kept),
        TEST(undefined_functions_are_imported_for_calling),
        TEST(code_for_executables_becomes_position_independent),
        TEST(atexit_is_told_which_image_asks),
        TEST(imports_know_who_wants_them),
        TEST(arguments_of_imports_keep_their_attributes),
        TEST(routines_that_generated_code_calls_are_linked),
        TEST(mathematics_that_generated_code_calls_is_imported),
        TEST(a_scripts_own_routine_wins),
        TEST(a_librarys_own_routine_wins_if_it_is_linked),
        TEST(a_scripts_own_routine_wins_beside_its_neighbours),
    };

    return cmocka_run_group_tests_name("compile_link", tests, NULL, NULL);
}
