/* The samples: real scripts, their inputs, and a run of each that returns one
 * number.
 *
 * A run reaches the code through names alone, so the same run drives code that
 * libbcc loaded and code that dlopen() loaded. It sets exported variables,
 * calls functions, and hashes the results; equal numbers mean equal behaviour,
 * whichever way the code was made. */
#ifndef BCC_SAMPLES_SAMPLES_H
#define BCC_SAMPLES_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include <bcc/bcc_run.h>

enum { SAMPLE_MAX_PATH = 1024, SAMPLE_MAX_MARKS = 2 };

/* The code of a sample, as a run sees it. */
struct sample_code {
    /* Address of a function or exported variable, NULL if there is none. */
    void *(*find)(void *context, const char *name);
    void *context;
    /* Of code that is a script: kernels are run by bccForEach() and
     * bccDispatch(). NULL: native code, whose kernels are called in loops. */
    BCCScriptRef script;
    char failure[128]; /* set by a run: what went wrong; "" if nothing */
};

struct sample {
    const char *name;
    /* Bitcode: file names in the directory of the samples, or paths. */
    const char *script;
    const char *library; /* NULL: none, or what find_library says */
    /* Path of a library of the system, NULL if it is not installed. */
    const char *(*find_library)(void);
    const char *marks[SAMPLE_MAX_MARKS]; /* external symbols; may be NULL */
    unsigned long prepare_flags;
    BCCSymbolLookupFn lookup; /* may be NULL */
    const char *entry;        /* a function that every run needs */
    uint64_t (*run)(struct sample_code *code); /* NULL: is only loaded */
    uint64_t expected; /* of run; 0 where it depends on the machine */
};

/* All of them, *ret_count many. */
const struct sample *sample_table(size_t *ret_count);

/* A sample's files. */
struct sample_files {
    char script[SAMPLE_MAX_PATH];
    char library[SAMPLE_MAX_PATH]; /* "": none */
};

/* Where they are: in dir or, if that is NULL, in $BCC_SAMPLES_DIR or else the
 * directory of the build. 1 if a library of the system is not installed. */
int sample_locate(const struct sample *sample, const char *dir,
                  struct sample_files *ret_files);

/* A script with its input, callback and marks, ready to be prepared. 1 on
 * failure: see its error message. The caller disposes of *ret_script.
 * $BCC_TEST_CPU, if set, is the CPU to compile for: valgrind has one of its
 * own, which is not that of the compiler process. */
int sample_open(const struct sample *sample, const struct sample_files *files,
                BCCScriptRef *ret_script);

/* Run a prepared script. 1 on failure, which code->failure explains. */
int sample_run(const struct sample *sample, BCCScriptRef script,
               struct sample_code *code, uint64_t *ret_sum);

/* ---- For the runs ---- */

/* Address of a name; NULL, and the failure noted, if there is none. */
void *sample_find(struct sample_code *code, const char *name);

/* A kernel of code that is a script, NULL if it is not. The caller disposes of
 * it. NULL, and the failure noted, if the script has no such kernel. */
BCCKernelRef sample_kernel(struct sample_code *code, const char *name);

/* Note a failure; the first one stays. Returns 0, for `return`. */
uint64_t sample_fail(struct sample_code *code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

uint64_t run_app_1(struct sample_code *code);
uint64_t run_app_2(struct sample_code *code);
uint64_t run_magic_smoke(struct sample_code *code);
uint64_t run_halo(struct sample_code *code);
uint64_t run_balls(struct sample_code *code);
uint64_t run_scene_graph(struct sample_code *code);
uint64_t run_model(struct sample_code *code);
uint64_t run_fountain(struct sample_code *code);
uint64_t run_opencl(struct sample_code *code);

void *opencl_lookup(void *context, const char *name);
const char *opencl_find_library(void);

#endif
