/* Shared by the tests of lib/loader: an image in a file in memory, its imports,
 * and a record of every mapping call that the loader makes. */
#ifndef BCC_TESTS_LOAD_FIXTURE_H
#define BCC_TESTS_LOAD_FIXTURE_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load.h"
#include "load_machine.h"
#include "load_sample.h"
#include "load_tls_sample.h"

enum { PAGE = 4096, MAX_IMPORTS = 32, MAX_NOTES = 16 };

/* ---- The machine ---- */

/* Relocation numbers that samples have, or get: of a word that is the address
 * of a symbol, of a word that is an address in the image, and so on. */
#if defined(__x86_64__)
enum {
    TEST_R_ABS = R_X86_64_64,
    TEST_R_GLOB_DAT = R_X86_64_GLOB_DAT,
    TEST_R_RELATIVE = R_X86_64_RELATIVE,
    TEST_R_IRELATIVE = R_X86_64_IRELATIVE,
    TEST_R_COPY = R_X86_64_COPY,
    TEST_R_DTPMOD = R_X86_64_DTPMOD64,
    TEST_R_DTPOFF = R_X86_64_DTPOFF64,
    TEST_R_TPOFF = R_X86_64_TPOFF64,
    TEST_R_TLSDESC = R_X86_64_TLSDESC
};
#elif defined(__aarch64__)
enum {
    TEST_R_ABS = R_AARCH64_ABS64,
    TEST_R_GLOB_DAT = R_AARCH64_GLOB_DAT,
    TEST_R_RELATIVE = R_AARCH64_RELATIVE,
    TEST_R_IRELATIVE = R_AARCH64_IRELATIVE,
    TEST_R_COPY = R_AARCH64_COPY,
    TEST_R_DTPMOD = R_AARCH64_TLS_DTPMOD,
    TEST_R_DTPOFF = R_AARCH64_TLS_DTPREL,
    TEST_R_TPOFF = R_AARCH64_TLS_TPREL,
    TEST_R_TLSDESC = R_AARCH64_TLSDESC
};
#elif defined(__arm__)
enum {
    TEST_R_ABS = R_ARM_ABS32,
    TEST_R_GLOB_DAT = R_ARM_GLOB_DAT,
    TEST_R_RELATIVE = R_ARM_RELATIVE,
    TEST_R_IRELATIVE = R_ARM_IRELATIVE,
    TEST_R_COPY = R_ARM_COPY,
    TEST_R_DTPMOD = R_ARM_TLS_DTPMOD32,
    TEST_R_DTPOFF = R_ARM_TLS_DTPOFF32,
    TEST_R_TPOFF = R_ARM_TLS_TPOFF32
};
#elif defined(__riscv)
enum {
    TEST_R_ABS = R_RISCV_64,
    TEST_R_GLOB_DAT = R_RISCV_64, /* it has no other for the GOT */
    TEST_R_RELATIVE = R_RISCV_RELATIVE,
    TEST_R_IRELATIVE = R_RISCV_IRELATIVE,
    TEST_R_COPY = R_RISCV_COPY,
    TEST_R_DTPMOD = R_RISCV_TLS_DTPMOD64,
    TEST_R_DTPOFF = R_RISCV_TLS_DTPREL64,
    TEST_R_TPOFF = R_RISCV_TLS_TPREL64,
    TEST_R_TLSDESC = LOAD_R_RISCV_TLSDESC
};
#endif

#if MACHINE_HAS_ADDEND
#define ELF_R_INFO ELF64_R_INFO
#else
#define ELF_R_INFO ELF32_R_INFO
#endif

#define ADDRESS_MAX ((ELF_TYPE(Addr)) - 1)
enum { WORD = sizeof(ELF_TYPE(Addr)) };

/* ---- Imports ---- */

struct import {
    const char *name;
    void *address; /* NULL: unknown */
    unsigned n_asked;
    unsigned n_missing;
};

struct imports {
    struct import rows[MAX_IMPORTS];
    size_t n_rows;
    void (*on_resolve)(void *context); /* may be NULL */
    const char *user;    /* the missing symbol's user; NULL: unknown */
    uint32_t last_index; /* that was asked for */
    void *context;
};

