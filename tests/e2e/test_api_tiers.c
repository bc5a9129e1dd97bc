/* Baseline code and the best code through the API: a host that waits for the
 * best code, with and without a descriptor, and takes it. The user's compilers
 * in the background stand in one queue (tools/bccc/later.c); what finds no
 * place is begun by another launch. */
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api_fixture.h"
#include "samples.h"

enum { LOOK_MS = 1000 };

static const struct sample *large_sample(void)
{
    size_t n_samples;
    const struct sample *sample = sample_table(&n_samples);

    for (size_t i = 0; i < n_samples; i++)
        if (strcmp(sample[i].script, "app_1.bc") == 0)
            return &sample[i];
    fail_msg("no such sample");
    return NULL;
}

static BCCScriptRef open_large(int tier, const char *compiler)
{
    const struct sample *sample = large_sample();
    BCCOptions options = runnable_options();
    struct sample_files files;
    BCCScriptRef script;

    options.tier = tier;
    options.compilerPath = compiler;
    assert_int_equal(sample_locate(sample, NULL, &files), 0);
    if (sample_open(sample, &files, &script))
        fail_msg("%s", bccGetErrorMessage(script));
    assert_succeeds(script, bccSetOptions(script, &options));
    return script;
}

static void prepare_large(const struct fixture *f, BCCScriptRef script)
{
    assert_succeeds(script,
                    bccPrepareExecutable(script, f->cache, "entry",
                                         large_sample()->prepare_flags));
}

static BCCScriptRef prepare(const struct fixture *f, int tier)
{
    BCCScriptRef script = open_large(tier, NULL);

    prepare_large(f, script);
    return script;
}

static void launch_again(const struct fixture *f)
{
    bccDisposeScript(prepare(f, BCC_TIER_AUTO));
}

static void wait_for_best(const struct fixture *f, BCCScriptRef script)
{
    while (bccWaitForBest(script, -1)) {
        assert_int_equal(take_error(script), BCC_NOT_READY);
        launch_again(f);
    }
}

static void a_host_waits_for_the_best_code(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = prepare(f, BCC_TIER_AUTO), best;

    assert_cache(script, BCC_CACHE_MISS);
    assert_int_equal(report_of(script).tier, BCC_TIER_BASELINE);
    wait_for_best(f, script);
    best = prepare(f, BCC_TIER_AUTO);
    assert_cache(best, BCC_CACHE_HIT);
    assert_int_equal(report_of(best).tier, BCC_TIER_BEST);
    assert_succeeds(best, bccWaitForBest(best, 0));
    bccDisposeScript(best);
    bccDisposeScript(script);
}

/* Of a launch that has found the baseline code and loads it. */
static const struct fixture *racing;

static void *lose_a_race(void *context, const char *name)
{
    if (racing)
        bccDisposeScript(prepare(racing, BCC_TIER_BEST));
    racing = NULL;
    return large_sample()->lookup(context, name);
}

static void what_was_replaced_meanwhile_is_not_begun(void **state)
{
    static const char notes[] = "#!/bin/sh\n: >\"$0.started\"\n";
    const struct fixture *f = *state;
    struct path compiler = fixture_path(f, "compiler");
    struct path started = fixture_path(f, "compiler.started");

    write_whole(compiler.text, notes, sizeof(notes) - 1);
    assert_int_equal(chmod(compiler.text, 0700), 0);
    bccDisposeScript(prepare(f, BCC_TIER_BASELINE));
    for (int loses = 1; loses >= 0; loses--) {
        BCCScriptRef script = open_large(BCC_TIER_AUTO, compiler.text);

        racing = loses ? f : NULL;
        assert_succeeds(script,
                        bccRegisterSymbolCallback(script, lose_a_race, NULL));
        prepare_large(f, script);
        assert_cache(script, BCC_CACHE_HIT);
        assert_int_equal(report_of(script).tier, BCC_TIER_BASELINE);
        assert_int_equal(access(started.text, F_OK), loses ? -1 : 0);
        bccDisposeScript(script);
        if (!loses)
            break;
        assert_int_equal(unlink(fixture_path(f, "cache/entry.oBCC").text), 0);
        bccDisposeScript(prepare(f, BCC_TIER_BASELINE));
    }
}

static void nobody_is_waited_for_who_does_not_work(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = prepare(f, BCC_TIER_BASELINE);

    assert_int_equal(report_of(script).tier, BCC_TIER_BASELINE);
    assert_fails(script, bccWaitForBest(script, -1), BCC_NOT_READY);
    bccDisposeScript(script);
    script = bccCreateScript();
    assert_fails(script, bccWaitForBest(script, -1), BCC_NOT_READY);
    bccDisposeScript(script);
    assert_int_equal(bccWaitForBest(NULL, 0), 1);
    assert_int_equal(bccGetBestDescriptor(NULL), -1);
}

static void a_descriptor_says_when_to_look(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = prepare(f, BCC_TIER_AUTO);
    struct pollfd pollfd = {bccGetBestDescriptor(script), POLLIN, 0};
    char events[4096];

    assert_true(pollfd.fd >= 0);
    while (bccWaitForBest(script, 0)) {
        assert_int_equal(take_error(script), BCC_NOT_READY);
        if (poll(&pollfd, 1, LOOK_MS) == 1)
            assert_true(read(pollfd.fd, events, sizeof(events)) > 0);
        else
            launch_again(f);
    }
    close(pollfd.fd);
    bccDisposeScript(script);
}

static BCCScriptRef prepare_again(void *context)
{
    return prepare(context, BCC_TIER_AUTO);
}

static void scripts_without_state_are_swapped(void **state)
{
    struct fixture *f = *state;
    BCCScriptRef script = prepare(f, BCC_TIER_AUTO), first = script;
    BCCScriptRef old = NULL;

    wait_for_best(f, script);
    assert_int_equal(bccSwapForBest(&script, prepare_again, f, &old), 0);
    assert_ptr_equal(old, first);
    assert_ptr_not_equal(script, first);
    assert_int_equal(report_of(script).tier, BCC_TIER_BEST);
    bccDisposeScript(old);
    bccDisposeScript(script);
}

static void an_unknown_tier_is_refused(void **state)
{
    BCCOptions options = {.size = sizeof(options), .tier = 3};
    BCCScriptRef script = bccCreateScript();

    (void)state;
    assert_fails(script, bccSetOptions(script, &options), BCC_INVALID_VALUE);
    bccDisposeScript(script);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_host_waits_for_the_best_code),
        TEST(what_was_replaced_meanwhile_is_not_begun),
        TEST(nobody_is_waited_for_who_does_not_work),
        TEST(a_descriptor_says_when_to_look),
        TEST(scripts_without_state_are_swapped),
        TEST(an_unknown_tier_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
