#include "elf_class.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "ELF structs are read and written on a little-endian host"
#endif

static const struct elf_class class_64 = {
    .number = ELFCLASS64,
    .address_size = 8,
    .relr_bits = 63,
    .header_size = sizeof(Elf64_Ehdr),
    .program_header_size = sizeof(Elf64_Phdr),
    .section_header_size = sizeof(Elf64_Shdr),
    .symbol_size = sizeof(Elf64_Sym),
    .dynamic_size = sizeof(Elf64_Dyn),
    .rel_size = sizeof(Elf64_Rel),
    .rela_size = sizeof(Elf64_Rela),
    .max_symbols = UINT32_MAX,
};

static const struct elf_class class_32 = {
    .number = ELFCLASS32,
    .address_size = 4,
    .relr_bits = 31,
    .header_size = sizeof(Elf32_Ehdr),
    .program_header_size = sizeof(Elf32_Phdr),
    .section_header_size = sizeof(Elf32_Shdr),
    .symbol_size = sizeof(Elf32_Sym),
    .dynamic_size = sizeof(Elf32_Dyn),
    .rel_size = sizeof(Elf32_Rel),
    .rela_size = sizeof(Elf32_Rela),
    .max_symbols = (UINT32_C(1) << 24) - 1,
};

const struct elf_class *elf_class_find(unsigned number)
{
    if (number == ELFCLASS64)
        return &class_64;
    return number == ELFCLASS32 ? &class_32 : NULL;
}

/* ---- Reading ---- */

