/* The machines that code is made for: triples, CPUs, features, calling
 * conventions. Nothing is compiled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "target.h"

struct fixture {
    struct arena arena;
    struct request request;
    struct target target;
    struct cpu_features features;
    struct error err;
};

static int setup(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof(f));
    arena_init(&f.arena);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    target_release(&f->target);
    arena_release(&f->arena);
    return 0;
}

static enum status choose(struct fixture *f, const char *triple,
                          const char *cpu, const char *features)
{
    enum status status;

    target_release(&f->target);
    f->request =
        (struct request){.triple = triple, .cpu = cpu, .features = features};
    status = target_init(&f->target, &f->arena, &f->request, &f->err);
    return status ? status
                  : target_cpu_features(&f->target, &f->features, &f->err);
}

static void chooses(struct fixture *f, const char *triple, const char *cpu,
                    const char *features)
{
    if (choose(f, triple, cpu, features))
        fail_msg("%s, %s: %s", triple, cpu, f->err.message);
}

static bool needs(const struct fixture *f, const char *name, size_t size)
{
    struct cpu_features one = {0};

    if (!cpu_features_add(&one, f->target.elf_machine, name, size))
        fail_msg("no bit for '%.*s'", (int)size, name);
    return cpu_features_missing(&one, &f->features) < 0;
}

/* names: "a,b" */
static void assert_needs(const struct fixture *f, const char *names,
                         bool expected)
{
    while (*names) {
        const size_t size = strcspn(names, ",");

        if (needs(f, names, size) != expected)
            fail_msg("%s, %s: %s '%.*s'", f->target.triple, f->target.cpu,
                     expected ? "does not need" : "needs", (int)size, names);
        names += size + (names[size] == ',');
    }
}

/* ---- Machines ---- */

static const struct {
    const char *triple;
    enum machine_row row;
} targets[] = {
    {"x86_64-linux-gnu", MACHINE_X86_64},
    {"aarch64-linux-gnu", MACHINE_AARCH64},
    {"arm64-unknown-linux-gnu", MACHINE_AARCH64},
    {"aarch64-linux-android", MACHINE_AARCH64},
    {"arm-linux-gnueabihf", MACHINE_ARM_HARD_FLOAT},
    {"armv7-unknown-linux-gnueabihf", MACHINE_ARM_HARD_FLOAT},
    {"thumbv7-linux-gnueabihf", MACHINE_ARM_HARD_FLOAT},
    {"armv8l-linux-gnueabihf", MACHINE_ARM_HARD_FLOAT},
    {"arm-linux-gnueabi", MACHINE_ARM_SOFT_FLOAT},
    {"armv7-none-linux-gnueabi", MACHINE_ARM_SOFT_FLOAT},
    {"armv7-linux-androideabi", MACHINE_ARM_SOFT_FLOAT},
    {"riscv64-linux-gnu", MACHINE_RISCV64},
};

static void every_triple_has_its_machine(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        const struct machine *row = &machines[targets[i].row];

        chooses(f, targets[i].triple, "generic", "");
        assert_ptr_equal(f->target.row, row);
        assert_int_equal(f->target.elf_machine, row->elf_machine);
        assert_int_equal(LLVMPointerSize(f->target.layout), row->address_size);
        assert_int_equal(LLVMByteOrder(f->target.layout), LLVMLittleEndian);
    }
}

static void refuses_triples_of_other_machines(void **state)
{
    static const char *const triples[] = {
        "",
        "mips64-linux-gnu",
        "i686-linux-gnu",
        "armeb-linux-gnueabi",
        "aarch64_be-linux-gnu",
        "arm64_32-apple-watchos",
        "riscv32-linux-gnu",
        "x86_64-pc-windows-msvc",
        "aarch64-pc-windows-msvc",
        "armv7-w64-windows-mingw32",
    };
    struct fixture *f = *state;
    char expected[64];

    for (size_t i = 0; i < sizeof(triples) / sizeof(triples[0]); i++) {
        assert_int_equal(choose(f, triples[i], "generic", ""),
                         STATUS_UNSUPPORTED);
        snprintf(expected, sizeof(expected), "target '%s': not one of",
                 triples[i]);
        assert_non_null(strstr(f->err.message, expected));
    }
}

