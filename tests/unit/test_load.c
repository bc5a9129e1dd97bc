/* lib/loader runs valid images: both shapes that CMakeLists.txt links from
 * load_sample.c. Damaged ones are in test_load_damage.c. */
#include "load_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

/* ---- Code and data ---- */

static void calls_functions_of_the_image(void **state)
{
    struct fixture *f = *state;

    fixture_load(f);
    assert_int_equal(fixture_api(f)->add(40, 2), 42);
    assert_int_equal(fixture_api(f)->add_imported(40, 2), 42);
    assert_int_equal(*fixture_api(f)->imported_value(), 42);
    assert_int_equal(fixture_api(f)->imported_pointer()(1, 2), 3);
}

static void calls_indirect_functions_when_all_else_is_relocated(void **state)
{
    struct fixture *f = *state;

    fixture_load(f);
    assert_int_equal(fixture_api(f)->indirect(), SAMPLE_RESOLVED_VALUE);
}

static void relocates_data_of_every_kind(void **state)
{
    struct fixture *f = *state;
    struct sample_api *api;

    fixture_load(f);
    api = fixture_api(f);
    assert_string_equal(api->words[0], "one");
    assert_string_equal(api->words[1], "two");
    assert_null(api->words[2]);
    assert_true(api->n_initialized >= 100);
    for (int i = 0; i < api->n_initialized; i++)
        assert_int_equal(api->initialized[i], i);
}

static void gives_zeros_for_all_of_a_large_bss(void **state)
{
    struct fixture *f = *state;
    struct sample_api *api;

    fixture_load(f);
    api = fixture_api(f);
    for (size_t i = 0; i < SAMPLE_LARGE_SIZE; i++)
        if (api->large[i])
            fail_msg("byte %zu of bss is 0x%x", i, api->large[i]);
    api->large[SAMPLE_LARGE_SIZE - 1] = 1;
}

/* Address space is not memory: no system has so much of it. */
static void takes_no_memory_for_a_span_that_is_not_used(void **state)
{
    struct fixture *f = *state;

#ifdef LOAD_IS_EMULATED /* an emulator keeps a byte or more for each page */
    skip();
#endif
    if (sizeof(void *) < 8)
        skip();
    fixture_write(f, PAGE);
    f->source.image_span = UINT64_C(1) << 44;
    assert_int_equal(fixture_link(f), STATUS_OK);
    assert_int_equal(fixture_api(f)->bump(), 8);
}

static void gives_each_instance_its_own_data(void **state)
{
    struct fixture *f = *state;
    struct image images[3] = {{0}};
    struct sample_api *api;
    uint64_t entry;

    fixture_write(f, 0);
    entry = ((ELF_TYPE(Ehdr) *)f->bytes)->e_entry;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(load_map(&f->source, &images[i], &f->err), STATUS_OK);
        assert_int_equal(
            load_link(&f->source, &images[i], &f->binding, &f->err), STATUS_OK);
    }
    for (int i = 0; i < 3; i++) {
        api = load_address(&images[i], entry, sizeof(*api));
        for (int n = 0; n <= i; n++)
            assert_int_equal(api->bump(), 8 + n);
        assert_int_equal(*api->counter, 8 + i);
    }
    load_release(&images[1]);
    api = load_address(&images[2], entry, sizeof(*api));
    assert_int_equal(api->bump(), 11);
    load_release(&images[0]);
    load_release(&images[2]);
}

static void loads_from_any_offset_in_the_file(void **state)
{
    static const uint64_t offsets[] = {0, PAGE, 7 * PAGE, 64 * PAGE};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        struct span prefix;

        fixture_write(f, offsets[i]);
        assert_int_equal(load_map(&f->source, &f->image, &f->err), STATUS_OK);
        prefix = load_prefix(&f->image);
        assert_int_equal(prefix.size, offsets[i]);
        for (size_t at = 0; at < prefix.size; at++)
            assert_int_equal(prefix.data[at], 'p');
        assert_int_equal(load_link(&f->source, &f->image, &f->binding, &f->err),
                         STATUS_OK);
        assert_int_equal(fixture_api(f)->add_imported(40, 2), 42);
        load_release(&f->image);
    }
}

