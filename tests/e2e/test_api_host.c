/* What a prepare asks of its host, and what it leaves alone there. */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "api_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* ---- A small stack ---- */

/* A coroutine: the stack that bcc.h speaks of, above a page without access. */
struct coroutine {
    ucontext_t caller, own;
    uint8_t *pages;
    void (*body)(struct coroutine *);
    const struct fixture *f;
    const char *cache, *script, *shared;
    unsigned long flags;
    int result, report;
};

enum { SMALL_STACK = 16 * 1024, GUARD = 4096 };

static void prepare_and_dispose(struct coroutine *c)
{
    BCCReport report = {.size = sizeof(report)};
    BCCScriptRef script = bccCreateScript();

    c->result = !script || bccReadFile(script, c->script, 0) ||
                (c->shared && bccLinkSharedLibrary(script, c->shared, 0)) ||
                bccPrepareExecutable(script, c->cache, "entry", c->flags) ||
                bccGetReport(script, &report);
    c->report = report.cache;
    bccDisposeScript(script);
}

/* makecontext() passes int. */
static void enter(unsigned high, unsigned low)
{
    struct coroutine *c =
        (void *)((uintptr_t)high << 16 << 16 | (uintptr_t)low);

    c->body(c);
}

/* Without the guard nothing would be shown: it is hit, or there was room. */
static void run_on_small_stack(struct coroutine *c)
{
    const uintptr_t address = (uintptr_t)c;

    c->pages = mmap(NULL, GUARD + SMALL_STACK, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(c->pages, MAP_FAILED);
    assert_int_equal(
        mprotect(c->pages + GUARD, SMALL_STACK, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(getcontext(&c->own), 0);
    c->own.uc_stack.ss_sp = c->pages + GUARD;
    c->own.uc_stack.ss_size = SMALL_STACK;
    c->own.uc_link = &c->caller;
    makecontext(&c->own, (void (*)(void))enter, 2,
                (unsigned)(address >> 16 >> 16), (unsigned)address);
    assert_int_equal(swapcontext(&c->caller, &c->own), 0);
    munmap(c->pages, GUARD + SMALL_STACK);
}

static void expect_on_small_stack(struct coroutine *c, int result, int report)
{
    c->body = prepare_and_dispose;
    run_on_small_stack(c);
    assert_int_equal(c->result, result);
    assert_int_equal(c->report, report);
}

static void sixteen_kibibytes_of_stack_are_enough(void **state)
{
    const struct path script = bitcode_path("answer.bc");
    const struct fixture *f = *state;
    struct coroutine c = {.cache = f->cache, .script = script.text};

    expect_on_small_stack(&c, 0, BCC_CACHE_MISS);
    expect_on_small_stack(&c, 0, BCC_CACHE_HIT);
    c.flags = BCC_VERIFY;
    expect_on_small_stack(&c, 0, BCC_CACHE_HIT);
    c.flags = BCC_REBUILD;
    expect_on_small_stack(&c, 0, BCC_CACHE_MISS);
    c.flags = 0;
    c.cache = NULL;
    expect_on_small_stack(&c, 0, BCC_CACHE_OFF);
}

/* As many entries were noted as ever are; the first one just now, so that the
 * directory is not looked at behind the test's back. */
static void many_notes_of_entries_need_no_more_stack(void **state)
{
    const struct path script = bitcode_path("answer.bc");
    const struct fixture *f = *state;
    struct coroutine c = {.cache = f->cache, .script = script.text};
    struct path stamp = fixture_path(f, "cache/.size");
    static uint64_t records[2 * 4096];

    records[1] = (uint64_t)time(NULL);
    write_whole(stamp.text, records, sizeof(records));
    assert_int_equal(chmod(stamp.text, 0600), 0);
    expect_on_small_stack(&c, 0, BCC_CACHE_MISS);
}

static void an_error_needs_no_more_stack(void **state)
{
    const struct path needy = bitcode_path("needy.bc");
    const struct path damaged = fixture_path(*state, "damaged.bc");
    const struct fixture *f = *state;
    struct coroutine c = {.cache = f->cache, .script = needy.text};

    expect_on_small_stack(&c, 1, 0); /* unresolved */
    expect_on_small_stack(&c, 1, 0);
    write_whole(damaged.text, "BC\xc0\xde damaged", 12);
    c.script = damaged.text;
    expect_on_small_stack(&c, 1, 0);
}

static void opening_shared_libraries_needs_no_more_stack(void **state)
{
    const struct path script = bitcode_path("extra.bc");
    const struct fixture *f = *state;
    struct coroutine c = {.cache = f->cache,
                          .script = script.text,
                          .shared = EXTRA_LIBRARY,
                          .flags = BCC_PROCESS_SYMBOLS};

    expect_on_small_stack(&c, 0, BCC_CACHE_MISS);
    expect_on_small_stack(&c, 0, BCC_CACHE_HIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sixteen_kibibytes_of_stack_are_enough),
        TEST(many_notes_of_entries_need_no_more_stack),
        TEST(an_error_needs_no_more_stack),
        TEST(opening_shared_libraries_needs_no_more_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
