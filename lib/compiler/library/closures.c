/* A vendor's runtime may be 9 MB of bitcode with 23,000 functions, of which a
 * script uses ten. Bodies are read only when they are needed. But to read the
 * library's declarations takes 250 million instructions, and to link with them
 * 40 million more.
 *
 * So a large library is cut up, by the names that scripts need, and the pieces
 * are kept. The closure of a name is a small module with its definition and
 * everything in the library that this definition needs, all of it linkonce. A
 * script is linked with the closures of the names it needs, in the order of
 * names; definitions that two closures share are linked once. The index
 * (index_file.h) keeps from one compile to the next: closures, the names that
 * the library needs from others, and hashes of all names that it defines. A
 * compile that finds every name in the index does not read the library.
 *
 * An index must not change the code. So a large library is linked by closures
 * with and without an index, and the bytes of a closure must not depend on
 * others that are cut at the same time:
 *
 *   library --link what is missing--> union --link one name--> closure
 *                                       '-----link another---> closure
 *
 * The union is written as bitcode and read again for each name. So each closure
 * starts from the same state, in a context of its own, where no other module's
 * type makes LLVM rename a type of this one. The output of LLVM's linker for
 * one definition then follows from the references that it meets, in their
 * order, which is the same in any union.
 *
 * Static definitions are linkonce in closures, too (see closures.h), so two
 * closures that share a static variable still share it after linking.
 *
 * If everything in a library needs everything, each closure is as large as the
 * library. So there is a limit to the bytes of all closures that a script
 * needs, beyond which the library is linked as a whole. A closure has the same
 * size whether it was newly cut or is from the index, so the decision is the
 * same.
 *
 * Some libraries cannot be cut without a change of meaning. Cutting links parts
 * of the library several times. That changes nothing as long as only references
 * from definition to definition tie the parts together. A library is linked
 * whole if constructors, aliases, COMDATs, assembly, debug information or other
 * metadata tie definitions together, or if LLVM's linker accumulates them. The
 * compiler finds this out by reading the library, and records it in the
 * index. */
#include "closures.h"

#include <stdlib.h>
#include <string.h>

#include <llvm-c/BitWriter.h>
#include <llvm-c/Comdat.h>

#include "checksum.h"
#include "linkage.h"

/* ---- Can it be cut? ---- */

/* Does it change nothing to link this metadata once more with each closure? */
static bool named_metadata_is_plain(LLVMModuleRef module)
{
    static const char *const plain[] = {
        "llvm.commandline",  "llvm.errno.tbaa",    "llvm.ident",
        "llvm.module.flags", "opencl.ocl.version", "opencl.spir.version",
    };
    LLVMNamedMDNodeRef at;

    for (at = LLVMGetFirstNamedMetadata(module); at;
         at = LLVMGetNextNamedMetadata(at)) {
        size_t size;
        const char *name = LLVMGetNamedMetadataName(at, &size);
        bool found = false;

        for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
            found = found || (strlen(plain[i]) == size &&
                              memcmp(plain[i], name, size) == 0);
        if (!found)
            return false;
    }
    return true;
}

static bool flags_are_plain(LLVMModuleRef module)
{
    LLVMModuleFlagEntry *flags;
    bool plain = true;
    size_t n;

    flags = LLVMCopyModuleFlagsMetadata(module, &n);
    for (unsigned i = 0; i < n; i++)
        plain = plain && LLVMModuleFlagEntriesGetFlagBehavior(flags, i) !=
                             LLVMModuleFlagBehaviorAppend;
    LLVMDisposeModuleFlagsMetadata(flags);
    return plain;
}

/* Does the module test types? A type is identified by a metadata node, and each
 * closure would have a node of its own. */
static bool tests_types(LLVMModuleRef module)
{
    return LLVMGetNamedFunction(module, "llvm.type.test") ||
           LLVMGetNamedFunction(module, "llvm.public.type.test") ||
           LLVMGetNamedFunction(module, "llvm.type.checked.load") ||
           LLVMGetNamedFunction(module, "llvm.type.checked.load.relative");
}

