#!/bin/sh
# run_case.sh CASE.c|CASE.cpp: compiles one case of cases/ with clang, natively and to
# bitcode, and requires the same output and end of both, however bcc runs it.
#
# The case says in its first comment what to expect:
#   FLAGS: options of the compiler
#   ARGS: command line, ENV: environment, both quoted as for the shell
#   STDIN: followed by lines of input
#   STATUS: exit status, or "signal 15"
#   OUTPUT: followed by lines of output, to the end of the comment
#
# Environment: CLANG, and that of run_case_lib.sh.
set -u
case_file=$1
. "$(dirname "$0")/run_case_lib.sh"

# field KEY: the rest of the line.
field() {
    sed -n "/\*\//q; s/^ \* $1: //p" "$case_file"
}

# block KEY: the lines that follow, up to the next key.
block() {
    awk -v key=" * $1:" '
        /\*\// { exit }
        /^ \* (FLAGS|ARGS|ENV|STDIN|STATUS|OUTPUT):/ { inside = 0 }
        inside { sub(/^ \* ?/, ""); print }
        index($0, key) == 1 { inside = 1 }' "$case_file"
}

status=$(field STATUS)
case $status in
signal*) echo "$status" ;;
*) echo "exit $status" ;;
esac >"$work/expected.status"
block OUTPUT >"$work/expected.out"
block STDIN >"$work/stdin"

case $case_file in
*.cpp) flags="--driver-mode=g++ -std=gnu++20 -O2 $(field FLAGS)" ;;
*) flags="-std=gnu11 -O2 $(field FLAGS)" ;;
esac
# shellcheck disable=SC2086
"$CLANG" $flags "$case_file" -o "$work/native" -lm -pthread &&
    "$CLANG" $flags -emit-llvm -c "$case_file" -o "$work/case.bc" || {
    echo "FAIL: does not compile"
    exit 1
}

eval "set -- $(field ARGS)"
environment=$(field ENV)
[ -z "$environment" ] || eval "export $environment"

run native "$work/native" "$@"
cp "$work/native.err" "$work/expected.err"
same expected native
compare_with_native "" "$work/case.bc" "$@"
finish
