#include "former.h"

#include <string.h>

#include "artefact.h"
#include "process.h"

bool former_is_known(const char *commit)
{
    static const char script[] =
        "git -C \"$0\" cat-file -e \"$1^{commit}\" 2>/dev/null && echo known "
        "|| echo unknown";
    const char *const argv[] = {"/bin/sh",      "-c",   script,
                                BCC_BENCH_ROOT, commit, NULL};
    struct process_result result;

    return process_run(argv, &result) && strcmp(result.out, "known\n") == 0;
}

/* An archive leaves nothing in the repository, as a worktree would. */
static const char build_script[] =
    "set -e\n"
    "root=$0 commit=$1 dir=$2 llvm=$3 done=$4\n"
    "rm -rf \"$dir\"\n"
    "mkdir -p \"$dir/source\"\n"
    "git -C \"$root\" archive \"$commit\" | tar -x -C \"$dir/source\"\n"
    "cmake -S \"$dir/source\" -B \"$dir/build\" -G Ninja \\\n"
    "    -DCMAKE_BUILD_TYPE=Release -DBCC_LLVM_VERSION=\"$llvm\" \\\n"
    "    -DBCC_BUILD_TESTS=OFF -DBCC_BUILD_SAMPLES=OFF >\"$dir/log\"\n"
    "ninja -C \"$dir/build\" bcc_tool bccc >\"$dir/log\"\n"
    "touch \"$done\"\n";

bool former_build(const char *commit, struct former *ret_former)
{
    char dir[BENCH_PATH_SIZE], done[64];
    const char *const argv[] = {
        "/bin/sh", "-c", build_script,           BCC_BENCH_ROOT,
        commit,    dir,  BCC_BENCH_LLVM_VERSION, artefact_out,
        NULL};
    struct artefact built;

    snprintf(dir, sizeof(dir), "%.900s/%.40s", bench_dir(), commit);
    snprintf(done, sizeof(done), "%.40s.built", commit);
    snprintf(ret_former->bcc, BENCH_PATH_SIZE, "%.950s/build/bin/bcc", dir);
    snprintf(ret_former->bccc, BENCH_PATH_SIZE, "%.950s/build/libexec/bcc/bccc",
             dir);
    return artefact_make(done, (const struct artefact *const[]){NULL}, argv,
                         &built);
}
