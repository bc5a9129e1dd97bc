/* From a status to the reason for a miss. */
#ifndef BCC_ENGINE_REASON_H
#define BCC_ENGINE_REASON_H

#include <bcc/bcc.h>

#include "error.h"
#include "span.h"

/* The reason for the first line in which two identities differ; a line is empty
 * if its identity ends there. */
enum reason reason_of_lines(struct span has, struct span wants);

/* The reason for a failed lookup. The code that set the error may have given
 * one that says more than the status. */
enum reason reason_of_error(const struct error *err);

#endif
