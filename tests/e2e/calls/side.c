/* One side of the calls that generate.py made. It is compiled with SIDE set to
 * script and to runtime (by clang, to bitcode) and to native (by gcc, to a
 * shared library). A side has a table of its functions, which check their
 * arguments, and calls those of any table, checking what they return. Sides
 * that are no library call those of native by name as well. */
#include <stdarg.h>
#include <stdio.h>

#include "calls.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define OWN(name)   JOIN(SIDE, name)
#define TEXT_(a)    #a
#define TEXT(a)     TEXT_(a)

#define FUNCTION_TYPE(n) fn_##n *f_##n;
struct table {
    EACH_CASE(FUNCTION_TYPE)
};

static int n_checked, n_wrong;

/* place: of the argument; -1: what was returned. */
static void check(int right, const char *what, int number, int place)
{
    n_checked++;
    if (right)
        return;
    n_wrong++;
    printf("%s: case %d, place %d: not %s\n", TEXT(SIDE), number, place, what);
}
#define CHECK(right, ...) check(right, #right, __VA_ARGS__)

#define CALLEE(n)                                                              \
    fn_##n OWN(_f_##n);                                                        \
    __attribute__((noinline)) CALLEE_##n(OWN(_f_##n))
EACH_CASE(CALLEE)

#define ROW(n) OWN(_f_##n),
extern const struct table OWN(_table);
const struct table OWN(_table) = {EACH_CASE(ROW)};

void OWN(_calls)(const struct table *table);
void OWN(_calls)(const struct table *table)
{
#define CALL(n) CALL_##n(table->f_##n);
    EACH_CASE(CALL)
}

#ifdef CALLS_NATIVE
#define DECLARE(n) fn_##n native_f_##n;
EACH_CASE(DECLARE)

void OWN(_calls_by_name)(void);
void OWN(_calls_by_name)(void)
{
#define CALL_NAME(n) CALL_##n(native_f_##n);
    EACH_CASE(CALL_NAME)
}
#endif

/* How many checks there were; the wrong ones are added to *n. */
int OWN(_checked)(int *n);
int OWN(_checked)(int *n)
{
    *n += n_wrong;
    return n_checked;
}

#ifdef WITH_MAIN
extern const struct table native_table, runtime_table;
void native_calls(const struct table *), runtime_calls(const struct table *);
void runtime_calls_by_name(void);
int native_checked(int *), runtime_checked(int *);

int main(void)
{
    /* The compiler is not to see which functions are called. */
    const struct table *volatile script = &script_table;
    const struct table *volatile native = &native_table;
    const struct table *volatile runtime = &runtime_table;
    int checked, wrong = 0;

    script_calls_by_name();
    runtime_calls_by_name();
    script_calls(native);
    script_calls(runtime);
    runtime_calls(script);
    runtime_calls(native);
    native_calls(script);
    native_calls(runtime);
    checked = script_checked(&wrong) + native_checked(&wrong) +
              runtime_checked(&wrong);
    printf("%d checks, %d wrong\n", checked, wrong);
    return wrong != 0 || checked == 0;
}
#endif
