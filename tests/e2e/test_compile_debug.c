/* compile(): debug information is kept, changes no code, and fails nothing. */
#include "compile_fixture.h"

#include <elf.h>
#include <stdlib.h>

#include <llvm-c/BitWriter.h>
#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, compile_fixture_setup,           \
                                    compile_fixture_teardown)

/* ---- Bitcode ---- */

/* int half(void); int both(void) { return half() + half(); }, with a program's
 * debug information. LLVM's reader of text would drop what is wrong with it;
 * so it is made here. */
struct maker {
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    LLVMDIBuilderRef debug;
    LLVMMetadataRef file;
    LLVMTypeRef type; /* of functions */
};

static void add_version(struct maker *m, unsigned version)
{
    static const char name[] = "Debug Info Version";
    LLVMValueRef number =
        LLVMConstInt(LLVMInt32TypeInContext(m->context), version, false);

    LLVMAddModuleFlag(m->module, LLVMModuleFlagBehaviorWarning, name,
                      strlen(name), LLVMValueAsMetadata(number));
}

static void maker_init(struct maker *m, unsigned version)
{
    m->context = LLVMContextCreate();
    m->module = LLVMModuleCreateWithNameInContext("made", m->context);
    m->builder = LLVMCreateBuilderInContext(m->context);
    m->debug = LLVMCreateDIBuilder(m->module);
    m->type =
        LLVMFunctionType(LLVMInt32TypeInContext(m->context), NULL, 0, false);
    m->file = LLVMDIBuilderCreateFile(m->debug, "made.c", 6, "/made", 5);
    LLVMSetTarget(m->module, "x86_64-unknown-linux-gnu");
    add_version(m, version);
    LLVMDIBuilderCreateCompileUnit(
        m->debug, LLVMDWARFSourceLanguageC, m->file, "maker", 5, false, "", 0,
        0, "", 0, LLVMDWARFEmissionFull, 0, false, false, "", 0, "", 0);
}

/* A definition with a place in the source; the builder stands in its body. */
static LLVMValueRef define(struct maker *m, const char *name, unsigned line)
{
    LLVMMetadataRef type = LLVMDIBuilderCreateSubroutineType(
        m->debug, m->file, NULL, 0, LLVMDIFlagZero);
    LLVMValueRef function = LLVMAddFunction(m->module, name, m->type);
    LLVMMetadataRef place = LLVMDIBuilderCreateFunction(
        m->debug, m->file, name, strlen(name), "", 0, m->file, line, type,
        false, true, line, LLVMDIFlagZero, false);

    LLVMSetSubprogram(function, place);
    LLVMPositionBuilderAtEnd(
        m->builder, LLVMAppendBasicBlockInContext(m->context, function, ""));
    LLVMSetCurrentDebugLocation2(
        m->builder,
        LLVMDIBuilderCreateDebugLocation(m->context, line, 1, place, NULL));
    return function;
}

static LLVMValueRef add_call(struct maker *m, LLVMValueRef function)
{
    return LLVMBuildCall2(m->builder, m->type, function, NULL, 0, "");
}

static struct span maker_finish(struct maker *m)
{
    LLVMMemoryBufferRef bitcode;
    struct span bytes;
    uint8_t *data;

    LLVMDIBuilderFinalize(m->debug);
    bitcode = LLVMWriteBitcodeToMemoryBuffer(m->module);
    bytes.size = LLVMGetBufferSize(bitcode);
    data = malloc(bytes.size);
    assert_non_null(data);
    memcpy(data, LLVMGetBufferStart(bitcode), bytes.size);
    bytes.data = data;
    LLVMDisposeMemoryBuffer(bitcode);
    LLVMDisposeDIBuilder(m->debug);
    LLVMDisposeBuilder(m->builder);
    LLVMDisposeModule(m->module);
    LLVMContextDispose(m->context);
    return bytes;
}

enum fault { NO_FAULT, CALL_WITHOUT_PLACE };

