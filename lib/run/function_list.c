/* Reads the section OBCC_FUNCTIONS and the string pool, in place. Numbers in
 * them are checked where they are used: no read leaves the sections. */
#include "function_list.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc_cache.h>

struct bytes {
    const uint8_t *data;
    size_t size;
};

static struct bytes section(BCCScriptRef script, uint32_t kind)
{
    struct bytes bytes = {0};

    bytes.data = bccGetSection(script, kind, &bytes.size);
    return bytes;
}

static const char *string_at(struct bytes pool, uint32_t index)
{
    const struct obcc_string *row;
    uint64_t end;

    if (pool.size < sizeof(struct obcc_list) ||
        index >= (pool.size - sizeof(struct obcc_list)) / sizeof(*row))
        return NULL;
    row = (const struct obcc_string *)(const void *)(pool.data +
                                                     sizeof(struct obcc_list)) +
          index;
    end = (uint64_t)obcc_get32(row->offset) + obcc_get32(row->length);
    if (end >= pool.size || pool.data[end] != '\0')
        return NULL;
    return (const char *)pool.data + obcc_get32(row->offset);
}

bool function_find(BCCScriptRef script, const char *name,
                   struct function_row *ret_row)
{
    const struct bytes list = section(script, OBCC_FUNCTIONS);
    const struct bytes pool = section(script, OBCC_STRING_POOL);
    const struct obcc_function *rows;
    size_t low = 0, high = 0;

    if (name && list.size > sizeof(struct obcc_list))
        high = (list.size - sizeof(struct obcc_list)) / sizeof(*rows);
    rows = (const void *)(list.data + (high ? sizeof(struct obcc_list) : 0));
    while (low < high) {
        const struct obcc_function *row = &rows[low + (high - low) / 2];
        const char *its_name = string_at(pool, obcc_get32(row->name));
        const int order = its_name ? strcmp(its_name, name) : 1;

        if (order == 0) {
            *ret_row = (struct function_row){
                string_at(pool, obcc_get32(row->signature)),
                string_at(pool, obcc_get32(row->parameters)),
                string_at(pool, obcc_get32(row->kernel)),
            };
            return ret_row->signature != NULL;
        }
        if (order < 0)
            low = (size_t)(row - rows) + 1;
        else
            high = (size_t)(row - rows);
    }
    return false;
}

int run_fail(BCCRunError *error, const char *format, ...)
{
    va_list arguments;

    if (!error)
        return 1;
    *error = (BCCRunError){.result = 0};
    va_start(arguments, format);
    vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return 1;
}

/* ---- Signatures ---- */

const char *bccGetFuncSignature(BCCScriptRef script, const char *name)
{
    struct function_row row;

    return function_find(script, name, &row) ? row.signature : NULL;
}

const char *bccGetFuncParameters(BCCScriptRef script, const char *name)
{
    struct function_row row;

    return function_find(script, name, &row) ? row.parameters : NULL;
}

const char *bccGetKernelText(BCCScriptRef script, const char *name)
{
    struct function_row row;

    return function_find(script, name, &row) ? row.kernel : NULL;
}

int bccFindFunc(BCCScriptRef script, const char *name, const char *signature,
                void *function, BCCRunError *error)
{
    struct function_row row;
    void *address;

    if (!name || !signature || !function)
        return run_fail(error, "a name, a signature and a place for the "
                               "function are needed");
    if (!function_find(script, name, &row))
        return run_fail(error, "%s: no function with a signature", name);
    if (strcmp(row.signature, signature) != 0)
        return run_fail(error, "%s: is '%s', not '%s'", name, row.signature,
                        signature);
    address = bccGetFuncAddr(script, name);
    if (!address)
        return run_fail(error, "%s: is not in the code", name);
    memcpy(function, &address, sizeof(address));
    return 0;
}

/* ---- Directives: see lib/compiler/bitcode/directives.h ---- */

static void mark(BCCScriptRef script, const char *verb, const char *name,
                 const char *rest)
{
    char *text = NULL;

    /* Such a name could not be told from the rest: the empty mark is refused
     * with a message. */
    if (!name || !rest || strchr(name, ' ')) {
        bccMarkExternalSymbol(script, "");
    } else if (asprintf(&text, "bcc:%s %s %s", verb, name, rest) > 0) {
        bccMarkExternalSymbol(script, text);
        free(text);
    }
}

void bccDeclareImport(BCCScriptRef script, const char *name,
                      const char *signature)
{
    mark(script, "import", name, signature);
}

void bccMarkKernel(BCCScriptRef script, const char *name,
                   const char *parameters)
{
    mark(script, "kernel", name, parameters);
}

void bccAllowCalls(BCCScriptRef script)
{
    bccMarkExternalSymbol(script, "bcc:calls");
}

void bccAllowCall(BCCScriptRef script, const char *name, const char *signature)
{
    mark(script, "call", name, signature);
}

void bccSetConstant(BCCScriptRef script, const char *name, const void *value,
                    size_t size)
{
    enum { MAX_SIZE = 16 };
    char digits[2 * MAX_SIZE + 1];
    const uint8_t *byte = value;

    if (!value || size > MAX_SIZE)
        size = 0;
    for (size_t i = 0; i < size; i++)
        snprintf(digits + 2 * i, 3, "%02x", byte[i]);
    mark(script, "constant", name, size ? digits : NULL);
}
