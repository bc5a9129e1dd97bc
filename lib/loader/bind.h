/* Binding and relocation.
 *
 * Binding finds the address of each symbol: an image's own symbols come from
 * its definitions, imports from the caller's resolve function. Relocation adds
 * the load address to the image's own addresses, and stores those of
 * imports. */
#ifndef BCC_LOADER_BIND_H
#define BCC_LOADER_BIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "image_view.h"
#include "load.h"
#include "tls.h"

/* Missing imports that an error message names; others are counted. */
enum { BIND_MAX_NAMED = 8 };

struct binder {
    const struct image_view *view;      /* borrowed */
    const struct load_binding *binding; /* borrowed */
    struct tls_module *tls;             /* of the image, NULL if it has none */
    /* Not NULL: nothing will run, and this stands for the address of an import
     * that a launch may define. */
    const void *unknown;
    bool registers_at_exit;
    bool registers_at_thread_exit;
    uint32_t symbol; /* the last symbol that was bound; 0: none, as symbol 0 is
                        no symbol */
    uintptr_t value; /* of that symbol */
    /* The last thread-local variable that was bound. */
    uint32_t variable_symbol;
    struct tls_variable variable;
    size_t n_missing;
    struct missing_import {
        const char *name; /* in the image's string table */
        const char *user; /* borrowed from load_missing_fn; "": unknown */
    } missing[BIND_MAX_NAMED];
};

/* Slow path of bind_symbol(). */
enum status bind_next_symbol(struct binder *binder, uint32_t symbol,
                             struct error *err) MUST_CHECK;

/* Make binder->value the address of a symbol. It is 0 for a weak import that is
 * not defined, and for a missing one. A missing import is recorded, so that
 * bind_finish() can name all of them. Relocations of one symbol follow each
 * other, as lib/linker sorts them, so resolve is called once for each. CORRUPT,
 * UNSUPPORTED. */
static inline enum status bind_symbol(struct binder *binder, uint32_t symbol,
                                      struct error *err)
{
    if (symbol == binder->symbol && symbol != 0)
        return STATUS_OK;
    return bind_next_symbol(binder, symbol, err);
}

/* Make binder->variable a thread-local variable: symbol 0 is the image's first
 * variable, another symbol one of the image or an import. A missing one has
 * index (0, 0) and is recorded, too. CORRUPT, UNSUPPORTED. */
enum status bind_variable(struct binder *binder, uint32_t symbol,
                          struct error *err) MUST_CHECK;

/* UNRESOLVED if any import was missing. */
enum status bind_finish(const struct binder *binder,
                        struct error *err) MUST_CHECK;

/* ---- Relocation ---- */

/* Apply all relocations of binder->view, whose segments are mapped at base, and
 * check that constructors and destructors are in the text. Calls functions of
 * the image only if it has indirect functions and nothing is missing. CORRUPT,
 * UNSUPPORTED, UNRESOLVED. */
enum status relocate(struct binder *binder, uint8_t *base,
                     struct error *err) MUST_CHECK;

#endif
