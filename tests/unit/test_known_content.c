/* Contents that were hashed before: what is remembered, by which process, under
 * which key; and that the SHA-1 is right whatever became of the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "known_content.h"
#include "temp_dir.h"

enum { SIZE = 3 * KNOWN_CONTENT_MIN_SIZE, N_PROCESSES = 8 };

/* A table of its own is a process: what it shares with others is the file. */
struct fixture {
    struct temp_dir root;
    struct temp_path dir, file;
    struct known_table table, other;
    uint8_t bytes[SIZE];
};

static void begin(struct known_table *table, const struct fixture *f)
{
    memset(table, 0, sizeof(*table));
    table->dir = f->dir.text;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    if (!f || temp_dir_make(&f->root))
        return -1;
    f->dir = temp_dir_path(&f->root, "place");
    f->file = temp_dir_path(&f->root, "place/" KNOWN_CONTENT_NAME);
    begin(&f->table, f);
    begin(&f->other, f);
    for (size_t i = 0; i < SIZE; i++)
        f->bytes[i] = (uint8_t)(i * i >> 3);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    int result = temp_dir_remove(&f->root);

    free(f);
    return result;
}

#define NEEDS_CPU()                                                            \
    do {                                                                       \
        if (keyed_loop_of_cpu() == KEYED_LOOP_NONE)                            \
            skip();                                                            \
    } while (0)

/* Whether it was known; the SHA-1 is right in any case. */
static bool is_known(struct known_table *table, const uint8_t *bytes,
                     size_t size)
{
    uint8_t right[SHA1_SIZE], sha1[SHA1_SIZE] = {0};
    const struct span span = {bytes, size};
    bool known;

    sha1_digest(span, right);
    errno = E2BIG;
    known = known_table_sha1(table, span, sha1);
    assert_int_equal(errno, E2BIG);
    assert_memory_equal(sha1, right, sizeof(right));
    return known;
}

static bool knows(struct known_table *table, const struct fixture *f)
{
    return is_known(table, f->bytes, SIZE);
}

static size_t names_in(const char *path)
{
    DIR *listing = opendir(path);
    const struct dirent *entry;
    size_t n = 0;

    assert_non_null(listing);
    while ((entry = readdir(listing)))
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..");
    closedir(listing);
    return n;
}

/* ---- What is remembered ---- */

static void the_process_knows_what_it_hashed(void **state)
{
    struct fixture *f = *state;

    NEEDS_CPU();
    assert_false(knows(&f->table, f));
    assert_int_equal(unlink(f->file.text), 0);
    assert_true(knows(&f->table, f));
}

static void another_process_knows_it_from_the_file(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    NEEDS_CPU();
    assert_false(knows(&f->table, f));
    assert_true(knows(&f->other, f));
    assert_int_equal(stat(f->file.text, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(f->dir.text, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(names_in(f->dir.text), 1);
}

static void a_byte_changed_is_another_content(void **state)
{
    static const size_t places[] = {0, 1, 63, 64, 2047, 2048, SIZE - 1};
    struct fixture *f = *state;

    NEEDS_CPU();
    assert_false(knows(&f->table, f));
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        f->bytes[places[i]] ^= 1;
        assert_false(knows(&f->table, f));
        f->bytes[places[i]] ^= 1;
        assert_true(knows(&f->table, f));
    }
    assert_false(is_known(&f->table, f->bytes, SIZE - 1));
}

static void what_is_small_is_hashed(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 2; i++)
        assert_false(is_known(&f->table, f->bytes, KNOWN_CONTENT_MIN_SIZE - 1));
    assert_int_equal(access(f->dir.text, F_OK), -1);
}

static void fill(uint8_t *bytes, size_t size, uint64_t seed)
{
    for (size_t i = 0; i < size; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        bytes[i] = (uint8_t)(seed >> 56);
    }
}

/* More than a process keeps, and more than the file has rows: some rows are
 * shared, none is mistaken. */
static void many_contents_are_told_apart(void **state)
{
    enum { N = 1500, EACH = KNOWN_CONTENT_MIN_SIZE };
    struct fixture *f = *state;
    unsigned n_known = 0;

    NEEDS_CPU();
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < N; i++) {
            fill(f->bytes, EACH, i);
            n_known += is_known(&f->table, f->bytes, EACH);
        }
    }
    /* Those that are alone in their row: 1500 e^(-1500/1024) = 347, but for
     * chance (the key is random) 15 more or less. */
    assert_in_range(n_known, 200, 500);
}

/* ---- The key ---- */

