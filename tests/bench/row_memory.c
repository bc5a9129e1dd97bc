/* M1, M2, M3: sizes. Nothing here is a time, so nothing is in turn. */
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launchers.h"
#include "process.h"
#include "smaps.h"

static bool file_kib(const char *path, double *ret_kib)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return bench_refuse("%s: cannot be found", path);
    *ret_kib = (double)st.st_size / 1024;
    return true;
}

/* ---- M1 ---- */

static size_t count(const char *text, const char *part)
{
    size_t n = 0;

    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        n++;
    }
    return n;
}

bool run_m1(void)
{
    struct artefact library, stripped;
    const char *const strip_argv[] = {BCC_BENCH_STRIP, "-o", artefact_out,
                                      library.path, NULL};
    const char *const read_argv[] = {
        "/bin/sh",         "-c",          "\"$0\" -d \"$1\" | grep NEEDED",
        BCC_BENCH_READELF, stripped.path, NULL};
    struct process_result result;
    double kib;

    if (!artefact_source(BCC_BENCH_LIBRARY, &library) ||
        !artefact_make("libbcc.stripped.so",
                       (const struct artefact *const[]){&library, NULL},
                       strip_argv, &stripped) ||
        !file_kib(stripped.path, &kib) || !process_run(read_argv, &result))
        return false;
    bench_value("libobcc.so, stripped", kib, NAN, "KiB", AT_MOST(96));
    bench_value("libraries that it needs, but for libc.so.6",
                (double)(count(result.out, "NEEDED") -
                         count(result.out, "[libc.so.6]")),
                NAN, "", AT_MOST(0));
    return true;
}

/* ---- M2 ---- */

enum { N_IMAGES = 50 };

static bool load_images(struct hit *hit, uint64_t *ret_dirty,
                        struct smaps *ret_text)
{
    BCCScriptRef scripts[N_IMAGES];
    struct smaps before, after;
    bool ok = smaps_before(&before);

    for (int i = 0; i < N_IMAGES && ok; i++) {
        ok = hit_enter(hit) && hit_check(hit);
        scripts[i] = hit->script;
    }
    ok = ok && smaps_total(&after) &&
         smaps_of_file(hit->entry_path, "r-xp", ret_text);
    for (int i = 0; i < N_IMAGES && ok; i++)
        bccDisposeScript(scripts[i]);
    *ret_dirty = ok ? after.anonymous - before.anonymous : 0;
    return ok;
}

static bool dlopen_all(struct library libraries[N_IMAGES], uint64_t *ret_dirty)
{
    struct smaps before, after;
    bool ok = smaps_before(&before);

    for (int i = 0; i < N_IMAGES && ok; i++)
        ok = library_enter(&libraries[i]);
    ok = ok && smaps_total(&after);
    for (int i = 0; i < N_IMAGES && ok; i++)
        ok = library_leave(&libraries[i]);
    *ret_dirty = ok ? after.anonymous - before.anonymous : 0;
    return ok;
}

/* A library is loaded as often as it has names that are files of their own. */
static bool load_libraries(const struct artefact *artefact, const char *symbol,
                           uint64_t *ret_dirty)
{
    static char paths[N_IMAGES][BENCH_PATH_SIZE];
    struct library libraries[N_IMAGES];
    struct process_result result;
    bool ok = true;

    for (int i = 0; i < N_IMAGES && ok; i++) {
        snprintf(paths[i], sizeof(paths[i]), "%.1000s.%d", artefact->path, i);
        libraries[i] = (struct library){paths[i], symbol, NULL};
        ok = process_run(
            (const char *const[]){"/bin/cp", artefact->path, paths[i], NULL},
            &result);
    }
    ok = ok && dlopen_all(libraries, ret_dirty);
    for (int i = 0; i < N_IMAGES; i++)
        unlink(paths[i]);
    return ok;
}

static bool measure_dirty(struct hit *hit)
{
    struct library_pair pair;
    uint64_t image_dirty, library_dirty;
    struct smaps text;
    char what[64];

    if (!hit_make(hit, hit->sample.name) || !library_pair_make(hit, &pair) ||
        !load_images(hit, &image_dirty, &text) ||
        !load_libraries(&pair.plain, hit->sample.entry, &library_dirty))
        return false;
    snprintf(what, sizeof(what), "private dirty per image, %s",
             hit->sample.name);
    bench_value(what, (double)image_dirty / N_IMAGES,
                (double)library_dirty / N_IMAGES, "KiB", AT_MOST(8));
    snprintf(what, sizeof(what), "text and rodata not clean, %s",
             hit->sample.name);
    bench_value(what, (double)(text.private_dirty + text.shared_dirty), NAN,
                "KiB", AT_MOST(0));
    return true;
}

bool run_m2(void)
{
    struct hit interpreter, script;

    return hit_find_interpreter(&interpreter) && measure_dirty(&interpreter) &&
           hit_find_sample("Model", &script) && measure_dirty(&script);
}

/* ---- M3 ---- */

static bool measure_file(struct hit *hit)
{
    struct library_pair pair;
    double entry, plain, tuned;
    char what[64];

    if (!hit_make(hit, hit->sample.name) || !library_pair_make(hit, &pair) ||
        !file_kib(hit->entry_path, &entry) ||
        !file_kib(pair.plain.path, &plain) ||
        !file_kib(pair.tuned.path, &tuned))
        return false;
    snprintf(what, sizeof(what), "cache file / library, %s", hit->sample.name);
    bench_value_ratio(what, entry, plain, "KiB", AT_MOST(1.10));
    snprintf(what, sizeof(what), "the same / one with packed relocations");
    bench_value_ratio(what, entry, tuned, "KiB", NO_GOAL);
    return true;
}

bool run_m3(void)
{
    struct hit interpreter, script;

    return hit_find_interpreter(&interpreter) && measure_file(&interpreter) &&
           hit_find_sample("Model", &script) && measure_file(&script);
}
