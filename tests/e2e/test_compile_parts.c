/* Divided modules: in these tests two instructions justify a part. */
#include "compile_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bccc.h"

/* ---- Modules ---- */

/* Two functions far apart that share all kinds of things. */
static const char shared[] =
    "@text = private unnamed_addr constant [3 x i8] c\"ab\\00\"\n"
    "@table = internal constant [2 x ptr] [ptr @first, ptr @second]\n"
    "@counter = internal global i32 7\n"
    "@only = internal global i32 1\n"
    "@0 = internal global i32 5\n"
    "define i32 @first(i32 %n) noinline {\n"
    "  %slot = getelementptr [2 x ptr], ptr @table, i32 0, i32 %n\n"
    "  %next = load ptr, ptr %slot\n"
    "  %c = load i32, ptr @counter\n"
    "  store i32 %n, ptr @counter\n"
    "  store volatile i32 %n, ptr @0\n"
    "  %v = call i32 %next(i32 %c)\n"
    "  %h = call i32 @hidden(i32 %v)\n"
    "  ret i32 %h\n"
    "}\n"
    "define internal i32 @hidden(i32 %n) noinline {\n"
    "  %t = call i32 @take(ptr @text)\n"
    "  store volatile i32 %t, ptr @only\n"
    "  %o = load volatile i32, ptr @only\n"
    "  %s = add i32 %o, %n\n"
    "  ret i32 %s\n"
    "}\n"
    "define i32 @second(i32 %n) noinline {\n"
    "  %c = load i32, ptr @counter\n"
    "  %z = load volatile i32, ptr @0\n"
    "  %t = call i32 @take(ptr @text)\n"
    "  %h = call i32 @hidden(i32 %c)\n"
    "  %a = add i32 %t, %h\n"
    "  %b = add i32 %a, %z\n"
    "  ret i32 %b\n"
    "}\n"
    "declare i32 @take(ptr)\n";

static void divided_module_has_all_it_defines_once(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "shared", shared);
    assert_compiles(f);
    assert_non_null(find_function(f, "first"));
    assert_non_null(find_function(f, "second"));
    assert_non_null(find_function(f, "hidden"));
    assert_non_null(find_object(f, "counter"));
    assert_non_null(find_object(f, "only"));
    assert_int_equal(f->result.link.n_functions, 3);
    assert_int_equal(f->result.link.n_imports, 1);
    assert_non_null(find_import(f, "take"));
    assert_true(find_function(f, "first")->address <
                find_function(f, "second")->address);
}

static void nothing_is_divided_in_one_process(void **state)
{
    struct compile_fixture *f = *state;

    f->make_parts = NULL;
    compile_fixture_add_text(f, "shared", shared);
    assert_compiles(f);
    assert_non_null(find_function(f, "first"));
    assert_non_null(find_function(f, "second"));
}

static void use_cpus(const cpu_set_t *cpus)
{
    assert_int_equal(sched_setaffinity(0, sizeof(*cpus), cpus), 0);
}

static void number_of_cpus_does_not_show(void **state)
{
    struct compile_fixture *f = *state;
    cpu_set_t all, one;
    struct buffer image;

    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    CPU_ZERO(&one);
    for (int cpu = CPU_SETSIZE - 1; CPU_COUNT(&one) == 0; cpu--)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    compile_fixture_add_text(f, "shared", shared);
    assert_compiles(f);
    buffer_init(&image);
    buffer_append(&image, f->result.link.image.data, f->result.link.image.size);
    compile_fixture_reset(f);
    compile_fixture_add_text(f, "shared", shared);
    use_cpus(&one);
    assert_compiles(f);
    use_cpus(&all);
    assert_int_equal(image.size, f->result.link.image.size);
    assert_memory_equal(image.data, f->result.link.image.data, image.size);
    buffer_release(&image);
}

/* ---- Optimised modules ---- */

/* A function that no optimiser needs to look at again: it works on memory that
 * anybody may see, and has no variables. Its first call is of `callee`. */
