/* A table of attacks on a cache directory: a file or directory that somebody
 * may have put there or changed, and the results of opening and writing. Rows
 * that only root can set up are skipped, visibly, for other users. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "file.h"
#include "store.h"
#include "trust.h"
#include "temp_dir.h"

enum { SOMEBODY = 12345 };

/* A cache directory "cache" in a directory of the test's own, with an entry
 * "one" that is good. */
struct scene {
    struct temp_dir root, cache;
    struct temp_path entry, elsewhere;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    struct temp_path cache;

    *state = scene;
    if (!scene || temp_dir_make(&scene->root))
        return -1;
    cache = temp_dir_path(&scene->root, "cache");
    memcpy(scene->cache.path, cache.text, sizeof(scene->cache.path));
    scene->entry = temp_dir_path(&scene->cache, "one.oBCC");
    scene->elsewhere = temp_dir_path(&scene->root, "elsewhere");
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    int result = temp_dir_remove(&scene->root);

    free(scene);
    return result;
}

static void make_scene(const struct scene *scene)
{
    assert_int_equal(mkdir(scene->cache.path, 0700), 0);
    assert_int_equal(temp_dir_write(&scene->cache, "one.oBCC", "good"), 0);
    assert_int_equal(temp_dir_write(&scene->root, "elsewhere", "evil"), 0);
}

static void clear_scene(struct scene *scene)
{
    assert_int_equal(chmod(scene->root.path, 0700), 0);
    assert_int_equal(temp_dir_remove(&scene->root), 0);
    assert_int_equal(mkdir(scene->root.path, 0700), 0);
}

/* ---- What may be there instead ---- */

static int put_link(const struct scene *s)
{
    return unlink(s->entry.text) || symlink(s->elsewhere.text, s->entry.text);
}

static int put_hard_link_of_somebody(const struct scene *s)
{
    return chown(s->elsewhere.text, SOMEBODY, SOMEBODY) ||
           unlink(s->entry.text) || link(s->elsewhere.text, s->entry.text);
}

static int put_hard_link_of_ours(const struct scene *s)
{
    return unlink(s->entry.text) || link(s->elsewhere.text, s->entry.text);
}

static int put_fifo(const struct scene *s)
{
    return unlink(s->entry.text) || mkfifo(s->entry.text, 0600);
}

static int put_directory(const struct scene *s)
{
    return unlink(s->entry.text) || mkdir(s->entry.text, 0700);
}

static int put_device(const struct scene *s)
{
    return unlink(s->entry.text) ||
           mknod(s->entry.text, S_IFCHR | 0600, makedev(1, 5));
}

static int let_group_write_entry(const struct scene *s)
{
    return chmod(s->entry.text, 0660);
}

static int let_all_write_entry(const struct scene *s)
{
    return chmod(s->entry.text, 0602);
}

static int give_entry_away(const struct scene *s)
{
    return chown(s->entry.text, SOMEBODY, SOMEBODY);
}

static int let_group_write_directory(const struct scene *s)
{
    return chmod(s->cache.path, 0770);
}

static int let_all_write_directory(const struct scene *s)
{
    return chmod(s->cache.path, 0777);
}

static int make_directory_sticky(const struct scene *s)
{
    return chmod(s->cache.path, 01777);
}

static int give_directory_away(const struct scene *s)
{
    return chown(s->cache.path, SOMEBODY, SOMEBODY);
}

/* The last component of the directory's path leads elsewhere. */
static int lead_directory(const struct scene *s, uid_t owner, mode_t mode)
{
    struct temp_path real = temp_dir_path(&s->root, "real");

    return rename(s->cache.path, real.text) ||
           symlink(real.text, s->cache.path) || chmod(real.text, mode) ||
           chown(real.text, owner, (gid_t)-1);
}

static int lead_to_ours(const struct scene *s)
{
    return lead_directory(s, geteuid(), 0700);
}

static int lead_to_open(const struct scene *s)
{
    return lead_directory(s, geteuid(), 0777);
}

