#include "signature.h"

#include <assert.h>
#include <string.h>

#include <bcc/bcc_cache.h>

#include "cache_read.h"
#include "checksum.h"

/* Prefix of the digest, so that a signature of these bytes is valid nowhere
 * else. */
static const char purpose[] = "oBCC signature 1";

enum {
    PURPOSE_SIZE = sizeof(purpose) - 1,
    MESSAGE_SIZE = PURPOSE_SIZE + SHA512_SIZE
};

/* Header and section table, copied: the bytes that are checked are the bytes
 * that are used, even if somebody writes to the file meanwhile. */
struct head {
    size_t n_sections;
    size_t size;
    uint8_t bytes[CACHE_HEAD_SIZE];
};

static struct obcc_section *table_of(struct head *head)
{
    return (void *)(head->bytes + OBCC_HEADER_SIZE);
}

static enum status copy_head(struct span file, const char *name,
                             struct head *ret_head, struct error *err)
{
    size_t there = file.size < CACHE_HEAD_SIZE ? file.size : CACHE_HEAD_SIZE;
    const struct obcc_header *header = (const void *)ret_head->bytes;

    *ret_head = (struct head){0};
    memcpy(ret_head->bytes, file.data, there);
    ret_head->n_sections = obcc_get16(header->n_sections);
    ret_head->size =
        OBCC_HEADER_SIZE + ret_head->n_sections * OBCC_SECTION_SIZE;
    if (ret_head->n_sections > OBCC_MAX_SECTIONS || ret_head->size > there)
        return error_set(err, STATUS_CORRUPT, "%s: section table: damaged",
                         name);
    return STATUS_OK;
}

static bool section_bytes(struct span file, const struct obcc_section *row,
                          struct span *ret_bytes)
{
    return span_slice(file, obcc_get64(row->offset), obcc_get64(row->size),
                      ret_bytes);
}

/* ---- What is signed ---- */

/* The bytes that are signed. The checksums that cover the signature, which is
 * the last section, count as zero. */
static enum status make_message(struct span file, const char *name,
                                struct head head,
                                uint8_t ret_message[MESSAGE_SIZE],
                                struct error *err)
{
    struct obcc_section *row = &table_of(&head)[head.n_sections - 1];
    uint64_t end = obcc_get64(row->offset);
    struct span pieces[2] = {{head.bytes, head.size}, {NULL, 0}};

    if (end < head.size ||
        !span_slice(file, head.size, end - head.size, &pieces[1]))
        return error_set(err, STATUS_CORRUPT, "%s: signature: misplaced", name);
    ((struct obcc_header *)head.bytes)->checksum = obcc_le64(0);
    row->checksum = obcc_le64(0);
    memcpy(ret_message, purpose, PURPOSE_SIZE);
    return sha512_digest(pieces, 2, ret_message + PURPOSE_SIZE, err);
}

/* ---- Checking ---- */

static enum status refuse(const char *name, const char *fact, struct error *err)
{
    error_set(err, STATUS_UNTRUSTED, "%s: %s", name, fact);
    return error_add_reason(err, STATUS_UNTRUSTED, REASON_UNSIGNED);
}

/* Find the signature, which must be the last section: cache_layout_read() has
 * checked that the last section ends the file. */
static bool find_signature(struct span file, struct head *head,
                           struct obcc_signature *ret_signature)
{
    const struct obcc_section *last;
    struct span bytes;

    if (head->n_sections == 0)
        return false;
    last = &table_of(head)[head->n_sections - 1];
    if (obcc_get32(last->kind) != OBCC_SIGNATURE ||
        !section_bytes(file, last, &bytes) ||
        bytes.size != sizeof(*ret_signature))
        return false;
    memcpy(ret_signature, bytes.data, sizeof(*ret_signature));
    return true;
}

enum status signature_check(struct span file, const struct signature_key *keys,
                            size_t n_keys, const char *name, struct error *err)
{
    struct obcc_signature signature;
    uint8_t message[MESSAGE_SIZE];
    enum status status;
    struct head head;
    size_t i = 0;

    status = copy_head(file, name, &head, err);
    if (status)
        return status;
    if (!find_signature(file, &head, &signature))
        return refuse(name, "not signed", err);
    if (obcc_get32(signature.algorithm) != OBCC_SIGNATURE_ED25519 ||
        obcc_get32(signature.reserved) != 0)
        return refuse(name, "signed in a way that is not known", err);
    while (i < n_keys &&
           memcmp(keys[i].byte, signature.key, sizeof(signature.key)) != 0)
        i++;
    if (i == n_keys)
        return refuse(name, "signed by a key that is not trusted", err);
    status = make_message(file, name, head, message, err);
    if (status)
        return status;
    status =
        ed25519_verify(keys[i].byte, (struct span){message, sizeof(message)},
                       signature.signature, err);
    if (status == STATUS_UNTRUSTED)
        return refuse(name, "signature does not match", err);
    return status;
}

