/* The pipeline, in the order of struct reply's stages:
 *
 *   read      bytes -> lazy modules; needed members of archives; metadata and
 *             exports of the script and its objects
 *   link      script, objects and libraries -> one module, verified; all but
 *             the public names internal; CPU attributes replaced
 *   optimise  LLVM's pipeline; the largest variables moved out of reach of
 *             32-bit offsets. A large module is divided before the last half
 *             of the pipeline
 *   emit      no code on the stack; imports through the GOT; machine code in a
 *             relocatable ELF object. Each part of a divided module runs the
 *             pipeline's last half here and becomes an object
 *   image     lib/linker makes the image, with the support routines that the
 *             code calls; exports get their addresses
 *
 * Nothing that varies by machine or time gets into the module: its name is
 * constant, so the same inputs give the same bytes.
 *
 * Debug information is kept, and the rest of the image is the same with and
 * without it. It must not fail a compile either. If it has another version than
 * this LLVM's it is dropped on reading, as LLVM does when it reads a module at
 * once; if the verifier refuses it, all of it is dropped. */
#include "compile.h"

#include <stdlib.h>
#include <string.h>

#include <llvm-c/DebugInfo.h>

#include "export_lists.h"
#include "archive.h"
#include "assembly.h"
#include "clock.h"
#include "cut_module.h"
#include "directives.h"
#include "imports.h"
#include "link_objects.h"
#include "link_runtime.h"
#include "optimise.h"
#include "module_passes.h"
#include "read.h"
#include "internalize.h"
#include "script_functions.h"
#include "split.h"
#include "stub_object.h"
#include "support_archive.h"
#include "target.h"
#include "undefined_names.h"

/* part_size: a process takes some 100 ms to start, leave out other parts, and
 * set up LLVM's passes. It takes some 1.2 s for this many instructions (2026,
 * in a busy virtual machine; the ratio is what matters).
 *
 * library_size: reading a library's declarations takes about 13 ms per
 * megabyte. */
const struct compile_limits compile_usual_limits = {
    .part_size = 15000,
    .baseline_part_size = 30000,
    .library_size = 1024 * 1024,
    .least_closures_size = 128 * 1024,
};

/* Names in archives that generated code turned out to need: none at first. */
struct wanted {
    struct arena arena;
    struct buffer names; /* const char * */
    bool more;           /* names were added: compile once more */
};

/* The state of one compile. */
struct compilation {
    const struct compile_job *job;
    const struct request *request; /* the job's, with plain names */
    const char *name;              /* of the script, for messages */
    struct compile_result *result;
    struct arena arena; /* objects that only the compile itself needs */
    struct directives directives;
    bool has_metadata; /* the script lists its exports */
    struct glue glue;
    struct target target;
    struct objects objects; /* the script and the objects linked whole with
                               it */
    const struct wanted *wanted;
    struct native_objects natives; /* see struct objects */
    const char **left;
    size_t n_left;
    struct runtimes runtimes;
    struct public_names names;
    struct import_users users;
    LLVMModuleRef module;   /* everything linked together */
    LLVMModuleRef original; /* the module of which it is a copy, or NULL */
    struct module_facts facts;
    bool is_baseline;
    struct optimisation how;
    struct split split;
    struct buffer *code; /* an object for each part */
    struct buffer stubs; /* an object, if it is the root of a module */
    struct link_input *link_inputs;
};

/* Verify the module. If it is invalid, try again without debug information,
 * which may be the only fault. */
static enum status verify(struct glue *glue, LLVMModuleRef module,
                          const char *name, struct error *err)
{
    struct error fault;

    if (glue_verify(glue, module, name, &fault) == STATUS_OK)
        return STATUS_OK;
    LLVMStripModuleDebugInfo(module);
    return glue_verify(glue, module, name, err);
}

static bool is_root(const struct compilation *c)
{
    return c->job->ways.cut && c->job->ways.cut->kind == LAZY_ROOT;
}

