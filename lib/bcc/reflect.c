/* Lists and lookups. They read the mapped cache file in place, so a launch pays
 * for them only when it uses them. */
#include "script.h"

#include <stdlib.h>
#include <string.h>

static bool is_prepared(BCCScriptRef script)
{
    if (!script)
        return false;
    if (!script->prepared)
        script_misuse(script, BCC_INVALID_OPERATION,
                      "the script is not prepared");
    return script->prepared;
}

static void *symbol_address(BCCScriptRef script,
                            const struct obcc_symbol *symbol)
{
    if (!symbol)
        return NULL;
    return load_address(&script->image, obcc_get64(symbol->address),
                        obcc_get64(symbol->size));
}

static size_t count(BCCScriptRef script, unsigned kind)
{
    if (!script || !script->prepared)
        return 0;
    return cache_count(&script->view, kind);
}

static void copy_addresses(BCCScriptRef script, unsigned kind, size_t size,
                           void **list)
{
    if (!is_prepared(script) || !list)
        return;
    if (size > count(script, kind))
        size = count(script, kind);
    for (size_t i = 0; i < size; i++)
        list[i] = symbol_address(
            script, cache_symbol_at(&script->view, kind, (uint32_t)i));
}

static const struct obcc_symbol *symbol_at(BCCScriptRef script, unsigned kind,
                                           size_t i)
{
    if (!is_prepared(script) || i >= count(script, kind))
        return NULL;
    return cache_symbol_at(&script->view, kind, (uint32_t)i);
}

static const char *name_at(BCCScriptRef script, unsigned kind, size_t i)
{
    const struct obcc_symbol *symbol = symbol_at(script, kind, i);

    return symbol ? cache_string(&script->view, obcc_get32(symbol->name))
                  : NULL;
}

/* ---- By name ---- */

static void *find(BCCScriptRef script, unsigned kind, const char *name)
{
    return symbol_address(script, cache_find_symbol(&script->view, kind, name));
}

void *bccGetFuncAddr(BCCScriptRef script, const char *name)
{
    void *address;

    if (!is_prepared(script) || !name)
        return NULL;
    address = find(script, OBCC_FUNC_TABLE, name);
    return address ? address : find(script, OBCC_VAR_TABLE, name);
}

void *bccGetVarAddr(BCCScriptRef script, const char *name)
{
    if (!is_prepared(script) || !name)
        return NULL;
    return find(script, OBCC_VAR_TABLE, name);
}

/* ---- Exports ---- */

size_t bccGetExportVarCount(BCCScriptRef script)
{
    return count(script, OBCC_EXPORT_VAR_LIST);
}

void bccGetExportVarList(BCCScriptRef script, size_t varListSize,
                         void **varList)
{
    copy_addresses(script, OBCC_EXPORT_VAR_LIST, varListSize, varList);
}

const char *bccGetExportVarName(BCCScriptRef script, size_t i)
{
    return name_at(script, OBCC_EXPORT_VAR_LIST, i);
}

size_t bccGetExportFuncCount(BCCScriptRef script)
{
    return count(script, OBCC_EXPORT_FUNC_LIST);
}

void bccGetExportFuncList(BCCScriptRef script, size_t funcListSize,
                          void **funcList)
{
    copy_addresses(script, OBCC_EXPORT_FUNC_LIST, funcListSize, funcList);
}

const char *bccGetExportFuncName(BCCScriptRef script, size_t i)
{
    return name_at(script, OBCC_EXPORT_FUNC_LIST, i);
}

size_t bccGetExportForEachCount(BCCScriptRef script)
{
    return count(script, OBCC_EXPORT_FOREACH_LIST);
}

void bccGetExportForEachList(BCCScriptRef script, size_t forEachListSize,
                             void **forEachList)
{
    copy_addresses(script, OBCC_EXPORT_FOREACH_LIST, forEachListSize,
                   forEachList);
}

const char *bccGetExportForEachName(BCCScriptRef script, size_t i)
{
    return name_at(script, OBCC_EXPORT_FOREACH_LIST, i);
}

uint32_t bccGetExportForEachSignature(BCCScriptRef script, size_t i)
{
    const struct obcc_symbol *kernel =
        symbol_at(script, OBCC_EXPORT_FOREACH_LIST, i);

    return kernel ? obcc_get32(kernel->kernel_signature) : 0;
}

