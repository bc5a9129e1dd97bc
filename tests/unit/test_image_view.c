/* The bounds of lib/loader/image_view.c: each at its limit, one below, and one
 * above. The image is made of headers alone, in memory that ends where the file
 * does, so that a sanitizer sees a byte that is read too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "image_view.h"
#include "load_machine.h"

/* TEXT and DATA are the only segments; DATA ends in the last page of the span,
 * and its bytes with the file. */
enum {
    PAGE = 4096,
    TEXT_SIZE = 2 * PAGE,
    FILE_SIZE = 3 * PAGE,
    SPAN = 5 * PAGE,
    DATA_MEMORY = 2 * PAGE + 64,
    MAX_HEADERS = 24,
    WORD = sizeof(ELF_TYPE(Addr))
};

struct scene {
    uint8_t *bytes; /* FILE_SIZE */
    struct image_space space;
    struct image_view view;
    struct error err;
};

static ELF_TYPE(Ehdr) * elf_header(struct scene *scene)
{
    return (void *)scene->bytes;
}

/* Of kind `type`; the two PT_LOAD are headers 0 and 1. */
static ELF_TYPE(Phdr) * header_at(struct scene *scene, unsigned index)
{
    return (ELF_TYPE(Phdr) *)(scene->bytes + elf_header(scene)->e_phoff) +
           index;
}

static ELF_TYPE(Phdr) * add_header(struct scene *scene, uint32_t type,
                                   uint64_t address, uint64_t size)
{
    ELF_TYPE(Phdr) *header = header_at(scene, elf_header(scene)->e_phnum++);

    assert_true(elf_header(scene)->e_phnum <= MAX_HEADERS);
    header->p_type = type;
    header->p_vaddr = header->p_offset = (ELF_TYPE(Addr))address;
    header->p_filesz = header->p_memsz = (ELF_TYPE(Addr))size;
    header->p_flags = PF_R | PF_W;
    return header;
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    ELF_TYPE(Ehdr) * header;

    *state = scene;
    scene->bytes = calloc(1, FILE_SIZE);
    scene->space = (struct image_space){.base = scene->bytes,
                                        .image_size = FILE_SIZE,
                                        .text_span = TEXT_SIZE,
                                        .span = SPAN,
                                        .page_size = PAGE};
    header = elf_header(scene);
    memcpy(header->e_ident, ELFMAG, SELFMAG);
    header->e_ident[EI_CLASS] = MACHINE_ELF_CLASS;
    header->e_ident[EI_DATA] = MACHINE_ELF_DATA;
    header->e_machine = (ELF_TYPE(Half))machine_host()->elf_machine;
    header->e_flags = MACHINE_ELF_FLAGS;
    header->e_type = ET_DYN;
    header->e_phoff = sizeof(*header);
    header->e_phentsize = sizeof(ELF_TYPE(Phdr));
    add_header(scene, PT_LOAD, 0, TEXT_SIZE)->p_flags = PF_R | PF_X;
    add_header(scene, PT_LOAD, TEXT_SIZE, PAGE)->p_memsz = DATA_MEMORY;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    free(scene->bytes);
    free(scene);
    return 0;
}

static enum status read_all(struct scene *scene)
{
    enum status status;

    status = image_view_read_headers("image", &scene->space, &scene->view,
                                     &scene->err);
    return status ? status : image_view_read_dynamic(&scene->view, &scene->err);
}

static void accepts(struct scene *scene)
{
    if (read_all(scene))
        fail_msg("%s", scene->err.message);
}

static void refuses(struct scene *scene, enum status status, const char *fact)
{
    const enum status got = read_all(scene);

    if (got != status || !strstr(scene->err.message, fact))
        fail_msg("status %d, \"%s\"", got, got ? scene->err.message : "");
}

/* The field has a range of values that are fine, [low, high], and reads one
 * beyond either end as damage. A low of 0 has nothing below. */
