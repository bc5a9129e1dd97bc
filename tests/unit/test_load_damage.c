/* lib/loader refuses invalid images, of which a part was changed, and reports
 * failures of the kernel. Code of a changed image is never run. */
#include "load_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "load_check.h"

/* The verdict without a launch. */
static enum status check(const struct fixture *f, struct error *err)
{
    const struct load_check_image image = {
        .name = f->source.name,
        .bytes = {f->bytes, f->size},
        .span = f->source.image_span,
        .text_span = f->source.text_span,
    };

    return load_check(&image, err);
}

/* Imports that are missing are the launch's own affair. */
static void refuses(struct fixture *f, enum status status, const char *fact)
{
    struct error err;
    enum status got;

    fixture_write(f, PAGE);
    got = fixture_link(f);
    if (got != status || !strstr(f->err.message, fact))
        fail_msg("status %d, \"%s\"", got, f->err.message);
    load_release(&f->image);
    if (status == STATUS_UNRESOLVED)
        return;
    assert_int_equal(check(f, &err), status);
    assert_string_equal(err.message, f->err.message);
}

/* ---- Anything, anywhere ---- */

/* None of these makes one of the samples' relocation types (1, 6, 7, 8, 16, 17)
 * that of an indirect function (37), which the loader would call. */
static const uint8_t masks[] = {0xff, 0x01, 0x10, 0x80};

/* Of the image, and of the file, which has it a page further on. */
static void set_byte(struct fixture *f, size_t at, uint8_t byte)
{
    f->bytes[at] = byte;
    assert_int_equal(pwrite(f->fd, &byte, 1, (off_t)(PAGE + at)), 1);
    if (f->in_memory)
        f->file[PAGE + at] = byte;
}

static void survives_every_changed_byte(void **state)
{
    struct fixture *f = *state;
    size_t n_refused = 0;

    fixture_write(f, PAGE);
    for (size_t i = 0; i < f->size * sizeof(masks); i++) {
        const size_t at = i / sizeof(masks);
        const uint8_t good = f->bytes[at];
        enum status status;

        set_byte(f, at, good ^ masks[i % sizeof(masks)]);
        status = fixture_link(f);
        n_refused += status != STATUS_OK;
        load_release(&f->image);
        if (check(f, NULL))
            assert_int_not_equal(status, STATUS_OK);
        set_byte(f, at, good);
    }
    assert_true(n_refused > 0);
    assert_int_equal(fixture_link(f), STATUS_OK);
}

static void refuses_a_file_shorter_than_its_image(void **state)
{
    struct fixture *f = *state;

    fixture_write(f, PAGE);
    for (uint64_t size = 0; size < PAGE + f->size; size++) {
        f->source.file_size = size;
        assert_int_equal(fixture_link(f), STATUS_CORRUPT);
        assert_null(f->image.mapping);
    }
    assert_non_null(strstr(f->err.message, "past the end of the file"));
}

/* What is cut off behind the last segment is not missed. */
static void survives_every_truncation(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Phdr) *last = fixture_segment(f, PT_LOAD, 1);
    uint64_t needed;

    while (last[1].p_type == PT_LOAD)
        last++;
    needed = last->p_offset + last->p_filesz;
    fixture_write(f, PAGE);
    for (uint64_t size = f->size; size-- > 0;) {
        assert_int_equal(ftruncate(f->fd, (off_t)(PAGE + size)), 0);
        f->source.file_size = PAGE + size;
        f->source.image_size = size;
        assert_int_equal(fixture_link(f),
                         size < needed ? STATUS_CORRUPT : STATUS_OK);
        load_release(&f->image);
    }
}

/* ---- Source ---- */

static void refuses_a_source_that_fits_no_page(void **state)
{
    struct fixture *f = *state;
    struct load_source good;

    fixture_write(f, PAGE);
    good = f->source;
    f->source.image_offset++;
    f->source.image_size--;
    assert_int_equal(fixture_link(f), STATUS_CORRUPT);
    f->source = good;
    f->source.image_span++;
    assert_int_equal(fixture_link(f), STATUS_CORRUPT);
    f->source.image_span = 0;
    assert_int_equal(fixture_link(f), STATUS_CORRUPT);
    f->source = good;
    f->source.text_span = 0;
    assert_int_equal(fixture_link(f), STATUS_CORRUPT);
    assert_non_null(strstr(f->err.message, "do not fit pages"));
    f->source.text_span = good.text_span - 1;
    assert_int_equal(fixture_link(f), STATUS_CORRUPT);
    assert_non_null(strstr(f->err.message, "do not fit pages"));
    f->source.text_span = good.image_span + PAGE;
    assert_int_equal(fixture_link(f), STATUS_CORRUPT);
    f->source = good;
    f->source.image_align = 3 * PAGE;
    assert_int_equal(fixture_link(f), STATUS_CORRUPT);
    f->source.image_align = 0;
    assert_int_equal(fixture_link(f), STATUS_CORRUPT);
    assert_null(f->image.mapping);
}

