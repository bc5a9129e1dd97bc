/* Unwinding through code of images, with the unwinder that this program has:
 * that of libgcc. */
#include "load_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "load_unwind_sample.h"

#ifdef __arm__

/* What the unwinder asks for a table. */
extern const uint32_t *__gnu_Unwind_Find_exidx(uintptr_t pc, int *ret_n);

static bool is_described(const void *pc)
{
    int n = 0;
    const uint32_t *table = __gnu_Unwind_Find_exidx((uintptr_t)pc, &n);

    return table && n > 0;
}

static const void *function_of(struct _Unwind_Context *context)
{
    return (const void *)_Unwind_GetRegionStart(context);
}

#else

/* Of libgcc_s: what describes the code at pc, NULL if nothing does. */
struct dwarf_eh_bases {
    void *text_base, *data_base, *function;
};
extern const void *_Unwind_Find_FDE(void *pc, struct dwarf_eh_bases *bases);

static bool is_described(const void *pc)
{
    struct dwarf_eh_bases bases;

    return _Unwind_Find_FDE((void *)(uintptr_t)pc, &bases) != NULL;
}

static const void *function_of(struct _Unwind_Context *context)
{
    return _Unwind_FindEnclosingFunction((void *)(_Unwind_GetIP(context) - 1));
}

#endif

static struct unwind_api *api_of(struct fixture *f)
{
    const ELF_TYPE(Ehdr) *header = (const ELF_TYPE(Ehdr) *)f->bytes;
    struct unwind_api *api =
        load_address(&f->image, header->e_entry, sizeof(*api));

    assert_non_null(api);
    return api;
}

/* ---- Walking the stack ---- */

struct walk {
    const struct image *image;
    const void *caller; /* the function of this file that calls the image */
    bool saw_image, saw_frame_behind_it, saw_caller_behind_it;
};

static _Unwind_Reason_Code see_frame(struct _Unwind_Context *context,
                                     void *argument)
{
    struct walk *walk = argument;
    uintptr_t pc = _Unwind_GetIP(context) - 1;

    if (pc - (uintptr_t)walk->image->base < walk->image->span) {
        walk->saw_image = true;
    } else if (walk->saw_image) {
        walk->saw_frame_behind_it = true;
        if (function_of(context) == walk->caller)
            walk->saw_caller_behind_it = true;
    }
    return _URC_NO_REASON;
}

static void walk_stack(void *argument)
{
    _Unwind_Backtrace(see_frame, argument);
}

static __attribute__((noinline)) struct walk walk_from_image(struct fixture *f)
{
    /* Of Thumb code, bit 0 is not part of the address. */
    const uintptr_t caller = (uintptr_t)walk_from_image;
    struct walk walk = {
        .image = &f->image,
#ifdef __arm__
        .caller = (const void *)(caller & ~(uintptr_t)1),
#else
        .caller = (const void *)caller,
#endif
    };

    assert_true(api_of(f)->call(walk_stack, &walk) > 0);
    return walk;
}

static struct walk walk_elsewhere;

static void walk_stack_elsewhere(void)
{
    walk_stack(&walk_elsewhere);
}

static int setup(void **state)
{
    const int failed = fixture_setup(state);
    struct fixture *f = *state;

    if (failed)
        return failed;
    walk_elsewhere = (struct walk){.image = &f->image};
    imports_add(&f->imports, "import_in_constructor",
                (void *)walk_stack_elsewhere);
    imports_add(&f->imports, "import_in_destructor",
                (void *)walk_stack_elsewhere);
    return 0;
}

/* ---- The tests ---- */

static void walks_the_stack_through_a_started_image(void **state)
{
    struct fixture *f = *state;
    struct walk walk;

    fixture_load(f);
    walk = walk_from_image(f);
    assert_false(walk.saw_caller_behind_it); /* nobody knows the image yet */
    load_start(&f->image);
    walk = walk_from_image(f);
    assert_true(walk.saw_image);
    assert_true(walk.saw_caller_behind_it);
    load_stop(&f->image);
}

/* To the loader, that is: it has no unwind table itself where it is built for
 * size. On ARM a walk ends before such a frame, and before one of an image that
 * the unwinder does not know. */
static bool saw_all(const struct walk *walk)
{
#ifdef __arm__
    return walk->saw_image;
#else
    return walk->saw_frame_behind_it;
#endif
}

static void walks_the_stack_from_constructors_and_destructors(void **state)
{
    struct fixture *f = *state;

    fixture_load(f);
    load_start(&f->image);
    assert_true(saw_all(&walk_elsewhere));
    walk_elsewhere.saw_image = walk_elsewhere.saw_frame_behind_it = false;
    load_stop(&f->image);
    assert_true(saw_all(&walk_elsewhere));
}

static void forgets_an_image_that_is_stopped_or_released(void **state)
{
    struct fixture *f = *state;
    const void *pc;

    fixture_load(f);
    pc = (const void *)(uintptr_t)api_of(f)->call;
    assert_false(is_described(pc));
    load_start(&f->image);
    assert_true(is_described(pc));
    load_stop(&f->image);
    assert_false(is_described(pc));
    load_start(&f->image);
    assert_true(is_described(pc));
    load_release(&f->image);
    assert_false(is_described(pc));
}

