/* The header and the section table of an untrusted file.
 *
 * First the bytes are checked that decide how to read the others (magic,
 * version, size of the table), then the checksum, then the fields. So damage is
 * reported as damage, not as a wrong value of a damaged field, and a file of
 * another version is reported as such, whatever its other bytes are. */
#include "cache_layout.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "span.h"
#include "checksum.h"

static const char section_names[OBCC_N_SECTION_KINDS][24] = {
    [OBCC_STRING_POOL] = "string pool",
    [OBCC_DEPENDENCY_TABLE] = "dependency table",
    [OBCC_RELOCATION_TABLE] = "relocation table",
    [OBCC_EXPORT_VAR_LIST] = "exported variable list",
    [OBCC_EXPORT_FUNC_LIST] = "exported function list",
    [OBCC_EXPORT_FOREACH_LIST] = "exported foreach list",
    [OBCC_PRAGMA_LIST] = "pragma list",
    [OBCC_FUNC_TABLE] = "function table",
    [OBCC_VAR_TABLE] = "variable table",
    [OBCC_OBJECT_SLOT_LIST] = "object slot list",
    [OBCC_IDENTITY] = "identity",
    [OBCC_CONTEXT] = "context",
    [OBCC_DEBUG] = "debug section",
    [OBCC_NEEDED_LIST] = "needed list",
    [OBCC_FUNC_INDEX] = "function index",
};

const char *cache_section_name(uint32_t kind)
{
    return kind > 0 && kind < OBCC_N_SECTION_KINDS ? section_names[kind]
                                                   : "unknown section";
}

/* head holds the whole table. The checksum field itself counts as zero. */
uint64_t cache_header_checksum(struct span head, size_t header_size)
{
    uint8_t copy[CACHE_HEAD_SIZE];

    assert(header_size <= sizeof(copy) && header_size <= head.size);
    memcpy(copy, head.data, header_size);
    memset(copy + offsetof(struct obcc_header, checksum), 0,
           sizeof(struct obcc_le64));
    return checksum_xxh3((struct span){copy, header_size});
}

/* ---- Header ---- */

/* Check the fields without which no other field has a meaning. */
static enum status check_frame(struct span head, const char *name,
                               struct error *err)
{
    const struct obcc_header *header = (const void *)head.data;
    size_t n_sections, header_size;

    if (head.size < OBCC_HEADER_SIZE)
        return error_set(err, STATUS_CORRUPT,
                         "%s: header: file ends after %zu bytes", name,
                         head.size);
    if (memcmp(header->magic, OBCC_MAGIC, sizeof(header->magic)) != 0)
        return error_set(err, STATUS_CORRUPT, "%s: header: not an oBCC file",
                         name);
    if (memcmp(header->version, OBCC_VERSION, sizeof(header->version)) != 0)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: header: format version is not %s", name,
                         OBCC_VERSION);
    n_sections = obcc_get16(header->n_sections);
    header_size = OBCC_HEADER_SIZE + n_sections * OBCC_SECTION_SIZE;
    if (n_sections > OBCC_MAX_SECTIONS ||
        obcc_get32(header->header_size) != header_size)
        return error_set(err, STATUS_CORRUPT,
                         "%s: header: %zu sections do not fit a header of "
                         "%" PRIu32 " bytes",
                         name, n_sections, obcc_get32(header->header_size));
    if (head.size < header_size)
        return error_set(err, STATUS_CORRUPT,
                         "%s: section table: file ends after %zu bytes", name,
                         head.size);
    return STATUS_OK;
}

static enum status check_checksum(struct span head, const char *name,
                                  struct error *err)
{
    const struct obcc_header *header = (const void *)head.data;
    const uint32_t header_size = obcc_get32(header->header_size);

    if (cache_header_checksum(head, header_size) !=
        obcc_get64(header->checksum))
        return error_set(err, STATUS_CORRUPT, "%s: header: checksum mismatch",
                         name);
    return STATUS_OK;
}

