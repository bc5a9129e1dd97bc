#!/bin/sh
# test_hit_cost.sh TEST: the cost of a hit in units without noise: system calls
# and instructions. Each test is a function below.
#
# Environment: BCC, HIT_HOST, LAUNCH_BC, BCC_BCCC.
set -u
. "$(dirname "$0")/run_case_lib.sh"

# hits N COMMAND...: N hits and their disposals under the command.
hits() {
    hits_n=$1
    shift
    "$@" "$HIT_HOST" "$work/cache" "$LAUNCH_BC" launch "$hits_n" ||
        { fail "hit_host $hits_n"; return 1; }
}

# The calls of ten hits: those of a run of eleven less those of a run of one.
system_calls() {
    for n in 1 11; do
        hits "$n" strace -o "$work/trace.$n" || return 1
        sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' "$work/trace.$n" | sort | uniq -c |
            awk '{ print $2, $1 }' | sort >"$work/calls.$n"
    done
    join -a 2 "$work/calls.1" "$work/calls.11" |
        awk '{ n = NF == 3 ? $3 - $2 : $2; if (n) print $1, n / 10 }'
}

# A call more is not forbidden, but it is not to come in unseen.
#   newfstatat  the script; the directory and the entry, whom they belong to
#   openat      directory, entry
#   mmap        the file; bss
#   mprotect    data, which is written to; relro
test_makes_these_system_calls_and_no_others() {
    hits 1 env || return
    cat >"$work/expected" <<END
close 2
mmap 2
mprotect 2
munmap 1
newfstatat 3
openat 2
END
    system_calls >"$work/calls" || return
    diff "$work/expected" "$work/calls" || fail "not these calls"
}

# Standard error is not buffered: a report in pieces is a call for each letter.
test_writes_its_report_at_once() {
    for n in 1 2; do
        strace -e trace=write -o "$work/trace" "$BCC" run --report=json \
            --entry launch --cache-dir "$work/bcc" "$LAUNCH_BC" \
            >"$work/out" 2>"$work/report"
    done
    grep -q '"cache":"hit"' "$work/report" || fail "no hit"
    [ "$(grep -c '^write(2,' "$work/trace")" -eq 1 ] || fail "not one write"
}

# Instructions of a hit and its disposal, libc's included. The limit is what
# was measured on Debian 12 (gcc 12, glibc 2.36, -O3), and a twentieth.
limit=${HIT_LIMIT:-23600}

test_takes_no_more_instructions_than_it_did() {
    command -v valgrind >/dev/null || { echo "no valgrind"; exit 77; }
    hits 1 env || return
    for n in 1 11; do
        hits "$n" valgrind --tool=callgrind --toggle-collect=launch_once \
            --callgrind-out-file="$work/out.$n" 2>"$work/log.$n" || return
    done
    one=$(sed -n 's/^\(totals\|summary\): *\([0-9]*\).*/\2/p' "$work/out.1" |
        head -n 1)
    all=$(sed -n 's/^\(totals\|summary\): *\([0-9]*\).*/\2/p' "$work/out.11" |
        head -n 1)
    each=$(((all - one) / 10))
    echo "$each instructions, of at most $limit"
    [ "$each" -gt 1000 ] || fail "nothing was counted"
    [ "$each" -le "$limit" ] || fail "more instructions than before"
}

# ---- Which ----

if [ $# -ne 1 ]; then
    echo "usage: test_hit_cost.sh TEST, one of:"
    sed -n 's/^\(test_[a-z0-9_]*\)() {$/    \1/p' "$0"
    exit 2
fi
"$1"
finish