static bool is_plain_global(LLVMValueRef global)
{
    LLVMLinkage linkage = LLVMGetLinkage(global);
    size_t size;
    const char *name = LLVMGetValueName2(global, &size);

    return !LLVMGetComdat(global) && linkage != LLVMAppendingLinkage &&
           linkage != LLVMCommonLinkage && strlen(name) == size &&
           name[0] != STATIC_MARK;
}

static bool is_plain(LLVMModuleRef module)
{
    LLVMValueRef at = NULL;
    size_t asm_size;

    LLVMGetModuleInlineAsm(module, &asm_size);
    if (asm_size || LLVMGetFirstGlobalAlias(module) ||
        LLVMGetFirstGlobalIFunc(module) || !named_metadata_is_plain(module) ||
        !flags_are_plain(module) || tests_types(module))
        return false;
    while ((at = glue_next_global(module, at)))
        if (!is_plain_global(at))
            return false;
    return true;
}

/* ---- Rows ---- */

static int compare_hashes(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    return a < b ? -1 : a > b;
}

/* The row of a name that the library defines. */
static bool find_row(const struct closures *closures, const char *name,
                     struct index_row *ret_row)
{
    const struct library_index *index = closures->index;
    const struct index_row *found =
        index_rows_find(index->rows, index->n_rows, name);

    if (found)
        *ret_row = *found;
    else if (!index->known || !index_view_find(index->known, name, ret_row))
        return false;
    return ret_row->kind != IBCC_DECLARED;
}

bool closures_find(const struct closures *closures, const char *name,
                   struct span *ret_bitcode)
{
    struct index_row row;

    if (!find_row(closures, name, &row) || row.kind != IBCC_CLOSURE)
        return false;
    *ret_bitcode = row.closure;
    return true;
}

static bool is_defined(const struct closures *closures, const char *name)
{
    const struct library_index *index = closures->index;
    uint32_t hash = checksum_name(name);

    if (!index->defined)
        return index->known && index_view_defines(index->known, name);
    return bsearch(&hash, index->defined, index->n_defined, sizeof(hash),
                   compare_hashes) != NULL;
}

/* ---- Reading the library ---- */

static void add_names(struct closures *closures)
{
    struct library_index *index = closures->index;
    LLVMValueRef at = NULL;

    while ((at = glue_next_global(closures->module, at))) {
        const char *name = glue_name(at);

        if (!linkage_is_definition(at) && !glue_is_llvm_name(name))
            closures->declared[closures->n_declared++] = name;
        else if (linkage_is_definition(at) && !linkage_is_local(at))
            index->defined[index->n_defined++] = checksum_name(name);
    }
}

/* All names of the library, for a new index. */
static enum status list_names(struct closures *closures, struct error *err)
{
    size_t n = glue_count_globals(closures->module);
    struct library_index *index = closures->index;
    struct arena *arena = closures->arena;

    closures->declared = arena_alloc(arena, n + 1, sizeof(*closures->declared));
    index->defined = arena_alloc(arena, n + 1, sizeof(*index->defined));
    if (!closures->declared || !index->defined)
        return error_no_memory(err);
    add_names(closures);
    qsort(index->defined, index->n_defined, sizeof(*index->defined),
          compare_hashes);
    index->rows =
        arena_alloc(arena, closures->n_declared + 1, sizeof(*index->rows));
    if (!index->rows)
        return error_no_memory(err);
    for (size_t i = 0; i < closures->n_declared; i++) {
        const char *name = closures->declared[i];

        name = arena_copy_string(arena, name, strlen(name));
        if (!name)
            return error_no_memory(err);
        closures->declared[i] = name;
        index->rows[i] =
            (struct index_row){.name = name, .kind = IBCC_DECLARED};
    }
    index->n_rows = closures->n_declared;
    index_rows_sort(index->rows, index->n_rows);
    return STATUS_OK;
}

/* Read the library, and prepare it for cutting if it can be cut. */
static enum status read_library(struct closures *closures, struct error *err)
{
    enum status status;

