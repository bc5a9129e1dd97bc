/* Next to an artefact lies NAME.from: the command that made it, the digests of
 * its inputs, and the version of LLVM. While these are the same it is not made
 * again. */
#include "artefact.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "buffer.h"
#include "file.h"
#include "process.h"
#include "sha1_digest.h"

enum { MAX_ARGUMENTS = 48 };

const char artefact_out[] = "{out}";

/* ---- Digests ---- */

bool artefact_digest(const char *path, char ret_text[ORIGIN_SIZE])
{
    struct file_mapping mapping;
    uint8_t digest[SHA1_SIZE];
    struct error err = {0};
    struct stat st;
    int fd;

    if (file_open(path, &fd, &st, &err))
        return bench_refuse("%s", err.message);
    if (file_map(fd, (uint64_t)st.st_size, path, &mapping, &err)) {
        file_close(fd);
        return bench_refuse("%s", err.message);
    }
    sha1_digest(mapping.bytes, digest);
    file_unmap(&mapping);
    file_close(fd);
    for (size_t i = 0; i < SHA1_SIZE; i++)
        snprintf(ret_text + 2 * i, 3, "%02x", digest[i]);
    return true;
}

bool artefact_source(const char *path, struct artefact *ret_artefact)
{
    struct artefact artefact = {.from.n_origins = 1};
    const bool ok = artefact_digest(path, artefact.from.origin[0]);

    snprintf(artefact.path, sizeof(artefact.path), "%s", path);
    *ret_artefact = artefact;
    return ok;
}

/* ---- Made once ---- */

static bool is_up_to_date(const struct artefact *artefact,
                          const char *stamp_path, struct span stamp)
{
    struct file_mapping mapping;
    struct error err = {0};
    struct stat st;
    bool same;
    int fd;

    if (access(artefact->path, R_OK) != 0 ||
        file_open(stamp_path, &fd, &st, &err))
        return false;
    same = !file_map(fd, (uint64_t)st.st_size, stamp_path, &mapping, &err);
    file_close(fd);
    if (!same)
        return false;
    same = mapping.bytes.size == stamp.size &&
           memcmp(mapping.bytes.data, stamp.data, stamp.size) == 0;
    file_unmap(&mapping);
    return same;
}

static bool write_stamp(const char *path, struct span stamp)
{
    FILE *file = fopen(path, "w");
    bool ok = file && fwrite(stamp.data, 1, stamp.size, file) == stamp.size;

    if (file && fclose(file) != 0)
        ok = false;
    return ok || bench_refuse("%s: cannot be written", path);
}

/* The whole command with its inputs, and what goes into it. */
static bool describe(const struct artefact *const *inputs,
                     const char *const *argv, struct buffer *stamp)
{
    buffer_printf(stamp, "llvm %s\n", bccGetLLVMVersion());
    for (; *argv; argv++)
        buffer_printf(stamp, "%s\n", *argv);
    for (; *inputs; inputs++) {
        char digest[ORIGIN_SIZE];

        if (!artefact_digest((*inputs)->path, digest))
            return false;
        buffer_printf(stamp, "%s\n", digest);
    }
    return !buffer_failed(stamp) || bench_refuse("no memory");
}

static bool run_command(const char *const *argv, const char *path)
{
    const char *replaced[MAX_ARGUMENTS];
    char temporary[BENCH_PATH_SIZE];
    struct process_result result;
    size_t n = 0;

    snprintf(temporary, sizeof(temporary), "%.1000s.tmp", path);
    for (; argv[n]; n++) {
        if (n + 1 == MAX_ARGUMENTS)
            bench_die("too many arguments");
        replaced[n] = argv[n] == artefact_out ? temporary : argv[n];
    }
    replaced[n] = NULL;
    if (!process_run(replaced, &result))
        return false;
    return rename(temporary, path) == 0 ||
           bench_refuse("%s: cannot be made", path);
}

