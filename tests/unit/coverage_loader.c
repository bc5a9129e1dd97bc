#include "coverage_loader.h"

#include "load_machine.h"

enum loader_answer loader_answers(uint32_t number)
{
    switch (machine_reloc_kind(number)) {
    case LOAD_RELOC_UNKNOWN:
        return LOADER_DOES_NOT_KNOW;
    case LOAD_RELOC_TLS_DESCRIPTOR:
        return LOADER_REFUSES;
    default:
        return LOADER_HANDLES;
    }
}