    glue_init(&closures->glue);
    status = closures->read(closures->context, &closures->glue, closures->bytes,
                            closures->name, &closures->module, err);
    if (status)
        return status;
    closures->index->is_whole = !is_plain(closures->module);
    return STATUS_OK;
}

static enum status list_known(struct closures *closures, struct error *err)
{
    const struct index_view *known = closures->index->known;

    closures->declared = arena_alloc(closures->arena, known->n_rows + 1,
                                     sizeof(*closures->declared));
    if (!closures->declared)
        return error_no_memory(err);
    for (size_t i = 0; i < known->n_rows; i++)
        if (index_view_kind(known, i) == IBCC_DECLARED)
            closures->declared[closures->n_declared++] =
                index_view_name(known, i);
    return STATUS_OK;
}

enum status closures_open(struct closures *closures, struct error *err)
{
    struct library_index *index = closures->index;
    enum status status;

    if (index->known) {
        index->is_whole = index_view_is_whole(index->known);
        return index->is_whole ? STATUS_OK : list_known(closures, err);
    }
    status = read_library(closures, err);
    if (status)
        return status;
    index->is_changed = true;
    if (!index->is_whole)
        return list_names(closures, err);
    closures_release(closures);
    return STATUS_OK;
}

void closures_release(struct closures *closures)
{
    if (closures->module)
        LLVMDisposeModule(closures->module);
    closures->module = NULL;
    glue_release(&closures->glue);
}

/* ---- Cutting ---- */

/* Link the definitions in `from` that were made wanted, with what they need, to
 * a module, and write it as lazy bitcode. Consumes `from`. */
static enum status cut(struct closures *closures, struct glue *glue,
                       LLVMModuleRef from, bool verify,
                       LLVMMemoryBufferRef *ret_bitcode, struct error *err)
{
    static const char name[] = "closure";
    LLVMModuleRef module =
        LLVMModuleCreateWithNameInContext(name, glue->context);
    enum status status;

    LLVMSetTarget(module, LLVMGetTarget(from));
    LLVMSetModuleDataLayout(module, LLVMGetModuleDataLayout(from));
    status = glue_link(glue, module, from, closures->name, err);
    if (status == STATUS_OK && verify)
        status = glue_verify(glue, module, closures->name, err);
    if (status == STATUS_OK) {
        linkage_make_all_lazy(module);
        *ret_bitcode = LLVMWriteBitcodeToMemoryBuffer(module);
    }
    LLVMDisposeModule(module);
    return status;
}

static enum status cut_union(struct closures *closures,
                             const struct index_row *rows, size_t n_rows,
                             LLVMMemoryBufferRef *ret_bitcode,
                             struct error *err)
{
    LLVMModuleRef library = closures->module;

    linkage_make_all_lazy(library);
    for (size_t i = 0; i < n_rows; i++)
        linkage_make_wanted(glue_find_global(library, rows[i].name));
    closures->module = NULL;
    return cut(closures, &closures->glue, library, true, ret_bitcode, err);
}

static size_t limit_of(const struct closures *closures)
{
    size_t part = closures->bytes.size / 8;

    return part > closures->least_limit ? part : closures->least_limit;
}

/* A closure that is too large to be linked even alone is not kept. */
static enum status keep_closure(struct closures *closures,
                                LLVMMemoryBufferRef bitcode,
                                struct index_row *row, struct error *err)
{
    struct span from = {(const uint8_t *)LLVMGetBufferStart(bitcode),
                        LLVMGetBufferSize(bitcode)};
    uint8_t *copy = NULL;

    row->kind = from.size > limit_of(closures) ? IBCC_LARGE : IBCC_CLOSURE;
    row->closure.size = from.size;
    if (row->kind == IBCC_LARGE)
        return STATUS_OK;
    copy = arena_alloc(closures->arena, from.size, 1);
    if (!copy)
        return error_no_memory(err);
    memcpy(copy, from.data, from.size);
    row->closure.data = copy;
    return STATUS_OK;
}

