/* A ZIP archive is read from its end (PKWARE's APPNOTE.TXT, section 4.3):
 *
 *     [anything]                for example a program that unpacks the rest
 *     { local header, name, extra field, bytes, [descriptor] }
 *     { header, name, extra field, comment }        the directory
 *     [ZIP64's end record, its locator]  counts and offsets of 64 bits
 *     end record, comment
 *
 * The directory is authoritative. It has the sizes and the CRC-32 even if the
 * local header leaves them to a descriptor, which is not read. Offsets count
 * from the first local header. The number of bytes before that header is the
 * difference between the recorded and the real offset of the directory.
 *
 * Facts that are stated twice have to agree, and every size is compared with
 * the bytes that are there before memory is allocated. Deflate makes at most
 * 1,032 bytes from one. So a ZIP bomb is refused, or costs what its size
 * announces, and memory for that only if the caller wants it in one piece.
 *
 * minizip could do most of this, but that of Debian 12 takes the sizes of ZIP64
 * entries for 4 GiB - 1 on 64-bit machines. */
#include "zip.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "file.h"
#include "shared_library.h"

enum {
    END_SIZE = 22,
    LOCATOR_SIZE = 20,
    END_64_SIZE = 56,
    LOCAL_SIZE = 30,
    CENTRAL_SIZE = 46,
    MAX_COMMENT_SIZE = UINT16_MAX,
    EXTRA_64 = 1, /* the number of the extra field with 64-bit sizes */
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
    FLAG_ENCRYPTED = 1u << 0,
    FLAG_DESCRIPTOR = 1u << 3,
    DEFLATE_MAX_RATIO = 1032,
    FLOW_SIZE = 32 * 1024,   /* this much of an entry is in memory at a time */
    MAX_ENTRY_SIZE = INT_MAX /* far more than any bitcode; zlib counts in int */
};

static const uint8_t end_magic[4] = {'P', 'K', 5, 6};
static const uint8_t locator_magic[4] = {'P', 'K', 6, 7};
static const uint8_t end_64_magic[4] = {'P', 'K', 6, 6};
static const uint8_t central_magic[4] = {'P', 'K', 1, 2};
static const uint8_t local_magic[4] = {'P', 'K', 3, 4};
static const char damaged[] = "its compressed bytes are damaged";

struct archive {
    int fd;
    uint64_t size;
    const char *name;      /* for messages */
    uint64_t start;        /* the position from which offsets count */
    uint64_t data_end;     /* where the directory starts */
    struct span directory; /* owned */
    uint64_t n_entries;    /* as the end record counts */
    uint64_t count_mask;   /* limit of these sizes and offsets */
};

struct entry {
    struct span name;
    unsigned flags, method;
    uint32_t crc;
    uint64_t packed_size, size; /* bytes */
    uint64_t local_offset;
};

/* ---- Bytes ---- */

static unsigned get16(const uint8_t *at)
{
    return at[0] | (unsigned)at[1] << 8;
}

static uint32_t get32(const uint8_t *at)
{
    return get16(at) | (uint32_t)get16(at + 2) << 16;
}

static uint64_t get64(const uint8_t *at)
{
    return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static bool has_magic(const uint8_t *at, const uint8_t magic[4])
{
    return memcmp(at, magic, 4) == 0;
}

static enum status corrupt(const struct archive *archive, const char *fact,
                           struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "%s: %s", archive->name, fact);
}

/* Read exactly this many bytes, or fail. */
static enum status read_at(const struct archive *archive, void *data,
                           uint64_t size, uint64_t offset, struct error *err)
{
    enum status status;
    size_t got;

    if (offset > archive->size || size > archive->size - offset)
        return corrupt(archive, "an offset leads outside the archive", err);
    status = file_read_at(archive->fd, (struct file_target){data, (size_t)size},
                          offset, archive->name, &got, err);
    if (status == STATUS_OK && got != size)
        return corrupt(archive, "the archive was cut short", err);
    return status;
}

/* The same into new memory. *ret_data is never NULL. */
static enum status read_new(const struct archive *archive, uint64_t size,
                            uint64_t offset, uint8_t **ret_data,
                            struct error *err)
{
    enum status status;
    uint8_t *data;

    if (size > archive->size)
        return corrupt(archive, "a size exceeds the archive's", err);
    data = size < SIZE_MAX ? malloc((size_t)size + 1) : NULL;
    if (!data)
        return error_no_memory(err);
    status = read_at(archive, data, size, offset, err);
    if (status)
        free(data);
    else
        *ret_data = data;
    return status;
}

/* ---- The end ---- */

