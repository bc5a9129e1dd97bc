/* Numbers of every type that a signature can have. For two kinds C has no
 * functions: floating-point numbers of 16 bits, which are computed from a
 * double, and integers of more than 64 bits, which are four words of 32. */
#include "call_value.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_BYTES = sizeof(((BCCValue *)NULL)->u),
    WORDS = 4,
    MAX_DIGITS = 40,
    MAX_DEPTH = 8,
    LONG_DOUBLE = LDBL_MANT_DIG == 64    ? BCC_F80
                  : LDBL_MANT_DIG == 113 ? BCC_F128
                                         : BCC_VOID,
};

static bool is_integer(uint32_t type)
{
    return (type & 0xff0000) == BCC_INT(0);
}

static uint32_t bits_of(uint32_t type)
{
    return type & 0xffff;
}

static size_t lane_size(uint32_t type)
{
    return type == BCC_PTR ? sizeof(void *) : (bits_of(type) + 7) / 8;
}

/* ---- Numbers of 16 bits ---- */

struct small_float {
    int fraction_bits, bias, most_exponent;
};

static struct small_float small_float(uint32_t type)
{
    return type == BCC_F16 ? (struct small_float){10, 15, 31}
                           : (struct small_float){7, 127, 255};
}

static double from_small(uint16_t bits, struct small_float f)
{
    const int exponent = bits >> f.fraction_bits & f.most_exponent;
    const int fraction = bits & ((1 << f.fraction_bits) - 1);
    double value;

    if (exponent == f.most_exponent)
        value = fraction ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        value = ldexp(fraction, 1 - f.bias - f.fraction_bits);
    else
        value = ldexp(fraction + (1 << f.fraction_bits),
                      exponent - f.bias - f.fraction_bits);
    return bits >> 15 ? -value : value;
}

/* The nearest, ties to even. */
static enum call_word to_small(double value, struct small_float f,
                               uint16_t *ret_bits)
{
    const unsigned infinite = (unsigned)f.most_exponent << f.fraction_bits;
    const unsigned sign = signbit(value) ? 0x8000 : 0;
    const double size = sign ? -value : value;
    unsigned bits = infinite;
    int exponent;
    double scaled;

    if (isnan(value) || isinf(value)) {
        bits |= isnan(value) ? 1U << (f.fraction_bits - 1) : 0;
        *ret_bits = (uint16_t)(sign | bits);
        return CALL_WORD_OK;
    }
    frexp(size, &exponent);
    exponent--;
    if (exponent < 1 - f.bias || size == 0)
        exponent = 1 - f.bias; /* of subnormal numbers */
    if (exponent > f.bias)
        return CALL_WORD_OUT_OF_RANGE;
    scaled = ldexp(size, f.fraction_bits - exponent);
    bits = (unsigned)scaled;
    scaled -= bits;
    bits += scaled > 0.5 || (scaled == 0.5 && bits % 2);
    bits += (unsigned)(exponent + f.bias - 1) << f.fraction_bits;
    *ret_bits = (uint16_t)(sign | bits);
    return bits < infinite ? CALL_WORD_OK : CALL_WORD_OUT_OF_RANGE;
}

/* ---- Integers of more than 64 bits ---- */

