/* Destructors that an image registers for the end of a thread, as for C++
 * objects that are thread_local. */
#include "load_fixture.h"

#include <string.h>

/* ---- Objects ---- */

/* What was destroyed, in this order; a thread at a time. */
static int destroyed[8];
static size_t n_destroyed;

static void note_destroyed(void *object)
{
    destroyed[n_destroyed++] = *(int *)object;
}

/* A job: objects 1, 2 and 3 are made in this thread. */
struct objects {
    const struct tls_api *api;
    void *dso;
    int value[3];
    int n_failed;
};

static struct objects objects_of(struct fixture *f)
{
    return (struct objects){
        .api = fixture_tls_api(f), .dso = f->image.base, .value = {1, 2, 3}};
}

static void make_objects(void *argument)
{
    struct objects *objects = argument;

    for (int i = 0; i < 3; i++)
        objects->n_failed +=
            objects->api->at_thread_exit(note_destroyed, &objects->value[i],
                                         objects->dso) != 0;
}

static void expect_destroyed_newest_first(size_t n)
{
    assert_int_equal(n_destroyed, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(destroyed[i], 3 - i % 3);
}

/* ---- The tests ---- */

static void destroys_newest_first_when_the_thread_ends(void **state)
{
    struct fixture *f = *state;
    struct objects objects;

    fixture_load(f);
    objects = objects_of(f);
    n_destroyed = 0;
    do_in_thread(make_objects, &objects);
    assert_int_equal(objects.n_failed, 0);
    expect_destroyed_newest_first(3);
}

static void stop_image(void *argument)
{
    struct fixture *f = argument;

    load_stop(&f->image);
}

static void destroys_those_of_the_stopping_thread_at_once(void **state)
{
    struct fixture *f = *state;
    struct objects objects, others;
    struct worker worker, other;

    fixture_load(f);
    load_start(&f->image);
    objects = objects_of(f);
    others = objects_of(f);
    n_destroyed = 0;
    worker_start(&worker);
    worker_start(&other);
    worker_do(&worker, make_objects, &objects);
    worker_do(&other, make_objects, &others);
    worker_do(&worker, stop_image, f);
    expect_destroyed_newest_first(3);
    worker_end(&worker); /* nothing is left */
    expect_destroyed_newest_first(3);
    worker_end(&other);
    expect_destroyed_newest_first(6);
}

/* An object of an object: made while that is destroyed. */
struct family {
    struct objects objects;
    int child;
};

static void destroy_parent(void *object)
{
    struct family *family = object;

    note_destroyed(&family->objects.value[0]);
    family->objects.n_failed +=
        family->objects.api->at_thread_exit(note_destroyed, &family->child,
                                            family->objects.dso) != 0;
}

static void make_family(void *argument)
{
    struct family *family = argument;

    family->objects.n_failed +=
        family->objects.api->at_thread_exit(destroy_parent, family,
                                            family->objects.dso) != 0;
}

static void destroys_what_destructors_make(void **state)
{
    struct fixture *f = *state;
    struct worker worker;

    fixture_load(f);
    for (int stops = 0; stops < 2; stops++) {
        struct family family = {objects_of(f), 9};

        load_start(&f->image);
        n_destroyed = 0;
        worker_start(&worker);
        worker_do(&worker, make_family, &family);
        if (stops)
            worker_do(&worker, stop_image, f);
        else
            worker_end(&worker);
        assert_int_equal(n_destroyed, 2);
        assert_int_equal(destroyed[0], 1);
        assert_int_equal(destroyed[1], 9);
        assert_int_equal(family.objects.n_failed, 0);
        if (stops)
            worker_end(&worker);
        load_stop(&f->image);
    }
    assert_int_equal(n_destroyed, 2);
}

/* A job: an object that code of the image destroys, with the number that the
 * thread has then. */
static void make_object_of_image(void *argument)
{
    struct objects *objects = argument;

    *objects->api->number() = 50;
    objects->n_failed +=
        objects->api->at_thread_exit(objects->api->destroy, &objects->value[0],
                                     objects->dso) != 0;
}

static void keeps_a_released_image_for_the_last_thread(void **state)
{
    struct fixture *f = *state;
    struct objects objects[2];
    struct worker workers[2];
    struct image image;
    int n_live;

    fixture_load(f);
    load_release(&f->image);
    n_live = allocation_calls().n_live;
    fixture_load(f);
    load_start(&f->image);
    image = f->image;
    for (int i = 0; i < 2; i++) {
        objects[i] = objects_of(f);
        worker_start(&workers[i]);
        worker_do(&workers[i], make_object_of_image, &objects[i]);
    }
    load_stop(&f->image);
    load_release(&f->image);
    assert_null(f->image.mapping);
    assert_int_equal(objects[0].value[0], 1);
    worker_end(&workers[0]);
    assert_int_equal(objects[0].value[0], 51);
    assert_true(maps_overlap(image.mapping, image.mapping_size));
    worker_end(&workers[1]);
    assert_int_equal(objects[1].value[0], 51);
    assert_false(maps_overlap(image.mapping, image.mapping_size));
    assert_int_equal(objects[0].n_failed + objects[1].n_failed, 0);
    assert_int_equal(allocation_calls().n_live, n_live);
}

static void passes_on_what_is_of_no_image(void **state)
{
    struct fixture *f = *state;
    struct objects objects;

    fixture_load(f);
    objects = objects_of(f);
    objects.dso = &import_value; /* of this program */
    n_destroyed = 0;
    do_in_thread(make_objects, &objects);
    assert_int_equal(objects.n_failed, 0);
    expect_destroyed_newest_first(3);
}

static void tells_when_there_is_no_memory(void **state)
{
    struct fixture *f = *state;
    struct objects objects;

    fixture_load(f);
    objects = objects_of(f);
    n_destroyed = 0;
    allocation_calls_fail(1);
    assert_int_not_equal(objects.api->at_thread_exit(
                             note_destroyed, &objects.value[0], objects.dso),
                         0);
    load_start(&f->image);
    load_stop(&f->image);
    assert_int_equal(n_destroyed, 0);
}

#define CASE(test)                                                             \
    {                                                                          \
#test, test, fixture_setup_tls, fixture_teardown,                      \
            (void *)(uintptr_t)LOAD_TLS_SAMPLE_64                              \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(destroys_newest_first_when_the_thread_ends),
        CASE(destroys_those_of_the_stopping_thread_at_once),
        CASE(destroys_what_destructors_make),
        CASE(keeps_a_released_image_for_the_last_thread),
        CASE(passes_on_what_is_of_no_image),
        CASE(tells_when_there_is_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
