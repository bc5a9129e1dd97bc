/* The index of a runtime library in the cache directory: it changes nothing but
 * time. The compiler process is one that links even the smallest libraries by
 * closures. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api_fixture.h"
#include "checksum.h"
#include "index_file.h"

/* ---- Scripts and libraries ---- */

static const char library_text[] = "@state = internal global i32 1\n"
                                   "define i32 @add(i32 %n) noinline {\n"
                                   "  %v = load i32, ptr @state\n"
                                   "  %s = add i32 %v, %n\n"
                                   "  store i32 %s, ptr @state\n"
                                   "  ret i32 %s\n"
                                   "}\n"
                                   "define i32 @get() noinline {\n"
                                   "  %v = load i32, ptr @state\n"
                                   "  ret i32 %v\n"
                                   "}\n"
                                   "define i32 @twice(i32 %n) noinline {\n"
                                   "  %a = call i32 @add(i32 %n)\n"
                                   "  %b = call i32 @add(i32 %n)\n"
                                   "  ret i32 %b\n"
                                   "}\n";

static const char *const script_texts[] = {
    "declare i32 @add(i32)\n"
    "declare i32 @get()\n"
    "define i32 @answer() {\n"
    "  %a = call i32 @add(i32 41)\n"
    "  %g = call i32 @get()\n"
    "  ret i32 %g\n"
    "}\n",
    "declare i32 @get()\n"
    "define i32 @answer() {\n"
    "  %g = call i32 @get()\n"
    "  %s = add i32 %g, 41\n"
    "  ret i32 %s\n"
    "}\n",
    "declare i32 @twice(i32)\n"
    "define i32 @answer() {\n"
    "  %t = call i32 @twice(i32 20)\n"
    "  %s = add i32 %t, 1\n"
    "  ret i32 %s\n"
    "}\n",
};

enum { N_SCRIPTS = sizeof(script_texts) / sizeof(script_texts[0]) };

static void write_text(const char *path, const char *text)
{
    write_whole(path, text, strlen(text));
}

static struct path script_path(const struct fixture *f, size_t i)
{
    char name[32];

    snprintf(name, sizeof(name), "script%zu.ll", i);
    return fixture_path(f, name);
}

static int set_up(void **state)
{
    const struct fixture *f;

    if (fixture_setup(state))
        return -1;
    f = *state;
    write_text(fixture_path(f, "library.ll").text, library_text);
    for (size_t i = 0; i < N_SCRIPTS; i++)
        write_text(script_path(f, i).text, script_texts[i]);
    /* Of an older file, the entry has a stamp in any case. */
    usleep(50000);
    return 0;
}

/* A cache directory of that name. */
static struct path make_cache(const struct fixture *f, const char *name)
{
    struct path dir = fixture_path(f, name);

    assert_int_equal(mkdir(dir.text, 0700), 0);
    return dir;
}

/* Compile script i anew, and run it. */
static void compile_in(const struct fixture *f, const char *dir, size_t i)
{
    BCCScriptRef script =
        open_script(script_path(f, i).text, fixture_path(f, "library.ll").text);
    char name[32];

    snprintf(name, sizeof(name), "entry%zu", i);
    assert_succeeds(script,
                    bccPrepareExecutable(script, dir, name, BCC_REBUILD));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
}

/* ---- What is in the directory ---- */

/* Path of the one index; "" if there is none. */
static struct path find_index(const char *dir)
{
    DIR *listing = opendir(dir);
    const struct dirent *entry;
    struct path path = {""};

    assert_non_null(listing);
    while ((entry = readdir(listing))) {
        const char *dot = strrchr(entry->d_name, '.');

        if (strcmp(dot, ".iBCC") != 0)
            continue;
        assert_string_equal(path.text, "");
        snprintf(path.text, sizeof(path.text), "%s/%s", dir, entry->d_name);
    }
    closedir(listing);
    return path;
}

/* How many closures the index has; it is sound. */
static size_t count_closures(const char *dir)
{
    struct path path = find_index(dir);
    struct index_view view;
    struct index_row row;
    size_t size, n = 0;
    char *bytes;

    assert_string_not_equal(path.text, "");
    bytes = read_whole(path.text, &size);
    assert_int_equal(index_view_open((struct span){(uint8_t *)bytes, size},
                                     (struct span){NULL, 0}, "index", &view,
                                     NULL),
                     STATUS_OK);
    for (size_t i = 0; i < view.n_rows; i++) {
        assert_true(index_view_row(&view, i, &row));
        n += row.kind == IBCC_CLOSURE;
    }
    free(bytes);
    return n;
}

