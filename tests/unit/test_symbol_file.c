/* lib/debug/symbol_file.c: a debug section is moved to the image's place, and a
 * damaged one does no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <link.h>
#include <string.h>

#include "symbol_file.h"

enum { PLACE = 512 }; /* file offset of a word with an image address */

struct fixture {
    uint8_t image[256];
    uint8_t debug[1024];
    struct image loaded;
    struct load_source source;
    struct cache_view view;
    struct code_to_show code;
};

/* Header, sections NULL, .text, places, .symtab, .strtab. */
static void setup(struct fixture *f)
{
    static const char names[] = "\0inner";
    const uint32_t place = PLACE;
    const ElfW(Addr) address = 0x40;
    ElfW(Ehdr) header = {.e_shoff = 128, .e_shnum = 5, .e_phnum = 0};
    const ElfW(Sym) symbol = {.st_name = 1,
                              .st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC),
                              .st_shndx = 1,
                              .st_value = 0x40,
                              .st_size = 16};
    const ElfW(Shdr) sections[] = {
        {0},
        {.sh_type = SHT_NOBITS, .sh_flags = SHF_ALLOC, .sh_addr = 0x40},
        {.sh_type = OBCC_SHT_PLACES, .sh_offset = 520, .sh_size = 4},
        {.sh_type = SHT_SYMTAB,
         .sh_offset = 544,
         .sh_size = sizeof(symbol),
         .sh_link = 4},
        {.sh_type = SHT_STRTAB, .sh_offset = 600, .sh_size = sizeof(names)},
    };

    *f = (struct fixture){0};
    memcpy(f->debug, &header, sizeof(header));
    memcpy(f->debug + 128, sections, sizeof(sections));
    memcpy(f->debug + PLACE, &address, sizeof(address));
    memcpy(f->debug + 520, &place, sizeof(place));
    memcpy(f->debug + 544, &symbol, sizeof(symbol));
    memcpy(f->debug + 600, names, sizeof(names));
    f->loaded = (struct image){.base = f->image, .text_span = sizeof(f->image)};
    f->source = (struct load_source){
        .fd = -1, .bytes = f->debug, .file_size = sizeof(f->debug)};
    f->code = (struct code_to_show){.source = &f->source,
                                    .image = &f->loaded,
                                    .debug = {.size = sizeof(f->debug)},
                                    .view = &f->view};
}

static void count(void *context, const struct shown_function *function)
{
    *(uint64_t *)context += strlen(function->name) ? function->address : 0;
}

static void moves_every_address_to_the_image(void **state)
{
    struct fixture f;
    struct buffer file;
    ElfW(Addr) address;
    ElfW(Shdr) text;
    uint64_t sum = 0;

    (void)state;
    setup(&f);
    assert_true(symbol_file_make(&f.code, &file));
    memcpy(&address, file.data + PLACE, sizeof(address));
    memcpy(&text, file.data + 128 + sizeof(text), sizeof(text));
    symbol_file_visit(&file, count, &sum);
    assert_int_equal(address, (uintptr_t)f.image + 0x40);
    assert_int_equal(text.sh_addr, (uintptr_t)f.image + 0x40);
    assert_int_equal(sum, (uintptr_t)f.image + 0x40);
    buffer_release(&file);
}

static void survives_every_flipped_bit(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    for (size_t bit = 0; bit < sizeof(f.debug) * 8; bit++) {
        struct buffer file;
        uint64_t sum = 0;

        f.debug[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(symbol_file_make(&f.code, &file));
        symbol_file_visit(&file, count, &sum);
        buffer_release(&file);
        f.debug[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* As if there were none: the function table is what remains. */
static void a_section_past_the_end_of_the_file_is_not_read(void **state)
{
    struct fixture f;
    struct buffer file;

    (void)state;
    setup(&f);
    f.code.debug.offset = 1;
    assert_true(symbol_file_make(&f.code, &file));
    assert_true(file.size < sizeof(f.debug));
    buffer_release(&file);
}

/* No end mark within the text: no unwind table, and nothing is read behind. */
static void an_unwind_table_without_an_end_is_left_out(void **state)
{
    struct fixture f;
    struct buffer with, without;

    (void)state;
    setup(&f);
    f.code.debug.size = 0;
    f.loaded.eh_frame = 128;
    assert_true(symbol_file_make(&f.code, &with)); /* a mark at once */
    memset(f.image + 128, 0xff, 128);
    assert_true(symbol_file_make(&f.code, &without));
    assert_int_equal(with.size, without.size + 8);
    buffer_release(&with);
    buffer_release(&without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_every_address_to_the_image),
        cmocka_unit_test(survives_every_flipped_bit),
        cmocka_unit_test(a_section_past_the_end_of_the_file_is_not_read),
        cmocka_unit_test(an_unwind_table_without_an_end_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
