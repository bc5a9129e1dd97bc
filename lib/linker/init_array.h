/* Constructors and destructors: .init_array, .ctors and their like. */
#ifndef BCC_LINKER_INIT_ARRAY_H
#define BCC_LINKER_INIT_ARRAY_H

#include "link_state.h"

/* If the chunk holds constructors or destructors: set its role, alignment and
 * order, and turn .ctors and .dtors around. Its relocations are read already.
 * CORRUPT, UNSUPPORTED. */
enum status init_array_classify(struct link *link, struct chunk *chunk,
                                struct error *err) MUST_CHECK;

/* If any chunk is a piece of .init or .fini: add what makes a function of the
 * pieces, and its address to the constructors or destructors. NO_MEMORY. */
enum status init_array_join_pieces(struct link *link,
                                   struct error *err) MUST_CHECK;

#endif
