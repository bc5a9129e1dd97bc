/* What shared libraries take from a program that defines it. */
#ifndef BCC_TOOLS_USES_H
#define BCC_TOOLS_USES_H

#include "arena.h"
#include "error.h"
#include "request.h"

/* Of a program: set request->uses. Lives in arena. NO_MEMORY; a library that
 * cannot be read is passed over, as needed_find() will tell. */
enum status uses_find(struct request *request, struct arena *arena,
                      struct error *err) MUST_CHECK;

#endif