static void holds_between(struct scene *scene, ELF_TYPE(Addr) * field,
                          uint64_t low, uint64_t high, const char *fact)
{
    const ELF_TYPE(Addr) good = *field;

    *field = (ELF_TYPE(Addr))low;
    accepts(scene);
    *field = (ELF_TYPE(Addr))high;
    accepts(scene);
    *field = (ELF_TYPE(Addr))(high + 1);
    refuses(scene, STATUS_CORRUPT, fact);
    if (low > 0) {
        *field = (ELF_TYPE(Addr))(low - 1);
        refuses(scene, STATUS_CORRUPT, fact);
    }
    *field = good;
}

/* ---- Headers ---- */

static void the_headers_end_where_the_text_does(void **state)
{
    struct scene *scene = *state;
    ELF_TYPE(Ehdr) *header = elf_header(scene);
    const uint64_t room = header->e_phnum * sizeof(ELF_TYPE(Phdr));
    const uint64_t last = TEXT_SIZE - room;

    accepts(scene);
    memcpy(scene->bytes + last, header_at(scene, 0), room);
    header->e_phoff = (ELF_TYPE(Addr))last;
    accepts(scene);
    header->e_phnum++;
    refuses(scene, STATUS_CORRUPT, "program headers");
    header->e_phnum--;
    header->e_phoff += _Alignof(ELF_TYPE(Phdr));
    refuses(scene, STATUS_CORRUPT, "program headers");
    header->e_phoff = (ELF_TYPE(Addr))(last - 1);
    refuses(scene, STATUS_CORRUPT, "program headers");
    header->e_phnum = 0;
    header->e_phoff = TEXT_SIZE;
    refuses(scene, STATUS_CORRUPT, "no segments");
    header->e_phoff += _Alignof(ELF_TYPE(Phdr));
    refuses(scene, STATUS_CORRUPT, "program headers");
}

static void the_elf_header_must_be_whole(void **state)
{
    struct scene *scene = *state;

    scene->space.image_size = sizeof(ELF_TYPE(Ehdr)) - 1;
    refuses(scene, STATUS_CORRUPT, "not an ELF file");
    scene->space.image_size = sizeof(ELF_TYPE(Ehdr));
    refuses(scene, STATUS_CORRUPT, "program headers");
    scene->space.image_size = FILE_SIZE;
    elf_header(scene)->e_phentsize++;
    refuses(scene, STATUS_CORRUPT, "program headers");
}

/* ---- Segments ---- */

static void the_text_begins_the_image_and_fills_its_span_at_most(void **state)
{
    struct scene *scene = *state;
    ELF_TYPE(Phdr) *text = header_at(scene, 0);
    const ELF_TYPE(Phdr) good = *text;

    text->p_filesz = text->p_memsz = TEXT_SIZE - 1;
    accepts(scene);
    text->p_filesz = text->p_memsz = TEXT_SIZE + 1;
    refuses(scene, STATUS_CORRUPT, "first segment");
    *text = good;
    text->p_filesz--;
    refuses(scene, STATUS_CORRUPT, "first segment");
    *text = good;
    text->p_offset = PAGE;
    refuses(scene, STATUS_CORRUPT, "first segment");
    *text = good;
    text->p_vaddr = PAGE;
    refuses(scene, STATUS_CORRUPT, "first segment");
    *text = good;
    text->p_flags = PF_R;
    refuses(scene, STATUS_CORRUPT, "first segment");
    text->p_flags = PF_X;
    refuses(scene, STATUS_CORRUPT, "first segment");
}

static void a_segment_ends_with_the_file_and_with_the_span(void **state)
{
    struct scene *scene = *state;
    ELF_TYPE(Phdr) *data = header_at(scene, 1);
    const ELF_TYPE(Phdr) good = *data;

    holds_between(scene, &data->p_filesz, 0, PAGE, "outside the image");
    data->p_filesz = 0;
    holds_between(scene, &data->p_memsz, 0, SPAN - TEXT_SIZE,
                  "outside the image");
    *data = good;
    data->p_filesz = data->p_memsz = PAGE;
    accepts(scene); /* file size == memory size */
    data->p_memsz--;
    refuses(scene, STATUS_CORRUPT, "outside the image");
    /* Without a byte of the file, its offset may be the file's end. */
    *data = good;
    data->p_filesz = 0;
    data->p_offset = FILE_SIZE;
    accepts(scene);
    data->p_offset += PAGE;
    refuses(scene, STATUS_CORRUPT, "outside the image");
    *data = good;
    data->p_filesz = 0;
    data->p_memsz = PAGE;
    data->p_vaddr = SPAN - PAGE;
    accepts(scene);
    data->p_vaddr = SPAN;
    refuses(scene, STATUS_CORRUPT, "outside the image");
}

