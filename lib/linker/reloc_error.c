#include "reloc_error.h"

#include <stdarg.h>
#include <stdio.h>

#include "resolve.h"

enum status reloc_error(const struct link *link, const struct chunk *chunk,
                        const struct relocation *relocation, enum status status,
                        struct error *err, const char *format, ...)
{
    const struct reloc_type *type = link->machine->type(relocation->type);
    const struct symbol *symbol = chunk->object->symbols[relocation->symbol];
    char fact[256];
    char number[32];
    va_list args;

    va_start(args, format);
    vsnprintf(fact, sizeof(fact), format, args);
    va_end(args);
    snprintf(number, sizeof(number), "relocation type %u", relocation->type);
    return error_set(err, status, "%s: %s+0x%llx: %s against '%.300s': %s",
                     chunk->object->view.name, chunk->name,
                     (unsigned long long)relocation->offset,
                     type ? type->name : number, symbol_text(symbol), fact);
}
