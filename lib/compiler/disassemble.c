/* Disassembly of the code in a cache file, for people.
 *
 *   0000000000000200 <scale>:
 *        200: c5 fa 59 05 f8 0d 00 00  vmulss 3576(%rip), %xmm0, %xmm0
 *        208: c3                       retq
 *
 * Image addresses, as in the function table. All code is in the first segment
 * of an image; there an address is also the offset in the file. */
#include "compile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/Disassembler.h>
#include <llvm-c/Target.h>

#include "visible.h"

enum {
    TEXT_SIZE = 256,
    BYTES_PER_ROW = 8,
    RESYNC_X86 = 1, /* bytes to skip where no instruction decodes */
    RESYNC_OTHERS = 4
};

struct listing {
    LLVMDisasmContextRef context;
    struct span code; /* of the image, from address 0 */
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
    uint64_t address = function->address;
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
        /* The C API takes bytes as non-const, though it does not change
         * them. */
        size_t size =
            LLVMDisasmInstruction(listing->context, (uint8_t *)rest.data,
                                  rest.size, address, text, sizeof(text));
        if (size == 0) {
            size = listing->resync < rest.size ? listing->resync : rest.size;
            memcpy(text, "(bad)", 6);
        }
        print_row(listing->out, address, (struct span){rest.data, size}, text);
        rest.data += size;
        rest.size -= size;
        address += size;
    }
}

static void initialize_disassemblers(void)
{
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86Disassembler();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64Disassembler();
    LLVMInitializeARMTargetInfo();
    LLVMInitializeARMTargetMC();
    LLVMInitializeARMDisassembler();
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
    listing.resync =
        strncmp(what->triple, "x86_64", 6) == 0 ? RESYNC_X86 : RESYNC_OTHERS;
    initialize_disassemblers();
    listing.context = LLVMCreateDisasmCPUFeatures(what->triple, "", "",
                                                  &listing, 0, NULL, look_up);
    if (!listing.context) {
        status = error_set(err, STATUS_UNSUPPORTED,
                           "target '%s': no disassembler", what->triple);
        goto out;
    }
    LLVMSetDisasmOptions(listing.context, LLVMDisassembler_Option_PrintImmHex);
    for (size_t i = 0; i < n_functions; i++) {
        if (i > 0)
            buffer_append_string(out, "\n");
        print_function(&listing, listing.by_address[i]);
    }
    LLVMDisasmDispose(listing.context);
    if (buffer_failed(out))
        status = error_no_memory(err);
out:
    free(listing.by_address);
    return status;
}
