/* The archives are data of bccc, so that it needs no file but itself. They are
 * only read when something is undefined, and of them only what defines it; the
 * start of the process never touches their pages. */
#include "support_archive.h"

#include <stdint.h>
#include <string.h>

#include "archive.h"

/* name: of the symbols at the begin and end of the file's bytes. */
#define EMBED(name, file)                                                      \
    __asm__(".pushsection .rodata\n"                                           \
            ".balign 16\n" #name "_begin:\n"                                   \
            ".incbin \"" file "\"\n" #name "_end:\n"                           \
            ".popsection\n");                                                  \
    extern const uint8_t name##_begin[] __attribute__((visibility("hidden"))); \
    extern const uint8_t name##_end[] __attribute__((visibility("hidden")))

/* ROUTINES: ours (routines/); SUPPORT: compiler-rt's or libgcc's. */
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

/* Ours come first: what is in both is there because the other would not do (see
 * routines/). */
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

static bool defines(const struct link_archive *archive, const char *name)
{
    struct archive_cursor cursor = {0};
    struct archive_symbol symbol;
    struct archive_view view;

    if (archive_open(archive->bytes, archive->name, &view, NULL))
        return false;
    while (archive_next_symbol(&view, &cursor, &symbol, NULL) == STATUS_OK)
        if (strcmp(symbol.name, name) == 0)
            return true;
    return false;
}

/* Machines have most names in common; these belong to one each. */
static bool is_of_one_machine(const char *name)
{
    return strncmp(name, "__aeabi_", 8) == 0 ||
           strncmp(name, "__aarch64_", 10) == 0;
}

bool support_is_routine(const char *name)
{
    bool found = is_of_one_machine(name);

    for (const struct row *row = rows; !found && row->machine != N_MACHINES;
         row++) {
        const struct link_archive archive = archive_of(row);

        found = !row->is_ours && defines(&archive, name);
    }
    return found;
}