static void refuses_a_span_that_no_address_space_has(void **state)
{
    struct fixture *f = *state;

    fixture_write(f, PAGE);
    f->source.image_span = UINT64_MAX - PAGE + 1;
    assert_int_equal(fixture_link(f), STATUS_CORRUPT);
    f->source.image_span = UINT64_C(1) << 62;
    f->source.image_align = UINT64_C(1) << 63;
    assert_int_equal(fixture_link(f), STATUS_CORRUPT);
    /* From here on it is for the kernel to say. */
    f->source.image_align = PAGE;
    assert_int_not_equal(fixture_link(f), STATUS_OK);
    f->source.image_align = UINT64_C(1) << 61;
    assert_int_not_equal(fixture_link(f), STATUS_OK);
    assert_null(f->image.mapping);
}

/* ---- Headers ---- */

static void refuses_what_is_no_elf_file_for_this_machine(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Ehdr) *header = (ELF_TYPE(Ehdr) *)f->bytes;
    const ELF_TYPE(Ehdr) good = *header;

    header->e_ident[0] = 0;
    refuses(f, STATUS_CORRUPT, "not an ELF file");
    *header = good;
    header->e_machine = EM_SPARCV9;
    refuses(f, STATUS_UNSUPPORTED, "for ELF machine 43 class ");
    *header = good;
    header->e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
    refuses(f, STATUS_UNSUPPORTED, "this is machine ");
    *header = good;
    header->e_type = ET_EXEC;
    refuses(f, STATUS_CORRUPT, "ELF type 2");
    *header = good;
    header->e_phoff = f->size - 8;
    refuses(f, STATUS_CORRUPT, "program headers");
    header->e_phoff = ADDRESS_MAX - 7;
    refuses(f, STATUS_CORRUPT, "program headers");
    *header = good;
    header->e_phnum = 0xffff;
    refuses(f, STATUS_CORRUPT, "65535 program headers");
    header->e_phnum = 0;
    refuses(f, STATUS_CORRUPT, "no segments");
}

static void refuses_an_executable_stack(void **state)
{
    struct fixture *f = *state;

    fixture_segment(f, PT_GNU_STACK, 0)->p_flags |= PF_X;
    refuses(f, STATUS_UNSUPPORTED, "executable stack");
}

static void refuses_segments_with_other_permissions(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Phdr) *text = fixture_segment(f, PT_LOAD, 0);
    ELF_TYPE(Phdr) *data = fixture_segment(f, PT_LOAD, 1);

    text->p_flags = PF_R | PF_W | PF_X;
    refuses(f, STATUS_CORRUPT, "first segment");
    text->p_flags = PF_R | PF_X;
    data->p_flags = PF_R | PF_W | PF_X;
    refuses(f, STATUS_UNSUPPORTED, "only the first");
    data->p_flags = PF_R | PF_X;
    refuses(f, STATUS_UNSUPPORTED, "only the first");
    data->p_flags = PF_W;
    refuses(f, STATUS_CORRUPT, "permissions");
}

/* What the cache file says of the text is held against what the image says. */
static void refuses_segments_on_the_wrong_side_of_the_text_span(void **state)
{
    struct fixture *f = *state;

    f->text_span -= PAGE;
    if (f->text_span > 0)
        refuses(f, STATUS_CORRUPT, "first segment");
    f->text_span += 2 * PAGE;
    refuses(f, STATUS_CORRUPT, "shares a page");
}

