/* C4: a script that calls small functions of a vendor's runtime in a loop. The
 * runtime is linked into it as bitcode, or is a native shared library, which is
 * how it would come without the engine. Both are of the same bitcode, and what
 * is timed is one call of the script. */
#include <string.h>

#include "launchers.h"

struct call {
    struct hit hit;
    unsigned (*fade)(float, float);
    unsigned result;
};

static bool call_fade(void *context)
{
    struct call *call = context;

    call->result = call->fade(0.25f, 0.75f);
    return true;
}

static bool prepare(struct call *call, const char *name)
{
    if (!hit_make(&call->hit, name) || !hit_enter(&call->hit) ||
        !hit_check(&call->hit))
        return false;
    call->fade = (unsigned (*)(float, float))bccGetFuncAddr(
        call->hit.script, call->hit.sample.entry);
    return call_fade(call);
}

/* The script, and the runtime beside it, come from the same on both sides. */
static bool is_same(const struct call *linked, const struct call *called,
                    const struct artefact *library)
{
    struct entry linked_entry, called_entry;

    if (!entry_read(linked->hit.entry_path, &linked_entry) ||
        !entry_read(called->hit.entry_path, &called_entry))
        return false;
    provenance_add(&called_entry.from, &library->from);
    if (strcmp(library->from.cpu, called_entry.from.cpu) != 0 ||
        strcmp(library->from.opt, called_entry.from.opt) != 0)
        return bench_refuse("script and runtime are not made alike");
    return provenance_is_same("the linked script", &linked_entry.from,
                              "script and library", &called_entry.from);
}

static bool make(struct call *linked, struct call *called,
                 struct artefact *ret_library)
{
    static struct artefact script, runtime;

    if (!artefact_compile("fade.bc", BCC_BENCH_SOURCES "/vendor/script.c", NULL,
                          &script) ||
        !artefact_compile("vendor.bc", BCC_BENCH_SOURCES "/vendor/runtime.c",
                          NULL, &runtime) ||
        !artefact_source(runtime.path, &runtime) ||
        !artefact_library("libvendor.so", &runtime,
                          "vendor_clamp,vendor_mix,vendor_pack", NULL,
                          ret_library))
        return false;
    hit_of_file(script.path, "fade", &linked->hit);
    snprintf(linked->hit.files.library, sizeof(linked->hit.files.library), "%s",
             runtime.path);
    hit_of_file(script.path, "fade", &called->hit);
    called->hit.shared_library = ret_library->path;
    return prepare(linked, "fade.linked") && prepare(called, "fade.called") &&
           is_same(linked, called, ret_library) &&
           (linked->result == called->result ||
            bench_refuse("the two scripts compute something else"));
}

bool run_c4(void)
{
    struct call linked, called;
    struct artefact library;
    struct bench_side sides[] = {{.enter_name = "runtime linked as bitcode",
                                  .context = &linked,
                                  .enter = call_fade},
                                 {.enter_name = "runtime as a native library",
                                  .context = &called,
                                  .enter = call_fade}};

    if (!make(&linked, &called, &library) ||
        !bench_rounds(sides, 2,
                      (struct bench_plan){.n_warm_up = 50, .n_rounds = 3000}))
        return false;
    bench_ratio((struct bench_comparison){"linked / called", &sides[0].in,
                                          &sides[1].in, .goal = AT_MOST(0.5)});
    bench_release(sides, 2);
    return hit_leave(&linked.hit) && hit_leave(&called.hit);
}
