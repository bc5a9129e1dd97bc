/* The memory of a loaded script; misses must leave none behind.
 *
 * An image is one mapping of the cache file, which all processes share,
 * followed by private pages: those with addresses, read-only once they are
 * bound, and those with variables. Pages are counted as the kernel shows them
 * in /proc/self/smaps. */
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_fixture.h"
#include "samples.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* ---- Counting ---- */

/* KiB that are this process's alone, as written to. */
struct dirty {
    long shared_file; /* what is mapped of the cache file: code, constants */
    long bound;       /* read-only pages behind it */
    long variables;   /* writable pages behind them */
};

struct mapping {
    unsigned long start, end;
    char mode[8], name[PATH_SIZE];
    long dirty_kib;
};

/* The lines of one mapping; false at the end. */
static bool next_mapping(FILE *smaps, struct mapping *mapping)
{
    char line[1024];

    do {
        if (!fgets(line, sizeof(line), smaps))
            return false;
        *mapping->name = '\0';
    } while (sscanf(line, "%lx-%lx %7s %*s %*s %*s %511[^\n]", &mapping->start,
                    &mapping->end, mapping->mode, mapping->name) < 3);
    while (fgets(line, sizeof(line), smaps))
        if (sscanf(line, "Private_Dirty: %ld kB", &mapping->dirty_kib) == 1)
            return true;
    return false;
}

/* Of the image that has this address. Nothing else than text lies right behind
 * it: the test loads one image and then this one, which the kernel puts below
 * it. */
static struct dirty dirty_of(const void *address)
{
    FILE *smaps = fopen("/proc/self/smaps", "re");
    struct dirty dirty = {-1, 0, 0};
    struct mapping mapping;
    unsigned long end = 0;

    assert_non_null(smaps);
    while (next_mapping(smaps, &mapping)) {
        const bool has_address = mapping.start <= (unsigned long)address &&
                                 (unsigned long)address < mapping.end;

        if (has_address)
            dirty.shared_file = mapping.dirty_kib;
        else if (mapping.start != end || mapping.mode[2] == 'x')
            continue;
        else if (mapping.mode[1] == 'w')
            dirty.variables += mapping.dirty_kib;
        else
            dirty.bound += mapping.dirty_kib;
        end = mapping.end;
    }
    fclose(smaps);
    assert_true(dirty.shared_file >= 0);
    return dirty;
}

