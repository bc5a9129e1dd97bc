#include "reloc.h"

#include <stddef.h>

static const struct machine *const machines[] = {
    &machine_x86_64,
};

const struct machine *machine_find(unsigned e_machine, unsigned address_size)
{
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
        if (machines[i]->e_machine == e_machine &&
            machines[i]->address_size == address_size)
            return machines[i];
    return NULL;
}
