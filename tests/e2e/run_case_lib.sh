# Shared by run_case.sh and similar scripts: runs a program natively and under
# `bcc run`, and compares all results. Sourced, POSIX sh.
#
# Environment: BCC (the tool; empty: native runs only), RUN_STATUS (see
# run_case_status.c). Sets work, a private directory that is removed at exit,
# and BCC_CACHE_DIR inside it.

umask 022 # other users read what is for them
work=$(mktemp -d) || exit 1

# A compiler in the background may be writing there yet.
remove_work() {
    for _ in 1 2 3 4 5 6 7 8 9; do
        rm -rf "$work" 2>/dev/null && return
        sleep 0.2
    done
    rm -rf "$work"
}
trap remove_work EXIT
trap 'exit 1' HUP INT TERM
BCC_CACHE_DIR=$work/cache
export BCC_CACHE_DIR
mkdir -m 700 "$BCC_CACHE_DIR"
: >"$work/stdin"
failures=0

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# skip WHY: the test says nothing here; CTest shows it as skipped.
skip() {
    echo "SKIPPED: $*"
    exit 77
}

# run NAME COMMAND...: results in $work/NAME.{out,err,status}; input is
# $work/stdin. The report of `bcc run` goes to NAME.report.
run() {
    run_name=$work/$1
    shift
    "$RUN_STATUS" "$run_name.status" "$@" \
        <"$work/stdin" >"$run_name.out" 2>"$run_name.all" ||
        fail "cannot run $*"
    grep '^{"cache"' "$run_name.all" >"$run_name.report"
    grep -v '^{"cache"' "$run_name.all" >"$run_name.err"
    return 0
}

# same A B: the runs A and B had the same results.
same() {
    for same_what in status out err; do
        if ! cmp -s "$work/$1.$same_what" "$work/$2.$same_what"; then
            fail "$2: its $same_what is not that of $1"
            diff "$work/$1.$same_what" "$work/$2.$same_what" | head -n 20
        fi
    done
}

# expect NAME 'exit N': how the run of that name ended.
expect() {
    [ "$(cat "$work/$1.status")" = "$2" ] ||
        fail "$1: ended with $(cat "$work/$1.status"), not $2:" \
            "$(cat "$work/$1.err")"
}

# says NAME out|err TEXT: the output has that text.
says() {
    grep -qF -- "$3" "$work/$1.$2" ||
        fail "$1: its $2 lacks '$3':" "$(cat "$work/$1.$2")"
}

# silent NAME out|err: the output is empty.
silent() {
    [ ! -s "$work/$1.$2" ] || fail "$1: its $2 is not empty:" \
        "$(cat "$work/$1.$2")"
}

# complains NAME TEXT: exit status 1 and lines "bcc: ...", one with TEXT, and no
# other.
complains() {
    expect "$1" "exit 1"
    says "$1" err "$2"
    grep -v '^bcc: ' "$work/$1.err" >"$work/other"
    [ ! -s "$work/other" ] || fail "$1: complains with $(cat "$work/other")"
}

# reported NAME CACHE: its one line of report says so.
reported() {
    if ! grep -q "^{\"cache\":\"$2\",.*}\$" "$work/$1.report" ||
        [ "$(wc -l <"$work/$1.report")" -ne 1 ]; then
        fail "$1: no report of a $2, but: $(cat "$work/$1.report")"
    fi
}

# compare_in_process 'OPTIONS' FILE [ARGS...]: the run "baseline" was done; holds
# against it one that libobcc-llvm.so compiles, and its entry, byte for byte. A
# compiler that divides small modules has no such library beside it.
compare_in_process() {
    options=$1
    shift
    in_process_compiler=${BCC_BCCC:-${BCC%/*}/../libexec/bcc/bccc}
    [ -e "${in_process_compiler%/*}/libobcc-llvm.so" ] || return 0
    rm -rf "$work/in_process"
    mkdir -m 700 "$work/in_process"
    # shellcheck disable=SC2086 # options are to be split
    run in_process "$BCC" run --report=json --jit=in-process --tier=baseline \
        --cache-dir "$work/in_process" $options "$@"
    same native in_process
    reported in_process miss
    for entry in "$work/in_process"/*.oBCC; do
        cmp "$entry" "$work/baseline/${entry##*/}" ||
            fail "in_process: another entry than that of the process"
    done
}

# compare_lazy 'OPTIONS' FILE [ARGS...]: holds a run against the native one in
# which functions are compiled when they are called. It leaves no entry. Not if
# lazy_failure says why that fails.
compare_lazy() {
    options=$1
    shift
    [ -z "${lazy_failure-}" ] || return 0
    [ -e "${in_process_compiler%/*}/libobcc-llvm.so" ] || return 0
    rm -rf "$work/lazy"
    mkdir -m 700 "$work/lazy"
    # shellcheck disable=SC2086 # options are to be split
    run lazy "$BCC" run --report=json --jit=lazy --tier=baseline \
        --cache-dir "$work/lazy" $options "$@"
    same native lazy
    reported lazy miss
    [ -z "$(ls "$work/lazy")" ] || fail "lazy: left $(ls "$work/lazy")"
}

# compare_cached_with_native 'OPTIONS' FILE [ARGS...]: the run "native" was
# done; holds against it a cold, a warm and a precompiled `bcc run`, and one of
# baseline code. OPTIONS (for run and precompile) are split at blanks.
compare_cached_with_native() {
    options=$1
    shift
    [ -n "$BCC" ] || return 0
    # shellcheck disable=SC2086 # options are to be split
    {
        run cold "$BCC" run --report=json $options "$@"
        same native cold
        reported cold miss
        run warm "$BCC" run --report=json $options "$@"
        same native warm
        reported warm hit

        [ -d "$work/baseline" ] || mkdir -m 700 "$work/baseline"
        run baseline "$BCC" run --report=json --tier=baseline \
            --cache-dir "$work/baseline" $options "$@"
        same native baseline
        grep -q '"tier":"baseline"' "$work/baseline.report" ||
            fail "baseline: $(cat "$work/baseline.report")"
        compare_in_process "$options" "$@"
        compare_lazy "$options" "$@"

        [ -d "$work/installed" ] || mkdir -m 700 "$work/installed"
        "$BCC" precompile $options --cache-dir "$work/installed" "$1" \
            >"$work/precompile.log" 2>&1 || {
            fail "precompile: $(cat "$work/precompile.log")"
            return 0
        }
        run precompiled "$BCC" run --report=json \
            --cache-dir "$work/installed" $options "$@"
        same native precompiled
        reported precompiled hit
    }
}

# compare_uncached_with_native 'OPTIONS' FILE [ARGS...]: a run without a cache.
compare_uncached_with_native() {
    options=$1
    shift
    [ -n "$BCC" ] || return 0
    # shellcheck disable=SC2086 # options are to be split
    run uncached "$BCC" run --report=json --no-cache $options "$@"
    same native uncached
    reported uncached off
}

# compare_with_native 'OPTIONS' FILE [ARGS...]: both.
compare_with_native() {
    compare_cached_with_native "$@"
    compare_uncached_with_native "$@"
}

finish() {
    [ "$failures" -eq 0 ] || exit 1
    exit 0
}
