/* What a script may use: vector types, handles of the host's objects, and the
 * two halves of the run-time library.
 *
 *   - Functions of the vendor's library, runtime/, reach a script as bitcode:
 *     libbcc links and inlines them.
 *   - Functions of the host (../host/rs_host.c) are imports of the native
 *     code: the registered symbol callback gives their addresses.
 *
 * A script does not see which is which. Names are overloaded, so symbol names
 * are those of the C++ ABI: rsRand(float, float) is _Z6rsRandff.
 *
 * The host learns about a script's symbols from metadata, which the front end
 * of RenderScript used to write. Here annotate.awk writes it, from comments of
 * this form, one a line:
 *
 *   @ pragma KEY VALUE              @ export_func NAME
 *   @ export_var NAME TYPE          @ export_foreach NAME SIGNATURE
 *   @ object_slot VARIABLE_INDEX
 *
 * TYPE is RenderScript's number: 1 float, 5 int32, 9 uint32, 17 matrix4x4,
 * 20 allocation, 22 script, 23 mesh, 24 fragment program, 25 vertex program;
 * or the name of a vector; or *NAME, a pointer to a struct. SIGNATURE is the
 * decimal value of the bits in bcc.h. */
#ifndef BCC_SAMPLES_RS_H
#define BCC_SAMPLES_RS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RS_OVERLOAD __attribute__((overloadable))

typedef unsigned char uchar;
typedef unsigned int uint;

typedef float float2 __attribute__((ext_vector_type(2)));
typedef float float3 __attribute__((ext_vector_type(3)));
typedef float float4 __attribute__((ext_vector_type(4)));
typedef uchar uchar4 __attribute__((ext_vector_type(4)));

typedef struct rs_matrix4x4 {
    float m[16]; /* column by column */
} rs_matrix4x4;

/* Handles. */
typedef struct rs_allocation {
    const void *object;
} rs_allocation;
typedef struct rs_script {
    const void *object;
} rs_script;
typedef struct rs_mesh {
    const void *object;
} rs_mesh;
typedef struct rs_program {
    const void *object;
} rs_program;

/* ---- Vendor library: vectors ---- */

#define RS_FUNC_1(name)                                                        \
    float RS_OVERLOAD name(float);                                             \
    float2 RS_OVERLOAD name(float2);                                           \
    float3 RS_OVERLOAD name(float3);                                           \
    float4 RS_OVERLOAD name(float4);
#define RS_FUNC_2(name)                                                        \
    float RS_OVERLOAD name(float, float);                                      \
    float2 RS_OVERLOAD name(float2, float2);                                   \
    float3 RS_OVERLOAD name(float3, float3);                                   \
    float4 RS_OVERLOAD name(float4, float4);

RS_FUNC_1(fabs)
RS_FUNC_1(floor)
RS_FUNC_1(fract)
RS_FUNC_1(sqrt)
RS_FUNC_1(normalize)
RS_FUNC_2(min)
RS_FUNC_2(max)

float RS_OVERLOAD clamp(float value, float low, float high);
int RS_OVERLOAD clamp(int value, int low, int high);
float2 RS_OVERLOAD clamp(float2 value, float low, float high);
float3 RS_OVERLOAD clamp(float3 value, float low, float high);
float4 RS_OVERLOAD clamp(float4 value, float low, float high);

float RS_OVERLOAD mix(float a, float b, float t);
float2 RS_OVERLOAD mix(float2 a, float2 b, float t);
float3 RS_OVERLOAD mix(float3 a, float3 b, float t);
float4 RS_OVERLOAD mix(float4 a, float4 b, float t);
float RS_OVERLOAD smoothstep(float low, float high, float x);

float RS_OVERLOAD dot(float2 a, float2 b);
float RS_OVERLOAD dot(float3 a, float3 b);
float RS_OVERLOAD dot(float4 a, float4 b);
float3 RS_OVERLOAD cross(float3 a, float3 b);
float RS_OVERLOAD length(float2 v);
float RS_OVERLOAD length(float3 v);
float RS_OVERLOAD length(float4 v);
float RS_OVERLOAD distance(float2 a, float2 b);
float RS_OVERLOAD distance(float3 a, float3 b);

/* ---- Vendor library: colours and noise ---- */

float4 RS_OVERLOAD convert_float4(uchar4 c);
uchar4 RS_OVERLOAD convert_uchar4(float4 c); /* truncates, saturates */
float4 RS_OVERLOAD rsUnpackColor8888(uchar4 c);
uchar4 RS_OVERLOAD rsPackColorTo8888(float4 c);
uchar4 RS_OVERLOAD rsPackColorTo8888(float r, float g, float b);