static void add_finished(struct buffer *text, const char *name,
                         const char *linkage, const char *callee, int n)
{
    buffer_printf(text, "define %s i32 @%s(ptr %%p, i32 %%n) {\n", linkage,
                  name);
    buffer_printf(text, "  %%v = call i32 @%s(ptr %%p, i32 %%n)\n", callee);
    for (int i = 0; i < n; i++)
        buffer_append_string(text, "  store volatile i32 %n, ptr %p\n");
    buffer_append_string(text, "  ret i32 %v\n}\n");
}

/* first and last are in different parts. */
static void write_optimised(struct buffer *text)
{
    buffer_init(text);
    add_finished(text, "first", "", "small", 150);
    add_finished(text, "small", "internal", "take", 3);
    add_finished(text, "last", "", "small", 150);
    buffer_append_string(text, "declare i32 @take(ptr, i32)\n");
    buffer_append(text, "", 1);
    assert_false(buffer_failed(text));
}

static void small_functions_are_inlined_across_parts(void **state)
{
    struct compile_fixture *f = *state;
    struct buffer text;

    write_optimised(&text);
    compile_fixture_add_text(f, "optimised", (const char *)text.data);
    assert_compiles(f);
    assert_non_null(find_function(f, "first"));
    assert_non_null(find_function(f, "last"));
    assert_null(find_function(f, "small"));
    buffer_release(&text);
}

static enum status make_here(size_t n_parts, part_fn make, void *context,
                             struct buffer *ret_out, struct error *err)
{
    enum status status = STATUS_OK;

    for (size_t i = n_parts; !status && i-- > 0;)
        status = make(context, i, &ret_out[i], err);
    return status;
}

/* As in libobcc-llvm.so. */
static void optimised_module_is_the_same_in_one_process(void **state)
{
    struct compile_fixture *f = *state;
    struct buffer text, image;

    write_optimised(&text);
    compile_fixture_add_text(f, "optimised", (const char *)text.data);
    assert_compiles(f);
    buffer_init(&image);
    buffer_append(&image, f->result.link.image.data, f->result.link.image.size);
    compile_fixture_reset(f);
    f->make_parts = make_here;
    f->shares_module = true;
    compile_fixture_add_text(f, "optimised", (const char *)text.data);
    assert_compiles(f);
    assert_int_equal(image.size, f->result.link.image.size);
    assert_memory_equal(image.data, f->result.link.image.data, image.size);
    buffer_release(&image);
    buffer_release(&text);
}

/* What code generators call floor is libm's; the other floor is the
 * script's own affair. */
static void static_function_is_not_taken_for_a_library_function(void **state)
{
    struct compile_fixture *f = *state;

    compile_fixture_add_text(f, "floor",
                             "define internal i32 @floor(i32 %n) noinline {\n"
                             "  %v = load volatile i32, ptr @g\n"
                             "  %s = add i32 %v, %n\n"
                             "  ret i32 %s\n"
                             "}\n"
                             "@g = internal global i32 1\n"
                             "define i32 @a(i32 %n) {\n"
                             "  %v = call i32 @floor(i32 %n)\n"
                             "  ret i32 %v\n"
                             "}\n"
                             "define i32 @b(i32 %n) {\n"
                             "  %m = mul i32 %n, 3\n"
                             "  %v = call i32 @floor(i32 %m)\n"
                             "  ret i32 %v\n"
                             "}\n"
                             "define double @c(double %x) {\n"
                             "  %y = fmul double %x, 3.0\n"
                             "  %v = call double @llvm.floor.f64(double %y)\n"
                             "  ret double %v\n"
                             "}\n"
                             "declare double @llvm.floor.f64(double)\n");
    assert_compiles(f);
    assert_non_null(find_import(f, "floor"));
    assert_non_null(find_function(f, "floor.local"));
    assert_null(find_function(f, "floor"));
}

/* ---- Processes ---- */

enum { N_PARTS = 5, LARGE = 300000, BAD_PART = 3 };

struct making {
    struct buffer out[N_PARTS];
    struct error err;
};

static enum status make_all(struct making *making, part_fn make)
{
    *making = (struct making){0};
    return parts_make(N_PARTS, make, NULL, making->out, &making->err);
}

