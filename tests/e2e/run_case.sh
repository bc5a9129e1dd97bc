#!/bin/sh
# run_case.sh CASE.c|CASE.cpp [TRIPLE]: compiles one case of cases/ with clang, natively
# and to bitcode, and requires the same output and end of both, however bcc runs
# the bitcode. It does so at -O3 and at -O0: code that one of them leaves to the
# code generator, the other optimises away.
#
# With a triple both are compiled for that machine and run in its emulator: the
# bitcode is precompiled here, and the machine's own bcc finds the entry. The
# result must be the native one or what the case expects: sizes of types differ
# between machines. A case that does not compile natively is skipped. -O0 is left out
# unless BCC_MACHINE_TESTS is "all".
#
# The first comment of the case says what to expect:
#   FLAGS: options of the compiler; if they have a level, it is the only one
#   ARGS: command line, ENV: environment, both quoted as for the shell
#   STDIN: followed by lines of input
#   LAZY: why functions cannot be compiled when they are called
#   STATUS: exit status, or "signal 15"
#   OUTPUT: followed by lines of output, to the end of the comment
#
# Environment: CLANG (exit status 77 if missing), and that of
# run_case_lib.sh; with a triple also that of machine_lib.sh.
set -u
case_file=$1
triple=${2-}
. "$(dirname "$0")/run_case_lib.sh"

# field KEY: the rest of the line.
field() {
    sed -n "/\*\//q; s/^ \* $1: //p" "$case_file"
}

# block KEY: the lines that follow, up to the next key.
block() {
    awk -v key=" * $1:" '
        /\*\// { exit }
        /^ \* (FLAGS|ARGS|ENV|LAZY|STDIN|STATUS|OUTPUT):/ { inside = 0 }
        inside { sub(/^ \* ?/, ""); print }
        index($0, key) == 1 { inside = 1 }' "$case_file"
}

command -v "$CLANG" >/dev/null || {
    echo "skipped: no $CLANG"
    exit 77
}
status=$(field STATUS)
case $status in
signal*) echo "$status" ;;
*) echo "exit $status" ;;
esac >"$work/expected.status"
block OUTPUT >"$work/expected.out"
block STDIN >"$work/stdin"

flags=$(field FLAGS)
lazy_failure=$(field LAZY)
case " $flags " in
*" -O"*) levels=${flags##*-O} levels=-O${levels%% *} ;;
*) levels="-O3 -O0" ;;
esac
case $case_file in
*.cpp) flags="--driver-mode=g++ -std=gnu++20 $flags" ;;
*) flags="-std=gnu11 $flags" ;;
esac
if [ -n "$triple" ]; then
    . "$(dirname "$0")/machine_lib.sh"
    flags="$machine_flags $flags"
    [ "${BCC_MACHINE_TESTS-}" = all ] || levels=${levels%% *}
fi
eval "set -- $(field ARGS)"
environment=$(field ENV)
[ -z "$environment" ] || eval "export $environment"

# compare_on_machine ARGS...: both builds at this level, in the emulator.
compare_on_machine() {
    # shellcheck disable=SC2086
    "$CLANG" $flags $level "$case_file" -o "$native" -lm -pthread \
        2>"$work/compiler" || {
        cat "$work/compiler"
        skip "not for $triple"
    }
    # shellcheck disable=SC2086
    "$CLANG" $flags $level -emit-llvm -c "$case_file" -o "$bitcode" || exit 1
    # shellcheck disable=SC2086
    run native $emulated "$native" "$@"
    # Natively a few cases end otherwise in an emulator or by that machine's
    # linker; what the case expects is as good.
    cp "$work/native.err" "$work/expected.err"
    compare_precompiled_on_machine "$bitcode" "$@"
}

for level in $levels; do
    # Both have one file name, as libc's messages quote it.
    bitcode=$work/bitcode$level/case.bc
    native=$work/native$level/case.bc
    mkdir "$work/bitcode$level" "$work/native$level"
    if [ -n "$triple" ]; then
        compare_on_machine "$@"
        [ "$failures" -eq 0 ] || fail "at $level"
        continue
    fi
    # shellcheck disable=SC2086
    "$CLANG" $flags $level "$case_file" -o "$native" -lm -pthread &&
        "$CLANG" $flags $level -emit-llvm -c "$case_file" -o "$bitcode" || {
        echo "FAIL: does not compile"
        exit 1
    }
    run native "$native" "$@"
    cp "$work/native.err" "$work/expected.err"
    same expected native
    [ "$failures" -eq 0 ] || echo "that was $level, native"
    compare_cached_with_native "" "$bitcode" "$@"
    [ "$failures" -eq 0 ] || fail "at $level"
done
[ -z "$triple" ] || finish
# At last with nothing optimised by anyone.
compare_uncached_with_native -O0 "$bitcode" "$@"
finish
