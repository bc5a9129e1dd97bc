#include "compile_fixture.h"

#include <stdlib.h>

#include <llvm-c/BitWriter.h>
#include <llvm-c/Core.h>
#include <llvm-c/IRReader.h>

#include "bccc.h"

static void set_defaults(struct compile_fixture *f)
{
    f->request = (struct request){
        .libbcc_version = "0",
        .llvm_version = "0",
        .triple = "x86_64-pc-linux-gnu",
        .cpu = "x86-64",
        .features = "",
        .opt_level = 2,
        .marks = f->marks,
        .inputs = f->inputs,
    };
    f->limits = compile_usual_limits;
    f->make_parts = parts_make;
    if (FIXTURE_SMALL_PARTS)
        f->limits.part_size = 2;
    if (FIXTURE_SMALL_LIBRARIES) {
        f->limits.library_size = 0;
        f->limits.least_closures_size = 64 * 1024;
    }
}

int compile_fixture_setup(void **state)
{
    struct compile_fixture *f = calloc(1, sizeof(*f));

    if (!f)
        return -1;
    set_defaults(f);
    *state = f;
    return 0;
}

int compile_fixture_teardown(void **state)
{
    struct compile_fixture *f = *state;

    compile_result_release(&f->result);
    free(f);
    return 0;
}

void compile_fixture_add(struct compile_fixture *f, const char *name,
                         struct span bytes)
{
    size_t i = f->request.n_inputs++;

    assert_true(i < FIXTURE_MAX);
    f->inputs[i] = (struct request_input){
        .role = i == 0 ? REQUEST_SCRIPT : REQUEST_LIBRARY,
        .name = name,
        .size = bytes.size,
    };
    f->bytes[i] = bytes;
}

void compile_fixture_add_text(struct compile_fixture *f, const char *name,
                              const char *text)
{
    compile_fixture_add(f, name,
                        (struct span){(const uint8_t *)text, strlen(text)});
}

void compile_fixture_add_object(struct compile_fixture *f, const char *name,
                                const char *text)
{
    compile_fixture_add_text(f, name, text);
    f->inputs[f->request.n_inputs - 1].role = REQUEST_OBJECT;
}

void compile_fixture_mark(struct compile_fixture *f, const char *name)
{
    assert_true(f->request.n_marks < FIXTURE_MAX);
    f->marks[f->request.n_marks++] = name;
}

void compile_fixture_reset(struct compile_fixture *f)
{
    compile_result_release(&f->result);
    memset(f, 0, sizeof(*f));
    set_defaults(f);
}

enum status compile_fixture_run_on(struct compile_fixture *f)
{
    const struct compile_job job = {
        .request = &f->request,
        .inputs = f->bytes,
        .indexes = f->indexes,
        .limits = &f->limits,
        .ways.make_parts = f->make_parts,
        .ways.shares_module = f->shares_module,
    };

    return compile(&job, &f->result, &f->err);
}

enum status compile_fixture_run(struct compile_fixture *f)
{
    compile_result_release(&f->result);
    memset(&f->err, 0, sizeof(f->err));
    memset(f->indexes, 0, sizeof(f->indexes));
    return compile_fixture_run_on(f);
}

void assert_compiles(struct compile_fixture *f)
{
    enum status status = compile_fixture_run(f);

    if (status)
        print_error("status %d: %s\n", status, f->err.message);
    assert_int_equal(status, STATUS_OK);
}

void assert_refused(struct compile_fixture *f, enum status status,
                    const char *part)
{
    assert_int_equal(compile_fixture_run(f), status);
    assert_int_equal(f->err.status, status);
    if (!strstr(f->err.message, part))
        print_error("'%s' is not in: %s\n", part, f->err.message);
    assert_non_null(strstr(f->err.message, part));
    assert_null(strchr(f->err.message, '\n'));
}

const struct cache_symbol *find_export(const struct cache_symbol *symbols,
                                       size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(symbols[i].name, name) == 0)
            return &symbols[i];
    return NULL;
}

static const struct link_symbol *find_symbol(const struct link_symbol *symbols,
                                             size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(symbols[i].name, name) == 0)
            return &symbols[i];
    return NULL;
}

const struct link_symbol *find_function(const struct compile_fixture *f,
                                        const char *name)
{
    return find_symbol(f->result.link.functions, f->result.link.n_functions,
                       name);
}

const struct link_symbol *find_object(const struct compile_fixture *f,
                                      const char *name)
{
    return find_symbol(f->result.link.objects, f->result.link.n_objects, name);
}

const struct link_import *find_import(const struct compile_fixture *f,
                                      const char *name)
{
    const struct link_result *link = &f->result.link;

    for (size_t i = 0; i < link->n_imports; i++)
        if (strcmp(link->imports[i].name, name) == 0)
            return &link->imports[i];
    return NULL;
}

struct span make_bitcode(const char *text)
{
    LLVMContextRef context = LLVMContextCreate();
    LLVMMemoryBufferRef source =
        LLVMCreateMemoryBufferWithMemoryRangeCopy(text, strlen(text), "text");
    LLVMMemoryBufferRef bitcode;
    LLVMModuleRef module;
    char *message = NULL;
    uint8_t *data;
    size_t size;

    /* Consumes source, unlike its successor in LLVM 22. */
    if (LLVMParseIRInContext(context, source, &module, &message))
        fail_msg("%s", message);
    bitcode = LLVMWriteBitcodeToMemoryBuffer(module);
    size = LLVMGetBufferSize(bitcode);
    data = malloc(size);
    assert_non_null(data);
    memcpy(data, LLVMGetBufferStart(bitcode), size);
    LLVMDisposeMemoryBuffer(bitcode);
    LLVMDisposeModule(module);
    LLVMContextDispose(context);
    return (struct span){data, size};
}
