/* Calls only routines that the compiler calls by itself: each function without
 * parameters returns 0. The operands are not constant, so nothing is folded. */
typedef __int128 int128;
typedef __float128 quad;

static volatile int128 integer = -((int128)1000000007 << 70);
static volatile quad number = 1.5Q;
static volatile long double extended = 2.5L;
static volatile double wide = 1.75;

int divide_integers(void)
{
    return integer / -1000000007 != (int128)1 << 70;
}

int compute_quads(void)
{
    quad value = (number + 2) * number / 7 - 0.75Q;

    return value != 0 || (int128)(number * 2) != 3 || (double)number != 1.5;
}

int divide_complex(void)
{
    _Complex long double value = extended, divisor;
    _Complex double other = wide;

    __imag__ value = 5;
    __real__ divisor = extended;
    __imag__ divisor = 0;
    value /= divisor;
    other *= other;
    other /= wide;
    return __real__ value != 1 || __imag__ value != 2 || __real__ other != 1.75;
}

int convert_halves(void)
{
    _Float16 half = (_Float16)extended, from_integer = (_Float16)integer;
    __bf16 brain = (__bf16)wide;

    return (double)half != 2.5 || from_integer != (_Float16)-__builtin_inff() ||
           (float)brain != 1.75f || (int128)half != 2;
}

int raise_to_powers(void)
{
    return __builtin_powi(wide, 2) != 1.75 * 1.75 ||
           __builtin_powil(extended, -1) != 1 / 2.5L;
}

/* The loop becomes a call of strlen(). */
unsigned long length(const char *string)
{
    unsigned long n = 0;

    while (string[n])
        n++;
    return n;
}

int ask_for_features(void)
{
    __builtin_cpu_init();
    return !__builtin_cpu_supports("sse2");
}
