/* compile(): inputs good and bad, targets, and independence of everything
 * else. */
#include "compile_fixture.h"

#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, compile_fixture_setup,           \
                                    compile_fixture_teardown)

static const char simple[] = "@factor = global float 2.0\n"
                             "define float @scale(float %x) {\n"
                             "  %f = load float, ptr @factor\n"
                             "  %y = fmul float %x, %f\n"
                             "  ret float %y\n"
                             "}\n"
                             "define void @scale_all(ptr %p) {\n"
                             "  %x = load float, ptr %p\n"
                             "  %y = call float @scale(float %x)\n"
                             "  store float %y, ptr %p\n"
                             "  ret void\n"
                             "}\n";

/* ---- Dresses of bitcode ---- */

static void put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

enum { WRAPPER_SIZE = 28 };

/* Android's wrapper with a tag behind the header; free() it. */
static struct span wrap(struct span bitcode)
{
    uint8_t *data = calloc(1, WRAPPER_SIZE + bitcode.size + 3);

    assert_non_null(data);
    put32(data, 0x0b17c0de);
    put32(data + 8, WRAPPER_SIZE);
    put32(data + 12, (uint32_t)bitcode.size);
    memcpy(data + WRAPPER_SIZE, bitcode.data, bitcode.size);
    return (struct span){data, WRAPPER_SIZE + bitcode.size + 3};
}

static void text_bitcode_and_wrapper_give_the_same_image(void **state)
{
    struct compile_fixture *f = *state;
    struct span bitcode = make_bitcode(simple);
    struct span wrapped = wrap(bitcode);
    struct span inputs[] = {
        {(const uint8_t *)simple, strlen(simple)}, bitcode, wrapped};
    struct buffer first;

    buffer_init(&first);
    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        struct buffer *image = &f->result.link.image;
        compile_fixture_reset(f);
        compile_fixture_add(f, "script.bc", inputs[i]);
        assert_compiles(f);
        if (i == 0)
            buffer_append(&first, image->data, image->size);
        assert_int_equal(image->size, first.size);
        assert_memory_equal(image->data, first.data, first.size);
    }
    buffer_release(&first);
    free((void *)wrapped.data);
    free((void *)bitcode.data);
}

static void the_name_of_an_input_does_not_shape_the_image(void **state)
{
    static const char *const names[] = {"a.bc", "/some/where/else/b.bc"};
    struct compile_fixture *f = *state;
    struct buffer first;

    buffer_init(&first);
    for (size_t i = 0; i < 2; i++) {
        struct buffer *image = &f->result.link.image;
        compile_fixture_reset(f);
        compile_fixture_add_text(f, names[i], simple);
        assert_compiles(f);
        if (i == 0)
            buffer_append(&first, image->data, image->size);
        assert_int_equal(image->size, first.size);
        assert_memory_equal(image->data, first.data, first.size);
    }
    buffer_release(&first);
}

static void refuses_a_damaged_wrapper(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
    } damage[] = {{8, 0},           {8, 12},          {8, 24},
                  {8, 0x7fffffff},  {8, 0xffffffff},  {12, 0},
                  {12, 0x7fffffff}, {12, 0xffffffff}, {8, 0xfffffff0},
                  {12, 0xffffffe4}};
    struct compile_fixture *f = *state;
    struct span bitcode = make_bitcode(simple);

    for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
        struct span wrapped = wrap(bitcode);
        put32((uint8_t *)wrapped.data + damage[i].at, damage[i].value);
        compile_fixture_reset(f);
        compile_fixture_add(f, "wrapped.bc", wrapped);
        assert_refused(f, STATUS_CORRUPT, "wrapped.bc: bitcode wrapper");
        free((void *)wrapped.data);
    }
    /* Each byte of a number counts. */
    for (size_t at = 8; at <= 12; at += 4) {
        struct span wrapped = wrap(bitcode);
        put32((uint8_t *)wrapped.data + at, 0x04030201);
        compile_fixture_reset(f);
        compile_fixture_add(f, "wrapped.bc", wrapped);
        assert_refused(f, STATUS_CORRUPT,
                       at == 8 ? "offset 67305985 and" : "size 67305985 in");
        free((void *)wrapped.data);
    }
    free((void *)bitcode.data);
}

