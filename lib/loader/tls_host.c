/* The C library numbers the libraries that have thread-local variables, and its
 * __tls_get_addr() finds the block of a number. An import is resolved to an
 * address for the calling thread. The number of the library is the one whose
 * block contains that address.
 *
 * Initial-exec code needs more: a distance from the thread pointer that is the
 * same in every thread. The C library places the blocks of objects loaded at
 * start beside the thread pointer, but it does not tell which objects these
 * are, and another block may be close by chance. Two kinds of objects are
 * certain: the program, because its own code uses fixed distances, and
 * libraries with DF_STATIC_TLS, because theirs does. */
#include "tls.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdatomic.h>

#include "load_machine.h"

typedef void *get_addr_fn(const struct tls_index *index);

/* The C library's function, which is in ld.so. It is not linked to, because
 * libobcc.so needs libc alone. It is set before an image can have a number. */
static _Atomic(get_addr_fn *) host_get_addr;

void *tls_host_get_addr(const struct tls_index *index)
{
    if (index->module == 0)
        return (void *)(index->offset + MACHINE_DTV_OFFSET);
    return atomic_load_explicit(&host_get_addr, memory_order_relaxed)(index);
}

struct search {
    uintptr_t address;
    bool found;
    struct tls_variable variable;
};

static const ElfW(Phdr) *
    find_header(const struct dl_phdr_info *library, uint32_t type)
{
    for (unsigned i = 0; i < library->dlpi_phnum; i++)
        if (library->dlpi_phdr[i].p_type == type)
            return &library->dlpi_phdr[i];
    return NULL;
}

static bool has_fixed_distance(const struct dl_phdr_info *library)
{
    const ElfW(Phdr) *header = find_header(library, PT_DYNAMIC);
    const ElfW(Dyn) * entry;

    if (library->dlpi_name[0] == 0) /* the program */
        return true;
    if (!header)
        return false;
    entry = (const void *)(library->dlpi_addr + header->p_vaddr);
    for (; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_FLAGS)
            return (entry->d_un.d_val & DF_STATIC_TLS) != 0;
    return false;
}

static int look_into(struct dl_phdr_info *library, size_t size, void *context)
{
    struct search *search = context;
    const uintptr_t offset =
        search->address - (uintptr_t)library->dlpi_tls_data;
    const ElfW(Phdr) * header;

    (void)size; /* of a struct that has had these fields since glibc 2.4 */
    if (!library->dlpi_tls_data)
        return 0;
    header = find_header(library, PT_TLS);
    if (!header || offset >= header->p_memsz)
        return 0;
    search->found = true;
    search->variable = (struct tls_variable){
        .index = {library->dlpi_tls_modid, offset},
        .has_fixed_distance = has_fixed_distance(library),
        .distance = search->address - machine_thread_pointer(),
    };
    return 1;
}

bool tls_host_find(const void *address, struct tls_variable *ret_variable)
{
    struct search search = {.address = (uintptr_t)address};
    get_addr_fn *get_addr;

    dl_iterate_phdr(look_into, &search);
    if (!search.found ||
        search.variable.index.module >= TLS_LOWEST_MODULE_ADDRESS)
        return false;
    get_addr = (get_addr_fn *)dlsym(RTLD_DEFAULT, "__tls_get_addr");
    if (!get_addr)
        return false;
    atomic_store_explicit(&host_get_addr, get_addr, memory_order_relaxed);
    *ret_variable = search.variable;
    return true;
}
