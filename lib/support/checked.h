/* Integer arithmetic that detects overflow, and alignment. */
#ifndef BCC_SUPPORT_CHECKED_H
#define BCC_SUPPORT_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool checked_add_u64(uint64_t a, uint64_t b, uint64_t *ret_sum)
{
    return !__builtin_add_overflow(a, b, ret_sum);
}

static inline bool checked_mul_u64(uint64_t a, uint64_t b, uint64_t *ret_prod)
{
    return !__builtin_mul_overflow(a, b, ret_prod);
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
