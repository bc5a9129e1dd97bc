/* Shared libraries through the API: which ones are opened, for whom, for how
 * long; and the other things that a script takes from the process: arguments
 * and handlers of fork(). */
#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api_fixture.h"

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

static bool is_open(const char *path)
{
    void *handle = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);

    if (handle)
        dlclose(handle);
    return handle != NULL;
}

static BCCScriptRef open_extra(const char *library, unsigned long flags)
{
    BCCScriptRef script = open_script(bitcode_path("extra.bc").text, NULL);

    if (library)
        assert_succeeds(script, bccLinkSharedLibrary(script, library, flags));
    return script;
}

/* The script sees libc, too: pthread_atfork is made of a function of it. */
static int prepare(BCCScriptRef script, const struct fixture *f)
{
    return bccPrepareExecutable(script, f->cache, "entry", BCC_PROCESS_SYMBOLS);
}

/* ---- Libraries ---- */

static void is_open_from_prepare_to_dispose(void **state)
{
    const struct fixture *f = *state;

    assert_false(is_open(EXTRA_LIBRARY));
    for (int i = 0; i < 2; i++) {
        BCCScriptRef script = open_extra(EXTRA_LIBRARY, 0);

        assert_succeeds(script, prepare(script, f));
        assert_cache(script, i ? BCC_CACHE_HIT : BCC_CACHE_MISS);
        assert_true(is_open(EXTRA_LIBRARY));
        assert_int_equal(call(script, "answer"), 42);
        bccDisposeScript(script);
        assert_false(is_open(EXTRA_LIBRARY));
    }
}

static void is_found_in_directories_by_name(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_extra("bcc_extra", BCC_SEARCH_LIBRARY);

    assert_fails(script, prepare(script, f), BCC_IO_ERROR);
    assert_string_equal(bccGetErrorMessage(script),
                        "-lbcc_extra: no such shared library");
    assert_succeeds(script, bccAddLibraryDirectory(script, EXTRA_DIR));
    assert_succeeds(script, prepare(script, f));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

static void is_not_opened_if_nothing_needs_it(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_script(bitcode_path("answer.bc").text, NULL);

    assert_succeeds(script, bccLinkSharedLibrary(script, EXTRA_LIBRARY, 0));
    assert_succeeds(script, prepare(script, f));
    assert_false(is_open(EXTRA_LIBRARY));
    bccDisposeScript(script);
}

static int instead(void)
{
    return 43;
}

static void *find_instead(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "extra_answer") == 0 ? (void *)instead : NULL;
}

static void the_callback_is_asked_first(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_extra(EXTRA_LIBRARY, 0);

    assert_succeeds(script,
                    bccRegisterSymbolCallback(script, find_instead, NULL));
    assert_succeeds(script, prepare(script, f));
    assert_int_equal(call(script, "answer"), 43);
    bccDisposeScript(script);
}

static void *find_in_libc(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "extra_answer") ? dlsym(RTLD_DEFAULT, name) : NULL;
}

/* In a child: what dlsym() has found there stays open for good. */
static bool process_sees_library(void)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        _exit(dlsym(RTLD_DEFAULT, "extra_answer") ? 1 : 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 1;
}