static void refuses_a_wrapper_cut_anywhere(void **state)
{
    struct compile_fixture *f = *state;
    struct span bitcode = make_bitcode(simple);
    struct span wrapped = wrap(bitcode);

    for (size_t size = 4; size < wrapped.size - 3; size++) {
        compile_fixture_reset(f);
        compile_fixture_add(f, "cut.bc", (struct span){wrapped.data, size});
        assert_refused(f, STATUS_CORRUPT, "cut.bc: bitcode wrapper");
    }
    free((void *)wrapped.data);
    free((void *)bitcode.data);
}

/* ---- Garbage ---- */

static void refuses_what_is_no_bitcode(void **state)
{
    static const uint8_t elf[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    struct compile_fixture *f = *state;

    compile_fixture_add(f, "empty.bc", (struct span){elf, 0});
    assert_refused(f, STATUS_CORRUPT, "empty.bc: the file is empty");
    compile_fixture_reset(f);
    compile_fixture_add(f, "elf.bc", (struct span){elf, sizeof(elf)});
    assert_refused(f, STATUS_UNSUPPORTED, "elf.bc: an ELF object, not bitcode");
    compile_fixture_reset(f);
    compile_fixture_add_text(f, "prose.bc", "Call me Ishmael.\n");
    assert_refused(f, STATUS_CORRUPT, "prose.bc");
    compile_fixture_reset(f);
    compile_fixture_add_text(f, "script.bc", simple);
    compile_fixture_add(f, "library.bc", (struct span){elf, sizeof(elf)});
    assert_refused(f, STATUS_UNSUPPORTED, "library.bc");
}

static void other_formats_are_called_by_name(void **state)
{
    static const struct {
        const char *name;
        const char *bytes;
        const char *message;
    } cases[] = {
        {"a.c", "int f;", "a.c: C or C++ source: compile it with 'clang"},
        {"a.bc", "\n #include <x>\n", "a.bc: C or C++ source"},
        {"a.cl", "kernel void f() {}", "a.cl: OpenCL C source"},
        {"a.rs", "fn main() {}", "a.rs: Rust source"},
        {"a.f90", "end", "a.f90: Fortran source"},
        {"a.bc", "#!/bin/sh\n", "a.bc: a script of an interpreter"},
        {"a.bc", "PK\3\4....", "a.bc: a ZIP archive"},
        {"a.bc", "\x1f\x8b\x08", "a.bc: a compressed file"},
        {"a.bc", "oBCC\1", "a.bc: a compiled file of this engine"},
        {"a.bc", "\3\2\x23\7", "a.bc: SPIR-V"},
        {"a.bc", "Call me Ishmael.",
         "a.bc: text, but not LLVM's assembly (a.bc:1:1: "},
        /* What is assembly by its beginning keeps LLVM's word on it. */
        {"a.ll", "define i32 @f() { ret i32 x }", "a.ll:1:27: error: "},
    };
    struct compile_fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        compile_fixture_reset(f);
        compile_fixture_add(f, cases[i].name,
                            (struct span){(const uint8_t *)cases[i].bytes,
                                          strlen(cases[i].bytes)});
        assert_refused(f, STATUS_CORRUPT, cases[i].message);
    }
}

static void bitcode_that_is_cut_short_is_called_so(void **state)
{
    struct compile_fixture *f = *state;
    struct span bitcode = make_bitcode(simple);
    size_t half = bitcode.size / 2 & ~(size_t)3;

    compile_fixture_add(f, "short.bc", (struct span){bitcode.data, half});
    assert_refused(f, STATUS_CORRUPT, "short.bc: the bitcode is cut short: ");
    /* and what LLVM said is there, too */
    assert_non_null(strstr(f->err.message, "(short.bc: "));
    free((void *)bitcode.data);
}

