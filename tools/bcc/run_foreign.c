/* bcc run --target: a program of another machine, in an emulator.
 *
 * The code is compiled here, into the cache directory. Then this process
 * becomes the emulator, which runs the bcc of that machine with the words of
 * this command line: it makes the same key of them, finds the entry, and needs
 * no compiler. The program's arguments, descriptors and exit status are its
 * own.
 *
 * That bcc is a build for the machine (cmake --toolchain cmake/toolchains/...),
 * of this version and with BCC_LLVM_IDENTITY as `bccc --version` has it. Where
 * it needs shared libraries, QEMU takes them from QEMU_LD_PREFIX: the sysroot.
 */
#include "program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "entry_name.h"
#include "print.h"
#include "script_setup.h"
#include "undefined.h"

const struct machine *foreign_machine(const struct options *options)
{
    const struct machine *machine =
        options->target ? machine_of_triple(options->target) : NULL;

    return machine == machine_host() ? NULL : machine;
}

/* ---- The entry ---- */

static bool compile(const struct options *options)
{
    const char *path = options->arguments[0], *reason = NULL;
    char *dir = setup_cache_dir(options, &reason);
    BCCScriptRef script = NULL;
    char name[NAME_MAX];
    bool failed;

    if (!dir) {
        complain("run: the emulated bcc needs a cache directory: %s", reason);
        return false;
    }
    script = setup_script(options, path, true, &failed);
    failed =
        !script || failed || !entry_name(script, options, path, dir, name) ||
        bccPrepareSharedObject(script, dir, name, setup_flags(options, true));
    if (script && failed)
        complain_failed(script, options, path);
    bccDisposeScript(script);
    free(dir);
    return !failed;
}

/* ---- The emulator ---- */

/* Find a program in PATH, as a shell does. */
static bool find_program(const char *name, char ret_path[PATH_MAX])
{
    const char *at = getenv("PATH");

    while (at && *at) {
        const char *end = strchrnul(at, ':');
        const int size =
            snprintf(ret_path, PATH_MAX, "%.*s/%s", (int)(end - at), at, name);

        if (size > 0 && size < PATH_MAX && access(ret_path, X_OK) == 0)
            return true;
        at = end + (*end == ':');
    }
    return false;
}

static bool find_emulator(const struct options *options,
                          const struct machine *machine,
                          char ret_path[PATH_MAX])
{
    static const char *const formats[] = {"qemu-%s", "qemu-%s-static"};
    char name[64];

    if (options->emulator && strchr(options->emulator, '/')) {
        snprintf(ret_path, PATH_MAX, "%s", options->emulator);
        return true;
    }
    if (options->emulator) {
        if (find_program(options->emulator, ret_path))
            return true;
        complain("run: --emulator %s: no such program in PATH",
                 options->emulator);
        return false;
    }
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        snprintf(name, sizeof(name), formats[i], machine->name);
        if (find_program(name, ret_path))
            return true;
    }
    complain("run: no emulator of %s: install qemu-user, or name one with "
             "--emulator",
             machine->name);
    return false;
}

/* Debian's name: arm-linux-gnueabihf. */
static void name_machine(const struct machine *machine, char ret_name[64])
{
    snprintf(ret_name, 64, "%s%s", machine->name,
             strstr(machine->triple, "-linux-"));
}

static bool find_target_bcc(const struct options *options,
                            const struct machine *machine,
                            char ret_path[PATH_MAX])
{
    const char *given = options->target_bcc;
    char self[PATH_MAX / 2], name[64];
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (!given)
        given = getenv("BCC_TARGET_BCC");
    self[size > 0 ? size : 0] = '\0';
    slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    name_machine(machine, name);
    if (given && *given)
        snprintf(ret_path, PATH_MAX, "%s", given);
    else
        snprintf(ret_path, PATH_MAX, "%s/%s/%s/bcc", self, BCC_TARGETS_FROM_BIN,
                 name);
    if (access(ret_path, R_OK) == 0)
        return true;
    complain("run: %s: no bcc for %s: name one with --target-bcc", ret_path,
             machine->triple);
    return false;
}

/* Offer the libraries that it needs to start, unless the user has said where
 * they are. */
static void offer_libraries(const struct machine *machine)
{
    const char *sysroot = getenv("BCC_SYSROOT");
    char name[64], path[PATH_MAX];

    name_machine(machine, name);
    snprintf(path, sizeof(path), "/usr/%s", name);
    if (!sysroot && access(path, X_OK) == 0)
        sysroot = path;
    if (sysroot)
        setenv("QEMU_LD_PREFIX", sysroot, 0);
}

/* Make EMULATOR BCC run WORDS: all words but --rebuild, which is done. */
static char **make_words(const struct options *options, char *emulator,
                         char *bcc)
{
    char **at = options->words, **words, **out;
    size_t n = 0;

    while (at[n])
        n++;
    words = out = calloc(n + 4, sizeof(*words));
    if (!words)
        return NULL;
    *out++ = emulator;
    *out++ = bcc;
    *out++ = (char *)"run";
    for (; *at; at++)
        if (at >= options->arguments || strcmp(*at, "--rebuild") != 0)
            *out++ = *at;
    return words;
}

int run_foreign(const struct options *options, const struct machine *machine)
{
    char emulator[PATH_MAX], bcc[PATH_MAX];
    char **words;

    if (!find_emulator(options, machine, emulator) ||
        !find_target_bcc(options, machine, bcc) || !compile(options))
        return EXIT_FAILED;
    offer_libraries(machine);
    words = make_words(options, emulator, bcc);
    if (!words) {
        complain("out of memory");
        return EXIT_FAILED;
    }
    execv(emulator, words);
    complain("run: %s: %s", emulator, strerror(errno));
    free(words);
    return EXIT_FAILED;
}