static void assert_same_entry(const char *dir, const char *other, size_t i)
{
    char path[2][PATH_SIZE * 3];
    size_t size[2];
    char *bytes[2];

    snprintf(path[0], sizeof(path[0]), "%s/entry%zu.oBCC", dir, i);
    snprintf(path[1], sizeof(path[1]), "%s/entry%zu.oBCC", other, i);
    for (int k = 0; k < 2; k++)
        bytes[k] = read_whole(path[k], &size[k]);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    free(bytes[0]);
    free(bytes[1]);
}

/* ---- Tests ---- */

static void an_index_grows_and_does_not_show(void **state)
{
    const struct fixture *f = *state;
    struct path alone[N_SCRIPTS];
    char name[32];

    for (size_t i = 0; i < N_SCRIPTS; i++) {
        snprintf(name, sizeof(name), "alone%zu", i);
        alone[i] = make_cache(f, name);
        compile_in(f, alone[i].text, i);
    }
    compile_in(f, f->cache, 0);
    assert_int_equal(count_closures(f->cache), 2);
    compile_in(f, f->cache, 1);
    assert_int_equal(count_closures(f->cache), 2);
    compile_in(f, f->cache, 2);
    assert_int_equal(count_closures(f->cache), 3);
    for (size_t i = 0; i < N_SCRIPTS; i++) {
        assert_same_entry(f->cache, alone[i].text, i);
        compile_in(f, f->cache, i);
        assert_same_entry(f->cache, alone[i].text, i);
    }
    assert_int_equal(count_closures(f->cache), 3);
}

static void an_index_that_cannot_be_written_is_no_matter(void **state)
{
    const struct fixture *f = *state;
    struct path blocked = make_cache(f, "blocked"), index;

    compile_in(f, f->cache, 0);
    index = find_index(f->cache);
    /* Where it would be is a directory. */
    index = fixture_path(f, "blocked");
    snprintf(index.text + strlen(index.text),
             sizeof(index.text) - strlen(index.text), "%s",
             strrchr(find_index(f->cache).text, '/'));
    assert_int_equal(mkdir(index.text, 0700), 0);
    for (int round = 0; round < 2; round++) {
        compile_in(f, blocked.text, 0);
        assert_same_entry(f->cache, blocked.text, 0);
    }
}

/* ---- Damage ---- */

struct damage {
    const char *what;
    void (*make)(const char *path, uint8_t *bytes, size_t size);
};

static void cut_short(const char *path, uint8_t *bytes, size_t size)
{
    write_whole(path, bytes, size / 2);
}

static void empty(const char *path, uint8_t *bytes, size_t size)
{
    (void)size;
    write_whole(path, bytes, 0);
}

static void flip_in_rows(const char *path, uint8_t *bytes, size_t size)
{
    bytes[200] ^= 1;
    write_whole(path, bytes, size);
}

static void flip_in_closures(const char *path, uint8_t *bytes, size_t size)
{
    bytes[size - 100] ^= 1;
    write_whole(path, bytes, size);
}

/* Sound, and of another library. */
static void be_anothers(const char *path, uint8_t *bytes, size_t size)
{
    struct ibcc_header *header = (void *)bytes;
    const size_t from = offsetof(struct ibcc_header, sha1);
    struct index_view view;
    uint64_t end = size;

    assert_int_equal(index_view_open((struct span){bytes, size},
                                     (struct span){NULL, 0}, "index", &view,
                                     NULL),
                     STATUS_OK);
    for (size_t i = 0; i < view.n_rows; i++)
        if (index_view_kind(&view, i) == IBCC_CLOSURE &&
            obcc_get64(view.rows[i].offset) < end)
            end = obcc_get64(view.rows[i].offset);
    bytes[sizeof(*header)] ^= 1; /* in the identity */
    header->checksum = obcc_le64(
        checksum_xxh3((struct span){bytes + from, (size_t)end - from}));
    write_whole(path, bytes, size);
}