static void refuses_segments_outside_the_image(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Phdr) *data = fixture_segment(f, PT_LOAD, 1);
    const ELF_TYPE(Phdr) good = *data;
    const uint64_t span = f->span;

    for (int i = 0; i < 5; i++) {
        *data = good;
        switch (i) {
        case 0:
            data->p_memsz = span;
            break;
        case 1:
            data->p_vaddr = span + good.p_offset % PAGE;
            break;
        case 2:
            data->p_vaddr = ADDRESS_MAX - PAGE + 1 + good.p_offset % PAGE;
            break;
        case 3:
            data->p_filesz = data->p_memsz = f->size - good.p_offset + 1;
            break;
        default:
            data->p_offset = ADDRESS_MAX - PAGE + 1 + good.p_offset % PAGE;
            break;
        }
        refuses(f, STATUS_CORRUPT, "outside the image");
    }
}

static void refuses_segments_that_share_a_page(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Phdr) *data = fixture_segment(f, PT_LOAD, 1);
    const ELF_TYPE(Phdr) good = *data;

    data->p_vaddr -= PAGE;
    refuses(f, STATUS_CORRUPT, "shares a page");
    *data = good;
    data->p_offset += 8;
    refuses(f, STATUS_CORRUPT, "not in step");
}

static void refuses_relro_of_what_is_not_written(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Phdr) *relro = fixture_segment(f, PT_GNU_RELRO, 0);
    const ELF_TYPE(Phdr) good = *relro;

    relro->p_vaddr = 0;
    refuses(f, STATUS_CORRUPT, "RELRO at 0x0");
    relro->p_vaddr = ADDRESS_MAX;
    refuses(f, STATUS_CORRUPT, "RELRO");
    *relro = good;
    relro->p_memsz = ADDRESS_MAX / 2;
    refuses(f, STATUS_CORRUPT, "RELRO");
}

/* ---- Dynamic section ---- */

static void refuses_tables_that_are_not_constant(void **state)
{
    static const int64_t tags[] = {MACHINE_DT_RELOC, DT_STRTAB, DT_SYMTAB};
    struct fixture *f = *state;
    const ELF_TYPE(Addr) writable =
        (fixture_segment(f, PT_DYNAMIC, 0)->p_vaddr + 15) & -16;

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        ELF_TYPE(Dyn) *tag = fixture_tag(f, tags[i]);
        const ELF_TYPE(Addr) good = tag->d_un.d_ptr;

        tag->d_un.d_ptr = writable;
        refuses(f, STATUS_CORRUPT, "read-only segment");
        tag->d_un.d_ptr = ADDRESS_MAX - 7;
        refuses(f, STATUS_CORRUPT, "read-only segment");
        tag->d_un.d_ptr = good;
    }
}

static void refuses_tables_of_other_entries(void **state)
{
    enum { ENTRY = sizeof(machine_reloc) };
    struct fixture *f = *state;
    ELF_TYPE(Dyn) *size = fixture_tag(f, MACHINE_DT_RELOC_SIZE);
    ELF_TYPE(Dyn) *entry_size = fixture_tag(f, MACHINE_DT_RELOC_ENTRY);

    size->d_un.d_val -= WORD;
    refuses(f, STATUS_CORRUPT, "DT_REL");
    size->d_un.d_val = ADDRESS_MAX / ENTRY * ENTRY;
    refuses(f, STATUS_CORRUPT, "DT_REL");
    size->d_un.d_val = ENTRY;
    entry_size->d_un.d_val = 2 * ENTRY;
    refuses(f, STATUS_CORRUPT, "DT_REL");
    entry_size->d_un.d_val = ENTRY;
    fixture_tag(f, DT_SYMENT)->d_un.d_val += WORD;
    refuses(f, STATUS_CORRUPT, "symbol table");
}

static void refuses_strings_without_an_end(void **state)
{
    struct fixture *f = *state;

    fixture_tag(f, DT_STRSZ)->d_un.d_val -= 1;
    refuses(f, STATUS_CORRUPT, "does not end with a NUL");
}

static void refuses_what_it_would_have_to_pass_over(void **state)
{
    static const int64_t tags[] = {DT_INIT, DT_FINI, MACHINE_DT_OTHER,
                                   DT_TEXTREL};
    struct fixture *f = *state;
    ELF_TYPE(Dyn) *hash = fixture_tag(f, DT_HASH);

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        hash->d_tag = (ELF_TYPE(Sword))tags[i];
        refuses(f, STATUS_UNSUPPORTED, "image has DT_");
    }
}

/* ---- Relocations ---- */

