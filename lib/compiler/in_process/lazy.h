/* Code that is compiled in pieces, when its functions are first called. */
#ifndef BCC_COMPILER_LAZY_H
#define BCC_COMPILER_LAZY_H

#include "compile.h"
#include "lazy_cut.h"
#include "request.h"

struct lazy;

/* Before the root is made; call->message is copied. NO_MEMORY, CORRUPT. */
enum status lazy_create(const struct compile_call *call, struct lazy **ret_lazy,
                        struct error *err) MUST_CHECK;

/* How compile() makes the root. */
struct lazy_cut *lazy_root(struct lazy *lazy);

/* When the root is made, of this bitcode, which is copied. NO_MEMORY. */
enum status lazy_keep(struct lazy *lazy, struct span bitcode,
                      const struct compile_result *root,
                      struct error *err) MUST_CHECK;

/* When no code of the root or of a piece runs any more. Accepts NULL. */
void lazy_free(struct lazy *lazy);

#endif