/* Sound, but for closures that are no bitcode. */
static void be_nonsense(const char *path, uint8_t *bytes, size_t size)
{
    struct index_contents contents = {0};
    struct index_row rows[8];
    struct index_view view;
    struct buffer out;

    assert_int_equal(index_view_open((struct span){bytes, size},
                                     (struct span){NULL, 0}, "index", &view,
                                     NULL),
                     STATUS_OK);
    contents.identity = (struct span){bytes + sizeof(struct ibcc_header),
                                      obcc_get32(view.header->identity_size)};
    contents.sha1 = view.header->sha1;
    contents.rows = rows;
    contents.n_rows = view.n_rows;
    for (size_t i = 0; i < view.n_rows; i++) {
        assert_true(index_view_row(&view, i, &rows[i]));
        if (rows[i].kind == IBCC_CLOSURE)
            rows[i].closure = (struct span){(const uint8_t *)"BC\xc0\xde!", 5};
    }
    buffer_init(&out);
    assert_int_equal(index_write(&contents, &out, NULL), STATUS_OK);
    write_whole(path, out.data, out.size);
    buffer_release(&out);
}

static void be_open_to_all(const char *path, uint8_t *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    assert_int_equal(chmod(path, 0666), 0);
}

static void be_anyones(const char *path, uint8_t *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    if (geteuid() == 0)
        assert_int_equal(chown(path, 4711, 4711), 0);
}

static void be_a_link(const char *path, uint8_t *bytes, size_t size)
{
    char other[PATH_SIZE * 3];

    snprintf(other, sizeof(other), "%s.other", path);
    write_whole(other, bytes, size);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(other, path), 0);
}

static void be_a_fifo(const char *path, uint8_t *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void a_wrong_index_is_made_anew(void **state)
{
    static const struct damage damages[] = {
        {"cut short", cut_short},        {"empty", empty},
        {"rows", flip_in_rows},          {"closures", flip_in_closures},
        {"another's", be_anothers},      {"nonsense", be_nonsense},
        {"open to all", be_open_to_all}, {"anyone's", be_anyones},
        {"a link", be_a_link},           {"a fifo", be_a_fifo},
    };
    const struct fixture *f = *state;
    struct path damaged = make_cache(f, "damaged");

    compile_in(f, f->cache, 0);
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        struct path index;
        size_t size, new_size;
        char *bytes, *kept, *made;

        compile_in(f, damaged.text, 0);
        index = find_index(damaged.text);
        bytes = read_whole(index.text, &size);
        kept = read_whole(index.text, &size);
        damages[i].make(index.text, (uint8_t *)bytes, size);
        compile_in(f, damaged.text, 0);
        assert_same_entry(f->cache, damaged.text, 0);
        made = read_whole(index.text, &new_size);
        if (new_size != size || memcmp(made, kept, size) != 0)
            fail_msg("%s: not made anew", damages[i].what);
        free(bytes);
        free(kept);
        free(made);
    }
}

/* ---- At once ---- */

struct worker {
    const struct fixture *f;
    size_t first;
    pthread_t thread;
};

static void *work(void *argument)
{
    const struct worker *worker = argument;

    for (size_t i = 0; i < N_SCRIPTS; i++)
        compile_in(worker->f, worker->f->cache,
                   (worker->first + i) % N_SCRIPTS);
    return NULL;
}