static bool is_piece(const struct compilation *c)
{
    return c->job->ways.cut && c->job->ways.cut->kind == LAZY_PIECE;
}

/* ---- Read ---- */

/* Prepare an input for linking. LLVM's linker verifies nothing, so modules are
 * verified before, as far as that is possible without the bodies of
 * functions. */
static enum status settle_module(struct compilation *c, struct glue *glue,
                                 LLVMModuleRef module, const char *name,
                                 struct error *err)
{
    enum status status = target_adopt(&c->target, module, name, err);

    if (status == STATUS_OK)
        status = normalise_file_constructors(module, &c->arena, err);
    if (status)
        return status;
    if ((c->request->flags & REQUEST_STRIP_DEBUG) || c->job->ways.cut ||
        LLVMGetModuleDebugMetadataVersion(module) != LLVMDebugMetadataVersion())
        LLVMStripModuleDebugInfo(module);
    if (!is_piece(c))
        status = verify(glue, module, name, err);
    return status ? status : plain_names_make(module, name, err);
}

static enum status read_into(void *context, struct glue *glue,
                             struct span bytes, const char *name,
                             LLVMModuleRef *ret_module, struct error *err)
{
    LLVMModuleRef module;
    enum status status = module_read(glue, bytes, name, &module, err);

    if (status)
        return status;
    status = settle_module(context, glue, module, name, err);
    if (status) {
        LLVMDisposeModule(module);
        return status;
    }
    *ret_module = module;
    return STATUS_OK;
}

static enum status read_module(void *context, struct span bytes,
                               const char *name, LLVMModuleRef *ret_module,
                               struct error *err)
{
    struct compilation *c = context;

    return read_into(c, &c->glue, bytes, name, ret_module, err);
}

/* Read the names that the host marked, changed like the modules' names, and its
 * directives. */
static enum status read_marks(struct compilation *c,
                              const struct request *request, struct error *err)
{
    struct request *plain = arena_alloc(&c->arena, 1, sizeof(*plain));
    const char **marks;
    enum status status;
    size_t n_marks;

    if (!plain)
        return error_no_memory(err);
    status = directives_split(request, &c->arena, &marks, &n_marks,
                              &c->directives, err);
    if (status)
        return status;
    *plain = *request;
    plain->marks = marks;
    plain->n_marks = n_marks;
    c->request = plain;
    return STATUS_OK;
}

/* An archive's members are objects, whatever the role of the archive. */
static bool is_object(const struct request_input *input, struct span bytes)
{
    return input->role != REQUEST_LIBRARY || archive_is(bytes);
}

static size_t count_wanted(const struct wanted *wanted)
{
    return wanted->names.size / sizeof(const char *);
}

static const char *wanted_name(const struct wanted *wanted, size_t index)
{
    return ((const char *const *)(const void *)wanted->names.data)[index];
}

static enum status read_objects(struct compilation *c, struct error *err)
{
    const struct request *request = c->request;
    const struct span *inputs = c->job->inputs;
    const struct object_reader reader = {read_module, c};
    struct object_input *objects =
        arena_alloc(&c->arena, request->n_inputs, sizeof(*objects));
    size_t n_wanted = request->n_marks + count_wanted(c->wanted), n = 0;
    const char **wanted = arena_alloc(&c->arena, n_wanted + 1, sizeof(*wanted));
    enum status status;

    if (!objects || !wanted)
        return error_no_memory(err);
    for (size_t i = 0; i < request->n_marks; i++)
        wanted[i] = request->marks[i];
    for (size_t i = request->n_marks; i < n_wanted; i++)
        wanted[i] = wanted_name(c->wanted, i - request->n_marks);
    for (size_t i = 0; i < request->n_inputs; i++)
        if (is_object(&request->inputs[i], inputs[i]))
            objects[n++] =
                (struct object_input){request->inputs[i].name, inputs[i]};
    status = objects_read(&reader,
                          &(struct object_inputs){objects, n, wanted, n_wanted},
                          &c->arena, &c->objects, err);
    if (status)
        return status;
    c->natives = c->objects.natives;
    c->left = c->objects.left;
    c->n_left = c->objects.n_left;
    return native_objects_check(&c->natives, c->target.row, err);
}

