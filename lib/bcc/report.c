/* What a script reports: its last error, the report of its last prepare, the
 * log. The files of this folder call these functions; nothing here calls
 * them. */
#include "script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "reason_code.h"

/* ---- Errors ---- */

static int code_of(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return BCC_NO_ERROR;
    case STATUS_NO_MEMORY:
        return BCC_OUT_OF_MEMORY;
    case STATUS_IO:
    case STATUS_UNTRUSTED:
        return BCC_IO_ERROR;
    case STATUS_NOT_FOUND:
        return BCC_NO_COMPILER;
    case STATUS_CORRUPT:
    case STATUS_MISUSE:
        return BCC_INVALID_VALUE;
    case STATUS_UNSUPPORTED:
        return BCC_UNSUPPORTED;
    case STATUS_UNRESOLVED:
        return BCC_UNRESOLVED_SYMBOL;
    case STATUS_OUT_OF_RANGE:
    case STATUS_COMPILE:
    case STATUS_STALE:
        return BCC_COMPILE_ERROR;
    }
    return BCC_COMPILE_ERROR;
}

int script_fail(BCCScriptRef script, const struct error *err)
{
    script->error_code = code_of(err->status);
    if (err != &script->error)
        script->error = *err;
    return 1;
}

int script_misuse(BCCScriptRef script, int code, const char *format, ...)
{
    char text[ERROR_MESSAGE_SIZE];
    va_list args;

    if (!script)
        return 1;
    script->error_code = code;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    error_set(&script->error, STATUS_MISUSE, "%s", text);
    return 1;
}

int script_no_memory(BCCScriptRef script)
{
    return script_misuse(script, BCC_OUT_OF_MEMORY, "out of memory");
}

int script_check_open(BCCScriptRef script, const char *what)
{
    if (!script)
        return 1;
    return script->prepared
               ? script_misuse(script, BCC_INVALID_OPERATION,
                               "%s: the script is already prepared", what)
               : 0;
}

int bccGetError(BCCScriptRef script)
{
    int code;

    if (!script)
        return BCC_INVALID_VALUE;
    code = script->error_code;
    script->error_code = BCC_NO_ERROR;
    return code;
}

const char *bccGetErrorMessage(BCCScriptRef script)
{
    return script ? script->error.message : "script is NULL";
}

/* ---- Logging ---- */

int bccSetLogCallback(BCCScriptRef script, BCCLogFn fn, void *context)
{
    if (!script)
        return 1;
    script->lazy.log = fn;
    script->lazy.log_context = context;
    return 0;
}

void script_log(BCCScriptRef script, int level, const char *area,
                const char *format, ...)
{
    char text[ERROR_MESSAGE_SIZE];
    va_list args;

    if (!script->lazy.log)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    error_make_line(text);
    script->lazy.log(script->lazy.log_context, level, area, text);
}

/* ---- The report, while it is written ---- */

void report_begin(BCCScriptRef script, char *path)
{
    free(script->report_path);
    script->report_path = path;
    script->report = (BCCReport){
        .size = sizeof(script->report),
        .cache = path ? BCC_CACHE_MISS : BCC_CACHE_OFF,
        .reasonCode = path ? REASON_NONE : REASON_NO_CACHE,
        .reason = "",
        .path = path ? path : "",
    };
    script->stage_mark_ns = clock_monotonic_ns();
}

void report_move(BCCScriptRef script, char *path)
{
    free(script->report_path);
    script->report_path = path;
    script->report.path = path ? path : "";
}

void report_stage(BCCScriptRef script, int stage)
{
    uint64_t now_ns = clock_monotonic_ns();

    script->report.stageNs[stage] += now_ns - script->stage_mark_ns;
    script->stage_mark_ns = now_ns;
}

static void set_reason(BCCScriptRef script, int cache, const struct error *why)
{
    script->report.cache = cache;
    script->report.reasonCode = reason_of_error(why);
    free(script->report_reason);
    script->report_reason = strdup(why->message);
    script->report.reason = script->report_reason ? script->report_reason : "";
}

void report_reason(BCCScriptRef script, int cache, const struct error *why)
{
    set_reason(script, cache, why);
    if (cache == BCC_CACHE_OFF)
        script->report.path = "";
    script_log(script,
               why->status == STATUS_NOT_FOUND ? BCC_LOG_DEBUG : BCC_LOG_WARN,
               "cache", "%s", why->message);
}

void report_made_by_another(BCCScriptRef script)
{
    struct error fact = {0};

    error_set(&fact, STATUS_OK, "%s: made by another process or thread",
              script->report_path);
    set_reason(script, BCC_CACHE_HIT, &fact);
}

/* ---- Report ---- */

int bccGetReport(BCCScriptRef script, BCCReport *report)
{
    size_t size;

    if (!script)
        return 1;
    if (!report || report->size < sizeof(report->size))
        return script_misuse(script, BCC_INVALID_VALUE,
                             "report: NULL, or size is not set");
    size = report->size < sizeof(*report) ? report->size : sizeof(*report);
    script->report.size = size;
    memcpy(report, &script->report, size);
    return 0;
}

const char *bccGetStageName(int stage)
{
    /* ORDER STAGES */
    static const char names[BCC_N_STAGES][13] = {
        "lookup", "read",    "link_bitcode", "optimise", "emit",  "link_image",
        "write",  "process", "publish",      "load",     "start", "wait"};

    return stage >= 0 && stage < BCC_N_STAGES ? names[stage] : NULL;
}