static void is_for_the_script_alone_unless_the_process_is_shared(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_extra(EXTRA_LIBRARY, 0);

    assert_succeeds(script, prepare(script, f));
    assert_true(process_sees_library());
    bccDisposeScript(script);

    script = open_extra(EXTRA_LIBRARY, 0);
    assert_succeeds(script,
                    bccRegisterSymbolCallback(script, find_in_libc, NULL));
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    assert_cache(script, BCC_CACHE_HIT);
    assert_false(process_sees_library());
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

/* Libraries that are open for the script alone bring the unwinder that must
 * know its code; this process has none. */
static void exceptions_are_caught_with_the_libraries_of_the_script(void **state)
{
    const struct fixture *f = *state;

    assert_null(dlsym(RTLD_DEFAULT, "__register_frame_info"));
    for (int i = 0; i < 4; i++) {
        const unsigned long process = i % 2 ? BCC_PROCESS_SYMBOLS : 0;
        BCCScriptRef script = open_script(bitcode_path("caught.bc").text, NULL);

        assert_succeeds(script,
                        bccPrepareExecutable(script, f->cache, "caught",
                                             BCC_DEFAULT_LIBRARIES | process));
        assert_cache(script, i ? BCC_CACHE_HIT : BCC_CACHE_MISS);
        assert_int_equal(call(script, "caught"), 42);
        bccDisposeScript(script);
    }
}

static void one_that_is_gone_is_named(void **state)
{
    const struct fixture *f = *state;
    struct path copy = fixture_path(f, "libcopy.so");
    BCCOptions options = runnable_options();
    BCCScriptRef script;

    copy_whole(EXTRA_LIBRARY, copy.text);
    script = open_extra(copy.text, 0);
    assert_succeeds(script, prepare(script, f));
    bccDisposeScript(script);
    assert_int_equal(unlink(copy.text), 0);

    /* A compiler looks for it, and says that it is not there. */
    script = open_extra(copy.text, 0);
    assert_fails(script, prepare(script, f), BCC_IO_ERROR);
    assert_non_null(strstr(bccGetErrorMessage(script), copy.text));
    bccDisposeScript(script);

    /* Without one it is the entry that cannot be used. */
    options.compilerPath = "/nonexistent/bccc";
    script = open_extra(copy.text, 0);
    assert_succeeds(script, bccSetOptions(script, &options));
    assert_fails(script, prepare(script, f), BCC_UNRESOLVED_SYMBOL);
    assert_non_null(strstr(bccGetErrorMessage(script), copy.text));
    assert_int_equal(report_of(script).reasonCode, BCC_REASON_UNRESOLVED);
    bccDisposeScript(script);
}

static void wrong_use_is_refused(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_extra(EXTRA_LIBRARY, 0);

    assert_int_equal(bccLinkSharedLibrary(NULL, "libz.so.1", 0), 1);
    assert_int_equal(bccAddLibraryDirectory(NULL, "/lib"), 1);
    assert_fails(script, bccLinkSharedLibrary(script, NULL, 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, bccLinkSharedLibrary(script, "", 0),
                 BCC_INVALID_VALUE);
    assert_fails(script, bccLinkSharedLibrary(script, "libz.so.1", 1),
                 BCC_INVALID_ENUM);
    assert_fails(script, bccAddLibraryDirectory(script, ""), BCC_INVALID_VALUE);
    assert_succeeds(script, prepare(script, f));
    assert_fails(script, bccLinkSharedLibrary(script, "libz.so.1", 0),
                 BCC_INVALID_OPERATION);
    assert_fails(script, bccAddLibraryDirectory(script, "/lib"),
                 BCC_INVALID_OPERATION);
    bccDisposeScript(script);
}

/* ---- Undefined symbols ---- */

struct log {
    char text[512];
};

static void keep_log(void *context, int level, const char *area,
                     const char *text)
{
    struct log *log = context;

    if (level == BCC_LOG_WARN && strcmp(area, "load") == 0)
        snprintf(log->text, sizeof(log->text), "%s", text);
}

static void undefined_symbols_are_named_with_their_user(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_extra(NULL, 0);
    struct log log = {""};
    const char *user = NULL;

    bccSetLogCallback(script, keep_log, &log);
    assert_fails(script, prepare(script, f), BCC_UNRESOLVED_SYMBOL);
    assert_non_null(strstr(bccGetErrorMessage(script),
                           "'extra_answer' (wanted by 'answer')"));
    assert_string_equal(log.text,
                        "undefined symbol 'extra_answer', wanted by 'answer'");
    assert_string_equal(bccGetMissingSymbol(script, 0, &user), "extra_answer");
    assert_string_equal(user, "answer");
    assert_non_null(bccGetMissingSymbol(script, 0, NULL));
    assert_null(bccGetMissingSymbol(script, 1, &user));
    assert_null(bccGetMissingSymbol(NULL, 0, &user));
    assert_succeeds(script, bccLinkSharedLibrary(script, EXTRA_LIBRARY, 0));
    assert_succeeds(script, prepare(script, f));
    bccDisposeScript(script);
}

/* An earlier failure's names are not those of the next. */
static void another_failure_has_no_undefined_symbols(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_extra(NULL, 0);

    assert_fails(script, prepare(script, f), BCC_UNRESOLVED_SYMBOL);
    assert_fails(script, bccPrepareExecutable(script, f->cache, ".", 0),
                 BCC_INVALID_VALUE);
    assert_null(bccGetMissingSymbol(script, 0, NULL));
    bccDisposeScript(script);
}

/* ---- Libraries of programs ---- */

static void an_ordinary_script_finds_libc_and_libm(void **state)
{
    const struct fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        BCCScriptRef script =
            open_script(bitcode_path("ordinary.bc").text, NULL);

        assert_succeeds(script,
                        bccPrepareExecutable(script, f->cache, "ordinary",
                                             BCC_DEFAULT_LIBRARIES));
        assert_cache(script, i ? BCC_CACHE_HIT : BCC_CACHE_MISS);
        assert_int_equal(call(script, "answer"), 42);
        bccDisposeScript(script);
    }
}

static void the_message_says_what_supplies_a_symbol(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_script(bitcode_path("ordinary.bc").text, NULL);

    assert_fails(script, bccPrepareExecutable(script, f->cache, "one", 0),
                 BCC_UNRESOLVED_SYMBOL);
    assert_non_null(strstr(bccGetErrorMessage(script),
                           "; BCC_DEFAULT_LIBRARIES may supply it"));
    bccDisposeScript(script);
    script = open_extra(NULL, 0);
    assert_fails(script, prepare(script, f), BCC_UNRESOLVED_SYMBOL);
    assert_non_null(strstr(bccGetErrorMessage(script),
                           "; bccLinkSharedLibrary() may supply it"));
    bccDisposeScript(script);
}

/* ---- The host's part ---- */

/* In a host the two are kept apart. */
static void a_name_that_libraries_use_is_logged(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_script(bitcode_path("hooks.bc").text, NULL);
    struct log log = {""};

    bccSetLogCallback(script, keep_log, &log);
    bccMarkExternalSymbol(script, "hook");
    assert_succeeds(script,
                    bccPrepareExecutable(script, f->cache, "hooks",
                                         BCC_PROCESS_SYMBOLS | BCC_MARKED_ONLY |
                                             BCC_DEFAULT_LIBRARIES));
    assert_int_equal(call(script, "hook"), 17);
    assert_ptr_not_equal(bccGetVarAddr(script, "optind"),
                         dlsym(RTLD_DEFAULT, "optind"));
    assert_string_equal(
        log.text, "shared libraries use their own 'optind', not the script's");
    bccDisposeScript(script);
}

struct offer {
    int n, n_limits;
    void *address;
};

static void take_offer(void *context, const BCCDefinition *definitions,
                       size_t n)
{
    struct offer *offer = context;

    offer->n = (int)n;
    assert_string_equal(definitions[0].name, "optind");
    offer->address = definitions[0].address;
}

static uint64_t count_limits(void *context)
{
    struct offer *offer = context;

    offer->n_limits++;
    return UINT64_MAX;
}

static void the_host_is_offered_what_libraries_use(void **state)
{
    const struct fixture *f = *state;
    const unsigned long flags =
        BCC_PROCESS_SYMBOLS | BCC_MARKED_ONLY | BCC_DEFAULT_LIBRARIES;
    struct offer offer = {0};
    BCCHost host = {.size = sizeof(host),
                    .context = &offer,
                    .interpose = take_offer,
                    .cacheSizeLimit = count_limits};

    for (int i = 0; i < 2; i++) {
        BCCScriptRef script = open_script(bitcode_path("hooks.bc").text, NULL);

        bccMarkExternalSymbol(script, "hook");
        assert_succeeds(script, bccSetHost(script, &host));
        assert_succeeds(script,
                        bccPrepareExecutable(script, f->cache, "hooks", flags));
        assert_int_equal(offer.n, 1);
        assert_ptr_equal(offer.address, bccGetVarAddr(script, "optind"));
        assert_int_equal(offer.n_limits, 1); /* of the miss */
        assert_fails(script, bccSetHost(script, &host), BCC_INVALID_OPERATION);
        bccDisposeScript(script);
    }
}

static void the_host_may_ask_where_the_image_is(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_script(bitcode_path("hooks.bc").text, NULL);
    BCCHost host = {.size = sizeof(host) + 1};
    BCCImage image = {.size = sizeof(image)};
    const ElfW(Phdr) * segment;
    uintptr_t hook;
    bool is_code = false;

    assert_fails(script, bccSetHost(script, &host), BCC_INVALID_VALUE);
    assert_fails(script, bccSetHost(script, NULL), BCC_INVALID_VALUE);
    assert_int_equal(bccGetImage(script, &image), 1);
    assert_int_equal(take_error(script), BCC_NO_ERROR);
    assert_succeeds(script, prepare(script, f));
    image.size--;
    assert_int_equal(bccGetImage(script, &image), 1);
    image.size++;
    assert_int_equal(bccGetImage(script, &image), 0);
    hook = (uintptr_t)bccGetFuncAddr(script, "hook") - (uintptr_t)image.base;
    assert_true(hook < image.span);
    segment = image.programHeaders;
    for (size_t i = 0; i < image.programHeaderCount; i++)
        is_code |= segment[i].p_type == PT_LOAD && segment[i].p_flags & PF_X &&
                   hook - segment[i].p_vaddr < segment[i].p_memsz;
    assert_true(is_code);
    assert_true(image.tlsModule == 0 && !image.tlsBlock);
    bccDisposeScript(script);
}

static void destructors_run_once_and_code_stays(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_script(bitcode_path("hooks.bc").text, NULL);
    void (*watch_end)(int *count);
    int n = 0;

    bccStopScript(NULL);
    bccStopScript(script); /* not prepared: there are none */
    assert_succeeds(script, prepare(script, f));
    *(void **)&watch_end = bccGetFuncAddr(script, "watch_end");
    watch_end(&n);
    bccStopScript(script);
    assert_int_equal(n, 1);
    assert_int_equal(call(script, "hook"), 17);
    bccStopScript(script);
    bccDisposeScript(script);
    assert_int_equal(n, 1);
}

/* ---- Arguments and fork() ---- */

static void constructors_get_the_arguments(void **state)
{
    const struct fixture *f = *state;
    char name[] = "program", option[] = "-x";
    char *argv[] = {name, option, NULL};
    BCCScriptRef script = open_extra(EXTRA_LIBRARY, 0);

    assert_succeeds(script, prepare(script, f));
    assert_int_equal(call(script, "arguments"), 0);
    assert_fails(script, bccSetArguments(script, 2, argv),
                 BCC_INVALID_OPERATION);
    bccDisposeScript(script);

    script = open_extra(EXTRA_LIBRARY, 0);
    assert_int_equal(bccSetArguments(NULL, 2, argv), 1);
    assert_fails(script, bccSetArguments(script, 1, argv), BCC_INVALID_VALUE);
    assert_fails(script, bccSetArguments(script, 0, NULL), BCC_INVALID_VALUE);
    assert_succeeds(script, bccSetArguments(script, 2, argv));
    assert_succeeds(script, prepare(script, f));
    assert_int_equal(call(script, "arguments"), 2);
    bccDisposeScript(script);
}

static void fork_and_wait(void)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void fork_handlers_are_forgotten_at_dispose(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = open_extra(EXTRA_LIBRARY, 0);

    assert_succeeds(script, prepare(script, f));
    assert_int_equal(call(script, "watch_forks"), 0);
    fork_and_wait();
    assert_int_equal(call(script, "forks"), 1);
    bccDisposeScript(script);
    /* The handler's code is not there any more. */
    fork_and_wait();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_open_from_prepare_to_dispose),
        TEST(is_found_in_directories_by_name),
        TEST(is_not_opened_if_nothing_needs_it),
        TEST(the_callback_is_asked_first),
        TEST(is_for_the_script_alone_unless_the_process_is_shared),
        TEST(exceptions_are_caught_with_the_libraries_of_the_script),
        TEST(one_that_is_gone_is_named),
        TEST(wrong_use_is_refused),
        TEST(undefined_symbols_are_named_with_their_user),
        TEST(another_failure_has_no_undefined_symbols),
        TEST(an_ordinary_script_finds_libc_and_libm),
        TEST(the_message_says_what_supplies_a_symbol),
        TEST(a_name_that_libraries_use_is_logged),
        TEST(the_host_is_offered_what_libraries_use),
        TEST(the_host_may_ask_where_the_image_is),
        TEST(destructors_run_once_and_code_stays),
        TEST(constructors_get_the_arguments),
        TEST(fork_handlers_are_forgotten_at_dispose),
    };

    return cmocka_run_group_tests_name("shared libraries", tests, NULL, NULL);
}
