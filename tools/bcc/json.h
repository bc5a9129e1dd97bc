/* The one thing that printing JSON needs: strings with their escapes. */
#ifndef BCC_TOOL_JSON_H
#define BCC_TOOL_JSON_H

#include <stdio.h>

/* A quoted JSON string; bytes that are not printable ASCII are taken for
 * Latin-1, so the output is valid whatever a file name holds. */
static inline void json_print_string(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(file, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            fprintf(file, "\\u%04x", c);
        else
            fputc(c, file);
    }
    fputc('"', file);
}

#endif
