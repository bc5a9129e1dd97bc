/* Borrowed bytes, span_slice() to take a part of them, and arithmetic on
 * offsets that reports when it would wrap.
 *
 * Every offset from a file goes through span_slice(). It compares in
 * subtraction form, so no pair (offset, size) can overflow. */
#ifndef BCC_SUPPORT_SPAN_H
#define BCC_SUPPORT_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    const uint8_t *data;
    size_t size;
};

/* True, and *ret_part set, if [offset, offset + size) lies inside whole. */
static inline bool span_slice(struct span whole, uint64_t offset, uint64_t size,
                              struct span *ret_part)
{
    if (offset > whole.size || size > whole.size - offset)
        return false;
    ret_part->data = whole.data + offset;
    ret_part->size = (size_t)size;
    return true;
}

/* ---- Arithmetic ---- */

static inline bool checked_add_u64(uint64_t a, uint64_t b, uint64_t *ret_sum)
{
    return !__builtin_add_overflow(a, b, ret_sum);
}

static inline bool checked_mul_size(size_t a, size_t b, size_t *ret_prod)
{
    return !__builtin_mul_overflow(a, b, ret_prod);
}

static inline bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* alignment is a power of two; the caller knows that value + alignment - 1
 * does not wrap. */
static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

static inline uint64_t align_down(uint64_t value, uint64_t alignment)
{
    return value & ~(alignment - 1);
}

#endif
