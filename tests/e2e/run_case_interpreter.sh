#!/bin/sh
# run_case_interpreter.sh DIR: the interpreter sample
# (tests/samples/interpreter) runs its scripts natively and under bcc, and its
# output must be that of the files next to the scripts.
#
# Environment: SOURCE (the directory of the sample's source), and that of
# run_case_lib.sh.
set -u
built=$1
. "$(dirname "$0")/run_case_lib.sh"
printf 'first line\nsecond line\n' >"$work/stdin"
mkdir "$work/files"
cd "$SOURCE/scripts" || exit 1 # messages name the script as it was given

first=1
for script in *.tarn; do
    echo "script: $script"
    run native "$built/interpreter" "$script" "$work/files" argument
    cp "${script%.tarn}.expected" "$work/expected.out"
    cp "$work/native.status" "$work/expected.status"
    cp "$work/native.err" "$work/expected.err"
    same expected native
    [ -n "$BCC" ] || continue
    if [ -n "$first" ]; then
        compare_with_native "" "$built/interpreter.bc" "$script" \
            "$work/files" argument
        first=
    else
        run warm "$BCC" run --report=json "$built/interpreter.bc" "$script" \
            "$work/files" argument
        same native warm
        reported warm hit
    fi
done

# Failing scripts: the message on stderr and the status are compared too.
for text in 'let = 1' 'os.exit(42)' 'fn f() { f() } f()' 'error("thrown")' \
    'list.sort([2, 1], fn(a, b) { return nothing })'; do
    run native "$built/interpreter" -e "$text"
    [ -n "$BCC" ] || continue
    run warm "$BCC" run "$built/interpreter.bc" -e "$text"
    same native warm
done
finish