/* ---- Signing ---- */

/* Copy all sections except a signature, one after the other as the writer
 * places them. The table grows by a row, so they move. */
static enum status copy_sections(struct span file, struct head *head,
                                 size_t n_sections, const char *name,
                                 struct buffer *out, struct error *err)
{
    const struct obcc_header *header = (const void *)head->bytes;
    struct span bytes;

    buffer_grow(out, OBCC_HEADER_SIZE + (n_sections + 1) * OBCC_SECTION_SIZE);
    for (size_t i = 0; i < n_sections; i++) {
        struct obcc_section *row = &table_of(head)[i];
        bool is_context = obcc_get32(row->kind) == OBCC_CONTEXT;

        if (!section_bytes(file, row, &bytes))
            return error_set(err, STATUS_CORRUPT,
                             "%s: %s: reaches past the end of the file", name,
                             cache_section_name(obcc_get32(row->kind)));
        buffer_align(out, is_context ? obcc_get32(header->context_align)
                                     : OBCC_SECTION_ALIGN);
        row->offset = obcc_le64(out->size);
        buffer_append(out, bytes.data, bytes.size);
    }
    return STATUS_OK;
}

/* Write the header, with its checksum. */
static void place_head(struct buffer *out, struct head *head)
{
    struct obcc_header *header = (void *)head->bytes;
    const struct span bytes = {head->bytes, head->size};

    header->checksum = obcc_le64(cache_header_checksum(bytes, head->size));
    memcpy(out->data, head->bytes, head->size);
}

static enum status sign(struct buffer *out, struct head *head,
                        const uint8_t private_key[ED25519_KEY_SIZE],
                        const char *name, struct error *err)
{
    struct obcc_section *row = &table_of(head)[head->n_sections - 1];
    struct obcc_signature signature = {
        .algorithm = obcc_le32(OBCC_SIGNATURE_ED25519),
    };
    uint8_t message[MESSAGE_SIZE];
    enum status status;

    status = make_message(buffer_span(out), name, *head, message, err);
    if (status)
        return status;
    status = ed25519_sign(private_key, (struct span){message, sizeof(message)},
                          signature.signature, signature.key, err);
    if (status)
        return status;
    memcpy(out->data + obcc_get64(row->offset), &signature, sizeof(signature));
    row->checksum = obcc_le64(checksum_xxh3(
        (struct span){(const uint8_t *)&signature, sizeof(signature)}));
    place_head(out, head);
    return STATUS_OK;
}

enum status signature_attach(struct span file,
                             const uint8_t private_key[ED25519_KEY_SIZE],
                             const char *name, struct buffer *out,
                             struct error *err)
{
    struct obcc_signature ignored;
    struct obcc_header *header;
    enum status status;
    struct head head;
    size_t n;

    assert(out->size == 0);
    status = copy_head(file, name, &head, err);
    if (status)
        return status;
    header = (void *)head.bytes;
    n = head.n_sections - find_signature(file, &head, &ignored);
    if (n == OBCC_MAX_SECTIONS)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: has no room for one more section", name);
    status = copy_sections(file, &head, n, name, out, err);
    if (status)
        return status;
    buffer_align(out, OBCC_SECTION_ALIGN);
    table_of(&head)[n] = (struct obcc_section){
        .kind = obcc_le32(OBCC_SIGNATURE),
        .offset = obcc_le64(out->size),
        .size = obcc_le64(sizeof(struct obcc_signature)),
    };
    buffer_grow(out, sizeof(struct obcc_signature));
    if (buffer_failed(out))
        return error_no_memory(err);
    head.n_sections = n + 1;
    head.size = OBCC_HEADER_SIZE + head.n_sections * OBCC_SECTION_SIZE;
    header->n_sections = obcc_le16((uint16_t)head.n_sections);
    header->header_size = obcc_le32((uint32_t)head.size);
    header->file_size = obcc_le64(out->size);
    return sign(out, &head, private_key, name, err);
}