static void a_segment_has_pages_of_its_own(void **state)
{
    struct scene *scene = *state;
    ELF_TYPE(Phdr) *data = header_at(scene, 1);
    ELF_TYPE(Phdr) * more;

    data->p_memsz = PAGE;
    data->p_filesz = 1;
    more = add_header(scene, PT_LOAD, TEXT_SIZE + PAGE, PAGE);
    more->p_filesz = more->p_offset = 0;
    accepts(scene);
    assert_int_equal(scene->view.n_segments, 3);
    data->p_memsz = PAGE + 1;
    refuses(scene, STATUS_CORRUPT, "shares a page");
    data->p_memsz = PAGE - 1;
    accepts(scene);
    more->p_vaddr = more->p_offset = TEXT_SIZE + PAGE - 1;
    more->p_filesz = 1;
    refuses(scene, STATUS_CORRUPT, "shares a page");
    more->p_vaddr = TEXT_SIZE + PAGE + 8;
    more->p_offset = 16;
    refuses(scene, STATUS_CORRUPT, "in step");
    more->p_offset = 8;
    accepts(scene);
    /* Within the text's span, though behind its bytes. */
    header_at(scene, 0)->p_filesz = header_at(scene, 0)->p_memsz = PAGE;
    data->p_vaddr = data->p_offset = TEXT_SIZE - PAGE;
    refuses(scene, STATUS_CORRUPT, "shares a page");
}

static void sixteen_segments_are_the_most(void **state)
{
    struct scene *scene = *state;
    uint64_t address = TEXT_SIZE + PAGE;

    header_at(scene, 1)->p_memsz = PAGE;
    scene->space.span = (uint64_t)64 * PAGE;
    for (; elf_header(scene)->e_phnum < IMAGE_VIEW_MAX_SEGMENTS;
         address += PAGE)
        add_header(scene, PT_LOAD, address, PAGE)->p_filesz = 0;
    for (unsigned i = 2; i < IMAGE_VIEW_MAX_SEGMENTS; i++)
        header_at(scene, i)->p_offset = 0;
    add_header(scene, PT_LOAD, 0, 0); /* of no bytes: is none */
    accepts(scene);
    assert_int_equal(scene->view.n_segments, IMAGE_VIEW_MAX_SEGMENTS);
    header_at(scene, IMAGE_VIEW_MAX_SEGMENTS)->p_vaddr =
        (ELF_TYPE(Addr))address;
    header_at(scene, IMAGE_VIEW_MAX_SEGMENTS)->p_memsz = PAGE;
    refuses(scene, STATUS_UNSUPPORTED, "more than 16 segments");
}

static void data_may_be_read_only_if_it_has_no_bss(void **state)
{
    struct scene *scene = *state;
    ELF_TYPE(Phdr) *data = header_at(scene, 1);

    data->p_flags = PF_R;
    refuses(scene, STATUS_CORRUPT, "permissions");
    data->p_memsz = data->p_filesz;
    accepts(scene);
    assert_false(scene->view.segments[1].writable);
    data->p_flags = PF_W;
    refuses(scene, STATUS_CORRUPT, "permissions");
    data->p_flags = PF_R | PF_W | PF_X;
    refuses(scene, STATUS_UNSUPPORTED, "executable");
}

