/* A native program comes first in the dynamic linker's search, so libraries use
 * its definitions instead of their own. Under bcc run they are bound before the
 * program is loaded. So this file rewrites the words through which libraries
 * reach such names, mostly in their global offset tables: argp finds the
 * program's argp_program_version, getopt() sets the program's optarg.
 *
 * The compiler has collected these names (uses.c); most programs
 * define none of them. Constructors of libraries have run by then, with the
 * libraries' own definitions. Libraries that the program opens later with
 * dlopen() are bound to this executable and to libraries, not to the
 * program. */
#include "program.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "load_machine.h"
#include "print.h"

struct work {
    const BCCDefinition *definitions;
    size_t n;
    size_t n_objects; /* objects visited so far */
};

/* The dynamic linker's facts about an object. */
struct object {
    uintptr_t base;
    uintptr_t relro, relro_end; /* whole pages, made read-only after
                                   relocation */
    bool is_open;               /* these pages are writable now */
    const ElfW(Sym) * symbols;
    const char *strings;
    struct relocs {
        const machine_reloc *row;
        size_t size; /* bytes */
    } relocs[2];
};

static const void *table_at(const struct object *object, ElfW(Addr) value)
{
    return (const void *)(value < object->base ? value + object->base : value);
}

static void read_dynamic(struct object *object, const ElfW(Dyn) * entry)
{
    for (; entry->d_tag != DT_NULL; entry++) {
        const ElfW(Addr) value = entry->d_un.d_ptr;

        switch (entry->d_tag) {
        case DT_SYMTAB:
            object->symbols = table_at(object, value);
            break;
        case DT_STRTAB:
            object->strings = table_at(object, value);
            break;
        case MACHINE_DT_RELOC:
            object->relocs[0].row = table_at(object, value);
            break;
        case MACHINE_DT_RELOC_SIZE:
            object->relocs[0].size = value;
            break;
        case DT_JMPREL:
            object->relocs[1].row = table_at(object, value);
            break;
        case DT_PLTRELSZ:
            object->relocs[1].size = value;
            break;
        default:
            break;
        }
    }
}

static void read_object(const struct dl_phdr_info *info, struct object *object)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    *object = (struct object){.base = info->dlpi_addr};
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        const uintptr_t start = info->dlpi_addr + segment->p_vaddr;

        if (segment->p_type == PT_DYNAMIC)
            read_dynamic(object, (const void *)start);
        if (segment->p_type == PT_GNU_RELRO) {
            object->relro = start & -page;
            object->relro_end = (start + segment->p_memsz) & -page;
        }
    }
}

static bool open_place(struct object *object, uintptr_t place)
{
    const bool is_protected =
        place >= object->relro && place < object->relro_end;

    if (is_protected && !object->is_open)
        object->is_open =
            mprotect((void *)object->relro, object->relro_end - object->relro,
                     PROT_READ | PROT_WRITE) == 0;
    return !is_protected || object->is_open;
}

#if !MACHINE_HAS_ADDEND

/* The place holds the sum; the addend is the address's. */
static uintptr_t addend_of(const machine_reloc *row)
{
    (void)row;
    return 0;
}

#else

static uintptr_t addend_of(const machine_reloc *row)
{
    return (uintptr_t)row->r_addend;
}

#endif

static void bind_place(struct object *object, const machine_reloc *row,
                       const BCCDefinition *definition)
{
    uintptr_t *place = (uintptr_t *)(object->base + row->r_offset);
    const enum load_reloc_kind kind =
        machine_reloc_kind((uint32_t)ELF_R_TYPE(row->r_info));
    uintptr_t value = (uintptr_t)definition->address;

    if (kind == LOAD_RELOC_SYMBOL_ADDEND) {
        const uintptr_t bound =
            (uintptr_t)dlsym(RTLD_DEFAULT, definition->name);

        /* The place is data, which the library may have changed since it was
         * relocated. */
        if (*place != bound + addend_of(row))
            return;
        value += addend_of(row);
    } else if (kind != LOAD_RELOC_SYMBOL) {
        return;
    }
    if (open_place(object, (uintptr_t)place))
        *place = value;
    else
        complain("%s: a library still uses its own definition",
                 definition->name);
}

/* On machines where the stack guard is a variable, libraries keep their own:
 * functions that run now, dl_iterate_phdr() among them, have its value in their
 * frames, and compare it when they return. */
static bool is_stack_guard(const char *name)
{
    return strcmp(name, "__stack_chk_guard") == 0;
}

static void bind_rows(const struct work *work, struct object *object,
                      const struct relocs *relocs)
{
    for (size_t i = 0; i < relocs->size / sizeof(*relocs->row); i++) {
        const machine_reloc *row = &relocs->row[i];
        const size_t symbol = ELF_R_SYM(row->r_info);
        const char *name;

        if (symbol == 0)
            continue;
        name = object->strings + object->symbols[symbol].st_name;
        for (size_t k = 0; k < work->n; k++)
            if (strcmp(work->definitions[k].name, name) == 0 &&
                !is_stack_guard(name))
                bind_place(object, row, &work->definitions[k]);
    }
}

static int bind_object(struct dl_phdr_info *info, size_t size, void *context)
{
    struct work *work = context;
    struct object object;

    (void)size;
    if (work->n_objects++ == 0)
        return 0; /* this executable */
    read_object(info, &object);
    if (!object.symbols || !object.strings)
        return 0;
    for (size_t i = 0; i < 2; i++)
        if (object.relocs[i].row)
            bind_rows(work, &object, &object.relocs[i]);
    if (object.is_open)
        mprotect((void *)object.relro, object.relro_end - object.relro,
                 PROT_READ);
    return 0;
}

void interpose(void *context, const BCCDefinition *definitions, size_t n)
{
    struct work work = {definitions, n, 0};

    (void)context;
    dl_iterate_phdr(bind_object, &work); /* calls libc's, which does not
                                            report the program */
}
