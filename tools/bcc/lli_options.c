/* Names are those of lli 14 to 22. lli takes one dash or two, and a value after
 * "=" or as the next word. -O is bcc's own and not here. */
#include "options.h"

#include <stddef.h>
#include <string.h>

#include "print.h"

#define FIELD(name) offsetof(struct options, name)

enum kind {
    LIST, /* of struct words at field */
    TEXT, /* const char * at field */
    CONTRACT,
    IGNORED, /* has a value; says how code is made, not what the code does */
    IGNORED_SWITCH,
    ELSEWHERE /* refused; hint: what bcc has instead */
};

struct row {
    const char *name;
    enum kind kind;
    uint16_t field;
    const char *hint;
};

static const struct row rows[] = {
    {"load", LIST, FIELD(loaded), NULL},
    {"dlopen", LIST, FIELD(loaded), NULL},
    {"extra-module", LIST, FIELD(objects), NULL},
    {"extra-object", LIST, FIELD(objects), NULL},
    {"extra-archive", LIST, FIELD(objects), NULL},
    {"entry-function", TEXT, FIELD(entry), NULL},
    {"mcpu", TEXT, FIELD(cpu), NULL},
    {"mattr", TEXT, FIELD(features), NULL},
    {"mtriple", TEXT, FIELD(target), NULL},
    {"fake-argv0", TEXT, FIELD(fake_name), NULL},
    {"fp-contract", CONTRACT, 0, NULL},
    {"jit-kind", IGNORED, 0, NULL},
    {"jit-linker", IGNORED, 0, NULL},
    {"compile-threads", IGNORED, 0, NULL},
    {"disable-lazy-compilation", IGNORED_SWITCH, 0, NULL},
    {"march", ELSEWHERE, 0, "--target TRIPLE names the machine"},
    {"force-interpreter", ELSEWHERE, 0,
     "bcc has no interpreter; -O0 compiles fastest"},
    {"enable-cache-manager", ELSEWHERE, 0,
     "bcc always caches; --no-cache turns it off"},
    {"object-cache-dir", ELSEWHERE, 0, "--cache-dir DIR is the cache"},
    {"relocation-model", ELSEWHERE, 0, "code is always position-independent"},
    {"code-model", ELSEWHERE, 0, "bcc chooses it; leave it out"},
    {"remote-mcjit", ELSEWHERE, 0,
     "compile here, copy the file, and bcc run it there"},
    {"no-process-syms", ELSEWHERE, 0,
     "symbols of the process are always seen under run"},
};

static const struct row *find(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (strncmp(rows[i].name, name, size) == 0 && !rows[i].name[size])
            return &rows[i];
    return NULL;
}

/* lli's "fast" joins operations that the front end did not mark. */
static enum lli_result take_contract(struct options *options, const char *value)
{
    const int choice = options_choice("on|off", value); /* ORDER FP CONTRACT */

    if (choice >= 0)
        options->fp_contract = choice;
    else
        complain("run: --fp-contract %s: not one of on, off; the front end may "
                 "mark more: clang -ffp-contract=fast",
                 value);
    return choice >= 0 ? LLI_TAKEN : LLI_REFUSED;
}

static enum lli_result apply(struct options *options, const struct row *row,
                             const char *value)
{
    void *field = (char *)options + row->field;

    if (row->kind == LIST)
        return words_append(field, value) ? LLI_TAKEN : LLI_REFUSED;
    if (row->kind == CONTRACT)
        return take_contract(options, value);
    if (row->kind == TEXT)
        *(const char **)field = value;
    return LLI_TAKEN;
}

enum lli_result lli_option_take(struct options *options, const char *word,
                                char ***next)
{
    const char *name = word + 1 + (word[1] == '-');
    const size_t size = (size_t)(strchrnul(name, '=') - name);
    const char *value = name[size] ? name + size + 1 : NULL;
    const struct row *row = find(name, size);

    if (!row)
        return LLI_UNKNOWN;
    if (row->kind == ELSEWHERE) {
        complain("run: %.*s is an option of lli: %s", (int)(name + size - word),
                 word, row->hint);
        return LLI_REFUSED;
    }
    if (row->kind == IGNORED_SWITCH)
        return LLI_TAKEN;
    if (!value && **next)
        value = *(*next)++;
    if (!value) {
        complain("run: %s: needs a value (bcc help run)", word);
        return LLI_REFUSED;
    }
    return apply(options, row, value);
}
