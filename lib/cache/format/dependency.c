#include "dependency.h"

#include <stdio.h>
#include <string.h>

/* ---- Role ---- */

enum { ROLE_FLAGS = OBCC_DEPENDENCY_LIBRARY | OBCC_DEPENDENCY_OBJECT };

uint32_t dependency_role_flag(enum request_role role)
{
    switch (role) {
    case REQUEST_LIBRARY:
        return OBCC_DEPENDENCY_LIBRARY;
    case REQUEST_OBJECT:
        return OBCC_DEPENDENCY_OBJECT;
    case REQUEST_SCRIPT:
        break;
    }
    return 0;
}

const char *dependency_role_name(uint32_t flags)
{
    if (flags & OBCC_DEPENDENCY_OBJECT)
        return "object";
    return flags & OBCC_DEPENDENCY_LIBRARY ? "library" : "script";
}

const char *dependency_type_name(uint32_t type, uint32_t flags)
{
    if (type == OBCC_FILE_RESOURCE)
        return "file";
    return flags & OBCC_DEPENDENCY_ARCHIVE ? "archive" : "resource";
}

/* ---- Signature ---- */

bool dependency_entry_may_be_stamped(const char *entry)
{
    return !strchr(entry, '!');
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* May the stamp stand for the content? A write sets mtime and ctime; utimes()
 * sets mtime to any value, and ctime to now. So ctime would suffice if it were
 * the time of the last change everywhere, but FAT and some network file systems
 * are less strict. The later of both is never too early. */
bool dependency_stamp_is_sound(const struct file_stamp *stamp, uint64_t now_ns)
{
    const uint64_t second = 1000000000;
    uint64_t changed = later(stamp->mtime_ns, stamp->ctime_ns);
    bool is_coarse =
        stamp->mtime_ns % second == 0 || stamp->ctime_ns % second == 0;
    uint64_t needed =
        is_coarse ? DEPENDENCY_RACY_COARSE_NS : DEPENDENCY_RACY_NS;

    return changed <= now_ns && now_ns - changed >= needed;
}

struct file_stamp dependency_stamp(const struct obcc_dependency *dependency)
{
    return (struct file_stamp){
        .device = obcc_get64(dependency->device),
        .inode = obcc_get64(dependency->inode),
        .size = obcc_get64(dependency->size),
        .mtime_ns = obcc_get64(dependency->mtime_ns),
        .ctime_ns = obcc_get64(dependency->ctime_ns),
    };
}

static enum status stale(const struct dependency_input *input, size_t index,
                         const char *fact, enum reason reason,
                         struct error *err)
{
    error_set(err, STATUS_STALE, "input %zu (%s): %s", index,
              input->name ? input->name : "", fact);
    return error_add_reason(err, STATUS_STALE, reason);
}

static enum status changed(const struct dependency_input *input, size_t index,
                           struct error *err)
{
    static const enum reason reasons[] = {
        [REQUEST_SCRIPT] = REASON_SCRIPT,
        [REQUEST_LIBRARY] = REASON_LIBRARY,
        [REQUEST_OBJECT] = REASON_OBJECT,
    };

    return stale(input, index, "content changed", reasons[input->role], err);
}

static bool is_of_entry(const struct cache_view *view,
                        const struct obcc_dependency *dependency,
                        const char *entry)
{
    const char *name = cache_string(view, obcc_get32(dependency->name));
    const char *mark = strrchr(name, '!');

    return mark && strcmp(mark + 1, entry) == 0;
}

static enum status check_content(const struct cache_view *view,
                                 const struct obcc_dependency *dependency,
                                 const struct dependency_input *input,
                                 size_t index, struct error *err)
{
    uint8_t digest[SHA1_SIZE];
    enum status status;

    if (input->stamp &&
        obcc_get32(dependency->flags) & OBCC_DEPENDENCY_STAMPED) {
        struct file_stamp recorded = dependency_stamp(dependency);

        if (file_stamp_equal(&recorded, input->stamp) &&
            (!input->entry || is_of_entry(view, dependency, input->entry)))
            return STATUS_OK;
        /* The recorded size is that of the content that was hashed. */
        if (!input->entry && recorded.size != input->stamp->size)
            return changed(input, index, err);
    }
    status = input->digest(input->context, digest, err);
    if (status)
        return status;
    if (memcmp(digest, dependency->sha1, sizeof(digest)) != 0)
        return changed(input, index, err);
    return STATUS_OK;
}

static enum status check_one(const struct cache_view *view,
                             const struct dependency_input *input, size_t index,
                             struct error *err)
{
    const struct obcc_dependency *dependency =
        cache_dependency_at(view, (uint32_t)index);
    uint32_t flags = obcc_get32(dependency->flags);
    bool was_skipped = flags & OBCC_DEPENDENCY_SKIP_SHA1;

    if ((flags & ROLE_FLAGS) != dependency_role_flag(input->role)) {
        char fact[32];

        snprintf(fact, sizeof(fact), "was %s %s",
                 flags & ROLE_FLAGS ? "a linked" : "the",
                 dependency_role_name(flags));
        return stale(input, index, fact, REASON_INPUT_KIND, err);
    }
    if (obcc_get32(dependency->type) != input->type)
        return stale(input, index, "was a resource of another type",
                     REASON_INPUT_KIND, err);
    if (was_skipped != input->skip_sha1)
        return stale(input, index,
                     was_skipped ? "content was not compared then"
                                 : "content was compared then",
                     REASON_INPUT_KIND, err);
    if (input->skip_sha1)
        return STATUS_OK;
    return check_content(view, dependency, input, index, err);
}

enum status dependency_check(const struct cache_view *view,
                             const struct dependency_input *inputs,
                             size_t n_inputs, struct error *err)
{
    uint32_t count = cache_count(view, OBCC_DEPENDENCY_TABLE);
    enum status status;

    if (count != n_inputs)
        return error_add_reason(err,
                                error_set(err, STATUS_STALE,
                                          "made from %u inputs, not %zu", count,
                                          n_inputs),
                                REASON_INPUT_COUNT);
    for (uint32_t i = 0; i < count; i++) {
        status = check_one(view, &inputs[i], i, err);
        if (status)
            return status;
    }
    return STATUS_OK;
}
