#include "rs_host.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SCREEN_WIDTH = 480, SCREEN_HEIGHT = 320, MS_PER_CALL = 4 };

static _Thread_local struct {
    uint64_t hash;
    uint32_t chance;
    int32_t now_ms;
} host;

uint64_t rs_hash(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *byte = data;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3u;
    return hash;
}

void rs_host_reset(void)
{
    host.hash = RS_HASH_START;
    host.chance = 1;
    host.now_ms = 1000;
}

uint64_t rs_host_hash(void)
{
    return host.hash;
}

/* ---- Recording ---- */

static void record_floats(const char *what, const float *value, size_t n)
{
    host.hash = rs_hash(host.hash, what, strlen(what));
    host.hash = rs_hash(host.hash, value, n * sizeof(*value));
}

static void record_int(const char *what, uint32_t value)
{
    host.hash = rs_hash(host.hash, what, strlen(what));
    host.hash = rs_hash(host.hash, &value, sizeof(value));
}

static void record_object(const char *what, const struct rs_object *object)
{
    record_int(what, object ? object->id : 0);
}

/* ---- The functions ----
 *
 * A handle is a struct of one pointer, which every calling convention that we
 * know passes as that pointer. The assembler labels are the mangled names, so
 * that a script that was linked as a native library finds them too. */

#define IMPORT(result, name, symbol, ...)                                      \
    __attribute__((visibility("default")))                                     \
    result name(__VA_ARGS__) __asm__(symbol);                                  \
    result name(__VA_ARGS__)

/* A period of sin and cos is brought to [-pi, pi], where 13 terms of the
 * power series leave less than 1e-11. */
static double sine(double x)
{
    double turns = x * 0.15915494309189535; /* 1 / (2 pi) */
    double r, term, sum;

    if (!(fabs(turns) < 1e9))
        return 0.0;
    r = x -
        (double)(int64_t)(turns + (turns < 0 ? -0.5 : 0.5)) * 6.283185307179586;
    term = r;
    sum = r;
    for (int i = 1; i < 14; i++) {
        term = -term * r * r / (double)(2 * i * (2 * i + 1));
        sum += term;
    }
    return sum;
}

IMPORT(float, host_sin, "_Z3sinf", float x)
{
    return (float)sine((double)x);
}

IMPORT(float, host_cos, "_Z3cosf", float x)
{
    return (float)sine((double)x + 1.5707963267948966);
}