static void ranges_end_with_their_segment(void **state)
{
    struct scene *scene = *state;
    const uint64_t end = TEXT_SIZE + DATA_MEMORY;
    const struct image_segment *data = &scene->view.segments[1];

    accepts(scene);
    assert_ptr_equal(image_view_find(&scene->view, TEXT_SIZE, 1), data);
    assert_ptr_equal(image_view_find(&scene->view, TEXT_SIZE, DATA_MEMORY),
                     data);
    assert_null(image_view_find(&scene->view, TEXT_SIZE, DATA_MEMORY + 1));
    assert_ptr_equal(image_view_find(&scene->view, end - 1, 1), data);
    assert_null(image_view_find(&scene->view, end - 1, 2));
    assert_null(image_view_find(&scene->view, end, 1));
    assert_ptr_equal(image_view_find(&scene->view, end, 0), data);
    assert_null(image_view_find(&scene->view, end + 1, 0));
    assert_ptr_not_equal(image_view_find(&scene->view, TEXT_SIZE - 1, 1), data);
    assert_null(image_view_find(&scene->view, TEXT_SIZE - 1, 2));
    assert_null(image_view_find(&scene->view, UINT64_MAX, 1));
}

/* ---- RELRO ---- */

static void relro_is_rounded_to_pages_of_its_segment(void **state)
{
    struct scene *scene = *state;
    ELF_TYPE(Phdr) *relro = add_header(scene, PT_GNU_RELRO, TEXT_SIZE, PAGE);
    const struct image_range *range = &scene->view.relro;

    accepts(scene);
    assert_int_equal(range->address, TEXT_SIZE);
    assert_int_equal(range->size, PAGE);
    relro->p_memsz = PAGE - 1; /* the rest of the page is not RELRO's */
    accepts(scene);
    assert_int_equal(range->size, 0);
    relro->p_memsz = PAGE + 1;
    accepts(scene);
    assert_int_equal(range->size, PAGE);
    relro->p_vaddr = TEXT_SIZE + 1;
    relro->p_memsz = 2 * PAGE - 1;
    accepts(scene);
    assert_int_equal(range->address, TEXT_SIZE + PAGE);
    assert_int_equal(range->size, PAGE);
    relro->p_memsz = 0; /* of no bytes: wherever it is */
    relro->p_vaddr = 7;
    accepts(scene);
    assert_int_equal(range->size, 0);
}

static void relro_ends_with_the_last_page_of_its_segment(void **state)
{
    const uint64_t page = machine_host()->page_size;
    const uint64_t end = (TEXT_SIZE + DATA_MEMORY + page - 1) / page * page;
    struct scene *scene = *state;
    ELF_TYPE(Phdr) *relro = add_header(scene, PT_GNU_RELRO, TEXT_SIZE, PAGE);

    relro->p_memsz = (ELF_TYPE(Addr))(end - TEXT_SIZE);
    accepts(scene);
    assert_int_equal(scene->view.relro.size, SPAN - TEXT_SIZE);
    relro->p_memsz = DATA_MEMORY;
    accepts(scene);
    assert_int_equal(scene->view.relro.size, SPAN - TEXT_SIZE);
    relro->p_memsz = DATA_MEMORY - 1;
    accepts(scene);
    assert_int_equal(scene->view.relro.size, SPAN - TEXT_SIZE - PAGE);
    relro->p_memsz = (ELF_TYPE(Addr))(end - TEXT_SIZE + 1);
    refuses(scene, STATUS_CORRUPT, "RELRO");
    relro->p_memsz = 1;
    relro->p_vaddr = TEXT_SIZE - 1;
    refuses(scene, STATUS_CORRUPT, "RELRO");
    relro->p_vaddr = TEXT_SIZE + DATA_MEMORY;
    refuses(scene, STATUS_CORRUPT, "RELRO");
    relro->p_vaddr--;
    accepts(scene);
}

/* ---- Thread-local variables ---- */

