/* L1, L2: a hit against dlopen() of the same code, and against the floor.
 *
 *   hit     bccCreateScript .. bccReadFile .. bccPrepareExecutable (entry
 *           present) .. bccGetFuncAddr; bccDisposeScript on the way out
 *   hit, directory kept open   the same with bccOpenCache() before all rounds
 *   dlopen  dlopen(RTLD_NOW | RTLD_LOCAL) + dlsym of a shared library of the
 *           same linked bitcode, linked as most people link; dlclose
 *   dlopen of one tuned for it   the same, linked with the options that make
 *           dlopen() fastest here: own symbols bound when linked, GNU hash,
 *           one segment less, relative relocations packed, no lazy binding
 *   floor   the least that any correct loader must do for the image: open,
 *           fstat, one mmap, mprotect of the data, a touch of each of its
 *           pages, the import slots written, mprotect of RELRO, a touch of the
 *           text, close (and mmap of zeros if there are pages of bss); munmap
 *
 * A library takes its imports from this program, which exports the functions
 * that the samples' callback gives the script. */
#include "launchers.h"

enum { HIT, KEPT, DLOPEN, TUNED, FLOOR, N_SIDES };

static void compare(struct bench_side sides[N_SIDES])
{
    bench_ratio((struct bench_comparison){"hit / dlopen", &sides[HIT].in,
                                          &sides[DLOPEN].in,
                                          .goal = AT_MOST(0.60)});
    bench_ratio((struct bench_comparison){
        "hit / floor", &sides[HIT].in, &sides[FLOOR].in, .goal = AT_MOST(1.5)});
    bench_ratio((struct bench_comparison){"hit / dlopen of one tuned for it",
                                          &sides[HIT].in, &sides[TUNED].in,
                                          .goal = AT_MOST(0.80)});
    bench_ratio((struct bench_comparison){"hit, directory kept / dlopen",
                                          &sides[KEPT].in, &sides[DLOPEN].in,
                                          .goal = AT_MOST(0.60)});
}

static bool run(struct hit *hit)
{
    struct library_pair pair;
    struct library library, tuned;
    struct entry entry;
    struct hit kept;
    bool ok;
    struct floor floor = {.path = hit->entry_path, .entry = &entry};
    struct bench_side sides[N_SIDES] = {
        [HIT] = hit_side(hit),
        [KEPT] = hit_side(&kept),
        [DLOPEN] = library_side(&library, "dlopen", "dlclose"),
        [TUNED] = library_side(&tuned, "dlopen, tuned", "dlclose, tuned"),
        [FLOOR] = floor_side(&floor),
    };

    if (!hit_make(hit, hit->sample.name) || !library_pair_make(hit, &pair) ||
        !entry_read(hit->entry_path, &entry))
        return false;
    library = (struct library){pair.plain.path, hit->sample.entry, NULL};
    tuned = (struct library){pair.tuned.path, hit->sample.entry, NULL};
    kept = *hit;
    kept.cache = bccOpenCache(hit->cache_dir);
    sides[KEPT].enter_name = "hit, directory kept open";
    sides[KEPT].leave_name = "dispose, directory kept open";
    ok = bench_rounds(sides, N_SIDES,
                      (struct bench_plan){.n_warm_up = 100, .n_rounds = 3000});
    bccCloseCache(kept.cache);
    if (!ok)
        return false;
    compare(sides);
    bench_release(sides, N_SIDES);
    return true;
}

bool run_l1(void)
{
    struct hit hit;

    return hit_find_interpreter(&hit) && run(&hit);
}

/* Of the eight scripts the one with about 5 KB of code and 20 imports. */
bool run_l2(void)
{
    struct hit hit;

    return hit_find_sample("Model", &hit) && run(&hit);
}