/* e^x = 2^k e^r with |r| <= ln 2 / 2. */
IMPORT(float, host_exp, "_Z3expf", float x)
{
    double sum = 1.0;
    double term = 1.0;
    double r;
    int k;

    if (x > 88.0f)
        return HUGE_VALF;
    if (!(x > -87.0f))
        return 0.0f;
    k = (int)((double)x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
    r = (double)x - (double)k * 0.6931471805599453;
    for (int i = 1; i < 14; i++) {
        term = term * r / (double)i;
        sum += term;
    }
    return (float)ldexp(sum, k);
}

/* A linear congruential generator; its upper bits. */
static uint32_t next_chance(void)
{
    host.chance = host.chance * 1664525u + 1013904223u;
    return host.chance >> 8;
}

IMPORT(float, host_rand_float, "_Z6rsRandff", float low, float high)
{
    float part = (float)next_chance() * (1.0f / 16777216.0f);
    float span = (high - low) * part;

    return low + span;
}

IMPORT(int32_t, host_rand_int, "_Z6rsRandii", int32_t low, int32_t high)
{
    if (high <= low)
        return low;
    return low + (int32_t)(next_chance() % (uint32_t)(high - low));
}

IMPORT(int32_t, host_uptime, "_Z14rsUptimeMillisv", void)
{
    return host.now_ms += MS_PER_CALL;
}

IMPORT(float, host_dt, "_Z7rsGetDtv", void)
{
    return 0.03125f;
}

IMPORT(void, host_debug_int, "_Z7rsDebugPKci", const char *text, int32_t value)
{
    record_int(text, (uint32_t)value);
}

IMPORT(void, host_debug_float, "_Z7rsDebugPKcf", const char *text, float value)
{
    record_floats(text, &value, 1);
}

IMPORT(void, host_send, "_Z14rsSendToClienti", int32_t command)
{
    record_int("send", (uint32_t)command);
}

/* ---- Allocations and scripts ---- */

IMPORT(uint32_t, host_dim_x, "_Z19rsAllocationGetDimX13rs_allocation",
       const struct rs_allocation_object *a)
{
    return a ? a->dim_x : 0;
}

IMPORT(uint32_t, host_dim_y, "_Z19rsAllocationGetDimY13rs_allocation",
       const struct rs_allocation_object *a)
{
    return a ? a->dim_y : 0;
}

static void *element(const struct rs_allocation_object *a, uint32_t x,
                     uint32_t y)
{
    size_t index = (size_t)y * a->dim_x + x;

    return (char *)a->data + index * a->element_size;
}

IMPORT(void *, host_element_1, "_Z14rsGetElementAt13rs_allocationj",
       const struct rs_allocation_object *a, uint32_t x)
{
    return element(a, x, 0);
}

IMPORT(void *, host_element_2, "_Z14rsGetElementAt13rs_allocationjj",
       const struct rs_allocation_object *a, uint32_t x, uint32_t y)
{
    return element(a, x, y);
}

IMPORT(void, host_mark_dirty, "_Z21rsAllocationMarkDirty13rs_allocation",
       const struct rs_object *a)
{
    record_object("dirty", a);
}

IMPORT(void, host_clear_object, "_Z13rsClearObjectP13rs_allocation",
       struct rs_object **handle)
{
    if (*handle)
        (*handle)->n_references--;
    *handle = NULL;
}

IMPORT(void, host_set_object, "_Z11rsSetObjectP13rs_allocationS_",
       struct rs_object **handle, struct rs_object *from)
{
    if (from)
        from->n_references++;
    host_clear_object(handle);
    *handle = from;
}

IMPORT(bool, host_is_object, "_Z10rsIsObject13rs_allocation",
       const struct rs_object *a)
{
    return a != NULL;
}

BCCBuffer rs_elements(const struct rs_allocation_object *a)
{
    return (BCCBuffer){.data = a->data,
                       .size = (uint64_t)a->dim_x * a->dim_y * a->element_size,
                       .elementSize = a->element_size};
}

IMPORT(void, host_for_each, "_Z9rsForEach9rs_script13rs_allocationS0_PKv",
       const struct rs_script_object *script,
       const struct rs_allocation_object *in,
       const struct rs_allocation_object *out, const void *user)
{
    if (script->kernel) {
        const BCCBuffer from = rs_elements(in), to = rs_elements(out);
        const BCCForEach work = {.size = sizeof(work),
                                 .pool = script->pool,
                                 .range = {.end = {out->dim_x, out->dim_y}},
                                 .in = &from,
                                 .nIn = 1,
                                 .out = &to,
                                 .data = (void *)(uintptr_t)user,
                                 .tileSize = 16};

        if (bccForEach(script->kernel, &work, NULL))
            record_int("forEach failed", 0);
        return;
    }
    for (uint32_t y = 0; y < out->dim_y; y++) {
        for (uint32_t x = 0; x < out->dim_x; x++)
            script->root(element(in, x, y), element(out, x, y), user, x, y);
    }
}

/* ---- Drawing ---- */

IMPORT(uint32_t, host_width, "_Z11rsgGetWidthv", void)
{
    return SCREEN_WIDTH;
}

IMPORT(uint32_t, host_height, "_Z12rsgGetHeightv", void)
{
    return SCREEN_HEIGHT;
}

IMPORT(void, host_clear_color, "_Z13rsgClearColorffff", float r, float g,
       float b, float a)
{
    record_floats("clear", (const float[]){r, g, b, a}, 4);
}

IMPORT(void, host_clear_depth, "_Z13rsgClearDepthf", float depth)
{
    record_floats("depth", &depth, 1);
}

IMPORT(void, host_bind_vertex, "_Z20rsgBindProgramVertex10rs_program",
       const struct rs_object *program)
{
    record_object("vertex", program);
}

IMPORT(void, host_bind_fragment, "_Z22rsgBindProgramFragment10rs_program",
       const struct rs_object *program)
{
    record_object("fragment", program);
}

IMPORT(void, host_bind_store, "_Z19rsgBindProgramStore10rs_program",
       const struct rs_object *program)
{
    record_object("store", program);
}

IMPORT(void, host_bind_texture,
       "_Z14rsgBindTexture10rs_programj13rs_allocation",
       const struct rs_object *program, uint32_t slot,
       const struct rs_object *texture)
{
    record_object("program", program);
    record_int("slot", slot);
    record_object("texture", texture);
}

IMPORT(void, host_model_matrix,
       "_Z31rsgProgramVertexLoadModelMatrixPK12rs_matrix4x4", const float *m)
{
    record_floats("model", m, 16);
}

IMPORT(void, host_projection_matrix,
       "_Z36rsgProgramVertexLoadProjectionMatrixPK12rs_matrix4x4",
       const float *m)
{
    record_floats("projection", m, 16);
}

IMPORT(void, host_draw_mesh, "_Z11rsgDrawMesh7rs_mesh",
       const struct rs_object *mesh)
{
    record_object("mesh", mesh);
}

IMPORT(void, host_draw_part, "_Z11rsgDrawMesh7rs_meshjj",
       const struct rs_object *mesh, uint32_t first, uint32_t n)
{
    record_object("mesh", mesh);
    record_int("first", first);
    record_int("count", n);
}

IMPORT(void, host_draw_rect, "_Z11rsgDrawRectfffff", float x1, float y1,
       float x2, float y2, float z)
{
    record_floats("rect", (const float[]){x1, y1, x2, y2, z}, 5);
}

IMPORT(void, host_draw_sprite, "_Z13rsgDrawSpritefffff", float x, float y,
       float z, float w, float h)
{
    record_floats("sprite", (const float[]){x, y, z, w, h}, 5);
}

IMPORT(void, host_draw_text, "_Z11rsgDrawTextPKcii", const char *text,
       int32_t x, int32_t y)
{
    record_int(text, (uint32_t)x << 16 ^ (uint32_t)y);
}

/* ---- Lookup ---- */

struct import {
    const char *name;
    void *address;
};

/* In strcmp order. The last two come from the compiler, not from rs.h. */
static const struct import imports[] = {
    {"_Z10rsIsObject13rs_allocation", (void *)host_is_object},
    {"_Z11rsSetObjectP13rs_allocationS_", (void *)host_set_object},
    {"_Z11rsgDrawMesh7rs_mesh", (void *)host_draw_mesh},
    {"_Z11rsgDrawMesh7rs_meshjj", (void *)host_draw_part},
    {"_Z11rsgDrawRectfffff", (void *)host_draw_rect},
    {"_Z11rsgDrawTextPKcii", (void *)host_draw_text},
    {"_Z11rsgGetWidthv", (void *)host_width},
    {"_Z12rsgGetHeightv", (void *)host_height},
    {"_Z13rsClearObjectP13rs_allocation", (void *)host_clear_object},
    {"_Z13rsgClearColorffff", (void *)host_clear_color},
    {"_Z13rsgClearDepthf", (void *)host_clear_depth},
    {"_Z13rsgDrawSpritefffff", (void *)host_draw_sprite},
    {"_Z14rsGetElementAt13rs_allocationj", (void *)host_element_1},
    {"_Z14rsGetElementAt13rs_allocationjj", (void *)host_element_2},
    {"_Z14rsSendToClienti", (void *)host_send},
    {"_Z14rsUptimeMillisv", (void *)host_uptime},
    {"_Z14rsgBindTexture10rs_programj13rs_allocation",
     (void *)host_bind_texture},
    {"_Z19rsAllocationGetDimX13rs_allocation", (void *)host_dim_x},
    {"_Z19rsAllocationGetDimY13rs_allocation", (void *)host_dim_y},
    {"_Z19rsgBindProgramStore10rs_program", (void *)host_bind_store},
    {"_Z20rsgBindProgramVertex10rs_program", (void *)host_bind_vertex},
    {"_Z21rsAllocationMarkDirty13rs_allocation", (void *)host_mark_dirty},
    {"_Z22rsgBindProgramFragment10rs_program", (void *)host_bind_fragment},
    {"_Z31rsgProgramVertexLoadModelMatrixPK12rs_matrix4x4",
     (void *)host_model_matrix},
    {"_Z36rsgProgramVertexLoadProjectionMatrixPK12rs_matrix4x4",
     (void *)host_projection_matrix},
    {"_Z3cosf", (void *)host_cos},
    {"_Z3expf", (void *)host_exp},
    {"_Z3sinf", (void *)host_sin},
    {"_Z6rsRandff", (void *)host_rand_float},
    {"_Z6rsRandii", (void *)host_rand_int},
    {"_Z7rsDebugPKcf", (void *)host_debug_float},
    {"_Z7rsDebugPKci", (void *)host_debug_int},
    {"_Z7rsGetDtv", (void *)host_dt},
    {"_Z9rsForEach9rs_script13rs_allocationS0_PKv", (void *)host_for_each},
    {"memcpy", (void *)memcpy},
    {"memset", (void *)memset},
};

enum { N_IMPORTS = sizeof(imports) / sizeof(imports[0]) };

static int compare_name(const void *name, const void *import)
{
    return strcmp(name, ((const struct import *)import)->name);
}

void *rs_host_lookup(void *context, const char *name)
{
    const struct import *found =
        bsearch(name, imports, N_IMPORTS, sizeof(imports[0]), compare_name);

    (void)context;
    return found ? found->address : NULL;
}

const char *rs_host_name(size_t index)
{
    return index < N_IMPORTS ? imports[index].name : NULL;
}