/* free() it. */
static struct span make_debug(unsigned version, enum fault fault)
{
    struct maker m;
    LLVMValueRef half, first, second;

    maker_init(&m, version);
    half = define(&m, "half", 1);
    LLVMBuildRet(m.builder,
                 LLVMConstInt(LLVMInt32TypeInContext(m.context), 21, false));
    define(&m, "both", 2);
    first = add_call(&m, half);
    if (fault == CALL_WITHOUT_PLACE)
        LLVMSetCurrentDebugLocation2(m.builder, NULL);
    second = add_call(&m, half);
    LLVMBuildRet(m.builder, LLVMBuildAdd(m.builder, first, second, ""));
    return maker_finish(&m);
}

/* ---- Results ---- */

static bool has_debug_section(const struct compile_fixture *f, const char *name)
{
    const struct span file = buffer_span(&f->result.link.debug);
    const Elf64_Ehdr *header = (const void *)file.data;
    const Elf64_Shdr *sections;
    const char *names;

    if (file.size == 0)
        return false;
    sections = (const void *)(file.data + header->e_shoff);
    names = (const char *)file.data + sections[header->e_shstrndx].sh_offset;
    for (unsigned i = 1; i < header->e_shnum; i++)
        if (strcmp(names + sections[i].sh_name, name) == 0)
            return true;
    return false;
}

static void compile_one(struct compile_fixture *f, struct span bitcode,
                        unsigned flags)
{
    compile_fixture_reset(f);
    f->request.flags = flags;
    compile_fixture_add(f, "made.bc", bitcode);
    assert_compiles(f);
    assert_non_null(find_function(f, "both"));
}

static void keeps_debug_information(void **state)
{
    struct compile_fixture *f = *state;
    struct span bitcode = make_debug(LLVMDebugMetadataVersion(), NO_FAULT);

    compile_one(f, bitcode, 0);
    assert_true(has_debug_section(f, ".debug_info"));
    assert_true(has_debug_section(f, ".debug_line"));
    assert_true(has_debug_section(f, ".symtab"));
    free((void *)bitcode.data);
}

static void drops_debug_information_if_asked_to(void **state)
{
    struct compile_fixture *f = *state;
    struct span bitcode = make_debug(LLVMDebugMetadataVersion(), NO_FAULT);

    compile_one(f, bitcode, REQUEST_STRIP_DEBUG);
    assert_int_equal(f->result.link.debug.size, 0);
    free((void *)bitcode.data);
}

static void the_image_is_the_same_with_and_without(void **state)
{
    struct compile_fixture *f = *state;
    struct span bitcode = make_debug(LLVMDebugMetadataVersion(), NO_FAULT);
    struct buffer *image = &f->result.link.image;
    struct buffer with;

    buffer_init(&with);
    compile_one(f, bitcode, 0);
    buffer_append(&with, image->data, image->size);
    assert_true(f->result.link.debug.size > 0);
    compile_one(f, bitcode, REQUEST_STRIP_DEBUG);
    assert_int_equal(f->result.link.debug.size, 0);
    assert_int_equal(image->size, with.size);
    assert_memory_equal(image->data, with.data, with.size);
    buffer_release(&with);
    free((void *)bitcode.data);
}

static void broken_debug_information_is_dropped(void **state)
{
    struct compile_fixture *f = *state;
    struct span bitcode =
        make_debug(LLVMDebugMetadataVersion(), CALL_WITHOUT_PLACE);

    compile_one(f, bitcode, 0);
    assert_int_equal(f->result.link.debug.size, 0);
    free((void *)bitcode.data);
}

static void debug_information_of_another_version_is_dropped(void **state)
{
    struct compile_fixture *f = *state;
    struct span bitcode = make_debug(1, NO_FAULT);

    compile_one(f, bitcode, 0);
    assert_int_equal(f->result.link.debug.size, 0);
    free((void *)bitcode.data);
}

