/* Included before each program: moves all its code by BENCH_SHIFT bytes. */
#define BENCH_TEXT_OF(size) #size
#define BENCH_SKIP(size)    ".skip " BENCH_TEXT_OF(size)

__attribute__((used, naked)) static void bench_shift(void)
{
    __asm__(BENCH_SKIP(BENCH_SHIFT));
}
