#include "text.h"

#include <string.h>

/* ---- Safe to print ---- */

/* Leading bytes by length of the character: their fixed bits, the mask of
 * these, and the lowest code point that needs this length. */
static const struct lead {
    uint8_t mask, bits;
    uint32_t least;
} leads[] = {
    {0x80, 0x00, 0},
    {0xe0, 0xc0, 0x80},
    {0xf0, 0xe0, 0x800},
    {0xf8, 0xf0, 0x10000},
};

size_t visible_decode(const char *text, uint32_t *ret_code)
{
    const uint8_t *byte = (const uint8_t *)text;
    size_t n = 0;
    uint32_t code;

    while (n < 4 && (byte[0] & leads[n].mask) != leads[n].bits)
        n++;
    if (n == 4)
        return 0;
    code = byte[0] & ~(uint32_t)leads[n].mask;
    for (size_t i = 1; i <= n; i++) {
        if ((byte[i] & 0xc0) != 0x80) /* at the end of the text, the NUL is
                                         no continuation byte */
            return 0;
        code = code << 6 | (byte[i] & 0x3f);
    }
    if (code < leads[n].least || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code = code;
    return n + 1;
}

bool visible_is_plain(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } others[] = {
        {0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},
        {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        if (code >= others[i].first && code <= others[i].last)
            return false;
    return true;
}

void visible_append(struct buffer *out, const char *text)
{
    while (*text) {
        uint32_t code = 0;
        size_t size = visible_decode(text, &code);
        bool plain = size > 0 && visible_is_plain(code);

        size += size == 0;
        if (plain)
            buffer_append(out, text, size);
        for (size_t i = 0; !plain && i < size; i++)
            buffer_printf(out, "\\x%02x", (unsigned char)text[i]);
        text += size;
    }
}

/* ---- Near names ---- */

enum { MAX_NAME = 40 };

unsigned near_name_distance(const char *a, size_t a_size, const char *b,
                            size_t b_size)
{
    unsigned row[MAX_NAME + 1];

    if (a_size > MAX_NAME || b_size > MAX_NAME)
        return MAX_NAME;
    for (size_t j = 0; j <= b_size; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_size; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_size; j++) {
            const unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            const unsigned less = row[j] < row[j - 1] ? row[j] : row[j - 1];

            diagonal = row[j];
            row[j] = less + 1 < change ? less + 1 : change;
        }
    }
    return row[b_size];
}