/* Find the end record in size bytes: the last one that is followed by a comment
 * of the length it states; NULL: none. */
static const uint8_t *find_end(const uint8_t *tail, size_t size)
{
    for (size_t after = 0; after + END_SIZE <= size; after++) {
        const uint8_t *at = tail + size - END_SIZE - after;

        if (has_magic(at, end_magic) && get16(at + 20) == after)
            return at;
    }
    return NULL;
}

/* Fields that do not fit 16 or 32 bits have all bits set, and their values are
 * in the ZIP64 record. It and its locator come directly before the end
 * record. */
static enum status read_end_64(const struct archive *archive, uint64_t end,
                               uint8_t ret_record[END_64_SIZE], bool *ret_found,
                               struct error *err)
{
    uint8_t records[END_64_SIZE + LOCATOR_SIZE];
    enum status status;

    *ret_found = false;
    if (end < sizeof(records))
        return STATUS_OK;
    status =
        read_at(archive, records, sizeof(records), end - sizeof(records), err);
    if (status || !has_magic(records + END_64_SIZE, locator_magic))
        return status;
    if (!has_magic(records, end_64_magic))
        return corrupt(archive, "ZIP64's end record is damaged", err);
    memcpy(ret_record, records, END_64_SIZE);
    *ret_found = true;
    return STATUS_OK;
}

static enum status read_directory(struct archive *archive, uint64_t end,
                                  uint64_t size, uint64_t offset,
                                  struct error *err)
{
    enum status status;
    uint8_t *data;

    /* After this check the directory lies inside the archive, and start is not
     * negative. */
    if (size > end || offset > end - size)
        return corrupt(archive, "its directory leads outside the archive", err);
    status = read_new(archive, size, end - size, &data, err);
    if (status)
        return status;
    archive->directory = (struct span){data, (size_t)size};
    archive->data_end = end - size;
    archive->start = archive->data_end - offset;
    return STATUS_OK;
}

static enum status apply_end(struct archive *archive, const uint8_t *record,
                             uint64_t end, struct error *err)
{
    uint64_t size = get32(record + 12), offset = get32(record + 16);
    uint8_t record_64[END_64_SIZE];
    enum status status;
    bool has_64;

    if (get16(record + 4) != 0 && get16(record + 4) != UINT16_MAX)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: the archive is one of several parts",
                         archive->name);
    archive->n_entries = get16(record + 10);
    archive->count_mask = UINT16_MAX;
    status = read_end_64(archive, end, record_64, &has_64, err);
    if (status)
        return status;
    if (has_64) {
        end -= END_64_SIZE + LOCATOR_SIZE;
        if (archive->n_entries == UINT16_MAX) {
            archive->n_entries = get64(record_64 + 32);
            archive->count_mask = UINT64_MAX;
        }
        if (size == UINT32_MAX)
            size = get64(record_64 + 40);
        if (offset == UINT32_MAX)
            offset = get64(record_64 + 48);
    }
    return read_directory(archive, end, size, offset, err);
}

static enum status open_archive(struct archive *archive, int fd, uint64_t size,
                                const char *name, struct error *err)
{
    uint64_t tail_size = END_SIZE + MAX_COMMENT_SIZE;
    const uint8_t *record;
    enum status status;
    uint8_t *tail;

    *archive = (struct archive){.fd = fd, .size = size, .name = name};
    if (tail_size > size)
        tail_size = size;
    status = read_new(archive, tail_size, size - tail_size, &tail, err);
    if (status)
        return status;
    record = find_end(tail, (size_t)tail_size);
    if (record)
        status = apply_end(archive, record,
                           size - tail_size + (uint64_t)(record - tail), err);
    else
        status = corrupt(archive, "not a ZIP archive, or cut short", err);
    free(tail);
    return status;
}

static void close_archive(struct archive *archive)
{
    free((void *)archive->directory.data);
}

/* ---- The directory ---- */

/* Replace the fields that have all bits set by their real values, which come in
 * this order. */
static bool widen(struct entry *entry, struct span extra)
{
    uint64_t *fields[] = {&entry->size, &entry->packed_size,
                          &entry->local_offset};
    struct span values = {NULL, 0};

    for (uint64_t at = 0; extra.size - at >= 4;) {
        const uint8_t *head = extra.data + at;
        struct span body;

        if (!span_slice(extra, at + 4, get16(head + 2), &body))
            break;
        if (get16(head) == EXTRA_64)
            values = body;
        at += 4 + body.size;
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (*fields[i] != UINT32_MAX)
            continue;
        if (values.size < 8)
            return false;
        *fields[i] = get64(values.data);
        values.data += 8;
        values.size -= 8;
    }
    return true;
}

