/* LLVM's C API lists no CPUs and no features, and LLVM ignores unknown
 * features. But it prints both lists to standard error for the CPU "help", once
 * in a process. So standard error is a pipe for that moment. This costs 3 ms,
 * and only if a name may be wrong.
 *
 * An entry of the lists is a name and a sentence:
 *
 *   Available CPUs for this target:
 *
 *     alderlake               - Select the alderlake processor.
 *
 *   Available features for this target:
 *
 *     avx2                    - Enable AVX2 instructions. */
#include "target.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "text.h"

enum { MAX_LISTS = 1024 * 1024, N_NEAR = 3 };

/* ---- The lists ---- */

static void print_lists(const struct target *target)
{
    LLVMTargetMachineRef machine;
    LLVMTargetRef llvm_target;

    if (glue_target(target->triple, &llvm_target, NULL))
        return;
    machine = LLVMCreateTargetMachine(llvm_target, target->triple, "help", "",
                                      LLVMCodeGenLevelNone, LLVMRelocPIC,
                                      LLVMCodeModelSmall);
    if (machine)
        LLVMDisposeTargetMachine(machine);
}

/* Read what the pipe holds: LLVM has finished writing. */
static void read_pipe(int fd, struct buffer *text)
{
    char part[4096];
    ssize_t size;

    while ((size = read(fd, part, sizeof(part))) > 0)
        buffer_append(text, part, (size_t)size);
}

/* Does standard error belong to this process? bccc's is /dev/null; in
 * libobcc-llvm.so it is the host's. */
static bool is_ours(void)
{
    struct stat st;

    return fstat(STDERR_FILENO, &st) == 0 && S_ISCHR(st.st_mode) &&
           st.st_rdev == makedev(1, 3);
}

static void capture(const struct target *target, struct buffer *text)
{
    const int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
        fcntl(ends[1], F_SETPIPE_SZ, MAX_LISTS);
        if (dup2(ends[1], STDERR_FILENO) >= 0)
            print_lists(target);
        if (saved >= 0)
            dup2(saved, STDERR_FILENO);
        else
            close(STDERR_FILENO);
        read_pipe(ends[0], text);
        close(ends[0]);
        close(ends[1]);
    }
    if (saved >= 0)
        close(saved);
}

const char *target_names_list(const struct target *target, struct arena *arena)
{
    const char *list = NULL;
    struct buffer text;

    buffer_init(&text);
    if (is_ours())
        capture(target, &text);
    if (!buffer_failed(&text) && text.size)
        list = arena_copy_string(arena, (const char *)text.data, text.size);
    buffer_release(&text);
    return list && strstr(list, "Available CPUs") ? list : NULL;
}

/* ---- Names in them ---- */

/* The next entry from *at on. False: the list ends there. */
static bool next_entry(const char **at, const char **ret_name, size_t *ret_size)
{
    while (**at == '\n')
        ++*at;
    if (strncmp(*at, "  ", 2) != 0)
        return false;
    *ret_name = *at + 2;
    *ret_size = strcspn(*ret_name, " \n");
    *at = strchrnul(*at, '\n');
    return true;
}

static const char *list_of(const char *lists, enum target_names kind)
{
    const char *list = strstr(
        lists, kind == TARGET_CPUS ? "Available CPUs" : "Available features");

    return list ? strchrnul(list, '\n') : "";
}

bool target_names_know(const char *lists, enum target_names kind,
                       const char *name, size_t size)
{
    const char *at = list_of(lists, kind), *entry;
    size_t entry_size;

    while (next_entry(&at, &entry, &entry_size))
        if (entry_size == size && memcmp(entry, name, size) == 0)
            return true;
    return false;
}

struct near {
    const char *name;
    size_t size;
    unsigned distance;
};

static void offer(struct near rows[N_NEAR], struct near row)
{
    for (size_t i = 0; i < N_NEAR; i++)
        if (!rows[i].name || row.distance < rows[i].distance) {
            const struct near next = rows[i];

            rows[i] = row;
            if (!next.name)
                return;
            row = next;
        }
}

void target_names_near(const char *lists, enum target_names kind,
                       const char *name, size_t size, char *ret_text,
                       size_t text_size)
{
    const char *at = list_of(lists, kind), *entry;
    struct near rows[N_NEAR] = {{0}};
    struct buffer text;
    size_t entry_size;

    buffer_init(&text);
    while (next_entry(&at, &entry, &entry_size)) {
        const struct near row = {
            entry, entry_size,
            near_name_distance(name, size, entry, entry_size)};

        if (row.distance <= size / 3 + 1)
            offer(rows, row);
    }
    for (size_t i = 0; i < N_NEAR && rows[i].name; i++)
        buffer_printf(&text, "%s'%.*s'",
                      i ? ", " : "; near names: ", (int)rows[i].size,
                      rows[i].name);
    *ret_text = '\0';
    if (!buffer_failed(&text) && text.size < text_size) {
        memcpy(ret_text, text.data, text.size);
        ret_text[text.size] = '\0';
    }
    buffer_release(&text);
}