static void thread_local_variables_have_bounds(void **state)
{
    struct scene *scene = *state;
    ELF_TYPE(Phdr) *tls = add_header(scene, PT_TLS, TEXT_SIZE, 64);
    const ELF_TYPE(Phdr) good = *tls;

    accepts(scene); /* file size == memory size */
    assert_int_equal(scene->view.tls.align, 1);
    tls->p_filesz++;
    refuses(scene, STATUS_CORRUPT, "thread-local");
    *tls = good;
    tls->p_memsz--;
    refuses(scene, STATUS_CORRUPT, "thread-local");
    *tls = good;
    tls->p_vaddr = TEXT_SIZE + DATA_MEMORY - 64;
    accepts(scene);
    tls->p_vaddr++;
    refuses(scene, STATUS_CORRUPT, "thread-local");
    tls->p_filesz = 0; /* nothing is read */
    tls->p_memsz = IMAGE_VIEW_MAX_TLS_SIZE;
    accepts(scene);
    tls->p_memsz++;
    refuses(scene, STATUS_UNSUPPORTED, "more than a thread gets");
    tls->p_memsz = 1;
    tls->p_align = IMAGE_VIEW_MAX_TLS_ALIGN;
    accepts(scene);
    tls->p_align *= 2;
    refuses(scene, STATUS_UNSUPPORTED, "more than a thread gets");
    tls->p_align = 3;
    refuses(scene, STATUS_CORRUPT, "thread-local");
}

/* ---- Unwind tables ---- */

/* The bytes of a PT_GNU_EH_FRAME in the text, which points at `table`. */
static void set_unwind_table(struct scene *scene, uint64_t address,
                             uint64_t table)
{
    const int32_t pointer = (int32_t)(table - address - 4);

    memcpy(scene->bytes + address, "\x01\x1b\x03\x3b", 4);
    memcpy(scene->bytes + address + 4, &pointer, sizeof(pointer));
}

static void an_unwind_table_is_inside_the_text(void **state)
{
    struct scene *scene = *state;
    enum { AT = TEXT_SIZE - 16 };
    ELF_TYPE(Phdr) *header = add_header(scene, PT_GNU_EH_FRAME, AT, 16);

    set_unwind_table(scene, AT, PAGE);
    accepts(scene);
    assert_int_equal(scene->view.eh_frame, PAGE);
    holds_between(scene, &header->p_memsz, 8, 16, "unwind table");
    header->p_memsz = 8;
    header->p_vaddr = TEXT_SIZE - 8;
    set_unwind_table(scene, TEXT_SIZE - 8, PAGE);
    accepts(scene);
    set_unwind_table(scene, TEXT_SIZE - 8, TEXT_SIZE - 4);
    accepts(scene);
    assert_int_equal(scene->view.eh_frame, TEXT_SIZE - 4);
    set_unwind_table(scene, TEXT_SIZE - 8, TEXT_SIZE);
    refuses(scene, STATUS_CORRUPT, "unwind table");
    set_unwind_table(scene, TEXT_SIZE - 8, PAGE + 2);
    refuses(scene, STATUS_CORRUPT, "unwind table");
    set_unwind_table(scene, TEXT_SIZE - 8, 0);
    refuses(scene, STATUS_CORRUPT, "unwind table");
    set_unwind_table(scene, TEXT_SIZE - 8, 4);
    accepts(scene);
}

static void an_unwind_table_has_the_known_encoding(void **state)
{
    struct scene *scene = *state;

    add_header(scene, PT_GNU_EH_FRAME, PAGE, 16);
    set_unwind_table(scene, PAGE, 2 * PAGE - 64);
    accepts(scene);
    for (unsigned i = 0; i < 2; i++) {
        scene->bytes[PAGE + i]++;
        refuses(scene, STATUS_CORRUPT, "unwind table");
        scene->bytes[PAGE + i]--;
    }
}

/* ---- PT_DYNAMIC ---- */

static ELF_TYPE(Dyn) * add_dynamic(struct scene *scene, unsigned n_entries)
{
    add_header(scene, PT_DYNAMIC, TEXT_SIZE, n_entries * sizeof(ELF_TYPE(Dyn)));
    return (ELF_TYPE(Dyn) *)(scene->bytes + TEXT_SIZE);
}

static void set_tag(ELF_TYPE(Dyn) * entry, int64_t tag, uint64_t value)
{
    entry->d_tag = (ELF_TYPE(Sword))tag;
    entry->d_un.d_val = (ELF_TYPE(Addr))value;
}

