/* A growing array of bytes, owned by the struct's owner.
 *
 * Appending does not report failure immediately. A buffer that ran out of
 * memory stays failed and ignores later appends; the caller checks once, at the
 * end, with buffer_failed(). */
#ifndef BCC_SUPPORT_BUFFER_H
#define BCC_SUPPORT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span.h"

struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool failed;
};

void buffer_init(struct buffer *buffer);
void buffer_release(struct buffer *buffer);

static inline bool buffer_failed(const struct buffer *buffer)
{
    return buffer->failed;
}

static inline struct span buffer_span(const struct buffer *buffer)
{
    return (struct span){buffer->data, buffer->size};
}

/* Where the next size bytes go, or NULL if the buffer has failed. The caller
 * writes them there, or fewer, and adds their number to size. */
uint8_t *buffer_room(struct buffer *buffer, size_t size);

/* Append size bytes and return where they are (to be filled, zeroed already),
 * or NULL if the buffer has failed. Valid until the next append. */
uint8_t *buffer_grow(struct buffer *buffer, size_t size);

void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_append_string(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Append zero bytes until size is a multiple of alignment (a power of two). */
void buffer_align(struct buffer *buffer, size_t alignment);

#endif
