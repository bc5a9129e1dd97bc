/* bcc run supplies the symbols of libc and of the request's libraries, and no
 * others. So any other undefined symbol can be reported before the code is
 * made. Their names do not fit into a reply: BCC_UNDEFINED names a memfd, into
 * which this file writes, for each symbol, the name, a NUL, its user or
 * nothing, and a NUL; an empty name ends the list. Only a memfd is written to,
 * whatever the variable names. Hosts of the library may supply any symbol, and
 * do not set the variable. */
#include "bccc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "file.h"
#include "link_image.h"
#include "machine.h"
#include "candidates.h"
#include "span.h"

/* Only a memfd has seals. */
static int open_memfd(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0 || fcntl(fd, F_GET_SEALS) >= 0)
        return fd;
    close(fd);
    return -1;
}

void missing_open(struct missing *missing, const struct request *request,
                  const struct candidates *candidates, struct arena *arena)
{
    const unsigned program = REQUEST_MARKED_ONLY | REQUEST_DEFAULT_LIBRARIES;
    const char *path = secure_getenv("BCC_UNDEFINED");

    if (!path || (request->flags & program) != program ||
        candidates->is_foreign || !candidates->first ||
        machine_of_triple(request->triple) != machine_host())
        return;
    missing->fd = open_memfd(path);
    missing->candidates = candidates;
    missing->script = request->inputs[0].name;
    missing->arena = arena;
}

/* ---- Asked by the compile ---- */

static enum status filter(void *context, struct undefined_symbol *symbols,
                          size_t *n, struct error *err)
{
    const struct missing *missing = context;
    struct link_import *imports =
        arena_alloc(missing->arena, *n, sizeof(*imports));
    bool *lacks = arena_alloc(missing->arena, *n, sizeof(*lacks));
    const struct link_result link = {.imports = imports, .n_imports = *n};
    enum status status;
    size_t n_kept = 0;

    if (!imports || !lacks)
        return error_no_memory(err);
    for (size_t i = 0; i < *n; i++)
        imports[i] = (struct link_import){.name = symbols[i].name};
    status =
        needed_lack(missing->candidates, &link, missing->arena, lacks, err);
    for (size_t i = 0; status == STATUS_OK && i < *n; i++)
        if (lacks[i])
            symbols[n_kept++] = symbols[i];
    *n = n_kept;
    return status;
}

static enum status report(void *context, const struct undefined_symbol *symbols,
                          size_t n, struct error *err)
{
    const struct missing *missing = context;
    enum status status;
    struct buffer text;

    buffer_init(&text);
    for (size_t i = 0; i < n; i++) {
        const char *user = symbols[i].user ? symbols[i].user : "";

        buffer_append(&text, symbols[i].name, strlen(symbols[i].name) + 1);
        buffer_append(&text, user, strlen(user) + 1);
    }
    buffer_append(&text, "", 1);
    /* A compile may start again. */
    lseek(missing->fd, 0, SEEK_SET);
    status = buffer_failed(&text)
                 ? error_no_memory(err)
                 : file_write_all(missing->fd, buffer_span(&text),
                                  "undefined symbols", err);
    buffer_release(&text);
    return status
               ? status
               : error_set(err, STATUS_UNRESOLVED, "%s: undefined symbol '%s'",
                           missing->script, symbols[0].name);
}

const struct undefined_asker *missing_asker(struct missing *missing)
{
    if (missing->fd <= 0)
        return NULL;
    missing->asker = (struct undefined_asker){filter, report, missing};
    return &missing->asker;
}
