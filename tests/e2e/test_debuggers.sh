#!/bin/sh
# test_debuggers.sh TEST: code from bitcode under debuggers and profilers. Each
# test is a function below.
#
# Environment: BCC, CLANG, RUN_STATUS, HIT_HOST, LAUNCH_BC, GDB_SCRIPT.
set -u
. "$(dirname "$0")/run_case_lib.sh"
export BCC JITDUMPDIR="$work"

needs() {
    command -v "$1" >/dev/null || skip "no $1"
}

# program [FLAGS...]: $work/program.bc. With an argument it ends by abort() in
# line 6, in inner(), called by outer(), called by main(); without, it says up
# and waits for a byte.
program() {
    cat >"$work/program.c" <<'C'
#include <stdlib.h>
#include <unistd.h>
__attribute__((noinline)) static int inner(volatile int *end, char c)
{
    if (*end)
        abort();
    return (int)read(0, &c, 1) + *end;
}
__attribute__((noinline)) static int outer(int argc)
{
    volatile int end = argc > 1;
    int result = inner(&end, 0);
    return result + end;
}
int main(int argc, char **argv)
{
    if (write(1, "up\n", 3) != 3)
        return 9;
    return outer(argc) + 1;
}
C
    "$CLANG" "$@" -O2 -emit-llvm -c "$work/program.c" \
        -o "$work/program.bc" || exit 1
}

# stack NAME: the frames of the three functions, in order.
stack() {
    grep -oE '(inner|outer|main) \(.*program.c:[0-9]+|(inner|outer|main) \(\)' \
        "$work/$1.out" | sed 's/ (.*:\([0-9]*\)$/:\1/; s/ ()//' | tr '\n' ' '
}

has_stack() {
    case "$(stack "$1") " in
    *"$2 "*) ;;
    *)  fail "$1: not this stack: $2:"
        cat "$work/$1.out" "$work/$1.err" ;;
    esac
}

# gdb NAME ARGUMENTS...
gdb_run() {
    gdb_name=$1
    shift
    run "$gdb_name" gdb -q -nx -batch -iex 'set debuginfod enabled off' "$@"
}

# Both a miss and a hit; a breakpoint that waits for the program, by name and by
# line, and one that is set when the program is there.
test_gdb_stops_where_the_source_says() {
    needs gdb
    program -g
    for round in miss hit; do
        gdb_run "$round" -ex 'set breakpoint pending on' -ex 'break outer' \
            -ex 'break program.c:6' -ex run -ex 'break program.c:13' \
            -ex continue -ex backtrace \
            --args "$BCC" run "$work/program.bc" argument
        grep -q 'Breakpoint 1.*outer' "$work/$round.out" ||
            fail "$round: no stop at the function"
        grep -q 'Breakpoint 2.*inner' "$work/$round.out" ||
            fail "$round: no stop at the line"
        grep -q 'Breakpoint 3 at 0x.*program.c, line 13' "$work/$round.out" ||
            fail "$round: no late breakpoint"
        has_stack "$round" "inner:6 outer:12 main:19"
    done
}

test_gdb_names_functions_without_debug_information() {
    needs gdb
    program
    for option in --verbose --strip-debug; do
        gdb_run plain -ex run -ex backtrace \
            --args "$BCC" run "$option" "$work/program.bc" argument
        has_stack plain "inner outer main"
    done
}

# The names go with the code: after the host has disposed of the script many
# times, GDB knows of no more than one image.
test_gdb_forgets_what_is_gone() {
    needs gdb
    gdb_run host -ex 'set breakpoint pending on' -ex 'break launch' -ex run \
        -ex 'ignore 1 6' -ex continue -ex 'info symbol launch' \
        -ex 'delete' -ex continue \
        --args "$HIT_HOST" "$work/cache" "$LAUNCH_BC" launch 9
    grep -q 'Breakpoint 1.*launch' "$work/host.out" || fail "no stop"
    grep -q '^launch in section .text' "$work/host.out" || fail "no symbol"
    grep -q 'exited normally' "$work/host.out" || {
        fail "did not end"
        cat "$work/host.out"
    }
}

