#include "signature.h"

#include <assert.h>
#include <string.h>

#include <bcc/bcc_cache.h>

#include "cache_read.h"
#include "cache_sections.h"
#include "checksum.h"

/* Before the digest: a signature of these bytes means nothing elsewhere. */
static const char purpose[] = "oBCC signature 1";

enum {
    PURPOSE_SIZE = sizeof(purpose) - 1,
    MESSAGE_SIZE = PURPOSE_SIZE + SHA512_SIZE
};

static const struct obcc_section *table_of(struct span file)
{
    return (const void *)(file.data + OBCC_HEADER_SIZE);
}

static size_t n_sections_of(struct span file)
{
    const struct obcc_header *header = (const void *)file.data;

    return obcc_get16(header->n_sections);
}

/* ---- What is signed ---- */

/* The checksums that cover the signature count as zero: row is the
 * signature's row in the section table. */
static enum status make_message(struct span file, size_t row,
                                uint8_t ret_message[MESSAGE_SIZE],
                                struct error *err)
{
    uint8_t head[CACHE_HEAD_SIZE];
    struct obcc_section *table = (void *)(head + OBCC_HEADER_SIZE);
    size_t head_size = OBCC_HEADER_SIZE + (row + 1) * OBCC_SECTION_SIZE;
    size_t end = (size_t)obcc_get64(table_of(file)[row].offset);
    struct span pieces[2];

    assert(head_size <= sizeof(head) && head_size <= end && end <= file.size);
    memcpy(head, file.data, head_size);
    ((struct obcc_header *)head)->checksum = obcc_le64(0);
    table[row].checksum = obcc_le64(0);
    pieces[0] = (struct span){head, head_size};
    pieces[1] = (struct span){file.data + head_size, end - head_size};
    memcpy(ret_message, purpose, PURPOSE_SIZE);
    return sha512_digest(pieces, 2, ret_message + PURPOSE_SIZE, err);
}

/* ---- Checking ---- */

static enum status refuse(const char *name, const char *fact, struct error *err)
{
    error_set(err, STATUS_UNTRUSTED, "%s: %s", name, fact);
    return error_add_reason(err, STATUS_UNTRUSTED, REASON_UNSIGNED);
}

/* The signature is the last section, and ends the file: cache_layout_read()
 * has seen to it that the last section does. */
static const struct obcc_signature *find_signature(struct span file)
{
    size_t n = n_sections_of(file);
    const struct obcc_section *last;
    struct span bytes;

    if (n == 0)
        return NULL;
    last = &table_of(file)[n - 1];
    if (obcc_get32(last->kind) != OBCC_SIGNATURE ||
        obcc_get64(last->size) != sizeof(struct obcc_signature) ||
        !span_slice(file, obcc_get64(last->offset), obcc_get64(last->size),
                    &bytes))
        return NULL;
    return (const void *)bytes.data;
}

enum status signature_check(struct span file, const struct signature_key *keys,
                            size_t n_keys, const char *name, struct error *err)
{
    const struct obcc_signature *signature = find_signature(file);
    uint8_t message[MESSAGE_SIZE];
    enum status status;
    size_t i = 0;

    if (!signature)
        return refuse(name, "not signed", err);
    if (obcc_get32(signature->algorithm) != OBCC_SIGNATURE_ED25519 ||
        obcc_get32(signature->reserved) != 0)
        return refuse(name, "signed in a way that is not known", err);
    while (i < n_keys &&
           memcmp(keys[i].byte, signature->key, sizeof(signature->key)) != 0)
        i++;
    if (i == n_keys)
        return refuse(name, "signed by a key that is not trusted", err);
    status = make_message(file, n_sections_of(file) - 1, message, err);
    if (status)
        return status;
    status =
        ed25519_verify(keys[i].byte, (struct span){message, sizeof(message)},
                       signature->signature, err);
    if (status == STATUS_UNTRUSTED)
        return refuse(name, "signature does not match", err);
    return status;
}

