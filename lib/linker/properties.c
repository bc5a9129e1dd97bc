/* .note.gnu.property lists rules that the code obeys, so that a feature of the
 * processor may be switched on: indirect branches lead to landing pads
 * (AArch64: BTI), return addresses are signed (PAC) or kept on a shadow stack
 * (x86_64: SHSTK). A loader finds the note by a segment of its own ("Linux
 * Extensions to gABI", "Program Property").
 *
 *   4, size of the rest, 5, "GNU"            head of the note
 *   type, size, value, zeros to an address   each property, ascending types
 *
 * An image obeys a rule if all inputs and the linker's own code do: the bits
 * are kept that all inputs have and the machine's file knows. Other properties,
 * which ask for levels of the instruction set, are dropped, as the target's CPU
 * is more exact. */
#include "passes.h"

#include <elf.h>
#include <string.h>

#include "span.h"

enum { NOTE_TYPE = 5, HEAD_SIZE = 16, PROPERTY_HEAD_SIZE = 8, VALUE_SIZE = 4 };

static const char note_name[4] = "GNU";

/* ---- Reading ---- */

static uint32_t word_at(struct span bytes, uint64_t offset)
{
    uint32_t word;

    memcpy(&word, bytes.data + offset, sizeof(word));
    return word;
}

/* Add the features of one note. False: its properties are cut off. */
static bool read_properties(const struct link *link, struct span properties,
                            uint32_t *features)
{
    const uint64_t align = link->machine->row->address_size;
    uint64_t offset = 0;
    struct span head, value;

    while (span_slice(properties, offset, PROPERTY_HEAD_SIZE, &head)) {
        const uint32_t size = word_at(head, 4);

        if (!span_slice(properties, offset + PROPERTY_HEAD_SIZE, size, &value))
            return false;
        if (word_at(head, 0) == link->machine->feature_property &&
            size == VALUE_SIZE)
            *features |= word_at(value, 0);
        offset += align_up(PROPERTY_HEAD_SIZE + (uint64_t)size, align);
    }
    return true;
}

static bool read_section(const struct link *link, struct span section,
                         uint32_t *features)
{
    const uint64_t align = link->machine->row->address_size;
    uint64_t offset = 0;
    struct span head, properties;

    while (offset < section.size) {
        if (!span_slice(section, offset, HEAD_SIZE, &head) ||
            word_at(head, 0) != sizeof(note_name) ||
            !span_slice(section, offset + HEAD_SIZE, word_at(head, 4),
                        &properties))
            return false;
        if (word_at(head, 8) == NOTE_TYPE &&
            memcmp(head.data + 12, note_name, sizeof(note_name)) == 0 &&
            !read_properties(link, properties, features))
            return false;
        offset += align_up(HEAD_SIZE + (uint64_t)properties.size, align);
    }
    return true;
}

bool properties_is_note(const struct object_section *section)
{
    return section->type == SHT_NOTE &&
           strcmp(section->name, ".note.gnu.property") == 0;
}

enum status properties_read(struct link *link, const struct object_view *view,
                            struct error *err)
{
    const bool is_first = LIST_COUNT(struct object *, &link->objects) == 1;
    uint32_t features = 0;

    for (uint32_t i = 1; i < view->n_sections; i++) {
        const struct object_section *section = &view->sections[i];

        if (properties_is_note(section) &&
            !read_section(link, section->bytes, &features))
            return error_set(err, STATUS_CORRUPT,
                             "%s: %s: 0x%zx bytes are not a list of properties",
                             view->name, section->name, section->bytes.size);
    }
    features &= link->machine->features;
    link->features = is_first ? features : link->features & features;
    return STATUS_OK;
}

/* ---- Writing ---- */

void properties_size(struct link *link)
{
    const uint64_t align = link->machine->row->address_size;

    if (link->features)
        link->properties->size =
            HEAD_SIZE + align_up(PROPERTY_HEAD_SIZE + VALUE_SIZE, align);
}

void properties_write(const struct link *link)
{
    const bool has_veneers = link->veneers.size != 0;
    const uint32_t words[] = {
        sizeof(note_name),
        (uint32_t)link->properties->size - HEAD_SIZE,
        NOTE_TYPE,
        0, /* the name */
        link->machine->feature_property,
        VALUE_SIZE,
        has_veneers ? link->features & ~link->machine->features_no_veneers
                    : link->features,
    };
    uint8_t *note = chunk_bytes(link, link->properties);

    if (link->properties->size == 0)
        return;
    memcpy(note, words, sizeof(words)); /* zeros follow */
    memcpy(note + 12, note_name, sizeof(note_name));
}
