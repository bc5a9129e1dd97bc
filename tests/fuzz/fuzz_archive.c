/* Archives: all members and symbols, and a link of the first member with the
 * members that it needs. */
#include "archive.h"
#include "fuzz.h"
#include "link_image.h"

static void require_inside(struct span whole, const void *data, size_t size)
{
    const uint8_t *bytes = data;

    fuzz_require(bytes >= whole.data && size <= whole.size &&
                 (size_t)(bytes - whole.data) <= whole.size - size);
}

static void walk_symbols(const struct archive_view *view)
{
    struct archive_cursor cursor = {0};
    struct archive_symbol symbol;

    while (archive_next_symbol(view, &cursor, &symbol, NULL) == STATUS_OK) {
        struct archive_member member;

        require_inside(view->bytes, symbol.name, 1);
        if (archive_member_at(view, symbol.member, &member, NULL) == STATUS_OK)
            require_inside(view->bytes, member.bytes.data, member.bytes.size);
    }
}

static void link_first(const struct archive_view *view, struct span object)
{
    const struct link_input input = {"first.o", object, false};
    const struct link_archive archive = {"lib.a", view->bytes};
    const struct link_params params = {
        .inputs = &input, .n_inputs = 1, .archives = &archive, .n_archives = 1};
    struct link_result result;
    struct error err = {0};

    if (link_image(&params, &result, &err))
        fuzz_require(err.message[0]);
    else
        link_result_release(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct archive_member member;
    struct archive_view view;
    bool is_first = true;
    uint64_t at = 0;

    if (archive_open((struct span){data, size}, "lib.a", &view, NULL))
        return 0;
    while (archive_next(&view, &at, &member, NULL) == STATUS_OK) {
        require_inside(view.bytes, member.name, member.name_size);
        require_inside(view.bytes, member.bytes.data, member.bytes.size);
        if (is_first)
            link_first(&view, member.bytes);
        is_first = false;
    }
    walk_symbols(&view);
    return 0;
}
