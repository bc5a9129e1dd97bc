/* L9: a hit of a script in memory, beside the same script in a file.
 *
 *   hit     as in L1, of a file
 *   first   bccReadBC() in place of bccReadFile(): the first of its process,
 *           which has launched files before. Each is a process of its own, made
 *           by fork(); so is that of the hit beside it.
 *   later   the same in a process that has launched these bytes before
 *
 * The script is the interpreter's bitcode as clang -Os makes it, in the Android
 * wrapper, with zeros behind it up to 400 KiB. The goals are those of 60
 * and 45 us on a machine where the hit takes 40. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launchers.h"

enum { N_BYTES = 400 * 1024, WRAPPER_SIZE = 20 };

/* ---- The script ---- */

static bool make_interpreter(struct artefact *ret_bitcode)
{
    static const char command[] =
        "set -e; made=$(mktemp -d); trap 'rm -r \"$made\"' EXIT; "
        "for file in \"$3\"/*.c; do "
        "\"$1\" -std=gnu11 -D_GNU_SOURCE -fPIC -Os -march=native -emit-llvm "
        "-c \"$file\" -o \"$made/$(basename \"$file\").bc\"; done; "
        "\"$2\" \"$made\"/*.bc -o \"$0\"";
    const char *const argv[] = {"/bin/sh",
                                "-c",
                                command,
                                artefact_out,
                                BCC_BENCH_CLANG,
                                BCC_BENCH_LLVM_LINK,
                                BCC_BENCH_SOURCES "/../samples/interpreter",
                                NULL};
    struct artefact built; /* of the same sources: made anew if they change */

    return artefact_source(BCC_BENCH_INTERPRETER, &built) &&
           artefact_make("interpreter_os.bc",
                         (const struct artefact *const[]){&built, NULL}, argv,
                         ret_bitcode);
}

static void put32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

/* magic, version, offset, size, CPU; the bitcode; zeros */
static bool wrap(const char *path, uint8_t bytes[N_BYTES])
{
    FILE *file = fopen(path, "rb");
    size_t size;

    if (!file)
        return bench_refuse("%s: cannot be read", path);
    memset(bytes, 0, N_BYTES);
    size = fread(bytes + WRAPPER_SIZE, 1, N_BYTES - WRAPPER_SIZE, file);
    if (fgetc(file) != EOF)
        size = 0;
    fclose(file);
    put32(bytes, 0x0b17c0de);
    put32(bytes + 8, WRAPPER_SIZE);
    put32(bytes + 12, (uint32_t)size);
    put32(bytes + 16, 7);
    return size || bench_refuse("%s: more than %d bytes", path, N_BYTES);
}

static bool is_there(const char *path, const uint8_t bytes[N_BYTES])
{
    FILE *file = fopen(path, "rb");
    uint8_t *found = malloc(N_BYTES);
    bool is;

    is = file && found && fread(found, 1, N_BYTES, file) == N_BYTES &&
         memcmp(found, bytes, N_BYTES) == 0;
    free(found);
    if (file)
        fclose(file);
    return is;
}

/* Left alone if it is there: a file just written is hashed at each launch, as
 * its stamp is not that of the entry. */
static bool write_script(const char *path, const uint8_t bytes[N_BYTES])
{
    FILE *file;
    bool ok;

    if (is_there(path, bytes))
        return true;
    file = fopen(path, "wb");
    ok = file && fwrite(bytes, 1, N_BYTES, file) == N_BYTES;
    return (file && fclose(file) == 0 && ok) ||
           bench_refuse("%s: cannot be written", path);
}

/* ---- From memory ---- */

struct bytes_hit {
    struct hit hit; /* of the file with the same content */
    uint8_t *bytes;
};

static bool bytes_enter(void *context)
{
    struct bytes_hit *from = context;
    struct hit *hit = &from->hit;

    hit->script = bccCreateScript();
    for (int i = 0; i < SAMPLE_MAX_MARKS && hit->sample.marks[i]; i++)
        bccMarkExternalSymbol(hit->script, hit->sample.marks[i]);
    return (bccRegisterSymbolCallback(hit->script, hit->sample.lookup, NULL) ==
                0 &&
            bccReadBC(hit->script, "memory", (const char *)from->bytes, N_BYTES,
                      0) == 0 &&
            (!hit->files.library[0] ||
             bccLinkFile(hit->script, hit->files.library, 0) == 0) &&
            bccPrepareExecutable(hit->script, hit->cache_dir, "memory",
                                 hit->sample.prepare_flags) == 0 &&
            bccGetFuncAddr(hit->script, hit->sample.entry)) ||
           bench_refuse("memory: %s", bccGetErrorMessage(hit->script));
}

