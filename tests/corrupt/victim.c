/* The script whose cache entry is damaged: it has a few of all the things that
 * an entry holds, and answer(), whose value depends on most of them. With LARGE
 * it is above a megabyte, in tables that are too large to be checked at each
 * launch as well as in code and data. */
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

#ifdef LARGE
#define F(n)                                                                   \
    int function_##n(int x)                                                    \
    {                                                                          \
        return x ^ 0x##n;                                                      \
    }
#define F8(n)  F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7)
#define F64(n) F8(n##0) F8(n##1) F8(n##2) F8(n##3) F8(n##4) F8(n##5) F8(n##6)
#define F512(n)                                                                \
    F64(n##0) F64(n##1) F64(n##2) F64(n##3) F64(n##4) F64(n##5) F64(n##6)
#define FUNCTIONS F512(1) F512(2) F512(3) F512(4) F512(5) F512(6) F512(7)
FUNCTIONS
static const unsigned char ballast[1 << 20] = {
    [0 ... 8] = 7, [9] = 8, [10 ... 0xfffff] = 7};
#else
static const unsigned char ballast[] = {7, 7, 7, 7, 7, 7, 7, 8};
#endif

int answer(int x)
{
    n_calls++;
    return sum(table, 8) + *last * x + names[x & 1][0] + host_value(x) +
           n_calls + ballast[x] - 7;
}
