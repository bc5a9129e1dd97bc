/* From a status to the reason for a miss. */
#ifndef BCC_ENGINE_REASON_H
#define BCC_ENGINE_REASON_H

#include <bcc/bcc.h>

#include "error.h"
#include "span.h"

/* The reason for the first line in which two identities differ. A line is empty
 * if its identity ends there. */
enum reason reason_of_lines(struct span has, struct span wants);

/* The reason for a failed lookup: that of the error, if it has one, else that
 * of its status. */
enum reason reason_of_error(const struct error *err);

#endif
