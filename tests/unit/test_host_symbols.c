/* The symbols found without dlsym() are those that dlsym() finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>

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

/* Names with the same place for their answers. */
static const char *neighbour_of(const struct host_object *libc,
                                const char *name)
{
    const uint32_t place = symbol_hash(name) % HOST_SCOPE_ANSWERS;
    struct host_scope scope = {.n_objects = 1, .object = {*libc}};

    for (size_t i = n_symbols(libc) - 1; i > 0; i--) {
        const char *other = libc->strings + libc->symbols[i].st_name;
        const uint32_t hash = symbol_hash(other);

        if (hash % HOST_SCOPE_ANSWERS == place && strcmp(other, name) != 0 &&
            host_scope_find(&scope, other, hash) &&
            strlen(other) < sizeof(scope.answers[0].name))
            return other;
    }
    fail_msg("no name with the place of %s", name);
    return NULL;
}

enum { N_ROUNDS = 40000, MAX_DELAY = 512 };

struct race {
    struct host_scope scope;
    atomic_uint arrivals;
};

struct asker {
    struct race *race;
    const char *name;
    bool is_late; /* by a different time in each round */
    size_t n_wrong;
};

/* Leave at about the same time as the other thread. */
static void meet(struct race *race)
{
    const unsigned both = (atomic_fetch_add(&race->arrivals, 1) / 2 + 1) * 2;

    for (unsigned i = 1; atomic_load(&race->arrivals) < both; i++)
        if (i % 1024 == 0)
            sched_yield();
}

static void *ask(void *context)
{
    struct asker *asker = context;
    struct race *race = asker->race;
    const uint32_t hash = symbol_hash(asker->name);
    const void *right = dlsym(RTLD_DEFAULT, asker->name);

    for (int i = 0; i < N_ROUNDS; i++) {
        meet(race);
        for (volatile int n = asker->is_late ? i % MAX_DELAY : 0; n > 0; n--)
            ;
        asker->n_wrong +=
            host_scope_find(&race->scope, asker->name, hash) != right;
        meet(race);
        if (asker->is_late)
            memset(race->scope.answers, 0, sizeof(race->scope.answers));
    }
    return NULL;
}

static void threads_get_no_answer_to_another_name(void **state)
{
    void *handle = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    struct race race = {.scope.remembers = true};
    struct host_object libc;
    struct asker askers[2];
    pthread_t thread;

    (void)state;
    host_scope_read(&race.scope);
    assert_true(host_object_read(map_of(handle), &libc));
    askers[0] = askers[1] = (struct asker){.race = &race, .name = "strtod"};
    askers[1].name = neighbour_of(&libc, askers[0].name);
    askers[1].is_late = true;
    assert_int_equal(pthread_create(&thread, NULL, ask, &askers[0]), 0);
    ask(&askers[1]);
    pthread_join(thread, NULL);
    assert_int_equal(askers[0].n_wrong + askers[1].n_wrong, 0);
    dlclose(handle);
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
    static const int tags[] = {DT_GNU_HASH, DT_SYMTAB, DT_STRTAB};
    uint32_t hash[8] = {1, 1, 1};
    ElfW(Dyn) no_hash[] = {{.d_tag = DT_NULL}};
    ElfW(Dyn) tables[] = {{.d_un.d_ptr = (uintptr_t)hash},
                          {.d_un.d_ptr = (uintptr_t)hash},
                          {.d_un.d_ptr = (uintptr_t)hash},
                          {.d_tag = DT_NULL}};
    struct link_map map = {.l_ld = NULL};
    struct host_object object;

    (void)state;
    assert_false(host_object_read(&map, &object));
    map.l_ld = no_hash;
    assert_false(host_object_read(&map, &object));
    for (int missing = 0; missing <= 3; missing++) {
        for (int i = 0; i < 3; i++)
            tables[i].d_tag = i == missing ? DT_SONAME : tags[i];
        map.l_ld = tables;
        assert_int_equal(host_object_read(&map, &object), missing == 3);
    }
    hash[0] = 0; /* no bucket */
    assert_false(host_object_read(&map, &object));
}

/* ---- Symbols one by one ---- */

/* An object that defines one name, or seems to. */
struct one_name {
    struct host_object object;
    ElfW(Sym) symbols[2];
    ElfW(Addr) filter;
    uint32_t bucket, chain[2];
    uint16_t versions[2];
};