/* ---- Signing ---- */

/* All sections but a signature, one after the other as the writer places them;
 * returns how many. The table grows by a row, so they move. */
static size_t copy_sections(struct span file, struct buffer *out,
                            struct obcc_section *table)
{
    const struct obcc_header *header = (const void *)file.data;
    size_t n = n_sections_of(file);

    if (find_signature(file))
        n--;
    buffer_grow(out, OBCC_HEADER_SIZE + (n + 1) * OBCC_SECTION_SIZE);
    for (size_t i = 0; i < n; i++) {
        const struct obcc_section *row = &table_of(file)[i];
        bool is_context = obcc_get32(row->kind) == OBCC_CONTEXT;

        buffer_align(out, is_context ? obcc_get32(header->context_align)
                                     : OBCC_SECTION_ALIGN);
        table[i] = *row;
        table[i].offset = obcc_le64(out->size);
        buffer_append(out, file.data + obcc_get64(row->offset),
                      (size_t)obcc_get64(row->size));
    }
    return n;
}

static void place_head(struct buffer *out, struct obcc_header *header,
                       const struct obcc_section *table)
{
    size_t n = obcc_get16(header->n_sections);
    size_t size = OBCC_HEADER_SIZE + n * OBCC_SECTION_SIZE;

    memcpy(out->data, header, sizeof(*header));
    memcpy(out->data + OBCC_HEADER_SIZE, table, n * OBCC_SECTION_SIZE);
    header->checksum = obcc_le64(cache_header_checksum(buffer_span(out), size));
    memcpy(out->data, header, sizeof(*header));
}

static enum status sign(struct buffer *out, struct obcc_header *header,
                        struct obcc_section *table,
                        const uint8_t private_key[ED25519_KEY_SIZE],
                        struct error *err)
{
    size_t row = obcc_get16(header->n_sections) - 1u;
    struct obcc_signature signature = {
        .algorithm = obcc_le32(OBCC_SIGNATURE_ED25519),
    };
    uint8_t message[MESSAGE_SIZE];
    enum status status;

    place_head(out, header, table);
    status = make_message(buffer_span(out), row, message, err);
    if (status)
        return status;
    status = ed25519_sign(private_key, (struct span){message, sizeof(message)},
                          signature.signature, signature.key, err);
    if (status)
        return status;
    memcpy(out->data + obcc_get64(table[row].offset), &signature,
           sizeof(signature));
    table[row].checksum = obcc_le64(checksum_xxh3(
        (struct span){(const uint8_t *)&signature, sizeof(signature)}));
    place_head(out, header, table);
    return STATUS_OK;
}

enum status signature_attach(struct span file,
                             const uint8_t private_key[ED25519_KEY_SIZE],
                             const char *name, struct buffer *out,
                             struct error *err)
{
    struct obcc_section table[OBCC_MAX_SECTIONS] = {0};
    struct obcc_header header;
    size_t n;

    assert(out->size == 0);
    if (n_sections_of(file) >= OBCC_MAX_SECTIONS && !find_signature(file))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: has no room for one more section", name);
    memcpy(&header, file.data, sizeof(header));
    n = copy_sections(file, out, table);
    buffer_align(out, OBCC_SECTION_ALIGN);
    table[n] = (struct obcc_section){
        .kind = obcc_le32(OBCC_SIGNATURE),
        .offset = obcc_le64(out->size),
        .size = obcc_le64(sizeof(struct obcc_signature)),
    };
    buffer_grow(out, sizeof(struct obcc_signature));
    if (buffer_failed(out))
        return error_no_memory(err);
    header.n_sections = obcc_le16((uint16_t)(n + 1));
    header.header_size =
        obcc_le32((uint32_t)(OBCC_HEADER_SIZE + (n + 1) * OBCC_SECTION_SIZE));
    header.file_size = obcc_le64(out->size);
    header.checksum = obcc_le64(0);
    return sign(out, &header, table, private_key, err);
}
