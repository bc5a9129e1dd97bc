/* SceneGraph: a tree of moving nodes. root() walks it, multiplies matrices
 * downwards, drops what the eye cannot see, and draws the rest. */
#include "rs.h"

/*@ pragma version 1 */
/*@ pragma stateVertex parent */
/*@ pragma stateRaster parent */
/*@ pragma stateFragment parent */
/*@ pragma stateStore parent */
/*@ pragma rs_fp_relaxed */
/*@ export_var gNodes 20 */
/*@ export_var gRootNode 5 */
/*@ export_var gMeshes 20 */
/*@ export_var gCamera 17 */
/*@ export_var gProgram 25 */
/*@ export_var gTextures 20 */
/*@ export_var gNDrawn 5 */
/*@ export_func setTransform */
/*@ export_func resetNodes */
/*@ object_slot 0 */
/*@ object_slot 2 */
/*@ object_slot 4 */
/*@ object_slot 5 */

enum { MAX_DEPTH = 16, N_PLANES = 6, NO_NODE = -1 };

typedef struct Node {
    float3 translate;
    float3 scale;
    float4 rotate; /* axis and degrees */
    rs_matrix4x4 world;
    float radius;
    int mesh; /* NO_NODE: none */
    int first_child;
    int next_sibling;
} Node;

rs_allocation gNodes;
int gRootNode;
rs_allocation gMeshes;
rs_matrix4x4 gCamera = {{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}};
rs_program gProgram;
rs_allocation gTextures;
int gNDrawn;

static float4 plane[N_PLANES];
static int bound_mesh;

int root(void);
void setTransform(int index, float x, float y, float z, float degrees);
void resetNodes(void);

static Node *node_at(int index)
{
    if (index < 0 || index >= (int)rsAllocationGetDimX(gNodes))
        return NULL;
    return rsGetElementAt(gNodes, (uint)index);
}

void resetNodes(void)
{
    uint n_nodes = rsAllocationGetDimX(gNodes);

    /* A heap's shape: the children of i are 2i + 1 and 2i + 2. */
    for (uint i = 0; i < n_nodes; i++) {
        Node *node = node_at((int)i);
        uint child = 2 * i + 1;
        bool last = i % 2 == 0 || i + 1 >= n_nodes;

        node->translate = (float3){rsRand(-2.0f, 2.0f), 1.5f, 0.0f};
        node->scale = (float3)0.8f;
        node->rotate = (float4){0.3f, 1.0f, 0.2f, 11.0f * (float)i};
        node->radius = 1.0f;
        node->mesh = i % 3 == 0 ? NO_NODE : (int)(i % 4);
        node->first_child = child < n_nodes ? (int)child : NO_NODE;
        node->next_sibling = last ? NO_NODE : (int)i + 1;
    }
}

void setTransform(int index, float x, float y, float z, float degrees)
{
    Node *node = node_at(index);

    if (!node) {
        rsDebug("no such node", index);
        return;
    }
    node->translate = (float3){x, y, z};
    node->rotate.w = degrees;
}

/* The frustum's planes are sums of rows of the matrix (Gribb, Hartmann). */
static void set_planes(const rs_matrix4x4 *projection)
{
    rs_matrix4x4 rows = *projection;
    float4 last;

    rsMatrixTranspose(&rows);
    last = (float4){rows.m[12], rows.m[13], rows.m[14], rows.m[15]};
    for (int i = 0; i < N_PLANES; i++) {
        const float *row = &rows.m[i / 2 * 4];
        float4 side = (float4){row[0], row[1], row[2], row[3]};
        float4 sum = i % 2 == 0 ? last + side : last - side;

        plane[i] = sum * (1.0f / max(length(sum.xyz), 1.0e-6f));
    }
}

static bool is_visible(float4 centre, float radius)
{
    for (int i = 0; i < N_PLANES; i++) {
        if (dot(plane[i], centre) < -radius)
            return false;
    }
    return true;
}

static void draw(const Node *node)
{
    const rs_mesh *mesh = rsGetElementAt(gMeshes, (uint)node->mesh);
    float4 centre;

    centre = rsMatrixMultiply(&node->world, (float3){0.0f, 0.0f, 0.0f});
    centre.w = 1.0f;
    if (!is_visible(centre, node->radius))
        return;
    if (bound_mesh != node->mesh) {
        rsgBindTexture(gProgram, 0, gTextures);
        bound_mesh = node->mesh;
    }
    rsgProgramVertexLoadModelMatrix(&node->world);
    rsgDrawMesh(*mesh);
    gNDrawn++;
}

static void walk(int index, const rs_matrix4x4 *parent, int depth)
{
    Node *node = node_at(index);

    for (; node && depth < MAX_DEPTH; node = node_at(node->next_sibling)) {
        node->world = *parent;
        rsMatrixTranslate(&node->world, node->translate.x, node->translate.y,
                          node->translate.z);
        rsMatrixRotate(&node->world, node->rotate.w, node->rotate.x,
                       node->rotate.y, node->rotate.z);
        rsMatrixScale(&node->world, node->scale.x, node->scale.y,
                      node->scale.z);
        if (node->mesh != NO_NODE)
            draw(node);
        walk(node->first_child, &node->world, depth + 1);
    }
}

int root(void)
{
    float aspect = (float)rsgGetWidth() / (float)rsgGetHeight();
    rs_matrix4x4 projection;

    rsMatrixLoadPerspective(&projection, 60.0f, aspect, 0.1f, 200.0f);
    rsgBindProgramVertex(gProgram);
    rsgProgramVertexLoadProjectionMatrix(&projection);
    set_planes(&projection);
    bound_mesh = NO_NODE;
    gNDrawn = 0;
    walk(gRootNode, &gCamera, 0);
    rsgClearDepth(1.0f);
    return gNDrawn ? 16 : 0;
}
