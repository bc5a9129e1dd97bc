/* The contents of the file that docs/cache-format.html shows byte by byte: a
 * script `twice.bc` with a function `int twice(int)` and an undefined variable
 * `gain`, compiled for x86_64 together with a library.
 *
 * The image is the smallest useful one: ELF header, one program header, and the
 * function. */
#ifndef BCC_TESTS_SAMPLE_CACHE_H
#define BCC_TESTS_SAMPLE_CACHE_H

#include <elf.h>
#include <string.h>

#include "cache_write.h"
#include "request.h"

enum {
    SAMPLE_CODE_ADDRESS = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr),
    SAMPLE_CODE_SIZE = 4,
    SAMPLE_IMAGE_SIZE = SAMPLE_CODE_ADDRESS + SAMPLE_CODE_SIZE
};

struct sample_cache {
    struct cache_contents contents;
    struct buffer identity;
    uint8_t image[SAMPLE_IMAGE_SIZE];
};

static inline void sample_fill_image(uint8_t image[SAMPLE_IMAGE_SIZE])
{
    /* lea eax, [rdi + rdi]; ret */
    static const uint8_t code[SAMPLE_CODE_SIZE] = {0x8d, 0x04, 0x3f, 0xc3};
    const Elf64_Ehdr header = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 1,
        .e_shentsize = sizeof(Elf64_Shdr),
    };
    const Elf64_Phdr segment = {
        .p_type = PT_LOAD,
        .p_flags = PF_R | PF_X,
        .p_filesz = SAMPLE_IMAGE_SIZE,
        .p_memsz = SAMPLE_IMAGE_SIZE,
        .p_align = 4096,
    };

    memcpy(image, &header, sizeof(header));
    memcpy(image + sizeof(header), &segment, sizeof(segment));
    memcpy(image + SAMPLE_CODE_ADDRESS, code, sizeof(code));
}

static const struct request sample_request = {
    .libbcc_version = "0.1.0",
    .llvm_version = "22.1.8",
    .triple = "x86_64-pc-linux-gnu",
    .cpu = "x86-64-v2",
    .features = "",
    .opt_level = 3,
};

/* SHA1 of "abc" and of nothing, so that they are known by sight. */
static const struct cache_dependency sample_dependencies[] = {
    {.name = "twice.bc",
     .type = OBCC_FILE_RESOURCE,
     .flags = OBCC_DEPENDENCY_STAMPED,
     .sha1 = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
              0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d},
     .stamp = {.device = 0x10302,
               .inode = 0x2a0017,
               .size = 3,
               .mtime_ns = UINT64_C(1700000000123456789),
               .ctime_ns = UINT64_C(1700000000123456789)}},
    {.name = "libmath.bc",
     .type = OBCC_APK_RESOURCE,
     .flags = OBCC_DEPENDENCY_LIBRARY,
     .sha1 = {0xda, 0x39, 0xa3, 0xee, 0x5e, 0x6b, 0x4b, 0x0d, 0x32, 0x55,
              0xbf, 0xef, 0x95, 0x60, 0x18, 0x90, 0xaf, 0xd8, 0x07, 0x09}},
};

static const struct cache_symbol sample_twice = {
    .name = "twice", .address = SAMPLE_CODE_ADDRESS, .size = SAMPLE_CODE_SIZE};
static const struct cache_symbol sample_gain = {.name = "gain",
                                                .address = OBCC_NO_ADDRESS};
static const struct cache_pragma sample_pragma = {"version", "1"};
static const uint32_t sample_slot;

/* 0, or what request_write_identity() said. */
static inline enum status sample_cache_init(struct sample_cache *sample)
{
    *sample = (struct sample_cache){0};
    sample_fill_image(sample->image);
    buffer_init(&sample->identity);
    sample->contents = (struct cache_contents){
        .sizeof_off_t = 8,
        .sizeof_size_t = 8,
        .sizeof_ptr_t = 8,
        .machine = EM_X86_64,
        .context_align = 4096,
        .image_span = 4096,
        .text_span = 4096,
        .image_align = 4096,
        .cpu_features = {{0x7f, 0}},
        .dependencies = sample_dependencies,
        .n_dependencies = 2,
        .export_vars = &sample_gain,
        .n_export_vars = 1,
        .export_funcs = &sample_twice,
        .n_export_funcs = 1,
        .pragmas = &sample_pragma,
        .n_pragmas = 1,
        .funcs = &sample_twice,
        .n_funcs = 1,
        .object_slots = &sample_slot,
        .n_object_slots = 1,
        .context = {sample->image, sizeof(sample->image)},
    };
    enum status status =
        request_write_identity(&sample_request, &sample->identity, NULL);
    sample->contents.identity = buffer_span(&sample->identity);
    return status;
}

static inline void sample_cache_release(struct sample_cache *sample)
{
    buffer_release(&sample->identity);
}

#endif
