/* The dynamic linker searches breadth first: the libraries that a program
 * names, in order, then the libraries that these need. One dlopen() per library
 * searches depth first: what the first library needs comes before the second,
 * and the first library is bound before the second is loaded. The difference
 * matters if two libraries define the same symbol. For example, libc++abi needs
 * LLVM's libunwind, but in a program that also names libgcc_s, libgcc_s throws
 * all exceptions; and one unwinder must not resume what another has thrown. It
 * also matters if a library leaves symbols for the next one to define.
 *
 * So one object that needs all of the libraries, in order, is opened instead.
 * The object is made in memory: headers, a dynamic section, names. The dynamic
 * linker needs a path for it. The path of a descriptor is reused after the
 * descriptor is closed, and the dynamic linker does not open a path twice. So
 * each such path is spelt in a unique way.
 *
 *     ELF header | PT_LOAD, PT_DYNAMIC, PT_GNU_STACK | dynamic | symbol 0 |
 *     names of the libraries
 *
 * Reference: ELF gABI, chapters 4 and 5. */
#include "prepare.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "buffer.h"
#include "file.h"
#include "load_machine.h"

/* ---- When ---- */

/* Libraries of programs in C and C++ that do not define each other's symbols,
 * and that name all libraries from which they take symbols. */
static bool is_independent(const char *name)
{
    static const char names[][16] = {
        "libm.so.6",
        "libmvec.so.1",
        "libgcc_s.so.1",
        "libstdc++.so.6",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

bool library_order_matters(const struct cache_view *view)
{
    const uint32_t n = cache_count(view, OBCC_NEEDED_LIST);
    bool matters = false;

    for (uint32_t i = 0; n > 1 && i < n && !matters; i++)
        matters = !is_independent(cache_needed_at(view, i));
    return matters;
}

/* ---- The object ---- */

enum { N_SEGMENTS = 3 };

struct head {
    ElfW(Ehdr) header;
    ElfW(Phdr) segment[N_SEGMENTS];
};

static void add_entry(struct buffer *object, ElfW(Sxword) tag, ElfW(Addr) value)
{
    const ElfW(Dyn) entry = {.d_tag = (__typeof__(entry.d_tag))tag,
                             .d_un = {.d_ptr = value}};

    buffer_append(object, &entry, sizeof(entry));
}

static void add_head(struct buffer *object, size_t dynamic_size, size_t size)
{
    const struct head head = {
        .header =
            {
                .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
                            MACHINE_ELF_CLASS, MACHINE_ELF_DATA, EV_CURRENT},
                .e_type = ET_DYN,
                .e_machine = machine_host()->elf_machine,
                .e_version = EV_CURRENT,
                .e_phoff = offsetof(struct head, segment),
                .e_flags = MACHINE_ELF_FLAGS,
                .e_ehsize = sizeof(ElfW(Ehdr)),
                .e_phentsize = sizeof(ElfW(Phdr)),
                .e_phnum = N_SEGMENTS,
            },
        .segment =
            {
                {.p_type = PT_LOAD,
                 .p_flags = PF_R | PF_W,
                 .p_filesz = size,
                 .p_memsz = size,
                 .p_align = 0x10000},
                {.p_type = PT_DYNAMIC,
                 .p_flags = PF_R | PF_W,
                 .p_offset = sizeof(head),
                 .p_vaddr = sizeof(head),
                 .p_filesz = dynamic_size,
                 .p_memsz = dynamic_size,
                 .p_align = sizeof(void *)},
                /* Without it the dynamic linker makes stacks executable. */
                {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W},
            },
    };

    buffer_append(object, &head, sizeof(head));
}

static bool make_object(const struct cache_view *view, struct buffer *object)
{
    const uint32_t n = cache_count(view, OBCC_NEEDED_LIST);
    const size_t dynamic_size = (n + 5) * sizeof(ElfW(Dyn));
    const size_t symbols = sizeof(struct head) + dynamic_size;
    const size_t strings = symbols + sizeof(ElfW(Sym));
    const ElfW(Sym) no_symbol = {0};
    size_t strings_size = 1;

    for (uint32_t i = 0; i < n; i++)
        strings_size += strlen(cache_needed_at(view, i)) + 1;
    add_head(object, dynamic_size, strings + strings_size);
    strings_size = 1;
    for (uint32_t i = 0; i < n; i++) {
        add_entry(object, DT_NEEDED, strings_size);
        strings_size += strlen(cache_needed_at(view, i)) + 1;
    }
    add_entry(object, DT_SYMTAB, symbols);
    add_entry(object, DT_SYMENT, sizeof(no_symbol));
    add_entry(object, DT_STRTAB, strings);
    add_entry(object, DT_STRSZ, strings_size);
    add_entry(object, DT_NULL, 0);
    buffer_append(object, &no_symbol, sizeof(no_symbol));
    buffer_append(object, "", 1);
    for (uint32_t i = 0; i < n; i++)
        buffer_append(object, cache_needed_at(view, i),
                      strlen(cache_needed_at(view, i)) + 1);
    return !object->failed;
}

/* ---- Opening ---- */

/* To the kernel "//" and "/./" are the same: each stands for one value of a
 * bit. */
static void spell_path(struct buffer *path, int fd, const void *unique)
{
    buffer_append_string(path, "/proc/self/fd");
    for (size_t i = 0; i < 8 * sizeof(uintptr_t); i++)
        buffer_append_string(path, (uintptr_t)unique >> i & 1 ? "/." : "/");
    buffer_printf(path, "/%d", fd);
    buffer_append(path, "", 1);
}

void *library_order_open(const struct cache_view *view, const void *unique,
                         int mode)
{
    struct buffer object, path;
    void *handle = NULL;
    int fd;

    buffer_init(&object);
    buffer_init(&path);
    if (make_object(view, &object) &&
        file_create_memory("bcc-libraries", buffer_span(&object), &fd, NULL) ==
            STATUS_OK) {
        spell_path(&path, fd, unique);
        if (!path.failed)
            handle = dlopen((const char *)path.data, RTLD_NOW | mode);
        file_close(fd);
    }
    buffer_release(&path);
    buffer_release(&object);
    return handle;
}
