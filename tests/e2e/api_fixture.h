/* Shared by the API tests: a directory of their own, files in it, and checks
 * that print their facts. */
#ifndef BCC_E2E_API_FIXTURE_H
#define BCC_E2E_API_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <bcc/bcc.h>

enum { PATH_SIZE = 512 };

struct fixture {
    char dir[PATH_SIZE];   /* of this test, removed after it */
    char cache[PATH_SIZE]; /* in it, mode 0700, empty */
    const void *parameter; /* the initial state of the test, if it had one */
};

/* cmocka's setup and teardown. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Path of a file of the test's directory. */
struct path {
    char text[PATH_SIZE * 2];
};
struct path fixture_path(const struct fixture *f, const char *name);

/* Path of one of the bitcode files of this folder, "answer.bc". */
struct path bitcode_path(const char *name);

/* Whole files; they fail the test if they cannot. The bytes are the caller's
 * to free. */
char *read_whole(const char *path, size_t *ret_size);
void write_whole(const char *path, const void *data, size_t size);
void copy_whole(const char *from, const char *to);

/* The error code, which is reset. */
int take_error(BCCScriptRef script);

/* The last call returned `result`: it failed with this code, and there is a
 * message. */
void assert_fails(BCCScriptRef script, int result, int code);

/* It succeeded. */
void assert_succeeds(BCCScriptRef script, int result);

/* What the last prepare said: BCC_CACHE_... */
void assert_cache(BCCScriptRef script, int expected);
BCCReport report_of(BCCScriptRef script);

/* Options for every script that is to run. Defaults, but that $BCC_TEST_CPU
 * may name the CPU: valgrind has one of its own. */
BCCOptions runnable_options(void);

/* A new script with those options. */
BCCScriptRef new_script(void);

/* The same of one file and at most one library. */
BCCScriptRef open_script(const char *path, const char *library);

/* The int that a function of the script without parameters returns. */
int call(BCCScriptRef script, const char *function);

#endif
