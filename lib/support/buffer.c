#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "span.h"

void buffer_init(struct buffer *buffer)
{
    *buffer = (struct buffer){0};
}

void buffer_release(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

static bool make_room(struct buffer *buffer, size_t size)
{
    size_t capacity = buffer->capacity ? buffer->capacity : 256;
    uint8_t *data;

    if (buffer->failed)
        return false;
    if (size > SIZE_MAX / 2 - buffer->size) {
        buffer->failed = true;
        return false;
    }
    while (capacity - buffer->size < size)
        capacity *= 2;
    data = realloc(buffer->data, capacity);
    if (!data) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

uint8_t *buffer_room(struct buffer *buffer, size_t size)
{
    if ((!buffer->failed && size <= buffer->capacity - buffer->size) ||
        make_room(buffer, size))
        return buffer->data + buffer->size;
    return NULL;
}

uint8_t *buffer_grow(struct buffer *buffer, size_t size)
{
    uint8_t *place = buffer_room(buffer, size);

    if (!place)
        return NULL;
    if (size)
        memset(place, 0, size);
    buffer->size += size;
    return place;
}

void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
    uint8_t *place = size ? buffer_room(buffer, size) : NULL;

    if (!place)
        return;
    memcpy(place, data, size);
    buffer->size += size;
}

void buffer_append_string(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    char *place;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) {
        buffer->failed = true;
        return;
    }
    /* One more for the NUL, which does not count as content. */
    place = (char *)buffer_room(buffer, (size_t)length + 1);
    if (!place)
        return;
    va_start(args, format);
    vsnprintf(place, (size_t)length + 1, format, args);
    va_end(args);
    buffer->size += (size_t)length;
}

void buffer_align(struct buffer *buffer, size_t alignment)
{
    buffer_grow(buffer,
                (size_t)(align_up(buffer->size, alignment) - buffer->size));
}
