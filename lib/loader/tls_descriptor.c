/* The choice of a descriptor's function. */
#include "tls_descriptor.h"

/* Only compiled code calls these, with the address of a descriptor. */
extern void tls_descriptor_fixed(void);
extern void tls_descriptor_absolute(void);
extern void tls_descriptor_dynamic(void);

enum status tls_descriptor_make(const struct tls_variable *variable,
                                uintptr_t addend, const char *name,
                                struct tls_descriptor *ret_descriptor,
                                struct error *err)
{
    const uintptr_t module = variable->index.module;
    const uintptr_t offset = variable->index.offset + addend;

    if (module == 0) {
        *ret_descriptor =
            (struct tls_descriptor){(void *)tls_descriptor_absolute, offset};
        return STATUS_OK;
    }
    if (variable->has_fixed_distance) {
        *ret_descriptor = (struct tls_descriptor){(void *)tls_descriptor_fixed,
                                                  variable->distance + addend};
        return STATUS_OK;
    }
    if ((intptr_t)offset != (int32_t)offset)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: offset 0x%llx of the thread-local variable '%s' "
                         "does not fit a descriptor",
                         name, (unsigned long long)offset, variable->name);
    *ret_descriptor = (struct tls_descriptor){
        (void *)tls_descriptor_dynamic,
        (uint64_t)tls_descriptor_slot(module) << 32 | (uint32_t)offset};
    return STATUS_OK;
}
