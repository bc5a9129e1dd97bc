/* Functions that an optimiser has finished with are left out of the simplifying
 * passes; all others are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "module_passes.h"

struct fixture {
    struct glue glue;
    struct buffer text;
    LLVMModuleRef module;
    struct error err;
};

static int setup(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof(f));
    glue_init(&f.glue);
    buffer_init(&f.text);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    if (f->module)
        LLVMDisposeModule(f->module);
    buffer_release(&f->text);
    glue_release(&f->glue);
    return 0;
}

/* A function of n instructions and a return. */
static void add_function(struct fixture *f, const char *name,
                         const char *attributes, size_t n, const char *line)
{
    buffer_printf(&f->text, "define void @%s(ptr %%p) %s {\n", name,
                  attributes);
    buffer_append_string(&f->text, "  %s = alloca i32\n");
    for (size_t i = 0; i < n; i++)
        buffer_append_string(&f->text, line);
    buffer_append_string(&f->text, "  ret void\n}\n");
}

static const char plain[] = "  store volatile i32 1, ptr %p\n";
static const char by_stack[] = "  store volatile i32 1, ptr %s\n";

static void read_module(struct fixture *f)
{
    const enum status status = glue_read_text(&f->glue, buffer_span(&f->text),
                                              "test", &f->module, &f->err);

    if (status)
        fail_msg("%s", f->err.message);
}

static bool has(struct fixture *f, const char *name, const char *attribute)
{
    LLVMValueRef function = LLVMGetNamedFunction(f->module, name);
    const unsigned kind =
        LLVMGetEnumAttributeKindForName(attribute, strlen(attribute));

    assert_non_null(function);
    return LLVMGetEnumAttributeAtIndex(
        function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, kind);
}

/* As it is while passes look at the module as a whole. */
static void mark_and_show(struct fixture *f)
{
    read_module(f);
    finished_mark(f->module);
    finished_show(f->module);
}

static void leaves_out_what_is_finished_and_as_it_was(void **state)
{
    struct fixture *f = *state;

    add_function(f, "large", "", 150, plain);
    add_function(f, "small", "", 10, plain);
    add_function(f, "unoptimised", "", 150, by_stack);
    add_function(f, "for_size", "optsize", 150, plain);
    add_function(f, "for_inlining", "alwaysinline", 150, plain);
    mark_and_show(f);
    finished_hide(f->module);
    assert_int_equal(glue_verify(&f->glue, f->module, "test", &f->err), 0);
    assert_true(has(f, "large", "optnone"));
    assert_false(has(f, "small", "optnone"));
    assert_false(has(f, "unoptimised", "optnone"));
    assert_false(has(f, "for_size", "optnone"));
    assert_false(has(f, "for_inlining", "optnone"));
}

static void leaves_out_at_once(void **state)
{
    struct fixture *f = *state;

    add_function(f, "large", "", 150, plain);
    add_function(f, "unoptimised", "", 150, by_stack);
    read_module(f);
    finished_mark(f->module);
    assert_int_equal(glue_verify(&f->glue, f->module, "test", &f->err), 0);
    assert_true(has(f, "large", "optnone"));
    assert_false(has(f, "unoptimised", "optnone"));
}

static void takes_in_what_changed(void **state)
{
    struct fixture *f = *state;
    LLVMValueRef function;

    add_function(f, "same", "", 150, plain);
    add_function(f, "first_gone", "", 150, plain);
    add_function(f, "other_operand", "", 150, plain);
    mark_and_show(f);
    assert_false(has(f, "same", "optnone"));
    function = LLVMGetNamedFunction(f->module, "first_gone");
    LLVMInstructionEraseFromParent(
        LLVMGetFirstInstruction(LLVMGetEntryBasicBlock(function)));
    function = LLVMGetNamedFunction(f->module, "other_operand");
    LLVMReplaceAllUsesWith(
        LLVMGetParam(function, 0),
        LLVMGetFirstInstruction(LLVMGetEntryBasicBlock(function)));
    finished_hide(f->module);
    assert_true(has(f, "same", "optnone"));
    assert_false(has(f, "first_gone", "optnone"));
    assert_false(has(f, "other_operand", "optnone"));
}

static void lets_them_be_inlined_between(void **state)
{
    struct fixture *f = *state;

    add_function(f, "large", "", 150, plain);
    add_function(f, "kept_apart", "noinline", 150, plain);
    mark_and_show(f);
    assert_false(has(f, "large", "noinline"));
    assert_true(has(f, "kept_apart", "noinline"));
}

/* Of one that changed, too. */
static void leaves_no_trace(void **state)
{
    struct fixture *f = *state;
    LLVMValueRef first;
    char *before, *after;

    add_function(f, "changed", "", 150, plain);
    add_function(f, "large", "", 150, plain);
    add_function(f, "kept_apart", "noinline", 150, plain);
    add_function(f, "small", "", 10, plain);
    mark_and_show(f);
    first = LLVMGetFirstInstruction(
        LLVMGetEntryBasicBlock(LLVMGetNamedFunction(f->module, "changed")));
    LLVMInstructionEraseFromParent(first);
    finished_hide(f->module);
    finished_show(f->module);
    after = LLVMPrintModuleToString(f->module);
    LLVMDisposeModule(f->module);
    read_module(f);
    first = LLVMGetFirstInstruction(
        LLVMGetEntryBasicBlock(LLVMGetNamedFunction(f->module, "changed")));
    LLVMInstructionEraseFromParent(first);
    before = LLVMPrintModuleToString(f->module);
    assert_string_equal(before, after);
    LLVMDisposeMessage(before);
    LLVMDisposeMessage(after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(leaves_out_what_is_finished_and_as_it_was),
        TEST(leaves_out_at_once),
        TEST(takes_in_what_changed),
        TEST(lets_them_be_inlined_between),
        TEST(leaves_no_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