/* Gradient noise, -1..1, and its sum over octaves. */
float RS_OVERLOAD noise(float x);
float RS_OVERLOAD noise(float2 at);
float RS_OVERLOAD noise(float3 at);
float RS_OVERLOAD turbulence(float2 at, int octaves);

float RS_OVERLOAD rsRand(float high);

/* ---- Vendor library: matrices ---- */

void RS_OVERLOAD rsMatrixLoadIdentity(rs_matrix4x4 *m);
void RS_OVERLOAD rsMatrixLoadTranslate(rs_matrix4x4 *m, float x, float y,
                                       float z);
void RS_OVERLOAD rsMatrixLoadScale(rs_matrix4x4 *m, float x, float y, float z);
void RS_OVERLOAD rsMatrixLoadRotate(rs_matrix4x4 *m, float degrees, float x,
                                    float y, float z);
void RS_OVERLOAD rsMatrixLoadPerspective(rs_matrix4x4 *m, float degrees,
                                         float aspect, float near, float far);
void RS_OVERLOAD rsMatrixLoadMultiply(rs_matrix4x4 *m, const rs_matrix4x4 *a,
                                      const rs_matrix4x4 *b);
void RS_OVERLOAD rsMatrixTranslate(rs_matrix4x4 *m, float x, float y, float z);
void RS_OVERLOAD rsMatrixScale(rs_matrix4x4 *m, float x, float y, float z);
void RS_OVERLOAD rsMatrixRotate(rs_matrix4x4 *m, float degrees, float x,
                                float y, float z);
void RS_OVERLOAD rsMatrixTranspose(rs_matrix4x4 *m);
float4 RS_OVERLOAD rsMatrixMultiply(const rs_matrix4x4 *m, float4 v);
float4 RS_OVERLOAD rsMatrixMultiply(const rs_matrix4x4 *m, float3 v);

/* ---- Host: mathematics, time, chance ---- */

float RS_OVERLOAD sin(float x);
float RS_OVERLOAD cos(float x);
float RS_OVERLOAD exp(float x);

float RS_OVERLOAD rsRand(float low, float high);
int RS_OVERLOAD rsRand(int low, int high);
int RS_OVERLOAD rsUptimeMillis(void);
float RS_OVERLOAD rsGetDt(void);
void RS_OVERLOAD rsDebug(const char *text, int value);
void RS_OVERLOAD rsDebug(const char *text, float value);
void RS_OVERLOAD rsSendToClient(int command);

/* ---- Host: allocations and scripts ---- */

uint RS_OVERLOAD rsAllocationGetDimX(rs_allocation a);
uint RS_OVERLOAD rsAllocationGetDimY(rs_allocation a);
void *RS_OVERLOAD rsGetElementAt(rs_allocation a, uint x);
void *RS_OVERLOAD rsGetElementAt(rs_allocation a, uint x, uint y);
void RS_OVERLOAD rsAllocationMarkDirty(rs_allocation a);
void RS_OVERLOAD rsSetObject(rs_allocation *to, rs_allocation from);
void RS_OVERLOAD rsClearObject(rs_allocation *a);
bool RS_OVERLOAD rsIsObject(rs_allocation a);

/* Call the root() of a script for each element: root(in, out, user, x, y). */
void RS_OVERLOAD rsForEach(rs_script script, rs_allocation in,
                           rs_allocation out, const void *user);

/* ---- Host: drawing ---- */

uint RS_OVERLOAD rsgGetWidth(void);
uint RS_OVERLOAD rsgGetHeight(void);
void RS_OVERLOAD rsgClearColor(float r, float g, float b, float a);
void RS_OVERLOAD rsgClearDepth(float depth);
void RS_OVERLOAD rsgBindProgramVertex(rs_program p);
void RS_OVERLOAD rsgBindProgramFragment(rs_program p);
void RS_OVERLOAD rsgBindProgramStore(rs_program p);
void RS_OVERLOAD rsgBindTexture(rs_program p, uint slot, rs_allocation a);
void RS_OVERLOAD rsgProgramVertexLoadModelMatrix(const rs_matrix4x4 *m);
void RS_OVERLOAD rsgProgramVertexLoadProjectionMatrix(const rs_matrix4x4 *m);
void RS_OVERLOAD rsgDrawMesh(rs_mesh mesh);
void RS_OVERLOAD rsgDrawMesh(rs_mesh mesh, uint first, uint count);
void RS_OVERLOAD rsgDrawRect(float x1, float y1, float x2, float y2, float z);
void RS_OVERLOAD rsgDrawSprite(float x, float y, float z, float w, float h);
void RS_OVERLOAD rsgDrawText(const char *text, int x, int y);

#endif
