#include "foreign_text.h"

#include "visible.h"

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
