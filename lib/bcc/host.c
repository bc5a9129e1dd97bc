/* The interface to a host that runs a program: its callbacks, and the
 * description of the image. */
#include <link.h>
#include <stdlib.h>

#include "compile_client.h"
#include "script.h"
#include "tls.h"

int bccSetHost(BCCScriptRef script, const BCCHost *host)
{
    if (script_check_open(script, "host"))
        return 1;
    if (!host || host->size != sizeof(*host) || host->shows >> 3)
        return script_misuse(script, BCC_INVALID_VALUE,
                             "host: NULL, or unknown size or shows");
    script->host = *host;
    return 0;
}

static void *thread_address(const void *index)
{
    return tls_get_addr(index);
}

int bccGetImage(BCCScriptRef script, BCCImage *image)
{
    const struct image *loaded;
    const ElfW(Ehdr) * header;

    if (!script || !script->prepared || image->size != sizeof(*image))
        return 1;
    loaded = &script->image;
    header = (const void *)loaded->base;
    *image = (BCCImage){
        .size = sizeof(*image),
        .base = loaded->base,
        .span = loaded->span,
        .programHeaders = loaded->base + header->e_phoff,
        .programHeaderCount = header->e_phnum,
        .tlsModule = (uintptr_t)loaded->tls,
        .tlsBlock = loaded->tls ? tls_own_block(loaded->tls) : NULL,
        .tlsGetAddr = thread_address,
    };
    return 0;
}

void bccStopScript(BCCScriptRef script)
{
    if (script)
        load_stop(&script->image);
}

const char *bccGetCompilerPath(BCCScriptRef script)
{
    if (!script)
        return NULL;
    free(script->compiler);
    script->compiler = NULL;
    if (compile_client_find(script->options.compiler_path, &script->compiler,
                            &script->error))
        script_fail(script, &script->error);
    return script->compiler;
}

const char *bccGetMissingSymbol(BCCScriptRef script, size_t i,
                                const char **user)
{
    if (!script || script->error.status != STATUS_UNRESOLVED ||
        i >= script->n_missing)
        return NULL;
    if (user)
        *user = script->missing[i].user;
    return script->missing[i].name;
}
