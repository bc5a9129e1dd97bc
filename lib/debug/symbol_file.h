/* An ELF file that describes one image to debuggers, with the addresses that
 * the image has in this process. */
#ifndef BCC_DEBUG_SYMBOL_FILE_H
#define BCC_DEBUG_SYMBOL_FILE_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "show_code.h"

/* Make it from the debug section if there is one, else from the function table
 * and the image's unwind table. False: no memory, or a debug section that is
 * damaged or cannot be read. *ret_file is initialised in either case. */
bool symbol_file_make(const struct code_to_show *code, struct buffer *ret_file);

/* The function table and the unwind table, for an image that is not loaded. */
struct symbol_source {
    struct span text;              /* from image address 0 */
    uint64_t base;                 /* the address that text has */
    uint64_t eh_frame;             /* image address, 0: none */
    const struct cache_view *view; /* for the function table */
};

bool symbol_file_from_table(const struct symbol_source *source,
                            struct buffer *ret_file);

/* A function in such a file. */
struct shown_function {
    const char *name; /* borrowed from the file */
    uint64_t address, size;
};

typedef void visit_function_fn(void *context,
                               const struct shown_function *function);

/* Visit the functions of a file that symbol_file_make() made. */
void symbol_file_visit(const struct buffer *file, visit_function_fn *visit,
                       void *context);

#endif
