/* Four encodings of bitcode:
 *
 *   'B' 'C' 0xC0 0xDE                 bitcode
 *   0x0B17C0DE version offset size …  the Android wrapper: little-endian words,
 *                                     then the bitcode they point to. What
 *                                     follows size (API level, tags of compiler
 *                                     version and optimisation level) is not
 *                                     needed: the request says how to compile.
 *   text                              LLVM assembly, for hand-written tests
 *                                     and examples
 *   ELF                               an object file with a section of bitcode
 *
 * LLVM knows the wrapper too, but does not check its offset and size well
 * enough for an untrusted file, so it is removed here. */
#include "read.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "object_view.h"

enum {
    WRAPPER_HEADER_SIZE = 16, /* magic, version, offset, size */
    TEXT_PROBE_SIZE = 256
};

static const uint8_t wrapper_magic[4] = {0xde, 0xc0, 0x17, 0x0b};
static const uint8_t bitcode_magic[4] = {'B', 'C', 0xc0, 0xde};
static const uint8_t elf_magic[4] = {0x7f, 'E', 'L', 'F'};

static bool starts_with(struct span bytes, const uint8_t magic[4])
{
    return bytes.size >= 4 && memcmp(bytes.data, magic, 4) == 0;
}

/* The section with bitcode in an object that also has code: clang's
 * -fembed-bitcode and -ffat-lto-objects. */
static bool find_embedded(struct span object, struct span *ret_bitcode)
{
    struct object_view view;
    struct arena arena;
    bool found = false;

    arena_init(&arena);
    if (object_view_open("", object, &arena, &view, NULL) == STATUS_OK)
        for (uint32_t i = 1; i < view.n_sections && !found; i++) {
            const struct object_section *section = &view.sections[i];
            found = (strcmp(section->name, ".llvmbc") == 0 ||
                     strcmp(section->name, ".llvm.lto") == 0) &&
                    starts_with(section->bytes, bitcode_magic);
            *ret_bitcode = section->bytes;
        }
    arena_release(&arena);
    return found;
}

enum module_kind module_kind(struct span bytes)
{
    struct span embedded;

    if (starts_with(bytes, wrapper_magic) || starts_with(bytes, bitcode_magic))
        return MODULE_BITCODE;
    if (!starts_with(bytes, elf_magic))
        return MODULE_UNKNOWN;
    if (find_embedded(bytes, &embedded))
        return MODULE_BITCODE;
    /* gABI, "ELF Header": e_type of a little-endian file. */
    return bytes.size > EI_NIDENT && bytes.data[EI_NIDENT] == ET_REL
               ? MODULE_ELF_OBJECT
               : MODULE_UNKNOWN;
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

static enum status unwrap(struct span bytes, const char *name,
                          struct span *ret_bitcode, struct error *err)
{
    uint32_t offset, size;