/* Read the directory entry at *at, and advance *at. */
static enum status next_entry(const struct archive *archive, uint64_t *at,
                              struct entry *ret_entry, struct error *err)
{
    struct span directory = archive->directory, head, names, extra;
    struct entry entry;
    uint64_t name_size, extra_size;

    if (!span_slice(directory, *at, CENTRAL_SIZE, &head) ||
        !has_magic(head.data, central_magic))
        return corrupt(archive, "its directory is damaged", err);
    entry = (struct entry){
        .flags = get16(head.data + 8),
        .method = get16(head.data + 10),
        .crc = get32(head.data + 16),
        .packed_size = get32(head.data + 20),
        .size = get32(head.data + 24),
        .local_offset = get32(head.data + 42),
    };
    name_size = get16(head.data + 28);
    extra_size = get16(head.data + 30);
    if (!span_slice(directory, *at + CENTRAL_SIZE,
                    name_size + extra_size + get16(head.data + 32), &names) ||
        !span_slice(names, 0, name_size, &entry.name) ||
        !span_slice(names, name_size, extra_size, &extra) ||
        !widen(&entry, extra))
        return corrupt(archive, "its directory is damaged", err);
    *at += CENTRAL_SIZE + names.size;
    *ret_entry = entry;
    return STATUS_OK;
}

static enum status visit_entries(const struct archive *archive,
                                 enum status (*visit)(void *context,
                                                      const struct entry *entry,
                                                      struct error *err),
                                 void *context, struct error *err)
{
    uint64_t at = 0, n = 0;
    enum status status = STATUS_OK;

    for (; status == STATUS_OK && at < archive->directory.size; n++) {
        struct entry entry;

        status = next_entry(archive, &at, &entry, err);
        if (status == STATUS_OK)
            status = visit(context, &entry, err);
    }
    if (status == STATUS_OK &&
        (n & archive->count_mask) != (archive->n_entries & archive->count_mask))
        return error_set(err, STATUS_CORRUPT,
                         "%s: its directory has %" PRIu64
                         " entries, not %" PRIu64,
                         archive->name, n, archive->n_entries);
    return status;
}

/* ---- One entry ---- */

struct search {
    const struct archive *archive;
    const char *wanted;
    struct entry found;
    bool is_seen;
};

static enum status compare_entry(void *context, const struct entry *entry,
                                 struct error *err)
{
    struct search *search = context;
    struct span name = entry->name;

    if (name.size != strlen(search->wanted) ||
        memcmp(name.data, search->wanted, name.size) != 0)
        return STATUS_OK;
    if (search->is_seen)
        return corrupt(search->archive, "there are two entries of this name",
                       err);
    search->found = *entry;
    search->is_seen = true;
    return STATUS_OK;
}

static enum status find_entry(const struct archive *archive, const char *wanted,
                              struct entry *ret_entry, struct error *err)
{
    struct search search = {.archive = archive, .wanted = wanted};
    enum status status = visit_entries(archive, compare_entry, &search, err);

    if (status == STATUS_OK && !search.is_seen)
        return error_set(err, STATUS_IO, "%s: the archive has no such entry",
                         archive->name);
    if (status == STATUS_OK)
        *ret_entry = search.found;
    return status;
}

static enum status check_entry(const struct archive *archive,
                               const struct entry *entry, struct error *err)
{
    uint64_t packed_size = entry->packed_size, size = entry->size;

    if (entry->flags & FLAG_ENCRYPTED)
        return error_set(err, STATUS_UNSUPPORTED, "%s: encrypted",
                         archive->name);
    if (entry->method != METHOD_STORED && entry->method != METHOD_DEFLATED)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: compressed by method %u; 0 (stored) and 8 "
                         "(deflated) are known",
                         archive->name, entry->method);
    if (entry->method == METHOD_STORED ? size != packed_size
                                       : size / DEFLATE_MAX_RATIO > packed_size)
        return error_set(err, STATUS_CORRUPT,
                         "%s: %" PRIu64 " bytes cannot be made of %" PRIu64,
                         archive->name, size, packed_size);
    if (size > MAX_ENTRY_SIZE || packed_size > MAX_ENTRY_SIZE)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %" PRIu64 " bytes are above the limit",
                         archive->name, size);
    return STATUS_OK;
}

/* Does the local header agree with the directory? It need not if it leaves
 * sizes to the ZIP64 extra field or to the descriptor. */
