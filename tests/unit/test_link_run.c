/* lib/linker: images run. The C library's loader runs them, as it knows nothing
 * of how they were made. The code comes from the compiler that built this test,
 * in the shapes that code models and options give it. */
#include "link_fixture.h"

/* ---- C ---- */

static const char program[] =
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "extern long shared; extern long add(long, long);\n"
    "extern __thread long counter;\n"
    "__thread long own_counter = 5;\n"
    "static __thread long zeros[10];\n"
    "long variable = 7, bss[2000], *pointer = &variable;\n"
    "static const char *const words[] = {\"one\", \"two\", \"three\"};\n"
    "static long started, (*volatile indirect)(long, long) = add;\n"
    "int (*volatile print)(const char *, ...) = printf;\n"
    "extern void unknown(void) __attribute__((weak));\n"
    "__attribute__((constructor)) static void start(void) { started++; }\n"
    "__attribute__((constructor(200))) static void early(void)\n"
    "{ if (started == 0) started = 10; }\n"
    "static int compare(const void *a, const void *b)\n"
    "{ return *(const long *)a > *(const long *)b ? 1 : -1; }\n"
    "long run(void)\n"
    "{\n"
    "    long list[3] = {3, 1, 2};\n"
    "    FILE *const *volatile file = &stdout;\n"
    "    qsort(list, 3, sizeof(list[0]), compare);\n"
    "    zeros[3] += counter + own_counter++;\n"
    "    if (started != 11 || list[0] != 1 || list[2] != 3) return 1;\n"
    "    if (*pointer != 7 || bss[1999] != 0 || words[2][1] != 'h') return 2;\n"
    "    if (indirect(shared, 2) != 44 || add(1, 2) != 3) return 3;\n"
    "    if (zeros[3] != 14 || own_counter != 6) return 4;\n"
    "    if (unknown || print != printf || !*file) return 5;\n"
    "    return 0;\n"
    "}\n";

static const char other[] = "__thread long counter = 9;\n"
                            "long shared = 42;\n"
                            "long add(long a, long b) { return a + b; }\n";

static const char *const flags[] = {
    NULL,
    "-O0",
    "-O3",
    "-fno-plt",
#if !defined(__clang__) || __clang_major__ >= 19
    /* Before LLVM 19, clang then writes addresses into code. */
    "-mcmodel=medium",
    "-mcmodel=large",
#endif
    "-fvisibility=hidden",
    "-ffunction-sections",
    "-fcommon",
    "-Wa,-mrelax-relocations=no",
#if !defined(__clang__) || __clang_major__ >= 19
    "-mtls-dialect=gnu2",
#endif
};

static void runs_code_of_every_model_and_option(void **state)
{
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        struct fixture *f;

        assert_int_equal(fixture_setup(state), 0);
        f = *state;
        fixture_compile(f, "program.o", flags[i], program);
        fixture_compile(f, "other.o", flags[i], other);
        fixture_export(f, "run");
        fixture_load(f);
        if (fixture_call(f, "run"))
            fail_msg("%s: returns %ld", flags[i] ? flags[i] : "no flag",
                     fixture_call(f, "run"));
        fixture_teardown(state);
    }
}

static void runs_destructors_in_the_reverse_order_of_constructors(void **state)
{
    struct fixture *f = *state;
    char *(*trace)(void);
    static char copy[16];
    void *address;

    /* The trace is handed out, so that it can be read after dlclose(). */
    fixture_compile(f, "a.o", NULL,
                    "static char own[16], *text = own;\n"
                    "char *set(char *t) { return text = t; }\n"
                    "static void add(char c) {\n"
                    "    char *p = text; while (*p) p++; *p = c; }\n"
                    "#define PAIR(n)"
                    " __attribute__((constructor(n))) static void c##n(void)"
                    " { add('a' + n % 10); }"
                    " __attribute__((destructor(n))) static void d##n(void)"
                    " { add('A' + n % 10); }\n"
                    "PAIR(201) PAIR(203) PAIR(202)\n"
                    "char *get(void) { return own; }\n");
    fixture_export(f, "set");
    fixture_export(f, "get");
    fixture_load(f);
    address = fixture_loaded(f, "get");
    memcpy(&trace, &address, sizeof(trace));
    assert_string_equal(trace(), "bcd");
    {
        char *(*set)(char *);

        address = fixture_loaded(f, "set");
        memcpy(&set, &address, sizeof(set));
        set(copy);
    }
    fixture_unload(f);
    assert_string_equal(copy, "DCB");
}