static void aligns_beyond_the_page(void **state)
{
    struct fixture *f = *state;

    for (uint64_t align = PAGE; align <= UINT64_C(1) << 22; align *= 2) {
        fixture_write(f, 3 * PAGE);
        f->source.image_align = align;
        assert_int_equal(fixture_link(f), STATUS_OK);
        assert_int_equal((uintptr_t)f->image.base % align, 0);
        assert_int_equal(fixture_api(f)->add_imported(40, 2), 42);
        assert_int_equal(load_prefix(&f->image).data[0], 'p');
        load_release(&f->image);
    }
}

static void gives_no_address_outside_the_span(void **state)
{
    struct fixture *f = *state;
    uint64_t span;

    fixture_load(f);
    span = f->image.span;
    assert_ptr_equal(load_address(&f->image, 0, span), f->image.base);
    assert_ptr_equal(load_address(&f->image, span - 1, 1),
                     f->image.base + span - 1);
    assert_null(load_address(&f->image, span, 1));
    assert_null(load_address(&f->image, span - 1, 2));
    assert_null(load_address(&f->image, 0, span + 1));
    assert_null(load_address(&f->image, UINT64_MAX, 2));
    assert_null(load_address(&f->image, 1, UINT64_MAX));
}

/* ---- Imports ---- */

static void asks_once_for_each_import(void **state)
{
    struct fixture *f = *state;

    fixture_load(f);
    for (size_t i = 0; i < f->imports.n_rows; i++) {
        if (f->imports.rows[i].n_asked != 1)
            fail_msg("%s asked for %u times", f->imports.rows[i].name,
                     f->imports.rows[i].n_asked);
        assert_int_equal(f->imports.rows[i].n_missing, 0);
    }
}

static void leaves_an_unknown_weak_import_zero(void **state)
{
    struct fixture *f = *state;

    fixture_load(f);
    assert_null(fixture_api(f)->weak_function());
    assert_null(fixture_api(f)->weak_pointer);
}

static void binds_a_known_weak_import(void **state)
{
    struct fixture *f = *state;

    imports_find(&f->imports, "import_weak")->address = &import_value;
    fixture_load(f);
    assert_ptr_equal(fixture_api(f)->weak_function(), &import_value);
    assert_ptr_equal(fixture_api(f)->weak_pointer, &import_value);
}

static void names_the_one_missing_import(void **state)
{
    struct fixture *f = *state;

    imports_find(&f->imports, "import_add")->address = NULL;
    fixture_write(f, 0);
    assert_int_equal(fixture_link(f), STATUS_UNRESOLVED);
    assert_string_equal(f->err.message, "sample: nothing defines 'import_add'");
    assert_int_equal(imports_find(&f->imports, "import_add")->n_missing, 1);
    assert_false(f->image.registers_at_exit);
}

static void says_who_wants_what_is_missing(void **state)
{
    struct fixture *f = *state;

    imports_find(&f->imports, "import_add")->address = NULL;
    f->imports.user = "main";
    fixture_write(f, 0);
    assert_int_equal(fixture_link(f), STATUS_UNRESOLVED);
    assert_string_equal(
        f->err.message,
        "sample: nothing defines 'import_add' (wanted by 'main')");
}

static void tells_of_every_missing_import_and_names_eight(void **state)
{
    struct fixture *f = *state;
    unsigned n_quotes = 0;

    for (size_t i = 0; i < f->imports.n_rows; i++)
        f->imports.rows[i].address = NULL;
    fixture_write(f, 0);
    assert_int_equal(fixture_link(f), STATUS_UNRESOLVED);
    for (size_t i = 0; i < f->imports.n_rows; i++) {
        const struct import *import = &f->imports.rows[i];
        bool weak = strcmp(import->name, "import_weak") == 0;

        assert_int_equal(import->n_asked, 1);
        assert_int_equal(import->n_missing, weak ? 0 : 1);
    }
    for (const char *p = f->err.message; *p; p++)
        n_quotes += *p == '\'';
    assert_int_equal(n_quotes, 2 * 8);
    /* 15 imports, one of them weak. */
    assert_non_null(strstr(f->err.message, " and 6 more"));
}

