/* Assembly is not parsed here: every word that looks like an identifier counts
 * as a name. A word too many keeps a definition visible that could be hidden,
 * which costs little. A word too few would give a wrong result, because the
 * optimiser specialises a definition if it believes that it sees every use. */
#include "assembly.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "internalize.h"
#include "llvm_glue.h"

/* ---- The text ---- */

static void add_text(struct buffer *text, const char *part, size_t size)
{
    buffer_append(text, part, size);
    buffer_append(text, "\n", 1);
}

static void add_function(struct buffer *text, LLVMValueRef function)
{
    LLVMValueRef at = NULL;

    while ((at = glue_next_instruction(function, at))) {
        const char *part;
        size_t size;

        if (!glue_is_call(at) || !LLVMIsAInlineAsm(LLVMGetCalledValue(at)))
            continue;
        part = LLVMGetInlineAsmAsmString(LLVMGetCalledValue(at), &size);
        add_text(text, part, size);
    }
}

/* ---- The words ---- */

/* End each word in place with a NUL. Called with ret_words NULL to count. */
static size_t split(char *text, size_t size, const char **ret_words)
{
    size_t n_words = 0;

    for (size_t i = 0; i < size;) {
        size_t start = i;

        while (i < size && asm_is_name_byte(text[i]))
            i++;
        if (i > start && (text[start] < '0' || text[start] > '9')) {
            if (ret_words)
                ret_words[n_words] = text + start;
            n_words++;
        }
        if (ret_words && i < size)
            text[i] = '\0';
        i += i == start || ret_words;
    }
    return n_words;
}

void asm_text_append(LLVMModuleRef module, struct buffer *text)
{
    size_t size;
    const char *part = LLVMGetModuleInlineAsm(module, &size);

    add_text(text, part, size);
    for (LLVMValueRef at = LLVMGetFirstFunction(module); at;
         at = LLVMGetNextFunction(at))
        add_function(text, at);
}

enum status asm_names_collect(LLVMModuleRef module, struct arena *arena,
                              struct public_names *ret_names, struct error *err)
{
    enum status status = STATUS_OK;
    const char **words = NULL;
    struct buffer text;
    size_t n_words = 0;
    char *copy;

    buffer_init(&text);
    asm_text_append(module, &text);
    copy = buffer_failed(&text)
               ? NULL
               : arena_copy_string(arena, (const char *)text.data, text.size);
    if (copy) {
        n_words = split(copy, text.size, NULL);
        words = arena_alloc(arena, n_words + 1, sizeof(*words));
    }
    if (!words) {
        status = error_no_memory(err);
    } else {
        split(copy, text.size, words);
        qsort(words, n_words, sizeof(*words), glue_compare_names);
        *ret_names = (struct public_names){words, n_words};
    }
    buffer_release(&text);
    return status;
}
