/* What is settled before LLVM's constructors run.
 *
 * bccc lives for one compile. Its memory is in huge pages where there are such,
 * and none of it goes back to the system before the end: of the time for a
 * megabyte of bitcode the kernel had 0.9 s, and has 0.4 (2026). */
#include "populate.h"

/* jemalloc looks for this. */
extern const char *const malloc_conf;
const char *const malloc_conf = "thp:always,metadata_thp:always,"
                                "dirty_decay_ms:-1,muzzy_decay_ms:-1";

/* LLVM has some 2,000 options, all constructed with priority 65535. */
__attribute__((constructor(101))) static void populate(void)
{
    populate_pages();
}
