/* Tables of kernels (bcc_run.h): shared objects made by `bcc compile --shared`,
 * and what is refused. */
#include "api_fixture.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc_run.h>

/* ---- Shared objects ---- */

static struct path make_shared(struct fixture *f, const char *bitcode)
{
    struct path output = fixture_path(f, "kernels.so");
    char command[8 * PATH_SIZE];

    snprintf(command, sizeof(command), "%s compile --shared %s -o %s",
             getenv("BCC"), bitcode_path(bitcode).text, output.text);
    assert_int_equal(system(command), 0);
    return output;
}

static const BCCKernelInfo *find(const BCCKernelTable *table, const char *name)
{
    const char *at = (const char *)table->kernels;

    for (uint32_t i = 0; i < table->nKernels; i++, at += table->kernels->size) {
        const BCCKernelInfo *info = (const void *)at;

        if (strcmp(info->name, name) == 0)
            return info;
    }
    fail_msg("no kernel '%s'", name);
    return NULL;
}

static void a_shared_object_tells_its_kernels(void **state)
{
    struct path path = make_shared(*state, "kernels_debug.bc");
    BCCRunError error = {.message = ""};
    BCCKernelLibraryRef library = bccOpenKernelLibrary(path.text, &error);
    const BCCKernelTable *table = bccGetLibraryKernels(library);
    const BCCKernelInfo *info;

    if (!table)
        fail_msg("%s", error.message);
    assert_int_equal(table->size, sizeof(*table));
    assert_int_equal(table->version, 1);
    assert_int_equal(table->sanitizers, 0);
    assert_int_equal(table->required, BCC_FEATURE_TILES);
    assert_int_equal(table->nKernels, 11);
    info = find(table, "place");
    assert_int_equal(info->size, sizeof(*info));
    assert_string_equal(info->signature, "ptr ptr ptr i32 i32 i32 -> void");
    assert_string_equal(info->parameters, "in out data x y z");
    assert_non_null(strstr(info->file, "kernels.c"));
    assert_true(info->line > 5 && info->line < 30);
    assert_int_equal(info->tile[0], 1024);
    assert_int_equal(info->localMemory, 0);
    bccCloseKernelLibrary(library);
}

static void a_kernel_of_a_shared_object_runs(void **state)
{
    struct path path = make_shared(*state, "kernels.bc");
    BCCRunError error = {.message = ""};
    BCCKernelLibraryRef library = bccOpenKernelLibrary(path.text, &error);
    BCCKernelRef kernel =
        bccGetTableKernel(bccGetLibraryKernels(library), "squares", &error);
    uint64_t out[3000];
    const BCCBuffer output = {out, sizeof(out), sizeof(out[0]), {0}};
    BCCForEach work = {
        .size = sizeof(work), .range = {.end = {3000}}, .out = &output};

    if (!kernel)
        fail_msg("%s", error.message);
    work.pool = bccCreatePool(2);
    assert_int_equal(bccForEach(kernel, &work, &error), BCC_RUN_DONE);
    for (uint64_t i = 0; i < 3000; i++)
        assert_int_equal(out[i], i * i);
    assert_null(
        bccGetTableKernel(bccGetLibraryKernels(library), "absent", &error));
    assert_string_equal(error.message, "absent: no kernel of that name");
    bccDisposePool(work.pool);
    bccDisposeKernel(kernel);
    bccCloseKernelLibrary(library);
}

static BCCQueryFn query_of(void *address)
{
    BCCQueryFn query;

    assert_non_null(address);
    memcpy(&query, &address, sizeof(address));
    return query;
}

