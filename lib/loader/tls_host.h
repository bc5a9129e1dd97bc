/* Thread-local variables that images import from the process and its
 * libraries. */
#ifndef BCC_LOADER_TLS_HOST_H
#define BCC_LOADER_TLS_HOST_H

#include <stdbool.h>

#include "tls.h"

/* Whose variable is at address for the calling thread? (Its name is left
 * NULL.) False if it is in no library that the C library's loader knows, or
 * that loader cannot be asked for the address in other threads. */
bool tls_host_find(const void *address, struct tls_variable *ret_variable);

/* For index.module below TLS_LOWEST_MODULE_ADDRESS. Module 0 is nobody's, the
 * offset is then the address: how a missing weak variable comes to be at 0. */
void *tls_host_get_addr(const struct tls_index *index);

#endif