static bool is_local_header(const uint8_t *head, const struct entry *entry)
{
    uint32_t packed_size = get32(head + 18), size = get32(head + 22);

    if (!has_magic(head, local_magic) || get16(head + 8) != entry->method ||
        get16(head + 26) != entry->name.size ||
        memcmp(head + LOCAL_SIZE, entry->name.data, entry->name.size) != 0)
        return false;
    return get16(head + 6) & FLAG_DESCRIPTOR ||
           (get32(head + 14) == entry->crc &&
            (packed_size == UINT32_MAX || packed_size == entry->packed_size) &&
            (size == UINT32_MAX || size == entry->size));
}

static enum status find_data(const struct archive *archive,
                             const struct entry *entry, uint64_t *ret_offset,
                             struct error *err)
{
    uint64_t head_size = LOCAL_SIZE + entry->name.size, offset;
    enum status status;
    uint8_t *head;

    if (__builtin_add_overflow(archive->start, entry->local_offset, &offset))
        return corrupt(archive, "an offset leads outside the archive", err);
    status = read_new(archive, head_size, offset, &head, err);
    if (status)
        return status;
    offset += head_size + get16(head + 28);
    if (!is_local_header(head, entry))
        status =
            corrupt(archive, "its local header is not the directory's", err);
    else if (offset > archive->data_end ||
             entry->packed_size > archive->data_end - offset)
        status = corrupt(archive, "its bytes end beyond the archive", err);
    else
        *ret_offset = offset;
    free(head);
    return status;
}

/* ---- zlib ---- */

#define FUNCTIONS(X)                                                           \
    X(inflateInit2_)                                                           \
    X(inflate)                                                                 \
    X(inflateEnd)                                                              \
    X(crc32)

struct zlib {
#define X(name) __typeof__(name) *(name);
    FUNCTIONS(X)
#undef X
};

static enum status open_zlib(const struct archive *archive, struct zlib *zlib,
                             struct error *err)
{
    static const char names[] =
#define X(name) #name "\0"
        FUNCTIONS(X);
#undef X
    struct error cause = {0};
    enum status status;

    status = shared_library_bind("libz.so.1", "ZIP archives", names,
                                 (void **)zlib, &cause);
    return status
               ? error_set(err, status, "%s: %s", archive->name, cause.message)
               : STATUS_OK;
}

/* ---- Content ---- */

/* State of unpacking an entry piece by piece. */
struct flow {
    const struct archive *archive;
    const struct zlib *zlib;
    uint64_t offset, left; /* packed bytes that were not read yet */
    uint64_t expected;     /* unpacked bytes that were not delivered yet */
    uint32_t crc;          /* checksum of the delivered bytes */
    struct zip_sink sink;
    uint8_t packed[FLOW_SIZE], unpacked[FLOW_SIZE];
};

/* Read the next packed bytes; none at the end. */
static enum status take(struct flow *flow, struct span *ret_bytes,
                        struct error *err)
{
    const size_t size = flow->left < FLOW_SIZE ? (size_t)flow->left : FLOW_SIZE;
    enum status status =
        read_at(flow->archive, flow->packed, size, flow->offset, err);

    if (status)
        return status;
    flow->offset += size;
    flow->left -= size;
    *ret_bytes = (struct span){flow->packed, size};
    return STATUS_OK;
}

static enum status deliver(struct flow *flow, struct span bytes,
                           struct error *err)
{
    if (bytes.size > flow->expected)
        return corrupt(flow->archive, damaged, err);
    flow->expected -= bytes.size;
    flow->crc =
        (uint32_t)flow->zlib->crc32(flow->crc, bytes.data, (uInt)bytes.size);
    return flow->sink.fn(flow->sink.context, bytes, err);
}

static enum status copy_all(struct flow *flow, struct error *err)
{
    enum status status = STATUS_OK;
    struct span bytes;

    while (status == STATUS_OK && flow->left > 0) {
        status = take(flow, &bytes, err);
        if (status == STATUS_OK)
            status = deliver(flow, bytes, err);
    }
    return status;
}

/* One step of zlib; sets *ret_ended at the end of the stream. */
static enum status inflate_some(struct flow *flow, z_stream *stream,
                                bool *ret_ended, struct error *err)
{
    enum status status;
    struct span bytes;
    int result;

    if (stream->avail_in == 0 && flow->left > 0) {
        status = take(flow, &bytes, err);
        if (status)
            return status;
        stream->next_in = (Bytef *)bytes.data;
        stream->avail_in = (uInt)bytes.size;
    }
    stream->next_out = flow->unpacked;
    stream->avail_out = FLOW_SIZE;
    result = flow->zlib->inflate(stream, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR)
        return error_no_memory(err);
    /* Z_BUF_ERROR: no progress, as the bytes end too early. */
    if (result != Z_OK && result != Z_STREAM_END)
        return corrupt(flow->archive, damaged, err);
    *ret_ended = result == Z_STREAM_END;
    return deliver(flow,
                   (struct span){flow->unpacked, FLOW_SIZE - stream->avail_out},
                   err);
}

