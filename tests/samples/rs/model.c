/* Model: one mesh on a turntable that the finger spins, lit by one lamp. */
#include "rs.h"

/*@ pragma version 1 */
/*@ pragma stateVertex parent */
/*@ pragma stateStore parent */
/*@ export_var gVertexProgram 25 */
/*@ export_var gFragmentProgram 24 */
/*@ export_var gStore 24 */
/*@ export_var gTexture 20 */
/*@ export_var gMesh 23 */
/*@ export_var gLit 20 */
/*@ export_var gRotate 1 */
/*@ export_func updateMeshInfo */
/*@ export_func onTouch */
/*@ object_slot 0 */
/*@ object_slot 1 */
/*@ object_slot 2 */
/*@ object_slot 3 */
/*@ object_slot 4 */
/*@ object_slot 5 */

enum { SIDES = 12, RINGS = 8 };

typedef struct Vertex {
    float3 position;
    float3 normal;
} Vertex;

rs_program gVertexProgram;
rs_program gFragmentProgram;
rs_program gStore;
rs_allocation gTexture;
rs_mesh gMesh;
rs_allocation gLit; /* brightness of each vertex */
float gRotate;

static Vertex vertices[SIDES * RINGS];
static float3 box_low, box_high;
static float spin;

void init(void);
int root(void);
void updateMeshInfo(void);
void onTouch(float dx);

/* A vase: rings around an axis, of a radius that swells and narrows. */
void init(void)
{
    for (int i = 0; i < SIDES * RINGS; i++) {
        float turn = (float)(i % SIDES) * (6.2831853f / SIDES);
        float height = (float)(i / SIDES) * (1.0f / (RINGS - 1));
        float radius = 0.6f + 0.3f * sin(height * 5.0f);

        vertices[i].position =
            (float3){radius * cos(turn), height * 2.0f, radius * sin(turn)};
    }
    gRotate = 0.0f;
    spin = 30.0f;
}

static float3 neighbour(int ring, int side)
{
    return vertices[clamp(ring, 0, RINGS - 1) * SIDES + (side + SIDES) % SIDES]
        .position;
}

void updateMeshInfo(void)
{
    box_low = vertices[0].position;
    box_high = vertices[0].position;
    for (int i = 0; i < SIDES * RINGS; i++) {
        int ring = i / SIDES;
        int side = i % SIDES;
        float3 up = neighbour(ring + 1, side) - neighbour(ring - 1, side);
        float3 out = neighbour(ring, side + 1) - neighbour(ring, side - 1);

        vertices[i].normal = normalize(cross(up, out));
        box_low = min(box_low, vertices[i].position);
        box_high = max(box_high, vertices[i].position);
    }
    rsDebug("height", box_high.y - box_low.y);
}

void onTouch(float dx)
{
    spin = clamp(dx * 4.0f, -180.0f, 180.0f);
}

static void light(const rs_matrix4x4 *model)
{
    float3 lamp = normalize((float3){1.0f, 2.0f, 1.5f});
    uint n_lit = rsAllocationGetDimX(gLit);
    float *shade = rsGetElementAt(gLit, 0);

    for (uint i = 0; i < n_lit && i < SIDES * RINGS; i++) {
        float3 n = vertices[i].normal;
        float4 v = rsMatrixMultiply(model, (float4){n.x, n.y, n.z, 0.0f});

        shade[i] = 0.2f + 0.8f * max(dot(v.xyz, lamp), 0.0f);
    }
    rsAllocationMarkDirty(gLit);
}

int root(void)
{
    float3 middle = (box_low + box_high) * 0.5f;
    float dt = rsGetDt();
    rs_matrix4x4 model, projection;

    spin *= 1.0f - min(dt, 1.0f) * 0.5f;
    gRotate += spin * dt;
    if (gRotate > 360.0f)
        gRotate -= 360.0f;

    rsgClearColor(1.0f, 1.0f, 1.0f, 1.0f);
    rsgClearDepth(1.0f);
    rsgBindProgramVertex(gVertexProgram);
    rsgBindProgramFragment(gFragmentProgram);
    rsgBindProgramStore(gStore);
    rsgBindTexture(gFragmentProgram, 0, gTexture);
    rsMatrixLoadPerspective(&projection, 30.0f,
                            (float)rsgGetWidth() / (float)rsgGetHeight(), 0.1f,
                            100.0f);
    rsgProgramVertexLoadProjectionMatrix(&projection);

    rsMatrixLoadTranslate(&model, 0.0f, -middle.y, -6.0f);
    rsMatrixRotate(&model, gRotate, 0.0f, 1.0f, 0.0f);
    rsMatrixTranslate(&model, -middle.x, 0.0f, -middle.z);
    light(&model);
    rsgProgramVertexLoadModelMatrix(&model);
    rsgDrawMesh(gMesh);
    rsgDrawText("vase", 10, 20);
    return 10;
}
