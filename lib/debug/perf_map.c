/* Two ways in which perf learns the names of code made at run time.
 *
 * A map is text: "START SIZE NAME", numbers in hexadecimal. perf report looks
 * for /tmp/perf-PID.map if samples lie in anonymous memory; for samples in a
 * mapped file it would ask that file. So the loader copies the text of an image
 * if a map is asked for (lib/loader/exec_memory.c).
 *
 * A dump (linux/tools/perf/Documentation/jitdump-specification.txt) holds
 * records with names and code, and times of the monotonic clock; so the user
 * records with -k mono. The process maps the first page of the file
 * executable, which puts the file's name into perf's record. perf inject --jit
 * then makes an ELF file of each function. */
#include "perf_map.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "symbol_file.h"

/* The files of this process. pid: a child made by fork() gets its own. */
struct output {
    int fd;
    pid_t pid;
};

static struct {
    pthread_mutex_t lock;
    struct output map, dump;
    uint64_t index; /* of the next record in dump */
} all = {.lock = PTHREAD_MUTEX_INITIALIZER, .map.fd = -1, .dump.fd = -1};

/* Open a file. A file of this name, left by an earlier process with this
 * number, is replaced. O_EXCL: another user's file, or a link, is not written
 * to. */
static bool open_output(struct output *output, const char *format,
                        const char *dir)
{
    char path[PATH_MAX];

    if (output->fd >= 0 && output->pid == getpid())
        return true;
    file_close(output->fd);
    output->pid = getpid();
    snprintf(path, sizeof(path), format, dir, (int)output->pid);
    unlink(path);
    output->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return output->fd >= 0;
}

/* ---- The map ---- */

static void add_line(void *context, const struct shown_function *function)
{
    buffer_printf(context, "%llx %llx %s\n",
                  (unsigned long long)function->address,
                  (unsigned long long)function->size, function->name);
}

void perf_map_add(const struct code_to_show *code, const struct buffer *file)
{
    struct buffer text;
    bool ok;

    buffer_init(&text);
    symbol_file_visit(file, add_line, &text);
    pthread_mutex_lock(&all.lock);
    ok = !buffer_failed(&text) &&
         open_output(&all.map, "%s/perf-%d.map", "/tmp") &&
         file_write_all(all.map.fd, buffer_span(&text), code->source->name,
                        NULL) == STATUS_OK;
    (void)ok;
    pthread_mutex_unlock(&all.lock);
    buffer_release(&text);
}

/* ---- The dump ---- */

enum { DUMP_MAGIC = 0x4a695444, DUMP_VERSION = 1, RECORD_LOAD = 0 };

struct dump_header {
    uint32_t magic, version, size, elf_machine, padding, pid;
    uint64_t time_ns, flags;
};

/* Followed by the name with its NUL, and the code. */
struct dump_load {
    uint32_t kind, size;
    uint64_t time_ns;
    uint32_t pid, tid;
    uint64_t vma, address, code_size, index;
};

struct dumper {
    const struct code_to_show *code;
    struct buffer records;
};

static void add_record(void *context, const struct shown_function *function)
{
    struct dumper *dumper = context;
    const struct image *image = dumper->code->image;
    const uint64_t start = function->address - (uintptr_t)image->base;
    const size_t name_size = strlen(function->name) + 1;
    const struct dump_load load = {
        .kind = RECORD_LOAD,
        .size = (uint32_t)(sizeof(load) + name_size + (size_t)function->size),
        .time_ns = clock_monotonic_ns(),
        .pid = (uint32_t)getpid(),
        .tid = (uint32_t)syscall(SYS_gettid),
        .vma = function->address,
        .address = function->address,
        .code_size = function->size,
        .index = all.index++,
    };

    if (function->size == 0 || start > image->text_span ||
        function->size > image->text_span - start)
        return;
    buffer_append(&dumper->records, &load, sizeof(load));
    buffer_append(&dumper->records, function->name, name_size);
    buffer_append(&dumper->records, image->base + start,
                  (size_t)function->size);
}

/* The mapping is kept: perf record notes it, and a later mapping would not
 * serve the functions before it. */
static bool begin_dump(const struct code_to_show *code)
{
    ElfW(Ehdr) image;
    struct dump_header header = {
        .magic = DUMP_MAGIC,
        .version = DUMP_VERSION,
        .size = sizeof(header),
        .pid = (uint32_t)getpid(),
        .time_ns = clock_monotonic_ns(),
    };
    const char *dir = secure_getenv("JITDUMPDIR");
    const bool is_open = all.dump.fd >= 0 && all.dump.pid == getpid();

    if (is_open)
        return true;
    if (!open_output(&all.dump, "%s/jit-%d.dump", dir && *dir ? dir : "/tmp"))
        return false;
    memcpy(&image, code->image->base, sizeof(image));
    header.elf_machine = image.e_machine;
    return file_write_all(all.dump.fd,
                          (struct span){(const void *)&header, sizeof(header)},
                          code->source->name, NULL) == STATUS_OK &&
           mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_EXEC,
                MAP_PRIVATE, all.dump.fd, 0) != MAP_FAILED;
}

void perf_jitdump_add(const struct code_to_show *code,
                      const struct buffer *file)
{
    struct dumper dumper = {.code = code};
    bool ok;

    buffer_init(&dumper.records);
    pthread_mutex_lock(&all.lock);
    ok = begin_dump(code);
    symbol_file_visit(file, add_record, &dumper);
    ok = ok && !buffer_failed(&dumper.records) &&
         file_write_all(all.dump.fd, buffer_span(&dumper.records),
                        code->source->name, NULL) == STATUS_OK;
    (void)ok;
    pthread_mutex_unlock(&all.lock);
    buffer_release(&dumper.records);
}
