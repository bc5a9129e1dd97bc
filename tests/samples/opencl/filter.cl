/* Kernels in OpenCL C, linked with PoCL's library of built-in functions. That
 * library names them _cl_sqrt and so on, to keep clear of the C library, so
 * the script does too (clang's default header declares the plain names). */
float4 __attribute__((overloadable)) _cl_sqrt(float4);
float4 __attribute__((overloadable)) _cl_fabs(float4);
float4 __attribute__((overloadable)) _cl_sin(float4);
float4 __attribute__((overloadable)) _cl_exp(float4);
float __attribute__((overloadable)) _cl_fma(float, float, float);
float4 __attribute__((overloadable)) _cl_fma(float4, float4, float4);
float4 __attribute__((overloadable)) _cl_clamp(float4, float, float);
float __attribute__((overloadable)) _cl_dot(float4, float4);

/* Results of one work item, as the host declares them too. */
struct result {
    float4 root;
    float4 sine;
    float4 power;
    float4 blend;
    float sum;
    int item;
    int padding[2];
};

kernel void saxpy(float a, global const float *x, global float *y)
{
    size_t i = get_global_id(0);

    y[i] = _cl_fma(a, x[i], y[i]);
}

kernel void filter(global const float4 *in, global struct result *out)
{
    size_t i = get_global_id(0);
    float4 v = in[i];

    out[i].root  = _cl_sqrt(_cl_fabs(v));
    out[i].sine  = _cl_sin(v);
    out[i].power = _cl_exp(v);
    out[i].blend = _cl_clamp(_cl_fma(v, v, (float4)(0.5f)), 0.6f, 9.0f);
    out[i].sum   = _cl_dot(v, (float4)(1.0f, 2.0f, 4.0f, 8.0f));
    out[i].item  = (int)i;
}
