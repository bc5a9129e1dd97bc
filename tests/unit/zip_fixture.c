#include "zip_fixture.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { STORED = 0, DEFLATED = 8, FLAG_DESCRIPTOR = 8, VERSION_64 = 45 };

/* ---- Integers ---- */

static void put(struct buffer *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        buffer_append(out, &byte, 1);
    }
}

static void put16(struct buffer *out, uint64_t value)
{
    put(out, value, 2);
}

static void put32(struct buffer *out, uint64_t value)
{
    put(out, value, 4);
}

static void put64(struct buffer *out, uint64_t value)
{
    put(out, value, 8);
}

/* ---- One file ---- */

struct packed {
    uint8_t *data;
    size_t size;
    uint32_t crc;
};

static struct packed pack(const struct zip_file *file)
{
    z_stream stream = {0};
    uLong room = compressBound((uLong)file->size) + 64;
    struct packed packed = {malloc(room), file->size, 0};
    int result;

    packed.crc = (uint32_t)crc32(0, file->data, (uInt)file->size);
    if (!packed.data)
        abort();
    if (!(file->flags & ZIP_DEFLATED)) {
        memcpy(packed.data, file->data, file->size);
        return packed;
    }
    result =
        deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    assert(result == Z_OK);
    stream.next_in = (Bytef *)file->data;
    stream.avail_in = (uInt)file->size;
    stream.next_out = packed.data;
    stream.avail_out = (uInt)room;
    result = deflate(&stream, Z_FINISH);
    assert(result == Z_STREAM_END);
    (void)result;
    packed.size = stream.total_out;
    deflateEnd(&stream);
    return packed;
}

/* What the local header and that in the directory have in common. */
static void put_common(struct buffer *out, const struct zip_file *file,
                       const struct packed *packed, size_t n_extra,
                       bool is_local)
{
    bool is_later = is_local && file->flags & ZIP_DESCRIPTOR;
    bool is_64 = file->flags & ZIP_64;

    put16(out, is_64 ? VERSION_64 : 20);
    put16(out, file->flags & ZIP_DESCRIPTOR ? FLAG_DESCRIPTOR : 0);
    put16(out, file->flags & ZIP_DEFLATED ? DEFLATED : STORED);
    put32(out, 0x59750000); /* time and date */
    put32(out, is_later ? 0 : packed->crc);
    put32(out, is_64 ? UINT32_MAX : is_later ? 0 : packed->size);
    put32(out, is_64 ? UINT32_MAX : is_later ? 0 : file->size);
    put16(out, strlen(file->name));
    put16(out, n_extra);
}

static size_t put_local(struct buffer *out, const struct zip_file *file,
                        const struct packed *packed)
{
    bool is_64 = file->flags & ZIP_64;
    bool is_later = file->flags & ZIP_DESCRIPTOR;
    size_t data_offset;

    put32(out, 0x04034b50);
    put_common(out, file, packed, is_64 ? 20 : 0, true);
    buffer_append_string(out, file->name);
    if (is_64) {
        put16(out, 1);
        put16(out, 16);
        put64(out, is_later ? 0 : file->size);
        put64(out, is_later ? 0 : packed->size);
    }
    data_offset = out->size;
    buffer_append(out, packed->data, packed->size);
    if (is_later) {
        put32(out, 0x08074b50);
        put32(out, packed->crc);
        put(out, packed->size, is_64 ? 8 : 4);
        put(out, file->size, is_64 ? 8 : 4);
    }
    return data_offset;
}

static void put_central(struct buffer *out, const struct zip_file *file,
                        const struct packed *packed, size_t local_offset)
{
    bool is_64 = file->flags & ZIP_64;

    put32(out, 0x02014b50);
    put16(out, 3 << 8 | 20); /* made on Unix */
    put_common(out, file, packed, is_64 ? 28 : 0, false);
    put16(out, 0);                       /* comment */
    put16(out, 0);                       /* disk */
    put16(out, 0);                       /* internal attributes */
    put32(out, UINT64_C(0100644) << 16); /* mode */
    put32(out, is_64 ? UINT32_MAX : local_offset);
    buffer_append_string(out, file->name);
    if (is_64) {
        put16(out, 1);
        put16(out, 24);
        put64(out, file->size);
        put64(out, packed->size);
        put64(out, local_offset);
    }
}

/* ---- Archive ---- */

static void put_end_64(struct buffer *out, size_t n, size_t size, size_t offset,
                       size_t start)
{
    size_t at = out->size - start;

    put32(out, 0x06064b50);
    put64(out, 44); /* bytes that follow */
    put16(out, VERSION_64);
    put16(out, VERSION_64);
    put32(out, 0);
    put32(out, 0);
    put64(out, n);
    put64(out, n);
    put64(out, size);
    put64(out, offset);

    put32(out, 0x07064b50);
    put32(out, 0);
    put64(out, at);
    put32(out, 1);
}

void zip_make(const struct zip_file *files, size_t n_files, unsigned flags,
              struct buffer *out, struct zip_places *places)
{
    bool is_64 = flags & ZIP_64;
    struct packed packed[ZIP_MAX_FILES];
    struct zip_places here;
    size_t start = out->size, offset, size;

    assert(n_files <= ZIP_MAX_FILES);
    for (size_t i = 0; i < n_files; i++) {
        packed[i] = pack(&files[i]);
        here.local[i] = out->size;
        here.data[i] = put_local(out, &files[i], &packed[i]);
    }
    offset = out->size - start;
    for (size_t i = 0; i < n_files; i++) {
        here.central[i] = out->size;
        put_central(out, &files[i], &packed[i], here.local[i] - start);
        free(packed[i].data);
    }
    size = out->size - start - offset;
    if (is_64)
        put_end_64(out, n_files, size, offset, start);
    here.end = out->size;
    put32(out, 0x06054b50);
    put16(out, 0);
    put16(out, 0);
    put16(out, is_64 ? UINT16_MAX : n_files);
    put16(out, is_64 ? UINT16_MAX : n_files);
    put32(out, is_64 ? UINT32_MAX : size);
    put32(out, is_64 ? UINT32_MAX : offset);
    put16(out, 0); /* comment */
    if (buffer_failed(out))
        abort();
    if (places)
        *places = here;
}
