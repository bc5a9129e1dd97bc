#include "coverage_loader.h"

#include "load_machine.h"

enum loader_answer loader_answers(uint32_t number)
{
    return machine_reloc_kind(number) == LOAD_RELOC_UNKNOWN
               ? LOADER_DOES_NOT_KNOW
               : LOADER_HANDLES;
}
