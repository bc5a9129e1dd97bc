/* Whether an object passes floating point in VFP registers or in core
 * registers, which decides between the two rows of ARM in support/machine.h.
 *
 * The object's build attributes tell ("Addenda to, and Errata in, the ABI for
 * the Arm Architecture", ADDENDA32, section 3):
 *
 *   'A'
 *   size, vendor "aeabi"                 subsection
 *       tag 1, size                      of the whole file
 *           tag, value                   ...
 *
 * A size is a word and counts itself. Tags and numbers are ULEB128. A tag below
 * 32 has a number as its value, but 4 and 5 have strings; 32 has both; above,
 * odd tags have strings.
 *
 * Tag_ABI_VFP_args gives the convention. An object without it that describes
 * its floating point uses the base standard: compilers leave the tag out then.
 * An assembly file has neither, and fits both. */
#include "passes.h"

#include <elf.h>
#include <string.h>

#include "span.h"

enum {
    TAG_FILE = 1,
    TAG_CPU_RAW_NAME = 4,
    TAG_CPU_NAME = 5,
    TAG_FP_NUMBER_MODEL = 23,
    TAG_VFP_ARGS = 28,
    TAG_COMPATIBILITY = 32,
};

enum vfp_args {
    VFP_ARGS_BASE,
    VFP_ARGS_VFP,
    VFP_ARGS_TOOLCHAIN,
    VFP_ARGS_BOTH,
    VFP_ARGS_UNKNOWN, /* no attribute says it */
};

struct attributes {
    uint32_t vfp_args; /* enum vfp_args */
    uint32_t fp_number_model;
};

/* ---- Reading ---- */

struct reader {
    struct span bytes; /* not read yet */
    bool failed;       /* the data ended in the middle of something */
};

static struct span take(struct reader *reader, size_t size)
{
    struct span part = {NULL, 0};

    if (!span_slice(reader->bytes, 0, size, &part)) {
        reader->failed = true;
        size = reader->bytes.size;
    }
    reader->bytes.data += size;
    reader->bytes.size -= size;
    return part;
}

static uint32_t take_number(struct reader *reader)
{
    uint32_t number = 0;

    for (unsigned shift = 0;; shift += 7) {
        const struct span byte = take(reader, 1);

        if (!byte.size)
            return 0;
        if (shift < 32)
            number |= (uint32_t)(byte.data[0] & 0x7f) << shift;
        if (!(byte.data[0] & 0x80))
            return number;
    }
}

static const char *take_string(struct reader *reader)
{
    const uint8_t *end = reader->bytes.size
                             ? memchr(reader->bytes.data, 0, reader->bytes.size)
                             : NULL;

    if (!end) {
        reader->failed = true;
        return "";
    }
    return (const char *)take(reader, (size_t)(end - reader->bytes.data) + 1)
        .data;
}

/* The data behind a size, which counts itself and `before` bytes already
 * read. */
static struct reader take_sized(struct reader *reader, size_t before)
{
    const struct span word = take(reader, 4);
    struct reader part = {{NULL, 0}, false};
    uint32_t size = 0;

    if (word.size)
        memcpy(&size, word.data, 4);
    if (size < before + 4)
        reader->failed = true;
    else
        part.bytes = take(reader, size - before - 4);
    return part;
}

static void read_file_attributes(struct reader *reader,
                                 struct attributes *attributes)
{
    while (reader->bytes.size && !reader->failed) {
        const uint32_t tag = take_number(reader);

        if (tag == TAG_CPU_RAW_NAME || tag == TAG_CPU_NAME ||
            (tag > TAG_COMPATIBILITY && tag % 2)) {
            take_string(reader);
            continue;
        }
        const uint32_t number = take_number(reader);

        if (tag == TAG_COMPATIBILITY)
            take_string(reader);
        else if (tag == TAG_VFP_ARGS)
            attributes->vfp_args = number;
        else if (tag == TAG_FP_NUMBER_MODEL)
            attributes->fp_number_model = number;
    }
}

