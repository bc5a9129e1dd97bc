#include "load_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"

/* ---- Imports ---- */

int notes[MAX_NOTES];
size_t n_notes;
int import_value = 42;
_Thread_local int import_thread_value = 33;

static int import_add(int a, int b)
{
    return a + b;
}

static void import_note(int what)
{
    assert_true(n_notes < MAX_NOTES);
    notes[n_notes++] = what;
}

void notes_clear(void)
{
    n_notes = 0;
}

extern int __cxa_atexit(void (*handler)(void *), void *argument, void *dso);

struct import *imports_find(struct imports *imports, const char *name)
{
    for (size_t i = 0; i < imports->n_rows; i++)
        if (strcmp(imports->rows[i].name, name) == 0)
            return &imports->rows[i];
    return NULL;
}

void imports_add(struct imports *imports, const char *name, void *address)
{
    assert_true(imports->n_rows < MAX_IMPORTS);
    imports->rows[imports->n_rows++] =
        (struct import){.name = name, .address = address};
}

static void init_imports(struct imports *imports)
{
    static const char *const many[] = {
        "import_many_0", "import_many_1", "import_many_2", "import_many_3",
        "import_many_4", "import_many_5", "import_many_6", "import_many_7",
        "import_many_8", "import_many_9"};

    imports_add(imports, "import_add", (void *)import_add);
    imports_add(imports, "import_note", (void *)import_note);
    imports_add(imports, "import_value", &import_value);
    imports_add(imports, "import_weak", NULL);
    imports_add(imports, "__cxa_atexit", (void *)__cxa_atexit);
    for (size_t i = 0; i < SAMPLE_N_MANY; i++)
        imports_add(imports, many[i], &import_value);
}

/* Names come from images that may be damaged: they need not be known. */
static void *resolve(void *context, const char *name, uint32_t hash,
                     uint32_t index)
{
    struct imports *imports = context;
    struct import *import = imports_find(imports, name);

    (void)hash;
    imports->last_index = index;
    if (imports->on_resolve)
        imports->on_resolve(imports->context);
    if (!import)
        return NULL;
    import->n_asked++;
    return import->address;
}

static const char *note_missing(void *context, const char *name, uint32_t index)
{
    struct imports *imports = context;
    struct import *import = imports_find(imports, name);

    imports->last_index = index;
    if (import)
        import->n_missing++;
    return imports->user ? imports->user : "";
}

/* ---- Mapping calls ---- */

struct mapping_calls mapping_calls;

void mapping_calls_reset(void)
{
    mapping_calls = (struct mapping_calls){.refuse_exec_fd = -1};
}

/* Tests load in several threads, too. Who looks at the numbers does so while
 * there is one. */
static pthread_mutex_t call_lock = PTHREAD_MUTEX_INITIALIZER;

static bool refused(int access, int fd)
{
    struct mapping_calls *calls = &mapping_calls;

    if ((access & PROT_WRITE) && (access & PROT_EXEC))
        calls->writable_and_executable = true;
    if (calls->fail_nth && --calls->fail_nth == 0) {
        errno = calls->fail_errno;
        return true;
    }
    if ((access & PROT_EXEC) && fd >= 0 && fd == calls->refuse_exec_fd) {
        errno = calls->fail_errno;
        return true;
    }
    return false;
}

/* Whether the call that this counter counts is to fail. */
static bool count_call(unsigned *counter, int access, int fd)
{
    bool is_refused;

    pthread_mutex_lock(&call_lock);
    ++*counter;
    is_refused = refused(access, fd);
    pthread_mutex_unlock(&call_lock);
    return is_refused;
}

void *__real_mmap(void *address, size_t size, int access, int flags, int fd,
                  off_t offset);
void *__wrap_mmap(void *address, size_t size, int access, int flags, int fd,
                  off_t offset);
int __real_mprotect(void *address, size_t size, int access);
int __wrap_mprotect(void *address, size_t size, int access);
int __real_munmap(void *address, size_t size);
int __wrap_munmap(void *address, size_t size);
void *__real_mremap(void *address, size_t old_size, size_t size, int flags,
                    ...);
void *__wrap_mremap(void *address, size_t old_size, size_t size, int flags,
                    ...);

void *__wrap_mmap(void *address, size_t size, int access, int flags, int fd,
                  off_t offset)
{
    if (count_call(&mapping_calls.n_mmap, access, fd))
        return MAP_FAILED;
    return __real_mmap(address, size, access, flags, fd, offset);
}

int __wrap_mprotect(void *address, size_t size, int access)
{
    if (count_call(&mapping_calls.n_mprotect, access, -1))
        return -1;
    return __real_mprotect(address, size, access);
}

