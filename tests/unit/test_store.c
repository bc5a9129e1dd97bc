/* The cache directory: only files that nobody else can write are opened, and an
 * entry is replaced whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "file.h"
#include "store.h"
#include "temp_dir.h"

static int set_up(void **state)
{
    struct temp_dir *dir = malloc(sizeof(*dir));

    *state = dir;
    return dir ? temp_dir_make(dir) : -1;
}

static int tear_down(void **state)
{
    struct temp_dir *dir = *state;
    int result;

    chmod(dir->path, 0700);
    result = temp_dir_remove(dir);
    free(dir);
    return result;
}

/* ---- Helpers ---- */

/* A name in dir, taken for a directory. */
static struct temp_dir inside(const struct temp_dir *dir, const char *name)
{
    struct temp_path path = temp_dir_path(dir, name);
    struct temp_dir sub;

    assert_true(strlen(path.text) < sizeof(sub.path));
    memcpy(sub.path, path.text, sizeof(sub.path));
    return sub;
}

static void expect_open(const struct temp_dir *dir, const char *name,
                        enum status wanted, const char *fact)
{
    struct error err = {0};
    struct stat st;
    int fd = -1;
    enum status status = store_open(dir->path, name, &fd, &st, &err);

    if (status != wanted)
        fail_msg("status %d, not %d: %s", status, wanted, err.message);
    if (!strstr(err.message, fact))
        fail_msg("'%s' is not in '%s'", fact, err.message);
    if (status)
        assert_int_equal(fd, -1);
    file_close(fd);
}

static void assert_content(const struct temp_dir *dir, const char *name,
                           const char *wanted)
{
    char text[64] = "";
    struct error err = {0};
    struct stat st;
    size_t size;
    int fd;

    if (store_open(dir->path, name, &fd, &st, &err))
        fail_msg("%s", err.message);
    assert_int_equal(file_read_at(fd,
                                  (struct file_target){text, sizeof(text) - 1},
                                  0, name, &size, &err),
                     STATUS_OK);
    assert_int_equal(st.st_size, size);
    assert_string_equal(text, wanted);
    file_close(fd);
}

/* Entries, other files, and files under way; not what holds these. */
static size_t count_files(const struct temp_dir *dir)
{
    static const char *const ignored[] = {".", "..", ".bcc", "lock"};
    DIR *listing = opendir(dir->path);
    struct dirent *entry;
    size_t n_files = 0;

    assert_non_null(listing);
    while ((entry = readdir(listing))) {
        bool is_counted = true;
        for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
            is_counted = is_counted && strcmp(entry->d_name, ignored[i]) != 0;
        n_files += is_counted;
        if (strcmp(entry->d_name, ".bcc") == 0) {
            struct temp_dir work = inside(dir, ".bcc");
            n_files += count_files(&work);
        }
    }
    closedir(listing);
    return n_files;
}

static struct store_writer begin(const struct temp_dir *dir, const char *name,
                                 const char *text)
{
    struct span bytes = {(const uint8_t *)text, strlen(text)};
    struct store_writer writer;
    struct error err = {0};

    if (store_begin(dir->path, name, &writer, &err))
        fail_msg("%s", err.message);
    assert_int_equal(file_write_all(writer.fd, bytes, name, &err), STATUS_OK);
    return writer;
}

static void put(const struct temp_dir *dir, const char *name, const char *text)
{
    struct store_writer writer = begin(dir, name, text);
    struct error err = {0};

    if (store_publish(&writer, &err))
        fail_msg("%s", err.message);
    store_end(&writer);
}

/* ---- Finding ---- */

static void entry_is_opened_read_only_and_close_on_exec(void **state)
{
    struct temp_dir *dir = *state;
    struct stat st;
    int fd;

    assert_int_equal(temp_dir_write(dir, "one.oBCC", "content"), 0);
    assert_int_equal(store_open(dir->path, "one", &fd, &st, NULL), STATUS_OK);
    assert_int_equal(st.st_size, 7);
    assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    file_close(fd);
    assert_content(dir, "one", "content");
}

static void missing_entry_and_missing_directory_are_not_found(void **state)
{
    struct temp_dir *dir = *state;
    struct temp_dir none = inside(dir, "none");

    expect_open(dir, "none", STATUS_NOT_FOUND, "/none.oBCC: no such entry");
    expect_open(&none, "one", STATUS_NOT_FOUND, "none: no such directory");
}

