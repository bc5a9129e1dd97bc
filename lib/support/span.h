/* Borrowed bytes, and the only way to take a part of them.
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

#endif
