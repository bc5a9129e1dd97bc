/* Disassembly of the code in a cache file, for people.
 *
 *   0000000000000200 <scale>:
 *        200: c5 fa 59 05 f8 0d 00 00  vmulss 3576(%rip), %xmm0, %xmm0
 *        208: c3                       retq
 *
 * Addresses are image addresses, as in the function table. In the first segment
 * of an image, where all code is, they are file offsets as well. The address of
 * a Thumb function is odd. */
#include "compile.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/Disassembler.h>

#include "target.h"
#include "text.h"

enum {
    TEXT_SIZE = 256,
    BYTES_PER_ROW = 8,
    RESYNC_X86 = 1, /* bytes to skip where no instruction decodes */
    RESYNC_THUMB = 2,
    RESYNC_OTHERS = 4
};

struct listing {
    LLVMDisasmContextRef context;
    LLVMDisasmContextRef thumb; /* of 32-bit ARM, else NULL */
    struct span code;           /* of the image, from address 0 */
    const struct link_symbol **by_address;
    size_t n_functions;
    size_t resync;
    struct buffer *out;
};

static int compare_address(const void *a, const void *b)
{
    const struct link_symbol *left = *(const struct link_symbol *const *)a;
    const struct link_symbol *right = *(const struct link_symbol *const *)b;

    if (left->address != right->address)
        return left->address < right->address ? -1 : 1;
    return strcmp(left->name, right->name);
}

/* LLVMSymbolLookupCallback: the function at the target of a branch. */
static const char *look_up(void *context, uint64_t value, uint64_t *type,
                           uint64_t pc, const char **ret_reference)
{
    const struct listing *listing = context;
    bool branch = *type == LLVMDisassembler_ReferenceType_In_Branch;
    size_t low = 0, high = listing->n_functions;

    (void)pc;
    *type = LLVMDisassembler_ReferenceType_InOut_None;
    *ret_reference = NULL;
    while (branch && low < high) {
        size_t middle = low + (high - low) / 2;
        const struct link_symbol *function = listing->by_address[middle];
        if (function->address == value)
            return function->name;
        if (function->address < value)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void print_row(struct buffer *out, uint64_t address, struct span bytes,
                      char *text)
{
    char *at;

    buffer_printf(out, "%8" PRIx64 ":", address);
    for (size_t i = 0; i < bytes.size; i++)
        buffer_printf(out, " %02x", bytes.data[i]);
    for (size_t i = bytes.size; i < BYTES_PER_ROW; i++)
        buffer_append_string(out, "   ");
    while (*text == ' ' || *text == '\t')
        text++;
    buffer_append_string(out, "  ");
    for (at = strchr(text, '\t'); at; at = strchr(at, '\t'))
        *at = ' ';
    visible_append(out, text); /* it contains names of functions */
    buffer_append_string(out, "\n");
}

static void print_function(const struct listing *listing,
                           const struct link_symbol *function)
{
    const bool is_thumb = listing->thumb && (function->address & 1);
    const size_t resync = is_thumb ? RESYNC_THUMB : listing->resync;
    uint64_t address = function->address - is_thumb;
    char text[TEXT_SIZE];
    struct span rest;

    buffer_printf(listing->out, "%016" PRIx64 " <", address);
    visible_append(listing->out, function->name);
    buffer_append_string(listing->out, ">:\n");
    if (!span_slice(listing->code, address, function->size, &rest)) {
        buffer_append_string(listing->out, "    outside the image\n");
        return;
    }
    while (rest.size > 0) {
        /* The C API takes bytes that it does not change without const. */
        size_t size = LLVMDisasmInstruction(
            is_thumb ? listing->thumb : listing->context, (uint8_t *)rest.data,
            rest.size, address, text, sizeof(text));
        if (size == 0) {
            size = resync < rest.size ? resync : rest.size;
            memcpy(text, "(bad)", 6);
        }
        print_row(listing->out, address, (struct span){rest.data, size}, text);
        rest.data += size;
        rest.size -= size;
        address += size;
    }
}

/* False: LLVM has no disassembler for the triple. */
static bool open_contexts(struct listing *listing, const char *triple)
{
    const struct machine *machine = machine_of_triple(triple);
    const char *features = target_disassembler(triple);

    listing->resync =
        strncmp(triple, "x86_64", 6) == 0 ? RESYNC_X86 : RESYNC_OTHERS;
    if (machine && machine->elf_machine == EM_ARM) {
        triple = "armv7-linux-gnueabi";
        listing->thumb = LLVMCreateDisasmCPUFeatures(
            "thumbv7-linux-gnueabi", "", features, listing, 0, NULL, look_up);
    }
    listing->context = LLVMCreateDisasmCPUFeatures(triple, "", features,
                                                   listing, 0, NULL, look_up);
    if (listing->context)
        LLVMSetDisasmOptions(listing->context,
                             LLVMDisassembler_Option_PrintImmHex);
    return listing->context != NULL;
}

static void close_contexts(struct listing *listing)
{
    if (listing->context)
        LLVMDisasmDispose(listing->context);
    if (listing->thumb)
        LLVMDisasmDispose(listing->thumb);
}

enum status compile_disassemble(const struct disassembly *what,
                                struct buffer *out, struct error *err)
{
    struct listing listing = {.code = what->image, .out = out};
    size_t n_functions = what->n_functions;
    enum status status = STATUS_OK;

    listing.by_address = calloc(n_functions + 1, sizeof(*listing.by_address));
    if (!listing.by_address)
        return error_no_memory(err);
    for (size_t i = 0; i < n_functions; i++)
        listing.by_address[i] = &what->functions[i];
    qsort(listing.by_address, n_functions, sizeof(*listing.by_address),
          compare_address);
    listing.n_functions = n_functions;
    if (!open_contexts(&listing, what->triple)) {
        status = error_set(err, STATUS_UNSUPPORTED,
                           "target '%s': no disassembler", what->triple);
        goto out;
    }
    for (size_t i = 0; i < n_functions; i++) {
        if (i > 0)
            buffer_append_string(out, "\n");
        print_function(&listing, listing.by_address[i]);
    }
    if (buffer_failed(out))
        status = error_no_memory(err);
out:
    close_contexts(&listing);
    free(listing.by_address);
    return status;
}
