/* Shared by the tests of lib/linker: objects assembled or compiled by the test,
 * the image linked from them, and functions that inspect it. */
#ifndef BCC_TESTS_LINK_FIXTURE_H
#define BCC_TESTS_LINK_FIXTURE_H

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "elf_class.h"
#include "link_image.h"
#include "reloc.h"
#include "temp_dir.h"

enum { PAGE = 4096, MAX_INPUTS = 8, MAX_ARCHIVES = 2, MAX_EXPORTS = 16 };

/* A machine that this is not: clang makes its objects, an emulator runs
 * images. */
struct foreign {
    const char *triple;   /* clang's */
    const char *flag;     /* clang's, one more */
    const char *headers;  /* of its C library */
    const char *system;   /* what its C library is in */
    const char *emulator; /* with "-L", system, the runner, ...; "": none */
    const char *runner;   /* link_runner.c for it */
};

struct fixture {
    struct temp_dir dir;
    const struct foreign *foreign;        /* NULL: this machine */
    struct link_input inputs[MAX_INPUTS]; /* objects on the heap, exact size */
    size_t n_inputs;
    struct link_archive archives[MAX_ARCHIVES]; /* likewise */
    size_t n_archives;
    const char *exports[MAX_EXPORTS];
    size_t n_exports;
    struct link_result result;
    bool linked;
    const struct elf_class *elf; /* of the image, as what follows */
    Elf64_Shdr *sections;        /* widened if the class is 32 */
    size_t n_sections;
    Elf64_Phdr *segments;
    size_t n_segments;
    struct error err;
    void *handle; /* of dlopen() */
};

/* cmocka's setup and teardown. */
int fixture_setup(void **state);
int fixture_setup_for(void **state, const struct foreign *foreign);
int fixture_teardown(void **state);

/* A machine's relocation type by its name without "R_MACHINE_"; fails if there
 * is none. */
const struct reloc_type *fixture_type(const struct link_machine *machine,
                                      const char *name);

/* ---- Inputs ---- */

/* Assemble with GNU as, or clang if foreign, and add an input. The macros `var
 * NAME` and `func NAME` begin an object and a function that the image's tables
 * list. */
void fixture_assemble(struct fixture *f, const char *name, const char *text);

/* The same for another machine: "--32", "--x32". */
void fixture_assemble_for(struct fixture *f, const char *machine,
                          const char *name, const char *text);

/* Compile C at -O1 -fPIC with one more flag, or NULL; likewise. */
void fixture_compile(struct fixture *f, const char *name, const char *flag,
                     const char *text);

/* Make an archive of the last inputs, in their order, and take these back. */
void fixture_archive(struct fixture *f, const char *name, size_t n_members);

/* A section's header in an input, to be changed; fails if there is none. */
Elf64_Shdr *fixture_input_section(struct fixture *f, size_t input,
                                  const char *name);
Elf32_Shdr *fixture_narrow_input_section(struct fixture *f, size_t input,
                                         const char *name);
uint8_t *fixture_input_bytes(struct fixture *f, size_t input);

void fixture_export(struct fixture *f, const char *name);

/* ---- Linking ---- */

enum status fixture_link(struct fixture *f);

/* Must succeed. */
void fixture_image(struct fixture *f);

/* Must fail like this, with both texts in the message. */
void fixture_refused(struct fixture *f, enum status status, const char *text,
                     const char *other_text);

/* ---- The image ---- */

/* NULL: there is none. */
const Elf64_Shdr *fixture_section(struct fixture *f, const char *name);
const Elf64_Phdr *fixture_segment(struct fixture *f, uint32_t type,
                                  unsigned index);
/* UINT64_MAX: there is none. */
uint64_t fixture_tag(struct fixture *f, int64_t tag);

/* File bytes at an image address; fails if there are none. */
const uint8_t *fixture_at(struct fixture *f, uint64_t address);
uint64_t fixture_word(struct fixture *f, uint64_t address); /* an address */
uint32_t fixture_instruction(struct fixture *f, uint64_t address);

/* From the tables of the result; fails if it is in none. */
uint64_t fixture_address(struct fixture *f, const char *name);
bool fixture_has_symbol(struct fixture *f, const char *name);

const struct link_import *fixture_import(struct fixture *f, const char *name);

/* What the loader does to the word at an address. */
struct patch {
    unsigned type;      /* R_X86_64_..., R_X86_64_NONE: nothing */
    const char *symbol; /* "": none */
    uint64_t addend;
    bool packed; /* by DT_RELR */
};

struct patch fixture_patch_at(struct fixture *f, uint64_t address);

/* ---- Running ---- */

/* By the C library's dlopen(). */
void fixture_load(struct fixture *f);
void fixture_unload(struct fixture *f);

/* Address of an export. */
void *fixture_loaded(struct fixture *f, const char *name);

/* Calls an export without arguments. */
long fixture_call(struct fixture *f, const char *name);

/* Whether there are an emulator and a runner. */
bool fixture_can_emulate(const struct foreign *foreign);

/* Links for the foreign machine, and calls an export there, which is to
 * return 0 .. 255. */
int fixture_emulate(struct fixture *f, const char *name);

#endif
