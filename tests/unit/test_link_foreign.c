/* lib/linker: images for other machines run. The C library's loader of the
 * machine is the judge, in an emulator; code is clang's, in the shapes that
 * code models and options give it. */
#include "link_machines.h"

/* ---- C ---- */

static const char program[] =
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "#include <string.h>\n"
    "extern long shared; extern long add(long, long);\n"
    "extern __thread long counter;\n"
    "__thread long own_counter = 5;\n"
    "static __thread long zeros[10];\n"
    "static __thread char odd = 3;\n"
    "long variable = 7, bss[2000], *pointer = &variable;\n"
    "static const char *const words[] = {\"one\", \"two\", \"three\"};\n"
    "static long started, (*volatile indirect)(long, long) = add;\n"
    "int (*volatile print)(const char *, ...) = printf;\n"
    "extern void unknown(void) __attribute__((weak));\n"
    "extern void nothing(void)\n"
    "    __attribute__((weak, visibility(\"hidden\")));\n"
    "__attribute__((constructor)) static void start(void) { started++; }\n"
    "__attribute__((constructor(200))) static void early(void)\n"
    "{ if (started == 0) started = 10; }\n"
    "static int compare(const void *a, const void *b)\n"
    "{ return *(const long *)a > *(const long *)b ? 1 : -1; }\n"
    "static long one(void) { return 1; }\n"
    "static long seven(void) { return 7; }\n"
    "static long (*choose(void))(void)\n"
    "{ return labs(-1) == 1 ? seven : one; }\n"
    "long chosen(void) __attribute__((ifunc(\"choose\")));\n"
    "long (*chosen_pointer)(void) = chosen;\n"
    "long (*same(void))(void) { return chosen; }\n"
    "static const char *name(volatile int n)\n"
    "{\n"
    "    switch (n) {\n"
    "    case 1: return \"a\"; case 2: return words[0]; case 3: return \"c\";\n"
    "    case 4: return \"dd\"; case 5: return words[1]; case 6: return "
    "\"f\";\n"
    "    default: return \"\";\n"
    "    }\n"
    "}\n"
    "long run(void)\n"
    "{\n"
    "    long list[3] = {3, 1, 2};\n"
    "    FILE *const *volatile file = &stdout;\n"
    "    char text[64];\n"
    "    qsort(list, 3, sizeof(list[0]), compare);\n"
    "    zeros[3] += counter + own_counter++;\n"
    "    if (nothing) nothing();\n"
    "    if (started != 11 || list[0] != 1 || list[2] != 3) return 1;\n"
    "    if (*pointer != 7 || bss[1999] != 0 || words[2][1] != 'h') return 2;\n"
    "    if (indirect(shared, 2) != 44 || add(1, 2) != 3) return 3;\n"
    "    if (zeros[3] != 14 || own_counter != 6 || odd != 3) return 4;\n"
    "    if (unknown || print != printf || !*file) return 5;\n"
    "    if (chosen() != 7 || chosen_pointer() != 7) return 6;\n"
    "    if (chosen_pointer != same()) return 7;\n"
    "    if (strlen(name(4)) != 2 || strlen(name(5)) != 3) return 8;\n"
    "    snprintf(text, sizeof(text), \"%g %d\", atof(\"1.5\"), 77);\n"
    "    if (strcmp(text, \"1.5 77\") != 0) return 9;\n"
    "    return 0;\n"
    "}\n";

static const char other[] = "__thread long counter = 9;\n"
                            "long shared = 42;\n"
                            "long add(long a, long b) { return a + b; }\n";

struct option {
    const struct foreign *foreign;
    const char *flag;
};

