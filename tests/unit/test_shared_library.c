/* The definitions of a shared library, and the places where libraries are
 * found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library_search.h"
#include "temp_dir.h"

struct fixture {
    struct arena arena;
    struct library_dirs dirs;
    struct temp_dir dir;
    const char *dir_list[1];
    uint8_t *bytes; /* of the sample */
    size_t size;
};

static void copy_sample(const struct fixture *f, const char *name, size_t size)
{
    FILE *file = fopen(temp_dir_path(&f->dir, name).text, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(f->bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    FILE *sample = fopen(SHARED_SAMPLE, "rb");
    struct shared_library library;
    struct stat st;

    if (!f || !sample || fstat(fileno(sample), &st))
        return -1;
    *state = f;
    f->size = (size_t)st.st_size;
    f->bytes = malloc(f->size);
    if (!f->bytes || fread(f->bytes, 1, f->size, sample) != f->size)
        return -1;
    fclose(sample);
    if (temp_dir_make(&f->dir) ||
        shared_library_open(SHARED_SAMPLE, &library, NULL) != STATUS_OK)
        return -1;
    arena_init(&f->arena);
    f->dir_list[0] = f->dir.path;
    if (library_dirs_init(&f->dirs, f->dir_list, 1, library.machine, &f->arena,
                          NULL) != STATUS_OK)
        return -1;
    shared_library_close(&library);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    temp_dir_remove(&f->dir);
    arena_release(&f->arena);
    free(f->bytes);
    free(f);
    return 0;
}

/* ---- Definitions ---- */

/* How often name is defined so. version NULL: by default. */
static unsigned count(const struct shared_library *library, const char *name,
                      const char *version)
{
    struct shared_definition definition;
    uint32_t position = 0;
    unsigned n = 0;

    while (shared_library_next(library, &position, &definition)) {
        if (strcmp(definition.name, name) != 0)
            continue;
        if (version)
            n += strcmp(shared_library_version(library, definition.version),
                        version) == 0;
        else
            n += definition.is_default;
    }
    return n;
}

static void definitions_are_those_that_others_may_use(void **state)
{
    struct shared_library library;

    (void)state;
    assert_int_equal(shared_library_open(SHARED_SAMPLE, &library, NULL), 0);
    assert_string_equal(library.soname, "libshared_sample.so.7");
    assert_int_equal(count(&library, "sample_function", NULL), 1);
    assert_int_equal(count(&library, "sample_weak", NULL), 1);
    assert_int_equal(count(&library, "sample_variable", NULL), 1);
    assert_int_equal(count(&library, "sample_undefined", NULL), 0);
    assert_int_equal(count(&library, "sample_versioned_1", NULL), 0);
    assert_int_equal(count(&library, "printf", NULL), 0);
    shared_library_close(&library);
}

static void versions_are_told_apart(void **state)
{
    struct shared_library library;

    (void)state;
    assert_int_equal(shared_library_open(SHARED_SAMPLE, &library, NULL), 0);
    assert_int_equal(count(&library, "sample_versioned", NULL), 1);
    assert_int_equal(count(&library, "sample_versioned", "SAMPLE_1"), 1);
    assert_int_equal(count(&library, "sample_versioned", "SAMPLE_2"), 1);
    assert_int_equal(count(&library, "sample_versioned", "SAMPLE_3"), 0);
    assert_int_equal(count(&library, "sample_function", "SAMPLE_1"), 1);
    shared_library_close(&library);
}

/* Whatever is in the file, reading it stays inside. */
static void walk(const char *path)
{
    struct shared_definition definition;
    struct shared_library library;
    struct error err = {0};
    uint32_t position = 0;
    const char *name;
    size_t sum = 0;

    if (shared_library_open(path, &library, &err)) {
        assert_true(err.message[0]);
        return;
    }
    sum += strlen(library.soname);
    while (shared_library_next(&library, &position, &definition))
        sum += strlen(definition.name) +
               strlen(shared_library_version(&library, definition.version));
    position = 0;
    while ((name = shared_library_next_use(&library, &position)))
        sum += strlen(name);
    assert_true(sum < SIZE_MAX);
    shared_library_close(&library);
}

static void damage_is_read_without_harm(void **state)
{
    struct fixture *f = *state;
    struct temp_path path = temp_dir_path(&f->dir, "damaged");

    for (size_t size = 0; size <= f->size; size += 61) {
        copy_sample(f, "damaged", size);
        walk(path.text);
    }
    for (size_t i = 0; i < f->size; i += i < 64 ? 1 : 13) {
        f->bytes[i] ^= 0xff;
        copy_sample(f, "damaged", f->size);
        walk(path.text);
        f->bytes[i] ^= 0xff;
    }
}

static bool uses(const struct shared_library *library, const char *name)
{
    uint32_t position = 0;
    const char *used;

    while ((used = shared_library_next_use(library, &position)))
        if (strcmp(used, name) == 0)
            return true;
    return false;
}

static void tells_what_it_is_bound_to(void **state)
{
    struct shared_library library;

    (void)state;
    assert_int_equal(shared_library_open(SHARED_SAMPLE, &library, NULL), 0);
    assert_true(uses(&library, "sample_undefined"));
    assert_true(uses(&library, "sample_variable"));
    assert_false(uses(&library, "sample_weak"));
    assert_false(uses(&library, ""));
    shared_library_close(&library);
}

static void what_is_no_shared_library_is_refused(void **state)
{
    struct shared_library library;
    struct error err = {0};

    (void)state;
    assert_int_equal(shared_library_open("/dev/null", &library, &err),
                     STATUS_IO);
    assert_int_equal(shared_library_open("/etc/passwd", &library, &err),
                     STATUS_UNSUPPORTED);
    assert_non_null(strstr(err.message, "not an ELF file"));
    assert_int_equal(shared_library_open("/nonexistent.so", &library, &err),
                     STATUS_IO);
}

/* ---- Search ---- */

/* The names of what was found, one a line. */
struct names {
    char text[1024];
};

static enum status add_name(void *context, const struct found_library *found,
                            struct error *err)
{
    struct shared_library library = found->library;
    struct names *names = context;
    const size_t used = strlen(names->text);

    (void)err;
    assert_true(used + strlen(found->name) + 2 < sizeof(names->text));
    snprintf(names->text + used, sizeof(names->text) - used, "%s\n",
             found->name);
    shared_library_close(&library);
    return STATUS_OK;
}

static void assert_found(const struct fixture *f, const char *name,
                         const char *file)
{
    struct names names = {""};
    struct error err = {0};

    if (library_search(&f->dirs, name, add_name, &names, &err))
        fail_msg("%s", err.message);
    names.text[strlen(names.text) - 1] = '\0';
    assert_string_equal(names.text, temp_dir_path(&f->dir, file).text);
}

static void assert_missing(const struct fixture *f, const char *name,
                           const char *message)
{
    struct names names = {""};
    struct error err = {0};

    assert_int_equal(library_search(&f->dirs, name, add_name, &names, &err),
                     STATUS_NOT_FOUND);
    assert_string_equal(names.text, "");
    assert_non_null(strstr(err.message, message));
}

static void is_found_as_a_linker_does(void **state)
{
    struct fixture *f = *state;

    assert_missing(f, "one", "-lone: no such shared library");
    copy_sample(f, "libone.so.2", f->size);
    copy_sample(f, "libone.so.1", f->size);
    assert_found(f, "one", "libone.so.2");
    assert_found(f, ":libone.so.1", "libone.so.1");
    copy_sample(f, "libone.so", f->size);
    assert_found(f, "one", "libone.so");
    /* What is to be opened later is the library of that version. */
    copy_sample(f, "libshared_sample.so.7", f->size);
    assert_found(f, "one", "libshared_sample.so.7");
}

static void linker_scripts_stand_for_what_they_name(void **state)
{
    struct fixture *f = *state;
    struct names names = {""};
    struct error err = {0};
    char wanted[2048];

    copy_sample(f, "libone.so.2", f->size);
    copy_sample(f, "libtwo.so", f->size);
    temp_dir_write(&f->dir, "libone.so",
                   "/* GNU ld script */\n"
                   "OUTPUT_FORMAT(elf64-x86-64)\n"
                   "GROUP ( libone.so.2 libone_nonshared.a"
                   " AS_NEEDED ( -ltwo ) )\n");
    snprintf(wanted, sizeof(wanted), "%s\n%s\n",
             temp_dir_path(&f->dir, "libone.so.2").text,
             temp_dir_path(&f->dir, "libtwo.so").text);
    if (library_search(&f->dirs, "one", add_name, &names, &err))
        fail_msg("%s", err.message);
    assert_string_equal(names.text, wanted);
    temp_dir_write(&f->dir, "libone.so", "INPUT(-lthree)");
    assert_missing(f, "one", "-lthree: no such shared library");
    temp_dir_write(&f->dir, "libone.so", "INPUT(-lone)");
    assert_missing(f, "one", "nested too deeply");
    temp_dir_write(&f->dir, "libone.so", "INPUT");
    assert_int_equal(library_search(&f->dirs, "one", add_name, &names, &err),
                     STATUS_OK);
    /* No script: another kind of file. */
    temp_dir_write(&f->dir, "libone.so", "what is this?");
    assert_found(f, "one", "libone.so.2");
}

static void system_libraries_go_by_their_soname(void **state)
{
    struct fixture *f = *state;
    struct found_library found;
    struct names names = {""};

    assert_int_equal(library_open(&f->dirs, "libc.so.6", &found, NULL), 0);
    assert_string_equal(found.name, "libc.so.6");
    assert_int_equal(count(&found.library, "printf", NULL), 1);
    shared_library_close(&found.library);
    assert_int_equal(
        library_search(&f->dirs, ":libc.so.6", add_name, &names, NULL), 0);
    assert_string_equal(names.text, "libc.so.6\n");
    assert_int_equal(library_open(&f->dirs, SHARED_SAMPLE, &found, NULL), 0);
    assert_string_equal(found.name, SHARED_SAMPLE);
    shared_library_close(&found.library);
}

static void other_machines_libraries_are_passed_over(void **state)
{
    struct fixture *f = *state;
    struct found_library found;

    copy_sample(f, "libone.so.1", f->size);
    f->dirs.machine ^= 1;
    assert_missing(f, "one", "-lone: no such");
    assert_int_equal(library_open(&f->dirs, SHARED_SAMPLE, &found, NULL),
                     STATUS_UNSUPPORTED);
}

int main(void)
{
#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(definitions_are_those_that_others_may_use),
        TEST(versions_are_told_apart),
        TEST(damage_is_read_without_harm),
        TEST(tells_what_it_is_bound_to),
        TEST(what_is_no_shared_library_is_refused),
        TEST(is_found_as_a_linker_does),
        TEST(linker_scripts_stand_for_what_they_name),
        TEST(system_libraries_go_by_their_soname),
        TEST(other_machines_libraries_are_passed_over),
    };

    return cmocka_run_group_tests_name("shared library", tests, NULL, NULL);
}