void imports_add(struct imports *imports, const char *name, void *address);
struct import *imports_find(struct imports *imports, const char *name);

/* What import_note() was told since notes_clear(). */
extern int notes[MAX_NOTES];
extern size_t n_notes;
void notes_clear(void);

extern int import_value;
extern _Thread_local int import_thread_value; /* starts at 33 */

/* ---- Mapping calls of the loader (the tests are linked with --wrap) ---- */

struct mapping_calls {
    unsigned n_mmap, n_mremap, n_mprotect, n_munmap;
    bool writable_and_executable; /* one of them asked for both */
    unsigned fail_nth;            /* mmap or mprotect from now, 0: none */
    int fail_errno;
    int refuse_exec_fd; /* mapping this one executable fails; -1: none */
};

extern struct mapping_calls mapping_calls;
void mapping_calls_reset(void);

/* ---- Memory that the loader and the tests allocate (--wrap, too) ---- */

struct allocation_calls {
    int n_live;        /* blocks */
    unsigned n_calls;  /* that allocate */
    unsigned fail_nth; /* from now, 0: none */
};

struct allocation_calls allocation_calls(void);
void allocation_calls_fail(unsigned nth);

/* ---- Threads ---- */

/* A thread that does one job after another. */
struct worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void (*job)(void *argument); /* NULL: idle */
    void *argument;
    bool is_ending;
};

void worker_start(struct worker *worker);
/* Returns when the job is done. It may not use cmocka's asserts. */
void worker_do(struct worker *worker, void (*job)(void *), void *argument);
void worker_end(struct worker *worker);

/* In a thread of its own, which has ended then. */
void do_in_thread(void (*job)(void *), void *argument);

/* ---- Maps ---- */

/* From /proc/self/maps, without touching the heap. */
bool maps_overlap(const void *start, size_t size);
unsigned maps_count(const void *start, size_t size);
/* "r-xp" of the mapping that holds address, "" if there is none. */
void maps_access(const void *address, char ret_access[5]);
bool maps_have_writable_code(const void *start, size_t size);
/* Bytes of all mappings of the process. */
size_t maps_size(void);

/* ---- The image ---- */

/* An offset in the file from which data is read: it is not among the pages
 * that come into memory at once. */
enum { FAR_IN_FILE = 16 * PAGE };

struct fixture {
    uint8_t *bytes; /* the image, to be changed before fixture_write() */
    size_t size;
    uint64_t span, text_span; /* as it was read */
    int fd;                   /* -1: none */
    bool in_memory;           /* source has the file as bytes */
    uint8_t *file;            /* these */
    struct load_source source;
    struct image image;
    struct imports imports;
    struct load_binding binding;
    struct error err;
};

/* A fixture for the image at path, nothing written or mapped. */
void fixture_init(struct fixture *f, const char *path);
void fixture_release(struct fixture *f);

/* cmocka's: the initial state is the path. */
int fixture_setup(void **state);
int fixture_setup_memory(void **state); /* in_memory */
int fixture_setup_tls(void **state);    /* load_tls_sample.c */
int fixture_teardown(void **state);

/* Write image_offset bytes 'p' and the image to a file in memory, or only to
 * bytes in memory, and describe it in source. */
void fixture_write(struct fixture *f, uint64_t image_offset);

enum status fixture_link(struct fixture *f); /* load_map() and load_link() */
void fixture_load(struct fixture *f);        /* from offset 0, must succeed */
struct sample_api *fixture_api(struct fixture *f);
struct tls_api *fixture_tls_api(struct fixture *f);

/* In f->bytes; the test fails if there is none. */
ELF_TYPE(Phdr) *
    fixture_segment(struct fixture *f, uint32_t type, unsigned index);
ELF_TYPE(Dyn) * fixture_tag(struct fixture *f, int64_t tag);
/* Entry of DT_RELA or DT_REL with this type. */
machine_reloc *fixture_reloc(struct fixture *f, uint32_t type);
/* In the entry, or in its place. */
void fixture_set_addend(struct fixture *f, machine_reloc *entry,
                        uint64_t addend);

#endif
