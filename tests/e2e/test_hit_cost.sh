#!/bin/sh
# test_hit_cost.sh TEST: the cost of a hit in units without noise: system calls
# and instructions. Each test is a function below.
#
# Environment: BCC, HIT_HOST, COUNT_FAULTS, LAUNCH_BC, CLANG, BCC_BCCC.
set -u
. "$(dirname "$0")/run_case_lib.sh"

script=$LAUNCH_BC
how=

# hits N COMMAND...: N hits and their disposals under the command.
hits() {
    hits_n=$1
    shift
    # shellcheck disable=SC2086 # none or one
    "$@" "$HIT_HOST" "$work/cache" "$script" launch "$hits_n" $how ||
        { fail "hit_host $hits_n"; return 1; }
}

# number OFFSET VALUE: four bytes of the script.
number() {
    # shellcheck disable=SC2059 # octal
    printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($2 & 255)) \
        $(($2 >> 8 & 255)) $(($2 >> 16 & 255)) $(($2 >> 24 & 255)))" |
        dd of="$script" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

# From here on the script is 400 KB in memory: the bitcode in Android's wrapper
# (magic, version, offset, size, CPU), and zeros.
give_400_kb_in_memory() {
    how=memory
    script=$work/large.bc
    dd if="$LAUNCH_BC" of="$script" bs=20 seek=1 2>/dev/null
    number 0 $((0x0b17c0de))
    number 4 0
    number 8 20
    number 12 "$(wc -c <"$LAUNCH_BC")"
    number 16 7
    truncate -s 400000 "$script"
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

# The table of known contents of this process: no call, and one less, as there
# is no file to stat().
test_in_memory_makes_these_system_calls_and_no_others() {
    give_400_kb_in_memory
    hits 1 env || return
    cat >"$work/expected" <<END
close 2
mmap 2
mprotect 2
munmap 1
newfstatat 2
openat 2
END
    system_calls >"$work/calls" || return
    diff "$work/expected" "$work/calls" || fail "not these calls"
}

# The file of known contents, in the first hit of a process: the place, or the
# checks of whose it is, may not be there for this user.
#   openat, fstat    whose it is
#   pread64          key, row
#   close
test_in_memory_asks_the_file_of_known_contents_once_a_process() {
    give_400_kb_in_memory
    for n in 0 0 5; do
        hits "$n" strace -o "$work/trace.$n" || return
    done
    grep -q 'bcc-[0-9]*/.contents".* = [0-9]' "$work/trace.5" ||
        skip "no place for known contents"
    [ "$(grep -c '/.contents"' "$work/trace.5")" -eq 1 ] ||
        fail "not opened once"
    sed -n '/\/.contents"/,/^close/p' "$work/trace.5" |
        sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' >"$work/calls"
    printf '%s\n' openat newfstatat pread64 pread64 close >"$work/expected"
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
limit=${HIT_LIMIT:-23700}

instructions_of_a_hit() {
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

test_takes_no_more_instructions_than_it_did() {
    instructions_of_a_hit
}

# Valgrind has the instructions for 128 bits alone: 25,000 of these and their
# loads. SHA-1 of the same bytes took 8.4 million.
test_in_memory_takes_no_more_instructions_than_it_did() {
    grep -q pclmulqdq /proc/cpuinfo || skip "no carry-less products"
    give_400_kb_in_memory
    limit=${MEMORY_HIT_LIMIT:-198000}
    instructions_of_a_hit
}

# ---- A whole process ----

# bare COMMAND...: with as few variables as possible, since each costs
# instructions.
bare() {
    env -i PATH="$PATH" BCC_BCCC="$BCC_BCCC" "$@"
}

# warm_run COMMAND...: bcc run of the program, under the command.
warm_run() {
    bare "$@" "$BCC" run --cache-dir "$work/bcc" "$work/ready.bc" \
        >"$work/out" 2>"$work/err" || { fail "bcc run:" "$(cat "$work/err")"; return 1; }
}

# A program that prints a line, as bitcode that is known and compiled, and as an
# executable. The content of a file becomes known when the file is no longer so
# new that it might change unseen.
make_ready() {
    printf '%s\n' '#include <stdio.h>' \
        'int main(void) { puts("ready"); return 0; }' >"$work/ready.c"
    "$CLANG" -O2 -emit-llvm -c "$work/ready.c" -o "$work/ready.bc" &&
        "$CLANG" -O2 "$work/ready.c" -o "$work/native" ||
        { fail "no program"; return 1; }
    for n in 0 1 2 3 4 5 6 7 8 9; do
        for n in 0 1 2 3 4 5 6 7 8 9; do
            warm_run || return 1
        done
        warm_run strace -o "$work/trace" || return 1
        grep -q '^readlink(.* = [0-9]' "$work/trace" && return
    done
    fail "the content is not known after 110 runs"
    return 1
}

# calls_of TRACE: each name and how often, sorted.
calls_of() {
    sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' "$1" | sort | uniq -c |
        awk '{ print $2, $1 }' | sort
}

# What bcc run calls and a native program does not:
#   poll        are the standard descriptors open?
#   prctl       the name of the process
#   newfstatat  the script; directory, entry
#   readlink    the script's SHA-1
#   access      is the entry there, or one for a named CPU?
#   openat      directory, entry
#   mmap        the entry
#   mprotect    data, which is written to; relro
test_run_makes_these_calls_more_than_a_native_program() {
    make_ready || return
    # One launch in 16 is counted (tools/bcc/counters.c).
    while warm_run strace -o "$work/trace.bcc" || return; do
        grep -q '/\.counters-1"' "$work/trace.bcc" || break
    done
    bare strace -o "$work/trace.native" "$work/native" >"$work/out"
    calls_of "$work/trace.native" >"$work/calls.native"
    calls_of "$work/trace.bcc" >"$work/calls.bcc"
    cat >"$work/expected" <<END
access 1
close 2
mmap 1
mprotect 2
newfstatat 3
openat 2
poll 1
prctl 1
readlink 1
END
    join -a 1 -a 2 -e 0 -o 0,1.2,2.2 "$work/calls.native" "$work/calls.bcc" |
        awk '$3 != $2 { print $1, $3 - $2 }' >"$work/calls"
    diff "$work/expected" "$work/calls" || fail "not these calls"
}

# instructions_of COMMAND...: all, from the dynamic linker's first one.
instructions_of() {
    bare valgrind --tool=callgrind --callgrind-out-file="$work/out.whole" \
        "$@" >"$work/out" 2>"$work/log" || fail "$1"
    sed -n 's/^\(totals\|summary\): *\([0-9]*\).*/\2/p' "$work/out.whole" |
        head -n 1
}

# Half of it is the dynamic linker's, which binds forty functions more. The
# limit is what was measured as above, and a twentieth.
run_limit=${RUN_LIMIT:-80000}

test_run_takes_few_instructions_more_than_a_native_program() {
    command -v valgrind >/dev/null || skip "no valgrind"
    make_ready || return
    # Valgrind is another CPU, with an entry of its own.
    set -- "$BCC" run --cache-dir "$work/cg" --report=json "$work/ready.bc"
    for n in 0 1 2; do
        run_all=$(instructions_of "$@")
    done
    grep -q '"cache":"hit"' "$work/log" || fail "no hit"
    run_all=$(instructions_of "$BCC" run --cache-dir "$work/cg" \
        "$work/ready.bc")
    run_native=$(instructions_of "$work/native")
    run_more=$((run_all - run_native))
    echo "$run_more instructions more, of at most $run_limit"
    [ "$run_more" -gt 1000 ] || fail "nothing was counted"
    [ "$run_more" -le "$run_limit" ] || fail "more instructions than before"
}

# A page that is touched first costs as much as a system call or three. bcc
# itself has as many as a native program. More are head and data of the entry,
# the clock (its function in libc, and what the kernel shares), and others of
# libc. The limit is what was measured on Debian 12, and one.
fault_limit=${FAULT_LIMIT:-7}

test_run_touches_few_pages_more_than_a_native_program() {
    [ "$(getconf PAGESIZE)" -eq 4096 ] || skip "other pages"
    make_ready || return
    run_faults=$(bare "$COUNT_FAULTS" 40 "$BCC" run --cache-dir "$work/bcc" \
        "$work/ready.bc") || { fail "bcc run"; return; }
    native_faults=$(bare "$COUNT_FAULTS" 40 "$work/native") ||
        { fail native; return; }
    echo "$run_faults page faults, $native_faults of a native program"
    [ $((run_faults - native_faults)) -le "$fault_limit" ] ||
        fail "more page faults than before"
}

# ---- Which ----

if [ $# -ne 1 ]; then
    echo "usage: test_hit_cost.sh TEST, one of:"
    sed -n 's/^\(test_[a-z0-9_]*\)() {$/    \1/p' "$0"
    exit 2
fi
"$1"
finish
