/* The keeper holds what other processes look at: the lock that means that the
 * best code of this entry is being made (flight.h), and the file that becomes
 * the entry.
 *
 * The best code of one entry at a time is made for a user. Others wait in a
 * short queue, because each holds the memory of its modules; if the queue is
 * full, the next launch tries again. The queue is a file in the user's own
 * directory of /dev/shm: a lock for the one that works, and one for each
 * place. */
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
#include "file.h"
#include "flight.h"
#include "prune.h"
#include "sha1_digest.h"
#include "store.h"
#include "user_place.h"

enum {
    N_PLACES = 4, /* in the queue */
    NICE = 10,    /* leaves a tenth of a CPU that others use, too */
    CPU_LIMIT_S = 30 * 60,
    LOOK_MS = 10,
    MAX_LOOKS = 1000, /* for the host to publish the baseline code */
    IOPRIO_OF_PROCESS = 1,
    IOPRIO_WHEN_IDLE = 3 << 13
};

static const char directory[] = "cache";

struct keeper {
    int link_fd;      /* to the follower */
    int first_fd;     /* end of file: the baseline code is done */
    int output_fd;    /* memory: the file that the follower makes */
    int reply_fd;     /* memory: its reply */
    int dir_fd;       /* the cache directory */
    const char *name; /* of the entry */
    struct span identity;
    const struct inputs *inputs;
    struct flight flight; /* its lock is taken */
    bool is_replacing;    /* baseline code that was there before */
};

/* ---- The keeper: descriptors and priority ---- */

/* Close all other descriptors, above all the host's lock, which ends with the
 * last of them. */
static void close_others(const struct keeper *keeper)
{
    const int kept[] = {keeper->link_fd,  keeper->first_fd, keeper->output_fd,
                        keeper->reply_fd, keeper->dir_fd,   keeper->flight.fd};
    const size_t n = sizeof(kept) / sizeof(kept[0]);
    int next = REQUEST_FD;

    /* The descriptors were opened in this order. */
    for (size_t i = 0; i < n; i++) {
        if (kept[i] > next)
            close_range((unsigned)next, (unsigned)kept[i] - 1, 0);
        next = kept[i] + 1;
    }
    close_range((unsigned)next, ~0u, 0);
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
    char dir[USER_PLACE_SIZE];
    struct stat st;
    int dir_fd, fd = -1;

    user_place_find(dir);
    mkdir(dir, 0700);
    dir_fd = user_place_open(dir, O_RDONLY, &st);
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

/* An entry of the same name may be of inputs that have changed since. */
static bool is_of_inputs(const struct keeper *keeper,
                         const struct cache_view *view)
{
    const struct inputs *inputs = keeper->inputs;
    uint8_t sha1[SHA1_SIZE];

    if (cache_count(view, OBCC_DEPENDENCY_TABLE) != inputs->n_inputs)
        return false;
    for (size_t i = 0; i < inputs->n_inputs; i++) {
        if (inputs->input[i].request->skip_sha1)
            continue;
        sha1_digest(inputs->bytes[i], sha1);
        if (memcmp(cache_dependency_at(view, (uint32_t)i)->sha1, sha1,
                   sizeof(sha1)) != 0)
            return false;
    }
    return true;
}

/* Is it a whole entry for this request? */
static bool is_answer(const struct keeper *keeper, struct span file,
                      struct cache_layout *layout)
{
    struct span head = {
        file.data, file.size < CACHE_HEAD_SIZE ? file.size : CACHE_HEAD_SIZE};
    struct cache_view view;
    struct span has;

    if (cache_layout_read(head, file.size, false, directory, layout, NULL) ||
        cache_view_open(file, layout, CACHE_CHECK_ALL, directory, &view, NULL))
        return false;
    has = cache_identity(&view);
    return has.size == keeper->identity.size &&
           memcmp(has.data, keeper->identity.data, has.size) == 0 &&
           is_of_inputs(keeper, &view);
}

static bool map_whole(int fd, struct file_mapping *mapping)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_size > 0 &&
           file_map(fd, (uint64_t)st.st_size, directory, mapping, NULL) ==
               STATUS_OK;
}

