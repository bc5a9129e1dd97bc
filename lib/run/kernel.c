#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "function_list.h"

enum { MAX_NAME = 1024 };

static bool is_word(const char *word, size_t size, const char *wanted)
{
    return strlen(wanted) == size && memcmp(word, wanted, size) == 0;
}

/* Read "=4/4", ">=12". */
static void read_element(const char *text, struct kernel_element *element)
{
    char *end;

    element->is_exact = *text == '=';
    element->size = strtoull(text + (*text == '=' ? 1 : 2), &end, 10);
    element->align = *end == '/' ? strtoull(end + 1, NULL, 10) : 1;
    if (element->align == 0)
        element->align = 1;
}

/* Read "64,1,1". */
static void read_numbers(const char *text, uint32_t numbers[3])
{
    char *end;

    for (int i = 0; i < 3; i++) {
        numbers[i] = (uint32_t)strtoul(text, &end, 10);
        text = *end == ',' ? end + 1 : end;
    }
}

/* False: this version does not know the word. */
static bool read_word(BCCKernelRef kernel, const char *word, size_t size)
{
    if (strncmp(word, "in", 2) == 0 && strchr("=>", word[2]) &&
        kernel->n_inputs < KERNEL_MAX_INPUTS) {
        read_element(word + 2, &kernel->element[kernel->n_inputs++]);
    } else if (strncmp(word, "out", 3) == 0 && strchr("=>", word[3])) {
        read_element(word + 3, &kernel->element[kernel->n_inputs]);
        kernel->has_output = true;
    } else if (is_word(word, size, "data")) {
        kernel->takes_data = true;
    } else if (is_word(word, size, "accum")) {
        kernel->accumulates = true;
    } else if (is_word(word, size, "restrict")) {
        kernel->is_restrict = true;
    } else if (is_word(word, size, "item")) {
        kernel->is_item = true;
    } else if (size == 1 && *word >= 'x' && *word <= 'z') {
        kernel->is_narrow[*word - 'x'] = true;
        kernel->has_place = true;
    } else if (is_word(word, size, "x64") || is_word(word, size, "y64") ||
               is_word(word, size, "z64")) {
        kernel->has_place = true;
    } else if (strncmp(word, "local:", 6) == 0) {
        kernel->locals |= 1u << (strtoul(word + 6, NULL, 10) % 32);
    } else if (strncmp(word, "tile:", 5) == 0) {
        read_numbers(word + 5, kernel->tile);
    } else if (is_word(word, size, "groups")) {
        kernel->is_grouped = true;
    } else if (strncmp(word, "private:", 8) == 0) {
        kernel->private_size = strtoull(word + 8, NULL, 10);
    } else if (strncmp(word, "memory:", 7) == 0) {
        kernel->group_memory = strtoull(word + 7, NULL, 10);
    } else if (strncmp(word, "group:", 6) == 0) {
        read_numbers(word + 6, kernel->group);
    } else {
        return is_word(word, size, "result") || is_word(word, size, "kernel");
    }
    return true;
}

static bool read_text(BCCKernelRef kernel, const char *text)
{
    for (size_t size; *text; text += size) {
        text += strspn(text, " ");
        size = strcspn(text, " ");
        if (strncmp(text, "at:", 3) == 0)
            return true; /* a file follows, which may have spaces */
        if (size && !read_word(kernel, text, size))
            return false;
    }
    return true;
}

static bool read_arguments(BCCKernelRef kernel, const char *signature)
{
    const char *end;
    const int n = kernel->is_item
                      ? value_types_read(signature, kernel->argument,
                                         KERNEL_MAX_ARGUMENTS, &end)
                      : 0;

    kernel->n_arguments = n > 0 ? (unsigned)n : 0;
    return n >= 0;
}

BCCKernelRef kernel_make(const char *name, const struct function_row *row,
                         kernel_expand_fn expand, BCCRunError *error)
{
    static const char refused[] = "refused: ";
    const size_t size = strnlen(name, MAX_NAME);
    BCCKernelRef kernel;

    if (strncmp(row->kernel, refused, strlen(refused)) == 0) {
        run_fail(error, "%s: cannot be called for each element: %s", name,
                 row->kernel + strlen(refused));
        return NULL;
    }
    if (!expand) {
        run_fail(error, "%s.expand: is not in the code", name);
        return NULL;
    }
    kernel = calloc(1, sizeof(*kernel) + size + 1);
    if (!kernel) {
        run_fail(error, "%s: out of memory", name);
        return NULL;
    }
    memcpy(kernel->name, name, size);
    kernel->expand = expand;
    if (read_text(kernel, row->kernel) &&
        read_arguments(kernel, row->signature))
        return kernel;
    run_fail(error, "%s: '%s' is not known to this library", name, row->kernel);
    free(kernel);
    return NULL;
}

BCCKernelRef bccGetKernel(BCCScriptRef script, const char *name,
                          BCCRunError *error)
{
    char expanded[MAX_NAME + sizeof(".expand")];
    struct function_row row = {0};
    kernel_expand_fn expand;
    void *address;

    if (!name || !function_find(script, name, &row) || !row.kernel) {
        run_fail(error, "%s: no kernel of that name", name ? name : "");
        return NULL;
    }
    snprintf(expanded, sizeof(expanded), "%.*s.expand", MAX_NAME, name);
    address = bccGetFuncAddr(script, expanded);
    memcpy(&expand, &address, sizeof(address));
    return kernel_make(name, &row, expand, error);
}

BCCKernelRef bccGetKernelAt(BCCScriptRef script, size_t slot,
                            BCCRunError *error)
{
    const char *name = bccGetExportForEachName(script, slot);

    if (name)
        return bccGetKernel(script, name, error);
    run_fail(error, "slot %zu of %zu kernels", slot,
             bccGetExportForEachCount(script));
    return NULL;
}

void bccDisposeKernel(BCCKernelRef kernel)
{
    free(kernel);
}
