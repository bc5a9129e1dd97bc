/* "!<arch>\n", then members. Each has a header of text, padded with blanks:
 *
 *   offset  0 name 16 | date 12 | uid 6 | gid 6 | mode 8 | 48 size 10 | "`\n"
 *
 * and `size` bytes, and a newline if that is odd. Names, as System V and GNU
 * write them, end in a slash; "/123" is one at offset 123 of the member "//",
 * where it ends in a slash and a newline. BSD writes "#1/12", and the name is
 * the first 12 bytes of the content, padded with NULs.
 *
 * "/" and "/SYM64/" (BSD: "__.SYMDEF...") are indexes from symbols to members.
 * They say what the maker of the archive saw, and many a tool sees nothing in
 * bitcode: nobody here believes them.
 *
 * A thin archive ("!<thin>\n") holds names of files instead of their bytes. */
#include "archive.h"

#include <inttypes.h>
#include <string.h>

enum {
    MAGIC_SIZE = 8,
    NAME_SIZE = 16,
    SIZE_AT = 48,
    SIZE_SIZE = 10,
    END_AT = 58,
    HEADER_SIZE = 60
};

static const char magic[] = "!<arch>\n";
static const char thin_magic[] = "!<thin>\n";

static bool starts_with(struct span bytes, const char *text)
{
    size_t size = strlen(text);

    return bytes.size >= size && memcmp(bytes.data, text, size) == 0;
}

static enum status corrupt(const struct archive_view *view, uint64_t offset,
                           const char *fact, struct error *err)
{
    return error_set(err, STATUS_CORRUPT,
                     "%s: archive member at offset %" PRIu64 ": %s", view->name,
                     offset, fact);
}

/* Decimal digits up to the first blank. */
static bool parse_decimal(struct span text, uint64_t *ret_value)
{
    uint64_t value = 0;
    size_t i = 0;

    for (; i < text.size && text.data[i] != ' '; i++) {
        unsigned digit = (unsigned)text.data[i] - '0';
        if (digit > 9)
            return false;
        value = value * 10 + digit; /* at most 15 digits */
    }
    *ret_value = value;
    return i > 0;
}

static void set_name(struct archive_member *member, struct span name, char end)
{
    const uint8_t *found = memchr(name.data, end, name.size);

    member->name = (const char *)name.data;
    member->name_size = found ? (size_t)(found - name.data) : name.size;
}

/* The name is the first bytes of the content. */
static bool take_bsd_name(struct span digits, struct archive_member *member)
{
    struct span name;
    uint64_t size;

    if (!parse_decimal(digits, &size) ||
        !span_slice(member->bytes, 0, size, &name))
        return false;
    set_name(member, name, '\0');
    return span_slice(member->bytes, size, member->bytes.size - size,
                      &member->bytes);
}

static bool take_name(const struct archive_view *view, struct span field,
                      struct archive_member *member)
{
    struct span rest = {field.data + 1, field.size - 1};
    uint64_t offset;

    if (starts_with(field, "#1/"))
        return take_bsd_name((struct span){field.data + 3, field.size - 3},
                             member);
    if (field.data[0] != '/') {
        set_name(member, field,
                 memchr(field.data, '/', field.size) ? '/' : ' ');
        return true;
    }
    if (!parse_decimal(rest, &offset) ||
        !span_slice(view->long_names, offset, view->long_names.size - offset,
                    &rest))
        return false;
    set_name(member, rest, '\n');
    if (member->name_size > 0 && member->name[member->name_size - 1] == '/')
        member->name_size--;
    return true;
}

/* What the archive keeps for itself: no member of anybody's. */
static bool is_index(struct span field)
{
    return starts_with(field, "/ ") || starts_with(field, "/SYM64/");
}

static bool is_long_names(struct span field)
{
    return starts_with(field, "// ");
}

static enum status read_header(const struct archive_view *view, uint64_t offset,
                               struct span *ret_field, uint64_t *ret_next,
                               struct archive_member *ret_member,
                               struct error *err)
{
    struct span header, digits;
    uint64_t size;

    if (!span_slice(view->bytes, offset, HEADER_SIZE, &header))
        return corrupt(view, offset, "its header is cut off", err);
    digits = (struct span){header.data + SIZE_AT, SIZE_SIZE};
    if (memcmp(header.data + END_AT, "`\n", 2) != 0 ||
        !parse_decimal(digits, &size))
        return corrupt(view, offset, "its header is malformed", err);
    if (!span_slice(view->bytes, offset + HEADER_SIZE, size,
                    &ret_member->bytes))
        return corrupt(view, offset, "its content is cut off", err);
    *ret_field = (struct span){header.data, NAME_SIZE};
    ret_member->offset = offset;
    *ret_next = offset + HEADER_SIZE + size + size % 2;
    return STATUS_OK;
}

bool archive_is(struct span bytes)
{
    return starts_with(bytes, magic) || starts_with(bytes, thin_magic);
}

/* The table of long names is the first or the second member. */
enum status archive_open(struct span bytes, const char *name,
                         struct archive_view *ret_view, struct error *err)
{
    struct archive_view view = {.name = name, .bytes = bytes};
    uint64_t at = MAGIC_SIZE;

    if (starts_with(bytes, thin_magic))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: a thin archive: it holds no members, only their "
                         "names",
                         name);
    if (!starts_with(bytes, magic))
        return error_set(err, STATUS_CORRUPT, "%s: no archive", name);
    for (int i = 0; i < 2 && at < bytes.size; i++) {
        struct archive_member member;
        struct span field;
        enum status status = read_header(&view, at, &field, &at, &member, err);

        if (status)
            return status;
        if (is_long_names(field))
            view.long_names = member.bytes;
    }
    *ret_view = view;
    return STATUS_OK;
}

enum status archive_next(const struct archive_view *view, uint64_t *at,
                         struct archive_member *ret_member, struct error *err)
{
    uint64_t next = *at ? *at : MAGIC_SIZE;

    while (next < view->bytes.size) {
        struct archive_member member;
        struct span field;
        uint64_t offset = next;
        enum status status =
            read_header(view, offset, &field, &next, &member, err);

        if (status)
            return status;
        if (is_index(field) || is_long_names(field))
            continue;
        if (!take_name(view, field, &member))
            return corrupt(view, offset, "its name is malformed", err);
        if (member.name_size >= 9 && memcmp(member.name, "__.SYMDEF", 9) == 0)
            continue;
        *at = next;
        *ret_member = member;
        return STATUS_OK;
    }
    *at = next;
    return STATUS_NOT_FOUND;
}
