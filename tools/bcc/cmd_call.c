/* bcc call: one function of a script, with arguments parsed by its
 * signature. */
#include <string.h>

#include <bcc/bcc_run.h>

#include "call_value.h"
#include "commands.h"
#include "print.h"
#include "resource.h"
#include "script_setup.h"

enum { MAX_ARGUMENTS = 32 };

/* ---- The call ---- */

static void complain_of_word(const char *name, int index, const char *word,
                             const struct value_type *type,
                             enum call_word result)
{
    if (result == CALL_WORD_OUT_OF_RANGE)
        complain("%s: argument %d: '%s': out of range, wanted %s", name,
                 index + 1, word, type->text);
    else
        complain("%s: argument %d: '%s': no value of its type, wanted %s%s",
                 name, index + 1, word, type->text,
                 type->lanes ? ", lanes with commas between them" : "");
}

/* The number of parameters; -1: there is a complaint. */
static int read_parameters(const char *name, const char *signature,
                           struct value_type *types, const char **ret_result)
{
    const int n = value_types_read(signature, types, MAX_ARGUMENTS, ret_result);

    if (n < 0) {
        complain("%s: '%s' cannot be called from a command line%s", name,
                 signature,
                 strstr(signature, "... ->") ? ": it is variadic" : "");
        return -1;
    }
    for (int i = 0; i < n; i++)
        if (!call_value_has_words(&types[i])) {
            complain("%s: parameter %d: %s cannot be written on a command line",
                     name, i + 1, types[i].text);
            return -1;
        }
    return n;
}

static bool parse_arguments(const char *name, const struct value_type *types,
                            char **words, int n, BCCValue *values)
{
    for (int i = 0; i < n; i++) {
        const enum call_word result =
            call_value_parse(&types[i], words[i], &values[i]);

        if (result != CALL_WORD_OK) {
            complain_of_word(name, i, words[i], &types[i], result);
            return false;
        }
    }
    return true;
}

static int call_function(BCCScriptRef script, char **words, int n)
{
    const char *name = words[0];
    const char *signature = bccGetFuncSignature(script, name);
    struct value_type types[MAX_ARGUMENTS];
    BCCValue values[MAX_ARGUMENTS], result = {0};
    BCCRunError error = {.message = ""};
    const char *result_text;
    BCCCallRef call;
    int failed = 1, wanted;

    if (!signature) {
        complain("%s: no exported function '%s'", words[-1], name);
        return EXIT_FAILED;
    }
    wanted = read_parameters(name, signature, types, &result_text);
    if (wanted < 0)
        return EXIT_FAILED;
    if (wanted != n - 1) {
        complain("%s: wanted %d arguments, given %d: '%s'", name, wanted, n - 1,
                 signature);
        return EXIT_FAILED;
    }
    if (!parse_arguments(name, types, words + 1, wanted, values))
        return EXIT_FAILED;
    call = bccGetCall(script, name, NULL, &error);
    if (call)
        failed = bccInvoke(call, values, (size_t)wanted, &result, &error);
    bccDisposeCall(call);
    if (failed) {
        complain("%s", error.message);
        return EXIT_FAILED;
    }
    call_value_print(result_text, &result);
    return EXIT_OK;
}

int cmd_call(struct options *options)
{
    BCCScriptRef script;
    int status = EXIT_FAILED;
    bool failed;

    if (options->n_arguments < 2) {
        complain("call: a file and a function are needed (bcc help call)");
        return EXIT_USAGE;
    }
    script = setup_script(options, options->arguments[0], false, &failed);
    if (!script)
        return EXIT_FAILED;
    if (!failed && !resource_is_compiled(options->arguments[0]))
        bccAllowCalls(script);
    if (failed ||
        bccPrepareExecutable(script, NULL, NULL,
                             setup_flags(options, false) | BCC_PROCESS_SYMBOLS))
        complain("%s", bccGetErrorMessage(script));
    else
        status = call_function(script, options->arguments + 1,
                               options->n_arguments - 1);
    bccDisposeScript(script);
    return status;
}