static const struct option options[] = {
    {&foreign_aarch64, "-O0"},
    {&foreign_aarch64, "-O3"},
    {&foreign_aarch64, "-Oz"},
    {&foreign_aarch64, "-fno-plt"},
    {&foreign_aarch64, "-mcmodel=tiny"},
    {&foreign_aarch64, "-fvisibility=hidden"},
    {&foreign_aarch64, "-ffunction-sections"},
    {&foreign_aarch64, "-fcommon"},
    {&foreign_aarch64, "-moutline"},
    {&foreign_aarch64, "-ftls-model=local-dynamic"},
    {&foreign_aarch64, "-ftls-model=initial-exec"},
    {&foreign_aarch64, "-mbranch-protection=standard"},
    {&foreign_arm, "-O0"},
    {&foreign_arm, "-O3"},
    {&foreign_arm, "-ffunction-sections"},
    {&foreign_arm, "-fcommon"},
    {&foreign_arm, "-mno-movt"},
    {&foreign_arm, "-ftls-model=local-dynamic"},
    {&foreign_arm, "-ftls-model=initial-exec"},
    {&foreign_thumb, "-O0"},
    {&foreign_thumb, "-O3"},
    {&foreign_thumb, "-Oz"},
    {&foreign_thumb, "-ffunction-sections"},
    {&foreign_thumb, "-fvisibility=hidden"},
    {&foreign_thumb, "-mno-movt"},
    {&foreign_thumb, "-ftls-model=local-dynamic"},
    {&foreign_arm_soft, "-O2"},
    {&foreign_thumb_soft, "-O2"},
    {&foreign_riscv64, "-O0"},
    {&foreign_riscv64, "-O3"},
    {&foreign_riscv64, "-Oz"},
    {&foreign_riscv64, "-fno-plt"},
    {&foreign_riscv64, "-march=rv64g"},
    {&foreign_riscv64, "-ffunction-sections"},
    {&foreign_riscv64, "-fvisibility=hidden"},
    {&foreign_riscv64, "-ftls-model=initial-exec"},
    {&foreign_riscv64, "-mrelax"},
};

static void runs_code_of_every_model_and_option_elsewhere(void **state)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        struct fixture *f;
        int result;

        if (!fixture_can_emulate(options[i].foreign))
            skip();
        assert_int_equal(fixture_setup(state), 0);
        f = *state;
        f->foreign = options[i].foreign;
        fixture_compile(f, "program.o", options[i].flag, program);
        fixture_compile(f, "other.o", options[i].flag, other);
        result = fixture_emulate(f, "run");
        if (result)
            fail_msg("%s: %s: returns %d", f->foreign->triple, options[i].flag,
                     result);
        fixture_teardown(state);
    }
}

static const struct foreign *const elsewhere[] = {
    &foreign_aarch64,  &foreign_arm,        &foreign_thumb,
    &foreign_arm_soft, &foreign_thumb_soft, &foreign_riscv64};

static void unwinds_through_functions_of_other_machines(void **state)
{
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        struct fixture *f;

        if (!fixture_can_emulate(elsewhere[i]))
            skip();
        assert_int_equal(fixture_setup(state), 0);
        f = *state;
        f->foreign = elsewhere[i];
        /* backtrace() finds its way by .eh_frame_hdr or .ARM.exidx alone.
         * Return addresses may have the bit of Thumb code. */
        fixture_compile(f, "a.o", "-fasynchronous-unwind-tables",
                        "#include <execinfo.h>\n"
                        "#define DEEP __attribute__((noinline))\n"
                        "static void *caller;\n"
                        "DEEP static long deeper(volatile char *p)\n"
                        "{\n"
                        "    void *frames[32];\n"
                        "    int n = backtrace(frames, 32);\n"
                        "    for (int i = 0; i < n; i++)\n"
                        "        if ((((long)frames[i] ^ (long)caller) & ~1L)"
                        " == 0)\n"
                        "            return i + p[0];\n"
                        "    return 200;\n"
                        "}\n"
                        "DEEP static long deep(long n)\n"
                        "{\n"
                        "    volatile char array[n]; array[0] = 0;\n"
                        "    caller = __builtin_return_address(0);\n"
                        "    return deeper(array) + array[0];\n"
                        "}\n"
                        "long run(void)\n"
                        "{ volatile long n = deep(1000); return n; }\n");
        assert_int_equal(fixture_emulate(f, "run"), 2);
        fixture_teardown(state);
    }
}

/* The end of RELRO is the end of the image then, and nothing is mapped up to
 * the end of a large page. */
static void runs_images_without_writable_data(void **state)
{
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        struct fixture *f;

        assert_int_equal(fixture_setup(state), 0);
        f = *state;
        f->foreign = elsewhere[i];
        fixture_compile(f, "a.o", NULL,
                        "#include <stdlib.h>\n"
                        "long run(void) { return labs(-77); }\n");
        assert_int_equal(fixture_emulate(f, "run"), 77);
        fixture_teardown(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_code_of_every_model_and_option_elsewhere),
        cmocka_unit_test(runs_images_without_writable_data),
        cmocka_unit_test(unwinds_through_functions_of_other_machines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