static void refuses_ir_that_breaks_the_rules(void **state)
{
    struct compile_fixture *f = *state;

    /* The parser takes it, the verifier does not. */
    compile_fixture_add_text(f, "bad.bc",
                             "define void @f() {\n"
                             "  call void @llvm.memcpy.p0.p0.i64(ptr null, "
                             "ptr null, i64 1, i1 undef)\n"
                             "  ret void\n"
                             "}\n"
                             "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, "
                             "i64, i1)\n");
    assert_refused(f, STATUS_COMPILE, "bad.bc: ");
}

static void refuses_inline_assembly_that_is_none(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(
        f, "asm.bc",
        "define void @f() {\n"
        "  call void asm sideeffect \"frobnicate %eax\", \"\"()\n"
        "  ret void\n"
        "}\n");
    assert_refused(f, STATUS_COMPILE, "asm.bc: ");
}

static void refuses_a_compile_without_script(void **state)
{
    struct compile_fixture *f = *state;

    assert_refused(f, STATUS_MISUSE, "no script");
}

static void leave(enum status status, const char *message)
{
    (void)status;
    (void)message;
    _exit(1);
}

/* In a child: LLVM may crash on bitcode that nobody wrote. The parent sees
 * that it ends, and that what it returns is a status with a message. */
static void compile_in_child(struct compile_fixture *f)
{
    const struct rlimit seconds = {10, 10}, no_core = {0, 0};
    enum status status;

    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_CORE, &no_core);
    compile_on_end(leave);
    status = compile_fixture_run(f);
    _exit(status && !f->err.message[0] ? 2 : 0);
}

static void mutated_bitcode_ends_with_a_status(void **state)
{
    enum { N_MUTATIONS = 150 };
    struct compile_fixture *f = *state;
    struct span bitcode = make_bitcode(simple);
    uint8_t *mutated = malloc(bitcode.size);
    uint32_t random = 12345;

    assert_non_null(mutated);
    for (int i = 0; i < N_MUTATIONS; i++) {
        pid_t child;
        int ended;

        memcpy(mutated, bitcode.data, bitcode.size);
        for (int n = 0; n < 1 + i % 4; n++) {
            random = random * 1664525 + 1013904223;
            mutated[(random >> 8) % bitcode.size] ^=
                (uint8_t)(1 << (random & 7));
        }
        compile_fixture_reset(f);
        compile_fixture_add(f, "mutated.bc",
                            (struct span){mutated, bitcode.size});
        child = fork();
        assert_true(child >= 0);
        if (child == 0)
            compile_in_child(f);
        assert_int_equal(waitpid(child, &ended, 0), child);
        assert_false(WIFEXITED(ended) && WEXITSTATUS(ended) == 2);
        assert_false(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGXCPU);
    }
    free(mutated);
    free((void *)bitcode.data);
}

/* ---- Targets ---- */

static void refuses_targets_it_cannot_make_code_for(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", simple);
    f->request.triple = "mips64-linux-gnu";
    assert_refused(f, STATUS_UNSUPPORTED, "target 'mips64-linux-gnu'");
    f->request.triple = "";
    assert_refused(f, STATUS_UNSUPPORTED, "target ''");
    f->request.triple = "x86_64-pc-windows-msvc";
    assert_refused(f, STATUS_UNSUPPORTED, "target 'x86_64-pc-windows-msvc'");
}

