/* What lib/loader does for each machine in a way of its own: registers of TLS
 * descriptors, arguments of resolvers, guarded branches, ABIs of one ELF
 * number. */
#include "load_fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load_guard_sample.h"
#include "tls.h"
#include "tls_descriptor.h"

/* ---- TLS descriptors ---- */

#if MACHINE_HAS_TLS_DESCRIPTOR

extern uintptr_t descriptor_call(const void *pair, void *registers);

enum { REGISTERS_SIZE = 1024 };

struct call {
    const void *pair;
    void *address; /* of the variable that was found */
    bool is_intact;
};

static bool can_call(void)
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx");
#else
    return true;
#endif
}

static void call_descriptor(void *argument)
{
    struct call *call = argument;
    _Alignas(64) uint8_t before[REGISTERS_SIZE], after[REGISTERS_SIZE];

    for (size_t i = 0; i < sizeof(before); i++)
        before[i] = (uint8_t)(i * 37 + 11);
    memcpy(after, before, sizeof(after));
    call->address =
        (void *)(machine_thread_pointer() + descriptor_call(call->pair, after));
    call->is_intact = memcmp(before, after, sizeof(after)) == 0;
}

/* The first call of a thread makes its block. */
static void call_twice(void *argument)
{
    struct call *call = argument;
    void *first;
    bool was_intact;

    call_descriptor(call);
    first = call->address;
    was_intact = call->is_intact;
    call_descriptor(call);
    call->is_intact = call->is_intact && was_intact && call->address == first &&
                      memcmp(first, "aligned", 8) == 0;
}

static void keeps_all_registers_in_calls_of_descriptors(void **state)
{
    struct fixture *f = *state;
    struct tls_variable variable = {.name = "aligned"};
    struct tls_descriptor pair;
    struct call call = {.pair = &pair};
    void *here;

    if (!can_call())
        skip();
    fixture_load(f);
    here = fixture_tls_api(f)->aligned();
    variable.index.module = (uintptr_t)f->image.tls;
    assert_int_equal(
        tls_descriptor_make(
            &variable,
            (uintptr_t)((char *)here - (char *)tls_own_block(f->image.tls)),
            "sample", &pair, &f->err),
        STATUS_OK);
    call_twice(&call);
    assert_true(call.is_intact);
    assert_ptr_equal(call.address, here);
    for (int i = 0; i < 3; i++) {
        do_in_thread(call_twice, &call);
        assert_true(call.is_intact);
        assert_ptr_not_equal(call.address, here);
    }
}

static void finds_the_slot_of_each_image(void **state)
{
    struct fixture *f = *state;
    struct tls_variable variable = {.name = "number"};
    struct tls_descriptor pairs[5];
    struct image images[5];
    struct call call;

    if (!can_call())
        skip();
    fixture_write(f, 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(load_map(&f->source, &images[i], &f->err), STATUS_OK);
        assert_int_equal(
            load_link(&f->source, &images[i], &f->binding, &f->err), STATUS_OK);
        variable.index.module = (uintptr_t)images[i].tls;
        assert_int_equal(
            tls_descriptor_make(&variable, 0, "sample", &pairs[i], &f->err),
            STATUS_OK);
    }
    for (int i = 4; i >= 0; i--) {
        call.pair = &pairs[i];
        call_descriptor(&call);
        assert_ptr_equal(call.address, tls_own_block(images[i].tls));
    }
    for (int i = 0; i < 5; i++)
        load_release(&images[i]);
}

/* An entry for the word of a module becomes one for a descriptor. */
static const void *make_descriptor(struct fixture *f, bool is_import)
{
    machine_reloc *entry = fixture_reloc(f, TEST_R_DTPMOD);

    while (ELF_R_TYPE(entry->r_info) != TEST_R_DTPMOD ||
           (ELF_R_SYM(entry->r_info) != 0) != is_import)
        entry++;
    entry->r_info = ELF_R_INFO(ELF_R_SYM(entry->r_info), TEST_R_TLSDESC);
    fixture_load(f);
    return load_address(&f->image, entry->r_offset, 2 * WORD);
}