static void a_file_replaced_belongs_to_another_key(void **state)
{
    struct fixture *f = *state;
    struct known_table third;

    NEEDS_CPU();
    assert_false(knows(&f->table, f));
    assert_int_equal(unlink(f->file.text), 0);
    assert_false(knows(&f->other, f));
    assert_memory_not_equal(&f->table.key.key, &f->other.key.key,
                            sizeof(f->table.key.key));
    /* The first one goes on by itself, and writes nothing under its key. */
    assert_true(knows(&f->table, f));
    f->bytes[0] ^= 1;
    assert_false(knows(&f->table, f));
    begin(&third, f);
    assert_false(knows(&third, f));
    f->bytes[0] ^= 1;
    assert_true(knows(&third, f));
    assert_memory_equal(&third.key, &f->other.key, sizeof(third.key));
}

/* Is a file as it is now refused, replaced by one with a new key, and that one
 * of use? */
static void assert_replaced(struct fixture *f)
{
    struct known_table first, second;

    begin(&first, f);
    assert_false(knows(&first, f));
    assert_memory_not_equal(&first.key.key, &f->table.key.key,
                            sizeof(first.key.key) / 2);
    begin(&second, f);
    assert_true(knows(&second, f));
    assert_memory_equal(&first.key, &second.key, sizeof(first.key));
    assert_int_equal(names_in(f->dir.text), 1);
}

static void write_at(const struct fixture *f, size_t offset, uint8_t change)
{
    int fd = open(f->file.text, O_RDWR | O_CLOEXEC);
    uint8_t byte;

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, (off_t)offset), 1);
    byte ^= change;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)offset), 1);
    close(fd);
}

static void a_damaged_key_is_replaced(void **state)
{
    struct fixture *f = *state;

    NEEDS_CPU();
    for (size_t at = 0; at < sizeof(struct known_key); at += 1 + at / 4) {
        begin(&f->table, f);
        knows(&f->table, f);
        write_at(f, at, 0x20);
        assert_replaced(f);
    }
}

static void a_file_cut_short_is_replaced(void **state)
{
    static const off_t sizes[] = {0, 1, 8, 32, sizeof(struct known_key) - 1};
    struct fixture *f = *state;

    NEEDS_CPU();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        begin(&f->table, f);
        knows(&f->table, f);
        assert_int_equal(truncate(f->file.text, sizes[i]), 0);
        assert_replaced(f);
    }
}

/* A key that others could read, or choose, is none. */
static void a_file_that_is_not_private_is_replaced(void **state)
{
    static const mode_t modes[] = {0644, 0620, 0604, 0602, 0610};
    struct fixture *f = *state;

    NEEDS_CPU();
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        begin(&f->table, f);
        knows(&f->table, f);
        assert_int_equal(chmod(f->file.text, modes[i]), 0);
        assert_replaced(f);
    }
    if (geteuid() != 0)
        return;
    begin(&f->table, f);
    assert_true(knows(&f->table, f));
    assert_int_equal(chown(f->file.text, 12345, 12345), 0);
    assert_replaced(f);
}

static void a_link_or_a_fifo_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct temp_path target = temp_dir_path(&f->root, "target");

    NEEDS_CPU();
    knows(&f->table, f);
    assert_int_equal(rename(f->file.text, target.text), 0);
    assert_int_equal(symlink(target.text, f->file.text), 0);
    assert_replaced(f);
    assert_int_equal(access(target.text, F_OK), 0);
    assert_int_equal(unlink(f->file.text), 0);
    assert_int_equal(mkfifo(f->file.text, 0600), 0);
    assert_replaced(f);
}

static void nothing_is_put_where_others_may_write(void **state)
{
    struct fixture *f = *state;

    NEEDS_CPU();
    assert_int_equal(mkdir(f->dir.text, 0700), 0);
    assert_int_equal(chmod(f->dir.text, 0770), 0);
    assert_false(knows(&f->table, f));
    assert_int_equal(names_in(f->dir.text), 0);
    /* The process remembers all the same. */
    assert_true(knows(&f->table, f));
    assert_false(knows(&f->other, f));
}

/* ---- Rows ---- */

static void a_damaged_row_is_computed_anew(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    NEEDS_CPU();
    knows(&f->table, f);
    assert_int_equal(stat(f->file.text, &st), 0);
    /* The only row is the end of the file; its last 16 bytes are unused. */
    for (off_t at = st.st_size - 64; at < st.st_size - 16; at++) {
        struct known_table first, second;

        write_at(f, (size_t)at, 0x80);
        begin(&first, f);
        assert_false(knows(&first, f));
        begin(&second, f);
        assert_true(knows(&second, f));
    }
}