/* Names that are too long for the message are counted. */
static void counts_the_names_that_it_has_no_room_for(void **state)
{
    enum { N_MISSING = 14, NAMED = 8 };
    struct fixture *f = *state;
    char user[ERROR_MESSAGE_SIZE + 1] = "", end[32];
    size_t named = NAMED;

    for (size_t i = 0; i < f->imports.n_rows; i++)
        f->imports.rows[i].address = NULL;
    f->imports.user = user;
    fixture_write(f, 0);
    for (size_t length = 1; length <= ERROR_MESSAGE_SIZE; length++) {
        size_t n = 0;

        user[length - 1] = 'u';
        assert_int_equal(fixture_link(f), STATUS_UNRESOLVED);
        for (const char *p = f->err.message; (p = strstr(p, "(wanted")); p++)
            n++;
        assert_true(n == named || n + 1 == named);
        named = n;
        snprintf(end, sizeof(end), " and %zu more", N_MISSING - n);
        assert_string_equal(
            f->err.message + strlen(f->err.message) - strlen(end), end);
        load_release(&f->image);
    }
    assert_int_equal(named, 0);
}

/* ---- Protection ---- */

/* The kernel answers for a page that may not be written, without a signal. */
static bool is_writable(int zero_fd, const void *address)
{
    return read(zero_fd, (void *)(uintptr_t)address, 1) == 1;
}

/* Code of an emulator's program is data of the emulator: so it has one mapping
 * of code and constants that are neighbours, and shows it as code. */
#ifdef LOAD_IS_EMULATED
#define CONSTANT_IN_MEMORY "r-xp"
#else
#define CONSTANT_IN_MEMORY "r--p"
#endif

static void protects_relro_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    int zero_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    struct sample_api *api;
    ELF_TYPE(Phdr) * relro;
    char access[5];

    assert_true(zero_fd >= 0);
    fixture_load(f);
    api = fixture_api(f);
    relro = fixture_segment(f, PT_GNU_RELRO, 0);
    maps_access(f->image.base + relro->p_vaddr, access);
    assert_string_equal(access, f->source.fd < 0 ? CONSTANT_IN_MEMORY : "r--p");
    maps_access(f->image.base + relro->p_vaddr + relro->p_memsz - 1, access);
    assert_string_equal(access, f->source.fd < 0 ? CONSTANT_IN_MEMORY : "r--p");
    assert_false(is_writable(zero_fd, api->words));
    assert_false(is_writable(zero_fd, f->image.base + f->image.init_array));
    assert_false(is_writable(zero_fd, (void *)(uintptr_t)api->add));
    assert_false(is_writable(zero_fd, f->image.base));
    assert_true(is_writable(zero_fd, api->counter));
    assert_true(is_writable(zero_fd, api->initialized));
    assert_true(is_writable(zero_fd, api->large + SAMPLE_LARGE_SIZE - 1));
    close(zero_fd);
}

static bool has_writable_code(const struct image *image)
{
    return maps_have_writable_code(image->mapping, image->mapping_size);
}

/* While imports are bound, data is written to. */
static void look_for_writable_code(void *context)
{
    const struct fixture *f = context;

    assert_non_null(f->image.mapping);
    assert_false(has_writable_code(&f->image));
}

static void never_has_memory_writable_and_executable(void **state)
{
    struct fixture *f = *state;

    f->imports.on_resolve = look_for_writable_code;
    f->imports.context = f;
    fixture_load(f);
    assert_false(has_writable_code(&f->image));
    load_start(&f->image);
    load_stop(&f->image);
    assert_false(has_writable_code(&f->image));
    assert_false(mapping_calls.writable_and_executable);
}

