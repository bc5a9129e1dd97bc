/* Every routine of the archives in bccc can be linked, and needs only symbols
 * that a script sees, except for those listed here. */
#include "link_fixture.h"

#include <stdlib.h>

#include "archive.h"
#include "support_archive.h"
#include "support_routines.h"
#include "symbol_hash.h"

/* Routines, by the start of the name, that need more of the process than the
 * loader's table has. */
static const struct {
    const char *routines;
    const char *imports; /* between blanks */
} exceptions[] = {
    /* Trap on overflow. clang has code for -ftrapv in place. */
    {"__absv", " abort "},
    {"__addv", " abort "},
    {"__mulv", " abort "},
    {"__negv", " abort "},
    {"__subv", " abort "},
    {"__compilerrt_abort_impl", " abort "},
    /* Thread-local variables where the system has none (-femulated-tls). */
    {"__emutls_get_address",
     " abort free malloc posix_memalign pthread_getspecific "
     "pthread_key_create pthread_mutex_lock pthread_mutex_unlock "
     "pthread_once pthread_setspecific realloc "},
    /* assert() of an old libgcc. */
    {"__eprintf", " abort fflush __fprintf_chk fprintf stderr "},
    /* Nested functions, an extension that clang does not have. */
    {"__enable_execute_stack", " mprotect sysconf "},
    /* C code that exceptions of C++ are thrown through. */
    {"__gcc_personality_v0",
     " _Unwind_GetIP _Unwind_GetLanguageSpecificData "
     "_Unwind_GetRegionStart _Unwind_SetGR _Unwind_SetIP abort "},
};

static const char placeholder[] =
    "a_name_that_is_longer_than_that_of_any_routine";

static void assert_allowed(const char *routine, const char *import)
{
    char word[64];

    if (support_routine_find(import, symbol_hash(import)))
        return;
    snprintf(word, sizeof(word), " %s ", import);
    for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
        if (strncmp(routine, exceptions[i].routines,
                    strlen(exceptions[i].routines)) == 0 &&
            strstr(exceptions[i].imports, word))
            return;
    fail_msg("%s imports %s", routine, import);
}

static void links(struct fixture *f, const char *routine)
{
    struct link_params params = {.inputs = f->inputs, .n_inputs = 1};
    struct link_archive archives[SUPPORT_MAX_ARCHIVES];
    struct link_result result;
    struct error err;

    params.archives = archives;
    params.n_archives = support_archives(&machines[MACHINE_X86_64], archives);
    if (link_image(&params, &result, &err))
        fail_msg("%s: %s", routine, err.message);
    for (size_t i = 0; i < result.n_imports; i++) {
        assert_string_not_equal(result.imports[i].name, routine);
        assert_allowed(routine, result.imports[i].name);
    }
    link_result_release(&result);
}

/* One object serves for all: the name that it refers to is overwritten. */
static void links_every_routine_of_the_archives(void **state)
{
    struct fixture *f = *state;
    struct link_archive archives[SUPPORT_MAX_ARCHIVES];
    const size_t n_archives =
        support_archives(&machines[MACHINE_X86_64], archives);
    size_t n_routines = 0;
    char text[sizeof(placeholder) + 16];
    char *name;

    snprintf(text, sizeof(text), ".data\n.quad %s\n", placeholder);
    fixture_assemble(f, "a.o", text);
    name = memmem(fixture_input_bytes(f, 0), f->inputs[0].object.size,
                  placeholder, sizeof(placeholder));
    assert_non_null(name);
    for (size_t i = 0; i < n_archives; i++) {
        struct archive_cursor cursor = {0};
        struct archive_symbol symbol;
        struct archive_view view;

        assert_int_equal(
            archive_open(archives[i].bytes, archives[i].name, &view, NULL),
            STATUS_OK);
        while (archive_next_symbol(&view, &cursor, &symbol, NULL) ==
               STATUS_OK) {
            assert_true(strlen(symbol.name) < sizeof(placeholder));
            memcpy(name, symbol.name, strlen(symbol.name) + 1);
            links(f, symbol.name);
            n_routines++;
        }
    }
    /* 191 of compiler-rt 19, 195 of 22, and a dozen of ours. */
    assert_true(n_routines > 200);
}

static bool has_routine(const struct machine *machine, const char *name)
{
    struct link_archive archives[SUPPORT_MAX_ARCHIVES];
    const size_t n_archives = support_archives(machine, archives);
    bool found = false;

    for (size_t i = 0; i < n_archives; i++) {
        struct archive_cursor cursor = {0};
        struct archive_symbol symbol;
        struct archive_view view;

        assert_int_equal(
            archive_open(archives[i].bytes, archives[i].name, &view, NULL),
            STATUS_OK);
        while (archive_next_symbol(&view, &cursor, &symbol, NULL) == STATUS_OK)
            found |= strcmp(symbol.name, name) == 0;
    }
    return found;
}

/* Each machine that this build has routines for: 64-bit division on all but
 * those that divide themselves, atomics of AArch64. */
static void has_the_routines_of_each_machine(void **state)
{
    static const char *const routines[N_MACHINES] = {
        [MACHINE_X86_64] = "__divti3",
        [MACHINE_AARCH64] = "__aarch64_cas8_acq_rel",
        [MACHINE_ARM_HARD_FLOAT] = "__aeabi_ldivmod",
        [MACHINE_ARM_SOFT_FLOAT] = "__aeabi_fadd",
        [MACHINE_RISCV64] = "__divti3",
    };

    (void)state;
    for (size_t row = 0; row < N_MACHINES; row++) {
        if (!support_has_routines(&machines[row]))
            continue;
        assert_true(has_routine(&machines[row], routines[row]));
        assert_false(has_routine(&machines[row], "printf"));
    }
}

static void routines_are_known_by_their_names(void **state)
{
    static const char *const routines[] = {
        "__divti3",      "__aeabi_ldivmod", "__aarch64_cas8_acq_rel",
        "__fixunssfti",  "__floatditf",     "__extendhfsf2",
        "__truncdfbf2",  "__powidf2",       "__muldc3",
        "__popcountdi2", "__mulodi4",       "__clear_cache",
    };
    static const char *const others[] = {
        "printf",           "memcpy",
        "__stack_chk_fail", "__cxa_throw",
        "__sinpi",          "__memcpy_chk",
        "__tls_get_addr",   "__getauxval",
        "__isoc99_sscanf",  "__gxx_personality_v0",
        "divti3",           "__mod",
        "__float_pair",     "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(routines) / sizeof(routines[0]); i++)
        assert_true(support_is_routine(routines[i]));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(support_is_routine(others[i]));
}

static void has_nothing_for_other_machines(void **state)
{
    struct link_archive archives[SUPPORT_MAX_ARCHIVES];

    (void)state;
    assert_int_equal(support_archives(NULL, archives), 0);
    assert_false(support_has_routines(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(links_every_routine_of_the_archives,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test(has_the_routines_of_each_machine),
        cmocka_unit_test(routines_are_known_by_their_names),
        cmocka_unit_test(has_nothing_for_other_machines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
