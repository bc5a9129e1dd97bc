/* Thread-local variables that images import from the process and its
 * libraries. */
#ifndef BCC_LOADER_TLS_HOST_H
#define BCC_LOADER_TLS_HOST_H

#include <stdbool.h>

#include "tls.h"

/* Find the module of the variable that is at address for the calling thread.
 * (Its name is left NULL.) False: it is in no library of the C library's
 * loader, or that cannot tell the address in other threads. */
bool tls_host_find(const void *address, struct tls_variable *ret_variable);

/* For index.module below TLS_LOWEST_MODULE_ADDRESS. Module 0 belongs to no
 * library, and the offset is the address: so a missing weak variable is at
 * 0. */
void *tls_host_get_addr(const struct tls_index *index);

#endif