static void unmaps_everything_on_release(void **state)
{
    static const uint64_t aligns[] = {PAGE, 64 * PAGE};
    struct fixture *f = *state;

    for (size_t i = 0; i < 2; i++) {
        struct image before;

        fixture_write(f, PAGE);
        f->source.image_align = aligns[i];
        assert_int_equal(fixture_link(f), STATUS_OK);
        before = f->image;
        assert_true(maps_overlap(before.mapping, before.mapping_size));
        mapping_calls_reset();
        load_release(&f->image);
        assert_int_equal(mapping_calls.n_munmap, 1);
        assert_false(maps_overlap(before.mapping, before.mapping_size));
        assert_true(before.base + before.span <=
                    before.mapping + before.mapping_size);
        load_release(&f->image); /* of nothing */
        assert_int_equal(mapping_calls.n_munmap, 1);
    }
}

static void expect_calls(struct fixture *f, unsigned n_mmap, unsigned n_mremap,
                         unsigned n_mprotect)
{
    mapping_calls_reset();
    assert_int_equal(fixture_link(f), STATUS_OK);
    assert_int_equal(mapping_calls.n_mmap, n_mmap);
    assert_int_equal(mapping_calls.n_mremap, n_mremap);
    assert_int_equal(mapping_calls.n_mprotect, n_mprotect);
    assert_int_equal(mapping_calls.n_munmap, 0);
    assert_int_equal(fixture_api(f)->bump(), 8);
    assert_int_equal(fixture_api(f)->initialized[99], 99);
    load_release(&f->image);
}

/* The file, room for much bss, and the bss; data is made writable, and RELRO
 * read-only again. A segment that is elsewhere in the file than in memory takes
 * one more. Where pages may be large the segments are mapped one by one. */
static void makes_few_system_calls(void **state)
{
    struct fixture *f = *state;
    bool in_place = fixture_segment(f, PT_LOAD, 0)[2].p_type == PT_LOAD;

    fixture_write(f, PAGE);
    if (machine_host()->page_size > PAGE)
        expect_calls(f, in_place ? 4 : 3, 0, 1);
    else
        expect_calls(f, in_place ? 2 : 3, 1, 2);
}

/* Text, RELRO, data and bss: each mapping more costs at the launch and at its
 * end. */
static void makes_few_mappings(void **state)
{
    struct fixture *f = *state;

#ifdef LOAD_IS_EMULATED /* its mappings are those of an emulator */
    skip();
#endif
    fixture_load(f);
    assert_int_equal(maps_count(f->image.mapping, f->image.mapping_size), 4);
}

/* Little bss is in the rest of the mapping of the file, and so is RELRO if no
 * data follows. */
static void makes_fewer_mappings_of_small_data(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Phdr) *head = fixture_segment(f, PT_LOAD, 1),
                   *data = fixture_segment(f, PT_LOAD, 2),
                   *relro = fixture_segment(f, PT_GNU_RELRO, 0);

#ifdef LOAD_IS_EMULATED
    skip();
#endif
    if (machine_host()->page_size > PAGE)
        skip(); /* the segments are mapped one by one */
    data->p_memsz = data->p_filesz + WORD;
    f->span = data->p_vaddr + PAGE;
    fixture_load(f);
    assert_int_equal(maps_count(f->image.mapping, f->image.mapping_size), 3);
    load_release(&f->image);
    head->p_filesz = head->p_memsz =
        data->p_vaddr + data->p_memsz - head->p_vaddr;
    data->p_type = PT_NULL;
    relro->p_memsz = f->span - relro->p_vaddr;
    fixture_load(f);
    assert_int_equal(maps_count(f->image.mapping, f->image.mapping_size), 2);
}

/* The memory, the text in it and the segments. */
static void makes_few_system_calls_for_aligned_images(void **state)
{
    struct fixture *f = *state;
    bool separate = fixture_segment(f, PT_LOAD, 0)[2].p_type == PT_LOAD;

    fixture_write(f, PAGE);
    f->source.image_align = 64 * PAGE;
    mapping_calls_reset();
    assert_int_equal(load_map(&f->source, &f->image, &f->err), STATUS_OK);
    assert_int_equal(load_link(&f->source, &f->image, &f->binding, &f->err),
                     STATUS_OK);
    assert_int_equal(mapping_calls.n_mmap, separate ? 4 : 3);
    assert_int_equal(mapping_calls.n_mprotect, 1);
    assert_int_equal(fixture_api(f)->bump(), 8);
}

