#include "corrupt_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "temp_dir.h"

/* answer(3) of victim.c, called for the first time. */
enum { ANSWER_3 = 31 + 6 * 3 + 'd' + 42 + 1 };

static int host_value(int x)
{
    return x * 14;
}

static void *find_symbol(void *context, const char *name)
{
    (void)context;
    if (strcmp(name, "host_value") == 0)
        return (void *)(uintptr_t)host_value;
    return NULL;
}

/* ---- Scripts ---- */

BCCScriptRef create(const char *bitcode, const char *compiler)
{
    /* The best code of a large entry would come in the background, and replace
     * the file that a test is damaging. */
    const BCCOptions options = {.size = sizeof(options),
                                .compilerPath = compiler,
                                .tier = BCC_TIER_BEST};
    BCCScriptRef script = bccCreateScript();

    assert_non_null(script);
    assert_int_equal(bccReadFile(script, bitcode, 0), 0);
    assert_int_equal(bccRegisterSymbolCallback(script, find_symbol, NULL), 0);
    assert_int_equal(bccSetOptions(script, &options), 0);
    return script;
}

static int answer(BCCScriptRef script)
{
    int (*function)(int);

    *(void **)&function = bccGetFuncAddr(script, "answer");
    assert_non_null(function);
    return function(3);
}

static BCCReport report_of(BCCScriptRef script)
{
    BCCReport report = {.size = sizeof(report)};

    assert_int_equal(bccGetReport(script, &report), 0);
    return report;
}

/* Every accessor, on whatever the entry holds: must stay inside it. */
static void reflect(BCCScriptRef script)
{
    size_t n = bccGetFuncCount(script);
    BCCFuncInfo *functions = calloc(n + 1, sizeof(*functions));

    assert_non_null(functions);
    bccGetFuncInfoList(script, n, functions);
    for (size_t i = 0; i < n; i++)
        bccGetFuncAddr(script, functions[i].name);
    free(functions);
    for (size_t i = 0; i < bccGetExportVarCount(script); i++)
        bccGetVarAddr(script, bccGetExportVarName(script, i));
    for (size_t i = 0; i < bccGetExportFuncCount(script); i++)
        bccGetFuncAddr(script, bccGetExportFuncName(script, i));
    bccGetPragmaCount(script);
    bccGetObjectSlotCount(script);
}

/* ---- Fixture ---- */

void write_entry(const struct fixture *f, const uint8_t *bytes, size_t size)
{
    int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

uint8_t *read_file(const char *path, size_t *ret_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *bytes;
    struct stat st;

    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    bytes = malloc((size_t)st.st_size);
    assert_non_null(bytes);
    assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
    close(fd);
    *ret_size = (size_t)st.st_size;
    return bytes;
}

static int set_up_with(void **state, const char *bitcode)
{
    struct fixture *f = calloc(1, sizeof(*f));
    BCCScriptRef script;

    if (!f)
        return -1;
    *state = f;
    if (temp_dir_make_at(f->dir, "bcc-corrupt"))
        return -1;
    snprintf(f->path, sizeof(f->path), "%s/victim.oBCC", f->dir);
    f->bitcode = bitcode;
    script = create(bitcode, NULL);
    if (bccPrepareExecutable(script, f->dir, "victim", 0))
        fprintf(stderr, "%s\n", bccGetErrorMessage(script));
    assert_int_equal(answer(script), ANSWER_3);
    bccDisposeScript(script);
    f->entry = read_file(f->path, &f->size);
    return 0;
}

int set_up(void **state)
{
    return set_up_with(state, VICTIM_BITCODE);
}

int set_up_large(void **state)
{
    return set_up_with(state, LARGE_BITCODE);
}

int tear_down(void **state)
{
    struct fixture *f = *state;

    int failed = temp_dir_remove_at(f->dir);

    free(f->entry);
    free(f);
    return failed;
}

/* ---- Judgements ---- */

int error_code(BCCScriptRef script)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    return bccGetError(script);
#pragma GCC diagnostic pop
}

void require_reason(BCCScriptRef script, const char *what, size_t where)
{
    BCCReport report = report_of(script);

    if (report.cache == BCC_CACHE_HIT || !*report.reason)
        fail_msg("%s %zu: cache %d without a reason", what, where,
                 report.cache);
}

void judge(struct fixture *f, BCCScriptRef *script, unsigned long flags,
           bool run, const char *what, size_t where)
{
    if (bccPrepareExecutable(*script, f->dir, "victim", flags) == 0) {
        f->n_hits++;
        if (report_of(*script).cache != BCC_CACHE_HIT)
            fail_msg("%s %zu: prepared, but not a hit", what, where);
        reflect(*script);
        if (run && answer(*script) != ANSWER_3)
            fail_msg("%s %zu: wrong answer", what, where);
        bccDisposeScript(*script);
        *script = create(f->bitcode, NO_COMPILER);
        return;
    }
    f->n_misses++;
    if (!*bccGetErrorMessage(*script))
        fail_msg("%s %zu: failed without a message", what, where);
    require_reason(*script, what, where);
}

void recover(const struct fixture *f, const char *what, size_t where)
{
    BCCScriptRef script = create(f->bitcode, NULL);

    if (bccPrepareExecutable(script, f->dir, "victim", BCC_VERIFY))
        fail_msg("%s %zu: %s", what, where, bccGetErrorMessage(script));
    if (answer(script) != ANSWER_3)
        fail_msg("%s %zu: wrong answer", what, where);
    if (report_of(script).cache != BCC_CACHE_HIT)
        require_reason(script, what, where);
    bccDisposeScript(script);
}

void require_good_entry(const struct fixture *f)
{
    BCCScriptRef script = create(f->bitcode, NO_COMPILER);

    assert_int_equal(bccPrepareExecutable(script, f->dir, "victim", BCC_VERIFY),
                     0);
    assert_int_equal(report_of(script).cache, BCC_CACHE_HIT);
    assert_int_equal(answer(script), ANSWER_3);
    bccDisposeScript(script);
}