static void directory_that_is_a_file_is_an_error(void **state)
{
    struct temp_dir *dir = *state;
    struct temp_dir file = inside(dir, "file");

    assert_int_equal(temp_dir_write(dir, "file", ""), 0);
    expect_open(&file, "one", STATUS_IO, "Not a directory");
}

static void names_that_are_paths_are_misuse(void **state)
{
    static const char *const names[] = {"",    ".",    "..", ".hidden",
                                        "a/b", "../x", "/x", "x/"};
    struct temp_dir *dir = *state;
    struct store_writer writer;
    char longest[NAME_MAX + 2];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        expect_open(dir, names[i], STATUS_MISUSE, "cache entry '");
        assert_int_equal(store_begin(dir->path, names[i], &writer, NULL),
                         STATUS_MISUSE);
    }
    memset(longest, 'n', sizeof(longest));
    longest[NAME_MAX - strlen(STORE_SUFFIX) + 1] = '\0';
    expect_open(dir, longest, STATUS_MISUSE, "name is too long");
    longest[NAME_MAX - strlen(STORE_SUFFIX)] = '\0';
    expect_open(dir, longest, STATUS_NOT_FOUND, "no such entry");
    put(dir, longest, "fits");
    assert_content(dir, longest, "fits");
    assert_int_equal(count_files(dir), 1);
}

static void symlink_is_untrusted(void **state)
{
    struct temp_dir *dir = *state;

    assert_int_equal(temp_dir_write(dir, "real.oBCC", "content"), 0);
    assert_int_equal(symlink("real.oBCC", temp_dir_path(dir, "one.oBCC").text),
                     0);
    expect_open(dir, "one", STATUS_UNTRUSTED, "one.oBCC: not a regular file");
}

static void what_is_no_regular_file_is_untrusted(void **state)
{
    struct temp_dir *dir = *state;

    assert_int_equal(mkfifo(temp_dir_path(dir, "fifo.oBCC").text, 0600), 0);
    expect_open(dir, "fifo", STATUS_UNTRUSTED, "not a regular file");
    assert_int_equal(mkdir(temp_dir_path(dir, "dir.oBCC").text, 0700), 0);
    expect_open(dir, "dir", STATUS_UNTRUSTED, "not a regular file");
    assert_int_equal(
        mknod(temp_dir_path(dir, "socket.oBCC").text, S_IFSOCK | 0600, 0), 0);
    expect_open(dir, "socket", STATUS_UNTRUSTED, "not a regular file");
}

static void entry_that_others_may_write_is_untrusted(void **state)
{
    struct temp_dir *dir = *state;
    struct temp_path path = temp_dir_path(dir, "one.oBCC");

    assert_int_equal(temp_dir_write(dir, "one.oBCC", ""), 0);
    assert_int_equal(chmod(path.text, 0664), 0);
    expect_open(dir, "one", STATUS_UNTRUSTED, "group or others (mode 0664)");
    assert_int_equal(chmod(path.text, 0646), 0);
    expect_open(dir, "one", STATUS_UNTRUSTED, "group or others (mode 0646)");
    assert_int_equal(chmod(path.text, 0755), 0);
    expect_open(dir, "one", STATUS_OK, "");
}

static void directory_that_others_may_write_is_untrusted(void **state)
{
    static const mode_t modes[] = {0770, 0703, 0777, 01777};
    struct temp_dir *dir = *state;
    struct store_writer writer;
    struct error err = {0};

    assert_int_equal(temp_dir_write(dir, "one.oBCC", ""), 0);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(chmod(dir->path, modes[i]), 0);
        expect_open(dir, "one", STATUS_UNTRUSTED, "writable by group");
        expect_open(dir, "none", STATUS_UNTRUSTED, "writable by group");
        assert_int_equal(store_begin(dir->path, "one", &writer, &err),
                         STATUS_UNTRUSTED);
    }
    assert_int_equal(chmod(dir->path, 0755), 0);
    expect_open(dir, "one", STATUS_OK, "");
    assert_int_equal(count_files(dir), 1);
}

/* Needs root, which alone may give files away. */
static void entry_of_another_user_is_untrusted(void **state)
{
    struct temp_dir *dir = *state;
    struct temp_path path = temp_dir_path(dir, "one.oBCC");

    assert_int_equal(temp_dir_write(dir, "one.oBCC", ""), 0);
    if (chown(path.text, 12345, (gid_t)-1) < 0)
        skip();
    expect_open(dir, "one", STATUS_UNTRUSTED, "belongs to user 12345");
    assert_int_equal(chown(dir->path, 12345, (gid_t)-1), 0);
    expect_open(dir, "one", STATUS_UNTRUSTED, "belongs to user 12345");
    assert_int_equal(seteuid(12345), 0);
    expect_open(dir, "one", STATUS_OK, "");
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(chown(dir->path, 0, (gid_t)-1), 0);
}

