/* OpenCL C kernels, run by test_api_kernel.c. */
typedef __SIZE_TYPE__ size;

size __attribute__((overloadable)) get_global_id(unsigned);
size __attribute__((overloadable)) get_local_id(unsigned);
size __attribute__((overloadable)) get_group_id(unsigned);
size __attribute__((overloadable)) get_global_size(unsigned);
size __attribute__((overloadable)) get_local_size(unsigned);
void __attribute__((overloadable)) barrier(unsigned);

static __attribute__((noinline)) int my_place(int base)
{
    return base + (int)get_global_id(0) +
           100 * (int)get_global_id(1);
}

kernel void places(global int *out, int base)
{
    size at = get_global_id(1) * get_global_size(0) + get_global_id(0);

    out[at] = my_place(base);
}

kernel void saxpy(float a, global const float *x, global float *y)
{
    size i = get_global_id(0);

    y[i] = a * x[i] + y[i];
}

kernel void groups(global int *out, local int *mine)
{
    mine[get_local_id(0)] = (int)get_group_id(0);
    out[get_global_id(0)] =
        mine[get_local_id(0)] * 1000 + (int)get_local_id(0) * 10 +
        (int)get_local_size(0);
}

kernel void waits(global int *out)
{
    out[get_global_id(0)] = 1;
    barrier(1);
    out[get_global_id(0)] += out[0];
}

kernel void shares(global int *out)
{
    local int cell[4];

    cell[get_local_id(0) & 3] = 1;
    out[get_global_id(0)] = cell[(get_local_id(0) + 1) & 3];
}

__attribute__((reqd_work_group_size(4, 2, 1)))
kernel void fixed(global int *out)
{
    size at = get_global_id(1) * get_global_size(0) + get_global_id(0);

    out[at] = (int)(get_local_id(0) + 10 * get_local_id(1) +
                    100 * get_local_size(0));
}
