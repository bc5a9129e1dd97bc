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

/* ---- Barriers ---- */

/* All items of a group see what item 0 wrote. */
kernel void waits(global int *out)
{
    size i = get_global_id(0);
    int seen;

    out[i] = (int)i;
    barrier(1);
    seen = out[i - get_local_id(0)];
    barrier(1);
    out[i] = out[i] * 1000 + seen;
}

/* A variable of the group. */
kernel void reverses(global const int *in, global int *out)
{
    local int cell[64];
    size at = get_local_id(0), n = get_local_size(0);

    cell[at] = in[get_global_id(0)];
    barrier(1);
    out[get_global_id(0)] = cell[n - 1 - at];
}

/* Two dimensions, and memory of the group as an argument. */
kernel void transposes(global const int *in, global int *out, local int *tile)
{
    size x = get_local_id(0), y = get_local_id(1), n = get_local_size(0);

    tile[y * n + x] = in[get_global_id(1) * get_global_size(0) +
                         get_global_id(0)];
    barrier(1);
    out[(get_group_id(0) * n + y) * get_global_size(1) +
        get_group_id(1) * n + x] = tile[x * n + y];
}

static __attribute__((noinline)) void wait(void)
{
    barrier(1);
}

/* Private variables live across barriers: values, and an array; loops and
 * conditions lie between the barriers, one of which is in a helper. */
kernel void keeps(global const int *in, global int *out)
{
    local int shared[16];
    size at = get_local_id(0), n = get_local_size(0);
    int mine[4];
    int sum = 0;

    for (int i = 0; i < 4; i++)
        mine[i] = in[get_global_id(0)] * (i + 1);
    if (at == 0)
        for (size i = 0; i < n; i++)
            shared[i] = 0;
    barrier(1);
    shared[at] = mine[at & 3];
    wait();
    for (size i = 0; i <= at; i++)
        sum += shared[i];
    barrier(1);
    out[get_global_id(0)] = sum * 100 + mine[(at + 1) & 3];
}

kernel void waits_sometimes(global int *out, int is_needed)
{
    out[get_global_id(0)] = 1;
    if (is_needed)
        barrier(1);
    out[get_global_id(0)] += out[0];
}

kernel void waits_in_a_loop(global int *out, int n)
{
    for (int i = 0; i < n; i++) {
        out[get_global_id(0)] += i;
        barrier(1);
    }
}

__attribute__((reqd_work_group_size(4, 2, 1)))
kernel void fixed(global int *out)
{
    size at = get_global_id(1) * get_global_size(0) + get_global_id(0);

    out[at] = (int)(get_local_id(0) + 10 * get_local_id(1) +
                    100 * get_local_size(0));
}

/* Neither is a barrier: one has such a name, the other such letters. */
static __attribute__((noinline)) int past_barrier(int value)
{
    return 3 * value;
}

static int __attribute__((overloadable, noinline)) no_wait(int value)
{
    return value + 1;
}

kernel void calls_sometimes(global int *out)
{
    size i = get_global_id(0);

    if (i % 2)
        out[i] = past_barrier((int)i);
    else if (i % 4)
        out[i] = no_wait((int)i);
}