test_gdb_attached_later_knows_the_code() {
    needs gdb
    for flag in -g -g0; do
        program $flag
        rm -f "$work/input" "$work/up"
        mkfifo "$work/input"
        : >"$work/up" # the shell in the background may be slow to do it
        "$BCC" run "$work/program.bc" <"$work/input" >"$work/up" &
        pid=$!
        exec 9>"$work/input"
        until grep -q up "$work/up" || ! kill -0 $pid; do sleep 0.01; done
        gdb_run attached -p $pid -ex "source $GDB_SCRIPT" -ex backtrace
        exec 9>&-
        wait $pid
        if grep -q 'ptrace: Operation not permitted' "$work/attached.err"; then
            skip "may not attach"
        fi
        [ $flag = -g ] || has_stack attached "inner outer main"
        [ $flag != -g ] || has_stack attached "inner:7 outer:12 main:19"
    done
}

# A core file of a process that no debugger watched.
test_gdb_knows_the_code_in_a_core_file() {
    needs gdb
    [ "$(cat /proc/sys/kernel/core_pattern)" = core ] || skip "no core files"
    program -g
    (
        cd "$work" || exit
        # shellcheck disable=SC3045
        ulimit -c unlimited
        "$BCC" run program.bc argument
    ) >/dev/null 2>&1
    core=$(find "$work" -name 'core*' -type f | head -n 1)
    [ -n "$core" ] || skip "no core file was written"
    gdb_run core "$BCC" "$core" -ex "source $GDB_SCRIPT" -ex backtrace
    has_stack core "inner:6 outer:12 main:19"
}

test_lldb_stops_where_the_source_says() {
    lldb=$(command -v lldb || command -v lldb-14) || skip "no lldb"
    program -g
    run lldb "$lldb" --no-lldbinit --batch -o 'breakpoint set -n inner' \
        -o run -o bt -- "$BCC" run "$work/program.bc" argument
    for frame in inner.*program.c:5 outer.*program.c:12 main.*program.c:19; do
        grep -q "frame #.*$frame" "$work/lldb.out" || {
            fail "no frame $frame"
            cat "$work/lldb.out"
        }
    done
}

# ---- Profilers ----

busy() {
    cat >"$work/busy.c" <<'C'
#include <stdio.h>
#include <unistd.h>
__attribute__((noinline)) static unsigned spin(unsigned n)
{
    unsigned x = 1;
    for (volatile unsigned i = 0; i < n; i++)
        x = x * 1664525 + 1013904223;
    return x;
}
int main(void)
{
    printf("process %d\n", (int)getpid());
    return spin(300000000) == 1;
}
C
    "$CLANG" -O2 -emit-llvm -c "$work/busy.c" -o "$work/busy.bc" || exit 1
}

# recorded HOW: busy.bc under perf record.
recorded() {
    needs perf
    busy
    BCC_PERF=$1 perf record -q -k mono -e cpu-clock -o "$work/data" \
        "$BCC" run "$work/busy.bc" >"$work/record" 2>&1 ||
        skip "perf record: $(head -n 1 "$work/record")"
}

shows_spin() {
    perf report --stdio -i "$1" >"$work/report" 2>/dev/null
    grep -qE '[0-9]%.* spin$' "$work/report" || {
        fail "spin is not named"
        cat "$work/report"
    }
}

test_perf_reads_the_map() {
    recorded map
    map=/tmp/perf-$(sed -n 's/^process //p' "$work/record").map
    [ -e "$map" ] || fail "no $map"
    trap 'rm -f "$map"; remove_work' EXIT
    shows_spin "$work/data"
}

test_perf_injects_the_dump() {
    recorded jitdump
    perf inject --jit -i "$work/data" -o "$work/injected" \
        >"$work/inject" 2>&1 || fail "perf inject: $(cat "$work/inject")"
    shows_spin "$work/injected"
}

test_an_unknown_word_in_bcc_perf_is_refused() {
    program
    BCC_PERF=maps run word "$BCC" run "$work/program.bc"
    says word err "BCC_PERF=maps: map or jitdump is needed"
    expect word "exit 1"
}

# ---- Which ----

if [ $# -ne 1 ]; then
    echo "usage: test_debuggers.sh TEST, one of:"
    sed -n 's/^\(test_[a-z0-9_]*\)() {$/    \1/p' "$0"
    exit 2
fi
"$1"
finish
