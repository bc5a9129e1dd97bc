/* Halo: a galaxy of sparks that follow a table of 48 KB, around a glow. */
#include "rs.h"

/*@ pragma version 1 */
/*@ pragma stateVertex parent */
/*@ export_var gTilt 1 */
/*@ export_var gSpeed 1 */
/*@ export_var gSparks 20 */
/*@ export_var gSparkMesh 23 */
/*@ export_var gGlow 24 */
/*@ export_func setSparks */
/*@ object_slot 2 */
/*@ object_slot 3 */
/*@ object_slot 4 */

/* The table: 4096 sparks of radius, angle and height. Not made by chance,
 * but by steps of the golden ratio through the powers of its factors: evenly
 * spread, and yet constants. */
#define PART(i, factor) ((float)((i) * (factor) % 4096u) * (1.0f / 4096.0f))
#define SPARK(i)                                                               \
    {                                                                          \
        PART(i, 2531u), PART(i, 1571u), PART(i, 977u)                          \
    }
#define SPARKS_4(i) SPARK(i), SPARK(i + 1u), SPARK(i + 2u), SPARK(i + 3u)
#define SPARKS_16(i)                                                           \
    SPARKS_4(i), SPARKS_4(i + 4u), SPARKS_4(i + 8u), SPARKS_4(i + 12u)
#define SPARKS_64(i)                                                           \
    SPARKS_16(i), SPARKS_16(i + 16u), SPARKS_16(i + 32u), SPARKS_16(i + 48u)
#define SPARKS_256(i)                                                          \
    SPARKS_64(i), SPARKS_64(i + 64u), SPARKS_64(i + 128u), SPARKS_64(i + 192u)
#define SPARKS_1024(i)                                                         \
    SPARKS_256(i), SPARKS_256(i + 256u), SPARKS_256(i + 512u),                 \
        SPARKS_256(i + 768u)

enum { N_SPARKS = 4096 };

static const float spark[N_SPARKS][3] = {SPARKS_1024(0u), SPARKS_1024(1024u),
                                         SPARKS_1024(2048u),
                                         SPARKS_1024(3072u)};

typedef struct Vertex {
    float3 position;
    uchar4 color;
    float size;
} Vertex;

float gTilt = 20.0f;
float gSpeed = 0.35f;
rs_allocation gSparks;
rs_mesh gSparkMesh;
rs_program gGlow;

static float angle;
static int n_shown = 256;

int root(void);
void setSparks(int n_sparks);

void setSparks(int n_sparks)
{
    n_shown = clamp(n_sparks, 1, N_SPARKS);
}

/* Near the middle white, outwards blue, then red. */
static float4 color_of(float radius)
{
    float4 inner = {1.0f, 0.95f, 0.8f, 1.0f};
    float4 arm = {0.3f, 0.45f, 1.0f, 0.9f};
    float4 rim = {0.8f, 0.15f, 0.1f, 0.4f};

    if (radius < 0.4f)
        return mix(inner, arm, smoothstep(0.0f, 0.4f, radius));
    return mix(arm, rim, smoothstep(0.4f, 1.0f, radius));
}

static void place(Vertex *vertex, const float part[3])
{
    float radius = 0.05f + 0.95f * sqrt(part[0]);
    float turn = part[1] * 6.2831853f + angle / radius;
    float thin = exp(-3.0f * radius);

    vertex->position = (float3){radius * cos(turn), radius * sin(turn),
                                (part[2] - 0.5f) * thin};
    vertex->color = rsPackColorTo8888(color_of(radius));
    vertex->size = 1.0f + 5.0f * thin * part[2];
}

int root(void)
{
    uint n_vertices = rsAllocationGetDimX(gSparks);
    rs_matrix4x4 model;

    angle += gSpeed * rsGetDt();
    for (uint i = 0; i < n_vertices && i < (uint)n_shown; i++)
        place(rsGetElementAt(gSparks, i), spark[i]);
    rsAllocationMarkDirty(gSparks);

    rsgClearColor(0.0f, 0.0f, 0.02f, 1.0f);
    rsMatrixLoadRotate(&model, gTilt, 1.0f, 0.0f, 0.0f);
    rsgProgramVertexLoadModelMatrix(&model);
    rsgBindProgramFragment(gGlow);
    rsgDrawMesh(gSparkMesh, 0, (uint)n_shown);
    return 20;
}
