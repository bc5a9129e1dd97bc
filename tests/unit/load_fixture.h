/* Shared by the tests of lib/loader: an image in a file in memory, its imports,
 * and a record of every mapping call that the loader makes. */
#ifndef BCC_TESTS_LOAD_FIXTURE_H
#define BCC_TESTS_LOAD_FIXTURE_H

#include <elf.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load.h"
#include "load_sample.h"
#include "load_tls_sample.h"

enum { PAGE = 4096, MAX_IMPORTS = 32, MAX_NOTES = 16 };

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
    unsigned n_mmap, n_mprotect, n_munmap;
    unsigned n_populate; /* of n_mmap: that ask for pages at once */
    unsigned n_madvise;
    bool refuse_madvise;          /* as Linux before 5.14 does */
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
/* "r-xp" of the mapping that holds address, "" if there is none. */
void maps_access(const void *address, char ret_access[5]);
bool maps_have_writable_code(const void *start, size_t size);

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
Elf64_Phdr *fixture_segment(struct fixture *f, uint32_t type, unsigned index);
Elf64_Dyn *fixture_tag(struct fixture *f, int64_t tag);
/* Entry of DT_RELA with this type. */
Elf64_Rela *fixture_rela(struct fixture *f, uint32_t type);

#endif