bool artefact_make(const char *name, const struct artefact *const *inputs,
                   const char *const *argv, struct artefact *ret_artefact)
{
    char stamp_path[BENCH_PATH_SIZE + 8];
    struct buffer stamp;
    bool ok;

    memset(ret_artefact, 0, sizeof(*ret_artefact));
    snprintf(ret_artefact->path, sizeof(ret_artefact->path), "%s/%s",
             bench_dir(), name);
    for (size_t i = 0; inputs[i]; i++)
        provenance_add(&ret_artefact->from, &inputs[i]->from);
    provenance_read_options(argv, &ret_artefact->from);
    snprintf(stamp_path, sizeof(stamp_path), "%s.from", ret_artefact->path);
    buffer_init(&stamp);
    ok = describe(inputs, argv, &stamp);
    if (ok && !is_up_to_date(ret_artefact, stamp_path, buffer_span(&stamp)))
        ok = run_command(argv, ret_artefact->path) &&
             write_stamp(stamp_path, buffer_span(&stamp));
    buffer_release(&stamp);
    return ok;
}

static void make_empty(const char *path)
{
    char command[BENCH_PATH_SIZE + 16];

    snprintf(command, sizeof(command), "rm -rf '%s'", path);
    if (system(command) != 0 || mkdir(path, 0700) != 0)
        bench_die("%s: cannot be emptied", path);
}

bool bench_open_cache(const char *name, char ret_path[BENCH_PATH_SIZE])
{
    char stamp_path[BENCH_PATH_SIZE + 8], digest[ORIGIN_SIZE];
    const struct span stamp = {(const uint8_t *)digest, ORIGIN_SIZE};
    struct artefact cache;

    if (!artefact_digest(BCC_BENCH_BCCC, digest))
        return false;
    snprintf(cache.path, sizeof(cache.path), "%s/%s.cache", bench_dir(), name);
    snprintf(stamp_path, sizeof(stamp_path), "%s.from", cache.path);
    snprintf(ret_path, BENCH_PATH_SIZE, "%s", cache.path);
    if (is_up_to_date(&cache, stamp_path, stamp))
        return true;
    make_empty(cache.path);
    return write_stamp(stamp_path, stamp);
}

bool artefact_compile(const char *name, const char *source_path,
                      const char *const *more, struct artefact *ret_bitcode)
{
    const char *argv[MAX_ARGUMENTS] = {
        BCC_BENCH_CLANG, "-O3", "-march=native", "-fPIC", "-emit-llvm", "-c",
        source_path,     "-o",  artefact_out};
    struct artefact source;
    size_t n = 0;

    while (argv[n])
        n++;
    for (; more && *more; more++)
        argv[n++] = *more;
    return artefact_source(source_path, &source) &&
           artefact_make(name, (const struct artefact *const[]){&source, NULL},
                         argv, ret_bitcode);
}

/* ---- Libraries and programs ---- */

static bool internalize(const char *name, const struct artefact *bitcode,
                        const char *exports, struct artefact *ret_bitcode)
{
    char keep[BENCH_PATH_SIZE], file[BENCH_PATH_SIZE];
    const char *const argv[] = {
        BCC_BENCH_OPT, "--passes=internalize", keep, bitcode->path,
        "-o",          artefact_out,           NULL};

    snprintf(keep, sizeof(keep), "--internalize-public-api-list=%s", exports);
    snprintf(file, sizeof(file), "%s.internal.bc", name);
    return artefact_make(file, (const struct artefact *const[]){bitcode, NULL},
                         argv, ret_bitcode);
}

bool artefact_library(const char *name, const struct artefact *bitcode,
                      const char *exports, const char *extra,
                      struct artefact *ret_library)
{
    struct artefact internal;
    const char *argv[] = {BCC_BENCH_CLANG,
                          "-O3",
                          "-march=native",
                          "-fPIC",
                          "-shared",
                          "-s",
                          "-Wl,-Bsymbolic",
                          internal.path,
                          "-Wl,--as-needed",
                          "-lm",
                          "-o",
                          artefact_out,
                          extra,
                          NULL};

    return internalize(name, bitcode, exports, &internal) &&
           artefact_make(name,
                         (const struct artefact *const[]){&internal, NULL},
                         argv, ret_library);
}

bool artefact_program(const char *name, const struct artefact *bitcode,
                      struct artefact *ret_program)
{
    struct artefact internal;
    const char *const argv[] = {BCC_BENCH_CLANG, "-O3",
                                "-march=native", "-s",
                                internal.path,   "-Wl,--as-needed",
                                "-lm",           "-o",
                                artefact_out,    NULL};

    return internalize(name, bitcode, "main", &internal) &&
           artefact_make(name,
                         (const struct artefact *const[]){&internal, NULL},
                         argv, ret_program);
}
