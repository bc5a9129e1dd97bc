/* Thread-local variables of the host that images use, and thread-local
 * variables that the loader refuses. */
#include "load_fixture.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

/* ---- Sharing ---- */

struct import_look {
    const struct tls_api *api;
    int *address;
};

static void look_at_import(void *argument)
{
    struct import_look *l = argument;

    l->address = l->api->imported();
}

static void look_at_program_variable(void *argument)
{
    struct import_look *l = argument;
    bool is_same = l->api->imported() == &import_thread_value;

    import_thread_value += is_same && *l->api->imported() == 33;
    l->address = is_same && *l->api->imported() == 34 ? l->address : NULL;
}

static void shares_variables_of_the_program(void **state)
{
    struct fixture *f = *state;
    struct import_look l = {.address = &import_value};
    struct worker worker;

    worker_start(&worker);
    fixture_load(f);
    l.api = fixture_tls_api(f);
    assert_ptr_equal(l.api->imported(), &import_thread_value);
    worker_do(&worker, look_at_program_variable, &l);
    assert_non_null(l.address);
    worker_end(&worker);
    *l.api->imported() = 35;
    assert_int_equal(import_thread_value, 35);
    import_thread_value = 33;
}

static void look_at_errno(void *argument)
{
    struct import_look *l = argument;

    errno = EDOM;
    l->address = l->api->imported() == &errno && *l->api->imported() == EDOM
                     ? l->address
                     : NULL;
}

static void shares_errno(void **state)
{
    struct fixture *f = *state;
    struct import_look l = {.address = &import_value};

    imports_find(&f->imports, "import_thread_value")->address = &errno;
    fixture_load(f);
    l.api = fixture_tls_api(f);
    do_in_thread(look_at_errno, &l);
    assert_non_null(l.address);
    errno = ERANGE;
    assert_int_equal(*l.api->imported(), ERANGE);
}