static void refuses_scripts_of_another_machine(void **state)
{
    static const char *const triples[] = {
        "armv7-none-linux-gnueabi", "i686-unknown-linux", "aarch64-linux-gnu",
        "x86_64-pc-windows-msvc", "wasm32-unknown-unknown"};
    struct compile_fixture *f = *state;
    char text[256];

    for (size_t i = 0; i < sizeof(triples) / sizeof(triples[0]); i++) {
        snprintf(text, sizeof(text),
                 "target triple = \"%s\"\ndefine void @f() { ret void }\n",
                 triples[i]);
        compile_fixture_reset(f);
        compile_fixture_add_text(f, "other.bc", text);
        assert_refused(f, STATUS_UNSUPPORTED, "other.bc: made for ");
        assert_non_null(strstr(f->err.message, triples[i]));
        assert_non_null(strstr(f->err.message, "x86_64-pc-linux-gnu"));
        compile_fixture_reset(f);
        compile_fixture_add_text(f, "script.bc", simple);
        compile_fixture_add_text(f, "runtime.bc", text);
        assert_refused(f, STATUS_UNSUPPORTED, "runtime.bc: made for ");
    }
}

/* In functions and outside. */
static void makes_code_of_assembly_for_every_machine(void **state)
{
    static const char *const triples[] = {
        "x86_64-linux-gnu", "aarch64-linux-gnu", "armv7-linux-gnueabihf",
        "armv7-linux-gnueabi", "riscv64-linux-gnu"};
    struct compile_fixture *f = *state;
    char text[512];

    for (size_t i = 0; i < sizeof(triples) / sizeof(triples[0]); i++) {
        snprintf(text, sizeof(text),
                 "target triple = \"%s\"\n"
                 "module asm \".globl g\"\n"
                 "module asm \"g: nop\"\n"
                 "declare void @g()\n"
                 "define void @f() {\n"
                 "  call void asm sideeffect \"nop\", \"\"()\n"
                 "  call void @g()\n"
                 "  ret void\n"
                 "}\n",
                 triples[i]);
        compile_fixture_reset(f);
        compile_fixture_add_text(f, "script.bc", text);
        f->request.triple = triples[i];
        f->request.cpu = "generic";
        f->request.features = "";
        assert_compiles(f);
        assert_non_null(find_function(f, "f"));
        assert_int_equal(f->result.link.n_imports, 0);
    }
}

static void neutral_modules_need_pointers_of_the_same_size(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "spir64.bc",
                             "target datalayout = \"e-i64:64\"\n"
                             "target triple = \"spir64-unknown-unknown\"\n"
                             "define void @f() { ret void }\n");
    assert_compiles(f);
    compile_fixture_reset(f);
    compile_fixture_add_text(f, "spir.bc",
                             "target datalayout = \"e-p:32:32\"\n"
                             "target triple = \"spir-unknown-unknown\"\n"
                             "define void @f() { ret void }\n");
    assert_refused(f, STATUS_UNSUPPORTED, "spir.bc: made for ");
    compile_fixture_reset(f);
    compile_fixture_add_text(f, "big.bc",
                             "target datalayout = \"E-p:64:64\"\n"
                             "define void @f() { ret void }\n");
    assert_refused(f, STATUS_UNSUPPORTED, "big.bc: made for ");
}

static void vendors_of_triples_do_not_matter(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "android.bc",
                             "target triple = \"x86_64-none-linux-android29\"\n"
                             "define void @f() { ret void }\n");
    assert_compiles(f);
    assert_int_equal(f->result.link.machine->elf_machine, EM_X86_64);
}

/* ---- CPUs ---- */

static bool needs(const struct compile_fixture *f, const char *feature)
{
    struct cpu_features one = {{0}};

    assert_true(cpu_features_add(&one, EM_X86_64, feature, strlen(feature)));
    return cpu_features_missing(&one, &f->result.cpu_features) < 0;
}

static void compile_for(struct compile_fixture *f, const char *cpu,
                        const char *features)
{
    compile_fixture_reset(f);
    compile_fixture_add_text(f, "script.bc", simple);
    f->request.cpu = cpu;
    f->request.features = features;
    assert_compiles(f);
}

