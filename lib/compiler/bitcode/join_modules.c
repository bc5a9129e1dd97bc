/* clang -flto=thin splits a file that it compiles with -fwhole-program-vtables,
 * -fsanitize=cfi or -fsplit-lto-unit: one module for LTO of the thin kind, and
 * one that holds the vtables. LLVM's C API reads files of one module only.
 *
 * Bitcode is a stream of blocks; at the outermost level each begins at a word:
 *
 *   bits 0-1  1: a block begins            'B' 'C' 0xC0 0xDE
 *   bits 2-9  its kind (below 128)         identification   who wrote it
 *   bits 10-13 width of its codes          module
 *   next word its size in words            ... more of both
 *                                          strings          of all before it
 *                                          symbols          for linkers
 *
 * So a file can be cut into files of one module each: the magic, the module
 * with the identification before it, and the strings. Offsets inside a module
 * count from one word before its identification, where the magic is. */
#include "read.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAGIC_SIZE = 4,
    BLOCK_HEADER_SIZE = 8,
    ENTER_BLOCK = 1,
    KIND_MODULE = 8,
    KIND_IDENTIFICATION = 13,
    KIND_STRINGS = 23
};

struct block {
    unsigned kind;
    struct span bytes;
};

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

/* The size that the block at this offset has according to its header; 0 at the
 * end, or if no block begins there, for instance in padding. */
static uint64_t block_size(struct span bitcode, uint64_t at)
{
    struct span header;
    uint32_t word;

    if (!span_slice(bitcode, at, BLOCK_HEADER_SIZE, &header))
        return 0;
    word = get32(header.data);
    if ((word & 3) != ENTER_BLOCK || word >> 9 & 1)
        return 0;
    return BLOCK_HEADER_SIZE + UINT64_C(4) * get32(header.data + 4);
}

/* False: the end is reached, or the block is incomplete. */
static bool next_block(struct span bitcode, uint64_t *at,
                       struct block *ret_block)
{
    uint64_t size = block_size(bitcode, *at);

    if (size == 0 || !span_slice(bitcode, *at, size, &ret_block->bytes))
        return false;
    ret_block->kind = get32(ret_block->bytes.data) >> 2 & 0x7f;
    *at += size;
    return true;
}

size_t join_size(struct span bitcode, uint64_t *ret_needed)
{
    uint64_t at = MAGIC_SIZE;
    struct block block;

    while (next_block(bitcode, &at, &block))
        continue;
    *ret_needed = at + block_size(bitcode, at);
    return (size_t)at;
}

size_t join_count(struct span bitcode)
{
    uint64_t at = MAGIC_SIZE;
    struct block block;
    size_t n = 0;

    while (next_block(bitcode, &at, &block))
        n += block.kind == KIND_MODULE;
    return n;
}

/* ---- Cutting ---- */

struct part {
    struct span module; /* and the identification before it */
    struct span strings;
};

static struct span span_from_to(const uint8_t *start, struct span last)
{
    return (struct span){start, (size_t)(last.data + last.size - start)};
}

/* A table of strings belongs to all modules before it that have none yet. */
static void find_parts(struct span bitcode, struct part *parts)
{
    const uint8_t *identification = NULL;
    uint64_t at = MAGIC_SIZE;
    size_t n = 0, n_served = 0;
    struct block block;

    while (next_block(bitcode, &at, &block)) {
        if (block.kind == KIND_IDENTIFICATION)
            identification = block.bytes.data;
        if (block.kind == KIND_MODULE) {
            parts[n++].module =
                span_from_to(identification ? identification : block.bytes.data,
                             block.bytes);
            identification = NULL;
        }
        for (; block.kind == KIND_STRINGS && n_served < n; n_served++)
            parts[n_served].strings = block.bytes;
    }
}

static enum status link_part(struct glue *glue, LLVMModuleRef dest,
                             struct span magic, const struct part *part,
                             const char *name, struct error *err)
{
    size_t size = magic.size + part->module.size + part->strings.size;
    uint8_t *bytes = malloc(size);
    LLVMModuleRef module;
    enum status status;

    if (!bytes)
        return error_no_memory(err);
    memcpy(bytes, magic.data, magic.size);
    memcpy(bytes + magic.size, part->module.data, part->module.size);
    if (part->strings.size > 0)
        memcpy(bytes + magic.size + part->module.size, part->strings.data,
               part->strings.size);
    status =
        glue_read_bitcode(glue, (struct span){bytes, size}, name, &module, err);
    if (status == STATUS_OK) {
        LLVMSetTarget(dest, LLVMGetTarget(module));
        LLVMSetDataLayout(dest, LLVMGetDataLayoutStr(module));
        join_keep_linkonce(module);
        status = glue_link(glue, dest, module, name, err);
    }
    free(bytes);
    return status;
}

enum status join_modules(struct glue *glue, struct span bitcode,
                         const char *name, LLVMModuleRef *ret_module,
                         struct error *err)
{
    const struct span magic = {bitcode.data, MAGIC_SIZE};
    size_t n = join_count(bitcode);
    struct part *parts = calloc(n, sizeof(*parts));
    LLVMModuleRef joined;
    enum status status = STATUS_OK;

    if (!parts)
        return error_no_memory(err);
    find_parts(bitcode, parts);
    joined = LLVMModuleCreateWithNameInContext(name, glue->context);
    for (size_t i = 0; status == STATUS_OK && i < n; i++)
        status = link_part(glue, joined, magic, &parts[i], name, err);
    free(parts);
    if (status) {
        LLVMDisposeModule(joined);
        return status;
    }
    *ret_module = joined;
    return STATUS_OK;
}

/* ---- Linkage ---- */

static void keep_linkonce(LLVMValueRef global)
{
    if (LLVMGetLinkage(global) == LLVMLinkOnceAnyLinkage)
        LLVMSetLinkage(global, LLVMWeakAnyLinkage);
    else if (LLVMGetLinkage(global) == LLVMLinkOnceODRLinkage)
        LLVMSetLinkage(global, LLVMWeakODRLinkage);
}

void join_keep_linkonce(LLVMModuleRef module)
{
    LLVMValueRef at = NULL;

    while ((at = glue_next_global(module, at)))
        keep_linkonce(at);
}
