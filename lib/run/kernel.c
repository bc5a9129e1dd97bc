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

/* "=4/4", ">=12". */
static void read_element(const char *text, struct kernel_element *element)
{
    char *end;

    element->is_exact = *text == '=';
    element->size = strtoull(text + (*text == '=' ? 1 : 2), &end, 10);
    element->align = *end == '/' ? strtoull(end + 1, NULL, 10) : 1;
    if (element->align == 0)
        element->align = 1;
}

/* False: a word that this version does not know. */
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
    } else if (strncmp(word, "local:", 6) == 0) {
        kernel->locals |= 1u << (strtoul(word + 6, NULL, 10) % 32);
    } else {
        return is_word(word, size, "x64") || is_word(word, size, "y64") ||
               is_word(word, size, "z64") || is_word(word, size, "result") ||
               is_word(word, size, "kernel");
    }
    return true;
}

static bool read_text(BCCKernelRef kernel, const char *text)
{
    for (size_t size; *text; text += size) {
        text += strspn(text, " ");
        size = strcspn(text, " ");
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

static int fill(BCCScriptRef script, BCCKernelRef kernel,
                const struct function_row *row, BCCRunError *error)
{
    char expanded[MAX_NAME + sizeof(".expand")];
    void *address;

    snprintf(expanded, sizeof(expanded), "%s.expand", kernel->name);
    address = bccGetFuncAddr(script, expanded);
    if (!address)
        return run_fail(error, "%s: is not in the code", expanded);
    memcpy(&kernel->expand, &address, sizeof(address));
    if (!read_text(kernel, row->kernel) ||
        !read_arguments(kernel, row->signature))
        return run_fail(error, "%s: '%s' is not known to this library",
                        kernel->name, row->kernel);
    return 0;
}

BCCKernelRef bccGetKernel(BCCScriptRef script, const char *name,
                          BCCRunError *error)
{
    static const char refused[] = "refused: ";
    struct function_row row = {0};
    BCCKernelRef kernel;
    size_t size;

    if (!name || !function_find(script, name, &row) || !row.kernel) {
        run_fail(error, "%s: no kernel of that name", name ? name : "");
        return NULL;
    }
    if (strncmp(row.kernel, refused, strlen(refused)) == 0) {
        run_fail(error, "%s: cannot be called for each element: %s", name,
                 row.kernel + strlen(refused));
        return NULL;
    }
    size = strnlen(name, MAX_NAME);
    kernel = calloc(1, sizeof(*kernel) + size + 1);
    if (!kernel) {
        run_fail(error, "%s: out of memory", name);
        return NULL;
    }
    memcpy(kernel->name, name, size);
    if (fill(script, kernel, &row, error)) {
        free(kernel);
        return NULL;
    }
    return kernel;
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