/* Its blocks are made when they are asked for, as ours are. */
static void shares_variables_of_a_library_loaded_later(void **state)
{
    struct fixture *f = *state;
    void *library = dlopen(LOAD_TLS_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    struct import_look l;
    int *here;

    if (!library)
        fail_msg("%s", dlerror());
    here = dlsym(library, "library_value");
    assert_non_null(here);
    imports_find(&f->imports, "import_thread_value")->address = here;
    fixture_load(f);
    l.api = fixture_tls_api(f);
    assert_ptr_equal(l.api->imported(), here);
    assert_int_equal(*l.api->imported(), 21);
    do_in_thread(look_at_import, &l);
    assert_ptr_not_equal(l.address, here);
    load_release(&f->image);
    dlclose(library);
}

static void asks_once_for_a_variable(void **state)
{
    struct fixture *f = *state;

    fixture_load(f);
    assert_int_equal(imports_find(&f->imports, "import_thread_value")->n_asked,
                     1);
    assert_int_equal(imports_find(&f->imports, "import_thread_weak")->n_asked,
                     1);
}

static void leaves_an_unknown_weak_variable_at_zero(void **state)
{
    struct fixture *f = *state;

    fixture_load(f);
    assert_null(fixture_tls_api(f)->weak());
    load_release(&f->image);
    imports_find(&f->imports, "import_thread_weak")->address =
        &import_thread_value;
    fixture_load(f);
    assert_ptr_equal(fixture_tls_api(f)->weak(), &import_thread_value);
}

/* ---- Refusals ---- */

static void refuses(struct fixture *f, enum status status, const char *fact)
{
    enum status got;

    fixture_write(f, PAGE);
    got = fixture_link(f);
    if (got != status || !strstr(f->err.message, fact))
        fail_msg("status %d, \"%s\"", got, f->err.message);
    load_release(&f->image);
}

static void names_a_missing_variable(void **state)
{
    struct fixture *f = *state;

    imports_find(&f->imports, "import_thread_value")->address = NULL;
    refuses(f, STATUS_UNRESOLVED, "nothing defines 'import_thread_value'");
    assert_int_equal(
        imports_find(&f->imports, "import_thread_value")->n_missing, 1);
}

static void refuses_a_variable_that_is_not_thread_local(void **state)
{
    struct fixture *f = *state;

    imports_find(&f->imports, "import_thread_value")->address = &import_value;
    refuses(f, STATUS_UNSUPPORTED,
            "'import_thread_value' is thread-local here");
}

/* The import's entry of this type, which becomes one of initial-exec code. */
static machine_reloc *make_initial_exec(struct fixture *f, bool is_import)
{
    machine_reloc *entry = fixture_reloc(f, TEST_R_DTPMOD);

    while (ELF_R_TYPE(entry->r_info) != TEST_R_DTPMOD ||
           (ELF_R_SYM(entry->r_info) != 0) != is_import)
        entry++;
    entry->r_info = ELF_R_INFO(ELF_R_SYM(entry->r_info), TEST_R_TPOFF);
    return entry;
}

static void reaches_the_program_from_initial_exec_code(void **state)
{
    struct fixture *f = *state;
    const machine_reloc *entry = make_initial_exec(f, true);
    uintptr_t thread_pointer, distance;

    fixture_load(f);
    thread_pointer = machine_thread_pointer();
    memcpy(&distance, load_address(&f->image, entry->r_offset, WORD), WORD);
    assert_int_equal(thread_pointer + distance, &import_thread_value);
    load_release(&f->image);
    /* libc says DF_STATIC_TLS, where the linker that made it does. */
#ifndef __aarch64__
    imports_find(&f->imports, "import_thread_value")->address = &errno;
    fixture_load(f);
    memcpy(&distance, load_address(&f->image, entry->r_offset, WORD), WORD);
    assert_int_equal(thread_pointer + distance, &errno);
#endif
}

static void refuses_other_initial_exec_code(void **state)
{
    void *library = dlopen(LOAD_TLS_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    struct fixture *f = *state;
    struct import *import = imports_find(&f->imports, "import_thread_value");

    assert_non_null(library);
    make_initial_exec(f, true);
    import->address = dlsym(library, "library_value");
    refuses(f, STATUS_UNSUPPORTED,
            "initial-exec access to the thread-local "
            "variable 'import_thread_value'");
    dlclose(library);
    import->address = NULL;
    refuses(f, STATUS_UNRESOLVED, "nothing defines 'import_thread_value'");
    import->address = &import_thread_value;
    make_initial_exec(f, false);
    refuses(f, STATUS_UNSUPPORTED, "initial-exec access");
}

static void refuses_a_damaged_template(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Phdr) *tls = fixture_segment(f, PT_TLS, 0);
    const ELF_TYPE(Phdr) good = *tls;

    tls->p_filesz = tls->p_memsz + 1;
    refuses(f, STATUS_CORRUPT, "thread-local variables at");
    *tls = good;
    tls->p_vaddr = f->span - 1;
    refuses(f, STATUS_CORRUPT, "are in no segment");
    tls->p_vaddr = ADDRESS_MAX - 1;
    refuses(f, STATUS_CORRUPT, "are in no segment");
    *tls = good;
    tls->p_align = 48;
    refuses(f, STATUS_CORRUPT, "are in no segment");
    tls->p_align = 1u << 30;
    refuses(f, STATUS_UNSUPPORTED, "aligned to 0x40000000");
    *tls = good;
    tls->p_memsz = ADDRESS_MAX;
    refuses(f, STATUS_UNSUPPORTED, "bytes of thread-local variables");
    tls->p_memsz = 0;
    tls->p_filesz = 0;
    refuses(f, STATUS_CORRUPT, "which has none");
}

#define SAMPLE(test, path)                                                     \
    {                                                                          \
#test, test, fixture_setup_tls, fixture_teardown,                      \
            (void *)(uintptr_t)(path)                                          \
    }
#define CASE(test) SAMPLE(test, LOAD_TLS_SAMPLE_64)
#ifdef LOAD_TLS_SAMPLE_DESCRIPTOR
#define BOTH(test) CASE(test), SAMPLE(test, LOAD_TLS_SAMPLE_DESCRIPTOR)
#else
#define BOTH(test) CASE(test)
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(shares_variables_of_the_program),
        BOTH(shares_errno),
        BOTH(shares_variables_of_a_library_loaded_later),
        BOTH(asks_once_for_a_variable),
        BOTH(leaves_an_unknown_weak_variable_at_zero),
        BOTH(names_a_missing_variable),
        BOTH(refuses_a_variable_that_is_not_thread_local),
        CASE(reaches_the_program_from_initial_exec_code),
        CASE(refuses_other_initial_exec_code),
        CASE(refuses_a_damaged_template),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
