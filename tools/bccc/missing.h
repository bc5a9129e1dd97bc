/* Undefined symbols, told to a host that asks before the code is made. */
#ifndef BCC_TOOLS_MISSING_H
#define BCC_TOOLS_MISSING_H

#include "arena.h"
#include "candidates.h"
#include "request.h"
#include "undefined_symbol.h"

/* A zeroed one asks nothing. */
struct missing {
    int fd; /* the host's memfd; 0: it does not ask */
    const struct candidates *candidates;
    const char *script; /* name */
    struct arena *arena;
    struct undefined_asker asker;
};

/* To be called before the process can open nothing more. */
void missing_open(struct missing *missing, const struct request *request,
                  const struct candidates *candidates, struct arena *arena);

/* For struct compile_job; NULL: nobody asks. */
const struct undefined_asker *missing_asker(struct missing *missing);

#endif
