/* Reductions that a script lists: the row "reduce NAME" of its functions (the
 * compiler's side is lib/compiler/codegen/reductions.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "function_list.h"

enum { MAX_TEXT = 2048, N_FUNCTIONS = 4 };

/* Find the words after "reduce SIZE", in the text itself, which is changed.
 * False: another form. */
static bool split(char *text, size_t *ret_size, char *words[N_FUNCTIONS])
{
    char *rest;

    if (strncmp(text, "reduce ", 7) != 0)
        return false;
    *ret_size = strtoul(text + 7, &rest, 10);
    for (int i = 0; i < N_FUNCTIONS; i++) {
        if (*rest != ' ')
            return false;
        *rest++ = '\0';
        words[i] = rest;
        rest += strcspn(rest, " ");
    }
    return *rest == '\0' && *ret_size;
}

/* A function of the script, by name; "-": none, NULL. */
static int find(BCCScriptRef script, const char *name, void *function,
                BCCRunError *error)
{
    void *address = NULL;

    if (strcmp(name, "-") != 0) {
        address = bccGetFuncAddr(script, name);
        if (!address)
            return run_fail(error, "%s: is not in the code", name);
    }
    memcpy(function, &address, sizeof(address));
    return 0;
}

static bool find_text(BCCScriptRef script, const char *name,
                      char text[MAX_TEXT], BCCRunError *error)
{
    static const char refused[] = "refused: ";
    struct function_row row = {0};

    snprintf(text, MAX_TEXT, "reduce %s", name ? name : "");
    if (!name || !function_find(script, text, &row) || !row.kernel) {
        run_fail(error, "%s: no reduction of that name", name ? name : "");
        return false;
    }
    if (strncmp(row.kernel, refused, strlen(refused)) == 0) {
        run_fail(error, "%s: cannot be run: %s", name,
                 row.kernel + strlen(refused));
        return false;
    }
    snprintf(text, MAX_TEXT, "%s", row.kernel);
    return true;
}

BCCKernelRef bccGetReduction(BCCScriptRef script, const char *name,
                             BCCReduction *reduction, BCCRunError *error)
{
    BCCReduction found = {.size = sizeof(found)};
    char text[MAX_TEXT], *words[N_FUNCTIONS];

    if (!reduction) {
        run_fail(error, "no place for the reduction");
        return NULL;
    }
    if (!find_text(script, name, text, error))
        return NULL;
    if (!split(text, &found.accumulatorSize, words)) {
        run_fail(error, "%s: '%s' is not known to this library", name, text);
        return NULL;
    }
    if (find(script, words[1], &found.initialize, error) ||
        find(script, words[2], &found.combine, error) ||
        find(script, words[3], &found.convert, error))
        return NULL;
    *reduction = found;
    return bccGetKernel(script, words[0], error);
}
