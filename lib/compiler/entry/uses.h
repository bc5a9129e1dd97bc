/* The names that shared libraries take from a program that defines them. */
#ifndef BCC_COMPILER_USES_H
#define BCC_COMPILER_USES_H

#include "arena.h"
#include "candidates.h"
#include "error.h"
#include "request.h"

/* Set request->uses. Lives in arena. NO_MEMORY. */
enum status uses_find(struct request *request,
                      const struct candidates *candidates, struct arena *arena,
                      struct error *err) MUST_CHECK;

#endif