/* Neither bytes of the file behind the image nor the room for bss are left
 * executable, or shown in bss. */
static void shows_nothing_of_what_follows_in_the_file(void **state)
{
    enum { MUCH = 400 * 1024 };
    static char more[MUCH];
    struct fixture *f = *state;
    char access[5];

    memset(more, 'm', sizeof(more));
    fixture_write(f, PAGE);
    assert_int_equal(pwrite(f->fd, more, MUCH, (off_t)f->source.file_size),
                     MUCH);
    f->source.file_size += MUCH;
    assert_int_equal(fixture_link(f), STATUS_OK);
    assert_int_equal(fixture_api(f)->bump(), 8);
    for (size_t i = 0; i < SAMPLE_LARGE_SIZE; i++)
        assert_int_equal(fixture_api(f)->large[i], 0);
    maps_access(f->image.mapping + f->image.mapping_size - 1, access);
    assert_string_equal(access, "rw-p");
}

/* To unmap little costs more than it frees. Where images are made for larger
 * pages than the kernel's, nothing that follows is mapped. */
static void unmaps_much_that_follows_in_the_file(void **state)
{
    enum { ROOM = 65536 };
    const bool is_whole = machine_host()->page_size <= PAGE;
    struct fixture *f = *state;
    size_t end;

    fixture_write(f, 0);
    end = (size_t)f->source.image_span;
    for (size_t more = 0; more <= PAGE; more += PAGE) {
        f->source.file_size = end + ROOM + more;
        assert_int_equal(ftruncate(f->fd, (off_t)f->source.file_size), 0);
        assert_int_equal(fixture_link(f), STATUS_OK);
        assert_int_equal(f->image.mapping_size,
                         is_whole && !more ? end + 2 * ROOM : end);
        assert_int_equal(fixture_api(f)->bump(), 8);
        load_release(&f->image);
    }
}

static void leaves_nothing_of_what_is_refused(void **state)
{
    struct fixture *f = *state;
    struct image before;

    fixture_write(f, 0);
    f->source.text_span = 1;
    load_open(&f->source, &f->image);
    before = f->image;
    assert_int_equal(load_map(&f->source, &f->image, &f->err), STATUS_CORRUPT);
    assert_null(f->image.mapping);
    if (before.mapping) /* nothing is open yet where pages may be large */
        assert_false(maps_overlap(before.mapping, before.mapping_size));
}

/* ---- Start and stop ---- */

static void runs_constructors_in_order_with_arguments(void **state)
{
    struct fixture *f = *state;

    fixture_load(f);
    assert_int_equal(n_notes, 0);
    load_start(&f->image);
    assert_int_equal(n_notes, 2);
    assert_int_equal(notes[0], 10);
    assert_int_equal(notes[1], 11);
    assert_int_equal(fixture_api(f)->argc, 0);
    assert_non_null(fixture_api(f)->argv);
    assert_null(fixture_api(f)->argv[0]);
    assert_ptr_equal(fixture_api(f)->envp, environ);
}

static void runs_handlers_then_destructors_in_reverse_order(void **state)
{
    struct fixture *f = *state;

    fixture_load(f);
    load_start(&f->image);
    fixture_api(f)->register_handler();
    notes_clear();
    load_stop(&f->image);
    assert_int_equal(n_notes, 3);
    assert_int_equal(notes[0], 30);
    assert_int_equal(notes[1], 20);
    assert_int_equal(notes[2], 21);
    load_stop(&f->image); /* is stopped */
    assert_int_equal(n_notes, 3);
}

static void stops_only_what_was_started(void **state)
{
    struct fixture *f = *state;

    fixture_load(f);
    load_stop(&f->image);
    assert_int_equal(n_notes, 0);
}

