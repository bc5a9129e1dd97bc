/* L7, M4: misses, through the API.
 *
 *   L7  each of the eight scripts: a miss against a hit. A miss is what its
 *       report says in total, less the stage that syncs the entry to the disk:
 *       a slow disk would flatter the ratio. A round is one miss and the median
 *       of 50 hits.
 *   M4  what memory of the host is dirty after 1,000 misses, and was before. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "launchers.h"
#include "smaps.h"

/* ---- L7 ---- */

static bool miss_round(void *context, struct bench_cost *ret_cost)
{
    struct hit *miss = context;
    BCCReport report = {.size = sizeof(report)};

    unlink(miss->entry_path);
    if (!hit_enter(miss))
        return false;
    bccGetReport(miss->script, &report);
    if (report.cache != BCC_CACHE_MISS ||
        report.reasonCode != BCC_REASON_NO_ENTRY)
        return bench_refuse("%s: a miss was not a miss: %s", miss->sample.name,
                            report.reason);
    ret_cost->enter_ns = report.totalNs - report.stageNs[BCC_STAGE_PUBLISH];
    return hit_leave(miss);
}

static bool compare_script(const struct sample *sample, double *ret_ratio)
{
    char name[64], what[64], miss_name[64], hit_name[64];
    struct hit hit = {.sample = *sample}, miss;
    struct bench_side sides[2];

    if (sample_locate(sample, NULL, &hit.files))
        return bench_refuse("%s is not built", sample->name);
    miss = hit;
    snprintf(name, sizeof(name), "%s.miss", sample->name);
    snprintf(miss_name, sizeof(miss_name), "miss, %s", sample->name);
    snprintf(hit_name, sizeof(hit_name), "hit, %s", sample->name);
    snprintf(what, sizeof(what), "miss / hit, %s", sample->name);
    if (!hit_make(&hit, sample->name) || !hit_make(&miss, name))
        return false;
    sides[0] = (struct bench_side){
        .enter_name = miss_name, .context = &miss, .whole = miss_round};
    sides[1] = hit_side(&hit);
    sides[1].enter_name = hit_name;
    sides[1].n_repeats = 50;
    sides[1].leave_name = NULL;
    if (!bench_rounds(sides, 2,
                      (struct bench_plan){.n_warm_up = 1, .n_rounds = 21}))
        return false;
    *ret_ratio = bench_ratio(
        (struct bench_comparison){what, &sides[1].in, &sides[0].in,
                                  .inverse = true, .goal = AT_LEAST(1000)});
    bench_release(sides, 2);
    return true;
}

bool run_l7(void)
{
    const struct sample *table;
    double least = INFINITY, each;
    bool is_complete = true;
    size_t n;

    table = sample_table(&n);
    for (size_t i = 0; i < n; i++) {
        if (table[i].find_library) /* not one of the eight */
            continue;
        if (!compare_script(&table[i], &each))
            return false;
        if (each < least)
            least = each;
        is_complete = is_complete && !isnan(each);
    }
    bench_combined("miss / hit, the least of the eight",
                   is_complete ? least : NAN, AT_LEAST(1000));
    return true;
}

/* ---- M4 ---- */

bool run_m4(void)
{
    const int n = bench_is_quick() ? 10 : 1000;
    struct artefact bitcode;
    struct hit miss;
    struct bench_cost cost;
    struct smaps before, after;

    if (!artefact_compile("answer.bc",
                          BCC_BENCH_SOURCES "/../e2e/scripts/answer.c", NULL,
                          &bitcode))
        return false;
    hit_of_file(bitcode.path, "answer", &miss);
    if (!bench_open_cache("answer", miss.cache_dir))
        return false;
    miss.cache_name = "entry";
    snprintf(miss.entry_path, sizeof(miss.entry_path), "%.1000s/entry.oBCC",
             miss.cache_dir);
    if (!smaps_before(&before))
        return false;
    for (int i = 0; i < n; i++)
        if (!miss_round(&miss, &cost))
            return false;
    if (!smaps_total(&after))
        return false;
    bench_value(bench_is_quick() ? "private dirty, 10 misses later"
                                 : "private dirty, 1,000 misses later",
                (double)after.anonymous / 1024 -
                    (double)before.anonymous / 1024,
                NAN, "MiB", AT_MOST(1));
    return true;
}
