/* Three encodings of bitcode:
 *
 *   'B' 'C' 0xC0 0xDE                 bitcode
 *   0x0B17C0DE version offset size …  the Android wrapper: little-endian words,
 *                                     then the bitcode they point to. What
 *                                     follows size (API level, tags of compiler
 *                                     version and optimisation level) is not
 *                                     needed: the request says how to compile.
 *   text                              LLVM assembly, for hand-written tests
 *                                     and examples
 *
 * LLVM knows the wrapper too, but does not check its offset and size well
 * enough for an untrusted file, so it is removed here. */
#include "read.h"

#include <inttypes.h>
#include <string.h>

#include "join_modules.h"

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

enum module_kind module_kind(struct span bytes)
{
    if (starts_with(bytes, wrapper_magic) || starts_with(bytes, bitcode_magic))
        return MODULE_BITCODE;
    return starts_with(bytes, elf_magic) ? MODULE_ELF_OBJECT : MODULE_UNKNOWN;
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

enum status module_read(struct glue *glue, struct span bytes, const char *name,
                        LLVMModuleRef *ret_module, struct error *err)
{
    enum status status;

    if (starts_with(bytes, wrapper_magic)) {
        status = unwrap(bytes, name, &bytes, err);
        if (status)
            return status;
    }
    if (starts_with(bytes, bitcode_magic) && join_count(bytes) > 1)
        return join_modules(glue, bytes, name, ret_module, err);
    if (starts_with(bytes, bitcode_magic))
        return glue_read_bitcode(glue, bytes, name, ret_module, err);
    if (looks_like_text(bytes))
        return glue_read_text(glue, bytes, name, ret_module, err);
    if (starts_with(bytes, elf_magic))
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: an ELF object, not bitcode", name);
    if (bytes.size == 0)
        return error_set(err, STATUS_CORRUPT, "%s: the file is empty", name);
    return error_set(err, STATUS_CORRUPT, "%s: not bitcode (%zu bytes)", name,
                     bytes.size);
}
