/* The archives are data of bccc, so that it needs no other file. An archive is
 * read only if a symbol is undefined, and then only the members that define it;
 * the start of the process touches none of their pages. */
#include "support_archive.h"

#include <stdint.h>
#include <string.h>

/* name: of the symbols at the begin and end of the file's bytes. */
#define EMBED(name, file)                                                      \
    __asm__(".pushsection .rodata\n"                                           \
            ".balign 16\n" #name "_begin:\n"                                   \
            ".incbin \"" file "\"\n" #name "_end:\n"                           \
            ".popsection\n");                                                  \
    extern const uint8_t name##_begin[] __attribute__((visibility("hidden"))); \
    extern const uint8_t name##_end[] __attribute__((visibility("hidden")))

/* ROUTINES: those of routines/; SUPPORT: compiler-rt's or libgcc's. */
#ifdef BCC_ROUTINES_X86_64
EMBED(routines_x86_64, BCC_ROUTINES_X86_64);
#endif
#ifdef BCC_ROUTINES_AARCH64
EMBED(routines_aarch64, BCC_ROUTINES_AARCH64);
#endif
#ifdef BCC_ROUTINES_ARM_HARD_FLOAT
EMBED(routines_arm_hard_float, BCC_ROUTINES_ARM_HARD_FLOAT);
#endif
#ifdef BCC_ROUTINES_ARM_SOFT_FLOAT
EMBED(routines_arm_soft_float, BCC_ROUTINES_ARM_SOFT_FLOAT);
#endif
#ifdef BCC_ROUTINES_RISCV64
EMBED(routines_riscv64, BCC_ROUTINES_RISCV64);
#endif
#ifdef BCC_SUPPORT_X86_64
EMBED(support_x86_64, BCC_SUPPORT_X86_64);
#endif
#ifdef BCC_SUPPORT_AARCH64
EMBED(support_aarch64, BCC_SUPPORT_AARCH64);
#endif
#ifdef BCC_SUPPORT_ARM_HARD_FLOAT
EMBED(support_arm_hard_float, BCC_SUPPORT_ARM_HARD_FLOAT);
#endif
#ifdef BCC_SUPPORT_ARM_SOFT_FLOAT
EMBED(support_arm_soft_float, BCC_SUPPORT_ARM_SOFT_FLOAT);
#endif
#ifdef BCC_SUPPORT_RISCV64
EMBED(support_riscv64, BCC_SUPPORT_RISCV64);
#endif

struct row {
    enum machine_row machine;
    bool is_ours;
    const uint8_t *begin, *end;
};

/* ROUTINES come first: a routine that both have is there because the other one
 * does not suffice (see routines/). */
static const struct row rows[] = {
#ifdef BCC_ROUTINES_X86_64
    {MACHINE_X86_64, true, routines_x86_64_begin, routines_x86_64_end},
#endif
#ifdef BCC_ROUTINES_AARCH64
    {MACHINE_AARCH64, true, routines_aarch64_begin, routines_aarch64_end},
#endif
#ifdef BCC_ROUTINES_ARM_HARD_FLOAT
    {MACHINE_ARM_HARD_FLOAT, true, routines_arm_hard_float_begin,
     routines_arm_hard_float_end},
#endif
#ifdef BCC_ROUTINES_ARM_SOFT_FLOAT
    {MACHINE_ARM_SOFT_FLOAT, true, routines_arm_soft_float_begin,
     routines_arm_soft_float_end},
#endif
#ifdef BCC_ROUTINES_RISCV64
    {MACHINE_RISCV64, true, routines_riscv64_begin, routines_riscv64_end},
#endif
#ifdef BCC_SUPPORT_X86_64
    {MACHINE_X86_64, false, support_x86_64_begin, support_x86_64_end},
#endif
#ifdef BCC_SUPPORT_AARCH64
    {MACHINE_AARCH64, false, support_aarch64_begin, support_aarch64_end},
#endif
#ifdef BCC_SUPPORT_ARM_HARD_FLOAT
    {MACHINE_ARM_HARD_FLOAT, false, support_arm_hard_float_begin,
     support_arm_hard_float_end},
#endif
#ifdef BCC_SUPPORT_ARM_SOFT_FLOAT
    {MACHINE_ARM_SOFT_FLOAT, false, support_arm_soft_float_begin,
     support_arm_soft_float_end},
#endif
#ifdef BCC_SUPPORT_RISCV64
    {MACHINE_RISCV64, false, support_riscv64_begin, support_riscv64_end},
#endif
    {N_MACHINES, false, NULL, NULL},
};

