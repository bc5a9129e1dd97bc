/* The host side of the RenderScript samples: allocations, chance, time and
 * drawing, as the functions that scripts import (see ../rs/rs.h).
 *
 * Nothing is drawn. Every call with a visible effect is folded into a hash, so
 * that two runs can be compared. All values are made of integers and single
 * operations of IEEE arithmetic, so the hashes are the same on every machine;
 * that is also why sin, cos and exp are not those of the C library.
 *
 * The state belongs to the thread, because a script cannot tell which instance
 * it is. */
#ifndef BCC_SAMPLES_RS_HOST_H
#define BCC_SAMPLES_RS_HOST_H

#include <stddef.h>
#include <stdint.h>

#include <bcc/bcc_run.h>

/* What handles point to; the first field is the same in all. */
struct rs_object {
    uint32_t id;
    int n_references;
};

struct rs_allocation_object {
    struct rs_object object;
    uint32_t dim_x;
    uint32_t dim_y;        /* 1 if it has one dimension */
    uint32_t element_size; /* bytes */
    void *data;            /* row by row */
};

/* rsForEach() of a script that is not native runs the kernel, in the pool. */
struct rs_script_object {
    struct rs_object object;
    BCCKernelRef kernel;
    BCCPoolRef pool;
    void (*root)(const void *in, void *out, const void *user, uint32_t x,
                 uint32_t y);
};

/* Begin a run: chance, clock and hash as in the beginning. */
void rs_host_reset(void);

/* Of all that was drawn, sent and said since then. */
uint64_t rs_host_hash(void);

/* The registered symbol callback; context is not used. */
void *rs_host_lookup(void *context, const char *name);

/* All elements of an allocation. */
BCCBuffer rs_elements(const struct rs_allocation_object *allocation);

/* Names that it knows, for tests; NULL if index is too large. */
const char *rs_host_name(size_t index);

/* Continue a hash (FNV-1a, 64 bits). */
#define RS_HASH_START 0xcbf29ce484222325u
uint64_t rs_hash(uint64_t hash, const void *data, size_t size);

#endif