/* ---- Pragmas, functions, object slots ---- */

size_t bccGetPragmaCount(BCCScriptRef script)
{
    return count(script, OBCC_PRAGMA_LIST);
}

void bccGetPragmaList(BCCScriptRef script, size_t pragmaListSize,
                      const char **keyList, const char **valueList)
{
    if (!is_prepared(script))
        return;
    for (size_t i = 0; i < pragmaListSize && i < bccGetPragmaCount(script);
         i++) {
        const struct obcc_pragma *pragma =
            cache_pragma_at(&script->view, (uint32_t)i);
        if (keyList)
            keyList[i] = cache_string(&script->view, obcc_get32(pragma->key));
        if (valueList)
            valueList[i] =
                cache_string(&script->view, obcc_get32(pragma->value));
    }
}

size_t bccGetFuncCount(BCCScriptRef script)
{
    return count(script, OBCC_FUNC_TABLE);
}

void bccGetFuncInfoList(BCCScriptRef script, size_t funcInfoListSize,
                        BCCFuncInfo *funcInfoList)
{
    if (!is_prepared(script) || !funcInfoList)
        return;
    for (size_t i = 0; i < funcInfoListSize && i < bccGetFuncCount(script);
         i++) {
        const struct obcc_symbol *function =
            cache_symbol_at(&script->view, OBCC_FUNC_TABLE, (uint32_t)i);
        funcInfoList[i] = (BCCFuncInfo){
            .name = cache_string(&script->view, obcc_get32(function->name)),
            .addr = symbol_address(script, function),
            .size = (size_t)obcc_get64(function->size),
        };
    }
}

const void *bccGetSection(BCCScriptRef script, uint32_t kind, size_t *size)
{
    struct span section = {0};

    if (is_prepared(script))
        section = cache_extra_section(load_prefix(&script->image), kind);
    if (size)
        *size = section.size;
    return section.data;
}

size_t bccGetObjectSlotCount(BCCScriptRef script)
{
    return count(script, OBCC_OBJECT_SLOT_LIST);
}

void bccGetObjectSlotList(BCCScriptRef script, size_t objectSlotListSize,
                          uint32_t *objectSlotList)
{
    if (!is_prepared(script) || !objectSlotList)
        return;
    for (size_t i = 0;
         i < objectSlotListSize && i < bccGetObjectSlotCount(script); i++)
        objectSlotList[i] = cache_object_slot_at(&script->view, (uint32_t)i);
}

/* ---- What shared libraries refer to ---- */

static bool is_marked(BCCScriptRef script, const char *name)
{
    for (size_t i = 0; i < script->n_marks; i++)
        if (strcmp(script->marks[i], name) == 0)
            return true;
    return false;
}

/* Counts the definitions if definitions is NULL. */
static size_t add_unmarked(BCCScriptRef script, unsigned kind,
                           BCCDefinition *definitions, size_t n)
{
    for (size_t i = 0; i < count(script, kind); i++) {
        const char *name = name_at(script, kind, i);
        void *address = symbol_address(script, symbol_at(script, kind, i));

        if (!address || is_marked(script, name))
            continue;
        if (definitions)
            definitions[n] = (BCCDefinition){name, address};
        n++;
    }
    return n;
}

static size_t add_all_unmarked(BCCScriptRef script, BCCDefinition *definitions)
{
    size_t n = add_unmarked(script, OBCC_EXPORT_VAR_LIST, definitions, 0);

    return add_unmarked(script, OBCC_EXPORT_FUNC_LIST, definitions, n);
}

void definitions_offer(BCCScriptRef script)
{
    const size_t n = add_all_unmarked(script, NULL);
    BCCDefinition *definitions = n ? calloc(n, sizeof(*definitions)) : NULL;

    if (!definitions)
        return;
    (void)add_all_unmarked(script, definitions);
    if (script->host.interpose)
        script->host.interpose(script->host.context, definitions, n);
    for (size_t i = 0; i < n && !script->host.interpose; i++)
        script_log(script, BCC_LOG_WARN, "load",
                   "shared libraries use their own '%s', not the script's",
                   definitions[i].name);
    free(definitions);
}
