/* An untrusted relocatable ELF object, checked as it is opened. */
#ifndef BCC_LINKER_OBJECT_VIEW_H
#define BCC_LINKER_OBJECT_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "elf_class.h"
#include "error.h"
#include "span.h"

struct object_section {
    const char *name;
    uint32_t type; /* SHT_... */
    uint32_t link;
    uint32_t info;
    uint64_t flags; /* SHF_... */
    uint64_t size;
    uint64_t align;    /* a power of two, at least 1 */
    struct span bytes; /* empty for SHT_NOBITS, else of `size` */
};

enum object_symbol_place {
    OBJECT_SYMBOL_UNDEFINED,
    OBJECT_SYMBOL_IN_SECTION, /* value: offset in it */
    OBJECT_SYMBOL_ABSOLUTE,
    OBJECT_SYMBOL_COMMON, /* value: alignment */
};

struct object_symbol {
    const char *name;
    uint64_t value;
    uint64_t size;
    uint32_t section; /* of OBJECT_SYMBOL_IN_SECTION, below n_sections */
    enum object_symbol_place place;
    uint8_t type;       /* STT_... */
    uint8_t binding;    /* STB_... */
    uint8_t visibility; /* STV_... */
    uint8_t mode; /* 1: Thumb code, bit 0 of a pointer; not part of value */
};

struct relocation {
    uint64_t offset; /* in the section; its size is not compared: the number of
                        patched bytes depends on the type */
    int64_t addend;
    uint32_t type;
    uint32_t symbol; /* below n_symbols; 0: none */
};

struct relocation_list {
    struct relocation *items;
    size_t n_items;
};

/* Sections are decoded, symbols are decoded one at a time. */
struct object_view {
    const char *name; /* for messages */
    struct span bytes;
    const struct elf_class *elf;
    unsigned machine; /* ELF e_machine */
    uint32_t flags;   /* ELF e_flags */
    struct object_section *sections;
    uint32_t n_sections;
    uint32_t symbol_section; /* index of the symbol table, 0: none */
    uint32_t n_symbols;
    struct span symbol_names;
    struct span extended_indexes; /* SHT_SYMTAB_SHNDX, may be empty */
};

/* The view borrows name and bytes; the section table lives in arena. CORRUPT if
 * the bytes are not a well-formed little-endian ET_REL object. */
enum status object_view_open(const char *name, struct span bytes,
                             struct arena *arena, struct object_view *ret_view,
                             struct error *err) MUST_CHECK;

/* index < n_symbols. CORRUPT. */
enum status object_symbol_at(const struct object_view *view, uint32_t index,
                             struct object_symbol *ret_symbol,
                             struct error *err) MUST_CHECK;

/* section_index: a SHT_RELA or SHT_REL section. Addends of SHT_REL are left 0:
 * they are in the patched fields. CORRUPT. */
enum status object_relocations(const struct object_view *view,
                               uint32_t section_index, struct arena *arena,
                               struct relocation_list *ret_list,
                               struct error *err) MUST_CHECK;

/* Sort by offset. Most lists are sorted already; then relocations at one place
 * keep their order. */
void object_sort_relocations(struct relocation_list *list);

#endif
