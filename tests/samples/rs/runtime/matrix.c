/* Vendor library: 4x4 matrices, column by column, for column vectors. */
#include "../rs.h"

void RS_OVERLOAD rsMatrixLoadIdentity(rs_matrix4x4 *m)
{
    for (int i = 0; i < 16; i++)
        m->m[i] = i % 5 == 0 ? 1.0f : 0.0f;
}

void RS_OVERLOAD rsMatrixLoadTranslate(rs_matrix4x4 *m, float x, float y,
                                       float z)
{
    rsMatrixLoadIdentity(m);
    m->m[12] = x;
    m->m[13] = y;
    m->m[14] = z;
}

void RS_OVERLOAD rsMatrixLoadScale(rs_matrix4x4 *m, float x, float y, float z)
{
    rsMatrixLoadIdentity(m);
    m->m[0] = x;
    m->m[5] = y;
    m->m[10] = z;
}

/* Rodrigues' formula: R = c I + s [u]x + (1 - c) u u^T. */
void RS_OVERLOAD rsMatrixLoadRotate(rs_matrix4x4 *m, float degrees, float x,
                                    float y, float z)
{
    float angle = degrees * 0.017453292519943f; /* pi / 180 */
    float3 u = normalize((float3){x, y, z});
    float s = sin(angle);
    float c = cos(angle);
    float3 us = u * s;
    float3 column;

    rsMatrixLoadIdentity(m);
    for (int j = 0; j < 3; j++) {
        column = u * u[j] * (1.0f - c);
        column[j] += c;
        column[(j + 1) % 3] += us[(j + 2) % 3];
        column[(j + 2) % 3] -= us[(j + 1) % 3];
        for (int i = 0; i < 3; i++)
            m->m[j * 4 + i] = column[i];
    }
}

void RS_OVERLOAD rsMatrixLoadPerspective(rs_matrix4x4 *m, float degrees,
                                         float aspect, float near, float far)
{
    float half = degrees * 0.008726646259972f; /* pi / 360 */
    float focal = cos(half) / sin(half);

    for (int i = 0; i < 16; i++)
        m->m[i] = 0.0f;
    m->m[0] = focal / aspect;
    m->m[5] = focal;
    m->m[10] = (far + near) / (near - far);
    m->m[11] = -1.0f;
    m->m[14] = 2.0f * far * near / (near - far);
}

static float4 column_of(const rs_matrix4x4 *m, int j)
{
    return (float4){m->m[j * 4], m->m[j * 4 + 1], m->m[j * 4 + 2],
                    m->m[j * 4 + 3]};
}

float4 RS_OVERLOAD rsMatrixMultiply(const rs_matrix4x4 *m, float4 v)
{
    return column_of(m, 0) * v.x + column_of(m, 1) * v.y +
           column_of(m, 2) * v.z + column_of(m, 3) * v.w;
}

float4 RS_OVERLOAD rsMatrixMultiply(const rs_matrix4x4 *m, float3 v)
{
    return rsMatrixMultiply(m, (float4){v.x, v.y, v.z, 1.0f});
}

/* m may be a or b. */
void RS_OVERLOAD rsMatrixLoadMultiply(rs_matrix4x4 *m, const rs_matrix4x4 *a,
                                      const rs_matrix4x4 *b)
{
    rs_matrix4x4 product;
    float4 column;

    for (int j = 0; j < 4; j++) {
        column = rsMatrixMultiply(a, column_of(b, j));
        for (int i = 0; i < 4; i++)
            product.m[j * 4 + i] = column[i];
    }
    *m = product;
}

void RS_OVERLOAD rsMatrixTranslate(rs_matrix4x4 *m, float x, float y, float z)
{
    rs_matrix4x4 step;

    rsMatrixLoadTranslate(&step, x, y, z);
    rsMatrixLoadMultiply(m, m, &step);
}

void RS_OVERLOAD rsMatrixScale(rs_matrix4x4 *m, float x, float y, float z)
{
    rs_matrix4x4 step;

    rsMatrixLoadScale(&step, x, y, z);
    rsMatrixLoadMultiply(m, m, &step);
}

void RS_OVERLOAD rsMatrixRotate(rs_matrix4x4 *m, float degrees, float x,
                                float y, float z)
{
    rs_matrix4x4 step;

    rsMatrixLoadRotate(&step, degrees, x, y, z);
    rsMatrixLoadMultiply(m, m, &step);
}

void RS_OVERLOAD rsMatrixTranspose(rs_matrix4x4 *m)
{
    float swap;

    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < i; j++) {
            swap = m->m[i * 4 + j];
            m->m[i * 4 + j] = m->m[j * 4 + i];
            m->m[j * 4 + i] = swap;
        }
    }
}