/* ---- CPUs ---- */

static void refuses_cpus_that_llvm_does_not_know(void **state)
{
    static const struct {
        const char *triple, *cpu;
    } cases[] = {
        {"x86_64-linux-gnu", "pentium9"},
        {"aarch64-linux-gnu", "cortex-a1000"},
        {"arm-linux-gnueabihf", "cortex-a1000"},
        {"arm-linux-gnueabi", "arm926ej-s"}, /* ARMv5 */
        {"arm-linux-gnueabi", "cortex-m4"},  /* has no ARM code */
        {"riscv64-linux-gnu", "sifive-u9000"},
        {"riscv64-linux-gnu", "sifive-s21"}, /* no floating point */
        {"aarch64-linux-gnu", "haswell"},
    };
    struct fixture *f = *state;
    char expected[64];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(choose(f, cases[i].triple, cases[i].cpu, ""),
                         STATUS_UNSUPPORTED);
        snprintf(expected, sizeof(expected),
                 "CPU '%s': not known to LLVM for '%s'", cases[i].cpu,
                 cases[i].triple);
        assert_non_null(strstr(f->err.message, expected));
    }
}

static void code_needs_what_its_cpu_has(void **state)
{
    static const struct {
        const char *triple, *cpu, *features, *has, *lacks;
    } cases[] = {
        {"aarch64-linux-gnu", "generic", "", "", "lse,crc,aes,sve,dotprod"},
        {"aarch64-linux-gnu", "cortex-a53", "", "crc,aes,sha2", "lse,rdm,sve"},
        {"aarch64-linux-gnu", "cortex-a76", "",
         "aes,crc,dotprod,fullfp16,lse,rcpc,rdm,sha2",
         "sve,bf16,i8mm,rcpc-immo,complxnum"},
        {"aarch64-linux-gnu", "neoverse-v1", "",
         "sve,bf16,i8mm,jsconv,complxnum,flagm,rcpc-immo,pauth,sha3,fp16fml",
         "sve2,altnzcv,mops"},
        {"aarch64-linux-gnu", "neoverse-v2", "", "sve2,fptoint,lse2", "mops"},
        {"aarch64-linux-gnu", "generic", "+lse", "lse", "rdm,crc"},
        {"aarch64-linux-gnu", "cortex-a76", "-dotprod", "lse", "dotprod"},
        {"arm-linux-gnueabihf", "generic", "", "vfp3d16",
         "neon,d32,vfp3,vfp4,hwdiv,hwdiv-arm,v8"},
        {"armv7-unknown-linux-gnueabihf", "native", "", "vfp3d16", "neon,d32"},
        {"arm-linux-gnueabihf", "generic", "+neon", "neon,d32,vfp3", "vfp4"},
        {"arm-linux-gnueabihf", "cortex-a9", "", "neon,vfp3,d32",
         "vfp4,hwdiv,hwdiv-arm,v8"},
        {"arm-linux-gnueabihf", "cortex-a15", "", "neon,vfp4,hwdiv,hwdiv-arm",
         "v8,crc,aes"},
        {"arm-linux-gnueabihf", "cortex-a53", "",
         "neon,fp-armv8,v8,crc,aes,sha2", "v8.1a,dotprod,fullfp16"},
        {"arm-linux-gnueabihf", "cortex-a76", "", "v8.1a,dotprod,fullfp16",
         "bf16,i8mm"},
        {"armv8l-linux-gnueabihf", "generic", "", "v8,neon", "v8.1a"},
        {"arm-linux-gnueabi", "generic", "", "", "vfp2,vfp3d16,neon,d32"},
        {"arm-linux-gnueabi", "cortex-a9", "", "neon,vfp3", "vfp4"},
        {"armv7-linux-androideabi", "generic", "", "vfp3d16", "neon,d32"},
        {"riscv64-linux-gnu", "generic", "", "m,a,f,d,c", "v,zba,zbb"},
        {"riscv64-linux-gnu", "sifive-u74", "", "m,a,f,d,c", "v,zba,zbb,zbs"},
        {"riscv64-linux-gnu", "generic", "+zba,+v", "zba,v,zve64d", "zbb"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        chooses(f, cases[i].triple, cases[i].cpu, cases[i].features);
        assert_needs(f, cases[i].has, true);
        assert_needs(f, cases[i].lacks, false);
    }
}

/* What a table here says without LLVM is what LLVM says: a feature that is
 * asked for and makes no difference has LLVM asked. */
static void tables_say_what_llvm_says(void **state)
{
    static const char *const neutral[] = {
        [MACHINE_X86_64] = "+sse2",
        [MACHINE_AARCH64] = "+neon",
        [MACHINE_ARM_HARD_FLOAT] = "+vfp2",
        [MACHINE_ARM_SOFT_FLOAT] = "+aclass",
        [MACHINE_RISCV64] = "+d",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct cpu_features known;

        chooses(f, targets[i].triple, "generic", "");
        known = f->features;
        chooses(f, targets[i].triple, "generic", neutral[targets[i].row]);
        assert_memory_equal(&f->features, &known, sizeof(known));
    }
}

static void native_is_of_this_machine_only(void **state)
{
    struct fixture *f = *state;

    chooses(f, machine_host()->triple, "native", "");
    assert_true(f->target.is_native);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (&machines[targets[i].row] == machine_host())
            continue;
        chooses(f, targets[i].triple, "native", "");
        assert_false(f->target.is_native);
        assert_string_equal(f->target.cpu, f->target.kind->generic_cpu);
    }
}