/* Unpack raw deflate: exactly the packed bytes must make exactly the unpacked
 * ones. */
static enum status inflate_all(struct flow *flow, struct error *err)
{
    z_stream stream = {0};
    enum status status = STATUS_OK;
    bool ended = false;

    if (flow->zlib->inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION,
                                  (int)sizeof(stream)) != Z_OK)
        return error_no_memory(err);
    while (status == STATUS_OK && !ended)
        status = inflate_some(flow, &stream, &ended, err);
    flow->zlib->inflateEnd(&stream);
    if (status == STATUS_OK &&
        (stream.avail_in || flow->left || flow->expected))
        return corrupt(flow->archive, damaged, err);
    return status;
}

static enum status read_content(const struct archive *archive,
                                const struct entry *entry,
                                const struct zip_sink *sink, struct error *err)
{
    struct zlib zlib;
    struct flow *flow;
    uint64_t offset;
    enum status status = find_data(archive, entry, &offset, err);

    if (status == STATUS_OK)
        status = open_zlib(archive, &zlib, err);
    if (status)
        return status;
    flow = malloc(sizeof(*flow));
    if (!flow)
        return error_no_memory(err);
    flow->archive = archive;
    flow->zlib = &zlib;
    flow->offset = offset;
    flow->left = entry->packed_size;
    flow->expected = entry->size;
    flow->crc = 0;
    flow->sink = *sink;
    status =
        (entry->method == METHOD_DEFLATED ? inflate_all : copy_all)(flow, err);
    if (status == STATUS_OK && flow->crc != entry->crc)
        status = corrupt(archive, "CRC-32 mismatch", err);
    free(flow);
    return status;
}

/* Find the entry. status: of opening the archive; an error is passed on. */
static enum status choose_entry(const struct archive *archive,
                                enum status status, const char *wanted,
                                struct entry *ret_entry, struct error *err)
{
    if (status == STATUS_OK)
        status = find_entry(archive, wanted, ret_entry, err);
    if (status == STATUS_OK)
        status = check_entry(archive, ret_entry, err);
    return status;
}

enum status zip_stream(int fd, uint64_t archive_size, const char *name,
                       const char *entry, const struct zip_sink *sink,
                       struct error *err)
{
    struct archive archive;
    struct entry found;
    enum status status = open_archive(&archive, fd, archive_size, name, err);

    status = choose_entry(&archive, status, entry, &found, err);
    if (status == STATUS_OK)
        status = read_content(&archive, &found, sink, err);
    close_archive(&archive);
    return status;
}

static enum status append(void *context, struct span bytes, struct error *err)
{
    uint8_t **end = context;

    (void)err;
    memcpy(*end, bytes.data, bytes.size);
    *end += bytes.size;
    return STATUS_OK;
}

enum status zip_read(int fd, uint64_t archive_size, const char *name,
                     const char *entry, struct span *ret_bytes,
                     struct error *err)
{
    uint8_t *data = NULL, *end;
    const struct zip_sink sink = {append, &end};
    struct archive archive;
    struct entry found;
    enum status status = open_archive(&archive, fd, archive_size, name, err);

    status = choose_entry(&archive, status, entry, &found, err);
    if (status == STATUS_OK) {
        end = data = malloc((size_t)found.size + 1);
        status = data ? read_content(&archive, &found, &sink, err)
                      : error_no_memory(err);
    }
    if (status)
        free(data);
    else
        *ret_bytes = (struct span){data, (size_t)found.size};
    close_archive(&archive);
    return status;
}

/* ---- All entries ---- */

struct listing {
    zip_entry_fn fn;
    void *context;
};

static enum status list_entry(void *context, const struct entry *entry,
                              struct error *err)
{
    const struct listing *listing = context;

    return listing->fn(listing->context, entry->name, err);
}

enum status zip_list(int fd, uint64_t archive_size, const char *name,
                     zip_entry_fn fn, void *context, struct error *err)
{
    struct listing listing = {fn, context};
    struct archive archive;
    enum status status = open_archive(&archive, fd, archive_size, name, err);

    if (status == STATUS_OK)
        status = visit_entries(&archive, list_entry, &listing, err);
    close_archive(&archive);
    return status;
}