static void a_limit_of_file_sizes_is_kept(void **state)
{
    const struct rlimit limit = {1024, RLIM_INFINITY};
    const struct rlimit ample = {1 << 30, RLIM_INFINITY};
    struct fixture *f = *state;
    struct rlimit before;

    NEEDS_CPU();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_false(knows(&f->table, f));
    assert_true(knows(&f->table, f));
    assert_false(knows(&f->other, f));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &ample), 0);
    begin(&f->table, f);
    assert_false(knows(&f->table, f));
    assert_true(knows(&f->other, f));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

/* ---- Several processes ---- */

/* The exit status of a child in which `table` hashes: 1 if it was known. */
static int status_of_child(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool knows_rightly(struct known_table *table, const struct fixture *f)
{
    uint8_t right[SHA1_SIZE], sha1[SHA1_SIZE];
    bool known = known_table_sha1(table, (struct span){f->bytes, SIZE}, sha1);

    sha1_digest((struct span){f->bytes, SIZE}, right);
    if (memcmp(sha1, right, sizeof(sha1)) != 0)
        _exit(100);
    return known;
}

/* All at once, as they wait for one pipe. */
static void processes_that_race_agree_on_one_key(void **state)
{
    struct fixture *f = *state;
    pid_t child[N_PROCESSES];
    int start[2], keys[2];
    char byte;

    NEEDS_CPU();
    for (int round = 0; round < 20; round++) {
        assert_int_equal(pipe(start), 0);
        assert_int_equal(pipe(keys), 0);
        for (int i = 0; i < N_PROCESSES; i++) {
            child[i] = fork();
            if (child[i])
                continue;
            close(start[1]);
            if (read(start[0], &byte, 1) != 0)
                _exit(101);
            knows_rightly(&f->table, f);
            _exit(write(keys[1], f->table.key.number, 16) != 16);
        }
        close(start[1]);
        for (int i = 0; i < N_PROCESSES; i++)
            assert_int_equal(status_of_child(child[i]), 0);
        close(start[0]);
        begin(&f->other, f);
        assert_true(knows(&f->other, f));
        for (int i = 0; i < N_PROCESSES; i++) {
            uint8_t number[16];

            assert_int_equal(read(keys[0], number, 16), 16);
            assert_memory_equal(number, f->other.key.number, 16);
        }
        close(keys[0]);
        close(keys[1]);
        assert_int_equal(names_in(f->dir.text), 1);
        assert_int_equal(unlink(f->file.text), 0);
    }
}

static void a_child_knows_what_its_parent_knew(void **state)
{
    struct fixture *f = *state;
    pid_t child;

    NEEDS_CPU();
    assert_false(knows(&f->table, f));
    assert_int_equal(unlink(f->file.text), 0);
    child = fork();
    if (!child)
        _exit(knows_rightly(&f->table, f));
    assert_int_equal(status_of_child(child), 1);
}

/* Forked while another thread had the table: nobody will ever unlock it. */
static void a_child_does_without_a_table_that_was_locked(void **state)
{
    struct fixture *f = *state;
    pid_t child;

    NEEDS_CPU();
    for (int has_key = 0; has_key < 2; has_key++) {
        f->table.is_locked = true;
        child = fork();
        if (!child)
            _exit(knows_rightly(&f->table, f));
        /* With the key, the file still tells. */
        assert_int_equal(status_of_child(child), has_key);
        f->table.is_locked = false;
        knows(&f->table, f);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_process_knows_what_it_hashed),
        TEST(another_process_knows_it_from_the_file),
        TEST(a_byte_changed_is_another_content),
        TEST(what_is_small_is_hashed),
        TEST(many_contents_are_told_apart),
        TEST(a_file_replaced_belongs_to_another_key),
        TEST(a_damaged_key_is_replaced),
        TEST(a_file_cut_short_is_replaced),
        TEST(a_file_that_is_not_private_is_replaced),
        TEST(a_link_or_a_fifo_is_replaced),
        TEST(nothing_is_put_where_others_may_write),
        TEST(a_damaged_row_is_computed_anew),
        TEST(a_limit_of_file_sizes_is_kept),
        TEST(processes_that_race_agree_on_one_key),
        TEST(a_child_knows_what_its_parent_knew),
        TEST(a_child_does_without_a_table_that_was_locked),
    };

    return cmocka_run_group_tests_name("known content", tests, NULL, NULL);
}
