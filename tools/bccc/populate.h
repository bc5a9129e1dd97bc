/* Page tables filled before pages are touched. */
#ifndef BCC_TOOLS_POPULATE_H
#define BCC_TOOLS_POPULATE_H

/* For all that this process has mapped privately and may read: memory that it
 * may write too becomes its own, if it was not yet. Nothing but time is
 * different afterwards. Allocates nothing. */
void populate_pages(void);

#endif
