/* ZIP archives: read every listed entry. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "fuzz.h"
#include "zip.h"

struct walk {
    int fd;
    uint64_t size;
    unsigned n_entries;
};

static enum status read_entry(void *context, struct span entry,
                              struct error *err)
{
    struct walk *walk = context;
    char name[256];
    struct span bytes;

    if (++walk->n_entries > 16 || entry.size >= sizeof(name))
        return error_set(err, STATUS_UNSUPPORTED, "enough");
    memcpy(name, entry.data, entry.size);
    name[entry.size] = 0;
    if (zip_read(walk->fd, walk->size, "zip", name, &bytes, err)) {
        fuzz_require(err->message[0]);
    } else {
        fuzz_require(bytes.size / 1032 <= walk->size);
        free((void *)bytes.data);
    }
    return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct walk walk = {.size = size};
    struct error err = {0};

    if (file_create_memory("zip", (struct span){data, size}, &walk.fd, &err))
        return 0;
    if (zip_list(walk.fd, size, "zip", read_entry, &walk, &err))
        fuzz_require(err.message[0]);
    close(walk.fd);
    return 0;
}
