#include "bind.h"

#include <stdio.h>
#include <string.h>

#include "load_machine.h"
#include "symbol_hash.h"
#include "tls.h"

/* Functions that are told the image of a handler, and that __cxa_finalize()
 * makes forget it. For all other functions that remember an address, the script
 * is responsible. */
static bool takes_handlers(const char *name)
{
    static const char names[][24] = {
        "__cxa_atexit",
        "__cxa_at_quick_exit",
        "__register_atfork",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* The functions that the loader supplies, whatever resolve may know: the C
 * library's functions of these names do not know images. NULL: none of these
 * names. */
static COLD void *find_own_function(struct binder *binder, const char *name)
{
    void *address;

    if (strcmp(name, "__tls_get_addr") == 0)
        return (void *)tls_get_addr;
    address = thread_exit_find(name);
    if (address)
        binder->registers_at_thread_exit = true;
    else if (takes_handlers(name))
        binder->registers_at_exit = true;
    return address;
}

static COLD void note_missing(struct binder *binder, const char *name,
                              uint32_t import)
{
    const struct load_binding *binding = binder->binding;
    const char *user = "";

    if (binding->missing)
        user = binding->missing(binding->context, name, import);
    if (binder->n_missing < BIND_MAX_NAMED)
        binder->missing[binder->n_missing] =
            (struct missing_import){name, user};
    binder->n_missing++;
}

/* The hash is only in images that lib/linker made. */
static uint32_t hash_of(const ELF_TYPE(Sym) * entry, const char *name)
{
    return entry->st_size ? (uint32_t)entry->st_size : symbol_hash(name);
}

/* NULL: the import, symbol `index`, is not defined. */
static inline void *resolve_import(struct binder *binder,
                                   const ELF_TYPE(Sym) * entry,
                                   const char *name, uint32_t index)
{
    const struct load_binding *binding = binder->binding;
    void *address = NULL;

    if (name[0] == '_' && name[1] == '_')
        address = find_own_function(binder, name);
    if (!address)
        address = binding->resolve(binding->context, name, hash_of(entry, name),
                                   index - 1);
    if (!address && ELF64_ST_BIND(entry->st_info) != STB_WEAK)
        note_missing(binder, name, index - 1);
    return address;
}

static inline const ELF_TYPE(Sym) * find_symbol(const struct image_view *view,
                                                uint32_t index,
                                                struct error *err)
{
    const ELF_TYPE(Sym) *const table =
        (const void *)(view->base + view->symbols);

    if (index == 0 || index >= view->n_symbols)
        error_set(err, STATUS_CORRUPT,
                  "%s: a relocation refers to symbol %u, which is not in the "
                  "image",
                  view->name, index);
    else if (table[index].st_name >= view->strings.size)
        error_set(err, STATUS_CORRUPT,
                  "%s: name of symbol %u is outside the string table",
                  view->name, index);
    else
        return &table[index];
    return NULL;
}

static const char *name_of(const struct image_view *view,
                           const ELF_TYPE(Sym) * entry)
{
    return (const char *)view->base + view->strings.address + entry->st_name;
}

static COLD enum status refuse_type(const struct binder *binder,
                                    const ELF_TYPE(Sym) * entry,
                                    const char *name, struct error *err)
{
    if (ELF64_ST_TYPE(entry->st_info) == STT_TLS)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: '%s' is a thread-local variable, but bound "
                         "by address",
                         binder->view->name, name);
    /* lib/linker binds these with R_*_IRELATIVE, which has no symbol. */
    return error_set(err, STATUS_UNSUPPORTED,
                     "%s: '%s' is an indirect function that is bound by name",
                     binder->view->name, name);
}

enum status bind_next_symbol(struct binder *binder, uint32_t index,
                             struct error *err)
{
    const struct image_view *view = binder->view;
    const ELF_TYPE(Sym) *entry = find_symbol(view, index, err);
    const char *name;
    unsigned type;

    if (!entry)
        return STATUS_CORRUPT;
    name = name_of(view, entry);
    type = ELF64_ST_TYPE(entry->st_info);
    if (type == STT_TLS || type == STT_GNU_IFUNC)
        return refuse_type(binder, entry, name, err);
    if (entry->st_shndx == SHN_UNDEF)
        binder->value = (uintptr_t)resolve_import(binder, entry, name, index);
    else if (entry->st_shndx == SHN_ABS)
        binder->value = (uintptr_t)entry->st_value;
    else
        binder->value = (uintptr_t)view->base + (uintptr_t)entry->st_value;
    binder->symbol = index;
    return STATUS_OK;
}

/* ---- Thread-local variables ---- */

static COLD enum status bind_own_variable(struct binder *binder,
                                          const char *name, uint64_t offset,
                                          struct error *err)
{
    if (!binder->tls)
        return error_set(err, STATUS_CORRUPT,
                         "%s: a relocation refers to thread-local variables "
                         "of the image, which has none",
                         binder->view->name);
    binder->variable = (struct tls_variable){
        .name = name,
        .index = {(uintptr_t)binder->tls, (uintptr_t)offset},
    };
    return STATUS_OK;
}

static COLD enum status bind_host_variable(struct binder *binder,
                                           const ELF_TYPE(Sym) * entry,
                                           uint32_t index, struct error *err)
{
    const char *name = name_of(binder->view, entry);
    const void *address = resolve_import(binder, entry, name, index);
    const bool is_weak = ELF64_ST_BIND(entry->st_info) == STB_WEAK;
    const bool is_known = address && address != binder->unknown;
    struct tls_variable variable = {.index = {0, 0}};

    if (is_known && !tls_host_find(address, &variable))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: '%s' is thread-local here, but not in the "
                         "process (%p)",
                         binder->view->name, name, address);
    variable.name = name;
    /* Missing imports have been recorded: no other error may hide them. */
    if (!is_known && !(is_weak && !address))
        variable.has_fixed_distance = true;
    binder->variable = variable;
    return STATUS_OK;
}