static void code_needs_the_features_of_its_cpu(void **state)
{
    static const struct {
        const char *cpu, *features, *has, *lacks;
    } cases[] = {
        {"x86-64", "", NULL, "sse3"},
        {"x86-64-v2", "", "sse4.2", "avx"},
        {"x86-64-v3", "", "avx2", "avx512f"},
        {"x86-64-v4", "", "avx512vl", "vaes"},
        {"generic", "", NULL, "sse3"},
        {"haswell", "", "fma", "adx"},
        {"znver3", "", "vaes", "avx512f"},
        {"x86-64", "+avx", "sse4.2", "avx2"},
        {"x86-64-v3", "-avx2", "avx", "avx2"},
        {"x86-64-v2", "+gfni", "gfni", "avx"},
    };
    struct compile_fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        compile_for(f, cases[i].cpu, cases[i].features);
        if (cases[i].has)
            assert_true(needs(f, cases[i].has));
        assert_false(needs(f, cases[i].lacks));
    }
}

static void native_code_needs_nothing_that_this_machine_lacks(void **state)
{
    struct cpu_features host = cpu_features_host();
    struct compile_fixture *f = *state;

    compile_for(f, "native", "");
    assert_int_equal(cpu_features_missing(&f->result.cpu_features, &host), -1);
    compile_for(f, "native", "-sse4a,-sse3");
    assert_false(needs(f, "sse3"));
}

static void refuses_a_cpu_that_llvm_does_not_know(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", simple);
    f->request.cpu = "pentium9";
    assert_refused(f, STATUS_UNSUPPORTED, "CPU 'pentium9': not known");
}

static void refuses_features_without_a_sign(void **state)
{
    static const char *const wrong[] = {"avx", "+", "+avx,,+fma", "+avx, +fma"};
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.bc", simple);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        f->request.features = wrong[i];
        assert_refused(f, STATUS_UNSUPPORTED, "not +name or -name");
    }
}

/* A function that asks the CPU before it is called may be ahead of it. */
static void a_function_keeps_features_beyond_the_target(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(
        f, "dispatch.bc",
        "define <8 x i64> @wide(<8 x i64> %a, <8 x i64> %b) #0 {\n"
        "  %c = call <8 x i64> @llvm.x86.pclmulqdq.512(<8 x i64> %a, "
        "<8 x i64> %b, i8 1)\n"
        "  ret <8 x i64> %c\n"
        "}\n"
        "declare <8 x i64> @llvm.x86.pclmulqdq.512(<8 x i64>, <8 x i64>, i8)\n"
        "attributes #0 = { \"target-cpu\"=\"icelake-server\" "
        "\"target-features\"=\"+avx512f,+vpclmulqdq,+sse2,-fma4\" }\n");
    assert_compiles(f);
    assert_false(needs(f, "avx512f"));
}

/* ---- Disassembly ---- */

static void disassembly_names_functions_and_their_callees(void **state)
{
    struct compile_fixture *f = *state;
    const struct link_result *link = &f->result.link;
    struct disassembly what = {.triple = "x86_64-linux-gnu"};
    struct buffer listing;

    compile_fixture_add_text(f, "script.bc", simple);
    f->request.opt_level = 0;
    assert_compiles(f);
    what.image = buffer_span(&link->image);
    what.functions = link->functions;
    what.n_functions = link->n_functions;
    buffer_init(&listing);
    assert_int_equal(compile_disassemble(&what, &listing, &f->err), STATUS_OK);
    buffer_append(&listing, "", 1);
    assert_non_null(strstr((char *)listing.data, "<scale>:"));
    assert_non_null(strstr((char *)listing.data, "<scale_all>:"));
    assert_non_null(strstr((char *)listing.data, "mulss"));
    assert_non_null(strstr((char *)listing.data, "retq"));
    assert_null(strstr((char *)listing.data, "(bad)"));
    buffer_release(&listing);
}

