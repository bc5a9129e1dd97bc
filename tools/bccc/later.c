/* The keeper holds what others look at: the lock that says that the best code
 * of this entry is being made (flight.h), and the file that becomes the entry.
 *
 * One best code at a time is made for a user: the others wait in a queue of
 * few, as each holds the memory of its modules; those that find no place leave
 * it to the next launch. The queue is a file in the user's own directory of
 * /dev/shm: a lock for the one that works, and one for each place. */
#include "later.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bccc.h"
#include "cache_read.h"
#include "cache_write.h"
#include "entry_use.h"
#include "file.h"
#include "flight.h"
#include "prune.h"
#include "store.h"

enum {
    N_PLACES = 4,   /* in the queue */
    NICE = 10,      /* a tenth of what others have of a CPU */
    CPU_LIMIT_S = 30 * 60,
    LOOK_MS = 10,
    MAX_LOOKS = 1000, /* for the host to publish the baseline code */
    IOPRIO_OF_PROCESS = 1,
    IOPRIO_WHEN_IDLE = 3 << 13
};

static const char directory[] = "cache";

struct keeper {
    int link_fd;  /* to the follower */
    int first_fd; /* end of file: the baseline code is done */
    int reply_fd; /* memory: the follower's reply */
    const char *name;
    struct span identity;
    struct store_writer writer;
    struct flight flight;
};

/* ---- The keeper: descriptors and priority ---- */

static bool is_kept(const struct keeper *keeper, int fd)
{
    const struct store_writer *writer = &keeper->writer;

    return fd == keeper->link_fd || fd == keeper->first_fd ||
           fd == keeper->reply_fd || fd == writer->dir_fd || fd == writer->fd ||
           fd == writer->work.fd || fd == writer->work.lock_fd;
}

/* Above all the host's lock, which ends with the last descriptor. */
static void close_others(const struct keeper *keeper, int highest)
{
    for (int fd = REQUEST_FD; fd <= highest; fd++)
        if (!is_kept(keeper, fd))
            close(fd);
}

static void leave_session(void)
{
    setsid();
    if (chdir("/") < 0)
        errno = 0;
    setpriority(PRIO_PROCESS, 0, NICE);
    syscall(SYS_ioprio_set, IOPRIO_OF_PROCESS, 0, IOPRIO_WHEN_IDLE);
}

/* ---- The keeper: one at a time ---- */

static int open_queue(void)
{
    int dir_fd = entry_use_open_place();
    int fd = -1;

    if (dir_fd >= 0)
        fd = openat(dir_fd, ".later",
                    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                    0600);
    file_close(dir_fd);
    return fd;
}

static bool wait_for_lock(int fd, off_t start)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};
    int result;

    do
        result = fcntl(fd, F_OFD_SETLKW, &lock);
    while (result < 0 && errno == EINTR);
    return result == 0;
}

/* The lock ends with this process. */
static bool wait_for_turn(void)
{
    int fd = open_queue();
    off_t place = 1;

    if (fd < 0)
        return true; /* no place for a queue */
    while (place <= N_PLACES && !work_lock(fd, place, 1))
        place++;
    if (place > N_PLACES || !wait_for_lock(fd, 0))
        return false;
    work_unlock(fd, place, 1);
    return true;
}

/* ---- The keeper: what was made ---- */

static bool read_layout(int fd, struct cache_layout *layout,
                        struct file_mapping *mapping)
{
    struct stat st;
    size_t size;

    if (fstat(fd, &st) < 0 || st.st_size <= 0 ||
        file_map(fd, (uint64_t)st.st_size, directory, mapping, NULL))
        return false;
    size = mapping->bytes.size < CACHE_HEAD_SIZE ? mapping->bytes.size
                                                 : CACHE_HEAD_SIZE;
    if (cache_layout_read((struct span){mapping->bytes.data, size},
                          mapping->bytes.size, directory, layout,
                          NULL) == STATUS_OK)
        return true;
    file_unmap(mapping);
    return false;
}

/* A whole entry for this request? Of a file that only this user can write. */
static bool open_whole(const struct keeper *keeper, int fd,
                       struct cache_layout *layout,
                       struct file_mapping *mapping)
{
    struct cache_view view;
    struct span has;

    if (!read_layout(fd, layout, mapping))
        return false;
    if (cache_view_open(mapping->bytes, layout, CACHE_CHECK_ALL, directory,
                        &view, NULL) == STATUS_OK) {
        has = cache_identity(&view);
        if (has.size == keeper->identity.size &&
            memcmp(has.data, keeper->identity.data, has.size) == 0)
            return true;
    }
    file_unmap(mapping);
    return false;
}

static bool is_sound(const struct keeper *keeper)
{
    struct cache_layout layout;
    struct file_mapping mapping;

    if (!open_whole(keeper, keeper->writer.fd, &layout, &mapping))
        return false;
    file_unmap(&mapping);
    return layout.tier == OBCC_TIER_BEST;
}

static void publish(struct keeper *keeper)
{
    struct stat st;

    if (store_publish(&keeper->writer, NULL) == STATUS_OK &&
        fstat(keeper->writer.fd, &st) == 0)
        prune_note_entry(keeper->writer.dir_fd, (uint64_t)st.st_blocks * 512,
                         PRUNE_NO_LIMIT);
}

static bool write_lasting(struct keeper *keeper, struct span entry)
{
    uint8_t *copy = malloc(entry.size);
    bool ok = false;

    if (!copy)
        return false;
    memcpy(copy, entry.data, entry.size);
    cache_set_tier(copy, OBCC_TIER_LASTING);
    ok = ftruncate(keeper->writer.fd, 0) == 0 &&
         lseek(keeper->writer.fd, 0, SEEK_SET) == 0 &&
         file_write_all(keeper->writer.fd, (struct span){copy, entry.size},
                        directory, NULL) == STATUS_OK;
    free(copy);
    return ok;
}