static size_t heap_in_use(void)
{
    const struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static long resident_kib(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    long kib = -1;

    assert_non_null(status);
    while (kib < 0 && fgets(line, sizeof(line), status))
        sscanf(line, "VmRSS: %ld kB", &kib);
    fclose(status);
    assert_true(kib >= 0);
    return kib;
}

/* ---- An image ---- */

static BCCScriptRef load_sample(const struct fixture *f,
                                const struct sample *sample)
{
    struct sample_files files;
    BCCScriptRef script;

    assert_int_equal(sample_locate(sample, NULL, &files), 0);
    assert_int_equal(sample_open(sample, &files, &script), 0);
    assert_succeeds(script,
                    bccPrepareExecutable(script, f->cache, sample->name, 0));
    return script;
}

static const void *some_function(BCCScriptRef script)
{
    BCCFuncInfo info;

    assert_true(bccGetFuncCount(script) > 0);
    bccGetFuncInfoList(script, 1, &info);
    return info.addr;
}

/* Beside its variables a script costs a page of addresses, as the GOT, and
 * what the library keeps on the heap. */
static void a_script_costs_8_kib_beside_its_variables(void **state)
{
    const struct fixture *f = *state;
    const struct sample *samples;
    size_t n_samples;

    samples = sample_table(&n_samples);
    for (size_t i = 0; i < n_samples; i++) {
        BCCScriptRef first = load_sample(f, &samples[i]), second;
        const size_t heap_before = heap_in_use();
        struct dirty dirty;
        size_t heap;

        second = load_sample(f, &samples[i]);
        assert_cache(second, BCC_CACHE_HIT);
        heap = heap_in_use() - heap_before;
        dirty = dirty_of(some_function(second));
        assert_int_equal(dirty.shared_file, 0);
        if (dirty.bound * 1024 + (long)heap > 8192)
            fail_msg("%s: %ld KiB and %zu bytes of heap", samples[i].name,
                     dirty.bound, heap);
        bccDisposeScript(second);
        bccDisposeScript(first);
    }
}

/* The same of a language interpreter, whose tables hold some 500 addresses:
 * three pages of them. */
static void an_interpreter_costs_its_tables_of_addresses(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script[2];
    size_t heap = 0;
    struct dirty dirty;

    for (size_t i = 0; i < 2; i++) {
        heap = heap_in_use();
        script[i] = open_script(INTERPRETER, NULL);
        assert_succeeds(script[i],
                        bccPrepareExecutable(script[i], f->cache, "entry",
                                             BCC_PROCESS_SYMBOLS));
        heap = heap_in_use() - heap;
    }
    assert_cache(script[1], BCC_CACHE_HIT);
    dirty = dirty_of(some_function(script[1]));
    assert_int_equal(dirty.shared_file, 0);
    assert_int_equal(dirty.variables, 0);
    assert_in_range(dirty.bound, 1, 12);
    assert_in_range(heap, 0, 4096);
    bccDisposeScript(script[1]);
    bccDisposeScript(script[0]);
}

/* ---- Misses ---- */

static void compile_anew(const struct fixture *f, int n)
{
    for (int i = 0; i < n; i++) {
        BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);
        const char *cache = i % 2 ? f->cache : NULL;

        assert_succeeds(
            script, bccPrepareExecutable(script, cache, "entry", BCC_REBUILD));
        assert_int_equal(call(script, "answer"), 42);
        bccDisposeScript(script);
    }
}

/* Of 1,000 not more than a MiB may stay; nothing does. The first ones fill the
 * caches of malloc and stdio. MISSES runs more of them. */
static void misses_leave_no_memory_behind(void **state)
{
    const struct fixture *f = *state;
    const char *given = getenv("MISSES");
    const int n = given ? atoi(given) : 40;
    size_t heap;
    long resident;

    compile_anew(f, 6);
    heap = heap_in_use();
    resident = resident_kib();
    compile_anew(f, n);
    assert_in_range(heap_in_use(), 0, heap);
    assert_in_range(resident_kib(), 0, resident + 1024);
}

/* ---- Trampolines ---- */

static unsigned count_executable(void)
{
    FILE *smaps = fopen("/proc/self/smaps", "re");
    struct mapping mapping;
    unsigned n = 0;

    assert_non_null(smaps);
    while (next_mapping(smaps, &mapping)) {
        assert_false(mapping.mode[1] == 'w' && mapping.mode[2] == 'x');
        n += mapping.mode[2] == 'x';
    }
    fclose(smaps);
    return n;
}

/* The first are in the image; more are mapped, until the script is gone. */
static void trampolines_are_unmapped_with_their_script(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script =
        open_script(bitcode_path("trampolines.bc").text, NULL);
    const unsigned n_before = count_executable();
    int (*descend)(int);

    assert_succeeds(script,
                    bccPrepareExecutable(script, f->cache, "trampolines", 0));
    *(void **)&descend = bccGetFuncAddr(script, "descend");
    assert_non_null(descend);
    assert_int_equal(descend(20), 20);
    assert_int_equal(count_executable(), n_before + 1);
    assert_int_equal(descend(5000), 5000);
    assert_true(count_executable() > n_before + 1);
    bccDisposeScript(script);
    assert_int_equal(count_executable(), n_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_script_costs_8_kib_beside_its_variables),
        TEST(an_interpreter_costs_its_tables_of_addresses),
        TEST(misses_leave_no_memory_behind),
        TEST(trampolines_are_unmapped_with_their_script),
    };

    return cmocka_run_group_tests_name("api_memory", tests, NULL, NULL);
}