static void links_two_objects_that_share_inline_code(void **state)
{
    static const char text[] =
        ".section .text.next, \"axG\", @progbits, next, comdat\n"
        ".weak next\nfunc next\nmovq count@GOTPCREL(%%rip), %%rcx\n"
        "incq (%%rcx)\nmovq (%%rcx), %%rax\nret\n"
        ".section .bss.count, \"awG\", @nobits, count, comdat\n"
        ".weak count\n.balign 8\nvar count\n.zero 8\n"
        ".text\n.globl call%u\nfunc call%u\njmp next@PLT\n";
    struct fixture *f = *state;
    char copy[512];

    for (unsigned i = 0; i < 2; i++) {
        snprintf(copy, sizeof(copy), text, i, i);
        fixture_assemble(f, "a.o", copy);
    }
    fixture_export(f, "call0");
    fixture_export(f, "call1");
    fixture_load(f);
    assert_int_equal(fixture_call(f, "call0"), 1);
    assert_int_equal(fixture_call(f, "call1"), 2);
    assert_int_equal(fixture_call(f, "call0"), 3);
}

static void runs_what_a_resolver_chose(void **state)
{
    struct fixture *f = *state;

    fixture_compile(
        f, "a.o", NULL,
        "#include <stdlib.h>\n"
        "static long one(void) { return 1; }\n"
        "static long seven(void) { return 7; }\n"
        /* The resolver calls an import, so it must be bound by then. */
        "static long (*choose(void))(void)\n"
        "{ return labs(-1) == 1 ? seven : one; }\n"
        "long chosen(void) __attribute__((ifunc(\"choose\")));\n"
        "static long own(void) __attribute__((ifunc(\"choose\")));\n"
        "long (*pointer)(void) = chosen;\n"
        "long (*same(void))(void) { return chosen; }\n"
        "long run(void)\n"
        "{ return chosen() + pointer() + own() + 100 * (pointer == same()); "
        "}\n");
    fixture_export(f, "run");
    fixture_export(f, "chosen");
    fixture_load(f);
    assert_int_equal(fixture_call(f, "run"), 121);
    assert_int_equal(fixture_call(f, "chosen"), 7);
}

static void unwinds_through_its_functions(void **state)
{
    struct fixture *f = *state;

    /* backtrace() finds its way by .eh_frame_hdr alone. */
    fixture_compile(f, "a.o", "-fomit-frame-pointer",
                    "#include <execinfo.h>\n"
                    "#define DEEP __attribute__((noinline))\n"
                    "static void *caller;\n"
                    "DEEP static long deeper(volatile char *p)\n"
                    "{\n"
                    "    void *frames[32];\n"
                    "    int n = backtrace(frames, 32);\n"
                    "    for (int i = 0; i < n; i++)\n"
                    "        if (frames[i] == caller)\n"
                    "            return i + p[0];\n"
                    "    return -1;\n"
                    "}\n"
                    "DEEP static long deep(long n)\n"
                    "{\n"
                    "    volatile char array[n]; array[0] = 0;\n"
                    "    caller = __builtin_return_address(0);\n"
                    "    return deeper(array) + array[0];\n"
                    "}\n"
                    "long run(void)\n"
                    "{ volatile long n = deep(1000); return n; }\n");
    fixture_export(f, "run");
    fixture_load(f);
    /* Past deeper and deep; a sanitizer may put a frame of its own first. */
    assert_true(fixture_call(f, "run") >= 2);
}

/* ---- Assembler ---- */

