/* Static archives: choosing the members that are needed.
 *
 * A member is taken if it defines an undefined name to which there is a strong
 * reference. A weak reference alone takes no member; neither does a common
 * symbol, which is a definition. A taken member may refer to symbols of any
 * archive, also of one that was searched before. So all archives are searched
 * again until no member is taken.
 *
 * The symbol index tells which member defines a name, so other members are not
 * even opened. A taken member defines the name for which it was taken, so no
 * member is taken twice. */
#include "passes.h"

#include "archive.h"

/* "libm.a(sin.o)", for messages; NULL: there is no memory. */
static const char *member_name(struct link *link,
                               const struct archive_view *view,
                               const struct archive_member *member)
{
    struct buffer text;
    char *name = NULL;

    buffer_init(&text);
    buffer_printf(&text, "%s(%.*s)", view->name, (int)member->name_size,
                  member->name);
    if (!buffer_failed(&text))
        name =
            arena_copy_string(&link->arena, (const char *)text.data, text.size);
    buffer_release(&text);
    return name;
}

static enum status pull(struct link *link, const struct archive_view *view,
                        const struct archive_symbol *row,
                        const struct symbol *wanted, struct error *err)
{
    struct archive_member member;
    struct link_input input;
    struct object *object;
    enum status status;

    status = archive_member_at(view, row->member, &member, err);
    if (status)
        return status;
    input = (struct link_input){.name = member_name(link, view, &member),
                                .object = member.bytes};
    if (!input.name)
        return error_no_memory(err);
    status = sections_read_object(link, &input, &object, err);
    if (status)
        return status;
    object->is_member = true;
    status = resolve_object(link, object, err);
    if (status)
        return status;
    if (wanted->place == SYMBOL_UNDEFINED)
        return error_set(err, STATUS_CORRUPT,
                         "%s: the archive's index says that it defines '%s'",
                         input.name, row->name);
    return STATUS_OK;
}

static enum status pull_from(struct link *link, const struct archive_view *view,
                             struct error *err)
{
    struct archive_cursor cursor = {0};
    struct archive_symbol row;
    enum status status;

    while ((status = archive_next_symbol(view, &cursor, &row, err)) ==
           STATUS_OK) {
        const struct symbol *symbol = name_map_find(&link->symbols, row.name);

        if (!symbol || symbol->place != SYMBOL_UNDEFINED || symbol->weak)
            continue;
        status = pull(link, view, &row, symbol, err);
        if (status)
            return status;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* An archive without members needs no index. */
static enum status open_archive(const struct link_archive *archive,
                                struct archive_view *view, struct error *err)
{
    struct archive_member member;
    enum status status;
    uint64_t at = 0;

    status = archive_open(archive->bytes, archive->name, view, err);
    if (status || view->index.size)
        return status;
    status = archive_next(view, &at, &member, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status)
        return status;
    return error_set(err, STATUS_UNSUPPORTED,
                     "%s: archive has no symbol index; ranlib makes one",
                     archive->name);
}

enum status pull_members(struct link *link, struct error *err)
{
    const struct link_params *params = link->params;
    struct archive_view *views =
        arena_alloc(&link->arena, params->n_archives, sizeof(*views));
    size_t n_objects;

    if (!views)
        return error_no_memory(err);
    for (size_t i = 0; i < params->n_archives; i++) {
        const enum status status =
            open_archive(&params->archives[i], &views[i], err);

        if (status)
            return status;
    }
    do {
        n_objects = LIST_COUNT(struct object *, &link->objects);
        for (size_t i = 0; i < params->n_archives; i++) {
            const enum status status = pull_from(link, &views[i], err);

            if (status)
                return status;
        }
    } while (LIST_COUNT(struct object *, &link->objects) != n_objects);
    return STATUS_OK;
}
