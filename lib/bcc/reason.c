/* Why there was no hit, as a code that programs can go by. */
#include "reason.h"

#include <string.h>

/* ORDER REASONS; the words are in the table, as in all tables of the library: a
 * pointer would be 8 bytes more, and 24 for its relocation. */
static const char words[BCC_N_REASONS][13] = {
    "none",        "no_cache",   "no_entry",   "rebuild",  "untrusted",
    "damaged",     "io",         "no_memory",  "format",   "machine",
    "host_cpu",    "libbcc",     "llvm",       "triple",   "cpu",
    "features",    "opt_level",  "flags",      "marks",    "other_option",
    "input_count", "input_kind", "script",     "library",  "unsigned",
    "object",      "shared",     "unresolved", "resource",
};

const char *bccGetReasonName(int reason)
{
    return reason >= 0 && reason < BCC_N_REASONS ? words[reason] : NULL;
}

/* Lines of the identity, in its order; see request.h. */
static const struct {
    char name[13];
    uint8_t reason;
} lines[] = {
    {"format=", BCC_REASON_FORMAT}, {"libbcc=", BCC_REASON_LIBBCC},
    {"llvm=", BCC_REASON_LLVM},     {"triple=", BCC_REASON_TRIPLE},
    {"cpu=", BCC_REASON_CPU},       {"features=", BCC_REASON_FEATURES},
    {"opt=", BCC_REASON_OPT_LEVEL}, {"flags=", BCC_REASON_FLAGS},
    {"mark=", BCC_REASON_MARKS},    {"library-dir=", BCC_REASON_SHARED},
    {"shared=", BCC_REASON_SHARED},
};

static bool has_name(struct span line, const char *name)
{
    size_t size = strlen(name);

    return line.size >= size && memcmp(line.data, name, size) == 0;
}

/* Where the names differ, too, the identity with the later one lacks the other
 * line, as with a mark less. */
int reason_of_lines(struct span has, struct span wants)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (has_name(has, lines[i].name) || has_name(wants, lines[i].name))
            return lines[i].reason;
    return BCC_REASON_OTHER_OPTION;
}

int reason_of_error(const struct error *err)
{
    if (err->reason)
        return err->reason;
    switch (err->status) {
    case STATUS_OK:
        return BCC_REASON_NONE;
    case STATUS_NOT_FOUND:
        return BCC_REASON_NO_ENTRY;
    case STATUS_UNTRUSTED:
        return BCC_REASON_UNTRUSTED;
    case STATUS_NO_MEMORY:
        return BCC_REASON_NO_MEMORY;
    case STATUS_IO:
        return BCC_REASON_IO;
    case STATUS_UNSUPPORTED:
        return BCC_REASON_FORMAT;
    case STATUS_UNRESOLVED:
        return BCC_REASON_UNRESOLVED;
    default:
        return BCC_REASON_DAMAGED;
    }
}