static void the_query_answers_what_the_caller_knows(void **state)
{
    struct path path = make_shared(*state, "kernels.bc");
    void *handle = dlopen(path.text, RTLD_NOW | RTLD_LOCAL);
    BCCQueryFn query;

    if (!handle)
        fail_msg("%s", dlerror());
    query = query_of(dlsym(handle, "bcc_library_query"));
    assert_null(query(0, UINT64_MAX));
    assert_non_null(query(1, BCC_FEATURE_TILES));
    /* A host of a later version gets the newest there is. */
    assert_ptr_equal(query(1, BCC_FEATURE_TILES), query(99, UINT64_MAX));
    assert_int_equal(query(99, UINT64_MAX)->version, 1);
    /* The mask is enforced by the code. */
    assert_null(query(1, BCC_FEATURE_GROUPS));
    dlclose(handle);
}

static void work_groups_are_a_feature(void **state)
{
    struct path path = make_shared(*state, "items.bc");
    BCCRunError error = {.message = ""};
    BCCKernelLibraryRef library = bccOpenKernelLibrary(path.text, &error);
    const BCCKernelTable *table = bccGetLibraryKernels(library);

    if (!table)
        fail_msg("%s", error.message);
    assert_int_equal(table->required, BCC_FEATURE_GROUPS);
    assert_int_equal(find(table, "fixed")->tile[0], 4);
    assert_int_equal(find(table, "fixed")->tile[1], 2);
    bccCloseKernelLibrary(library);
}

static void an_absent_sanitizer_is_named(void **state)
{
    struct path path = make_shared(*state, "kernels_tsan.bc");
    BCCRunError error = {.message = ""};

    assert_null(bccOpenKernelLibrary(path.text, &error));
    if (!strstr(error.message, "ThreadSanitizer") ||
        !strstr(error.message, "__tsan_init"))
        fail_msg("%s", error.message);
}

static void what_is_no_library_is_refused(void **state)
{
    struct path path = fixture_path(*state, "text.so");
    BCCRunError error = {.message = ""};

    write_whole(path.text, "text", 4);
    assert_null(bccOpenKernelLibrary(path.text, &error));
    assert_non_null(strstr(error.message, "text.so"));
    assert_null(
        bccOpenKernelLibrary(fixture_path(*state, "none.so").text, &error));
    assert_non_null(strstr(error.message, "none.so"));
    assert_null(bccOpenKernelLibrary("libc.so.6", &error));
    assert_string_equal(error.message,
                        "libc.so.6: has no function 'bcc_library_query'");
    assert_null(bccOpenKernelLibrary(NULL, &error));
}

/* ---- Tables of other versions ---- */

/* What a later version may make of the structs. */
struct later_info {
    BCCKernelInfo info;
    uint64_t more;
};

static int32_t run_nothing(void *frame, uint64_t x1, uint64_t x2)
{
    (void)frame;
    (void)x1;
    (void)x2;
    return 0;
}

static struct {
    BCCKernelTable table;
    uint64_t more;
} later;

static const BCCKernelTable *query_later(uint32_t version, uint64_t features)
{
    return version >= later.table.version &&
                   (later.table.required & ~features) == 0
               ? &later.table
               : NULL;
}

static void make_later(const struct later_info *infos, uint32_t n)
{
    memset(&later, 0, sizeof(later));
    later.table.size = sizeof(later);
    later.table.version = 1;
    later.table.nKernels = n;
    later.table.kernels = &infos[0].info;
}

static void is_refused(const char *fact)
{
    BCCRunError error = {.message = ""};

    assert_null(bccQueryKernels(query_later, &error));
    if (!strstr(error.message, fact))
        fail_msg("'%s' does not say '%s'", error.message, fact);
}

static void longer_structs_are_read(void **state)
{
    static struct later_info infos[3];
    static const char *const names[] = {"a", "b", "c"};
    BCCRunError error = {.message = ""};
    const BCCKernelTable *table;
    BCCKernelRef kernel;

    (void)state;
    for (int i = 0; i < 3; i++)
        infos[i].info = (BCCKernelInfo){
            .size = sizeof(infos[i]),
            .name = names[i],
            .signature = "i32 -> void",
            .form = i == 1 ? "strange kernel" : "x kernel at:1:a file.c",
            .run = (void (*)(void))run_nothing};
    make_later(infos, 3);
    table = bccQueryKernels(query_later, &error);
    if (!table)
        fail_msg("%s", error.message);
    kernel = bccGetTableKernel(table, "c", &error);
    assert_non_null(kernel);
    bccDisposeKernel(kernel);
    assert_null(bccGetTableKernel(table, "b", &error));
    assert_non_null(strstr(error.message, "not known to this library"));
}