static void link_to_the_directory_is_followed(void **state)
{
    struct temp_dir *dir = *state;
    struct temp_dir link = inside(dir, "link");

    assert_int_equal(mkdir(temp_dir_path(dir, "real").text, 0700), 0);
    assert_int_equal(symlink("real", link.path), 0);
    put(&link, "one", "content");
    assert_content(&link, "one", "content");
}

/* ---- Publishing ---- */

static void published_entry_is_found(void **state)
{
    struct temp_dir *dir = *state;

    put(dir, "one", "first");
    assert_content(dir, "one", "first");
    put(dir, "one", "second");
    assert_content(dir, "one", "second");
    assert_int_equal(count_files(dir), 1);
}

static void published_entry_is_not_writable_by_others(void **state)
{
    struct temp_dir *dir = *state;
    mode_t mask = umask(0);
    struct stat st;

    put(dir, "one", "content");
    umask(077);
    put(dir, "two", "content");
    umask(mask);
    assert_int_equal(stat(temp_dir_path(dir, "one.oBCC").text, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(stat(temp_dir_path(dir, "two.oBCC").text, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void reader_keeps_the_entry_that_it_opened(void **state)
{
    struct temp_dir *dir = *state;
    char text[8] = "";
    struct stat st;
    size_t size;
    int fd;

    put(dir, "one", "first");
    assert_int_equal(store_open(dir->path, "one", &fd, &st, NULL), STATUS_OK);
    put(dir, "one", "second");
    assert_int_equal(
        file_read_at(fd, (struct file_target){text, 7}, 0, "one", &size, NULL),
        0);
    assert_string_equal(text, "first");
    file_close(fd);
}

static void unpublished_entry_leaves_nothing(void **state)
{
    struct temp_dir *dir = *state;
    struct store_writer writer;

    put(dir, "one", "first");
    writer = begin(dir, "one", "second");
    assert_int_equal(count_files(dir), 2);
    assert_content(dir, "one", "first");
    store_end(&writer);
    assert_int_equal(count_files(dir), 1);
    assert_content(dir, "one", "first");
    store_end(&writer);
}

static void writer_stays_open_on_the_published_entry(void **state)
{
    struct temp_dir *dir = *state;
    struct store_writer writer = begin(dir, "one", "content");
    struct stat of_writer, of_entry;

    assert_int_equal(store_publish(&writer, NULL), STATUS_OK);
    assert_int_equal(fstat(writer.fd, &of_writer), 0);
    assert_int_equal(stat(temp_dir_path(dir, "one.oBCC").text, &of_entry), 0);
    assert_int_equal(of_writer.st_ino, of_entry.st_ino);
    assert_true(fcntl(writer.fd, F_GETFD) & FD_CLOEXEC);
    store_end(&writer);
    assert_int_equal(writer.fd, -1);
    assert_int_equal(writer.dir_fd, -1);
    assert_content(dir, "one", "content");
}

static void failed_publish_keeps_what_is_there(void **state)
{
    struct temp_dir *dir = *state;
    struct store_writer writer = begin(dir, "one", "content");
    struct error err = {0};

    assert_int_equal(mkdir(temp_dir_path(dir, "one.oBCC").text, 0700), 0);
    assert_int_equal(store_publish(&writer, &err), STATUS_IO);
    assert_string_equal(err.message, "one.oBCC: rename: Is a directory");
    store_end(&writer);
    assert_int_equal(count_files(dir), 1);
    expect_open(dir, "one", STATUS_UNTRUSTED, "not a regular file");
}

static bool fsync_fails;

int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
    if (!fsync_fails)
        return __real_fsync(fd);
    errno = EIO;
    return -1;
}

/* The name must not stand for bytes that may never reach the disk. */
static void bytes_that_are_not_on_disk_keep_the_old_entry(void **state)
{
    struct temp_dir *dir = *state;
    struct store_writer writer;
    struct error err = {0};

    put(dir, "one", "first");
    writer = begin(dir, "one", "second");
    fsync_fails = true;
    assert_int_equal(store_publish(&writer, &err), STATUS_IO);
    fsync_fails = false;
    assert_int_equal(err.os_errno, EIO);
    assert_content(dir, "one", "first");
    store_end(&writer);
    assert_content(dir, "one", "first");
    assert_int_equal(count_files(dir), 1);
}

static void publish_of_a_removed_file_keeps_the_old_entry(void **state)
{
    struct temp_dir *dir = *state;
    struct store_writer writer;
    struct error err = {0};

    put(dir, "one", "first");
    writer = begin(dir, "one", "second");
    assert_int_equal(unlinkat(writer.work.fd, writer.temporary, 0), 0);
    assert_int_equal(store_publish(&writer, &err), STATUS_IO);
    assert_int_equal(err.os_errno, ENOENT);
    store_end(&writer);
    assert_content(dir, "one", "first");
}

static void two_writers_of_one_entry_do_not_meet(void **state)
{
    struct temp_dir *dir = *state;
    struct store_writer first = begin(dir, "one", "first");
    struct store_writer second = begin(dir, "one", "second");

    assert_string_not_equal(first.temporary, second.temporary);
    assert_int_equal(store_publish(&second, NULL), STATUS_OK);
    assert_content(dir, "one", "second");
    assert_int_equal(store_publish(&first, NULL), STATUS_OK);
    assert_content(dir, "one", "first");
    store_end(&first);
    store_end(&second);
    assert_int_equal(count_files(dir), 1);
}

static void temporary_name_tells_entry_and_process(void **state)
{
    struct temp_dir *dir = *state;
    struct store_writer writer = begin(dir, "one", "");
    char start[64];

    snprintf(start, sizeof(start), ".one.oBCC.%ld.", (long)getpid());
    assert_memory_equal(writer.temporary, start, strlen(start));
    assert_string_equal(writer.temporary + strlen(start) + 16, ".tmp");
    store_end(&writer);
    writer = begin(dir, "a name that is longer than what is kept of it", "");
    assert_non_null(strstr(writer.temporary, ".tmp"));
    store_end(&writer);
}

static void begin_reports_what_the_system_says(void **state)
{
    struct temp_dir *dir = *state;
    struct temp_path none = temp_dir_path(dir, "none");
    struct store_writer writer = {.fd = -2};
    struct rlimit saved, none_left;
    struct error err = {0};

    assert_int_equal(store_begin(none.text, "one", &writer, &err), STATUS_IO);
    assert_int_equal(err.os_errno, ENOENT);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
    none_left = (struct rlimit){0, saved.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none_left), 0);
    assert_int_equal(store_begin(dir->path, "one", &writer, &err), STATUS_IO);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
    assert_int_equal(err.os_errno, EMFILE);
    assert_int_equal(writer.fd, -2);
    assert_int_equal(count_files(dir), 0);
}

/* ---- A file of any name ---- */

static void put_file(const char *path, const char *text)
{
    struct span bytes = {(const uint8_t *)text, strlen(text)};
    struct store_writer writer;
    struct error err = {0};

    if (store_begin_file(path, &writer, &err))
        fail_msg("%s", err.message);
    assert_int_equal(file_write_all(writer.fd, bytes, path, &err), STATUS_OK);
    assert_int_equal(store_publish(&writer, &err), STATUS_OK);
    store_end(&writer);
}

static void file_of_any_name_is_published_where_it_was_asked_for(void **state)
{
    struct temp_dir *dir = *state;

    put_file(temp_dir_path(dir, ".hidden").text, "content");
    assert_int_equal(access(temp_dir_path(dir, ".hidden").text, R_OK), 0);
    put_file(temp_dir_path(dir, "one.oBCC").text, "first");
    put_file(temp_dir_path(dir, "one.oBCC").text, "second");
    assert_content(dir, "one", "second");
    assert_int_equal(count_files(dir), 2);
}

static void file_may_be_made_where_others_may_write(void **state)
{
    struct temp_dir *dir = *state;

    assert_int_equal(chmod(dir->path, 01777), 0);
    put_file(temp_dir_path(dir, "one.oBCC").text, "content");
    assert_int_equal(chmod(dir->path, 0755), 0);
    assert_content(dir, "one", "content");
}

static void file_in_the_working_directory_needs_no_slash(void **state)
{
    struct temp_dir *dir = *state;
    int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    assert_int_equal(chdir(dir->path), 0);
    put_file("one.oBCC", "content");
    assert_int_equal(fchdir(here), 0);
    close(here);
    assert_content(dir, "one", "content");
}

static void path_that_names_no_file_is_misuse(void **state)
{
    struct temp_dir *dir = *state;
    struct store_writer writer = {.fd = -2};
    char longest[NAME_MAX + 2];

    memset(longest, 'n', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(store_begin_file("", &writer, NULL), STATUS_MISUSE);
    assert_int_equal(store_begin_file("/", &writer, NULL), STATUS_MISUSE);
    assert_int_equal(
        store_begin_file(temp_dir_path(dir, "a/").text, &writer, NULL),
        STATUS_MISUSE);
    assert_int_equal(store_begin_file(longest, &writer, NULL), STATUS_MISUSE);
    assert_int_equal(
        store_begin_file(temp_dir_path(dir, "none/a").text, &writer, NULL),
        STATUS_IO);
    assert_int_equal(writer.fd, -2);
}

static void writer_that_never_began_can_be_ended(void **state)
{
    struct store_writer writer = {.dir_fd = -1, .fd = -1, .work = {-1, -1}};

    (void)state;
    store_end(&writer);
    assert_int_equal(writer.fd, -1);
}

/* ---- Other files, in a directory that is open ---- */

static void a_file_is_published_in_an_open_directory(void **state)
{
    const struct temp_dir *dir = *state;
    int dir_fd = open(dir->path, O_RDONLY | O_DIRECTORY);
    struct store_writer writer;
    struct error err = {0};
    struct stat st;
    int fd = -1;

    assert_true(dir_fd >= 0);
    assert_int_equal(store_open_at(dir_fd, "cache", "x.iBCC", &fd, &st, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(store_begin_at(dir_fd, "cache", "x.iBCC", &writer, &err),
                     STATUS_OK);
    assert_int_equal(file_write_all(writer.fd,
                                    (struct span){(const uint8_t *)"text", 4},
                                    "x", &err),
                     STATUS_OK);
    assert_int_equal(store_open_at(dir_fd, "cache", "x.iBCC", &fd, &st, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(store_publish(&writer, &err), STATUS_OK);
    store_end(&writer);
    assert_int_equal(count_files(dir), 1);
    assert_int_equal(store_open_at(dir_fd, "cache", "x.iBCC", &fd, &st, &err),
                     STATUS_OK);
    assert_int_equal(st.st_size, 4);
    file_close(fd);
    assert_int_equal(fchmodat(dir_fd, "x.iBCC", 0666, 0), 0);
    assert_int_equal(store_open_at(dir_fd, "cache", "x.iBCC", &fd, &st, &err),
                     STATUS_UNTRUSTED);
    /* One that is given up leaves nothing. */
    assert_int_equal(store_begin_at(dir_fd, "cache", "y.iBCC", &writer, &err),
                     STATUS_OK);
    store_end(&writer);
    assert_int_equal(count_files(dir), 1);
    assert_int_equal(store_begin_at(-1, "cache", "y.iBCC", &writer, &err),
                     STATUS_IO);
    file_close(dir_fd);
}

/* ---- A directory kept open ---- */

static void expect_kept(const struct store_kept *kept,
                        const struct temp_dir *dir, const char *name,
                        const char *wanted)
{
    char text[64] = "";
    struct error err = {0};
    struct stat st;
    size_t size;
    int fd = -1;

    if (store_open_kept(kept, dir->path, name, &fd, &st, &err))
        fail_msg("%s", err.message);
    assert_int_equal(file_read_at(fd,
                                  (struct file_target){text, sizeof(text) - 1},
                                  0, name, &size, &err),
                     STATUS_OK);
    assert_string_equal(text, wanted);
    file_close(fd);
}

static void expect_kept_status(const struct store_kept *kept,
                               const struct temp_dir *dir, const char *name,
                               enum status wanted)
{
    struct error err = {0};
    struct stat st;
    int fd = -1;

    assert_int_equal(store_open_kept(kept, dir->path, name, &fd, &st, &err),
                     wanted);
    assert_int_equal(fd, -1);
}

static struct temp_dir make_inside(const struct temp_dir *dir, const char *name)
{
    struct temp_dir sub = inside(dir, name);

    assert_int_equal(mkdir(sub.path, 0700), 0);
    return sub;
}

static void kept_directory_finds_what_its_name_finds(void **state)
{
    const struct temp_dir *dir = *state;
    struct store_kept kept;

    store_keep(dir->path, &kept);
    expect_kept_status(&kept, dir, "x", STATUS_NOT_FOUND);
    put(dir, "x", "first");
    expect_kept(&kept, dir, "x", "first");
    put(dir, "x", "second");
    expect_kept(&kept, dir, "x", "second");
    expect_kept_status(&kept, dir, "../x", STATUS_MISUSE);
    store_unkeep(&kept);
    expect_kept(&kept, dir, "x", "second");
}

static void kept_directory_is_checked_each_time(void **state)
{
    const struct temp_dir *dir = *state;
    struct store_kept kept;

    store_keep(dir->path, &kept);
    put(dir, "x", "text");
    expect_kept(&kept, dir, "x", "text");
    assert_int_equal(chmod(dir->path, 0777), 0);
    expect_kept_status(&kept, dir, "x", STATUS_UNTRUSTED);
    assert_int_equal(chmod(dir->path, 0700), 0);
    expect_kept(&kept, dir, "x", "text");
    store_unkeep(&kept);
}

/* It is the first that is kept; what the first lacks comes from the second. */
static void kept_directory_may_be_replaced(void **state)
{
    struct temp_dir first = make_inside(*state, "cache");
    struct temp_dir moved = inside(*state, "moved");
    struct store_kept kept;

    store_keep(first.path, &kept);
    put(&first, "x", "old");
    assert_int_equal(rename(first.path, moved.path), 0);
    expect_kept(&kept, &first, "x", "old");
    make_inside(*state, "cache");
    put(&first, "y", "new");
    expect_kept(&kept, &first, "x", "old");
    expect_kept(&kept, &first, "y", "new");
    store_unkeep(&kept);
}

static void directory_that_is_not_there_is_kept_by_name(void **state)
{
    struct temp_dir later = inside(*state, "later");
    struct store_kept kept;

    store_keep(later.path, &kept);
    assert_int_equal(kept.fd, -1);
    expect_kept_status(&kept, &later, "x", STATUS_NOT_FOUND);
    make_inside(*state, "later");
    put(&later, "x", "text");
    expect_kept(&kept, &later, "x", "text");
    store_unkeep(&kept);
}

/* As hosts do that close all descriptors. */
static void descriptor_that_became_another_is_not_used_or_closed(void **state)
{
    struct temp_dir mine = make_inside(*state, "mine");
    struct temp_dir other = make_inside(*state, "other");
    struct store_kept kept;
    struct stat st;
    int fd;

    put(&mine, "x", "mine");
    put(&other, "x", "other");
    store_keep(mine.path, &kept);
    fd = open(other.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(dup2(fd, kept.fd), kept.fd);
    expect_kept(&kept, &mine, "x", "mine");
    file_close(fd);
    fd = kept.fd;
    store_unkeep(&kept);
    assert_int_equal(fstat(fd, &st), 0);
    file_close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_published_in_an_open_directory),
        TEST(entry_is_opened_read_only_and_close_on_exec),
        TEST(missing_entry_and_missing_directory_are_not_found),
        TEST(directory_that_is_a_file_is_an_error),
        TEST(names_that_are_paths_are_misuse),
        TEST(symlink_is_untrusted),
        TEST(what_is_no_regular_file_is_untrusted),
        TEST(entry_that_others_may_write_is_untrusted),
        TEST(directory_that_others_may_write_is_untrusted),
        TEST(entry_of_another_user_is_untrusted),
        TEST(link_to_the_directory_is_followed),
        TEST(published_entry_is_found),
        TEST(published_entry_is_not_writable_by_others),
        TEST(reader_keeps_the_entry_that_it_opened),
        TEST(unpublished_entry_leaves_nothing),
        TEST(writer_stays_open_on_the_published_entry),
        TEST(failed_publish_keeps_what_is_there),
        TEST(bytes_that_are_not_on_disk_keep_the_old_entry),
        TEST(publish_of_a_removed_file_keeps_the_old_entry),
        TEST(two_writers_of_one_entry_do_not_meet),
        TEST(temporary_name_tells_entry_and_process),
        TEST(begin_reports_what_the_system_says),
        TEST(file_of_any_name_is_published_where_it_was_asked_for),
        TEST(file_may_be_made_where_others_may_write),
        TEST(file_in_the_working_directory_needs_no_slash),
        TEST(path_that_names_no_file_is_misuse),
        TEST(kept_directory_finds_what_its_name_finds),
        TEST(kept_directory_is_checked_each_time),
        TEST(kept_directory_may_be_replaced),
        TEST(directory_that_is_not_there_is_kept_by_name),
        TEST(descriptor_that_became_another_is_not_used_or_closed),
        cmocka_unit_test(writer_that_never_began_can_be_ended),
    };
#undef TEST

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
