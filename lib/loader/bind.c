#include "bind.h"

#include <stdio.h>
#include <string.h>

#include "machine.h"

/* Functions that are told what image a handler belongs to, and that
 * __cxa_finalize() makes forget it. All others of the process that remember
 * an address are the script's own affair. */
static bool takes_handlers(const char *name)
{
    static const char names[][28] = {
        "__cxa_atexit",
        "__cxa_at_quick_exit",
        "__cxa_thread_atexit_impl",
        "__register_atfork",
    };

    if (name[0] != '_' || name[1] != '_')
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void bind_import(struct binder *binder, const char *name, bool weak)
{
    const struct load_binding *binding = binder->binding;

    binder->value = (uintptr_t)binding->resolve(binding->context, name);
    if (takes_handlers(name))
        binder->registers_at_exit = true;
    if (binder->value || weak)
        return;
    if (binder->n_missing < BIND_MAX_NAMED)
        binder->missing[binder->n_missing] = name;
    binder->n_missing++;
    if (binding->missing)
        binding->missing(binding->context, name);
}

enum status bind_next_symbol(struct binder *binder, uint32_t symbol,
                             struct error *err)
{
    const struct image_view *view = binder->view;
    const ELF_TYPE(Sym) * entry;

    if (symbol == 0 || symbol >= view->n_symbols)
        return error_set(err, STATUS_CORRUPT,
                         "%s: a relocation refers to symbol %u, which is not "
                         "in the image",
                         view->name, symbol);
    entry = (const ELF_TYPE(Sym) *)(const void *)(view->base + view->symbols) +
            symbol;
    if (entry->st_name >= view->strings.size)
        return error_set(err, STATUS_CORRUPT,
                         "%s: name of symbol %u is outside the string table",
                         view->name, symbol);
    const char *name =
        (const char *)view->base + view->strings.address + entry->st_name;

    switch (ELF64_ST_TYPE(entry->st_info)) {
    case STT_TLS:
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: '%s' is a thread-local variable", view->name,
                         name);
    case STT_GNU_IFUNC:
        /* lib/linker binds these with R_*_IRELATIVE, which has no symbol. */
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: '%s' is an indirect function that is bound by "
                         "name",
                         view->name, name);
    default:
        break;
    }
    if (entry->st_shndx == SHN_UNDEF)
        bind_import(binder, name, ELF64_ST_BIND(entry->st_info) == STB_WEAK);
    else if (entry->st_shndx == SHN_ABS)
        binder->value = (uintptr_t)entry->st_value;
    else
        binder->value = (uintptr_t)view->base + (uintptr_t)entry->st_value;
    binder->symbol = symbol;
    return STATUS_OK;
}

/* ---- The verdict ---- */

/* Append ", 'name'" to a list of size bytes if it fits. A name is of unknown
 * length, and bitcode may put any byte in it; a message is one line. */
static bool append_name(char *list, size_t size, const char *name)
{
    const size_t used = strlen(list);
    const int n =
        snprintf(list + used, size - used, "%s'%s'", used ? ", " : "", name);

    if (n < 0 || (size_t)n >= size - used) {
        list[used] = 0;
        return false;
    }
    for (char *p = list + used; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    return true;
}

enum status bind_finish(const struct binder *binder, struct error *err)
{
    char list[ERROR_MESSAGE_SIZE * 3 / 4] = "";
    char rest[32] = "";
    size_t n_named = 0;

    if (binder->n_missing == 0)
        return STATUS_OK;
    while (n_named < binder->n_missing && n_named < BIND_MAX_NAMED &&
           append_name(list, sizeof(list), binder->missing[n_named]))
        n_named++;
    if (n_named < binder->n_missing)
        snprintf(rest, sizeof(rest), " and %zu more",
                 binder->n_missing - n_named);
    return error_set(err, STATUS_UNRESOLVED, "%s: nothing defines %s%s",
                     binder->view->name, list, rest);
}