static void refuses_places_outside_writable_segments(void **state)
{
    struct fixture *f = *state;
    machine_reloc *rela = fixture_reloc(f, TEST_R_GLOB_DAT);
    const ELF_TYPE(Phdr) *data = fixture_segment(f, PT_LOAD, 1);
    const ELF_TYPE(Addr)
        places[] = {0,           data->p_vaddr - 1,      data->p_vaddr - WORD,
                    ADDRESS_MAX, ADDRESS_MAX - WORD + 1, ADDRESS_MAX / 4 + 1};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        rela->r_offset = places[i];
        refuses(f, STATUS_CORRUPT, "in no writable segment");
    }
    while (data[1].p_type == PT_LOAD)
        data++;
    for (uint64_t left = 0; left < WORD; left++) {
        rela->r_offset = (ELF_TYPE(Addr))(data->p_vaddr + data->p_memsz - left);
        refuses(f, STATUS_CORRUPT, "in no writable segment");
    }
}

static void accepts_the_last_place_and_one_not_aligned(void **state)
{
    struct fixture *f = *state;
    machine_reloc *rela = fixture_reloc(f, TEST_R_GLOB_DAT);
    const ELF_TYPE(Phdr) *data = fixture_segment(f, PT_LOAD, 1);

    while (data[1].p_type == PT_LOAD)
        data++;
    rela->r_offset = data->p_vaddr + data->p_memsz - WORD;
    fixture_load(f);
    load_release(&f->image);
    rela->r_offset = ((ELF_TYPE(Ehdr) *)f->bytes)->e_entry + 1;
    fixture_load(f);
}

static void refuses_unknown_relocation_types(void **state)
{
    static const uint32_t types[] = {TEST_R_COPY, 200, 0xff};
    struct fixture *f = *state;
    machine_reloc *rela = fixture_reloc(f, TEST_R_GLOB_DAT);

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        rela->r_info = ELF_R_INFO(1, types[i]);
        refuses(f, STATUS_UNSUPPORTED, "is not for the loader");
    }
}

static void refuses_symbols_that_are_not_there(void **state)
{
    static const uint32_t symbols[] = {0, 1u << 20, UINT32_MAX >> 8};
    struct fixture *f = *state;
    machine_reloc *rela = fixture_reloc(f, TEST_R_GLOB_DAT);

    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        rela->r_info = ELF_R_INFO((ELF_TYPE(Addr))symbols[i], TEST_R_GLOB_DAT);
        refuses(f, STATUS_CORRUPT, "which is not in the image");
    }
}

/* Symbols are counted to the end of the text segment; names to the end of the
 * string table, whose last byte is an empty name. */
static void refuses_symbols_and_names_from_the_count_on(void **state)
{
    enum { SIZE = sizeof(ELF_TYPE(Sym)) };
    struct fixture *f = *state;
    machine_reloc *rela = fixture_reloc(f, TEST_R_GLOB_DAT);
    const ELF_TYPE(Addr) table = fixture_tag(f, DT_SYMTAB)->d_un.d_ptr;
    const ELF_TYPE(Addr) n_symbols =
        (fixture_segment(f, PT_LOAD, 0)->p_memsz - table) / SIZE;
    ELF_TYPE(Sym) *last = (ELF_TYPE(Sym) *)(f->bytes + table) + (n_symbols - 1);

    rela->r_info = ELF_R_INFO(n_symbols, TEST_R_GLOB_DAT);
    refuses(f, STATUS_CORRUPT, "which is not in the image");
    rela->r_info = ELF_R_INFO(n_symbols - 1, TEST_R_GLOB_DAT);
    memset(last, 0, SIZE);
    last->st_name = (ELF_TYPE(Word))fixture_tag(f, DT_STRSZ)->d_un.d_val;
    refuses(f, STATUS_CORRUPT, "outside the string table");
    last->st_name--;
    refuses(f, STATUS_UNRESOLVED, "nothing defines ''");
    last->st_shndx = SHN_ABS;
    fixture_load(f);
}

static const char *import_name(struct fixture *f, const ELF_TYPE(Sym) * symbol)
{
    return (const char *)f->bytes + fixture_tag(f, DT_STRTAB)->d_un.d_ptr +
           symbol->st_name;
}

