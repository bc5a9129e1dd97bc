/* Fountain: particles that are thrown up where the finger is, and fall. */
#include "rs.h"

/*@ pragma version 1 */
/*@ pragma stateVertex parent */
/*@ pragma stateRaster parent */
/*@ pragma stateFragment default */
/*@ pragma stateStore default */
/*@ export_var gPartColor 9 */
/*@ export_var gGravity 1 */
/*@ export_var gPoints *Point */
/*@ export_var gPointsAllocation 20 */
/*@ export_var gMesh 23 */
/*@ export_func addParticles */
/*@ object_slot 3 */
/*@ object_slot 4 */

typedef struct Point {
    float2 delta;
    float2 position;
    uchar4 color;
} Point;

uint gPartColor;
float gGravity = 9.8f;
Point *gPoints; /* bound by the host to the elements of the allocation */
rs_allocation gPointsAllocation;
rs_mesh gMesh;

static int newest;

int root(void);
void addParticles(int rate, float x, float y, int index, bool new_color);

int root(void)
{
    float dt = min(rsGetDt(), 0.1f);
    float height = (float)rsgGetHeight();
    uint n_points = rsAllocationGetDimX(gPointsAllocation);

    rsgClearColor(0.0f, 0.0f, 0.0f, 1.0f);
    for (uint i = 0; i < n_points; i++) {
        Point *p = &gPoints[i];

        p->delta.y += gGravity * dt;
        p->position += p->delta;
        if (p->position.y > height && p->delta.y > 0.0f)
            p->delta = p->delta * (float2){0.9f, -0.3f};
    }
    rsAllocationMarkDirty(gPointsAllocation);
    rsgDrawMesh(gMesh);
    return 1;
}

/* index: of the finger, which sets the hue. */
void addParticles(int rate, float x, float y, int index, bool new_color)
{
    int n_points = (int)rsAllocationGetDimX(gPointsAllocation);

    if (new_color)
        gPartColor = (uint)rsRand(0, 0xffffff) | 0xffu << (index & 3) * 8;
    rate = clamp(rate, 0, n_points);
    for (int i = 0; i < rate; i++) {
        float speed = 40.0f * rsRand(0.2f, 1.0f);
        float angle = rsRand(6.2831853f);
        Point *p = &gPoints[newest];

        p->delta = (float2){speed * cos(angle), speed * sin(angle)};
        p->position = (float2){x, y};
        p->color = rsPackColorTo8888(
            (float4){(float)(gPartColor & 255), (float)(gPartColor >> 8 & 255),
                     (float)(gPartColor >> 16 & 255), 255.0f} *
            (1.0f / 255.0f));
        newest = (newest + 1) % n_points;
    }
}