static int lead_to_somebody(const struct scene *s)
{
    return lead_directory(s, SOMEBODY, 0755);
}

/* Whoever may write above can lead to other places, all of which are judged
 * for themselves. */
static int let_all_write_above(const struct scene *s)
{
    return chmod(s->root.path, 0777);
}

static struct temp_path work_path(const struct scene *s)
{
    return temp_dir_path(&s->cache, WORK_DIR_NAME);
}

static int put_work_link(const struct scene *s)
{
    struct temp_path target = temp_dir_path(&s->root, "target");

    return mkdir(target.text, 0700) || symlink(target.text, work_path(s).text);
}

static int put_work_file(const struct scene *s)
{
    return temp_dir_write(&s->cache, WORK_DIR_NAME, "");
}

static int put_open_work(const struct scene *s)
{
    return mkdir(work_path(s).text, 0700) || chmod(work_path(s).text, 0777);
}

static int put_work_of_somebody(const struct scene *s)
{
    return mkdir(work_path(s).text, 0700) ||
           chown(work_path(s).text, SOMEBODY, SOMEBODY);
}

static int put_lock_link(const struct scene *s)
{
    return mkdir(work_path(s).text, 0700) ||
           symlink(s->elsewhere.text,
                   temp_dir_path(&s->cache, WORK_DIR_NAME "/lock").text);
}

static int put_lock_fifo(const struct scene *s)
{
    return mkdir(work_path(s).text, 0700) ||
           mkfifo(temp_dir_path(&s->cache, WORK_DIR_NAME "/lock").text, 0600);
}

static const struct attack {
    const char *name;
    int (*set)(const struct scene *scene); /* not 0: it cannot be set up */
    bool needs_root;
    enum status open, begin;
} attacks[] = {
    {"link for the entry", put_link, false, STATUS_UNTRUSTED, STATUS_OK},
    {"hard link to another's file", put_hard_link_of_somebody, true,
     STATUS_UNTRUSTED, STATUS_OK},
    {"hard link to a file of ours", put_hard_link_of_ours, false, STATUS_OK,
     STATUS_OK},
    {"fifo", put_fifo, false, STATUS_UNTRUSTED, STATUS_OK},
    {"directory for the entry", put_directory, false, STATUS_UNTRUSTED,
     STATUS_OK},
    {"device", put_device, true, STATUS_UNTRUSTED, STATUS_OK},
    {"entry the group may write", let_group_write_entry, false,
     STATUS_UNTRUSTED, STATUS_OK},
    {"entry all may write", let_all_write_entry, false, STATUS_UNTRUSTED,
     STATUS_OK},
    {"another's entry", give_entry_away, true, STATUS_UNTRUSTED, STATUS_OK},
    {"directory the group may write", let_group_write_directory, false,
     STATUS_UNTRUSTED, STATUS_UNTRUSTED},
    {"directory all may write", let_all_write_directory, false,
     STATUS_UNTRUSTED, STATUS_UNTRUSTED},
    {"sticky directory", make_directory_sticky, false, STATUS_UNTRUSTED,
     STATUS_UNTRUSTED},
    {"another's directory", give_directory_away, true, STATUS_UNTRUSTED,
     STATUS_UNTRUSTED},
    {"link to a directory of ours", lead_to_ours, false, STATUS_OK, STATUS_OK},
    {"link to a directory all may write", lead_to_open, false, STATUS_UNTRUSTED,
     STATUS_UNTRUSTED},
    {"link to another's directory", lead_to_somebody, true, STATUS_UNTRUSTED,
     STATUS_UNTRUSTED},
    {"directory in one all may write", let_all_write_above, false, STATUS_OK,
     STATUS_OK},
    {"link for .bcc", put_work_link, false, STATUS_OK, STATUS_IO},
    {"file for .bcc", put_work_file, false, STATUS_OK, STATUS_IO},
    {".bcc all may write", put_open_work, false, STATUS_OK, STATUS_UNTRUSTED},
    {"another's .bcc", put_work_of_somebody, true, STATUS_OK, STATUS_UNTRUSTED},
    {"link for the lock", put_lock_link, false, STATUS_OK, STATUS_OK},
    {"fifo for the lock", put_lock_fifo, false, STATUS_OK, STATUS_OK},
};