static void refuses_symbols_that_it_cannot_bind(void **state)
{
    struct fixture *f = *state;
    const machine_reloc *rela = fixture_reloc(f, TEST_R_GLOB_DAT);
    ELF_TYPE(Sym) *symbol =
        (ELF_TYPE(Sym) *)(f->bytes + fixture_tag(f, DT_SYMTAB)->d_un.d_ptr) +
        ELF_R_SYM(rela->r_info);
    const ELF_TYPE(Sym) good = *symbol;
    char start[64];

    symbol->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_TLS);
    snprintf(start, sizeof(start), "sample: '%s' is a", import_name(f, symbol));
    refuses(f, STATUS_UNSUPPORTED, "thread-local variable");
    refuses(f, STATUS_UNSUPPORTED, start);
    symbol->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC);
    refuses(f, STATUS_UNSUPPORTED, "an indirect function");
    refuses(f, STATUS_UNSUPPORTED, start);
    *symbol = good;
    symbol->st_name = UINT32_MAX;
    refuses(f, STATUS_CORRUPT, "outside the string table");
}

static void keeps_a_name_with_control_characters_on_one_line(void **state)
{
    struct fixture *f = *state;
    char *strings = (char *)f->bytes + fixture_tag(f, DT_STRTAB)->d_un.d_ptr;

    for (size_t i = 1; i + 1 < fixture_tag(f, DT_STRSZ)->d_un.d_val; i++)
        if (strings[i] && strings[i - 1])
            strings[i] = '\n';
    refuses(f, STATUS_UNRESOLVED, "nothing defines 'i????");
    assert_null(strchr(f->err.message, '\n'));
}

/* A bitmap right after a good address reaches past the end of the data. */
static void refuses_bitmaps_outside_writable_segments(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Addr) *entry =
        (ELF_TYPE(Addr) *)(f->bytes + fixture_tag(f, DT_RELR)->d_un.d_ptr);
    const ELF_TYPE(Phdr) *relro = fixture_segment(f, PT_LOAD, 1);
    const ELF_TYPE(Phdr) *data = relro;

    while (data[1].p_type == PT_LOAD)
        data++;
    entry[0] = (data->p_vaddr + data->p_memsz - WORD) & -2;
    entry[1] = 3;
    refuses(f, STATUS_CORRUPT, "in no writable segment");
    entry[0] =
        (relro->p_vaddr + relro->p_memsz - 2 * WORD) & -(ELF_TYPE(Addr))WORD;
    entry[1] = ADDRESS_MAX; /* of the words behind it one is RELRO */
    refuses(f, STATUS_CORRUPT, "in no writable segment");
    entry[0] = 1; /* no address yet */
    entry[1] = 3;
    refuses(f, STATUS_CORRUPT,
            WORD == 8 ? "relocation of 0x1f8," : "relocation of 0x7c,");
    entry[0] = ADDRESS_MAX - 1;
    refuses(f, STATUS_CORRUPT, "in no writable segment");
}

/* Makes the first word of an array be written once more, by a relocation that
 * was for something else. */
static void refuses_constructors_outside_the_text(void **state)
{
    static const int64_t tags[] = {DT_INIT_ARRAY, DT_FINI_ARRAY};
    struct fixture *f = *state;
    const ELF_TYPE(Phdr) *text = fixture_segment(f, PT_LOAD, 0);
    machine_reloc *rela = fixture_reloc(f, TEST_R_GLOB_DAT);
    const machine_reloc good = *rela;

    for (size_t i = 0; i < 2; i++) {
        *rela = good;
        rela->r_offset = fixture_tag(f, tags[i])->d_un.d_ptr;
        rela->r_info = ELF_R_INFO(0, TEST_R_RELATIVE);
        fixture_set_addend(f, rela, text->p_memsz);
        refuses(f, STATUS_CORRUPT, "leads outside the text");
        fixture_set_addend(f, rela, ADDRESS_MAX);
        refuses(f, STATUS_CORRUPT, "leads outside the text");
    }
}

static void refuses_indirect_functions_outside_the_text(void **state)
{
    struct fixture *f = *state;
    machine_reloc *rela = fixture_reloc(f, TEST_R_GLOB_DAT);

    rela->r_info = ELF_R_INFO(0, TEST_R_IRELATIVE);
    fixture_set_addend(f, rela, fixture_segment(f, PT_LOAD, 0)->p_memsz);
    refuses(f, STATUS_CORRUPT, "indirect function 0x");
    fixture_set_addend(f, rela, ADDRESS_MAX);
    refuses(f, STATUS_CORRUPT, "indirect function 0x");
    fixture_set_addend(f, rela, 0);
    rela->r_offset = 0;
    refuses(f, STATUS_CORRUPT, "in no writable segment");
}

/* ---- The kernel ---- */

