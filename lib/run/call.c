/* Calls of functions that are known by their signature. The compiler made a
 * trampoline for the signature, ".call SIGNATURE": it takes the arguments from
 * the host's values and calls the function as LLVM would. */
#include <stdlib.h>
#include <string.h>

#include "function_list.h"
#include "value_type.h"

enum { MAX_PARAMETERS = 32 };

typedef void (*trampoline_fn)(void *function, const BCCValue *arguments,
                              BCCValue *result);

struct BCCOpaqueCall {
    trampoline_fn trampoline;
    void *function;
    size_t n_parameters;
    struct value_type result;
    char *name; /* for messages; owned */
    struct value_type parameter[];
};

static const char *choose_signature(const struct function_row *row,
                                    const char *name, const char *signature,
                                    BCCRunError *error)
{
    if (strstr(row->signature, "... -> ")) {
        if (!signature)
            run_fail(error, "%s: is variadic, '%s': a signature is needed",
                     name, row->signature);
        return signature;
    }
    if (!signature || strcmp(row->signature, signature) == 0)
        return row->signature;
    run_fail(error, "%s: is '%s', not '%s'", name, row->signature, signature);
    return NULL;
}

static void *find_trampoline(BCCScriptRef script, const char *signature)
{
    const size_t size = strlen(signature) + sizeof(".call ");
    char *name = malloc(size);
    void *address = NULL;

    if (name) {
        memcpy(name, ".call ", sizeof(".call "));
        memcpy(name + strlen(name), signature, strlen(signature) + 1);
        address = bccGetFuncAddr(script, name);
    }
    free(name);
    return address;
}

static BCCCallRef make_call(const struct value_type *types, size_t n,
                            const char *name)
{
    BCCCallRef call = calloc(1, sizeof(*call) + n * sizeof(*types));

    if (!call)
        return NULL;
    call->name = strdup(name);
    if (!call->name) {
        free(call);
        return NULL;
    }
    call->n_parameters = n;
    memcpy(call->parameter, types, n * sizeof(*types));
    return call;
}

BCCCallRef bccGetCall(BCCScriptRef script, const char *name,
                      const char *signature, BCCRunError *error)
{
    struct value_type types[MAX_PARAMETERS], result;
    struct function_row row;
    void *trampoline;
    const char *end;
    BCCCallRef call;
    int n;

    if (!function_find(script, name, &row)) {
        run_fail(error, "%s: no function with a signature", name ? name : "");
        return NULL;
    }
    signature = choose_signature(&row, name, signature, error);
    if (!signature)
        return NULL;
    trampoline = find_trampoline(script, signature);
    n = value_types_read(signature, types, MAX_PARAMETERS, &end);
    if (!trampoline || n < 0 || !value_type_read(&end, &result)) {
        run_fail(error,
                 "%s: the script was prepared without calls of '%s' "
                 "(bccAllowCalls, bccAllowCall)",
                 name, signature);
        return NULL;
    }
    call = make_call(types, (size_t)n, name);
    if (!call) {
        run_fail(error, "%s: out of memory", name);
        return NULL;
    }
    memcpy(&call->trampoline, &trampoline, sizeof(trampoline));
    call->function = bccGetFuncAddr(script, name);
    call->result = result;
    return call;
}

void bccDisposeCall(BCCCallRef call)
{
    if (call)
        free(call->name);
    free(call);
}

int bccInvoke(BCCCallRef call, const BCCValue *arguments, size_t n,
              BCCValue *result, BCCRunError *error)
{
    BCCValue ignored;

    if (!call || (n && !arguments))
        return run_fail(error, "no call, or no arguments");
    if (n != call->n_parameters)
        return run_fail(error, "%s: wanted %zu arguments, given %zu",
                        call->name, call->n_parameters, n);
    for (size_t i = 0; i < n; i++)
        if (!value_agrees(&call->parameter[i], &arguments[i]))
            return value_explain(&call->parameter[i], &arguments[i], call->name,
                                 i, error);
    if (!result)
        result = &ignored;
    result->type = call->result.type;
    result->lanes = call->result.lanes;
    call->trampoline(call->function, arguments, result);
    return 0;
}
