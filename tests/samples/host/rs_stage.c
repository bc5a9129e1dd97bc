#include "rs_stage.h"

#include <stdlib.h>
#include <string.h>

void stage_init(struct stage *stage, struct sample_code *code)
{
    memset(stage, 0, sizeof(*stage));
    stage->code = code;
    rs_host_reset();
}

void stage_release(struct stage *stage)
{
    for (int i = 0; i < stage->n_allocations; i++)
        free(stage->allocation[i].data);
}

struct rs_allocation_object *stage_allocate(struct stage *stage,
                                            const char *variable,
                                            uint32_t dim_x, uint32_t dim_y,
                                            uint32_t element_size)
{
    struct rs_allocation_object *a = &stage->allocation[stage->n_allocations];
    size_t size = (size_t)dim_x * dim_y * element_size;

    /* A whole number of cache lines, as aligned_alloc() wants it. */
    size = (size + 63) / 64 * 64;
    a->data = aligned_alloc(64, size);
    if (!a->data) {
        sample_fail(stage->code, "out of memory");
        return NULL;
    }
    memset(a->data, 0, size);
    a->object.id = 1 + (uint32_t)stage->n_allocations++;
    a->dim_x = dim_x;
    a->dim_y = dim_y;
    a->element_size = element_size;
    stage_set_pointer(stage, variable, a);
    return stage->code->failure[0] ? NULL : a;
}

static void set(struct stage *stage, const char *variable, const void *value,
                size_t size)
{
    void *address = sample_find(stage->code, variable);

    if (address)
        memcpy(address, value, size);
}

void stage_set_float(struct stage *stage, const char *variable, float value)
{
    set(stage, variable, &value, sizeof(value));
}

void stage_set_int(struct stage *stage, const char *variable, int32_t value)
{
    set(stage, variable, &value, sizeof(value));
}

void stage_set_pointer(struct stage *stage, const char *variable,
                       const void *value)
{
    set(stage, variable, &value, sizeof(value));
}

int32_t stage_get_int(struct stage *stage, const char *variable)
{
    const void *address = sample_find(stage->code, variable);
    int32_t value = 0;

    if (address)
        memcpy(&value, address, sizeof(value));
    return value;
}

uint64_t stage_hash(uint64_t hash, const struct rs_allocation_object *a,
                    uint32_t offset, uint32_t size)
{
    const char *data = a->data;
    size_t n_elements = (size_t)a->dim_x * a->dim_y;

    for (size_t i = 0; i < n_elements; i++)
        hash = rs_hash(hash, data + i * a->element_size + offset, size);
    return hash;
}
