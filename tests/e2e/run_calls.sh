#!/bin/sh
# run_calls.sh TRIPLE|native: calls between code compiled by gcc and scripts, in
# both directions, with all kinds of arguments: see calls/generate.py. Everything
# is compiled here; code for another machine runs in its emulator.
#
# The sides are a shared library (gcc), a script and a runtime that is linked to
# it (clang's bitcode). `bcc run` runs them; a host then loads the script by
# itself and calls it. On ARM all of it is done again in Thumb code.
#
# Environment: OBCC (the library that the host is linked with), INCLUDE, and
# those of run_case_lib.sh and machine_lib.sh.
set -u
triple=$1
. "$(dirname "$0")/run_case_lib.sh"
sources=$(dirname "$0")/calls
command -v "$CLANG" >/dev/null || skip "no $CLANG"
command -v python3 >/dev/null || skip "no python3"
if [ "$triple" = native ]; then
    cc=gcc machine_flags="" cross_flags="" emulated="" target=""
    TARGET_BCC=$BCC
    command -v gcc >/dev/null || skip "no gcc"
else
    . "$(dirname "$0")/machine_lib.sh"
    cc=$triple-gcc target="--target $triple"
fi
bits=64 modes=-O2
case $triple in
arm*)
    # Without NEON clang passes vectors in its own way.
    bits=32 modes="-marm -mthumb" machine_flags="$machine_flags -mfpu=neon"
    cross_flags="$cross_flags -mfpu=neon"
    ;;
esac
n_cases=40
[ "${BCC_MACHINE_TESTS-}" != all ] || n_cases=100
python3 "$sources/generate.py" "$n_cases" 13 "$bits" >"$work/calls.h" || exit 1

# side NAME COMPILER FLAGS...: compiles that side.
side() {
    side_name=$1
    shift
    "$@" -w -I"$work" -DSIDE="$side_name" "$sources/side.c" || {
        fail "$side_name does not compile"
        finish
    }
}

# right NAME: the run found all values right, and looked at them.
right() {
    expect "$1" "exit 0"
    grep -qE '^[1-9][0-9]* checks, 0 wrong$' "$work/$1.out" ||
        fail "$1: $(head -n 20 "$work/$1.out")"
}

# shellcheck disable=SC2086 # flags are words
for mode in $modes; do
    side native $cc $cross_flags -O2 $mode -fPIC -shared \
        -o "$work/libnative.so"
    side runtime "$CLANG" $machine_flags -O2 $mode -emit-llvm -c \
        -DCALLS_NATIVE -o "$work/runtime.bc"
    side script "$CLANG" $machine_flags -O2 $mode -emit-llvm -c \
        -DCALLS_NATIVE -DWITH_MAIN -o "$work/script.bc"
    libraries="--lib $work/runtime.bc -L $work -l native"
    "$BCC" precompile $target --cache-dir "$BCC_CACHE_DIR" $libraries \
        "$work/script.bc" >"$work/log" 2>&1 || fail "$(cat "$work/log")"
    run called$mode $emulated "$TARGET_BCC" run --report=json $libraries \
        "$work/script.bc"
    right called$mode
    reported called$mode hit

    side script "$CLANG" $machine_flags -O2 $mode -emit-llvm -c \
        -o "$work/alone.bc"
    "$BCC" compile $target "$work/alone.bc" -o "$work/alone.oBCC" ||
        fail "the script does not compile"
    $cc $cross_flags -O2 $mode -w -I"$work" -I"$INCLUDE" "$sources/host.c" \
        -o "$work/host" "$OBCC" -L"$work" -lnative \
        -Wl,-rpath,"$work:$(dirname "$OBCC")" || fail "the host does not compile"
    run host$mode $emulated "$work/host" "$work/alone.oBCC"
    right host$mode
done
finish
