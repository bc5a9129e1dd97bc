/* bcc_llvm.h: a host that holds a module of its own LLVM. */
#include <bcc/bcc_llvm.h>

#include "api_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* int triple_plus(int x) { return 3 * x + addend; } */
static LLVMModuleRef make_module(LLVMContextRef context, int addend)
{
    LLVMModuleRef module =
        LLVMModuleCreateWithNameInContext("made_by_hand", context);
    LLVMTypeRef type = LLVMInt32TypeInContext(context);
    LLVMValueRef function = LLVMAddFunction(
        module, "triple_plus", LLVMFunctionType(type, &type, 1, 0));
    LLVMBuilderRef builder = LLVMCreateBuilderInContext(context);
    LLVMValueRef product;

    LLVMPositionBuilderAtEnd(
        builder, LLVMAppendBasicBlockInContext(context, function, "entry"));
    product = LLVMBuildMul(builder, LLVMGetParam(function, 0),
                           LLVMConstInt(type, 3, 0), "");
    LLVMBuildRet(builder,
                 LLVMBuildAdd(builder, product,
                              LLVMConstInt(type, (unsigned)addend, 0), ""));
    LLVMDisposeBuilder(builder);
    return module;
}

static void prepare_and_check(const struct fixture *f, BCCScriptRef script,
                              int addend, int expected)
{
    int (*triple_plus)(int);

    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    assert_cache(script, expected);
    triple_plus = bccGetFuncAddr(script, "triple_plus");
    assert_non_null(triple_plus);
    assert_int_equal(triple_plus(5), 15 + addend);
}

static void a_module_is_only_borrowed(void **state)
{
    static const int expected[] = {BCC_CACHE_MISS, BCC_CACHE_HIT,
                                   BCC_CACHE_MISS};
    const struct fixture *f = *state;
    LLVMContextRef context;
    LLVMModuleRef module;
    BCCScriptRef script;

    for (int i = 0; i < 3; i++) {
        context = LLVMContextCreate();
        module = make_module(context, i / 2);
        script = new_script();
        assert_succeeds(script, bccReadModule(script, "made", module, 0));
        LLVMDisposeModule(module);
        LLVMContextDispose(context);
        prepare_and_check(f, script, i / 2, expected[i]);
        bccDisposeScript(script);
    }
}

static void no_module_is_an_invalid_value(void **state)
{
    BCCScriptRef script = new_script();

    (void)state;
    assert_fails(script, bccReadModule(script, "none", NULL, 0),
                 BCC_INVALID_VALUE);
    bccDisposeScript(script);
}

static void a_module_for_a_prepared_script_is_an_invalid_operation(void **state)
{
    const struct fixture *f = *state;
    LLVMContextRef context = LLVMContextCreate();
    LLVMModuleRef module = make_module(context, 1);
    BCCScriptRef script = new_script();

    assert_succeeds(script, bccReadModule(script, "made", module, 0));
    prepare_and_check(f, script, 1, BCC_CACHE_MISS);
    assert_fails(script, bccReadModule(script, "made", module, 0),
                 BCC_INVALID_OPERATION);
    assert_int_equal(bccReadModule(NULL, "made", module, 0), 1);
    bccDisposeScript(script);
    LLVMDisposeModule(module);
    LLVMContextDispose(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_module_is_only_borrowed),
        cmocka_unit_test(no_module_is_an_invalid_value),
        TEST(a_module_for_a_prepared_script_is_an_invalid_operation),
    };

    return cmocka_run_group_tests_name("api_llvm", tests, NULL, NULL);
}
