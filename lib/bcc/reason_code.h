/* From a status of the lower rooms to the reason for a miss. */
#ifndef BCC_ENGINE_REASON_H
#define BCC_ENGINE_REASON_H

#include <bcc/bcc.h>

#include "error.h"
#include "span.h"

/* Of the first line in which two identities differ; empty where one ends. */
enum reason reason_of_lines(struct span has, struct span wants);

/* Of a failed look for an entry: what set the error may have said more than
 * its status does. */
enum reason reason_of_error(const struct error *err);

#endif
