/* Image addresses of symbols, once layout is done. */
#ifndef BCC_LINKER_SYMBOL_ADDRESS_H
#define BCC_LINKER_SYMBOL_ADDRESS_H

#include "link_state.h"

/* Where a symbol's definition is; its value if it is absolute. */
static inline uint64_t symbol_definition_address(const struct symbol *symbol)
{
    if (symbol->place == SYMBOL_IN_CHUNK)
        return chunk_address(symbol->chunk) + symbol->value;
    return symbol->value;
}

static inline uint64_t stub_address(const struct link *link, uint32_t stub)
{
    return chunk_address(link->plt) +
           (uint64_t)(stub - 1) * link->machine->stub_size;
}

/* What references mean: the stub of imports and of indirect functions (so
 * that these have one address, whoever asks), else the definition. */
static inline uint64_t symbol_address(const struct link *link,
                                      const struct symbol *symbol)
{
    if (symbol->stub)
        return stub_address(link, symbol->stub);
    return symbol_definition_address(symbol);
}

#endif