/* No launch has to try again what LLVM fails at. */
static void mark_entry(struct keeper *keeper)
{
    struct cache_layout layout;
    struct file_mapping mapping;
    struct stat st;
    bool ok;
    int fd;

    if (store_open_at(keeper->writer.dir_fd, directory, keeper->writer.entry,
                      &fd, &st, NULL))
        return;
    if (open_whole(keeper, fd, &layout, &mapping)) {
        ok = layout.tier == OBCC_TIER_BASELINE &&
             write_lasting(keeper, mapping.bytes);
        file_unmap(&mapping);
        if (ok)
            publish(keeper);
    }
    file_close(fd);
}

/* What it publishes would replace the best code. */
static void wait_for_host(const struct keeper *keeper)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};

    for (int i = 0; i < MAX_LOOKS && flight_is_on(&keeper->flight); i++)
        nanosleep(&pause, NULL);
}

static void conclude(struct keeper *keeper)
{
    struct reply reply;
    size_t size;

    if (file_read_at(keeper->reply_fd,
                     (struct file_target){&reply, sizeof(reply)}, 0, directory,
                     &size, NULL) ||
        size != sizeof(reply) || reply.magic != REPLY_MAGIC)
        return; /* it was ended */
    wait_for_host(keeper);
    if (reply.status == STATUS_OK && is_sound(keeper))
        publish(keeper);
    else if (reply.status == STATUS_COMPILE ||
             reply.status == STATUS_UNSUPPORTED)
        mark_entry(keeper);
}

/* ---- The keeper: all of it ---- */

static bool read_to_end(int fd)
{
    char byte;
    ssize_t got;

    do
        got = read(fd, &byte, 1);
    while (got > 0 || (got < 0 && errno == EINTR));
    return got == 0;
}

_Noreturn static void keep(struct keeper *keeper, int highest)
{
    leave_session();
    close_others(keeper, highest);
    flight_begin_at(&keeper->flight, keeper->writer.dir_fd, keeper->name,
                    keeper->identity);
    if (keeper->flight.fd >= 0 && flight_take_later(&keeper->flight) &&
        read_to_end(keeper->first_fd) && wait_for_turn() &&
        send(keeper->link_fd, "", 1, MSG_NOSIGNAL) == 1 &&
        read_to_end(keeper->link_fd))
        conclude(keeper);
    store_end(&keeper->writer);
    _exit(0);
}

static bool open_channels(int link[2], int first[2], int *ret_reply_fd)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link) < 0)
        return false;
    if (pipe2(first, O_CLOEXEC) == 0) {
        if (file_create_memory("bcc-later", (struct span){NULL, 0},
                               ret_reply_fd, NULL) == STATUS_OK)
            return true;
        close(first[0]);
        close(first[1]);
    }
    close(link[0]);
    close(link[1]);
    return false;
}

bool later_begin(struct later *later, const struct request *request,
                 struct span identity)
{
    struct keeper keeper = {.name = request->entry, .identity = identity};
    int link[2], first[2], reply_fd;
    char file_name[NAME_MAX + 1];
    pid_t pid;

    *later = (struct later){.is_begun = false};
    snprintf(file_name, sizeof(file_name), "%s" STORE_SUFFIX, request->entry);
    if (!*request->entry || strlen(request->entry) > NAME_MAX - 8 ||
        strchr(request->entry, '/') || !open_channels(link, first, &reply_fd))
        return false;
    if (store_begin_at(REQUEST_DIR_FD, directory, file_name, &keeper.writer,
                       NULL)) {
        close_range((unsigned)link[0], (unsigned)link[0], 0);
        return false;
    }
    keeper.link_fd = link[0];
    keeper.first_fd = first[0];
    keeper.reply_fd = reply_fd;
    pid = fork();
    if (pid == 0)
        keep(&keeper, keeper.writer.work.lock_fd + 16);
    close(link[0]);
    close(first[0]);
    *later = (struct later){pid > 0, link[1], first[1], keeper.writer.fd,
                            reply_fd};
    return later->is_begun;
}

/* ---- The follower ---- */

static void on_crash(int signal)
{
    static const struct reply reply = {.magic = REPLY_MAGIC,
                                       .status = STATUS_COMPILE};

    (void)signal;
    _exit(pwrite(REQUEST_REPLY_FD, &reply, sizeof(reply), 0) < 0);
}

struct scheduling { /* struct sched_attr of Linux, its first version */
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

static void lower_priority(void)
{
    const struct scheduling low = {.size = sizeof(low), .nice = NICE};
    const struct rlimit limit = {CPU_LIMIT_S, CPU_LIMIT_S};

    setsid();
    syscall(SYS_sched_setattr, 0, &low, 0);
    setrlimit(RLIMIT_CPU, &limit);
    signal(SIGSEGV, on_crash);
    signal(SIGBUS, on_crash);
    signal(SIGILL, on_crash);
    signal(SIGABRT, on_crash);
}

void later_follow(struct later *later)
{
    char byte;
    ssize_t got;

    close(REQUEST_LOCK_FD);
    close(REQUEST_HOST_FD);
    close(later->first_fd);
    do
        got = read(later->link_fd, &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got != 1 || dup2(later->output_fd, REQUEST_OUTPUT_FD) < 0 ||
        dup2(later->reply_fd, REQUEST_REPLY_FD) < 0)
        _exit(1);
    lower_priority();
}

bool later_branch(struct later *later)
{
    pid_t pid = fork();

    if (pid == 0) {
        later_follow(later);
        return true;
    }
    close(later->link_fd);
    later->link_fd = -1;
    return false;
}