enum { BASE = 0x10000, VALUE = 0x40, SECTION = 5 };

static const char name_of_one[] = "\0name";

static struct host_object *make_one(struct one_name *one, const ElfW(Sym) * row)
{
    *one = (struct one_name){
        .symbols = {{0}, *row},
        .filter = ~(ElfW(Addr))0,
        .bucket = 1,
        .chain = {0, symbol_hash(name_of_one + 1) | 1},
        .versions = {0, 1},
    };
    one->symbols[1].st_name = 1;
    one->object = (struct host_object){
        .base = BASE,
        .symbols = one->symbols,
        .strings = name_of_one,
        .versions = one->versions,
        .filter = &one->filter,
        .buckets = &one->bucket,
        .chain = one->chain,
        .n_buckets = 1,
    };
    return &one->object;
}

static const ElfW(Sym) good = {
    .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
    .st_shndx = SECTION,
    .st_value = VALUE,
};

static void *find_one(const ElfW(Sym) * row)
{
    struct one_name one;

    return find_in_object(make_one(&one, row), "name", symbol_hash("name"));
}

static void takes_what_has_one_address(void **state)
{
    static const unsigned char types[] = {STT_FUNC, STT_OBJECT, STT_NOTYPE},
                               bindings[] = {STB_GLOBAL, STB_WEAK},
                               visible[] = {STV_DEFAULT, STV_PROTECTED};

    (void)state;
    for (int i = 0; i < 12; i++) {
        ElfW(Sym) row = good;

        row.st_info = ELF64_ST_INFO(bindings[i % 2], types[i / 4]);
        row.st_other = visible[i / 2 % 2];
        assert_ptr_equal(find_one(&row), (void *)(BASE + VALUE));
    }
}

/* Each differs in one thing from what is taken. */
static void leaves_every_other_symbol_to_dlsym(void **state)
{
    ElfW(Sym) rows[8];
    struct one_name one;

    (void)state;
    for (int i = 0; i < 8; i++)
        rows[i] = good;
    rows[0].st_shndx = SHN_UNDEF; /* a PLT entry of the program */
    rows[1].st_shndx = SHN_ABS;
    rows[2].st_value = 0;
    rows[3].st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
    rows[4].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_TLS);
    rows[5].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_SECTION);
    rows[6].st_other = STV_HIDDEN;
    rows[7].st_other = STV_INTERNAL;
    for (int i = 0; i < 8; i++)
        assert_null(find_one(&rows[i]));
    make_one(&one, &good);
    one.versions[1] |= 0x8000; /* of an older version */
    assert_null(find_in_object(&one.object, "name", symbol_hash("name")));
}

/* An object that only wants the name is passed; one of which nothing is known
 * ends the search. */
static void goes_on_after_an_object_without_the_name(void **state)
{
    static struct host_scope scope;
    struct one_name first, second;
    ElfW(Sym) row = good;

    (void)state;
    row.st_shndx = SHN_UNDEF;
    row.st_value = 0;
    scope.object[0] = *make_one(&first, &row);
    scope.object[1] = *make_one(&second, &good);
    scope.n_objects = 2;
    first.symbols[1].st_value = VALUE;
    assert_null(find_in_scope(&scope, "name", symbol_hash("name")));
    first.symbols[1].st_value = 0;
    assert_ptr_equal(find_in_scope(&scope, "name", symbol_hash("name")),
                     (void *)(BASE + VALUE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_in_a_library_what_dlsym_finds),
        cmocka_unit_test(finds_in_the_process_what_dlsym_finds),
        cmocka_unit_test(the_program_comes_before_its_libraries),
        cmocka_unit_test(remembers_once_a_second_script_asks),
        cmocka_unit_test(threads_get_no_answer_to_another_name),
        cmocka_unit_test(leaves_what_it_does_not_know_to_dlsym),
        cmocka_unit_test(takes_the_default_version),
        cmocka_unit_test(the_scope_ends_with_libc),
        cmocka_unit_test(refuses_an_object_without_tables),
        cmocka_unit_test(takes_what_has_one_address),
        cmocka_unit_test(leaves_every_other_symbol_to_dlsym),
        cmocka_unit_test(goes_on_after_an_object_without_the_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
