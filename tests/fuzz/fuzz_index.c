/* The reader of a library's index: open it, then look at everything. The
 * checksum is corrected first, so that changes get past it. */
#include <string.h>

#include "../unit/sample_index.h"
#include "checksum.h"
#include "fuzz.h"

/* Where the checksum ends follows from fields that may hold anything. */
static void seal(uint8_t *data, size_t size)
{
    struct ibcc_header *header = (struct ibcc_header *)(void *)data;
    const uint64_t from = offsetof(struct ibcc_header, sha1);
    struct span checked;
    uint64_t end;

    if (size < sizeof(*header))
        return;
    end = sizeof(*header) +
          (((uint64_t)obcc_get32(header->identity_size) + 7) & ~UINT64_C(7));
    end += (uint64_t)obcc_get32(header->n_rows) * sizeof(struct ibcc_row);
    end += ((uint64_t)obcc_get32(header->names_size) + 7) & ~UINT64_C(7);
    end += ((uint64_t)obcc_get32(header->n_defined) * 4 + 7) & ~UINT64_C(7);
    header->file_size = obcc_le64(size);
    if (span_slice((struct span){data, size}, from, end - from, &checked))
        header->checksum = obcc_le64(checksum_xxh3(checked));
}

static void look_at_all(const struct index_view *view)
{
    for (size_t i = 0; i < view->n_rows; i++) {
        const char *name = index_view_name(view, i);
        struct index_row row;

        (void)index_view_defines(view, name);
        if (!index_view_row(view, i, &row))
            continue;
        fuzz_require(index_view_find(view, name, &row));
        fuzz_require(row.name == name);
        fuzz_require(row.kind != IBCC_DECLARED || row.closure.size == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    struct index_view view;
    struct error err = {0};

    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    seal(copy, size);
    if (index_view_open((struct span){copy, size}, sample_identity, "fuzz",
                        &view, &err))
        fuzz_require(err.message[0]);
    else
        look_at_all(&view);
    free(copy);
    return 0;
}
