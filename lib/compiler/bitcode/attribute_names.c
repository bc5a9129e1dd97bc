/* A string attribute may name a function that generated code calls, or a
 * variable that it reads:
 *
 *   "trap-func-name"="my_trap"            of a call of llvm.trap
 *   "probe-stack"="__my_probe"            of a function
 *   "instrument-function-entry"="enter"   of a function
 *   stack-protector-guard-symbol          a module flag
 *
 * LLVM adds such attributes with each version, so every value is taken for a
 * name. Most are no names ("all", "true", a list of CPU features); a definition
 * of such a name is kept needlessly, which costs little. */
#include "internalize.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "llvm_glue.h"

/* LLVM has one object for equal attributes, and functions compiled with the
 * same options share them. This many slots remember attributes that were
 * read. */
enum { N_SEEN = 256 };

struct collection {
    struct arena *arena;
    struct buffer names;      /* const char *, in arena */
    struct buffer attributes; /* LLVMAttributeRef: of one function or call */
    LLVMAttributeRef *seen;
    bool failed;
};

static void add_name(struct collection *collection, const char *value,
                     size_t size)
{
    const char *name;

    /* A leading \1 says that the rest is the symbol's name. */
    if (size > 0 && value[0] == '\1') {
        value++;
        size--;
    }
    if (size == 0)
        return;
    name = arena_copy_string(collection->arena, value, size);
    if (name)
        buffer_append(&collection->names, &name, sizeof(name));
    collection->failed |= !name;
}

/* Two attributes imply a call of a function with a fixed name. */
static void add_implied(struct collection *collection,
                        LLVMAttributeRef attribute)
{
    static const struct {
        const char *kind, *name;
    } implied[] = {
        {"fentry-call", "__fentry__"},
        {"split-stack", "__morestack"},
    };
    unsigned size;
    const char *kind = LLVMGetStringAttributeKind(attribute, &size);

    for (size_t i = 0; i < sizeof(implied) / sizeof(implied[0]); i++)
        if (strlen(implied[i].kind) == size &&
            memcmp(implied[i].kind, kind, size) == 0)
            add_name(collection, implied[i].name, strlen(implied[i].name));
}

static void add_attribute(struct collection *collection,
                          LLVMAttributeRef attribute)
{
    LLVMAttributeRef *seen =
        &collection->seen[((uintptr_t)attribute >> 4) % N_SEEN];
    const char *value;
    unsigned size;

    if (*seen == attribute || !LLVMIsStringAttribute(attribute))
        return;
    *seen = attribute;
    value = LLVMGetStringAttributeValue(attribute, &size);
    add_name(collection, value, size);
    add_implied(collection, attribute);
}

/* Room for n attributes. NULL: no memory. */
static LLVMAttributeRef *reserve(struct collection *collection, unsigned n)
{
    void *room;

    collection->attributes.size = 0;
    room = buffer_grow(&collection->attributes, n * sizeof(LLVMAttributeRef));
    collection->failed |= !room;
    return room;
}

static const LLVMAttributeIndex on_function =
    (LLVMAttributeIndex)LLVMAttributeFunctionIndex;

static void add_call(struct collection *collection, LLVMValueRef call)
{
    unsigned n = LLVMGetCallSiteAttributeCount(call, on_function);
    LLVMAttributeRef *attribute = n ? reserve(collection, n) : NULL;

    if (!attribute)
        return;
    LLVMGetCallSiteAttributes(call, on_function, attribute);
    for (unsigned i = 0; i < n; i++)
        add_attribute(collection, attribute[i]);
}

static void add_function(struct collection *collection, LLVMValueRef function)
{
    unsigned n = LLVMGetAttributeCountAtIndex(function, on_function);
    LLVMAttributeRef *attribute = n ? reserve(collection, n) : NULL;
    LLVMValueRef at = NULL;

    if (attribute) {
        LLVMGetAttributesAtIndex(function, on_function, attribute);
        for (unsigned i = 0; i < n; i++)
            add_attribute(collection, attribute[i]);
    }
    while ((at = glue_next_instruction(function, at)))
        if (glue_is_call(at))
            add_call(collection, at);
}

static void add_flags(struct collection *collection, LLVMModuleRef module)
{
    LLVMContextRef context = LLVMGetModuleContext(module);
    size_t n;
    LLVMModuleFlagEntry *flags = LLVMCopyModuleFlagsMetadata(module, &n);

    for (unsigned i = 0; i < n; i++) {
        LLVMMetadataRef value = LLVMModuleFlagEntriesGetMetadata(flags, i);
        unsigned size;
        const char *text =
            LLVMGetMDString(LLVMMetadataAsValue(context, value), &size);

        if (text)
            add_name(collection, text, size);
    }
    LLVMDisposeModuleFlagsMetadata(flags);
}

/* Copy the names to the arena, sorted. */
static bool sort_names(struct collection *collection,
                       struct public_names *ret_names)
{
    size_t n = collection->names.size / sizeof(const char *);
    const char **name = arena_alloc(collection->arena, n + 1, sizeof(*name));

    if (!name || collection->failed || buffer_failed(&collection->names))
        return false;
    if (n)
        memcpy(name, collection->names.data, n * sizeof(*name));
    qsort(name, n, sizeof(*name), glue_compare_names);
    *ret_names = (struct public_names){name, n};
    return true;
}

enum status attribute_names_collect(LLVMModuleRef module, struct arena *arena,
                                    struct public_names *ret_names,
                                    struct error *err)
{
    struct collection collection = {.arena = arena};
    bool ok = false;

    buffer_init(&collection.names);
    buffer_init(&collection.attributes);
    collection.seen = arena_alloc(arena, N_SEEN, sizeof(*collection.seen));
    if (collection.seen) {
        LLVMValueRef at = LLVMGetFirstFunction(module);
        for (; at; at = LLVMGetNextFunction(at))
            add_function(&collection, at);
        add_flags(&collection, module);
        ok = sort_names(&collection, ret_names);
    }
    buffer_release(&collection.names);
    buffer_release(&collection.attributes);
    return ok ? STATUS_OK : error_no_memory(err);
}
