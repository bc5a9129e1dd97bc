/* Reading `ar` archives that may hold any bytes at all.
 *
 *   archive = "!<arch>\n" { member }
 *   member  = header (60 bytes of text), content, "\n" if that ends odd
 *   header  = name[16] date[12] uid[6] gid[6] mode[8] size[10] "`\n"
 *
 * All numbers are decimal and padded with blanks. The form of the names tells
 * which tool wrote the archive:
 *
 *   GNU, System V   "name/"; "/123" is at 123 of the member "//", where it
 *                   ends with "/\n". "/" is the symbol index, "/SYM64/" the
 *                   same with 8-byte numbers: a count, as many offsets of
 *                   headers, as many NUL-terminated names, big-endian.
 *   BSD             "name", or "#1/len" and the name as the first len bytes
 *                   of the content. "__.SYMDEF..." is a symbol index of
 *                   another layout, which is skipped.
 *
 * Dates, owners and modes are not read. */
#include "archive.h"

#include <string.h>

static const char magic[] = "!<arch>\n";
static const char thin_magic[] = "!<thin>\n";

enum {
    MAGIC_SIZE = 8,
    HEADER_SIZE = 60,
    NAME_SIZE = 16,
    LENGTH_OFFSET = 48, /* of the header's field for the content's size */
    LENGTH_SIZE = 10,
    END_OFFSET = 58,
};

/* The purpose of a member. */
enum role { ROLE_MEMBER, ROLE_INDEX, ROLE_INDEX64, ROLE_NAMES, ROLE_SKIPPED };

static enum status corrupt(const struct archive_view *view, uint64_t offset,
                           const char *fact, struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "%s: archive member at 0x%llx: %s",
                     view->name, (unsigned long long)offset, fact);
}

static bool begins(struct span bytes, const char *text)
{
    const size_t size = strlen(text);

    return bytes.size >= size && memcmp(bytes.data, text, size) == 0;
}

/* A decimal number that fills text up to its blanks; false if it is none. */
static bool decimal(const char *text, size_t size, uint64_t *ret_value)
{
    uint64_t value = 0;

    while (size && text[size - 1] == ' ')
        size--;
    /* A name's field has at most 15 digits, so nothing overflows. */
    if (size == 0 || size >= NAME_SIZE)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *ret_value = value;
    return true;
}

/* ---- Names ---- */

/* The name at offset of the table "//". */
static enum status long_name(const struct archive_view *view, uint64_t offset,
                             struct archive_member *member, struct error *err)
{
    struct span rest;
    const uint8_t *end;

    if (offset >= view->long_names.size ||
        !span_slice(view->long_names, offset, view->long_names.size - offset,
                    &rest))
        return corrupt(view, member->offset, "name is outside its table", err);
    end = memchr(rest.data, '\n', rest.size);
    if (!end)
        return corrupt(view, member->offset, "name does not end", err);
    member->name = (const char *)rest.data;
    member->name_size = (size_t)(end - rest.data);
    if (member->name_size && member->name[member->name_size - 1] == '/')
        member->name_size--;
    return STATUS_OK;
}

/* A name that the content begins with, padded with NULs. */
static enum status leading_name(const struct archive_view *view, uint64_t size,
                                struct archive_member *member,
                                struct error *err)
{
    struct span name;

    if (!span_slice(member->bytes, 0, size, &name) ||
        !span_slice(member->bytes, size, member->bytes.size - size,
                    &member->bytes))
        return corrupt(view, member->offset, "name is longer than the member",
                       err);
    member->name = (const char *)name.data;
    member->name_size = strnlen(member->name, name.size);
    return STATUS_OK;
}

static bool name_is(const struct archive_member *member, const char *text)
{
    return member->name_size == strlen(text) &&
           memcmp(member->name, text, member->name_size) == 0;
}

/* member->name is the header's field, without its blanks. */
static enum status read_name(const struct archive_view *view,
                             struct archive_member *member, enum role *ret_role,
                             struct error *err)
{
    enum status status = STATUS_OK;
    uint64_t number;

    *ret_role = ROLE_MEMBER;
    if (name_is(member, "/"))
        *ret_role = ROLE_INDEX;
    else if (name_is(member, "/SYM64/"))
        *ret_role = ROLE_INDEX64;
    else if (name_is(member, "//"))
        *ret_role = ROLE_NAMES;
    else if (begins((struct span){(const uint8_t *)member->name,
                                  member->name_size},
                    "#1/") &&
             decimal(member->name + 3, member->name_size - 3, &number))
        status = leading_name(view, number, member, err);
    else if (member->name_size && member->name[0] != '/')
        member->name_size -= member->name[member->name_size - 1] == '/';
    else if (member->name_size &&
             decimal(member->name + 1, member->name_size - 1, &number))
        status = long_name(view, number, member, err);
    else
        return corrupt(view, member->offset, "has no name", err);
    if (status == STATUS_OK &&
        begins((struct span){(const uint8_t *)member->name, member->name_size},
               "__.SYMDEF"))
        *ret_role = ROLE_SKIPPED;
    return status;
}

/* ---- Members ---- */

/* *ret_next: the offset of the next member, or the size of the archive. */
static enum status read_member(const struct archive_view *view, uint64_t offset,
                               struct archive_member *ret_member,
                               enum role *ret_role, uint64_t *ret_next,
                               struct error *err)
{
    struct archive_member member = {.offset = offset, .name_size = NAME_SIZE};
    enum role role = ROLE_MEMBER;
    struct span header, rest;
    enum status status;
    uint64_t size;
    size_t used;

