/* What row K5 runs, by bccDispatch() and by PoCL. */

/* Bound by memory. */
kernel void scale(global const float *in, global float *out)
{
    size_t i = get_global_id(0);

    out[i] = in[i] * 2.0f + 1.0f;
}

/* Bound by arithmetic. */
kernel void iterate(global const float *in, global float *out)
{
    size_t i = get_global_id(0);
    float x = in[i];

    for (int k = 0; k < 64; k++)
        x = x * x * 0.25f + 0.125f;
    out[i] = x;
}
