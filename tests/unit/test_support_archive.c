/* Every routine of the archives in bccc can be linked, and needs only symbols
 * that a script sees, except for those listed here. */
#include "link_fixture.h"

#include <stdlib.h>

#include "archive.h"
#include "support_archive.h"
#include "support_routines.h"

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

    if (support_routine_find(import))
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
    params.n_archives = support_archives(EM_X86_64, archives);
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
    const size_t n_archives = support_archives(EM_X86_64, archives);
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

static void has_nothing_for_other_machines(void **state)
{
    struct link_archive archives[SUPPORT_MAX_ARCHIVES];

    (void)state;
    assert_int_equal(support_archives(EM_386, archives), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(links_every_routine_of_the_archives,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test(has_nothing_for_other_machines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
