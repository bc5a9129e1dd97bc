/* The reason for a miss, as a code for programs. */
#include "reason_code.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* ORDER REASONS. The words are in the table itself, as in all tables of the
 * library: a pointer would take 8 bytes more, and 24 for its relocation. */
/* NOLINTNEXTLINE(bugprone-macro-parentheses): an array takes a bare literal */
#define WORD(name, number, word) [number] = word,
static const char words[BCC_N_REASONS][13] = {REASON_MAP(WORD)};

#define HOLD(name, number, word)                                               \
    static_assert((int)REASON_##name == (int)BCC_REASON_##name, word);
REASON_MAP(HOLD)

const char *bccGetReasonName(int reason)
{
    return reason >= 0 && reason < BCC_N_REASONS ? words[reason] : NULL;
}

/* Reasons by the name of an identity line, in the order of lines; see
 * request.h. */
static const struct {
    char name[13];
    uint8_t reason;
} lines[] = {
    {"format=", REASON_FORMAT}, {"libbcc=", REASON_LIBBCC},
    {"llvm=", REASON_LLVM},     {"triple=", REASON_TRIPLE},
    {"cpu=", REASON_CPU},       {"features=", REASON_FEATURES},
    {"opt=", REASON_OPT_LEVEL}, {"flags=", REASON_FLAGS},
    {"mark=", REASON_MARKS},    {"library-dir=", REASON_SHARED},
    {"shared=", REASON_SHARED},
};

static bool has_name(struct span line, const char *name)
{
    size_t size = strlen(name);

    return line.size >= size && memcmp(line.data, name, size) == 0;
}

/* The reason for two lines that differ. If their names differ, too, one
 * identity lacks a line, such as a mark: the name that comes first in the order
 * of lines decides. */
enum reason reason_of_lines(struct span has, struct span wants)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (has_name(has, lines[i].name) || has_name(wants, lines[i].name))
            return lines[i].reason;
    return REASON_OTHER_OPTION;
}

enum reason reason_of_error(const struct error *err)
{
    if (err->reason)
        return err->reason;
    switch (err->status) {
    case STATUS_OK:
        return REASON_NONE;
    case STATUS_NOT_FOUND:
        return REASON_NO_ENTRY;
    case STATUS_UNTRUSTED:
        return REASON_UNTRUSTED;
    case STATUS_NO_MEMORY:
        return REASON_NO_MEMORY;
    case STATUS_IO:
        return REASON_IO;
    case STATUS_UNSUPPORTED:
        return REASON_FORMAT;
    case STATUS_UNRESOLVED:
        return REASON_UNRESOLVED;
    default:
        return REASON_DAMAGED;
    }
}