Elf64_Ehdr elf_get_header(const struct elf_class *elf, const uint8_t *bytes)
{
    Elf64_Ehdr wide;
    Elf32_Ehdr narrow;

    if (elf == &class_64) {
        memcpy(&wide, bytes, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, bytes, sizeof(narrow));
    wide = (Elf64_Ehdr){
        .e_type = narrow.e_type,
        .e_machine = narrow.e_machine,
        .e_version = narrow.e_version,
        .e_entry = narrow.e_entry,
        .e_phoff = narrow.e_phoff,
        .e_shoff = narrow.e_shoff,
        .e_flags = narrow.e_flags,
        .e_ehsize = narrow.e_ehsize,
        .e_phentsize = narrow.e_phentsize,
        .e_phnum = narrow.e_phnum,
        .e_shentsize = narrow.e_shentsize,
        .e_shnum = narrow.e_shnum,
        .e_shstrndx = narrow.e_shstrndx,
    };
    memcpy(wide.e_ident, narrow.e_ident, EI_NIDENT);
    return wide;
}

Elf64_Phdr elf_get_program_header(const struct elf_class *elf,
                                  const uint8_t *bytes)
{
    Elf64_Phdr wide;
    Elf32_Phdr narrow;

    if (elf == &class_64) {
        memcpy(&wide, bytes, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, bytes, sizeof(narrow));
    return (Elf64_Phdr){
        .p_type = narrow.p_type,
        .p_flags = narrow.p_flags,
        .p_offset = narrow.p_offset,
        .p_vaddr = narrow.p_vaddr,
        .p_paddr = narrow.p_paddr,
        .p_filesz = narrow.p_filesz,
        .p_memsz = narrow.p_memsz,
        .p_align = narrow.p_align,
    };
}

Elf64_Shdr elf_get_section_header(const struct elf_class *elf,
                                  const uint8_t *bytes)
{
    Elf64_Shdr wide;
    Elf32_Shdr narrow;

    if (elf == &class_64) {
        memcpy(&wide, bytes, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, bytes, sizeof(narrow));
    return (Elf64_Shdr){
        .sh_name = narrow.sh_name,
        .sh_type = narrow.sh_type,
        .sh_flags = narrow.sh_flags,
        .sh_addr = narrow.sh_addr,
        .sh_offset = narrow.sh_offset,
        .sh_size = narrow.sh_size,
        .sh_link = narrow.sh_link,
        .sh_info = narrow.sh_info,
        .sh_addralign = narrow.sh_addralign,
        .sh_entsize = narrow.sh_entsize,
    };
}

Elf64_Sym elf_get_symbol(const struct elf_class *elf, const uint8_t *bytes)
{
    Elf64_Sym wide;
    Elf32_Sym narrow;

    if (elf == &class_64) {
        memcpy(&wide, bytes, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, bytes, sizeof(narrow));
    return (Elf64_Sym){
        .st_name = narrow.st_name,
        .st_info = narrow.st_info,
        .st_other = narrow.st_other,
        .st_shndx = narrow.st_shndx,
        .st_value = narrow.st_value,
        .st_size = narrow.st_size,
    };
}

Elf64_Dyn elf_get_dynamic(const struct elf_class *elf, const uint8_t *bytes)
{
    Elf64_Dyn wide;
    Elf32_Dyn narrow;

    if (elf == &class_64) {
        memcpy(&wide, bytes, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, bytes, sizeof(narrow));
    return (Elf64_Dyn){
        .d_tag = narrow.d_tag,
        .d_un.d_val = narrow.d_un.d_val,
    };
}

/* Without the addend, the struct of each class is the start of the one with
 * it. */
Elf64_Rela elf_get_relocation(const struct elf_class *elf, uint32_t type,
                              const uint8_t *bytes)
{
    const size_t size = elf_relocation_size(elf, type);
    Elf64_Rela wide = {0};
    Elf32_Rela narrow = {0};

    if (elf == &class_64) {
        memcpy(&wide, bytes, size);
        return wide;
    }
    memcpy(&narrow, bytes, size);
    return (Elf64_Rela){
        .r_offset = narrow.r_offset,
        .r_info = ELF64_R_INFO((uint64_t)ELF32_R_SYM(narrow.r_info),
                               ELF32_R_TYPE(narrow.r_info)),
        .r_addend = narrow.r_addend,
    };
}

/* ---- Writing ---- */

void elf_put_header(const struct elf_class *elf, uint8_t *bytes,
                    const Elf64_Ehdr *header)
{
    Elf32_Ehdr narrow = {
        .e_type = header->e_type,
        .e_machine = header->e_machine,
        .e_version = header->e_version,
        .e_entry = (uint32_t)header->e_entry,
        .e_phoff = (uint32_t)header->e_phoff,
        .e_shoff = (uint32_t)header->e_shoff,
        .e_flags = header->e_flags,
        .e_ehsize = header->e_ehsize,
        .e_phentsize = header->e_phentsize,
        .e_phnum = header->e_phnum,
        .e_shentsize = header->e_shentsize,
        .e_shnum = header->e_shnum,
        .e_shstrndx = header->e_shstrndx,
    };

    if (elf == &class_64) {
        memcpy(bytes, header, sizeof(*header));
        return;
    }
    memcpy(narrow.e_ident, header->e_ident, EI_NIDENT);
    memcpy(bytes, &narrow, sizeof(narrow));
}

void elf_put_program_header(const struct elf_class *elf, uint8_t *bytes,
                            const Elf64_Phdr *header)
{
    const Elf32_Phdr narrow = {
        .p_type = header->p_type,
        .p_offset = (uint32_t)header->p_offset,
        .p_vaddr = (uint32_t)header->p_vaddr,
        .p_paddr = (uint32_t)header->p_paddr,
        .p_filesz = (uint32_t)header->p_filesz,
        .p_memsz = (uint32_t)header->p_memsz,
        .p_flags = header->p_flags,
        .p_align = (uint32_t)header->p_align,
    };

    if (elf == &class_64)
        memcpy(bytes, header, sizeof(*header));
    else
        memcpy(bytes, &narrow, sizeof(narrow));
}

void elf_put_section_header(const struct elf_class *elf, uint8_t *bytes,
                            const Elf64_Shdr *header)
{
    const Elf32_Shdr narrow = {
        .sh_name = header->sh_name,
        .sh_type = header->sh_type,
        .sh_flags = (uint32_t)header->sh_flags,
        .sh_addr = (uint32_t)header->sh_addr,
        .sh_offset = (uint32_t)header->sh_offset,
        .sh_size = (uint32_t)header->sh_size,
        .sh_link = header->sh_link,
        .sh_info = header->sh_info,
        .sh_addralign = (uint32_t)header->sh_addralign,
        .sh_entsize = (uint32_t)header->sh_entsize,
    };

    if (elf == &class_64)
        memcpy(bytes, header, sizeof(*header));
    else
        memcpy(bytes, &narrow, sizeof(narrow));
}

void elf_put_symbol(const struct elf_class *elf, uint8_t *bytes,
                    const Elf64_Sym *symbol)
{
    const Elf32_Sym narrow = {
        .st_name = symbol->st_name,
        .st_value = (uint32_t)symbol->st_value,
        .st_size = (uint32_t)symbol->st_size,
        .st_info = symbol->st_info,
        .st_other = symbol->st_other,
        .st_shndx = symbol->st_shndx,
    };

    if (elf == &class_64)
        memcpy(bytes, symbol, sizeof(*symbol));
    else
        memcpy(bytes, &narrow, sizeof(narrow));
}

void elf_put_dynamic(const struct elf_class *elf, uint8_t *bytes,
                     const Elf64_Dyn *entry)
{
    const Elf32_Dyn narrow = {
        .d_tag = (int32_t)entry->d_tag,
        .d_un.d_val = (uint32_t)entry->d_un.d_val,
    };

    if (elf == &class_64)
        memcpy(bytes, entry, sizeof(*entry));
    else
        memcpy(bytes, &narrow, sizeof(narrow));
}

void elf_put_relocation(const struct elf_class *elf, uint32_t type,
                        uint8_t *bytes, const Elf64_Rela *relocation)
{
    const Elf32_Rela narrow = {
        .r_offset = (uint32_t)relocation->r_offset,
        .r_info = ELF32_R_INFO((uint32_t)ELF64_R_SYM(relocation->r_info),
                               (uint32_t)ELF64_R_TYPE(relocation->r_info)),
        .r_addend = (int32_t)relocation->r_addend,
    };
    const void *from =
        elf == &class_64 ? (const void *)relocation : (const void *)&narrow;

    memcpy(bytes, from, elf_relocation_size(elf, type));
}