static void release(struct making *making)
{
    for (int i = 0; i < N_PARTS; i++)
        buffer_release(&making->out[i]);
}

static enum status make_large(void *context, size_t part, struct buffer *out,
                              struct error *err)
{
    uint8_t *bytes = buffer_grow(out, LARGE + part);

    (void)context;
    if (!bytes)
        return error_no_memory(err);
    memset(bytes, 'a' + (int)part, LARGE + part);
    return STATUS_OK;
}

static void parts_come_back_whole_and_in_order(void **state)
{
    struct making making;

    (void)state;
    assert_int_equal(make_all(&making, make_large), STATUS_OK);
    for (size_t i = 0; i < N_PARTS; i++) {
        assert_int_equal(making.out[i].size, LARGE + i);
        assert_int_equal(making.out[i].data[0], 'a' + i);
        assert_int_equal(making.out[i].data[LARGE + i - 1], 'a' + i);
    }
    release(&making);
}

static enum status make_killed(void *context, size_t part, struct buffer *out,
                               struct error *err)
{
    if (part == BAD_PART)
        raise(SIGKILL);
    return make_large(context, part, out, err);
}

static enum status make_ended(void *context, size_t part, struct buffer *out,
                              struct error *err)
{
    if (part == BAD_PART)
        _exit(0);
    return make_large(context, part, out, err);
}

static enum status make_failed(void *context, size_t part, struct buffer *out,
                               struct error *err)
{
    if (part == BAD_PART)
        return error_set(err, STATUS_UNSUPPORTED, "part %zu: not so", part);
    return make_large(context, part, out, err);
}

static enum status make_limited(void *context, size_t part, struct buffer *out,
                                struct error *err)
{
    enum { LIMIT = 1 << 20, MORE = 1 << 26 };
    const struct rlimit little = {LIMIT, LIMIT};

    if (part != BAD_PART)
        return make_large(context, part, out, err);
    setrlimit(RLIMIT_AS, &little);
    return buffer_grow(out, MORE) ? STATUS_OK : error_no_memory(err);
}

/* What a worker writes: parts.c, "struct head" and bytes. */
struct answer {
    int32_t status, os_errno;
    uint64_t size;
    char bytes[100];
};

enum { WORKER_PIPE_FD = 3, HEAD_SIZE = offsetof(struct answer, bytes) };

/* An answer of 100 bytes of which only the first `size` are sent. */
static void answer(size_t size)
{
    const struct answer whole = {.size = sizeof(whole.bytes)};

    _exit(write(WORKER_PIPE_FD, &whole, size) != (ssize_t)size);
}

#define MAKE_CUT(name, size)                                                   \
    static enum status name(void *context, size_t part, struct buffer *out,    \
                            struct error *err)                                 \
    {                                                                          \
        if (part == BAD_PART)                                                  \
            answer(size);                                                      \
        return make_large(context, part, out, err);                            \
    }
MAKE_CUT(make_whole, HEAD_SIZE + 100)
MAKE_CUT(make_one_less, HEAD_SIZE + 99)
MAKE_CUT(make_head_alone, HEAD_SIZE)
MAKE_CUT(make_half_head, HEAD_SIZE - 1)
#undef MAKE_CUT

static void part_that_is_cut_short_is_an_error(void **state)
{
    static const part_fn cut[] = {make_one_less, make_head_alone,
                                  make_half_head};
    struct making making;

    (void)state;
    assert_int_equal(make_all(&making, make_whole), STATUS_OK);
    assert_int_equal(making.out[BAD_PART].size, 100);
    release(&making);
    for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
        assert_int_equal(make_all(&making, cut[i]), STATUS_COMPILE);
        assert_non_null(
            strstr(making.err.message, "a part exited without a reply"));
        release(&making);
    }
}