static void knows_whether_the_image_registers_handlers(void **state)
{
    struct fixture *f = *state;
    const char *strings;
    char *name = NULL;

    fixture_load(f);
    assert_true(f->image.registers_at_exit);
    load_release(&f->image);
    /* The same image, with that import under another name. */
    strings = (char *)f->bytes + fixture_tag(f, DT_STRTAB)->d_un.d_ptr;
    for (size_t i = 0; i < fixture_tag(f, DT_STRSZ)->d_un.d_val; i++)
        if (strcmp(strings + i, "__cxa_atexit") == 0)
            name = (char *)(uintptr_t)strings + i;
    assert_non_null(name);
    name[11] = 'x';
    imports_find(&f->imports, "__cxa_atexit")->name = "__cxa_atexix";
    fixture_load(f);
    assert_false(f->image.registers_at_exit);
}

/* ---- noexec ---- */

static unsigned count_descriptors(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < 64; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void runs_a_copy_where_the_file_may_not_be_executed(void **state)
{
    static const int reasons[] = {EPERM, EACCES};
    struct fixture *f = *state;

    for (size_t i = 0; i < 2; i++) {
        unsigned n_descriptors;

        fixture_write(f, 2 * PAGE);
        n_descriptors = count_descriptors();
        mapping_calls_reset();
        mapping_calls.refuse_exec_fd = f->fd;
        mapping_calls.fail_errno = reasons[i];
        assert_int_equal(fixture_link(f), STATUS_OK);
        assert_int_equal(count_descriptors(), n_descriptors);
        assert_int_equal(load_prefix(&f->image).size, 2 * PAGE);
        assert_int_equal(load_prefix(&f->image).data[0], 'p');
        assert_int_equal(fixture_api(f)->add_imported(40, 2), 42);
        assert_int_equal(fixture_api(f)->bump(), 8);
        load_release(&f->image);
    }
}

/* In a process of its own, as its mounts are. 77: cannot be tried here. */
static int load_from_noexec_mount(struct fixture *f, const char *directory)
{
    char path[256];
    int fd;

    if (unshare(CLONE_NEWNS) ||
        mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ||
        mount("tmpfs", directory, "tmpfs", MS_NOEXEC, NULL))
        return 77;
    snprintf(path, sizeof(path), "%s/image", directory);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || pwrite(fd, f->bytes, f->size, 0) != (ssize_t)f->size)
        return 1;
    f->source.fd = fd;
    if (fixture_link(f))
        return 2;
    return fixture_api(f)->add_imported(40, 2) == 42 ? 0 : 3;
}