static void publish(const struct keeper *keeper, struct span file)
{
    char file_name[NAME_MAX + 1];
    struct store_writer writer;
    struct stat st;

    snprintf(file_name, sizeof(file_name), "%s" STORE_SUFFIX, keeper->name);
    if (store_begin_at(keeper->dir_fd, directory, file_name, &writer, NULL))
        return;
    if (file_write_all(writer.fd, file, file_name, NULL) == STATUS_OK &&
        store_publish(&writer, NULL) == STATUS_OK && fstat(writer.fd, &st) == 0)
        prune_note_entry(writer.dir_fd, (uint64_t)st.st_blocks * 512,
                         PRUNE_NO_LIMIT);
    store_end(&writer);
}

static void publish_best(const struct keeper *keeper)
{
    struct file_mapping mapping;
    struct cache_layout layout;

    /* From here nothing changes the file. */
    if (fcntl(keeper->output_fd, F_ADD_SEALS,
              F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0 ||
        !map_whole(keeper->output_fd, &mapping))
        return;
    if (is_answer(keeper, mapping.bytes, &layout) &&
        layout.tier == OBCC_TIER_BEST)
        publish(keeper, mapping.bytes);
    file_unmap(&mapping);
}

static void publish_lasting(const struct keeper *keeper, struct span entry)
{
    uint8_t *copy = malloc(entry.size);

    if (!copy)
        return;
    memcpy(copy, entry.data, entry.size);
    cache_set_tier(copy, OBCC_TIER_LASTING);
    publish(keeper, (struct span){copy, entry.size});
    free(copy);
}

/* Map the entry that is in the directory, if it answers this request. */
static bool map_entry(const struct keeper *keeper, struct file_mapping *mapping,
                      struct cache_layout *layout)
{
    char file_name[NAME_MAX + 1];
    struct stat st;
    bool is_mapped;
    int fd;

    snprintf(file_name, sizeof(file_name), "%s" STORE_SUFFIX, keeper->name);
    if (store_open_at(keeper->dir_fd, directory, file_name, &fd, &st, NULL))
        return false;
    is_mapped = map_whole(fd, mapping);
    file_close(fd);
    if (is_mapped && !is_answer(keeper, mapping->bytes, layout)) {
        file_unmap(mapping);
        is_mapped = false;
    }
    return is_mapped;
}

/* Mark the entry, so that no launch tries again: LLVM fails at its best
 * code. */
static void mark_entry(const struct keeper *keeper)
{
    struct file_mapping mapping;
    struct cache_layout layout;

    if (!map_entry(keeper, &mapping, &layout))
        return;
    if (layout.tier == OBCC_TIER_BASELINE)
        publish_lasting(keeper, mapping.bytes);
    file_unmap(&mapping);
}

/* Wait for the host to publish the baseline code, which would replace the best
 * code. */
static void wait_for_host(const struct keeper *keeper)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};

    for (int i = 0; i < MAX_LOOKS && flight_is_on(&keeper->flight); i++)
        nanosleep(&pause, NULL);
}