static enum status cut_closure(struct closures *closures, struct span whole,
                               struct index_row *row, struct error *err)
{
    LLVMMemoryBufferRef bitcode;
    LLVMModuleRef module;
    enum status status;
    struct glue glue;

    glue_init(&glue);
    status = glue_read_bitcode(&glue, whole, closures->name, &module, err);
    if (status == STATUS_OK) {
        linkage_make_wanted(glue_find_global(module, row->name));
        status = cut(closures, &glue, module, false, &bitcode, err);
    }
    if (status == STATUS_OK) {
        status = keep_closure(closures, bitcode, row, err);
        LLVMDisposeMemoryBuffer(bitcode);
    }
    glue_release(&glue);
    return status;
}

struct cutting {
    struct index_row *rows; /* for names that are needed and missing */
    size_t n_rows, n_cut;
    size_t total; /* bytes of all needed closures, as far as known */
};

/* List the names without a row. Equal hashes prove nothing, so only names that
 * the library really defines count. */
static enum status list_missing(struct closures *closures,
                                const char *const *names, size_t n_names,
                                struct cutting *cutting, struct error *err)
{
    struct index_row *rows = cutting->rows;
    size_t n = 0;

    for (size_t i = 0; i < n_names; i++) {
        struct index_row row;

        if (find_row(closures, names[i], &row))
            cutting->total += row.closure.size;
        else if (is_defined(closures, names[i]))
            rows[n++] = (struct index_row){.name = names[i]};
    }
    if (n == 0 || cutting->total > limit_of(closures))
        return STATUS_OK;
    if (!closures->module) {
        enum status status = read_library(closures, err);
        if (status)
            return status;
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = rows[i].name;
        LLVMValueRef global = glue_find_global(closures->module, name);

        if (!linkage_is_definition(global) || linkage_is_local(global))
            continue;
        name = arena_copy_string(closures->arena, name, strlen(name));
        if (!name)
            return error_no_memory(err);
        rows[cutting->n_rows++] = (struct index_row){.name = name};
    }
    return STATUS_OK;
}

/* Cut the missing closures, until the limit is exceeded. */
static enum status cut_all(struct closures *closures, struct cutting *cutting,
                           struct error *err)
{
    LLVMMemoryBufferRef whole = NULL;
    enum status status;
    struct span bytes;

    status = static_names_show(closures->module, err);
    if (status == STATUS_OK)
        status =
            cut_union(closures, cutting->rows, cutting->n_rows, &whole, err);
    /* The library, and its memory, is no longer needed. */
    closures_release(closures);
    if (status)
        return status;
    bytes = (struct span){(const uint8_t *)LLVMGetBufferStart(whole),
                          LLVMGetBufferSize(whole)};
    while (cutting->n_cut < cutting->n_rows &&
           cutting->total <= limit_of(closures)) {
        struct index_row *row = &cutting->rows[cutting->n_cut];

        status = cut_closure(closures, bytes, row, err);
        if (status)
            break;
        cutting->total += row->closure.size;
        cutting->n_cut++;
    }
    LLVMDisposeMemoryBuffer(whole);
    return status;
}

enum status closures_cut(struct closures *closures, const char *const *names,
                         size_t n_names, bool *ret_too_large, struct error *err)
{
    struct library_index *index = closures->index;
    struct index_row *rows = arena_alloc(
        closures->arena, index->n_rows + n_names + 1, sizeof(*rows));
    struct cutting cutting = {.rows = rows ? rows + index->n_rows : NULL};
    enum status status;

    if (!rows)
        return error_no_memory(err);
    if (index->n_rows)
        memcpy(rows, index->rows, index->n_rows * sizeof(*rows));
    status = list_missing(closures, names, n_names, &cutting, err);
    if (status == STATUS_OK && cutting.n_rows)
        status = cut_all(closures, &cutting, err);
    if (status)
        return status;
    if (cutting.n_cut) {
        index->rows = rows;
        index->n_rows += cutting.n_cut;
        index->is_changed = true;
        index_rows_sort(rows, index->n_rows);
    }
    *ret_too_large = cutting.total > limit_of(closures);
    return STATUS_OK;
}
