kernel void roots(global const float *in, global float *out, float add)
{
    size_t i = get_global_id(0);

    out[i] = sqrt(in[i]) + add;
}
