#include "print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const tiers[] = {"none", "best", "baseline"};
static const char *const caches[] = {"off", "hit", "miss"};

/* ---- For programs ---- */

static void write_json(FILE *out, const BCCReport *report)
{
    const char *separator = "";

    fprintf(out, "{\"cache\":\"%s\",\"code\":\"%s\",\"reason\":",
            caches[report->cache], bccGetReasonName(report->reasonCode));
    json_print_string(out, report->reason);
    fputs(",\"path\":", out);
    json_print_string(out, report->path);
    fprintf(out,
            ",\"tier\":\"%s\",\"lazy\":%s,\"image_bytes\":%" PRIu64
            ",\"stages_us\":{",
            tiers[report->tier], report->lazy ? "true" : "false",
            report->imageBytes);
    for (int stage = 0; stage < BCC_N_STAGES; stage++) {
        if (!report->stageNs[stage])
            continue;
        fprintf(out, "%s\"%s\":%.1f", separator, bccGetStageName(stage),
                (double)report->stageNs[stage] / 1e3);
        separator = ",";
    }
    fprintf(out, "},\"total_us\":%.1f}\n", (double)report->totalNs / 1e3);
}

/* ---- For people ---- */

static void write_time(FILE *out, uint64_t ns)
{
    if (ns < 1000000)
        fprintf(out, "%.0f us", (double)ns / 1e3);
    else if (ns < 10000000000)
        fprintf(out, "%.1f ms", (double)ns / 1e6);
    else
        fprintf(out, "%.1f s", (double)ns / 1e9);
}

/* Write where the code comes from. */
static void write_origin(FILE *out, const BCCReport *report)
{
    const bool is_asked = report->cache == BCC_CACHE_MISS && !*report->reason;

    fprintf(out, "bcc: %s", is_asked ? "compiled" : caches[report->cache]);
    if (report->cache == BCC_CACHE_HIT && *report->path) {
        fputs(": mapped from ", out);
        print_visible(out, report->path);
    }
    if (*report->reason) {
        fputs(": ", out);
        print_visible(out, report->reason);
    }
    fputc('\n', out);
    if (report->cache == BCC_CACHE_MISS && *report->path &&
        report->imageBytes) {
        fputs("bcc: made ", out);
        print_visible(out, report->path);
        fputc('\n', out);
    }
    if (report->imageBytes)
        fprintf(out, "bcc: %s code, image of %" PRIu64 " bytes\n",
                report->tier ? tiers[report->tier] : "compiled",
                report->imageBytes);
}

static void write_text(FILE *out, const BCCReport *report)
{
    write_origin(out, report);
    for (int stage = 0; stage < BCC_N_STAGES; stage++) {
        if (!report->stageNs[stage])
            continue;
        fprintf(out, "bcc:   %-12s ", bccGetStageName(stage));
        write_time(out, report->stageNs[stage]);
        fputc('\n', out);
    }
    fputs("bcc:   all          ", out);
    write_time(out, report->totalNs);
    fputc('\n', out);
}

/* One write: standard error is not buffered, and others may write to it. */
void print_report(BCCScriptRef script, const struct options *options,
                  const char *off_reason)
{
    const bool is_json = options->report == REPORT_JSON;
    BCCReport report = {.size = sizeof(report)};
    char *text = NULL;
    size_t size = 0;
    FILE *out;

    if ((!options->report && !options->verbose) ||
        bccGetReport(script, &report))
        return;
    if (report.cache == BCC_CACHE_OFF && !*report.reason && off_reason)
        report.reason = off_reason;
    out = open_memstream(&text, &size);
    (is_json ? write_json : write_text)(out ? out : stderr, &report);
    if (out && fclose(out) == 0)
        fwrite(text, 1, size, stderr);
    free(text);
}