/* What LLVM would say of a CPU of the next years. */
static const char *host_features;

char *__real_LLVMGetHostCPUFeatures(void);
char *__wrap_LLVMGetHostCPUFeatures(void);

char *__wrap_LLVMGetHostCPUFeatures(void)
{
    return host_features ? LLVMCreateMessage(host_features)
                         : __real_LLVMGetHostCPUFeatures();
}

static void assert_can_be_checked(void *context, bool enabled, const char *name,
                                  size_t size)
{
    const struct target *target = context;
    struct cpu_features one = {0};

    if (!enabled)
        return;
    if (cpu_features_add(&one, target->elf_machine, name, size)) {
        const struct cpu_features host = cpu_features_host();

        assert_true(cpu_features_missing(&one, &host) < 0);
    } else if (!target->kind->unchecked ||
               !target_list_has(target->kind->unchecked, name, size)) {
        fail_msg("'%.*s' is on, and no launch can check it", (int)size, name);
    }
}

/* Each feature that "native" has is checked at every launch, or is on the list
 * of those that every CPU has. LLVM may know more. */
static void native_has_no_feature_that_no_launch_checks(void **state)
{
    struct fixture *f = *state;

    chooses(f, machine_host()->triple, "native", "");
    assert_true(strlen(f->target.features) > 0);
    target_for_each_feature(f->target.features, assert_can_be_checked,
                            &f->target);
    if (!f->target.kind->unchecked)
        return;
    host_features = "+sse2,+amx-of-the-future,-avx,+avx512vp2intersect";
    chooses(f, machine_host()->triple, "native", "");
    host_features = NULL;
    target_for_each_feature(f->target.features, assert_can_be_checked,
                            &f->target);
    assert_string_equal(f->target.features,
                        "+sse2,-amx-of-the-future,-avx,-avx512vp2intersect");
}

/* ---- Calling conventions ---- */

static enum status adopt(struct fixture *f, const char *text)
{
    struct glue glue;
    LLVMModuleRef module;
    enum status status;

    glue_init(&glue);
    status = glue_read_text(&glue,
                            (struct span){(const uint8_t *)text, strlen(text)},
                            "in.bc", &module, &f->err);
    assert_int_equal(status, STATUS_OK);
    status = target_adopt(&f->target, module, "in.bc", &f->err);
    LLVMDisposeModule(module);
    glue_release(&glue);
    return status;
}