enum status cache_geometry_check(const struct cache_geometry *geometry,
                                 enum status failure, const char *name,
                                 struct error *err)
{
    uint32_t context_align = geometry->context_align;

    if (!is_power_of_two(context_align) ||
        context_align < OBCC_MIN_CONTEXT_ALIGN ||
        context_align > OBCC_MAX_CONTEXT_ALIGN)
        return error_set(err, failure,
                         "%s: header: context alignment %#" PRIx32
                         " is not a page size",
                         name, context_align);
    if (geometry->image_span == 0 ||
        geometry->image_span % OBCC_MIN_CONTEXT_ALIGN != 0 ||
        geometry->image_span > OBCC_MAX_IMAGE_SPAN)
        return error_set(err, failure,
                         "%s: header: image span %#" PRIx64
                         " is not whole pages below 2^46",
                         name, geometry->image_span);
    if (geometry->text_span == 0 ||
        geometry->text_span % OBCC_MIN_CONTEXT_ALIGN != 0 ||
        geometry->text_span > geometry->image_span)
        return error_set(err, failure,
                         "%s: header: text span %#" PRIx64
                         " is not whole pages of image span %#" PRIx64,
                         name, geometry->text_span, geometry->image_span);
    if (!is_power_of_two(geometry->image_align) ||
        geometry->image_align < context_align ||
        geometry->image_align > OBCC_MAX_IMAGE_ALIGN)
        return error_set(err, failure,
                         "%s: header: image alignment %#" PRIx64
                         " does not fit context alignment %#" PRIx32,
                         name, geometry->image_align, context_align);
    return STATUS_OK;
}

static enum status read_header(const struct obcc_header *header,
                               uint64_t file_size, const char *name,
                               struct cache_layout *layout, struct error *err)
{
    *layout = (struct cache_layout){
        .machine = obcc_get16(header->machine),
        .endianness = header->endianness,
        .sizeof_off_t = header->sizeof_off_t,
        .sizeof_size_t = header->sizeof_size_t,
        .sizeof_ptr_t = header->sizeof_ptr_t,
        .file_size = obcc_get64(header->file_size),
        .image_span = obcc_get64(header->image_span),
        .image_align = obcc_get64(header->image_align),
        .text_span = obcc_get64(header->text_span),
        .context_align = obcc_get32(header->context_align),
        .tier = obcc_get32(header->tier),
    };
    for (size_t i = 0; i < CPU_FEATURE_WORDS; i++)
        layout->cpu_features.word[i] = obcc_get64(header->cpu_features[i]);
    if (obcc_get64(header->required) != 0)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: header: needs format features %#" PRIx64, name,
                         obcc_get64(header->required));
    if (layout->file_size != file_size)
        return error_set(err, STATUS_CORRUPT,
                         "%s: header: written as %" PRIu64
                         " bytes, has %" PRIu64,
                         name, layout->file_size, file_size);
    if (layout->endianness != 'e' && layout->endianness != 'E')
        return error_set(err, STATUS_CORRUPT,
                         "%s: header: endianness %#x is neither 'e' nor 'E'",
                         name, layout->endianness);
    return cache_geometry_check(
        &(struct cache_geometry){layout->context_align, layout->image_span,
                                 layout->image_align, layout->text_span},
        STATUS_CORRUPT, name, err);
}

/* ---- Section table ---- */

/* Store a section of a known kind. Sections lie before the context, so its
 * offset alone tells how much to map to check them. */
