/* The options of LLVM's lli, which bcc run accepts where it has the same. */
#ifndef BCC_TOOL_LLI_OPTIONS_H
#define BCC_TOOL_LLI_OPTIONS_H

#include "options.h"

enum lli_result {
    LLI_UNKNOWN, /* no option of lli's: nothing was done */
    LLI_TAKEN,
    LLI_REFUSED /* after a complaint that names what bcc has */
};

/* word: an option. *next: the words after it, of which its value may be the
 * first; then that is taken. */
enum lli_result lli_option_take(struct options *options, const char *word,
                                char ***next);

#endif
