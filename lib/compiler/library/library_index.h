/* Of a large runtime library: what is known from compiles before, and what one
 * more adds. See closures.c. */
#ifndef BCC_COMPILER_LIBRARY_INDEX_H
#define BCC_COMPILER_LIBRARY_INDEX_H

#include "index_file.h"

struct library_index {
    const struct index_view *known; /* NULL: nothing */
    /* To be written: */
    bool is_changed;
    bool is_whole;          /* it has no closures and never will */
    struct index_row *rows; /* that known has not, sorted */
    size_t n_rows;
    uint32_t *defined; /* see index_contents; NULL: as known has it */
    size_t n_defined;
};

#endif