static void disassembly_stays_inside_the_image(void **state)
{
    static const uint8_t code[] = {0x90, 0x06, 0xff};
    static const struct link_symbol functions[] = {{"good", 0, 1},
                                                   {"undecodable", 1, 2},
                                                   {"outside", 2, 2},
                                                   {"far", UINT64_MAX - 1, 16}};
    const struct disassembly what = {
        .image = {code, sizeof(code)},
        .triple = "x86_64-linux-gnu",
        .functions = functions,
        .n_functions = 4,
    };
    struct compile_fixture *f = *state;
    struct buffer listing;

    buffer_init(&listing);
    assert_int_equal(compile_disassemble(&what, &listing, &f->err), STATUS_OK);
    buffer_append(&listing, "", 1);
    assert_non_null(strstr((char *)listing.data, "nop"));
    assert_non_null(strstr((char *)listing.data, "(bad)"));
    assert_non_null(strstr((char *)listing.data, "outside the image"));
    buffer_release(&listing);
}

/* ---- No memory for the object ---- */

static bool object_fails;

/* Under a limit of memory LLVM reports success, and has no object. */
LLVMBool __real_LLVMTargetMachineEmitToMemoryBuffer(
    LLVMTargetMachineRef machine, LLVMModuleRef module,
    LLVMCodeGenFileType kind, char **message, LLVMMemoryBufferRef *object);
LLVMBool __wrap_LLVMTargetMachineEmitToMemoryBuffer(
    LLVMTargetMachineRef machine, LLVMModuleRef module,
    LLVMCodeGenFileType kind, char **message, LLVMMemoryBufferRef *object);
LLVMBool __wrap_LLVMTargetMachineEmitToMemoryBuffer(
    LLVMTargetMachineRef machine, LLVMModuleRef module,
    LLVMCodeGenFileType kind, char **message, LLVMMemoryBufferRef *object)
{
    LLVMBool failed = __real_LLVMTargetMachineEmitToMemoryBuffer(
        machine, module, kind, message, object);

    if (object_fails) {
        LLVMDisposeMemoryBuffer(*object);
        *object = NULL;
    }
    return failed;
}

static void a_missing_object_is_an_error(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "script.ll", simple);
    object_fails = true;
    assert_refused(f, STATUS_NO_MEMORY, "out of memory");
    object_fails = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_missing_object_is_an_error),
        TEST(text_bitcode_and_wrapper_give_the_same_image),
        TEST(the_name_of_an_input_does_not_shape_the_image),
        TEST(refuses_a_damaged_wrapper),
        TEST(refuses_a_wrapper_cut_anywhere),
        TEST(refuses_what_is_no_bitcode),
        TEST(other_formats_are_called_by_name),
        TEST(bitcode_that_is_cut_short_is_called_so),
        TEST(refuses_ir_that_breaks_the_rules),
        TEST(refuses_inline_assembly_that_is_none),
        TEST(refuses_a_compile_without_script),
        TEST(mutated_bitcode_ends_with_a_status),
        TEST(refuses_targets_it_cannot_make_code_for),
        TEST(refuses_scripts_of_another_machine),
        TEST(makes_code_of_assembly_for_every_machine),
        TEST(neutral_modules_need_pointers_of_the_same_size),
        TEST(vendors_of_triples_do_not_matter),
        TEST(code_needs_the_features_of_its_cpu),
        TEST(native_code_needs_nothing_that_this_machine_lacks),
        TEST(refuses_a_cpu_that_llvm_does_not_know),
        TEST(refuses_features_without_a_sign),
        TEST(a_function_keeps_features_beyond_the_target),
        TEST(disassembly_names_functions_and_their_callees),
        TEST(disassembly_stays_inside_the_image),
    };

    return cmocka_run_group_tests_name("compile", tests, NULL, NULL);
}
