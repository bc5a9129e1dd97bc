/* The linker: one foreign object, and the same one twice. */
#include <elf.h>

#include "elf_class.h"
#include "fuzz.h"
#include "link_image.h"

/* The file of debug information: its sections are inside it. */
static void check_debug(struct span file)
{
    const struct elf_class *elf;
    Elf64_Ehdr header;
    Elf64_Shdr section;
    struct span bytes;

    if (file.size == 0)
        return;
    fuzz_require(file.size > EI_NIDENT);
    elf = elf_class_find(file.data[EI_CLASS]);
    fuzz_require(elf && file.size > elf->header_size);
    header = elf_get_header(elf, file.data);
    for (size_t i = 0; i < header.e_shnum; i++) {
        fuzz_require(span_slice(file,
                                header.e_shoff + i * elf->section_header_size,
                                elf->section_header_size, &bytes));
        section = elf_get_section_header(elf, bytes.data);
        fuzz_require(
            section.sh_type == SHT_NOBITS ||
            span_slice(file, section.sh_offset, section.sh_size, &bytes));
    }
}

static void check(const struct link_result *result)
{
    check_debug(buffer_span(&result->debug));
    for (size_t i = 0; i < result->n_functions; i++) {
        const struct link_symbol *f = &result->functions[i];
        fuzz_require(f->address <= result->span &&
                     f->size <= result->span - f->address);
    }
    for (size_t i = 0; i < result->n_objects; i++) {
        const struct link_symbol *o = &result->objects[i];
        fuzz_require(o->address <= result->span &&
                     o->size <= result->span - o->address);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const exports[] = {"sample_api", "add", "counter"};
    const struct link_input inputs[] = {{"a.o", {data, size}, false},
                                        {"b.o", {data, size}, true}};

    for (size_t n_inputs = 1; n_inputs <= 2; n_inputs++) {
        const struct link_params params = {.inputs = inputs,
                                           .n_inputs = n_inputs,
                                           .exports = exports,
                                           .n_exports = 3};
        struct link_result result;
        struct error err = {0};

        if (link_image(&params, &result, &err)) {
            fuzz_require(err.message[0]);
        } else {
            check(&result);
            link_result_release(&result);
        }
    }
    return 0;
}