static void judge_open(const struct scene *scene, const struct attack *attack)
{
    struct error err = {0};
    struct stat st;
    int fd = -1;
    enum status status = store_open(scene->cache.path, "one", &fd, &st, &err);

    if (status != attack->open)
        fail_msg("%s: open says %d, %s", attack->name, status, err.message);
    file_close(fd);
}

static void judge_begin(const struct scene *scene, const struct attack *attack)
{
    struct error err = {0};
    struct store_writer writer;
    enum status status = store_begin(scene->cache.path, "one", &writer, &err);

    if (status != attack->begin)
        fail_msg("%s: begin says %d, %s", attack->name, status, err.message);
    if (status == STATUS_OK)
        store_end(&writer);
}

/* Only the bit, or only the owner, is different. */
static void trust_depends_on_two_bits_and_the_owner(void **state)
{
    const uid_t me = geteuid(), stranger = me + 1 ? me + 1 : me - 1;
    struct error err = {0};

    (void)state;
    for (unsigned bit = 0; bit < 12; bit++) {
        const struct stat st = {.st_mode = S_IFREG | 0444 | 1u << bit,
                                .st_uid = me};
        const bool is_bad = 1u << bit == S_IWGRP || 1u << bit == S_IWOTH;

        assert_int_equal(trust_check(&st, "dir", "name", &err),
                         is_bad ? STATUS_UNTRUSTED : STATUS_OK);
        if (is_bad)
            assert_non_null(strstr(err.message, "dir/name: writable by group"));
    }
    assert_int_equal(trust_check(&(struct stat){.st_mode = 0755, .st_uid = 0},
                                 "d", "", &err),
                     STATUS_OK);
    assert_int_equal(
        trust_check(&(struct stat){.st_mode = 0755, .st_uid = stranger}, "dir",
                    "", &err),
        STATUS_UNTRUSTED);
    assert_non_null(strstr(err.message, "dir: belongs to user "));
}

static void attacks_are_refused(void **state)
{
    struct scene *scene = *state;
    char text[8] = "";
    size_t size;
    int fd;

    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        make_scene(scene);
        if (attacks[i].needs_root && geteuid() != 0) {
            print_message("left out, needs root: %s\n", attacks[i].name);
        } else if (attacks[i].set(scene)) {
            fail_msg("%s: cannot be set up", attacks[i].name);
        } else {
            judge_open(scene, &attacks[i]);
            judge_begin(scene, &attacks[i]);
        }
        /* Nothing was written where a link led. */
        fd = open(scene->elsewhere.text, O_RDONLY | O_CLOEXEC);
        assert_int_equal(
            file_read_at(fd, (struct file_target){text, sizeof(text) - 1}, 0,
                         "", &size, NULL),
            0);
        assert_string_equal(text, "evil");
        file_close(fd);
        clear_scene(scene);
    }
}

/* What was checked is what is mapped, whatever its name leads to by then. */
static void entry_replaced_after_the_check_is_not_mapped(void **state)
{
    struct scene *scene = *state;
    struct file_mapping mapping;
    struct stat st;
    int fd;

    make_scene(scene);
    assert_int_equal(store_open(scene->cache.path, "one", &fd, &st, NULL),
                     STATUS_OK);
    assert_int_equal(rename(scene->elsewhere.text, scene->entry.text), 0);
    assert_int_equal(file_map(fd, (uint64_t)st.st_size, "one", &mapping, NULL),
                     STATUS_OK);
    assert_memory_equal(mapping.bytes.data, "good", 4);
    assert_int_equal(unlink(scene->entry.text), 0);
    assert_memory_equal(mapping.bytes.data, "good", 4);
    file_unmap(&mapping);
    file_close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trust_depends_on_two_bits_and_the_owner),
        TEST(attacks_are_refused),
        TEST(entry_replaced_after_the_check_is_not_mapped),
    };
#undef TEST

    return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