static enum status read_runtime(struct compilation *c, struct span bytes,
                                struct library_index *index,
                                struct runtime *runtime, struct error *err)
{
    enum status status;

    if (bytes.size >= c->job->limits->library_size) {
        runtime->closures = (struct closures){
            .name = runtime->name,
            .bytes = bytes,
            .read = read_into,
            .context = c,
            .least_limit = c->job->limits->least_closures_size,
            .index = index,
            .arena = &c->result->arena,
        };
        status = closures_open(&runtime->closures, err);
        if (status || !index->is_whole)
            return status;
    }
    return read_module(c, bytes, runtime->name, &runtime->module, err);
}

static enum status read_runtimes(struct compilation *c, struct error *err)
{
    const struct request *request = c->request;
    const struct span *inputs = c->job->inputs;
    struct runtimes *runtimes = &c->runtimes;

    runtimes->runtime =
        arena_alloc(&c->arena, request->n_inputs, sizeof(*runtimes->runtime));
    if (!runtimes->runtime)
        return error_no_memory(err);
    for (size_t i = 0; i < request->n_inputs; i++) {
        struct runtime *runtime = &runtimes->runtime[runtimes->n_runtimes];
        enum status status;

        if (is_object(&request->inputs[i], inputs[i]))
            continue;
        runtime->name = request->inputs[i].name;
        runtimes->n_runtimes++;
        status = read_runtime(c, inputs[i], &c->job->indexes[i], runtime, err);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status read_exports(struct compilation *c, struct error *err)
{
    struct script_exports *exports = &c->result->exports;
    enum status status;

    status = metadata_read(&c->objects, exports, &c->has_metadata, err);
    if (status)
        return status;
    if (!c->has_metadata) {
        status =
            exports_from_definitions(&c->objects, c->request, exports, err);
        if (status)
            return status;
    }
    return public_names_collect(c->request, c->has_metadata, exports, &c->names,
                                err);
}

static enum status stage_read(struct compilation *c, struct error *err)
{
    enum status status;

    status = read_marks(c, c->request, err);
    if (status)
        return status;
    status = target_init(&c->target, &c->arena, c->request, err);
    if (status)
        return status;
    status = target_cpu_features(&c->target, &c->result->cpu_features, err);
    if (status)
        return status;
    status = read_objects(c, err);
    if (status)
        return status;
    status = read_runtimes(c, err);
    if (status)
        return status;
    return read_exports(c, err);
}

/* ---- Link, optimise, emit ---- */

static enum status make_functions(struct compilation *c, struct error *err)
{
    const struct functions_job job = {
        .glue = &c->glue,
        .module = c->module,
        .target = &c->target,
        .name = c->name,
        .names = c->names.name,
        .n_names = c->names.n_names,
        .directives = &c->directives,
        .cpu_features = &c->result->cpu_features,
        .exports = &c->result->exports,
        .has_metadata = c->has_metadata,
        .marked_only = c->request->flags & REQUEST_MARKED_ONLY,
        .has_stubs = is_root(c),
        .arena = &c->result->arena,
    };

    return functions_make(&job, &c->result->functions, &c->result->n_functions,
                          err);
}

static enum status ask_about_undefined(struct compilation *c,
                                       const struct public_names *in_asm,
                                       struct error *err)
{
    struct undefined_job job = {
        .glue = &c->glue,
        .module = c->module,
        .machine = c->target.machine,
        .row = c->target.row,
        .natives = &c->natives,
        .users = &c->users,
        .in_asm = in_asm,
        .arena = &c->arena,
    };

    if (!c->job->ways.asker)
        return STATUS_OK;
    job.is_optimised = module_facts_collect(c->module).is_optimised;
    return undefined_names_ask(&job, c->job->ways.asker, err);
}

/* Is the script what can be cut: one module, with nothing to be made of the
 * bodies of its functions? */
static const char *find_refusal(const struct compilation *c)
{
    const struct script_exports *exports = &c->result->exports;

    if (!stub_object_is_possible(c->target.elf_machine))
        return "no stubs for this machine";
    if (c->objects.n_objects != 1 || c->request->n_inputs != 1 ||
        c->natives.n_objects)
        return "there are several inputs";
    if (exports->n_foreachs || exports->n_reductions ||
        directives_have(&c->directives, DIRECTIVE_KERNEL) ||
        directives_have(&c->directives, DIRECTIVE_TABLE))
        return "kernels are expanded";
    return NULL;
}

static enum status cut(struct compilation *c, struct error *err)
{
    struct lazy_cut *cut = c->job->ways.cut;

    if (cut->kind == LAZY_ROOT) {
        cut->refusal = find_refusal(c);
        if (cut->refusal)
            return error_set(err, STATUS_UNSUPPORTED, "%s: %s", c->name,
                             cut->refusal);
    }
    return cut_module(&c->glue, c->objects.object[0].module, c->name, cut, err);
}

static enum status stage_link_bitcode(struct compilation *c, struct error *err)
{
    struct visible_names visible = {.published = c->names};
    enum status status = c->job->ways.cut ? cut(c, err) : STATUS_OK;

    if (status)
        return status;
    c->module = imports_create_module(&c->glue);
    target_begin(&c->target, c->module);
    status = objects_link(&c->glue, c->module, &c->objects, err);
    if (status)
        return status;
    status = runtime_link_all(&c->glue, c->module, &c->runtimes, &c->names,
                              &c->arena, err);
    if (status)
        return status;
    native_objects_override(&c->natives, c->module);
    status = verify(&c->glue, c->module, c->name, err);
    if (status == STATUS_OK)
        status = import_users_collect(c->module, &c->arena, &c->users, err);
    if (status)
        return status;
    imports_make_visible(c->module);
    annotations_drop(c->module);
    normalise_conventions(c->module);
    normalise_builtins(c->module);
    imports_define_handlers(c->module);
    status = asm_names_collect(c->module, &c->arena, &visible.in_asm, err);
    if (status == STATUS_OK)
        status = attribute_names_collect(c->module, &c->arena,
                                         &visible.in_attributes, err);
    if (status == STATUS_OK)
        status = native_objects_names(&c->natives, &c->arena,
                                      &visible.in_natives, err);
    if (status)
        return status;
    if (c->job->ways.cut)
        cut_settle(c->module, c->job->ways.cut);
    else
        internalize(c->module, &visible);
    status = attributes_retarget(c->module, &c->target, &c->arena,
                                 &c->result->cpu_features, err);
    if (status == STATUS_OK)
        status = make_functions(c, err);
    if (status == STATUS_OK)
        status = ask_about_undefined(c, &visible.in_asm, err);
    if (status == STATUS_OK)
        contraction_decide(c->module, &c->target,
                           c->request->flags & REQUEST_FP_CONTRACT_OFF);
    return status;
}

/* The number of parts that the module is worth. */
static size_t count_parts(const struct compilation *c)
{
    const struct compile_limits *limits = c->job->limits;

    return c->job->ways.make_parts
               ? split_count(c->module, c->is_baseline
                                            ? limits->baseline_part_size
                                            : limits->part_size)
               : 1;
}

/* Choose the tier, and for baseline code the code generator's fast level. */
static enum status choose_tier(struct compilation *c, struct error *err)
{
    struct request fast = *c->request;

    c->facts = module_facts_collect(c->module);
    c->is_baseline =
        c->job->ways.choose_baseline &&
        c->job->ways.choose_baseline(c->job->ways.context, &c->facts);
    if (!c->is_baseline)
        return STATUS_OK;
    fast.opt_level = 0;
    target_release(&c->target);
    return target_init(&c->target, &c->arena, &fast, err);
}

static enum status optimise_whole(struct compilation *c, size_t n_parts,
                                  struct error *err)
{
    if (c->is_baseline)
        return optimise_baseline(&c->glue, c->module, &c->how, &c->facts, err);
    return n_parts > 1 ? optimise_first_half(&c->glue, c->module, &c->how,
                                             &c->facts, err)
                       : optimise(&c->glue, c->module, &c->how, err);
}

/* A large module is simplified as a whole; all other work is done part by part.
 * Large variables are placed here, where all of them are visible. */
static enum status stage_optimise(struct compilation *c, struct error *err)
{
    enum status status = choose_tier(c, err);
    size_t n_parts = count_parts(c);

    if (status)
        return status;
    c->how = (struct optimisation){
        .target = &c->target,
        .level = c->is_baseline ? 0 : c->request->opt_level,
        .name = c->name,
    };
    if (n_parts > 1) {
        status = optimise_prune(&c->glue, c->module, &c->how, err);
        n_parts = count_parts(c);
    }
    if (status == STATUS_OK)
        status = optimise_whole(c, n_parts, err);
    if (status == STATUS_OK)
        status = large_data_mark(&c->glue, c->module, &c->target, c->name, err);
    if (status == STATUS_OK)
        status = split_plan(c->module, n_parts, &c->arena, &c->split, err);
    if (status == STATUS_OK && c->split.n_parts == 1)
        status = optimise_rest(&c->glue, c->module, &c->how, err);
    return status;
}

static enum status emit(struct compilation *c, struct buffer *out,
                        struct error *err)
{
    enum status status;

    status = trampolines_lower(c->module, &c->target, c->name, err);
    if (status == STATUS_OK)
        status = imports_through_got(c->module, &c->arena, err);
    if (status == STATUS_OK)
        status = normalise_constructors(c->module, &c->target, &c->arena, err);
    if (status)
        return status;
    return glue_emit(&c->glue, c->module, c->target.machine, c->name, out, err);
}

/* A part_fn; it runs in a process with its own copy of the module. */
static enum status emit_part(void *context, size_t part, struct buffer *out,
                             struct error *err)
{
    struct compilation *c = context;
    enum status status = split_keep(c->module, &c->split, part, &c->arena, err);

    if (status == STATUS_OK)
        status = optimise_prune(&c->glue, c->module, &c->how, err);
    if (status == STATUS_OK)
        status = optimise_rest(&c->glue, c->module, &c->how, err);
    return status ? status : emit(c, out, err);
}

/* A part_fn for a process that shares the module with others. */
static enum status emit_part_of_copy(void *context, size_t part,
                                     struct buffer *out, struct error *err)
{
    struct compilation *c = context;
    const LLVMModuleRef module = c->module;
    const struct split split = c->split;
    enum status status =
        split_copy(module, &split, &c->arena, &c->module, &c->split, err);

    if (status)
        return status;
    status = emit_part(c, part, out, err);
    LLVMDisposeModule(c->module);
    c->module = module;
    c->split = split;
    return status;
}

/* A part_fn for a module that is not divided. */
static enum status emit_whole(void *context, size_t part, struct buffer *out,
                              struct error *err)
{
    (void)part;
    return emit(context, out, err);
}

static bool has_debug_info(LLVMModuleRef module)
{
    return LLVMGetNamedMetadataNumOperands(module, "llvm.dbg.cu") > 0;
}

/* Work on a copy. The rest of the pipeline may depend on the order in which
 * LLVM lists the uses of a value. In a copy this order follows from the module
 * alone, so the result is the same in each way to make parts. */
static enum status settle_order(struct compilation *c, struct error *err)
{
    const LLVMModuleRef module = c->module;
    const struct split split = c->split;
    enum status status;

    if (split.n_parts == 1 || !c->how.rest || c->job->ways.shares_module)
        return STATUS_OK;
    status = split_copy(module, &split, &c->arena, &c->module, &c->split, err);
    if (status == STATUS_OK)
        c->original = module;
    return status;
}

static enum status emit_all(struct compilation *c, struct error *err)
{
    const struct compile_ways *ways = &c->job->ways;
    const size_t n = c->split.n_parts;
    bool may_crash =
        has_debug_info(c->module) && ways->make_parts && !ways->shares_module;
    part_fn make = ways->shares_module ? emit_part_of_copy : emit_part;

    for (size_t i = 0; i < n; i++)
        buffer_release(&c->code[i]);
    if (n == 1 && !may_crash)
        return emit(c, &c->code[0], err);
    return ways->make_parts(n, n == 1 ? emit_whole : make, c, c->code, err);
}

/* Some debug information passes LLVM's verifier and crashes its code generator.
 * The crash happens in another process, so the compile can go on without debug
 * information. */
static enum status stage_emit(struct compilation *c, struct error *err)
{
    size_t n = c->split.n_parts;
    struct error fault;
    enum status status;

    c->code = arena_alloc(&c->arena, n, sizeof(*c->code));
    c->link_inputs = arena_alloc(&c->arena, n + c->natives.n_objects + 1,
                                 sizeof(*c->link_inputs));
    if (!c->code || !c->link_inputs)
        return error_no_memory(err);
    if (is_root(c)) {
        status = stub_object_make(c->job->ways.cut, c->target.elf_machine,
                                  &c->stubs, err);
        if (status)
            return status;
    }
    status = settle_order(c, err);
    if (status)
        return status;
    if (!has_debug_info(c->module))
        return emit_all(c, err);
    status = emit_all(c, &fault);
    if (status == STATUS_COMPILE) {
        LLVMStripModuleDebugInfo(c->module);
        return emit_all(c, err);
    }
    if (status && err)
        *err = fault;
    return status;
}

/* ---- Image ---- */

/* Exported names are unique in the object: local symbols of the same name were
 * renamed when the modules were linked. */
static void fill_addresses(const struct compilation *c,
                           struct cache_symbol *symbols, size_t n,
                           const struct link_symbol *table, size_t n_rows)
{
    for (size_t i = 0; i < n; i++) {
        const struct link_symbol *found;

        if (!public_names_contain(&c->names, symbols[i].name))
            continue;
        found = link_find_symbol(table, n_rows, symbols[i].name);
        if (found) {
            symbols[i].address = found->address;
            symbols[i].size = found->size;
        }
    }
}

static enum status fill_users(const struct compilation *c, struct error *err)
{
    struct compile_result *result = c->result;
    const struct link_result *link = &result->link;

    result->import_users = arena_alloc(&result->arena, link->n_imports + 1,
                                       sizeof(*result->import_users));
    if (!result->import_users)
        return error_no_memory(err);
    for (size_t i = 0; i < link->n_imports; i++) {
        const char *name = link->imports[i].name;
        const char *user = import_users_find(&c->users, name);

        if (!user)
            user = native_objects_user(&c->natives, name);
        if (!user)
            continue;
        user = arena_copy_string(&result->arena, user, strlen(user));
        if (!user)
            return error_no_memory(err);
        result->import_users[i] = user;
    }
    return STATUS_OK;
}

/* For a machine whose routines bccc does not have: refuse code that needs one.
 * Otherwise each launch would fail or not, as its libgcc_s has the routine or
 * not. */
static enum status check_routines(const struct compilation *c,
                                  struct error *err)
{
    const struct link_result *link = &c->result->link;

    for (size_t i = 0; i < link->n_imports; i++) {
        const char *name = link->imports[i].name;

        if (support_is_routine(name))
            return error_set(err, STATUS_UNSUPPORTED,
                             "%s: needs the support routine '%s' for '%s': "
                             "this bccc was built without %s",
                             c->name, name, c->target.triple,
                             support_package(c->target.row));
    }
    return STATUS_OK;
}

/* All code from bitcode takes the place of the first bitcode file among the
 * native objects: constructors run in the order of files. */
static void fill_link_inputs(struct compilation *c)
{
    const struct native_objects *natives = &c->natives;
    struct link_input *input = c->link_inputs + natives->n_first;

    for (size_t i = 0; i < c->split.n_parts; i++)
        *input++ = (struct link_input){.name = c->name,
                                       .object = buffer_span(&c->code[i])};
    for (size_t i = 0; i < natives->n_objects; i++) {
        input = c->link_inputs + i;
        if (i >= natives->n_first)
            input += c->split.n_parts;
        *input = (struct link_input){.name = natives->object[i].name,
                                     .object = natives->object[i].bytes,
                                     .is_native = true};
    }
    if (is_root(c))
        c->link_inputs[c->split.n_parts] = (struct link_input){
            .name = "stubs", .object = buffer_span(&c->stubs)};
}

/* The root's references are weak, but what declarations name may make a library
 * needed. */
static void mark_declared(struct compilation *c)
{
    const struct lazy_cut *cut = c->job->ways.cut;
    const struct link_result *link = &c->result->link;

    for (size_t i = 0; is_root(c) && i < link->n_imports; i++)
        if (glue_contains_name(cut->declared, cut->n_declared,
                               link->imports[i].name))
            link->imports[i].weak = false;
}

static enum status stage_link_image(struct compilation *c, struct error *err)
{
    struct compile_result *result = c->result;
    const struct link_result *link = &result->link;
    struct link_archive archives[SUPPORT_MAX_ARCHIVES];
    struct link_params params = {
        .inputs = c->link_inputs,
        .n_inputs = c->split.n_parts + c->natives.n_objects + is_root(c),
        .exports = c->names.name,
        .n_exports = c->names.n_names,
        .archives = archives,
        .n_archives = support_archives(c->target.row, archives),
        .strip_debug = c->request->flags & REQUEST_STRIP_DEBUG,
    };
    enum status status;

    fill_link_inputs(c);
    status = link_image(&params, &result->link, err);
    /* Code runs even if its debug information is faulty. */
    if (status && status != STATUS_NO_MEMORY && !params.strip_debug) {
        params.strip_debug = true;
        status = link_image(&params, &result->link, err);
    }

    if (status == STATUS_OK && !support_has_routines(c->target.row))
        status = check_routines(c, err);
    if (status)
        return status;
    mark_declared(c);
    fill_addresses(c, result->exports.vars, result->exports.n_vars,
                   link->objects, link->n_objects);
    fill_addresses(c, result->exports.funcs, result->exports.n_funcs,
                   link->functions, link->n_functions);
    fill_addresses(c, result->exports.foreachs, result->exports.n_foreachs,
                   link->functions, link->n_functions);
    return fill_users(c, err);
}

/* ---- All of it ---- */

static enum status run_stage(struct compilation *c, enum reply_stage stage,
                             struct error *err)
{
    switch (stage) {
    case REPLY_READ:
        return stage_read(c, err);
    case REPLY_LINK_BITCODE:
        return stage_link_bitcode(c, err);
    case REPLY_OPTIMISE:
        return stage_optimise(c, err);
    case REPLY_EMIT:
        return stage_emit(c, err);
    case REPLY_LINK_IMAGE:
        return stage_link_image(c, err);
    default:
        return STATUS_OK;
    }
}

static void compilation_release(struct compilation *c)
{
    for (size_t i = 0; c->code && i < c->split.n_parts; i++)
        buffer_release(&c->code[i]);
    buffer_release(&c->stubs);
    objects_release(&c->objects);
    for (size_t i = 0; i < c->runtimes.n_runtimes; i++) {
        struct runtime *runtime = &c->runtimes.runtime[i];

        closures_release(&runtime->closures);
        if (runtime->module)
            LLVMDisposeModule(runtime->module);
    }
    if (c->module)
        LLVMDisposeModule(c->module);
    if (c->original)
        LLVMDisposeModule(c->original);
    glue_release(&c->glue);
    target_release(&c->target);
    arena_release(&c->arena);
}

/* Collect symbols that are undefined in the code and defined in an archive:
 * generated code refers to them. (If IR did, the archive would have been
 * read.) */
static void want_more(const struct compilation *c, struct wanted *wanted)
{
    const struct link_result *link = &c->result->link;

    wanted->more = false;
    for (size_t i = 0; i < link->n_imports && c->n_left > 0; i++) {
        const char *name = link->imports[i].name;

        if (link->imports[i].weak ||
            !bsearch(&name, c->left, c->n_left, sizeof(*c->left),
                     glue_compare_names))
            continue;
        name = arena_copy_string(&wanted->arena, name, strlen(name));
        if (name)
            buffer_append(&wanted->names, &name, sizeof(name));
        wanted->more |= name && !buffer_failed(&wanted->names);
    }
}

static enum status compile_once(const struct compile_job *job,
                                struct wanted *wanted,
                                struct compile_result *ret_result,
                                struct error *err)
{
    struct compile_result result = {0};
    enum status status = STATUS_OK;
    struct compilation *c;

    arena_init(&result.arena);
    result.exports.arena = &result.arena;
    c = arena_alloc(&result.arena, 1, sizeof(*c));
    if (!c) {
        arena_release(&result.arena);
        return error_no_memory(err);
    }
    *c = (struct compilation){
        .job = job,
        .request = job->request,
        .name = job->request->inputs[0].name,
        .result = &result,
        .wanted = wanted,
    };
    arena_init(&c->arena);
    buffer_init(&c->stubs);
    glue_init(&c->glue);
    result.compilation = c;
    for (int stage = REPLY_READ; !status && stage <= REPLY_LINK_IMAGE;
         stage++) {
        uint64_t start = clock_monotonic_ns();
        status = run_stage(c, (enum reply_stage)stage, err);
        result.stage_ns[stage] = clock_monotonic_ns() - start;
    }
    if (status) {
        asm_files_explain(job->request, job->inputs, err);
        compile_result_release(&result);
        return status;
    }
    want_more(c, wanted);
    result.is_baseline = c->is_baseline;
    result.exports.arena = NULL;
    c->job = NULL;
    c->result = NULL;
    c->wanted = NULL;
    *ret_result = result;
    return STATUS_OK;
}

/* Each round takes more names from archives, which have finitely many. */
static enum status compile_all(const struct compile_job *job,
                               struct wanted *wanted,
                               struct compile_result *ret_result,
                               struct error *err)
{
    size_t n = job->request->n_inputs;
    struct library_index *known =
        arena_alloc(&wanted->arena, n, sizeof(*known));
    enum status status;

    if (!known)
        return error_no_memory(err);
    memcpy(known, job->indexes, n * sizeof(*known));
    status = compile_once(job, wanted, ret_result, err);
    while (status == STATUS_OK && wanted->more) {
        compile_result_release(ret_result);
        memcpy(job->indexes, known, n * sizeof(*known));
        status = compile_once(job, wanted, ret_result, err);
    }
    return status;
}

enum status compile(const struct compile_job *job,
                    struct compile_result *ret_result, struct error *err)
{
    struct compile_result result = {0};
    struct wanted wanted = {.more = false};
    enum status status;

    if (job->request->n_inputs == 0)
        return error_set(err, STATUS_MISUSE, "compile: no script");
    arena_init(&wanted.arena);
    buffer_init(&wanted.names);
    status = compile_all(job, &wanted, &result, err);
    arena_release(&wanted.arena);
    buffer_release(&wanted.names);
    if (status == STATUS_OK)
        *ret_result = result;
    return status;
}

void compile_result_release(struct compile_result *result)
{
    if (result->compilation)
        compilation_release(result->compilation);
    link_result_release(&result->link);
    arena_release(&result->arena);
    memset(result, 0, sizeof(*result));
}
