/* compile() on inputs written as LLVM assembly in the test. */
#ifndef BCC_TESTS_COMPILE_FIXTURE_H
#define BCC_TESTS_COMPILE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compile.h"

enum { FIXTURE_MAX = 8 };

struct compile_fixture {
    struct request request; /* x86_64, cpu x86-64, -O2 */
    struct request_input inputs[FIXTURE_MAX];
    struct span bytes[FIXTURE_MAX];
    struct library_index indexes[FIXTURE_MAX]; /* what they became */
    const char *marks[FIXTURE_MAX];
    struct compile_limits limits; /* as the test's CMakeLists.txt has them */
    make_parts_fn make_parts;     /* bccc's */
    bool shares_module;           /* see compile_ways */
    struct compile_result result;
    struct error err;
};

/* cmocka's setup and teardown; the state is the fixture. */
int compile_fixture_setup(void **state);
int compile_fixture_teardown(void **state);

/* The first input is the script, the others are libraries. Bytes and text are
 * borrowed. */
void compile_fixture_add(struct compile_fixture *f, const char *name,
                         struct span bytes);
void compile_fixture_add_text(struct compile_fixture *f, const char *name,
                              const char *text);
/* The same as an object, which is linked whole. */
void compile_fixture_add_object(struct compile_fixture *f, const char *name,
                                const char *text);
void compile_fixture_mark(struct compile_fixture *f, const char *name);

/* Forget inputs, marks and the result. */
void compile_fixture_reset(struct compile_fixture *f);

/* With the indexes as they are; the other forgets them and the result. */
enum status compile_fixture_run_on(struct compile_fixture *f);
enum status compile_fixture_run(struct compile_fixture *f);
void assert_compiles(struct compile_fixture *f);

/* The message is checked for the text `part`. */
void assert_refused(struct compile_fixture *f, enum status status,
                    const char *part);

/* NULL if the list has no such name. */
const struct cache_symbol *find_export(const struct cache_symbol *symbols,
                                       size_t n, const char *name);
const struct link_symbol *find_function(const struct compile_fixture *f,
                                        const char *name);
const struct link_symbol *find_object(const struct compile_fixture *f,
                                      const char *name);
const struct link_import *find_import(const struct compile_fixture *f,
                                      const char *name);

/* Bitcode of the assembly text; free() it. */
struct span make_bitcode(const char *text);

#endif
