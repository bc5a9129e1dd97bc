/* The script whose cache entry is damaged: a few of everything that an entry
 * holds, and answer() whose value depends on most of it. */
extern int host_value(int x);

int table[] = {3, 1, 4, 1, 5, 9, 2, 6};
int *const last = &table[7];
static const char *const names[] = {"pi", "digits"};
static int n_calls;

static __attribute__((noinline)) int sum(const int *values, int n)
{
    int total = 0;

    for (int i = 0; i < n; i++)
        total += values[i];
    return total;
}

int answer(int x)
{
    n_calls++;
    return sum(table, 8) + *last * x + names[x & 1][0] + host_value(x) +
           n_calls;
}