static void forgets_a_thousand_images(void **state)
{
    struct fixture *f = *state;

    fixture_write(f, 0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(fixture_link(f), STATUS_OK);
        load_start(&f->image);
        /* From here on the unwinder has looked at it. */
        if (i % 100 == 0)
            assert_true(walk_from_image(f).saw_caller_behind_it);
        if (i % 2 == 0)
            load_stop(&f->image);
        load_release(&f->image);
    }
    assert_int_equal(fixture_link(f), STATUS_OK);
    load_start(&f->image);
    assert_true(walk_from_image(f).saw_caller_behind_it);
}

/* ---- Throwing ---- */

struct flight {
    const struct unwind_api *api;
    int n_cleanups;
};

static void clean_up(struct flight **flight)
{
    (*flight)->n_cleanups++;
}

static void leave_thread(void *argument)
{
    __attribute__((cleanup(clean_up))) struct flight *flight = argument;

    (void)flight;
    pthread_exit(NULL);
}

static void *fly(void *argument)
{
    __attribute__((cleanup(clean_up))) struct flight *flight = argument;

    flight->api->call(leave_thread, flight);
    return NULL;
}

/* As C++ does it: cleanups of the host are run on both sides of the image. */
static void throws_through_an_image(void **state)
{
    struct fixture *f = *state;
    struct flight flight = {0};
    pthread_t thread;

    fixture_load(f);
    load_start(&f->image);
    flight.api = api_of(f);
    assert_int_equal(pthread_create(&thread, NULL, fly, &flight), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(flight.n_cleanups, 2);
    load_stop(&f->image);
}

/* ---- Refusals ---- */

static void refuses(struct fixture *f)
{
    fixture_write(f, PAGE);
    assert_int_equal(fixture_link(f), STATUS_CORRUPT);
    assert_non_null(strstr(f->err.message, "unwind table at 0x"));
    load_release(&f->image);
}

#ifdef __arm__

static void refuses_a_table_that_leads_elsewhere(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Phdr) *header = fixture_segment(f, PT_ARM_EXIDX, 0);
    const ELF_TYPE(Phdr) good = *header;

    header->p_memsz = good.p_memsz + 4;
    refuses(f);
    header->p_memsz = ADDRESS_MAX / 8 * 8;
    refuses(f);
    *header = good;
    header->p_vaddr = good.p_vaddr + 2;
    refuses(f);
    header->p_vaddr = 0; /* the ELF header */
    refuses(f);
    header->p_vaddr = fixture_segment(f, PT_LOAD, 1)->p_vaddr & -4u;
    refuses(f);
    header->p_vaddr = ADDRESS_MAX - 3;
    refuses(f);
    *header = good;
    fixture_load(f);
}

#else

static void refuses_a_table_that_leads_elsewhere(void **state)
{
    struct fixture *f = *state;
    ELF_TYPE(Phdr) *header = fixture_segment(f, PT_GNU_EH_FRAME, 0);
    const ELF_TYPE(Phdr) good = *header;
    uint8_t *bytes = f->bytes + header->p_offset;
    int32_t pointer;

    bytes[0] = 2; /* version */
    refuses(f);
    bytes[0] = 1;
    bytes[1] = 0xff; /* encoding */
    refuses(f);
    bytes[1] = 0x1b;
    memcpy(&pointer, bytes + 4, 4);
    memcpy(bytes + 4, &(int32_t){pointer + 1}, 4);
    refuses(f);
    memcpy(bytes + 4, &(int32_t){-4 - (int32_t)header->p_vaddr}, 4);
    refuses(f); /* the ELF header */
    memcpy(bytes + 4, &(int32_t){INT32_MIN}, 4);
    refuses(f);
    memcpy(bytes + 4,
           &(int32_t){(int32_t)(fixture_segment(f, PT_LOAD, 1)->p_vaddr -
                                header->p_vaddr) /
                      4 * 4},
           4);
    refuses(f); /* the data */
    memcpy(bytes + 4, &pointer, 4);
    header->p_memsz = 7;
    refuses(f);
    *header = good;
    header->p_vaddr = f->span - 8;
    refuses(f);
    header->p_vaddr = ADDRESS_MAX - 3;
    refuses(f);
    *header = good;
    fixture_load(f);
}

#endif

#define CASE(test)                                                             \
    {                                                                          \
#test, test, setup, fixture_teardown,                                  \
            (void *)(uintptr_t)LOAD_UNWIND_SAMPLE                              \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(walks_the_stack_through_a_started_image),
        CASE(walks_the_stack_from_constructors_and_destructors),
        CASE(forgets_an_image_that_is_stopped_or_released),
        CASE(forgets_a_thousand_images),
        CASE(throws_through_an_image),
        CASE(refuses_a_table_that_leads_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