static enum status adopt_triple(struct fixture *f, const char *triple)
{
    char text[128];

    snprintf(text, sizeof(text), "target triple = \"%s\"\n", triple);
    return adopt(f, text);
}

static void takes_other_environments_of_the_machine(void **state)
{
    static const struct {
        const char *target, *module;
    } pairs[] = {
        {"aarch64-unknown-linux-gnu", "aarch64-linux-android"},
        {"aarch64-linux-android", "aarch64-unknown-linux-gnu"},
        {"aarch64-unknown-linux-gnu", "aarch64-none-elf"},
        {"armv7-unknown-linux-gnueabi", "armv7-none-linux-androideabi"},
        {"armv7-unknown-linux-gnueabi", "thumbv7-none-eabi"},
        {"thumbv7-linux-gnueabihf", "armv7-linux-gnueabihf"},
        {"armv7-linux-gnueabihf", "thumbv7-linux-musleabihf"},
        {"riscv64-linux-gnu", "riscv64-unknown-linux-musl"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        chooses(f, pairs[i].target, "generic", "");
        if (adopt_triple(f, pairs[i].module))
            fail_msg("%s", f->err.message);
    }
}

static void refuses_another_float_abi(void **state)
{
    static const char *const arm[][2] = {
        {"armv7-unknown-linux-gnueabihf", "armv7-none-linux-gnueabi"},
        {"armv7-unknown-linux-gnueabi", "armv7-none-linux-gnueabihf"},
        {"armv7-unknown-linux-gnueabihf", "armv7-linux-androideabi"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(arm) / sizeof(arm[0]); i++) {
        chooses(f, arm[i][0], "generic", "");
        assert_int_equal(adopt_triple(f, arm[i][1]), STATUS_UNSUPPORTED);
        assert_non_null(strstr(f->err.message, arm[i][0]));
        assert_non_null(strstr(f->err.message, arm[i][1]));
        assert_non_null(strstr(f->err.message, "floating-point arguments"));
    }
    chooses(f, "riscv64-linux-gnu", "generic", "");
    assert_int_equal(adopt(f, "target triple = \"riscv64-linux-gnu\"\n"
                              "!llvm.module.flags = !{!0}\n"
                              "!0 = !{i32 1, !\"target-abi\", !\"lp64\"}\n"),
                     STATUS_UNSUPPORTED);
    assert_non_null(strstr(f->err.message, "calling convention 'lp64'"));
    assert_int_equal(adopt(f, "target triple = \"riscv64-linux-gnu\"\n"
                              "!llvm.module.flags = !{!0}\n"
                              "!0 = !{i32 1, !\"target-abi\", !\"lp64d\"}\n"),
                     STATUS_OK);
    /* Of another machine it says nothing. */
    chooses(f, "x86_64-linux-gnu", "x86-64", "");
    assert_int_equal(adopt(f, "target triple = \"x86_64-linux-gnu\"\n"
                              "!llvm.module.flags = !{!0}\n"
                              "!0 = !{i32 1, !\"target-abi\", !\"lp64\"}\n"),
                     STATUS_OK);
}

static void refuses_the_other_byte_order(void **state)
{
    struct fixture *f = *state;

    chooses(f, "armv7-linux-gnueabi", "generic", "");
    assert_int_equal(adopt_triple(f, "armeb-linux-gnueabi"),
                     STATUS_UNSUPPORTED);
    chooses(f, "aarch64-linux-gnu", "generic", "");
    assert_int_equal(adopt_triple(f, "aarch64_be-linux-gnu"),
                     STATUS_UNSUPPORTED);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_triple_has_its_machine),
        TEST(refuses_triples_of_other_machines),
        TEST(refuses_cpus_that_llvm_does_not_know),
        TEST(code_needs_what_its_cpu_has),
        TEST(tables_say_what_llvm_says),
        TEST(native_has_no_feature_that_no_launch_checks),
        TEST(native_is_of_this_machine_only),
        TEST(takes_other_environments_of_the_machine),
        TEST(refuses_another_float_abi),
        TEST(refuses_the_other_byte_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
