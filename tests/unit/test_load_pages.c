/* Pages of other sizes than those of this system, which have a say in whether
 * an image is accepted; and one image on whatever this system has. */
#include "load_fixture.h"

#include <string.h>

#include "exec_memory.h"
#include "image_view.h"

enum { LARGEST_PAGE = 65536 };

static uint64_t to_page(uint64_t size, uint64_t page)
{
    return (size + page - 1) / page * page;
}

static enum status view_with_pages(struct fixture *f, uint64_t page_size)
{
    const struct image_space space = {
        .base = f->bytes,
        .image_size = f->size,
        .text_span = to_page(f->text_span, page_size),
        .span = to_page(f->span, page_size),
        .page_size = page_size,
    };
    struct image_view view;

    return image_view_read_headers("sample", &space, &view, &f->err);
}

static void one_image_fits_pages_of_every_size(void **state)
{
    struct fixture *f = *state;

    for (uint64_t size = 4096; size <= LARGEST_PAGE; size *= 4)
        if (view_with_pages(f, size))
            fail_msg("%s", f->err.message);
}

static void refuses_an_image_of_smaller_pages(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(view_with_pages(f, 4096), STATUS_OK);
    assert_int_equal(view_with_pages(f, LARGEST_PAGE), STATUS_CORRUPT);
    assert_non_null(strstr(f->err.message, "sample: segment at 0x"));
    assert_non_null(strstr(f->err.message, "shares a page"));
}

/* Whatever the pages of this system are: CMakeLists.txt runs this with pages of
 * 4, 16 and 64 KiB where it can. */
static void runs_an_image_of_the_largest_pages(void **state)
{
    struct fixture *f = *state;
    struct sample_api *api;

    f->span = to_page(f->span, LARGEST_PAGE);
    f->text_span = to_page(f->text_span, LARGEST_PAGE);
    fixture_write(f, LARGEST_PAGE);
    f->source.image_align = LARGEST_PAGE;
    if (fixture_link(f))
        fail_msg("%s", f->err.message);
    api = fixture_api(f);
    assert_int_equal(api->add(40, 2), 42);
    assert_int_equal(api->add_imported(40, 2), 42);
    assert_int_equal(api->bump(), 8);
    assert_int_equal(api->initialized[api->n_initialized - 1],
                     api->n_initialized - 1);
    assert_int_equal((uintptr_t)f->image.base % LARGEST_PAGE, 0);
}

static void refuses_what_lies_between_its_pages(void **state)
{
    struct fixture *f = *state;
    const uint64_t page = exec_memory_page_size();

    fixture_write(f, LARGEST_PAGE);
    f->source.image_offset -= page / 2;
    f->source.image_size += page / 2;
    f->source.image_span = f->source.text_span = LARGEST_PAGE;
    assert_int_equal(load_map(&f->source, &f->image, &f->err), STATUS_CORRUPT);
    assert_non_null(strstr(f->err.message, "sample: image offset"));
    assert_non_null(strstr(f->err.message, "do not fit pages of 0x"));
}

#define CASE(test, path)                                                       \
    {                                                                          \
#test, test, fixture_setup, fixture_teardown,                          \
            (void *)(uintptr_t)(path)                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_image_fits_pages_of_every_size, LOAD_SAMPLE_PAGES),
        CASE(refuses_an_image_of_smaller_pages, LOAD_SAMPLE_GNU),
        CASE(runs_an_image_of_the_largest_pages, LOAD_SAMPLE_PAGES),
        CASE(refuses_what_lies_between_its_pages, LOAD_SAMPLE_PAGES),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