static void conclude(const struct keeper *keeper)
{
    struct reply reply;
    size_t size;

    if (file_read_at(keeper->reply_fd,
                     (struct file_target){&reply, sizeof(reply)}, 0, directory,
                     &size, NULL) ||
        size != sizeof(reply) || reply.magic != REPLY_MAGIC)
        return; /* the host was killed */
    wait_for_host(keeper);
    if (reply.status == STATUS_OK)
        publish_best(keeper);
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

/* The code that was made first may have been the best, or none. */
static bool has_follower(const struct keeper *keeper)
{
    char byte;

    return recv(keeper->link_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           errno == EAGAIN;
}

/* The directory may have been removed, and what a launch found there replaced
 * before this process had the lock. */
static bool is_wanted(const struct keeper *keeper)
{
    struct file_mapping mapping;
    struct cache_layout layout;
    struct stat st;

    if (fstat(keeper->dir_fd, &st) < 0 || st.st_nlink == 0)
        return false;
    if (!keeper->is_replacing || !map_entry(keeper, &mapping, &layout))
        return true;
    file_unmap(&mapping);
    return layout.tier == OBCC_TIER_BASELINE;
}

_Noreturn static void keep(struct keeper *keeper)
{
    leave_session();
    close_others(keeper);
    if (keeper->flight.fd >= 0 && read_to_end(keeper->first_fd) &&
        has_follower(keeper) && wait_for_turn() && is_wanted(keeper) &&
        send(keeper->link_fd, "", 1, MSG_NOSIGNAL) == 1 &&
        read_to_end(keeper->link_fd))
        conclude(keeper);
    _exit(0);
}

static void close_all(const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        file_close(fds[i]);
}

/* ORDER CHANNELS: each is numbered above the one before. */
enum {
    KEEPER_LINK,
    FOLLOWER_LINK,
    KEEPER_FIRST,
    FIRST,
    OUTPUT,
    REPLY,
    DIRECTORY,
    N_CHANNELS
};

/* Taken before there is a keeper: a launch that finds the baseline code, which
 * this process makes at the same time, must not find the lock free. fd: -1: it
 * is another's. */
static struct flight take_lock(const struct request *request,
                               struct span identity, int last_fd)
{
    struct flight flight;
    int fd;

    flight_begin_at(&flight, REQUEST_DIR_FD, request->entry, identity);
    if (flight.fd < 0)
        return flight;
    fd = flight_take_later(&flight)
             ? fcntl(flight.fd, F_DUPFD_CLOEXEC, last_fd + 1)
             : -1;
    file_close(flight.fd); /* the lock stays */
    flight.fd = fd;
    return flight;
}

static bool open_channels(int fds[N_CHANNELS])
{
    const struct span empty = {NULL, 0};

    for (size_t i = 0; i < N_CHANNELS; i++)
        fds[i] = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, &fds[KEEPER_LINK]) ==
            0 &&
        pipe2(&fds[KEEPER_FIRST], O_CLOEXEC) == 0 &&
        file_create_memory("bcc-best", empty, &fds[OUTPUT], NULL) ==
            STATUS_OK &&
        file_create_memory("bcc-reply", empty, &fds[REPLY], NULL) ==
            STATUS_OK) {
        fds[DIRECTORY] = fcntl(REQUEST_DIR_FD, F_DUPFD_CLOEXEC, fds[REPLY] + 1);
        if (fds[DIRECTORY] >= 0)
            return true;
    }
    close_all(fds, N_CHANNELS);
    return false;
}

bool later_begin(struct later *later, const struct request *request,
                 struct span identity, const struct inputs *inputs)
{
    int fds[N_CHANNELS];
    struct flight flight;
    struct stat st;
    pid_t pid;

    *later = (struct later){.is_begun = false};
    if (!*request->entry || strchr(request->entry, '/') ||
        strlen(request->entry) + sizeof(STORE_SUFFIX) > NAME_MAX ||
        fstat(REQUEST_DIR_FD, &st) < 0 || !S_ISDIR(st.st_mode) ||
        !open_channels(fds))
        return false;
    flight = take_lock(request, identity, fds[DIRECTORY]);
    pid = fork();
    if (pid == 0)
        keep(&(struct keeper){
            .link_fd = fds[KEEPER_LINK],
            .first_fd = fds[KEEPER_FIRST],
            .output_fd = fds[OUTPUT],
            .reply_fd = fds[REPLY],
            .dir_fd = fds[DIRECTORY],
            .name = request->entry,
            .identity = identity,
            .inputs = inputs,
            .flight = flight,
            .is_replacing = request->tier == REQUEST_TIER_LATER,
        });
    *later = (struct later){
        .is_begun = pid > 0,
        .link_fd = fds[FOLLOWER_LINK],
        .first_fd = fds[FIRST],
        .output_fd = fds[OUTPUT],
        .reply_fd = fds[REPLY],
    };
    file_close(fds[KEEPER_LINK]);
    file_close(fds[KEEPER_FIRST]);
    file_close(fds[DIRECTORY]);
    file_close(flight.fd);
    return later->is_begun;
}

void later_end(struct later *later)
{
    close(later->link_fd); /* seen by the keeper when first_fd ends */
    close(later->first_fd);
    later->is_begun = false;
}

/* ---- The follower ---- */

static void on_crash(int signal)
{
    static const struct reply reply = {.magic = REPLY_MAGIC,
                                       .status = STATUS_COMPILE};

    (void)signal;
    _exit(write(REQUEST_REPLY_FD, &reply, sizeof(reply)) < 0);
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

    setsid(); /* a signal to the host's group must not end it */
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
