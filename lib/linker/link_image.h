/* Relocatable ELF objects in, one position-independent ELF image out.
 *
 * Compile time only: runs in the compiler process, knows neither LLVM nor the
 * cache file. The image is an ET_DYN file whose program headers are
 *
 *   PT_LOAD R E  file offset 0, address 0: ELF header, program headers,
 *                .dynsym .dynstr .hash .rela.dyn or .rel.dyn .relr.dyn
 *                .eh_frame_hdr .eh_frame .ARM.exidx, read-only data, text, PLT
 *   PT_LOAD RW   RELRO: .tdata .data.rel.ro .init_array .fini_array .dynamic
 *                .got
 *   PT_LOAD RW   .data .bss
 *   PT_LOAD RW   .ldata .lbss, if there are such
 *   PT_LOAD R    .lrodata, likewise
 *   PT_TLS, PT_DYNAMIC, PT_GNU_RELRO, PT_GNU_EH_FRAME, PT_ARM_EXIDX,
 *   PT_GNU_STACK; PT_NOTE and PT_GNU_PROPERTY, if the inputs have properties
 *
 * Read-only data shares the executable mapping: one mmap less at each launch,
 * and nothing in it is writable. Each segment that follows starts at the next
 * page of the target's largest page size plus its file offset modulo that
 * size, so alignment costs address space and no file bytes (but for a segment
 * that would touch one page more than it needs: layout.c). Text has no
 * relocations; what the loader patches is RELRO or data. Imports that code
 * refers to come first in .dynsym, and their GOT slots are in that order. */
#ifndef BCC_LINKER_LINK_IMAGE_H
#define BCC_LINKER_LINK_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buffer.h"
#include "error.h"
#include "machine.h"
#include "span.h"

struct link_input {
    const char *name; /* for messages */
    struct span object;
    bool is_native; /* not made by LLVM in this process, so its code may not be
                       PIC */
};

/* A static library: its members become inputs as they are needed. */
struct link_archive {
    const char *name; /* for messages */
    struct span bytes;
};

struct link_params {
    const struct link_input *inputs;
    size_t n_inputs;
    /* Names to put in .dynsym as defined symbols; those that no input defines
     * are left out. */
    const char *const *exports;
    size_t n_exports;
    /* Searched in this order for symbols that no input defines. */
    const struct link_archive *archives;
    size_t n_archives;
    bool strip_debug; /* drop debug information */
};

struct link_symbol {
    const char *name;
    uint64_t address; /* image address; of Thumb code with bit 0 set */
    uint64_t size;    /* bytes */
};

struct link_import {
    const char *name;
    bool weak;     /* all references are weak: may stay undefined */
    bool function; /* is called, through the GOT or a PLT stub */
    bool is_thread_local;
};

/* Owned by the caller, freed by link_result_release(); names live in arena. */
struct link_result {
    struct arena arena;
    struct buffer image;
    struct buffer debug; /* ELF file of debug information; empty: none */
    const struct machine *machine;
    uint64_t span;      /* address space from 0, a multiple of pages */
    uint64_t text_span; /* the executable part, from 0; a multiple of pages */
    uint64_t align;     /* of the load address, at least a page */
    struct link_symbol *functions; /* all STT_FUNC, local ones too, by name */
    size_t n_functions;
    struct link_symbol *objects; /* all named STT_OBJECT (not TLS), by name */
    size_t n_objects;
    struct link_import *imports; /* in .dynsym order */
    size_t n_imports;
};

/* CORRUPT (malformed object), UNSUPPORTED (machine, relocation type),
 * UNRESOLVED (undefined hidden symbol), OUT_OF_RANGE (overflow), MISUSE
 * (no input; two strong definitions; inputs of two machines or conventions),
 * NO_MEMORY.
 * Messages name object, section, offset, type and symbol. */
enum status link_image(const struct link_params *params,
                       struct link_result *ret_result,
                       struct error *err) MUST_CHECK;

void link_result_release(struct link_result *result);

/* The row with that name in a list that is sorted by name, as those of struct
 * link_result; NULL: none. */
const struct link_symbol *link_find_symbol(const struct link_symbol *rows,
                                           size_t n, const char *name);

/* Does the linker define a symbol of that name where no input does, as _end or
 * __init_array_start? Those of sections by name (__start_NAME) do not count. */
bool link_defines(const char *name);

#endif
