/* A host calls these functions through C pointers, which check nothing. So
 * their types are checked here. */
#include "kernels.h"

#include <stdlib.h>
#include <string.h>

static const char *name_or_none(const char *name)
{
    return name ? name : "-";
}

/* Is it void f(pointer, ...), with n parameters? */
static bool takes_pointers(LLVMModuleRef module, const char *name, unsigned n)
{
    LLVMValueRef function = LLVMGetNamedFunction(module, name);
    LLVMTypeRef type = function ? LLVMGlobalGetValueType(function) : NULL;

    if (!type || LLVMIsDeclaration(function) ||
        LLVMCountParams(function) != n ||
        LLVMGetTypeKind(LLVMGetReturnType(type)) != LLVMVoidTypeKind)
        return false;
    for (unsigned i = 0; i < n; i++)
        if (LLVMGetTypeKind(LLVMTypeOf(LLVMGetParam(function, i))) !=
            LLVMPointerTypeKind)
            return false;
    return true;
}

/* Without a combiner the kernel itself combines accumulators. */
static bool combines_itself(const struct script_reduction *reduction,
                            const char *kernel)
{
    const char *size = kernel + strcspn(kernel, "0123456789");
    const char *word = kernel + strcspn(kernel, " ");

    if (strncmp(kernel, "in", 2) != 0 ||
        strtoul(size, NULL, 10) != reduction->size)
        return false;
    /* A second input or a place would not fit a combiner. */
    for (; *word && strncmp(word, " at:", 4) != 0;
         word += 1 + strcspn(word + 1, " "))
        if (strncmp(word, " in", 3) == 0 || strchr("xyz", word[1]))
            return false;
    return true;
}

static const char *find_fault(LLVMModuleRef module,
                              const struct script_reduction *reduction,
                              const char *kernel)
{
    const char *const names[] = {reduction->name, reduction->accumulator,
                                 reduction->initializer, reduction->combiner,
                                 reduction->outconverter};

    for (int i = 0; i < 5; i++)
        if (names[i] && (strchr(names[i], ' ') || !*names[i]))
            return "a name is empty, or has a space";
    if (!kernel || !strstr(kernel, "accum "))
        return "the accumulator is no accumulating kernel";
    if (reduction->size == 0)
        return "the accumulator has no bytes";
    if (reduction->initializer &&
        !takes_pointers(module, reduction->initializer, 1))
        return "the initializer is not void f(accumulator *)";
    if (reduction->combiner && !takes_pointers(module, reduction->combiner, 2))
        return "the combiner is not void f(accumulator *, accumulator *)";
    if (reduction->outconverter &&
        !takes_pointers(module, reduction->outconverter, 2))
        return "the outconverter is not void f(result *, accumulator *)";
    if (!reduction->combiner && !combines_itself(reduction, kernel))
        return "there is no combiner, and the elements are no accumulators";
    return NULL;
}

void reduction_describe(LLVMModuleRef module,
                        const struct script_reduction *reduction,
                        const char *kernel, struct buffer *text)
{
    static const char refused[] = "refused: ";
    const char *fault;

    if (kernel && strncmp(kernel, refused, strlen(refused)) == 0) {
        buffer_append_string(text, kernel);
        return;
    }
    fault = find_fault(module, reduction, kernel);
    if (fault)
        buffer_printf(text, "refused: %s", fault);
    else
        buffer_printf(text, "reduce %u %s %s %s %s", reduction->size,
                      reduction->accumulator,
                      name_or_none(reduction->initializer),
                      name_or_none(reduction->combiner),
                      name_or_none(reduction->outconverter));
}