static void runs_relaxed_instructions(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".globl value, seven, load, wide, call_it, jump\n"
                     ".globl compare, push\n"
                     ".data\n.balign 8\nvar value\n.quad 1234\n"
                     ".text\n"
                     "func seven\nmovl $7, %eax\nret\n"
                     "func load\nmovq value@GOTPCREL(%rip), %rax\n"
                     "movq (%rax), %rax\nret\n"
                     "func wide\nmovq value@GOTPCREL(%rip), %r15\n"
                     "movq %r15, %rax\nret\n"
                     "func call_it\nsubq $8, %rsp\n"
                     "call *seven@GOTPCREL(%rip)\naddq $8, %rsp\nret\n"
                     "func jump\njmp *seven@GOTPCREL(%rip)\n"
                     "func compare\nleaq value(%rip), %rcx\nxorl %eax, %eax\n"
                     "cmpq value@GOTPCREL(%rip), %rcx\nsete %al\nret\n"
                     "func push\npushq value@GOTPCREL(%rip)\npopq %rax\n"
                     "movq (%rax), %rax\nret\n");
    fixture_export(f, "value");
    fixture_export(f, "load");
    fixture_export(f, "call_it");
    fixture_export(f, "jump");
    fixture_export(f, "compare");
    fixture_export(f, "push");
    fixture_load(f);
    assert_int_equal(fixture_call(f, "load"), 1234);
    assert_int_equal(fixture_call(f, "call_it"), 7);
    assert_int_equal(fixture_call(f, "jump"), 7);
    assert_int_equal(fixture_call(f, "compare"), 1);
    assert_int_equal(fixture_call(f, "push"), 1234);
}

static void aligns_what_asks_for_more_than_a_page(void **state)
{
    struct fixture *f = *state;
    const uint64_t *wide;

    fixture_compile(f, "a.o", NULL,
                    "__attribute__((aligned(65536))) long wide = 3;\n"
                    "__attribute__((aligned(65536))) long zeros[10];\n");
    fixture_export(f, "wide");
    fixture_export(f, "zeros");
    fixture_load(f);
    wide = fixture_loaded(f, "wide");
    assert_int_equal(*wide, 3);
    assert_int_equal((uintptr_t)wide % 65536, 0);
    assert_int_equal((uintptr_t)fixture_loaded(f, "zeros") % 65536, 0);
}

static void patches_addresses_at_every_kind_of_place(void **state)
{
    struct fixture *f = *state;

    fixture_assemble(f, "a.o",
                     ".globl check\n"
                     ".data\n.balign 8\n"
                     "var words\n.quad words\n.byte 0\n"
                     "var odd\n.quad words\n"
                     ".balign 8\n.fill 70, 8, 0\n"
                     "var far\n.quad words, strtol\n"
                     ".section .rodata, \"a\"\n.balign 8\n"
                     "var table\n.quad words, far + 8\n"
                     ".text\nfunc check\n"
                     "leaq words(%rip), %rcx\nmovl $1, %eax\n"
                     "cmpq %rcx, words(%rip)\njne 1f\nincl %eax\n"
                     "cmpq %rcx, odd(%rip)\njne 1f\nincl %eax\n"
                     "cmpq %rcx, far(%rip)\njne 1f\nincl %eax\n"
                     "cmpq %rcx, table(%rip)\njne 1f\nincl %eax\n"
                     "movq strtol@GOTPCREL(%rip), %rdx\n"
                     "movq table+8(%rip), %rcx\n"
                     "cmpq %rdx, (%rcx)\njne 1f\nxorl %eax, %eax\n"
                     "1: ret\n");
    fixture_export(f, "check");
    fixture_load(f);
    assert_int_equal(fixture_call(f, "check"), 0);
}

static void is_accepted_by_tools(void **state)
{
    struct fixture *f = *state;
    struct temp_path path;
    char command[2048];

    fixture_compile(f, "program.o", NULL, program);
    fixture_compile(f, "other.o", NULL, other);
    fixture_export(f, "run");
    fixture_load(f);
    path = temp_dir_path(&f->dir, "image.so");
    /* Nothing on stderr: neither errors nor warnings. */
    snprintf(command, sizeof(command),
             "test -z \"$(readelf -aW %s 2>&1 >/dev/null)\" && "
             "test -z \"$(objdump -xd %s 2>&1 >/dev/null)\"",
             path.text, path.text);
    assert_int_equal(system(command), 0);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_code_of_every_model_and_option),
        TEST(runs_destructors_in_the_reverse_order_of_constructors),
        TEST(links_two_objects_that_share_inline_code),
        TEST(runs_what_a_resolver_chose),
        TEST(unwinds_through_its_functions),
        TEST(runs_relaxed_instructions),
        TEST(aligns_what_asks_for_more_than_a_page),
        TEST(patches_addresses_at_every_kind_of_place),
        TEST(is_accepted_by_tools),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