static void makes_descriptors_where_images_ask_for_them(void **state)
{
    struct fixture *f = *state;
    struct call call;

    if (!can_call())
        skip();
    call.pair = make_descriptor(f, false);
    call_descriptor(&call);
    assert_true(call.is_intact);
    assert_ptr_equal(call.address, tls_own_block(f->image.tls));
}

static void refuses_descriptors_outside_the_data(void **state)
{
    struct fixture *f = *state;
    const ELF_TYPE(Phdr) *data = fixture_segment(f, PT_LOAD, 1);
    machine_reloc *entry = fixture_reloc(f, TEST_R_DTPMOD);

    while (data[1].p_type == PT_LOAD)
        data++;
    entry->r_info = ELF_R_INFO(0, TEST_R_TLSDESC);
    entry->r_offset = data->p_vaddr + data->p_memsz - WORD;
    fixture_write(f, 0);
    assert_int_equal(fixture_link(f), STATUS_CORRUPT);
    assert_non_null(strstr(f->err.message, "in no writable segment"));
}

static void refuses_offsets_that_no_descriptor_holds(void **state)
{
    struct fixture *f = *state;
    machine_reloc *entry = fixture_reloc(f, TEST_R_DTPMOD);

    entry->r_info = ELF_R_INFO(0, TEST_R_TLSDESC);
    fixture_set_addend(f, entry, UINT64_C(1) << 31);
    fixture_write(f, 0);
    assert_int_equal(fixture_link(f), STATUS_UNSUPPORTED);
    assert_non_null(strstr(f->err.message, "does not fit a descriptor"));
}

#endif

/* ---- Resolvers ---- */

static uintptr_t seen[2];

#if defined(__aarch64__)

static uint64_t seen_more[3];

static uintptr_t resolve(uint64_t hwcap, const uint64_t *more)
{
    seen[0] = hwcap;
    memcpy(seen_more, more, sizeof(seen_more));
    return 42;
}

static void gives_resolvers_their_arguments(void **state)
{
    volatile uintptr_t resolver = (uintptr_t)resolve;

    (void)state;
    assert_int_equal(machine_call_resolver(resolver), 42);
    assert_true(seen[0] == (getauxval(AT_HWCAP) | UINT64_C(1) << 62));
    assert_int_equal(seen_more[0], sizeof(seen_more));
    assert_true(seen_more[1] == getauxval(AT_HWCAP));
    assert_true(seen_more[2] == getauxval(AT_HWCAP2));
}

#else

static uintptr_t resolve(uintptr_t first, uintptr_t second)
{
    seen[0] = first;
    seen[1] = second;
    return 42;
}

static void gives_resolvers_their_arguments(void **state)
{
    volatile uintptr_t resolver = (uintptr_t)resolve;

    (void)state;
    assert_int_equal(machine_call_resolver(resolver), 42);
#ifndef __x86_64__
    assert_true(seen[0] == getauxval(AT_HWCAP));
#endif
#ifdef __riscv
    assert_true(seen[1] == 0);
#endif
}

#endif

/* ---- AArch64: landing pads ---- */

#ifdef LOAD_GUARD_SAMPLE

static struct guard_api *guard_api(struct fixture *f)
{
    return load_address(&f->image, ((ELF_TYPE(Ehdr) *)f->bytes)->e_entry,
                        sizeof(struct guard_api));
}

/* The signal that ends a process which calls function, 0 if it returns 2. */
static int signal_of_call(int (*function)(void))
{
    int wait_status;
    const pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};

        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGILL, SIG_DFL);
        _exit(function() != 2);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    return WIFSIGNALED(wait_status) ? WTERMSIG(wait_status)
                                    : -WEXITSTATUS(wait_status);
}

