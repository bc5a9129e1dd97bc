#include "print.h"

#include <stdarg.h>
#include <stdlib.h>

#include "text.h"

void complain(const char *format, ...)
{
    va_list args;
    struct buffer line;
    char *text;
    int size;

    va_start(args, format);
    size = vasprintf(&text, format, args);
    va_end(args);
    /* One write, because others may write to standard error, too. */
    buffer_init(&line);
    buffer_append_string(&line, "bcc: ");
    visible_append(&line, size < 0 ? "out of memory" : text);
    buffer_append_string(&line, "\n");
    if (!buffer_failed(&line))
        fwrite(line.data, 1, line.size, stderr);
    buffer_release(&line);
    if (size >= 0)
        free(text);
}

void print_visible(FILE *file, const char *text)
{
    struct buffer out;

    buffer_init(&out);
    visible_append(&out, text);
    if (out.size && !buffer_failed(&out))
        fwrite(out.data, 1, out.size, file);
    buffer_release(&out);
}

void json_print_string(FILE *file, const char *text)
{
    fputc('"', file);
    while (*text) {
        uint32_t code = 0xfffd;
        size_t size = visible_decode(text, &code);

        if (size == 0 || !visible_is_plain(code))
            fprintf(file, "\\u%04x", (unsigned)code);
        else if (code == '"' || code == '\\')
            fprintf(file, "\\%c", (int)code);
        else
            fwrite(text, 1, size, file);
        text += size + (size == 0);
    }
    fputc('"', file);
}