static void runs_from_a_file_system_mounted_noexec(void **state)
{
    struct fixture *f = *state;
    char directory[] = P_tmpdir "/test_load.XXXXXX";
    int wait_status;
    pid_t child;

    fixture_write(f, 0);
    assert_non_null(mkdtemp(directory));
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(load_from_noexec_mount(f, directory));
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    rmdir(directory);
    assert_true(WIFEXITED(wait_status));
    if (WEXITSTATUS(wait_status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(wait_status), 0);
}

/* ---- Bytes in memory ---- */

static void needs_the_bytes_no_longer_than_to_load(void **state)
{
    struct fixture *f = *state;
    char access[5];

    fixture_write(f, 2 * PAGE);
    assert_int_equal(fixture_link(f), STATUS_OK);
    memset(f->file, 0xcc, (size_t)f->source.file_size);
    free(f->file);
    f->file = NULL;
    load_start(&f->image);
    assert_int_equal(fixture_api(f)->add_imported(40, 2), 42);
    assert_int_equal(fixture_api(f)->bump(), 8);
    assert_int_equal(load_prefix(&f->image).data[0], 'p');
    maps_access(f->image.head, access);
    assert_string_equal(access, "r-xp");
    load_stop(&f->image);
}

/* Memory; code, then RELRO made read-only. */
static void maps_nothing_but_memory(void **state)
{
    struct fixture *f = *state;

    fixture_write(f, PAGE);
    mapping_calls_reset();
    assert_int_equal(fixture_link(f), STATUS_OK);
    assert_int_equal(mapping_calls.n_mmap, 1);
    assert_int_equal(mapping_calls.n_mprotect, 2);
    assert_false(mapping_calls.writable_and_executable);
}

#define CASE(test, shape, path)                                                \
    {                                                                          \
#test " (" shape ")", test, fixture_setup, fixture_teardown,           \
            (void *)(uintptr_t)(path)                                          \
    }
#define IN_MEMORY(test)                                                        \
    {#test " (in memory, gnu)", test, fixture_setup_memory, fixture_teardown,  \
     (void *)(uintptr_t)LOAD_SAMPLE_GNU},                                      \
    {                                                                          \
#test " (in memory, house)", test, fixture_setup_memory,               \
            fixture_teardown, (void *)(uintptr_t)LOAD_SAMPLE_HOUSE             \
    }
#define LARGE(test)                                                            \
    CASE(test, "gnu", LOAD_SAMPLE_GNU), CASE(test, "house", LOAD_SAMPLE_HOUSE)
#define SMALL(test)                                                            \
    CASE(test, "small gnu", LOAD_SAMPLE_SMALL_GNU),                            \
        CASE(test, "small house", LOAD_SAMPLE_SMALL_HOUSE)
#define ALL(test) LARGE(test), SMALL(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALL(calls_functions_of_the_image),
        LARGE(calls_indirect_functions_when_all_else_is_relocated),
        ALL(relocates_data_of_every_kind),
        ALL(gives_zeros_for_all_of_a_large_bss),
        ALL(takes_no_memory_for_a_span_that_is_not_used),
        ALL(gives_each_instance_its_own_data),
        ALL(loads_from_any_offset_in_the_file),
        ALL(aligns_beyond_the_page),
        ALL(gives_no_address_outside_the_span),
        ALL(asks_once_for_each_import),
        ALL(leaves_an_unknown_weak_import_zero),
        ALL(binds_a_known_weak_import),
        ALL(names_the_one_missing_import),
        ALL(says_who_wants_what_is_missing),
        ALL(tells_of_every_missing_import_and_names_eight),
        CASE(counts_the_names_that_it_has_no_room_for, "small house",
             LOAD_SAMPLE_SMALL_HOUSE),
        ALL(protects_relro_and_nothing_else),
        ALL(never_has_memory_writable_and_executable),
        ALL(unmaps_everything_on_release),
        ALL(makes_few_system_calls),
        ALL(makes_few_mappings),
        CASE(makes_fewer_mappings_of_small_data, "small house",
             LOAD_SAMPLE_SMALL_HOUSE),
        ALL(makes_few_system_calls_for_aligned_images),
        ALL(shows_nothing_of_what_follows_in_the_file),
        CASE(leaves_nothing_of_what_is_refused, "house", LOAD_SAMPLE_HOUSE),
        CASE(unmaps_much_that_follows_in_the_file, "house", LOAD_SAMPLE_HOUSE),
        ALL(runs_constructors_in_order_with_arguments),
        ALL(runs_handlers_then_destructors_in_reverse_order),
        ALL(stops_only_what_was_started),
        ALL(knows_whether_the_image_registers_handlers),
        ALL(runs_a_copy_where_the_file_may_not_be_executed),
        ALL(runs_from_a_file_system_mounted_noexec),
        IN_MEMORY(calls_functions_of_the_image),
        IN_MEMORY(calls_indirect_functions_when_all_else_is_relocated),
        IN_MEMORY(relocates_data_of_every_kind),
        IN_MEMORY(gives_zeros_for_all_of_a_large_bss),
        IN_MEMORY(gives_each_instance_its_own_data),
        IN_MEMORY(loads_from_any_offset_in_the_file),
        IN_MEMORY(aligns_beyond_the_page),
        IN_MEMORY(protects_relro_and_nothing_else),
        IN_MEMORY(never_has_memory_writable_and_executable),
        IN_MEMORY(unmaps_everything_on_release),
        IN_MEMORY(runs_handlers_then_destructors_in_reverse_order),
        IN_MEMORY(needs_the_bytes_no_longer_than_to_load),
        IN_MEMORY(maps_nothing_but_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