static void guards_branches_where_the_note_asks_for_it(void **state)
{
    struct fixture *f = *state;

    if (!(getauxval(AT_HWCAP2) & 1ul << 17))
        skip();
    mapping_calls_reset();
    fixture_load(f);
    assert_false(mapping_calls.writable_and_executable);
    assert_int_equal(guard_api(f)->padded(), 1);
    assert_int_equal(signal_of_call(guard_api(f)->bare), SIGILL);
}

static void guards_nothing_without_the_note(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Phdr) *note = fixture_segment(f, PT_GNU_PROPERTY, 0);

    f->bytes[note->p_offset + 24] &= 0xfe; /* the row's value */
    fixture_load(f);
    assert_int_equal(guard_api(f)->padded(), 1);
    assert_int_equal(signal_of_call(guard_api(f)->bare), 0);
}

static void refuses_a_note_outside_the_text(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Phdr) *note = fixture_segment(f, PT_GNU_PROPERTY, 0);
    const ELF_TYPE(Phdr) good = *note;

    for (int i = 0; i < 4; i++) {
        *note = good;
        switch (i) {
        case 0:
            note->p_memsz = 8;
            break;
        case 1:
            note->p_memsz = f->span;
            break;
        case 2:
            note->p_vaddr = ADDRESS_MAX - 3;
            break;
        default:
            f->bytes[note->p_offset + 4] = 0xff; /* size of the rows */
            break;
        }
        fixture_write(f, 0);
        assert_int_equal(fixture_link(f), STATUS_CORRUPT);
        assert_non_null(strstr(f->err.message, "property note at 0x"));
        load_release(&f->image);
    }
}

#endif

/* ---- ABIs of one ELF number ---- */

#if defined(__arm__) || defined(__riscv)

static void refuses_code_of_another_float_abi(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Ehdr) *header = (ELF_TYPE(Ehdr) *)f->bytes;

#ifdef __arm__
    header->e_flags =
        MACHINE_ELF_FLAGS ^ (EF_ARM_ABI_FLOAT_SOFT | EF_ARM_ABI_FLOAT_HARD);
#else
    header->e_flags &= ~(uint32_t)EF_RISCV_FLOAT_ABI;
#endif
    fixture_write(f, 0);
    assert_int_equal(fixture_link(f), STATUS_UNSUPPORTED);
    assert_non_null(strstr(f->err.message, "sample: image is for another ABI"));
    assert_non_null(strstr(f->err.message, machine_host()->triple));
}

#endif

#define CASE(test, setup, path)                                                \
    {                                                                          \
#test, test, setup, fixture_teardown, (void *)(uintptr_t)(path)        \
    }
#define PLAIN(test, path) CASE(test, fixture_setup, path)
#define TLS(test)         CASE(test, fixture_setup_tls, LOAD_TLS_SAMPLE_64)

int main(void)
{
    const struct CMUnitTest tests[] = {
#if MACHINE_HAS_TLS_DESCRIPTOR
        TLS(keeps_all_registers_in_calls_of_descriptors),
        TLS(finds_the_slot_of_each_image),
        TLS(makes_descriptors_where_images_ask_for_them),
        TLS(refuses_descriptors_outside_the_data),
        TLS(refuses_offsets_that_no_descriptor_holds),
#endif
        cmocka_unit_test(gives_resolvers_their_arguments),
#ifdef LOAD_GUARD_SAMPLE
        PLAIN(guards_branches_where_the_note_asks_for_it, LOAD_GUARD_SAMPLE),
        PLAIN(guards_nothing_without_the_note, LOAD_GUARD_SAMPLE),
        PLAIN(refuses_a_note_outside_the_text, LOAD_GUARD_SAMPLE),
#endif
#if defined(__arm__) || defined(__riscv)
        PLAIN(refuses_code_of_another_float_abi, LOAD_SAMPLE_GNU),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
