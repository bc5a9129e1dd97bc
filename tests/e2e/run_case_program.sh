#!/bin/sh
# run_case_program.sh DIR: the sample of several files (tests/samples/program),
# as one module, as a script with a library for each other file, and as a script
# with the other files linked to it.
#
# Environment: SOURCE (the directory of the sample's source), and that of
# run_case_lib.sh.
set -u
built=$1
. "$(dirname "$0")/run_case_lib.sh"
cp "$SOURCE/input.txt" "$work/stdin"
CASE_NAME=value
export CASE_NAME

compare() {
    run native "$built/program" "$@"
    rm -rf "$work/cache" "$work/installed"
    mkdir -m 700 "$work/cache"
    compare_with_native "" "$built/program.bc" "$@"
    rm -rf "$work/cache" "$work/installed"
    mkdir -m 700 "$work/cache"
    compare_with_native "$libraries" "$built/main.bc" "$@"
    rm -rf "$work/cache" "$work/installed"
    mkdir -m 700 "$work/cache"
    compare_with_native "$objects" "$built/main.bc" "$@"
}

libraries= objects=
for module in options words sort stats report; do
    libraries="$libraries --lib $built/$module.bc"
    objects="$objects --link $built/$module.bc"
done

compare
compare --sort=length --top=3 --env=CASE_NAME --verbose --exit=17

# What needs no new entry: other arguments and other input of the same program.
printf 'one\ntwo two\n' >"$work/stdin"
run native "$built/program" --sort=word
[ -n "$BCC" ] || finish
run warm "$BCC" run --report=json "$built/program.bc" --sort=word
same native warm
run native "$built/program" --sort=wrong
# shellcheck disable=SC2086 # the libraries are to be split
run warm "$BCC" run --report=json $objects "$built/main.bc" --sort=wrong
same native warm
reported warm hit
finish