static void what_is_not_used_is_not_described(void **state)
{
    struct compile_fixture *f = *state;
    struct span library = make_debug(LLVMDebugMetadataVersion(), NO_FAULT);

    compile_fixture_add_text(f, "script.ll",
                             "define i32 @alone() {\n  ret i32 1\n}\n");
    compile_fixture_add(f, "library.bc", library);
    assert_compiles(f);
    assert_int_equal(f->result.link.debug.size, 0);
    free((void *)library.data);
}

/* Front ends describe functions that they call, too; atexit becomes one that
 * is defined here. */
static void a_described_atexit_becomes_a_definition(void **state)
{
    static const char text[] =
        "declare !dbg !4 i32 @atexit(ptr)\n"
        "declare void @end()\n"
        "define i32 @start() !dbg !7 {\n"
        "  %r = call i32 @atexit(ptr @end), !dbg !8\n"
        "  ret i32 %r, !dbg !8\n"
        "}\n"
        "!llvm.dbg.cu = !{!0}\n"
        "!llvm.module.flags = !{!2}\n"
        "!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1,\n"
        "  isOptimized: true, emissionKind: FullDebug)\n"
        "!1 = !DIFile(filename: \"a.c\", directory: \"/\")\n"
        "!2 = !{i32 2, !\"Debug Info Version\", i32 3}\n"
        "!4 = !DISubprogram(name: \"atexit\", scope: !1, file: !1, line: 1,\n"
        "  type: !5, flags: DIFlagPrototyped, spFlags: DISPFlagOptimized)\n"
        "!5 = !DISubroutineType(types: !6)\n"
        "!6 = !{null}\n"
        "!7 = distinct !DISubprogram(name: \"start\", scope: !1, file: !1,\n"
        "  line: 2, type: !5, unit: !0, spFlags: DISPFlagDefinition)\n"
        "!8 = !DILocation(line: 3, scope: !7)\n";
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "a.ll", text);
    assert_compiles(f);
    assert_non_null(find_import(f, "__cxa_atexit"));
    assert_true(has_debug_section(f, ".debug_info"));
}

/* A structure inside itself passes the verifier; the code generator follows it
 * until its stack ends. */
static void deadly_debug_information_is_dropped(void **state)
{
    static const char text[] =
        "define i32 @start() !dbg !3 {\n"
        "  #dbg_value(i32 5, !4, !DIExpression(), !5)\n"
        "  ret i32 7, !dbg !5\n"
        "}\n"
        "!llvm.dbg.cu = !{!0}\n"
        "!llvm.module.flags = !{!1}\n"
        "!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !6,\n"
        "  isOptimized: false, emissionKind: FullDebug)\n"
        "!1 = !{i32 2, !\"Debug Info Version\", i32 3}\n"
        "!3 = distinct !DISubprogram(name: \"start\", scope: !6, file: !6,\n"
        "  line: 1, type: !7, unit: !0, spFlags: DISPFlagDefinition)\n"
        "!4 = !DILocalVariable(name: \"a\", scope: !3, file: !6, line: 1,\n"
        "  type: !8)\n"
        "!5 = !DILocation(line: 1, column: 1, scope: !3)\n"
        "!6 = !DIFile(filename: \"a.c\", directory: \"/\")\n"
        "!7 = !DISubroutineType(types: !9)\n"
        "!8 = distinct !DICompositeType(tag: DW_TAG_structure_type, file: !6,\n"
        "  name: \"t\", line: 1, size: 32, elements: !9, scope: !8)\n"
        "!9 = !{}\n";
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "a.ll", text);
    assert_compiles(f);
    assert_int_equal(f->result.link.debug.size, 0);
    assert_non_null(find_function(f, "start"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(deadly_debug_information_is_dropped),
        TEST(keeps_debug_information),
        TEST(drops_debug_information_if_asked_to),
        TEST(the_image_is_the_same_with_and_without),
        TEST(broken_debug_information_is_dropped),
        TEST(debug_information_of_another_version_is_dropped),
        TEST(what_is_not_used_is_not_described),
        TEST(a_described_atexit_becomes_a_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
