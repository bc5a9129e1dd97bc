#include "programs.h"

#include <string.h>

bool program_enter(void *context)
{
    struct program *program = context;

    return process_run(program->argv, &program->result);
}

bool program_round(void *context, struct bench_cost *ret_cost)
{
    struct program *program = context;
    const struct process_result *result = &program->result;

    if (!program_enter(program))
        return false;
    if (program->is_hit && !strstr(result->err, "{\"cache\":\"hit\""))
        return bench_refuse("%s: a hit was not a hit: %s", program->argv[0],
                            result->err);
    if (program->expected_out &&
        strcmp(program->expected_out, result->out) != 0)
        return bench_refuse("%s prints something else than its yardstick",
                            program->argv[0]);
    ret_cost->enter_ns =
        program->counts_cpu_time ? result->cpu_ns : result->wall_ns;
    ret_cost->enter_faults = result->faults;
    return true;
}

struct bench_side program_side(const char *name, struct program *program)
{
    return (struct bench_side){.enter_name = name,
                               .context = program,
                               .enter = program_enter,
                               .whole = program_round,
                               .is_process = true};
}

/* ---- Twins ---- */

/* The entry that a report is about. */
static bool read_entry(const char *text, struct entry *ret_entry)
{
    const char *at = strstr(text, "\"path\":\"");
    char path[BENCH_PATH_SIZE];

    if (!at)
        return bench_refuse("no report: %s", text);
    at += strlen("\"path\":\"");
    snprintf(path, sizeof(path), "%.*s", (int)strcspn(at, "\""), at);
    return entry_read(path, ret_entry);
}

static void write_arguments(struct twin *twin, const char *const *arguments)
{
    const char **bcc = twin->bcc_argv, **native = twin->native_argv;

    *bcc++ = BCC_BENCH_BCC;
    *bcc++ = "run";
    *bcc++ = "--report=json";
    *bcc++ = "--tier=best";
    *bcc++ = "--cache-dir";
    *bcc++ = twin->cache;
    *bcc++ = twin->bitcode.path;
    *native++ = twin->executable.path;
    for (; *arguments; arguments++)
        *bcc++ = *native++ = *arguments;
    *bcc = *native = NULL;
    twin->bcc.argv = twin->bcc_argv;
    twin->native.argv = twin->native_argv;
}

bool twin_make_with(const char *name, const struct artefact *bitcode,
                    const struct artefact *executable,
                    const char *const *arguments, struct twin *ret_twin)
{
    struct bench_cost cost;

    memset(ret_twin, 0, sizeof(*ret_twin));
    ret_twin->bitcode = *bitcode;
    ret_twin->executable = *executable;
    if (!bench_open_cache(name, ret_twin->cache))
        return false;
    write_arguments(ret_twin, arguments);
    if (!program_round(&ret_twin->native, &cost))
        return false;
    memcpy(ret_twin->expected, ret_twin->native.result.out, PROCESS_TEXT_SIZE);
    ret_twin->bcc.expected_out = ret_twin->expected;
    ret_twin->native.expected_out = ret_twin->expected;
    if (!program_round(&ret_twin->bcc, &cost))
        return false;
    ret_twin->bcc.is_hit = true;
    return program_round(&ret_twin->bcc, &cost) &&
           read_entry(ret_twin->bcc.result.err, &ret_twin->entry);
}

bool twin_make(const char *name, const struct artefact *bitcode,
               const char *const *arguments, struct twin *ret_twin)
{
    char file[64];
    struct artefact executable;

    snprintf(file, sizeof(file), "%s.native", name);
    return artefact_program(file, bitcode, &executable) &&
           twin_make_with(name, bitcode, &executable, arguments, ret_twin) &&
           provenance_is_same("the entry", &ret_twin->entry.from,
                              "the executable", &executable.from);
}