static void fail_every_system_call(struct fixture *f)
{
    static const int errors[] = {ENOMEM, EPERM, EACCES, EAGAIN};

    for (unsigned nth = 1;; nth++) {
        unsigned n_failed = 0;

        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
            enum status status;
            struct image mapped;

            mapping_calls_reset();
            mapping_calls.fail_nth = nth;
            mapping_calls.fail_errno = errors[i];
            status = fixture_link(f);
            mapped = f->image;
            n_failed += mapping_calls.fail_nth == 0;
            /* A refused text is loaded from a copy. */
            if (status)
                assert_int_equal(status, errors[i] == ENOMEM ? STATUS_NO_MEMORY
                                                             : STATUS_IO);
            load_release(&f->image);
            if (mapped.mapping)
                assert_false(maps_overlap(mapped.mapping, mapped.mapping_size));
        }
        if (n_failed == 0)
            break;
    }
}

/* The second time the allocator has all that it wants: what is mapped more then
 * was left behind. */
static void fails_cleanly_at_every_system_call(void **state)
{
    struct fixture *f = *state;
    size_t before;

    fixture_write(f, PAGE);
    for (unsigned align = PAGE; align <= 16 * PAGE; align *= 16) {
        f->source.image_align = align;
        fail_every_system_call(f);
        before = maps_size();
        fail_every_system_call(f);
        assert_int_equal(maps_size(), before);
    }
}

#define CASE(test, shape, path)                                                \
    {                                                                          \
#test " (" shape ")", test, fixture_setup, fixture_teardown,           \
            (void *)(uintptr_t)(path)                                          \
    }
#define WITH_TLS(test)                                                         \
    {                                                                          \
#test " (thread-local)", test, fixture_setup_tls, fixture_teardown,    \
            (void *)(uintptr_t)LOAD_TLS_SAMPLE_64                              \
    }
#define IN_MEMORY(test)                                                        \
    {                                                                          \
#test " (in memory)", test, fixture_setup_memory, fixture_teardown,    \
            (void *)(uintptr_t)LOAD_SAMPLE_SMALL_HOUSE                         \
    }
#define BOTH(test)                                                             \
    CASE(test, "gnu", LOAD_SAMPLE_SMALL_GNU),                                  \
        CASE(test, "house", LOAD_SAMPLE_SMALL_HOUSE)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(survives_every_changed_byte),
        WITH_TLS(survives_every_changed_byte),
        BOTH(refuses_a_file_shorter_than_its_image),
        BOTH(survives_every_truncation),
        IN_MEMORY(survives_every_changed_byte),
        IN_MEMORY(refuses_a_file_shorter_than_its_image),
        IN_MEMORY(survives_every_truncation),
        IN_MEMORY(fails_cleanly_at_every_system_call),
        WITH_TLS(survives_every_truncation),
        BOTH(refuses_a_source_that_fits_no_page),
        BOTH(refuses_a_span_that_no_address_space_has),
        BOTH(refuses_what_is_no_elf_file_for_this_machine),
        BOTH(refuses_an_executable_stack),
        BOTH(refuses_segments_with_other_permissions),
        BOTH(refuses_segments_outside_the_image),
        BOTH(refuses_segments_on_the_wrong_side_of_the_text_span),
        BOTH(refuses_segments_that_share_a_page),
        BOTH(refuses_relro_of_what_is_not_written),
        BOTH(refuses_tables_that_are_not_constant),
        BOTH(refuses_tables_of_other_entries),
        BOTH(refuses_strings_without_an_end),
        BOTH(refuses_what_it_would_have_to_pass_over),
        BOTH(refuses_places_outside_writable_segments),
        BOTH(accepts_the_last_place_and_one_not_aligned),
        BOTH(refuses_unknown_relocation_types),
        BOTH(refuses_symbols_that_are_not_there),
        BOTH(refuses_symbols_and_names_from_the_count_on),
        BOTH(refuses_symbols_that_it_cannot_bind),
        BOTH(keeps_a_name_with_control_characters_on_one_line),
        CASE(refuses_bitmaps_outside_writable_segments, "house",
             LOAD_SAMPLE_SMALL_HOUSE),
        BOTH(refuses_constructors_outside_the_text),
        BOTH(refuses_indirect_functions_outside_the_text),
        BOTH(fails_cleanly_at_every_system_call),
        CASE(fails_cleanly_at_every_system_call, "large house",
             LOAD_SAMPLE_HOUSE),
        CASE(fails_cleanly_at_every_system_call, "large gnu", LOAD_SAMPLE_GNU),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