COLD enum status bind_variable(struct binder *binder, uint32_t index,
                               struct error *err)
{
    const ELF_TYPE(Sym) *entry = NULL;
    enum status status;

    if (index == binder->variable_symbol && index != 0)
        return STATUS_OK;
    if (index != 0) {
        entry = find_symbol(binder->view, index, err);
        if (!entry)
            return STATUS_CORRUPT;
    }
    if (!entry)
        status = bind_own_variable(binder, "(local)", 0, err);
    else if (entry->st_shndx == SHN_UNDEF)
        status = bind_host_variable(binder, entry, index, err);
    else
        status = bind_own_variable(binder, name_of(binder->view, entry),
                                   entry->st_value, err);
    if (status)
        return status;
    binder->variable_symbol = index;
    return STATUS_OK;
}

/* ---- The verdict ---- */

/* Append ", 'name' (wanted by 'user')" to a list of size bytes if it fits. A
 * name has any length, and bitcode may put any byte in it; a message is one
 * line. */
static bool append_name(char *list, size_t size,
                        const struct missing_import *missing)
{
    const size_t used = strlen(list);
    const char *const user = missing->user;
    const int n = snprintf(
        list + used, size - used, "%s'%s'%s%s%s", used ? ", " : "",
        missing->name, *user ? " (wanted by '" : "", user, *user ? "')" : "");

    if (n < 0 || (size_t)n >= size - used) {
        list[used] = 0;
        return false;
    }
    for (char *p = list + used; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    return true;
}

COLD enum status bind_finish(const struct binder *binder, struct error *err)
{
    char list[ERROR_MESSAGE_SIZE * 3 / 4];
    char rest[32] = "";
    size_t n_named = 0;

    if (binder->n_missing == 0)
        return STATUS_OK;
    list[0] = '\0';
    while (n_named < binder->n_missing && n_named < BIND_MAX_NAMED &&
           append_name(list, sizeof(list), &binder->missing[n_named]))
        n_named++;
    if (n_named < binder->n_missing)
        snprintf(rest, sizeof(rest), " and %zu more",
                 binder->n_missing - n_named);
    return error_set(err, STATUS_UNRESOLVED, "%s: nothing defines %s%s",
                     binder->view->name, list, rest);
}