static bool multiply_add(uint32_t words[WORDS], uint32_t factor,
                         uint32_t summand)
{
    uint64_t carry = summand;

    for (int i = 0; i < WORDS; i++) {
        carry += (uint64_t)words[i] * factor;
        words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return carry == 0;
}

static uint32_t divide(uint32_t words[WORDS], uint32_t divisor)
{
    uint64_t rest = 0;

    for (int i = WORDS - 1; i >= 0; i--) {
        rest = rest << 32 | words[i];
        words[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint32_t)rest;
}

static void negate(uint32_t words[WORDS])
{
    for (int i = 0; i < WORDS; i++)
        words[i] = ~words[i];
    multiply_add(words, 1, 1);
}

static bool is_negative(const uint32_t words[WORDS])
{
    return words[WORDS - 1] >> 31;
}

static int digit_value(char digit, int base)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = memchr(digits, digit, base == 16 ? 22 : 10);

    if (!at)
        return -1;
    return at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

/* As strtoll() with base 0. */
static enum call_word parse_wide(const char **text, BCCValue *value)
{
    uint32_t words[WORDS] = {0};
    const bool is_minus = **text == '-';
    const char *at = *text + is_minus, *begin;
    int base = 10, digit;
    bool fits = true;

    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
        base = 16;
        at += 2;
    }
    begin = at;
    for (; (digit = digit_value(*at, base)) >= 0; at++)
        fits = multiply_add(words, (uint32_t)base, (uint32_t)digit) && fits;
    if (at == begin)
        return CALL_WORD_NO_VALUE;
    *text = at;
    if (is_minus) {
        negate(words);
        fits = fits && (is_negative(words) ||
                        !(words[0] | words[1] | words[2] | words[3]));
    }
    for (int i = 0; i < WORDS / 2; i++)
        value->u.w[i] = words[2 * i] | (uint64_t)words[2 * i + 1] << 32;
    return fits ? CALL_WORD_OK : CALL_WORD_OUT_OF_RANGE;
}

static void print_wide(const BCCValue *value)
{
    uint32_t words[WORDS];
    char text[MAX_DIGITS + 1] = "";
    int at = MAX_DIGITS;
    bool is_minus;

    for (int i = 0; i < WORDS; i++)
        words[i] = (uint32_t)(value->u.w[i / 2] >> (i % 2 * 32));
    is_minus = is_negative(words);
    if (is_minus)
        negate(words);
    do {
        text[--at] = (char)('0' + divide(words, 10));
    } while (words[0] | words[1] | words[2] | words[3]);
    printf("%s%s", is_minus ? "-" : "", text + at);
}

/* ---- Words ---- */

bool call_value_has_words(const struct value_type *type)
{
    const uint32_t kind = type->type;

    if (type->check == VALUE_ADDRESS || kind == BCC_STRUCT)
        return false;
    if (type->lanes * lane_size(kind) > MAX_BYTES)
        return false;
    if (kind == BCC_F80 || kind == BCC_F128)
        return kind == LONG_DOUBLE && !type->lanes;
    return !type->lanes || (kind != BCC_PTR && bits_of(kind) <= 64 &&
                            (!is_integer(kind) || bits_of(kind) % 8 == 0));
}

static enum call_word parse_integer(const char **text, BCCValue *value)
{
    char *end;

    if (bits_of(value->type) > 64)
        return parse_wide(text, value);
    if (**text == '-')
        value->u.i = strtoll(*text, &end, 0);
    else
        value->u.i = (int64_t)strtoull(*text, &end, 0);
    if (end == *text)
        return CALL_WORD_NO_VALUE;
    *text = end;
    return errno == ERANGE ? CALL_WORD_OUT_OF_RANGE : CALL_WORD_OK;
}

static enum call_word parse_float(const char **text, BCCValue *value)
{
    char *end;
    long double number = 0;
    enum call_word word = CALL_WORD_OK;

    errno = 0; /* a lane before may be subnormal */
    switch (value->type) {
    case BCC_F32:
        number = value->u.f = strtof(*text, &end);
        break;
    case BCC_F64:
        number = value->u.d = strtod(*text, &end);
        break;
    case BCC_F16:
    case BCC_BF16:
        number = strtod(*text, &end);
        word = to_small((double)number, small_float(value->type), &value->u.h);
        break;
    default:
        number = strtold(*text, &end);
        memcpy(value->u.v, &number, lane_size(value->type));
        break;
    }
    if (end == *text)
        return CALL_WORD_NO_VALUE;
    *text = end;
    /* Subnormal numbers set ERANGE, too. */
    return errno == ERANGE && (number == 0 || isinf(number))
               ? CALL_WORD_OUT_OF_RANGE
               : word;
}

static enum call_word parse_lanes(const char **text, BCCValue *value)
{
    const size_t size = lane_size(value->type);

    for (uint32_t i = 0; i < value->lanes; i++) {
        BCCValue lane = {.type = value->type};
        enum call_word word;

        if (i > 0 && *(*text)++ != ',')
            return CALL_WORD_NO_VALUE;
        word = is_integer(lane.type) ? parse_integer(text, &lane)
                                     : parse_float(text, &lane);
        if (word != CALL_WORD_OK)
            return word;
        if (is_integer(lane.type) && size < sizeof(lane.u.i) &&
            (lane.u.i < -(INT64_C(1) << (8 * size - 1)) ||
             lane.u.i >= INT64_C(1) << 8 * size))
            return CALL_WORD_OUT_OF_RANGE;
        memcpy(value->u.v + i * size, lane.u.v, size);
    }
    return CALL_WORD_OK;
}

enum call_word call_value_parse(const struct value_type *type, const char *word,
                                BCCValue *ret_value)
{
    BCCValue value = {.type = type->type, .lanes = type->lanes};
    enum call_word result;

    errno = 0;
    if (type->type == BCC_PTR) {
        value.u.p = (void *)word;
        word = "";
        result = CALL_WORD_OK;
    } else if (type->lanes) {
        result = parse_lanes(&word, &value);
    } else if (is_integer(type->type)) {
        result = parse_integer(&word, &value);
    } else {
        result = parse_float(&word, &value);
    }
    *ret_value = value;
    return *word && result == CALL_WORD_OK ? CALL_WORD_NO_VALUE : result;
}

/* ---- Text ---- */

static void print_long_double(const BCCValue *value)
{
    long double number = 0;

    if (value->type == LONG_DOUBLE) {
        memcpy(&number, value->u.v, lane_size(value->type));
        printf("%.*Lg", LDBL_DECIMAL_DIG, number);
        return;
    }
    fputs("0x", stdout);
    for (size_t i = lane_size(value->type); i > 0; i--)
        printf("%02x", value->u.v[i - 1]);
}

static void print_scalar(const BCCValue *value)
{
    switch (value->type) {
    case BCC_VOID:
        return;
    case BCC_F16:
    case BCC_BF16:
        printf("%.5g", from_small(value->u.h, small_float(value->type)));
        return;
    case BCC_F32:
        printf("%.9g", (double)value->u.f);
        return;
    case BCC_F64:
        printf("%.17g", value->u.d);
        return;
    case BCC_PTR:
        printf("%p", value->u.p);
        return;
    case BCC_F80:
    case BCC_F128:
        print_long_double(value);
        return;
    default:
        if (bits_of(value->type) > 64)
            print_wide(value);
        else
            printf("%" PRId64, value->u.i);
        return;
    }
}

/* A scalar in memory. Integers are shown with a sign. */
static void print_bytes(uint32_t type, const uint8_t *bytes)
{
    const size_t size = lane_size(type);
    BCCValue value = {.type = type};

    memcpy(value.u.v, bytes, size);
    if (is_integer(type) && size < sizeof(int64_t))
        value.u.i = (int64_t)((uint64_t)value.u.i << (64 - 8 * size)) >>
                    (64 - 8 * size);
    print_scalar(&value);
}

static void print_lanes(uint32_t type, uint32_t lanes, const uint8_t *bytes)
{
    for (uint32_t i = 0; i < lanes; i++) {
        fputs(i ? "," : "", stdout);
        print_bytes(type, bytes + i * lane_size(type));
    }
}

/* ---- Structs and arrays ----
 * They are read twice: once for size and alignment, once to be printed. */

struct place {
    uint64_t size, align;
};

static uint64_t round_up(uint64_t size, uint64_t align)
{
    return (size + align - 1) / align * align;
}

static struct place scalar_place(const struct value_type *type)
{
    const uint64_t size =
        lane_size(type->type) * (type->lanes ? type->lanes : 1);
    uint64_t align = 1;

    while (align < size && (type->lanes || align < 16))
        align *= 2;
    return (struct place){round_up(size, align), align};
}

/* One member at *text, printed if bytes are given. */
static bool walk(const char **text, const uint8_t *bytes, struct place *ret,
                 int depth);

// NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH
static bool walk_members(const char **text, const uint8_t *bytes,
                         struct place *whole, bool is_packed, int depth)
{
    for (bool is_first = true; **text && !strchr("}", **text);
         is_first = false) {
        const char *again;
        struct place member;

        *text += strspn(*text, ", ");
        again = *text;
        if (!walk(&again, NULL, &member, depth + 1))
            return false;
        member.align = is_packed ? 1 : member.align;
        whole->size = round_up(whole->size, member.align);
        if (whole->size + member.size > MAX_BYTES)
            return false;
        if (bytes)
            fputs(is_first ? "" : ", ", stdout);
        if (!walk(text, bytes ? bytes + whole->size : NULL, &member, depth + 1))
            return false;
        whole->size += member.size;
        if (!is_packed && member.align > whole->align)
            whole->align = member.align;
    }
    *text += **text == '}';
    *text += is_packed && **text == '>';
    whole->size = round_up(whole->size, whole->align);
    return true;
}

// NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH
static bool walk_array(const char **text, const uint8_t *bytes,
                       struct place *whole, int depth)
{
    char *type;
    const unsigned long n = strtoul(*text + 1, &type, 10);
    struct place member = {0, 1};

    if (strncmp(type, " x ", 3) != 0 || n > MAX_BYTES)
        return false;
    for (unsigned long i = 0; i < n; i++) {
        *text = type + 3;
        if (bytes)
            fputs(i ? ", " : "", stdout);
        if (member.size * (i + 1) > MAX_BYTES ||
            !walk(text, bytes ? bytes + i * member.size : NULL, &member,
                  depth + 1))
            return false;
    }
    *text += strcspn(*text, "]");
    *text += **text == ']';
    *whole = (struct place){n * member.size, member.align};
    return true;
}

// NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH
static bool walk_aggregate(const char **text, const uint8_t *bytes,
                           struct place *ret, int depth)
{
    const bool is_array = **text == '[', is_packed = **text == '<';
    struct place whole = {0, 1};
    bool read;

    if (bytes)
        putchar(is_array ? '[' : '{');
    if (!is_array)
        *text += 1 + is_packed;
    read = is_array ? walk_array(text, bytes, &whole, depth)
                    : walk_members(text, bytes, &whole, is_packed, depth);
    if (bytes)
        putchar(is_array ? ']' : '}');
    *ret = whole;
    return read;
}

// NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH
static bool walk(const char **text, const uint8_t *bytes, struct place *ret,
                 int depth)
{
    struct value_type type;

    if (depth == MAX_DEPTH)
        return false;
    if (**text == '{' || **text == '[' || strncmp(*text, "<{", 2) == 0)
        return walk_aggregate(text, bytes, ret, depth);
    if (!value_type_read_base(text, &type))
        return false;
    *ret = scalar_place(&type);
    if (ret->size > MAX_BYTES)
        return false;
    if (bytes && type.lanes)
        print_lanes(type.type, type.lanes, bytes);
    else if (bytes)
        print_bytes(type.type, bytes);
    return true;
}

void call_value_print(const char *text, const BCCValue *value)
{
    const char *again = text;
    struct place whole;

    if (value->type == BCC_STRUCT && walk(&again, NULL, &whole, 0))
        walk(&text, value->u.v, &whole, 0);
    else if (value->type == BCC_STRUCT)
        printf("%s", text); /* larger than what a value holds */
    else if (value->lanes)
        print_lanes(value->type, value->lanes, value->u.v);
    else
        print_scalar(value);
    if (value->type != BCC_VOID)
        putchar('\n');
}