    if (bytes.size < WRAPPER_HEADER_SIZE)
        return error_set(err, STATUS_CORRUPT,
                         "%s: bitcode wrapper of %zu bytes, its header has %d",
                         name, bytes.size, WRAPPER_HEADER_SIZE);
    offset = get32(bytes.data + 8);
    size = get32(bytes.data + 12);
    if (offset < WRAPPER_HEADER_SIZE ||
        !span_slice(bytes, offset, size, ret_bitcode))
        return error_set(err, STATUS_CORRUPT,
                         "%s: bitcode wrapper: offset %" PRIu32
                         " and size %" PRIu32 " in a file of %zu bytes",
                         name, offset, size, bytes.size);
    if (!starts_with(*ret_bitcode, bitcode_magic))
        return error_set(err, STATUS_CORRUPT,
                         "%s: bitcode wrapper: no bitcode at offset %" PRIu32,
                         name, offset);
    return STATUS_OK;
}

/* Good enough to keep an ELF file or a picture away from LLVM's assembly
 * parser. */
static bool looks_like_text(struct span bytes)
{
    size_t size = bytes.size < TEXT_PROBE_SIZE ? bytes.size : TEXT_PROBE_SIZE;

    for (size_t at = 0; at < size; at++) {
        uint8_t c = bytes.data[at];
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
            return false;
    }
    return size > 0;
}

/* ---- Messages ---- */

/* Builds a message from the kind of the file and, if there is one, the reader's
 * message. */
static enum status explain(struct error *err, enum status status,
                           const char *name, const char *what)
{
    char said[ERROR_MESSAGE_SIZE] = "";

    if (err && err->status == status)
        memcpy(said, err->message, sizeof(said));
    if (!*said)
        return error_set(err, status, "%s: %s", name, what);
    return error_set(err, status, "%s: %s (%s)", name, what, said);
}

static enum status explain_truncated(struct error *err, enum status status,
                                     const char *name, struct span bitcode)
{
    uint64_t needed;
    char what[128];

    join_size(bitcode, &needed);
    if (needed <= bitcode.size)
        return status;
    snprintf(what, sizeof(what),
             "the bitcode is cut short: %zu bytes of at least %" PRIu64,
             bitcode.size, needed);
    return explain(err, status, name, what);
}

/* ---- Each kind ---- */

static enum status read_bitcode(struct glue *glue, struct span bitcode,
                                const char *name, LLVMModuleRef *ret_module,
                                struct error *err)
{
    enum status status;

    if (join_count(bitcode) > 1)
        return join_modules(glue, bitcode, name, ret_module, err);
    status = glue_read_bitcode(glue, bitcode, name, ret_module, err);
    return status == STATUS_CORRUPT
               ? explain_truncated(err, status, name, bitcode)
               : status;
}

static enum status read_text(struct glue *glue, struct span text,
                             const char *name, LLVMModuleRef *ret_module,
                             struct error *err)
{
    enum status status = glue_read_text(glue, text, name, ret_module, err);
    const char *what;

    if (status != STATUS_CORRUPT)
        return status;
    what = foreign_format(text, name);
    if (!what && err && strstr(err->message, "expected top-level entity"))
        what = "text, but not LLVM's assembly";
    return what ? explain(err, status, name, what) : status;
}

static enum status read_object(struct glue *glue, struct span object,
                               const char *name, LLVMModuleRef *ret_module,
                               struct error *err)
{
    struct span bitcode;
    uint64_t needed;
    size_t size;

    if (!find_embedded(object, &bitcode))
        return error_set(err, STATUS_UNSUPPORTED, "%s: %s", name,
                         foreign_format(object, name));
    /* ld -r puts the bitcode of its inputs one after the other. */
    size = join_size(bitcode, &needed);
    if (size < bitcode.size && needed == size)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: an ELF object with the bitcode of several files: "
                         "give the objects it was linked from",
                         name);
    return read_bitcode(glue, bitcode, name, ret_module, err);
}

enum status module_read(struct glue *glue, struct span bytes, const char *name,
                        LLVMModuleRef *ret_module, struct error *err)
{
    const char *what;
    enum status status;

    if (starts_with(bytes, wrapper_magic)) {
        status = unwrap(bytes, name, &bytes, err);
        if (status)
            return status;
    }
    if (starts_with(bytes, bitcode_magic))
        return read_bitcode(glue, bytes, name, ret_module, err);
    if (starts_with(bytes, elf_magic))
        return read_object(glue, bytes, name, ret_module, err);
    if (bytes.size == 0)
        return error_set(err, STATUS_CORRUPT, "%s: the file is empty", name);
    if (looks_like_text(bytes))
        return read_text(glue, bytes, name, ret_module, err);
    what = foreign_format(bytes, name);
    if (what)
        return error_set(err, STATUS_CORRUPT, "%s: %s", name, what);
    return error_set(err, STATUS_CORRUPT, "%s: not bitcode (%zu bytes)", name,
                     bytes.size);
}
