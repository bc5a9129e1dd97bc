/* The two classes of ELF files: 64-bit, and 32-bit with half as wide fields in
 * another order.
 *
 * Code that reads or writes files uses one form, the structs of class 64. Data
 * that is read is widened to it, data that is written is narrowed from it, only
 * here. Values that the linker writes fit, because an image and the files made
 * from it end below max_span (layout.c, debug.c).
 *
 * Little-endian files on a little-endian host: the structs of <elf.h> are
 * copied from and to bytes, which need not be aligned. */
#ifndef BCC_SUPPORT_ELF_CLASS_H
#define BCC_SUPPORT_ELF_CLASS_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

struct elf_class {
    uint8_t number;       /* ELFCLASS64 or ELFCLASS32 */
    uint8_t address_size; /* bytes */
    uint8_t relr_bits;    /* words that one bitmap of DT_RELR covers */
    /* Bytes of the structs in a file. */
    uint8_t header_size;
    uint8_t program_header_size;
    uint8_t section_header_size;
    uint8_t symbol_size;
    uint8_t dynamic_size;
    uint8_t rel_size;
    uint8_t rela_size;
    uint32_t max_symbols; /* the most that a relocation can number */
};

/* The class of an ELFCLASS... number; NULL: there is none. */
const struct elf_class *elf_class_find(unsigned number);

/* type: SHT_RELA or SHT_REL. */
static inline size_t elf_relocation_size(const struct elf_class *elf,
                                         uint32_t type)
{
    return type == SHT_RELA ? elf->rela_size : elf->rel_size;
}

/* ---- Reading ---- */

Elf64_Ehdr elf_get_header(const struct elf_class *elf, const uint8_t *bytes);
Elf64_Phdr elf_get_program_header(const struct elf_class *elf,
                                  const uint8_t *bytes);
Elf64_Shdr elf_get_section_header(const struct elf_class *elf,
                                  const uint8_t *bytes);
Elf64_Sym elf_get_symbol(const struct elf_class *elf, const uint8_t *bytes);

Elf64_Dyn elf_get_dynamic(const struct elf_class *elf, const uint8_t *bytes);

/* type: SHT_RELA, or SHT_REL, which has the addend 0. */
Elf64_Rela elf_get_relocation(const struct elf_class *elf, uint32_t type,
                              const uint8_t *bytes);

/* ---- Writing ---- */

void elf_put_header(const struct elf_class *elf, uint8_t *bytes,
                    const Elf64_Ehdr *header);
void elf_put_program_header(const struct elf_class *elf, uint8_t *bytes,
                            const Elf64_Phdr *header);
void elf_put_section_header(const struct elf_class *elf, uint8_t *bytes,
                            const Elf64_Shdr *header);
void elf_put_symbol(const struct elf_class *elf, uint8_t *bytes,
                    const Elf64_Sym *symbol);
void elf_put_dynamic(const struct elf_class *elf, uint8_t *bytes,
                     const Elf64_Dyn *entry);

/* type: SHT_RELA, or SHT_REL, which leaves the addend to the caller. */
void elf_put_relocation(const struct elf_class *elf, uint32_t type,
                        uint8_t *bytes, const Elf64_Rela *relocation);

#endif
