/* The archives are data of bccc, so that it needs no other file. They are read
 * only if a symbol is undefined, and then only the members that define it; the
 * start of the process never touches their pages. */
#include "support_archive.h"

#include <elf.h>
#include <stdint.h>

#ifdef BCC_SUPPORT_X86_64

/* name: of the symbols at the begin and end of the file's bytes. */
#define EMBED(name, file)                                                      \
    __asm__(".pushsection .rodata\n"                                           \
            ".balign 16\n" #name "_begin:\n"                                   \
            ".incbin \"" file "\"\n" #name "_end:\n"                           \
            ".popsection\n");                                                  \
    extern const uint8_t name##_begin[] __attribute__((visibility("hidden"))); \
    extern const uint8_t name##_end[] __attribute__((visibility("hidden")))

EMBED(routines_x86_64, BCC_ROUTINES_X86_64);
EMBED(builtins_x86_64, BCC_SUPPORT_X86_64);

#endif

struct row {
    unsigned elf_machine;
    const char *name;
    const uint8_t *begin, *end;
};

/* Ours come first: what is in both is there because compiler-rt's would not do
 * (see routines/). */
static const struct row rows[] = {
#ifdef BCC_SUPPORT_X86_64
    {EM_X86_64, "libbcc_routines.a", routines_x86_64_begin,
     routines_x86_64_end},
    {EM_X86_64, "libclang_rt.builtins.a", builtins_x86_64_begin,
     builtins_x86_64_end},
#endif
    {EM_NONE, NULL, NULL, NULL},
};

size_t support_archives(unsigned elf_machine,
                        struct link_archive archives[SUPPORT_MAX_ARCHIVES])
{
    size_t n_archives = 0;

    for (const struct row *row = rows; row->name; row++)
        if (row->elf_machine == elf_machine)
            archives[n_archives++] = (struct link_archive){
                .name = row->name,
                .bytes = {row->begin, (size_t)(row->end - row->begin)},
            };
    return n_archives;
}