static int count_descriptors(void)
{
    int n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* However parts end, no descriptor and no child is left. */
static void parts_leave_neither_descriptors_nor_processes(void **state)
{
    static const part_fn makes[] = {make_large, make_killed, make_ended,
                                    make_failed, make_one_less};
    const int n_before = count_descriptors();

    (void)state;
    for (size_t i = 0; i < sizeof(makes) / sizeof(makes[0]); i++) {
        struct making making;
        const enum status status = make_all(&making, makes[i]);

        assert_int_equal(status == STATUS_OK, i == 0);
        release(&making);
        assert_int_equal(count_descriptors(), n_before);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        assert_int_equal(errno, ECHILD);
    }
}

static void part_that_does_not_come_is_an_error(void **state)
{
    static const struct {
        part_fn make;
        enum status status;
        const char *says;
    } cases[] = {
        {make_killed, STATUS_IO, "a part was killed"},
        {make_ended, STATUS_COMPILE, "a part exited without a reply"},
        {make_failed, STATUS_UNSUPPORTED, "part 3: not so"},
        {make_limited, STATUS_NO_MEMORY, "memory"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct making making;

        assert_int_equal(make_all(&making, cases[i].make), cases[i].status);
        assert_non_null(strstr(making.err.message, cases[i].says));
        release(&making);
    }
}

enum { N_PAGES = 256, PAGE_SIZE = 4096, FEW_FAULTS = N_PAGES / 4 };

static long count_faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

/* Answers with how many faults it took to write to the pages, and what had been
 * in them. */
static enum status make_written(void *context, size_t part, struct buffer *out,
                                struct error *err)
{
    volatile uint8_t *pages = context;
    long faults = count_faults();
    unsigned sum = 0;

    (void)part;
    for (size_t i = 0; i < N_PAGES; i++)
        sum += pages[i * PAGE_SIZE]++;
    faults = count_faults() - faults;
    buffer_append(out, &faults, sizeof(faults));
    buffer_append(out, &sum, sizeof(sum));
    return buffer_failed(out) ? error_no_memory(err) : STATUS_OK;
}

static void worker_need_not_copy_page_by_page(void **state)
{
    uint8_t *pages = mmap(NULL, N_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct error err = {0};
    struct buffer out;
    unsigned sum;
    long faults;

    (void)state;
    assert_ptr_not_equal(pages, MAP_FAILED);
    if (madvise(pages, PAGE_SIZE, 23 /* MADV_POPULATE_WRITE */) < 0) {
        munmap(pages, N_PAGES * PAGE_SIZE);
        skip(); /* Linux before 5.14 */
    }
    memset(pages, 3, N_PAGES * PAGE_SIZE);
    buffer_init(&out);
    assert_int_equal(parts_make(1, make_written, pages, &out, &err), STATUS_OK);
    assert_int_equal(out.size, sizeof(faults) + sizeof(sum));
    memcpy(&faults, out.data, sizeof(faults));
    memcpy(&sum, out.data + sizeof(faults), sizeof(sum));
    assert_in_range(faults, 0, FEW_FAULTS);
    assert_int_equal(sum, 3 * N_PAGES);
    assert_int_equal(pages[0], 3);
    buffer_release(&out);
    munmap(pages, N_PAGES * PAGE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(divided_module_has_all_it_defines_once,
                                        compile_fixture_setup,
                                        compile_fixture_teardown),
        cmocka_unit_test_setup_teardown(
            small_functions_are_inlined_across_parts, compile_fixture_setup,
            compile_fixture_teardown),
        cmocka_unit_test_setup_teardown(
            optimised_module_is_the_same_in_one_process, compile_fixture_setup,
            compile_fixture_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_divided_in_one_process,
                                        compile_fixture_setup,
                                        compile_fixture_teardown),
        cmocka_unit_test_setup_teardown(number_of_cpus_does_not_show,
                                        compile_fixture_setup,
                                        compile_fixture_teardown),
        cmocka_unit_test_setup_teardown(
            static_function_is_not_taken_for_a_library_function,
            compile_fixture_setup, compile_fixture_teardown),
        cmocka_unit_test(parts_come_back_whole_and_in_order),
        cmocka_unit_test(part_that_does_not_come_is_an_error),
        cmocka_unit_test(part_that_is_cut_short_is_an_error),
        cmocka_unit_test(parts_leave_neither_descriptors_nor_processes),
        cmocka_unit_test(worker_need_not_copy_page_by_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