void *__wrap_mremap(void *address, size_t old_size, size_t size, int flags, ...)
{
    if (count_call(&mapping_calls.n_mremap, PROT_NONE, -1))
        return MAP_FAILED;
    return __real_mremap(address, old_size, size, flags);
}

int __wrap_munmap(void *address, size_t size)
{
    pthread_mutex_lock(&call_lock);
    mapping_calls.n_munmap++;
    pthread_mutex_unlock(&call_lock);
    return __real_munmap(address, size);
}

/* ---- Allocation calls ---- */

static struct allocation_calls allocations;

struct allocation_calls allocation_calls(void)
{
    struct allocation_calls calls;

    pthread_mutex_lock(&call_lock);
    calls = allocations;
    pthread_mutex_unlock(&call_lock);
    return calls;
}

void allocation_calls_fail(unsigned nth)
{
    pthread_mutex_lock(&call_lock);
    allocations.fail_nth = nth;
    pthread_mutex_unlock(&call_lock);
}

static bool may_allocate(void)
{
    bool may;

    pthread_mutex_lock(&call_lock);
    may = allocations.fail_nth == 0 || --allocations.fail_nth != 0;
    allocations.n_live += may;
    allocations.n_calls++;
    pthread_mutex_unlock(&call_lock);
    return may;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n_members, size_t size);
void *__wrap_calloc(size_t n_members, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t n_members, size_t size)
{
    return may_allocate() ? __real_calloc(n_members, size) : NULL;
}

void __wrap_free(void *memory)
{
    pthread_mutex_lock(&call_lock);
    allocations.n_live -= memory != NULL;
    pthread_mutex_unlock(&call_lock);
    __real_free(memory);
}

/* ---- Threads ---- */