static enum status add_section(struct cache_layout *layout, uint32_t kind,
                               const struct cache_extent *extent,
                               const char *name, struct error *err)
{
    const char *what = cache_section_name(kind);

    if (layout->section[kind].size)
        return error_set(err, STATUS_CORRUPT, "%s: %s: present twice", name,
                         what);
    if (extent->size == 0)
        return error_set(err, STATUS_CORRUPT, "%s: %s: empty", name, what);
    if (kind == OBCC_CONTEXT && extent->offset % layout->context_align != 0)
        return error_set(err, STATUS_CORRUPT,
                         "%s: %s: offset %#" PRIx64 " is not a multiple of "
                         "%#" PRIx32,
                         name, what, extent->offset, layout->context_align);
    if (kind != OBCC_DEBUG && layout->section[OBCC_CONTEXT].size)
        return error_set(err, STATUS_CORRUPT, "%s: %s: behind the context",
                         name, what);
    layout->section[kind] = *extent;
    return STATUS_OK;
}

/* end: where the previous section ends; becomes the end of this one. */
static enum status read_section(const struct obcc_section *section,
                                struct cache_layout *layout, uint64_t *end,
                                const char *name, struct error *err)
{
    uint32_t kind = obcc_get32(section->kind);
    const char *what = cache_section_name(kind);
    const struct cache_extent extent = {
        .offset = obcc_get64(section->offset),
        .size = obcc_get64(section->size),
        .checksum = obcc_get64(section->checksum),
    };

    if (extent.offset % OBCC_SECTION_ALIGN != 0 || extent.offset < *end)
        return error_set(err, STATUS_CORRUPT,
                         "%s: %s: offset %#" PRIx64
                         " is misaligned or overlaps",
                         name, what, extent.offset);
    if (extent.offset > layout->file_size ||
        extent.size > layout->file_size - extent.offset)
        return error_set(err, STATUS_CORRUPT,
                         "%s: %s: reaches past the end of the file", name,
                         what);
    *end = extent.offset + extent.size;
    if (kind > 0 && kind < OBCC_N_SECTION_KINDS)
        return add_section(layout, kind, &extent, name, err);
    if (obcc_get32(section->flags) & OBCC_SECTION_REQUIRED)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: needs section kind %" PRIu32
                         ", which is not known",
                         name, kind);
    return STATUS_OK;
}

static enum status read_sections(struct span head, const char *name,
                                 struct cache_layout *layout, struct error *err)
{
    const struct obcc_header *header = (const void *)head.data;
    const struct obcc_section *table = (const void *)(header + 1);
    size_t n_sections = obcc_get16(header->n_sections);
    uint64_t end = obcc_get32(header->header_size);
    enum status status;

    /* Nothing lies between the table and the first section, nor after the last
     * one. So a gap lies between two sections, at a known place. */
    if (n_sections > 0 && obcc_get64(table[0].offset) != end)
        return error_set(err, STATUS_CORRUPT,
                         "%s: first section is not right behind the header",
                         name);
    for (size_t i = 0; i < n_sections; i++) {
        status = read_section(&table[i], layout, &end, name, err);
        if (status)
            return status;
    }
    if (end != layout->file_size)
        return error_set(err, STATUS_CORRUPT,
                         "%s: last section does not end the file", name);
    for (uint32_t kind = 1; kind < OBCC_N_SECTION_KINDS; kind++)
        if (!layout->section[kind].size && !cache_is_optional(kind))
            return error_set(err, STATUS_CORRUPT, "%s: %s: missing", name,
                             cache_section_name(kind));
    return STATUS_OK;
}

enum status cache_layout_read(struct span head, uint64_t file_size,
                              bool was_checked, const char *name,
                              struct cache_layout *ret_layout,
                              struct error *err)
{
    struct cache_layout layout;
    enum status status;

    status = check_frame(head, name, err);
    if (status == STATUS_OK && !was_checked)
        status = check_checksum(head, name, err);
    if (status)
        return status;
    status =
        read_header((const void *)head.data, file_size, name, &layout, err);
    if (status)
        return status;
    status = read_sections(head, name, &layout, err);
    if (status)
        return status;
    *ret_layout = layout;
    return STATUS_OK;
}