    if (!span_slice(view->bytes, offset, HEADER_SIZE, &header))
        return corrupt(view, offset, "header is outside the file", err);
    if (memcmp(header.data + END_OFFSET, "`\n", 2) != 0)
        return corrupt(view, offset, "header does not end with \"`\\n\"", err);
    if (!decimal((const char *)header.data + LENGTH_OFFSET, LENGTH_SIZE, &size))
        return corrupt(view, offset, "size is not a number", err);
    used = (size_t)offset + HEADER_SIZE;
    rest = (struct span){view->bytes.data + used, view->bytes.size - used};
    if (!span_slice(rest, 0, size, &member.bytes))
        return corrupt(view, offset, "content is outside the file", err);
    used += member.bytes.size;
    member.name = (const char *)header.data;
    while (member.name_size && member.name[member.name_size - 1] == ' ')
        member.name_size--;
    status = read_name(view, &member, &role, err);
    if (status)
        return status;
    *ret_member = member;
    *ret_role = role;
    *ret_next = used + (used % 2 != 0 && used < view->bytes.size);
    return STATUS_OK;
}

enum status archive_member_at(const struct archive_view *view, uint64_t offset,
                              struct archive_member *ret_member,
                              struct error *err)
{
    struct archive_member member;
    enum status status;
    enum role role;
    uint64_t next;

    status = read_member(view, offset, &member, &role, &next, err);
    if (status)
        return status;
    if (role != ROLE_MEMBER)
        return corrupt(view, offset, "is a table, not a member", err);
    *ret_member = member;
    return STATUS_OK;
}

enum status archive_next(const struct archive_view *view, uint64_t *at,
                         struct archive_member *ret_member, struct error *err)
{
    uint64_t offset = *at ? *at : MAGIC_SIZE;

    while (offset < view->bytes.size) {
        struct archive_member member;
        enum status status;
        enum role role;

        status = read_member(view, offset, &member, &role, &offset, err);
        if (status)
            return status;
        if (role != ROLE_MEMBER)
            continue;
        *at = offset;
        *ret_member = member;
        return STATUS_OK;
    }
    *at = offset;
    return STATUS_NOT_FOUND;
}

/* ---- The symbol index ---- */

static uint64_t big_endian(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

static enum status corrupt_index(const struct archive_view *view,
                                 const char *fact, struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "%s: symbol index: %s", view->name,
                     fact);
}

enum status archive_next_symbol(const struct archive_view *view,
                                struct archive_cursor *cursor,
                                struct archive_symbol *ret_symbol,
                                struct error *err)
{
    const size_t width = view->index64 ? 8 : 4;
    const struct span index = view->index;
    struct span names;
    const uint8_t *end;
    uint64_t n_rows;

    if (index.size == 0)
        return STATUS_NOT_FOUND;
    if (index.size < width)
        return corrupt_index(view, "is cut off", err);
    n_rows = big_endian(index.data, width);
    if (n_rows > index.size / width - 1)
        return corrupt_index(view, "has more rows than room", err);
    if (cursor->row >= n_rows)
        return STATUS_NOT_FOUND;
    names.data = index.data + (n_rows + 1) * width;
    names.size = index.size - (size_t)(n_rows + 1) * width;
    if (cursor->name_offset >= names.size)
        return corrupt_index(view, "has fewer names than rows", err);
    names.data += cursor->name_offset;
    names.size -= (size_t)cursor->name_offset;
    end = memchr(names.data, '\0', names.size);
    if (!end)
        return corrupt_index(view, "name does not end", err);
    cursor->row++;
    cursor->name_offset += (uint64_t)(end - names.data) + 1;
    *ret_symbol = (struct archive_symbol){
        .name = (const char *)names.data,
        .member = big_endian(index.data + cursor->row * width, width),
    };
    return STATUS_OK;
}

/* ---- Open ---- */

bool archive_is(struct span bytes)
{
    return begins(bytes, magic) || begins(bytes, thin_magic);
}

/* The tables come before the first member. */
static enum status read_tables(struct archive_view *view, struct error *err)
{
    uint64_t offset = MAGIC_SIZE;

    while (offset < view->bytes.size) {
        struct archive_member member;
        enum status status;
        enum role role;

        status = read_member(view, offset, &member, &role, &offset, err);
        if (status)
            return status;
        switch (role) {
        case ROLE_MEMBER:
            return STATUS_OK;
        case ROLE_INDEX:
        case ROLE_INDEX64:
            view->index = member.bytes;
            view->index64 = role == ROLE_INDEX64;
            break;
        case ROLE_NAMES:
            view->long_names = member.bytes;
            break;
        case ROLE_SKIPPED:
            break;
        }
    }
    return STATUS_OK;
}

enum status archive_open(struct span bytes, const char *name,
                         struct archive_view *ret_view, struct error *err)
{
    struct archive_view view = {.name = name, .bytes = bytes};
    enum status status;

    if (begins(bytes, thin_magic))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: a thin archive: it has the names of its members, "
                         "not their bytes",
                         name);
    if (!begins(bytes, magic))
        return error_set(err, STATUS_CORRUPT, "%s: not an archive", name);
    status = read_tables(&view, err);
    if (status)
        return status;
    *ret_view = view;
    return STATUS_OK;
}