static void *work(void *argument)
{
    struct worker *worker = argument;

    pthread_mutex_lock(&worker->lock);
    while (!worker->is_ending) {
        if (worker->job) {
            worker->job(worker->argument);
            worker->job = NULL;
            pthread_cond_broadcast(&worker->changed);
        }
        if (!worker->is_ending)
            pthread_cond_wait(&worker->changed, &worker->lock);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

void worker_start(struct worker *worker)
{
    *worker = (struct worker){.lock = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER};
    assert_int_equal(pthread_create(&worker->thread, NULL, work, worker), 0);
}

void worker_do(struct worker *worker, void (*job)(void *), void *argument)
{
    pthread_mutex_lock(&worker->lock);
    worker->argument = argument;
    worker->job = job;
    pthread_cond_broadcast(&worker->changed);
    while (worker->job)
        pthread_cond_wait(&worker->changed, &worker->lock);
    pthread_mutex_unlock(&worker->lock);
}

void worker_end(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->is_ending = true;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    assert_int_equal(pthread_join(worker->thread, NULL), 0);
}

void do_in_thread(void (*job)(void *), void *argument)
{
    struct worker worker;

    worker_start(&worker);
    worker_do(&worker, job, argument);
    worker_end(&worker);
}

/* ---- /proc/self/maps ---- */

struct maps_query {
    uintptr_t start, end;
    bool overlaps;
    bool writable_code; /* in the range */
    unsigned n_overlaps;
    size_t size;    /* of all */
    char access[5]; /* at start */
};

static void ask_line(struct maps_query *query, const char *line)
{
    unsigned long start, end;
    char access[5];

    if (sscanf(line, "%lx-%lx %4s", &start, &end, access) != 3)
        return;
    query->size += end - start;
    if (start < query->end && query->start < end) {
        query->overlaps = true;
        query->n_overlaps++;
        if (access[1] == 'w' && access[2] == 'x')
            query->writable_code = true;
    }
    if (start <= query->start && query->start < end)
        memcpy(query->access, access, sizeof(access));
}

static struct maps_query ask_maps(const void *address, size_t size)
{
    struct maps_query query = {.start = (uintptr_t)address,
                               .end = (uintptr_t)address + size};
    static char text[1 << 20];
    size_t used = 0;
    ssize_t n;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    while ((n = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
        used += (size_t)n;
    close(fd);
    text[used] = 0;
    for (char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        ask_line(&query, line);
    }
    return query;
}

bool maps_overlap(const void *start, size_t size)
{
    return ask_maps(start, size).overlaps;
}

unsigned maps_count(const void *start, size_t size)
{
    return ask_maps(start, size).n_overlaps;
}

void maps_access(const void *address, char ret_access[5])
{
    struct maps_query query = ask_maps(address, 1);

    memcpy(ret_access, query.access, sizeof(query.access));
}

bool maps_have_writable_code(const void *start, size_t size)
{
    return ask_maps(start, size).writable_code;
}

size_t maps_size(void)
{
    return ask_maps(NULL, 0).size;
}

/* ---- The image ---- */

static void read_image(struct fixture *f, const char *path)
{
    struct stat st;
    int fd;

    assert_int_equal(file_open(path, &fd, &st, &f->err), STATUS_OK);
    f->bytes = malloc((size_t)st.st_size);
    assert_non_null(f->bytes);
    assert_int_equal(
        file_read_at(fd, (struct file_target){f->bytes, (size_t)st.st_size}, 0,
                     path, &f->size, &f->err),
        STATUS_OK);
    assert_int_equal(f->size, st.st_size);
    close(fd);
}

/* See load_sample.ld. */
static void restore_relro(struct fixture *f)
{
    ELF_TYPE(Ehdr) *header = (ELF_TYPE(Ehdr) *)f->bytes;
    ELF_TYPE(Phdr) *segments = (ELF_TYPE(Phdr) *)(f->bytes + header->e_phoff);

    for (unsigned i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == PT_LOOS)
            segments[i].p_type = PT_GNU_RELRO;
}

/* ---- Tables as lib/linker makes them, which GNU ld does on few machines ----
 */

static void *file_place(struct fixture *f, uint64_t address)
{
    const ELF_TYPE(Ehdr) *header = (const ELF_TYPE(Ehdr) *)f->bytes;
    const ELF_TYPE(Phdr) *segment =
        (const ELF_TYPE(Phdr) *)(f->bytes + header->e_phoff);

    for (unsigned i = 0; i < header->e_phnum; i++, segment++)
        if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
            address - segment->p_vaddr + WORD <= segment->p_filesz)
            return f->bytes + segment->p_offset + (address - segment->p_vaddr);
    fail_msg("0x%llx is not in the file", (unsigned long long)address);
    return NULL;
}

void fixture_set_addend(struct fixture *f, machine_reloc *entry,
                        uint64_t addend)
{
    const ELF_TYPE(Addr) word = (ELF_TYPE(Addr))addend;

#if MACHINE_HAS_ADDEND
    (void)f;
    memcpy(&entry->r_addend, &word, WORD);
#else
    memcpy(file_place(f, entry->r_offset), &word, WORD);
#endif
}

static int by_symbol(const void *a, const void *b)
{
    const machine_reloc *x = a, *y = b;
    const int order = (ELF_R_SYM(x->r_info) > ELF_R_SYM(y->r_info)) -
                      (ELF_R_SYM(x->r_info) < ELF_R_SYM(y->r_info));

    return order ? order
                 : (x->r_offset > y->r_offset) - (x->r_offset < y->r_offset);
}

static bool can_be_packed(const machine_reloc *entry)
{
    return ELF_R_TYPE(entry->r_info) == TEST_R_RELATIVE &&
           entry->r_offset % WORD == 0;
}

/* Entries of relative relocations, in the order of their places, as DT_RELR.
 * Returns the number of its words. */
static size_t make_relr(const machine_reloc *entries, size_t n,
                        ELF_TYPE(Addr) * relr)
{
    enum { N_BITS = 8 * WORD - 1 };
    size_t n_words = 0;

    for (size_t i = 0; i < n;) {
        ELF_TYPE(Addr) next = entries[i].r_offset + WORD, bits;

        relr[n_words++] = entries[i++].r_offset;
        do {
            bits = 0;
            for (; i < n && (entries[i].r_offset - next) / WORD < N_BITS; i++)
                bits |= (ELF_TYPE(Addr))1
                        << ((entries[i].r_offset - next) / WORD + 1);
            if (bits)
                relr[n_words++] = bits | 1;
            next += N_BITS * WORD;
        } while (bits);
    }
    return n_words;
}

/* Over one of the entries without meaning that GNU ld leaves at the end. */
static void add_tag(struct fixture *f, int64_t tag, uint64_t value)
{
    const ELF_TYPE(Phdr) *segment = fixture_segment(f, PT_DYNAMIC, 0);
    ELF_TYPE(Dyn) *entry = (ELF_TYPE(Dyn) *)(f->bytes + segment->p_offset);
    const ELF_TYPE(Dyn) *end = entry + segment->p_filesz / sizeof(*entry);

    while (entry->d_tag != DT_NULL)
        entry++;
    assert_true(entry + 1 < end);
    entry->d_tag = (ELF_TYPE(Sword))tag;
    entry->d_un.d_val = (ELF_TYPE(Addr))value;
}

static bool has_tag(struct fixture *f, int64_t tag)
{
    const ELF_TYPE(Phdr) *segment = fixture_segment(f, PT_DYNAMIC, 0);
    const ELF_TYPE(Dyn) *entry =
        (const ELF_TYPE(Dyn) *)(f->bytes + segment->p_offset);

    for (; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == tag)
            return true;
    return false;
}

/* The table of calls is behind the other one: one of both. */
static void join_tables(struct fixture *f)
{
    ELF_TYPE(Dyn) *size = fixture_tag(f, MACHINE_DT_RELOC_SIZE);
    ELF_TYPE(Dyn) * calls_size;

    if (!has_tag(f, DT_JMPREL))
        return;
    calls_size = fixture_tag(f, DT_PLTRELSZ);
    assert_int_equal(fixture_tag(f, MACHINE_DT_RELOC)->d_un.d_ptr +
                         size->d_un.d_val,
                     fixture_tag(f, DT_JMPREL)->d_un.d_ptr);
    size->d_un.d_val += calls_size->d_un.d_val;
    calls_size->d_un.d_val = 0;
}

static void sort_table(struct fixture *f, machine_reloc **ret_table,
                       size_t *ret_n)
{
    machine_reloc *table =
        (machine_reloc *)(f->bytes +
                          fixture_tag(f, MACHINE_DT_RELOC)->d_un.d_ptr);
    size_t n;

    join_tables(f);
    n = fixture_tag(f, MACHINE_DT_RELOC_SIZE)->d_un.d_val / sizeof(*table);
    qsort(table, n, sizeof(*table), by_symbol);
    *ret_table = table;
    *ret_n = n;
}

/* Where the linker could not: the entries' own room has room for DT_RELR. */
static void pack_relative(struct fixture *f)
{
    static machine_reloc packed[64], others[64];
    machine_reloc *table;
    size_t n, n_packed = 0, n_others = 0, n_words;
    ELF_TYPE(Addr) relr[128];
    uint64_t address;

    sort_table(f, &table, &n);
    if (has_tag(f, DT_RELR))
        return;
    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++)
        if (can_be_packed(&table[i]))
            packed[n_packed++] = table[i];
        else
            others[n_others++] = table[i];
    assert_true(n_packed > 0);
    n_words = make_relr(packed, n_packed, relr);
    assert_true(n_words * WORD <= n_packed * sizeof(*table));
#if MACHINE_HAS_ADDEND
    for (size_t i = 0; i < n_packed; i++)
        memcpy(file_place(f, packed[i].r_offset), &packed[i].r_addend, WORD);
#endif
    address = (uint64_t)((uint8_t *)(table + n_others) - f->bytes);
    memcpy(table, others, n_others * sizeof(*table));
    memcpy(f->bytes + address, relr, n_words * WORD);
    fixture_tag(f, MACHINE_DT_RELOC_SIZE)->d_un.d_val =
        (ELF_TYPE(Addr))(n_others * sizeof(*table));
    add_tag(f, DT_RELR, address);
    add_tag(f, DT_RELRSZ, n_words * WORD);
    add_tag(f, DT_RELRENT, WORD);
}

/* ---- The image ---- */

static uint64_t span_of(const struct fixture *f)
{
    const ELF_TYPE(Ehdr) *header = (const ELF_TYPE(Ehdr) *)f->bytes;
    const ELF_TYPE(Phdr) *segment =
        (const ELF_TYPE(Phdr) *)(f->bytes + header->e_phoff);
    uint64_t end = 0;

    for (unsigned i = 0; i < header->e_phnum; i++, segment++)
        if (segment->p_type == PT_LOAD &&
            segment->p_vaddr + segment->p_memsz > end)
            end = segment->p_vaddr + segment->p_memsz;
    return (end + PAGE - 1) / PAGE * PAGE;
}

void fixture_init(struct fixture *f, const char *path)
{
    memset(f, 0, sizeof(*f));
    f->fd = -1;
    init_imports(&f->imports);
    f->binding = (struct load_binding){resolve, note_missing, &f->imports};
    mapping_calls_reset();
    read_image(f, path);
    mapping_calls_reset();
    restore_relro(f);
    f->span = span_of(f);
    f->text_span =
        (fixture_segment(f, PT_LOAD, 0)->p_memsz + PAGE - 1) / PAGE * PAGE;
    if (strstr(path, "house"))
        pack_relative(f);
    else if (has_tag(f, MACHINE_DT_RELOC))
        sort_table(f, &(machine_reloc *){NULL}, &(size_t){0});
    notes_clear();
}

void fixture_release(struct fixture *f)
{
    load_release(&f->image);
    file_close(f->fd);
    free(f->file);
    free(f->bytes);
}

int fixture_setup(void **state)
{
    const char *path = *state;
    struct fixture *f = malloc(sizeof(*f));

    if (!f)
        return -1;
    fixture_init(f, path);
    *state = f;
    return 0;
}

int fixture_setup_memory(void **state)
{
    const int failed = fixture_setup(state);

    if (!failed)
        ((struct fixture *)*state)->in_memory = true;
    return failed;
}

int fixture_setup_tls(void **state)
{
    const int failed = fixture_setup(state);
    struct fixture *f = *state;

    if (failed)
        return failed;
    imports_add(&f->imports, "import_thread_value", &import_thread_value);
    imports_add(&f->imports, "import_thread_weak", NULL);
    return 0;
}

int fixture_teardown(void **state)
{
    fixture_release(*state);
    free(*state);
    return 0;
}

/* The file as bytes, and no byte behind them. */
static void read_back(struct fixture *f)
{
    const size_t size = (size_t)f->source.file_size;

    free(f->file);
    f->file = malloc(size);
    assert_non_null(f->file);
    assert_int_equal(pread(f->fd, f->file, size, 0), size);
    f->source.fd = -1;
    f->source.bytes = f->file;
}

void fixture_write(struct fixture *f, uint64_t image_offset)
{
    file_close(f->fd);
    f->fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(f->fd >= 0);
    for (uint64_t i = 0; i < image_offset; i++)
        assert_int_equal(pwrite(f->fd, "p", 1, (off_t)i), 1);
    assert_int_equal(pwrite(f->fd, f->bytes, f->size, (off_t)image_offset),
                     f->size);
    f->source = (struct load_source){
        .fd = f->fd,
        .name = "sample",
        .file_size = image_offset + f->size,
        .image_offset = image_offset,
        .image_size = f->size,
        .image_span = f->span,
        .image_align = PAGE,
        .text_span = f->text_span,
    };
    if (f->in_memory)
        read_back(f);
}

enum status fixture_link(struct fixture *f)
{
    enum status status;

    load_open(&f->source, &f->image);
    status = load_map(&f->source, &f->image, &f->err);
    if (status)
        return status;
    return load_link(&f->source, &f->image, &f->binding, &f->err);
}

void fixture_load(struct fixture *f)
{
    fixture_write(f, 0);
    if (fixture_link(f))
        fail_msg("%s", f->err.message);
}

static void *find_entry(struct fixture *f, size_t size)
{
    const ELF_TYPE(Ehdr) *header = (const ELF_TYPE(Ehdr) *)f->bytes;
    void *api = load_address(&f->image, header->e_entry, size);

    assert_non_null(api);
    return api;
}

struct sample_api *fixture_api(struct fixture *f)
{
    return find_entry(f, sizeof(struct sample_api));
}

struct tls_api *fixture_tls_api(struct fixture *f)
{
    return find_entry(f, sizeof(struct tls_api));
}

ELF_TYPE(Phdr) *
    fixture_segment(struct fixture *f, uint32_t type, unsigned index)
{
    ELF_TYPE(Ehdr) *header = (ELF_TYPE(Ehdr) *)f->bytes;
    ELF_TYPE(Phdr) *segments = (ELF_TYPE(Phdr) *)(f->bytes + header->e_phoff);

    for (unsigned i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == type && index-- == 0)
            return &segments[i];
    fail_msg("no program header of type 0x%x", type);
    return NULL;
}

ELF_TYPE(Dyn) * fixture_tag(struct fixture *f, int64_t tag)
{
    const ELF_TYPE(Phdr) *segment = fixture_segment(f, PT_DYNAMIC, 0);
    ELF_TYPE(Dyn) *entry = (ELF_TYPE(Dyn) *)(f->bytes + segment->p_offset);

    for (; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == tag)
            return entry;
    fail_msg("no dynamic tag %lld", (long long)tag);
    return NULL;
}

machine_reloc *fixture_reloc(struct fixture *f, uint32_t type)
{
    machine_reloc *entry =
        (machine_reloc *)(f->bytes +
                          fixture_tag(f, MACHINE_DT_RELOC)->d_un.d_ptr);
    size_t n_entries =
        fixture_tag(f, MACHINE_DT_RELOC_SIZE)->d_un.d_val / sizeof(*entry);

    for (size_t i = 0; i < n_entries; i++)
        if (ELF_R_TYPE(entry[i].r_info) == type)
            return &entry[i];
    fail_msg("no relocation of type %u", type);
    return NULL;
}