static bool read_subsection(struct reader *reader,
                            struct attributes *attributes)
{
    const bool is_public = strcmp(take_string(reader), "aeabi") == 0;

    while (is_public && reader->bytes.size && !reader->failed) {
        const size_t before = reader->bytes.size;
        const uint32_t tag = take_number(reader);
        struct reader part = take_sized(reader, before - reader->bytes.size);

        if (tag == TAG_FILE)
            read_file_attributes(&part, attributes);
        if (part.failed)
            return false;
    }
    return !reader->failed;
}

/* False: malformed. */
static bool read_attributes(struct span bytes, struct attributes *attributes)
{
    struct reader reader = {bytes, false};
    const struct span version = take(&reader, 1);

    if (!version.size || version.data[0] != 'A')
        return false;
    while (reader.bytes.size && !reader.failed) {
        struct reader part = take_sized(&reader, 0);

        if (reader.failed || !read_subsection(&part, attributes))
            return false;
    }
    return !reader.failed;
}

static enum status find_attributes(const struct object_view *view,
                                   struct attributes *attributes,
                                   struct error *err)
{
    for (uint32_t i = 1; i < view->n_sections; i++) {
        const struct object_section *section = &view->sections[i];

        if (section->type == SHT_ARM_ATTRIBUTES &&
            !read_attributes(section->bytes, attributes))
            return error_set(err, STATUS_CORRUPT,
                             "%s: %s: build attributes are malformed",
                             view->name, section->name);
    }
    return STATUS_OK;
}

/* ---- Deciding ---- */

static const char *convention(const struct machine *row)
{
    return row == &machines[MACHINE_ARM_HARD_FLOAT]
               ? "in VFP registers (hard float)"
               : "in registers of integers (soft float)";
}

static enum status choose_row(struct link *link, const struct object_view *view,
                              const struct machine *row, struct error *err)
{
    if (link->row_object && row != link->row)
        return error_set(err, STATUS_MISUSE,
                         "%s: passes floating point %s, but %s does so %s",
                         view->name, convention(row), link->row_object,
                         convention(link->row));
    link->row = row;
    link->row_object = view->name;
    link->elf_flags =
        EF_ARM_EABI_VER5 |
        (row == &machines[MACHINE_ARM_HARD_FLOAT] ? EF_ARM_ABI_FLOAT_HARD
                                                  : EF_ARM_ABI_FLOAT_SOFT);
    return STATUS_OK;
}

enum status arm_attributes_check(struct link *link,
                                 const struct object_view *view,
                                 struct error *err)
{
    struct attributes attributes = {.vfp_args = VFP_ARGS_UNKNOWN};
    enum status status;

    if (EF_ARM_EABI_VERSION(view->flags) != EF_ARM_EABI_VER5 ||
        (view->flags & EF_ARM_BE8))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: ELF flags 0x%x: not little-endian code of "
                         "version 5 of the EABI",
                         view->name, view->flags);
    status = find_attributes(view, &attributes, err);
    if (status)
        return status;
    if (link->elf_flags == 0)
        link->elf_flags = EF_ARM_EABI_VER5;
    if (attributes.vfp_args == VFP_ARGS_UNKNOWN && attributes.fp_number_model)
        attributes.vfp_args = VFP_ARGS_BASE;
    switch (attributes.vfp_args) {
    case VFP_ARGS_BASE:
        return choose_row(link, view, &machines[MACHINE_ARM_SOFT_FLOAT], err);
    case VFP_ARGS_VFP:
        return choose_row(link, view, &machines[MACHINE_ARM_HARD_FLOAT], err);
    case VFP_ARGS_BOTH:
    case VFP_ARGS_UNKNOWN:
        return STATUS_OK;
    default:
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: passes floating point in a way of its own "
                         "(Tag_ABI_VFP_args %u)",
                         view->name, attributes.vfp_args);
    }
}
