/* The cache reader: open as a launch does, and whole; then walk everything.
 * Checksums are corrected first, so that changes get past them. */
#include <string.h>

#include "cache_read.h"
#include "fuzz.h"
#include "seal_cache.h"

static uint64_t walk(const struct cache_view *view)
{
    uint64_t sum = 0;

    for (unsigned kind = OBCC_EXPORT_VAR_LIST; kind <= OBCC_VAR_TABLE; kind++) {
        if (kind == OBCC_PRAGMA_LIST)
            continue;
        for (uint32_t i = 0; i < cache_count(view, kind); i++) {
            const struct obcc_symbol *symbol = cache_symbol_at(view, kind, i);
            const char *name = cache_string(view, obcc_get32(symbol->name));
            sum += strlen(name);
            if (kind == OBCC_FUNC_TABLE)
                sum += cache_find_symbol(view, kind, name) != NULL;
        }
    }
    for (uint32_t i = 0; i < cache_count(view, OBCC_DEPENDENCY_TABLE); i++)
        sum += strlen(
            cache_string(view, obcc_get32(cache_dependency_at(view, i)->name)));
    for (uint32_t i = 0; i < cache_count(view, OBCC_RELOCATION_TABLE); i++)
        sum += strlen(
            cache_string(view, obcc_get32(cache_import_at(view, i)->name)));
    for (uint32_t i = 0; i < cache_count(view, OBCC_PRAGMA_LIST); i++)
        sum += strlen(
            cache_string(view, obcc_get32(cache_pragma_at(view, i)->value)));
    for (uint32_t i = 0; i < cache_count(view, OBCC_OBJECT_SLOT_LIST); i++)
        sum += cache_object_slot_at(view, i);
    for (uint32_t i = 0; i < cache_count(view, OBCC_STRING_POOL); i++)
        sum += strlen(cache_string(view, i));
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    volatile uint64_t sink;
    struct cache_layout layout;
    struct cache_view view;
    struct error err = {0};
    struct span head;

    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    seal_cache(copy, size);
    head = (struct span){copy, size < CACHE_HEAD_SIZE ? size : CACHE_HEAD_SIZE};
    for (unsigned flags = 0; flags <= CACHE_CHECK_ALL; flags++) {
        if (cache_layout_read(head, size, false, "fuzz", &layout, &err) ||
            cache_view_open((struct span){copy, size}, &layout, flags, "fuzz",
                            &view, &err))
            fuzz_require(err.message[0]);
        else
            sink = walk(&view);
    }
    (void)sink;
    free(copy);
    return 0;
}