/* ORDER MACHINE: Debian's names. */
static const char *const packages[N_MACHINES] = {
    [MACHINE_X86_64] = "libclang-rt-dev",
    [MACHINE_AARCH64] = "libgcc-12-dev-arm64-cross",
    [MACHINE_ARM_HARD_FLOAT] = "libgcc-12-dev-armhf-cross",
    [MACHINE_ARM_SOFT_FLOAT] = "libgcc-12-dev-armel-cross",
    [MACHINE_RISCV64] = "libgcc-12-dev-riscv64-cross",
};

static struct link_archive archive_of(const struct row *row)
{
    return (struct link_archive){
        .name = row->is_ours ? "libbcc_routines.a" : "support routines",
        .bytes = {row->begin, (size_t)(row->end - row->begin)},
    };
}

size_t support_archives(const struct machine *machine,
                        struct link_archive archives[SUPPORT_MAX_ARCHIVES])
{
    size_t n_archives = 0;

    for (const struct row *row = rows; row->machine != N_MACHINES; row++)
        if (machine == &machines[row->machine])
            archives[n_archives++] = archive_of(row);
    return n_archives;
}

bool support_has_routines(const struct machine *machine)
{
    const struct row *row = rows;

    while (row->machine != N_MACHINES &&
           (row->is_ours || machine != &machines[row->machine]))
        row++;
    return row->machine != N_MACHINES;
}

const char *support_package(const struct machine *machine)
{
    return packages[machine - machines];
}

/* ---- Names ---- */

/* Does the name at `at` begin with one of the words (or end with it:
 * at_end)? */
static bool has_word(const char *at, const char *const *words, bool at_end)
{
    for (; *words; words++)
        if (at_end ? strcmp(at, *words) == 0
                   : strncmp(at, *words, strlen(*words)) == 0)
            return true;
    return false;
}

/* Names as in libgcc, also used by compiler-rt: __, the operation, the modes of
 * the types, the number of operands (__divti3, __fixsfdi). Most words are
 * common to all machines; the last ones of the first list belong to one machine
 * each. */
bool support_is_routine(const char *name)
{
    static const char *const others[] = {
        "__clear_cache", "__emutls_", "__sync_", "__aeabi_",
        "__aarch64_",    "__gnu_",    NULL,
    };
    static const char *const verbs[] = {
        "abs",  "add",  "ashl", "ashr", "bswap", "clz",   "cmp",    "ctz",
        "div",  "eq",   "ext",  "ffs",  "fix",   "float", "ge",     "gt",
        "le",   "lshr", "lt",   "mod",  "mul",   "ne",    "parity", "popc",
        "powi", "sub",  "trun", "ucmp", "udiv",  "umod",  "unord",  NULL,
    };
    static const char *const modes[] = {
        "si", "di", "ti", "hf", "bf", "sf", "df",
        "xf", "tf", "sc", "dc", "xc", "tc", NULL,
    };
    size_t size = strlen(name);
    char mode[3] = "";

    if (has_word(name, others, false))
        return true;
    if (size < 6 || strncmp(name, "__", 2) != 0 ||
        !has_word(name + 2, verbs, false))
        return false;
    if (name[size - 1] >= '2' && name[size - 1] <= '4')
        size--;
    memcpy(mode, name + size - 2, 2);
    return has_word(mode, modes, true);
}