static void tables_that_do_not_fit_are_refused(void **state)
{
    static struct later_info infos[1];

    (void)state;
    make_later(infos, 0);
    later.table.version = 2;
    is_refused("newer than version 1");
    make_later(infos, 0);
    later.table.required = UINT64_C(1) << 40;
    is_refused("0x10000000000");
    make_later(infos, 0);
    later.table.sanitizers = BCC_SANITIZER_MEMORY;
    is_refused("MemorySanitizer");
    later.table.sanitizers = UINT32_C(1) << 31;
    is_refused("does not know");
    make_later(infos, 0);
    later.table.cpuFeatures[1] = UINT64_MAX;
    is_refused("CPU feature");
    make_later(infos, 0);
    later.table.size = 8;
    is_refused("8 bytes");
    assert_null(bccQueryKernels(NULL, NULL));
}

/* ---- Entries ---- */

static void an_entry_has_the_query_if_asked(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = open_script(bitcode_path("kernels.bc").text, NULL);
    BCCScriptRef plain = open_script(bitcode_path("kernels.bc").text, NULL);
    BCCRunError error = {.message = ""};
    const BCCKernelTable *table;
    BCCKernelRef kernel;

    bccExportTable(script);
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "k", 0));
    table = bccQueryKernels(
        query_of(bccGetFuncAddr(script, "bcc_library_query")), &error);
    if (!table)
        fail_msg("%s", error.message);
    kernel = bccGetTableKernel(table, "grey", &error);
    assert_non_null(kernel);
    assert_succeeds(plain, bccPrepareExecutable(plain, f->cache, "p", 0));
    assert_null(bccGetFuncAddr(plain, "bcc_library_query"));
    bccDisposeKernel(kernel);
    bccDisposeScript(plain);
    bccDisposeScript(script);
}

static void a_script_tells_its_kernels(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script =
        open_script(bitcode_path("kernels_debug.bc").text, NULL);
    BCCKernelInfo info = {.size = sizeof(info)};
    struct {
        uint32_t size, line;
        uint64_t guard;
    } shorter = {.size = 8, .guard = 77};
    BCCRunError error = {.message = ""};

    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "k", 0));
    if (bccGetKernelInfo(script, "place", &info, &error))
        fail_msg("%s", error.message);
    assert_string_equal(info.name, "place");
    assert_string_equal(info.parameters, "in out data x y z");
    assert_non_null(strstr(info.file, "kernels.c"));
    assert_non_null(info.run);
    assert_int_equal(
        bccGetKernelInfo(script, "place", (BCCKernelInfo *)&shorter, &error),
        0);
    assert_int_equal(shorter.line, info.line);
    assert_int_equal(shorter.guard, 77);
    assert_int_equal(bccGetKernelInfo(script, "absent", &info, &error), 1);
    info.size = 0;
    assert_int_equal(bccGetKernelInfo(script, "place", &info, &error), 1);
    bccDisposeScript(script);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_shared_object_tells_its_kernels),
        TEST(a_kernel_of_a_shared_object_runs),
        TEST(the_query_answers_what_the_caller_knows),
        TEST(work_groups_are_a_feature),
        TEST(an_absent_sanitizer_is_named),
        TEST(what_is_no_library_is_refused),
        TEST(longer_structs_are_read),
        TEST(tables_that_do_not_fit_are_refused),
        TEST(an_entry_has_the_query_if_asked),
        TEST(a_script_tells_its_kernels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