static void the_dynamic_section_is_inside_a_segment(void **state)
{
    struct scene *scene = *state;
    ELF_TYPE(Phdr) * header;

    add_dynamic(scene, 1);
    header = header_at(scene, 2);
    header->p_memsz = DATA_MEMORY;
    accepts(scene);
    header->p_memsz++;
    refuses(scene, STATUS_CORRUPT, "dynamic section");
    header->p_memsz = sizeof(ELF_TYPE(Dyn));
    header->p_vaddr++;
    refuses(scene, STATUS_CORRUPT, "dynamic section");
}

static void only_whole_entries_before_the_first_null_count(void **state)
{
    struct scene *scene = *state;
    ELF_TYPE(Dyn) *entry = add_dynamic(scene, 2);
    ELF_TYPE(Phdr) *header = header_at(scene, 2);

    set_tag(&entry[0], DT_SONAME, 1);
    set_tag(&entry[1], DT_TEXTREL, 0);
    refuses(scene, STATUS_UNSUPPORTED, "DT_TEXTREL");
    header->p_memsz--;
    accepts(scene);
    header->p_memsz++;
    set_tag(&entry[0], DT_NULL, 0);
    accepts(scene);
}

/* Tags that no table here has, above and at the last that is read. */
static void tags_above_the_last_that_is_read_are_passed_over(void **state)
{
    struct scene *scene = *state;
    ELF_TYPE(Dyn) *entry = add_dynamic(scene, 3);

    set_tag(&entry[0], DT_RELR, PAGE);
    set_tag(&entry[1], DT_RELRSZ, WORD);
    set_tag(&entry[2], DT_RELRENT, WORD);
    accepts(scene);
    assert_int_equal(scene->view.relr.size, WORD);
    set_tag(&entry[2], DT_RELRENT + 1, WORD);
    refuses(scene, STATUS_CORRUPT, "DT_RELR");
}

static void tables_end_with_their_segment(void **state)
{
    static const struct {
        int64_t address, size, entry;
        unsigned entry_size;
        bool constant;
        const char *name;
    } tables[] = {
        {DT_RELR, DT_RELRSZ, DT_RELRENT, WORD, true, "DT_RELR"},
        {MACHINE_DT_RELOC, MACHINE_DT_RELOC_SIZE, MACHINE_DT_RELOC_ENTRY,
         sizeof(machine_reloc), true, "DT_REL"},
        {DT_INIT_ARRAY, DT_INIT_ARRAYSZ, 0, WORD, false, "DT_INIT_ARRAY"},
        {DT_FINI_ARRAY, DT_FINI_ARRAYSZ, 0, WORD, false, "DT_FINI_ARRAY"},
    };
    struct scene *scene = *state;
    ELF_TYPE(Dyn) *entry = add_dynamic(scene, 3);

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        const unsigned size = tables[i].entry_size;

        set_tag(&entry[0], tables[i].address, TEXT_SIZE - size);
        set_tag(&entry[1], tables[i].size, size);
        set_tag(&entry[2], tables[i].entry ? tables[i].entry : DT_SONAME, size);
        accepts(scene);
        entry[1].d_un.d_val = 2 * size; /* one entry above the limit */
        refuses(scene, STATUS_CORRUPT, tables[i].name);
        entry[1].d_un.d_val = size - 1;
        refuses(scene, STATUS_CORRUPT, tables[i].name);
        entry[1].d_un.d_val = size;
        entry[0].d_un.d_val -= WORD / 2;
        refuses(scene, STATUS_CORRUPT, tables[i].name);
        entry[0].d_un.d_val = TEXT_SIZE + 64;
        if (tables[i].constant)
            refuses(scene, STATUS_CORRUPT, tables[i].name);
        else
            accepts(scene);
        set_tag(&entry[0], DT_SONAME, 0); /* a size without an address */
        refuses(scene, STATUS_CORRUPT, tables[i].name);
    }
}

