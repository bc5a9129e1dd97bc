/* Shared by the runs of RenderScript samples: allocations that live as long as
 * the run, and ways to set a script's exported variables. */
#ifndef BCC_SAMPLES_RS_STAGE_H
#define BCC_SAMPLES_RS_STAGE_H

#include <stdint.h>

#include "rs_host.h"
#include "samples.h"

enum { STAGE_MAX_ALLOCATIONS = 4 };

/* A run's surroundings. Allocation i has the id 1 + i. */
struct stage {
    struct sample_code *code;
    struct rs_allocation_object allocation[STAGE_MAX_ALLOCATIONS];
    int n_allocations;
};

/* Resets the host, too. */
void stage_init(struct stage *stage, struct sample_code *code);
void stage_release(struct stage *stage);

/* A zeroed allocation, put into the exported variable. Owned by the stage;
 * NULL, and the failure noted, on failure. */
struct rs_allocation_object *stage_allocate(struct stage *stage,
                                            const char *variable,
                                            uint32_t dim_x, uint32_t dim_y,
                                            uint32_t element_size);

void stage_set_float(struct stage *stage, const char *variable, float value);
void stage_set_int(struct stage *stage, const char *variable, int32_t value);
void stage_set_pointer(struct stage *stage, const char *variable,
                       const void *value);

/* 0 if the variable does not exist. */
int32_t stage_get_int(struct stage *stage, const char *variable);

/* Hash size bytes at offset of every element. */
uint64_t stage_hash(uint64_t hash, const struct rs_allocation_object *a,
                    uint32_t offset, uint32_t size);

#endif