static void misses_at_once_leave_a_sound_index(void **state)
{
    const struct fixture *f = *state;
    struct path alone = make_cache(f, "alone");
    struct worker workers[6];
    size_t n;

    for (size_t i = 0; i < 6; i++) {
        workers[i] = (struct worker){.f = f, .first = i};
        assert_int_equal(
            pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    n = count_closures(f->cache);
    assert_true(n >= 1 && n <= 3);
    for (size_t i = 0; i < N_SCRIPTS; i++) {
        compile_in(f, alone.text, i);
        assert_same_entry(f->cache, alone.text, i);
    }
}

/* ---- Its place ---- */

static void what_is_not_hashed_has_no_index(void **state)
{
    const struct fixture *f = *state;
    BCCScriptRef script = new_script();

    assert_succeeds(script, bccReadFile(script, script_path(f, 0).text, 0));
    assert_succeeds(script,
                    bccLinkFile(script, fixture_path(f, "library.ll").text,
                                BCC_SKIP_DEP_SHA1));
    assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry", 0));
    assert_int_equal(call(script, "answer"), 42);
    bccDisposeScript(script);
    assert_string_equal(find_index(f->cache).text, "");
}

static void an_updated_library_has_another_index(void **state)
{
    const struct fixture *f = *state;
    struct path index, library = fixture_path(f, "library.ll");
    char text[sizeof(library_text) + 32];

    compile_in(f, f->cache, 0);
    index = find_index(f->cache);
    snprintf(text, sizeof(text), "%s; another\n", library_text);
    write_text(library.text, text);
    usleep(50000);
    assert_int_equal(unlink(index.text), 0);
    compile_in(f, f->cache, 0);
    assert_string_not_equal(find_index(f->cache).text, index.text);
}

/* Its SHA1 is what the index is found by. */
static void a_library_in_memory_has_an_index(void **state)
{
    const struct fixture *f = *state;
    struct path index;

    for (int round = 0; round < 2; round++) {
        BCCScriptRef script = new_script();

        assert_succeeds(script, bccReadFile(script, script_path(f, 0).text, 0));
        assert_succeeds(script, bccLinkBC(script, "memory", library_text,
                                          sizeof(library_text) - 1, 0));
        assert_succeeds(script, bccPrepareExecutable(script, f->cache, "entry",
                                                     BCC_REBUILD));
        assert_int_equal(call(script, "answer"), 42);
        bccDisposeScript(script);
        assert_int_equal(count_closures(f->cache), 2);
        if (round)
            assert_string_equal(find_index(f->cache).text, index.text);
        index = find_index(f->cache);
    }
}

/* What the command says of the directory. */
static void ask(const struct fixture *f, const char *action, char *ret_text,
                size_t size)
{
    char command[PATH_SIZE * 3];
    FILE *stream;
    size_t n;

    snprintf(command, sizeof(command), "\"$BCC\" cache %s --cache-dir '%s'",
             action, f->cache);
    stream = popen(command, "r");
    assert_non_null(stream);
    n = fread(ret_text, 1, size - 1, stream);
    ret_text[n] = '\0';
    assert_int_equal(pclose(stream), 0);
}

static void the_command_knows_an_index(void **state)
{
    const struct fixture *f = *state;
    const struct timespec old[2] = {{.tv_sec = 1000000000},
                                    {.tv_sec = 1000000000}};
    struct path index;
    struct stat st;
    char text[4096];

    compile_in(f, f->cache, 0);
    index = find_index(f->cache);
    ask(f, "stats --json", text, sizeof(text));
    assert_non_null(strstr(text, "\"entries\":1,"));
    assert_non_null(strstr(text, "\"indexes\":1,"));
    ask(f, "ls", text, sizeof(text));
    assert_non_null(strstr(text, ".iBCC  (index of a runtime library)"));
    ask(f, "verify", text, sizeof(text));
    assert_non_null(strstr(text, " 0 damaged"));
    /* A use sets its time, and what is in use stays. */
    assert_int_equal(utimensat(AT_FDCWD, index.text, old, 0), 0);
    compile_in(f, f->cache, 0);
    assert_int_equal(stat(index.text, &st), 0);
    assert_true(st.st_mtim.tv_sec > 1500000000);
    ask(f, "gc --max-size 0", text, sizeof(text));
    assert_string_not_equal(find_index(f->cache).text, "");
    assert_int_equal(utimensat(AT_FDCWD, index.text, old, 0), 0);
    ask(f, "gc --max-size 0", text, sizeof(text));
    assert_string_equal(find_index(f->cache).text, "");
    compile_in(f, f->cache, 0);
    assert_string_not_equal(find_index(f->cache).text, "");
    ask(f, "clear", text, sizeof(text));
    assert_string_equal(find_index(f->cache).text, "");
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_index_grows_and_does_not_show),
        TEST(an_index_that_cannot_be_written_is_no_matter),
        TEST(a_wrong_index_is_made_anew),
        TEST(misses_at_once_leave_a_sound_index),
        TEST(what_is_not_hashed_has_no_index),
        TEST(an_updated_library_has_another_index),
        TEST(a_library_in_memory_has_an_index),
        TEST(the_command_knows_an_index),
    };

    return cmocka_run_group_tests_name("api_index", tests, NULL, NULL);
}