static void symbols_are_counted_to_the_end_of_their_segment(void **state)
{
    enum { SIZE = sizeof(ELF_TYPE(Sym)) };
    struct scene *scene = *state;
    ELF_TYPE(Dyn) *entry = add_dynamic(scene, 2);

    set_tag(&entry[0], DT_SYMTAB, TEXT_SIZE - 2 * SIZE);
    set_tag(&entry[1], DT_SYMENT, SIZE);
    accepts(scene);
    assert_int_equal(scene->view.n_symbols, 2);
    entry[0].d_un.d_val += WORD;
    accepts(scene);
    assert_int_equal(scene->view.n_symbols, 1);
    entry[0].d_un.d_val -= 1;
    refuses(scene, STATUS_CORRUPT, "symbol table");
    entry[0].d_un.d_val = TEXT_SIZE - 8;
    accepts(scene);
    assert_int_equal(scene->view.n_symbols, 0);
    entry[0].d_un.d_val = TEXT_SIZE; /* the first byte of the data */
    refuses(scene, STATUS_CORRUPT, "symbol table");
    entry[0].d_un.d_val = PAGE;
    entry[1].d_un.d_val = SIZE - 1;
    refuses(scene, STATUS_CORRUPT, "symbol table");
}

static void strings_end_with_a_nul_in_their_segment(void **state)
{
    struct scene *scene = *state;
    ELF_TYPE(Dyn) *entry = add_dynamic(scene, 2);

    set_tag(&entry[0], DT_STRTAB, TEXT_SIZE - 4);
    set_tag(&entry[1], DT_STRSZ, 4);
    memcpy(scene->bytes + TEXT_SIZE - 4, "abc", 4);
    accepts(scene);
    entry[1].d_un.d_val = 3;
    refuses(scene, STATUS_CORRUPT, "end with a NUL");
    entry[1].d_un.d_val = 5;
    refuses(scene, STATUS_CORRUPT, "DT_STRTAB");
    entry[1].d_un.d_val = 1;
    refuses(scene, STATUS_CORRUPT, "end with a NUL");
    entry[1].d_un.d_val = 0;
    accepts(scene);
}

static void calls_are_of_the_kind_that_the_loader_reads(void **state)
{
    struct scene *scene = *state;
    ELF_TYPE(Dyn) *entry = add_dynamic(scene, 3);

    set_tag(&entry[0], DT_JMPREL, PAGE);
    set_tag(&entry[1], DT_PLTRELSZ, sizeof(machine_reloc));
    set_tag(&entry[2], DT_PLTREL, MACHINE_DT_RELOC);
    accepts(scene);
    assert_int_equal(scene->view.plt_relocs.size, sizeof(machine_reloc));
    entry[2].d_un.d_val = MACHINE_DT_OTHER;
    refuses(scene, STATUS_UNSUPPORTED, "DT_JMPREL of another kind");
    set_tag(&entry[2], DT_SONAME, 0);
    refuses(scene, STATUS_UNSUPPORTED, "DT_JMPREL of another kind");
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_headers_end_where_the_text_does),
        TEST(the_elf_header_must_be_whole),
        TEST(the_text_begins_the_image_and_fills_its_span_at_most),
        TEST(a_segment_ends_with_the_file_and_with_the_span),
        TEST(a_segment_has_pages_of_its_own),
        TEST(sixteen_segments_are_the_most),
        TEST(data_may_be_read_only_if_it_has_no_bss),
        TEST(ranges_end_with_their_segment),
        TEST(relro_is_rounded_to_pages_of_its_segment),
        TEST(relro_ends_with_the_last_page_of_its_segment),
        TEST(thread_local_variables_have_bounds),
        TEST(an_unwind_table_is_inside_the_text),
        TEST(an_unwind_table_has_the_known_encoding),
        TEST(the_dynamic_section_is_inside_a_segment),
        TEST(only_whole_entries_before_the_first_null_count),
        TEST(tags_above_the_last_that_is_read_are_passed_over),
        TEST(tables_end_with_their_segment),
        TEST(symbols_are_counted_to_the_end_of_their_segment),
        TEST(strings_end_with_a_nul_in_their_segment),
        TEST(calls_are_of_the_kind_that_the_loader_reads),
    };

    return cmocka_run_group_tests_name("image_view", tests, NULL, NULL);
}
