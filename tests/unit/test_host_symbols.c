/* The symbols found without dlsym() are those that dlsym() finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>

#include "host_symbols.h"
#include "symbol_hash.h"

/* This program's own, before that of libc: the linker exports it because libc
 * has the name, too. */
__attribute__((visibility("default"))) int getloadavg(double *load, int n)
{
    (void)load;
    return -n;
}

static const struct link_map *map_of(void *handle)
{
    struct link_map *map = NULL;

    assert_non_null(handle);
    assert_int_equal(dlinfo(handle, RTLD_DI_LINKMAP, &map), 0);
    assert_non_null(map);
    return map;
}

/* The names that an object defines or wants; the chain of the hash table ends
 * them, as nothing else says how many there are. */
static size_t n_symbols(const struct host_object *object)
{
    uint32_t last = 0;

    for (uint32_t i = 0; i < object->n_buckets; i++)
        if (object->buckets[i] > last)
            last = object->buckets[i];
    if (last == 0)
        return 0;
    while (!(object->chain[last] & 1))
        last++;
    return last + 1;
}

typedef void *find_fn(void *where, const char *name, uint32_t hash);

/* How many of the object's names are found; each where dlsym() finds it. */
static size_t compare(const struct host_object *object, find_fn *find,
                      void *where, void *handle)
{
    const size_t n = n_symbols(object);
    size_t n_found = 0;

    for (size_t i = 1; i < n; i++) {
        const char *name = object->strings + object->symbols[i].st_name;
        const void *found = find(where, name, symbol_hash(name));

        if (!found)
            continue;
        n_found++;
        if (found != dlsym(handle, name))
            fail_msg("%s: %p and not %p", name, found, dlsym(handle, name));
    }
    return n_found;
}

static void *find_in_object(void *where, const char *name, uint32_t hash)
{
    return host_object_find(where, name, hash);
}

static void *find_in_scope(void *where, const char *name, uint32_t hash)
{
    return host_scope_find(where, name, hash);
}

static void finds_in_a_library_what_dlsym_finds(void **state)
{
    static const struct {
        const char *name;
        size_t n_at_least;
    } libraries[] = {{"libc.so.6", 2000}, {"libm.so.6", 500}};

    (void)state;
    for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
        void *handle = dlopen(libraries[i].name, RTLD_NOW | RTLD_LOCAL);
        struct host_object object;
        size_t n_found;

        assert_true(host_object_read(map_of(handle), &object));
        n_found = compare(&object, find_in_object, &object, handle);
        if (n_found < libraries[i].n_at_least)
            fail_msg("%s: %zu names", libraries[i].name, n_found);
        dlclose(handle);
    }
}

static void finds_in_the_process_what_dlsym_finds(void **state)
{
    struct host_object libc;
    struct host_scope scope = {0};
    void *handle = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);

    (void)state;
    host_scope_read(&scope);
    /* Sanitizers have hundreds of names that are libc's, and the program may
     * have been linked with many libraries; but it is there. */
    assert_true(scope.n_objects >= 2);
    assert_true(host_object_read(map_of(handle), &libc));
    assert_true(compare(&libc, find_in_scope, &scope, RTLD_DEFAULT) > 1000);
    atomic_store(&scope.remembers, true);
    for (int i = 0; i < 2; i++)
        assert_true(compare(&libc, find_in_scope, &scope, RTLD_DEFAULT) > 1000);
    dlclose(handle);
}

static void the_program_comes_before_its_libraries(void **state)
{
    struct host_scope scope = {0};

    (void)state;
    host_scope_read(&scope);
    assert_ptr_equal(
        host_scope_find(&scope, "getloadavg", symbol_hash("getloadavg")),
        (void *)getloadavg);
}

static size_t count_answers(const struct host_scope *scope)
{
    size_t n = 0;

    for (size_t i = 0; i < HOST_SCOPE_ANSWERS; i++)
        n += scope->answers[i].address != 0;
    return n;
}

static void remembers_once_a_second_script_asks(void **state)
{
    const char *name = "getloadavg";

    (void)state;
    for (size_t n_scripts = 1; n_scripts <= 3; n_scripts++) {
        struct host_scope *scope = host_scope_of_process();

        assert_ptr_equal(host_scope_find(scope, name, symbol_hash(name)),
                         (void *)getloadavg);
        assert_int_equal(count_answers(scope), n_scripts > 1);
    }
}

static void leaves_what_it_does_not_know_to_dlsym(void **state)
{
    static const char *const names[] = {
        "", "no_such_symbol_anywhere", "errno", /* thread-local */
        "lgamma_r32x"                           /* of no library */
    };
    struct host_scope scope = {0};

    (void)state;
    host_scope_read(&scope);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_null(host_scope_find(&scope, names[i], symbol_hash(names[i])));
}

/* GLIBC_2.2.5's memcpy() is memmove(), the default one is not. */
static void takes_the_default_version(void **state)
{
    void *handle = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    void *old = dlvsym(handle, "memcpy", "GLIBC_2.2.5");
    struct host_object object;
    void *found;

    (void)state;
    assert_true(host_object_read(map_of(handle), &object));
    found = host_object_find(&object, "memcpy", symbol_hash("memcpy"));
    assert_ptr_equal(found, dlsym(handle, "memcpy"));
    if (old)
        assert_ptr_not_equal(found, old);
    dlclose(handle);
}

/* What was opened later may be closed again, and is for dlsym(). */
static void the_scope_ends_with_libc(void **state)
{
    void *handle = dlopen("libanl.so.1", RTLD_NOW | RTLD_GLOBAL);
    struct host_scope scope = {0};
    const char *name = "no_such_symbol_anywhere";

    (void)state;
    if (!handle)
        skip();
    host_scope_read(&scope);
    assert_null(host_scope_find(&scope, name, symbol_hash(name)));
    for (size_t i = 0; i < scope.n_objects; i++)
        assert_true(scope.object[i].base != map_of(handle)->l_addr);
    dlclose(handle);
}

static void refuses_an_object_without_tables(void **state)
{
    ElfW(Dyn) no_hash[] = {{.d_tag = DT_NULL}};
    struct link_map map = {.l_ld = NULL};
    struct host_object object;

    (void)state;
    assert_false(host_object_read(&map, &object));
    map.l_ld = no_hash;
    assert_false(host_object_read(&map, &object));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_in_a_library_what_dlsym_finds),
        cmocka_unit_test(finds_in_the_process_what_dlsym_finds),
        cmocka_unit_test(the_program_comes_before_its_libraries),
        cmocka_unit_test(remembers_once_a_second_script_asks),
        cmocka_unit_test(leaves_what_it_does_not_know_to_dlsym),
        cmocka_unit_test(takes_the_default_version),
        cmocka_unit_test(the_scope_ends_with_libc),
        cmocka_unit_test(refuses_an_object_without_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
