/* The table of support routines is in order and leads to the right
 * functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "support_routines.h"
#include "symbol_hash.h"

static void *find(const char *name)
{
    return support_routine_find(name, symbol_hash(name));
}

static void is_sorted_by_name(void **state)
{
    (void)state;
    for (size_t i = 1; support_routine_name(i); i++)
        if (strcmp(support_routine_name(i - 1), support_routine_name(i)) >= 0)
            fail_msg("%s is before %s", support_routine_name(i - 1),
                     support_routine_name(i));
}

static void finds_every_row(void **state)
{
    size_t n = 0;

    (void)state;
    while (support_routine_name(n))
        assert_non_null(find(support_routine_name(n++)));
    assert_true(n > 5);
}

static void finds_nothing_else(void **state)
{
    static const char *const names[] = {
        "",       "_",
        "__",     "__divti3",
        "malloc", "memcpyx",
        "zzz",    "__stack_chk_fail_with_a_name_longer_than_a_row"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_null(find(names[i]));
}

static void leads_to_functions_of_that_name(void **state)
{
    typedef void *copy(void *, const void *, size_t);
    typedef size_t length(const wchar_t *);
    copy *copy_memory = (copy *)find("memcpy");
    length *measure = (length *)find("wcslen");
    char text[4] = "";

    (void)state;
    assert_ptr_equal(copy_memory(text, "abc", 4), text);
    assert_string_equal(text, "abc");
    assert_int_equal(measure(L"wide"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_sorted_by_name),
        cmocka_unit_test(finds_every_row),
        cmocka_unit_test(finds_nothing_else),
        cmocka_unit_test(leads_to_functions_of_that_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
