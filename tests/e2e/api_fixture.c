#include "api_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "temp_dir.h"

/* ---- Directory ---- */

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (!f)
        return -1;
    f->parameter = *state;
    if (temp_dir_make_at(f->dir, "bcc-e2e")) {
        free(f);
        return -1;
    }
    snprintf(f->cache, sizeof(f->cache), "%.400s/cache", f->dir);
    *state = f;
    return mkdir(f->cache, 0700);
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    int failed = temp_dir_remove_at(f->dir);

    free(f);
    return failed;
}

/* ---- Files ---- */

struct path fixture_path(const struct fixture *f, const char *name)
{
    struct path path;

    snprintf(path.text, sizeof(path.text), "%s/%s", f->dir, name);
    return path;
}

struct path bitcode_path(const char *name)
{
    struct path path;

    snprintf(path.text, sizeof(path.text), "%s/%s", BCC_E2E_BITCODE_DIR, name);
    return path;
}

char *read_whole(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rbe");
    struct stat st;
    char *data;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &st), 0);
    data = malloc((size_t)st.st_size + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)st.st_size, file), st.st_size);
    data[st.st_size] = '\0';
    fclose(file);
    *ret_size = (size_t)st.st_size;
    return data;
}

void write_whole(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wbe");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void copy_whole(const char *from, const char *to)
{
    size_t size;
    char *data = read_whole(from, &size);

    write_whole(to, data, size);
    free(data);
}

/* ---- Checks ---- */

int take_error(BCCScriptRef script)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    return bccGetError(script);
#pragma GCC diagnostic pop
}

void assert_fails(BCCScriptRef script, int result, int code)
{
    int has = take_error(script);

    if (result != 1 || has != code)
        fail_msg("returned %d with code 0x%x, not 0x%x: %s", result,
                 (unsigned)has, (unsigned)code, bccGetErrorMessage(script));
    assert_string_not_equal(bccGetErrorMessage(script), "");
    assert_null(strchr(bccGetErrorMessage(script), '\n'));
    assert_int_equal(take_error(script), BCC_NO_ERROR);
}

void assert_succeeds(BCCScriptRef script, int result)
{
    if (result != 0)
        fail_msg("returned %d: %s", result, bccGetErrorMessage(script));
}

BCCReport report_of(BCCScriptRef script)
{
    BCCReport report = {.size = sizeof(report)};

    assert_int_equal(bccGetReport(script, &report), 0);
    assert_non_null(report.reason);
    assert_non_null(report.path);
    return report;
}

void assert_cache(BCCScriptRef script, int expected)
{
    static const char *const names[] = {"off", "hit", "miss"};
    BCCReport report = report_of(script);

    if (report.cache != expected)
        fail_msg("cache %s, not %s: %s", names[report.cache], names[expected],
                 report.reason);
}

BCCOptions runnable_options(void)
{
    return (BCCOptions){.size = sizeof(BCCOptions),
                        .cpu = getenv("BCC_TEST_CPU")};
}

BCCScriptRef new_script(void)
{
    BCCScriptRef script = bccCreateScript();
    BCCOptions options = runnable_options();

    assert_non_null(script);
    assert_succeeds(script, bccSetOptions(script, &options));
    return script;
}

BCCScriptRef open_script(const char *path, const char *library)
{
    BCCScriptRef script = new_script();

    assert_succeeds(script, bccReadFile(script, path, 0));
    if (library)
        assert_succeeds(script, bccLinkFile(script, library, 0));
    return script;
}

int call(BCCScriptRef script, const char *function)
{
    int (*address)(void) = bccGetFuncAddr(script, function);

    if (!address)
        fail_msg("%s is not in the code", function);
    return address();
}