static bool bytes_check(void *context)
{
    return hit_check(&((struct bytes_hit *)context)->hit);
}

static bool bytes_leave(void *context)
{
    return hit_leave(&((struct bytes_hit *)context)->hit);
}

static struct bench_side bytes_side(struct bytes_hit *from)
{
    return (struct bench_side){.enter_name = "later hit, memory",
                               .leave_name = "dispose, memory",
                               .context = from,
                               .enter = bytes_enter,
                               .check = bytes_check,
                               .leave = bytes_leave};
}

/* ---- In a child ---- */

/* A child that has launched the file a few times launches once more. */
struct child {
    struct bytes_hit *from;
    struct bench_side last;
    bool is_to_make; /* the entry first: it compiles, then notes that all is
                        whole */
};

static bool run_child(const struct child *child, struct bench_cost *ret_cost)
{
    const struct bench_side file = hit_side(&child->from->hit);

    if (child->is_to_make)
        return bytes_enter(child->from) && bytes_leave(child->from) &&
               bench_once(&child->last, ret_cost);
    for (int i = 0; i < 5; i++)
        if (!bench_once(&file, ret_cost))
            return false;
    return bench_once(&child->last, ret_cost);
}

static bool child_round(void *context, struct bench_cost *ret_cost)
{
    int ends[2];
    pid_t pid;
    bool ok;

    if (pipe(ends) < 0)
        return bench_refuse("no pipe");
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        _exit(!run_child(context, ret_cost) ||
              write(ends[1], ret_cost, sizeof(*ret_cost)) < 0);
    close(ends[1]);
    ok = pid > 0 &&
         read(ends[0], ret_cost, sizeof(*ret_cost)) == sizeof(*ret_cost);
    close(ends[0]);
    ok = pid > 0 && waitpid(pid, NULL, 0) == pid && ok;
    return ok || bench_refuse("a launch in a child failed");
}

/* ---- Rows ---- */

/* Before this process launches anything from memory: its children know what it
 * knows. */
static bool compare_first(struct bytes_hit *from)
{
    struct child memory = {from, bytes_side(from), true};
    struct child file = {from, hit_side(&from->hit), false};
    struct bench_side sides[] = {
        {.enter_name = "first hit in a child, memory",
         .context = &memory,
         .whole = child_round},
        {.enter_name = "hit in a child",
         .context = &file,
         .whole = child_round},
    };
    struct bench_cost ignored;

    if (!child_round(&memory, &ignored))
        return false;
    memory.is_to_make = false;
    if (!bench_rounds(sides, 2,
                      (struct bench_plan){.n_warm_up = 20, .n_rounds = 500}))
        return false;
    bench_ratio((struct bench_comparison){"first from memory / from a file",
                                          &sides[0].in, &sides[1].in,
                                          .goal = AT_MOST(1.5)});
    bench_release(sides, 2);
    return true;
}

static bool compare_later(struct bytes_hit *from)
{
    struct bench_side sides[] = {bytes_side(from), hit_side(&from->hit)};

    if (!bench_rounds(sides, 2,
                      (struct bench_plan){.n_warm_up = 100, .n_rounds = 3000}))
        return false;
    bench_ratio((struct bench_comparison){"later from memory / from a file",
                                          &sides[0].in, &sides[1].in,
                                          .goal = AT_MOST(1.125)});
    bench_release(sides, 2);
    return true;
}

static bool compare(struct bytes_hit *from)
{
    char path[BENCH_PATH_SIZE];
    struct artefact bitcode;

    snprintf(path, sizeof(path), "%.900s/in_memory.bc", bench_dir());
    if (!hit_find_interpreter(&from->hit))
        return false;
    if (bench_is_quick())
        snprintf(bitcode.path, sizeof(bitcode.path), "%s",
                 from->hit.files.script);
    else if (!make_interpreter(&bitcode))
        return false;
    if (!wrap(bitcode.path, from->bytes) || !write_script(path, from->bytes))
        return false;
    snprintf(from->hit.files.script, sizeof(from->hit.files.script), "%s",
             path);
    return hit_make(&from->hit, "in_memory") && compare_first(from) &&
           compare_later(from);
}

bool run_l9(void)
{
    struct bytes_hit from = {.bytes = malloc(N_BYTES)};
    bool ok;

    if (!from.bytes)
        bench_die("no memory");
    ok = compare(&from);
    free(from.bytes);
    return ok;
}
