#!/bin/sh
# test_tiers.sh TEST: baseline code first, the best code later: who makes it,
# what happens if that process is killed, and what a launch never waits for.
# Each test is a function below; CTest runs them one by one.
#
# Each test has a queue of compilers of its own, if this user may have one.
#
# Environment: that of test_processes.sh.
set -u
. "$(dirname "$0")/own_queue.sh"
. "$(dirname "$0")/../e2e/run_case_lib.sh"
real_compiler=$BCC_BCCC
unset BCC_TIER

# ---- Helpers ----

# program NAME [SIZE] [VALUE]: of SIZE functions; prints VALUE and exits with 3.
program() {
    awk -v size="${2:-150}" -v value="${3:-1}" 'BEGIN {
        print "#include <stdio.h>\nstatic unsigned table[64];"
        for (i = 0; i < size; i++) {
            printf "__attribute__((noinline)) static unsigned f%d(unsigned x)\n{\n", i
            printf "    for (unsigned i = 0; i < (x & 7) + 3; i++) {\n"
            printf "        x = x * %du + table[(x >> 5) & 63];\n", 2 * i + 3
            printf "        if (x & %d)\n            table[i] ^= x;\n    }\n", i + 1
            printf "    switch (x %% 5) {\n    case 0: x += 7; break;\n"
            printf "    case 1: x ^= table[x & 63]; break;\n    case 2: x -= 9; }\n"
            printf "    return x;\n}\n"
        }
        print "int main(int argc, char **argv)\n{\n    unsigned x = argc;\n    (void)argv;"
        for (i = 0; i < size; i++)
            printf "    x = f%d(x);\n", i
        printf "    printf(\"value %s %%x\\n\", x);\n    return 3;\n}\n", value
    }' >"$work/$1.c"
    "$CLANG" -O2 -emit-llvm -c "$work/$1.c" -o "$work/$1.bc" &&
        "$CLANG" -O1 "$work/$1.c" -o "$work/$1" || exit 1
    run "$1_native" "$work/$1"
}

# launch NAME PROGRAM [OPTIONS]: run it; it has to do what it does natively.
launch() {
    launch_name=$1 launch_program=$2
    shift 2
    run "$launch_name" "$BCC" run --report=json "$@" "$work/$launch_program.bc"
    same "${launch_program}_native" "$launch_name"
}

tier() {
    sed -n 's/.*"tier":"\([a-z]*\)".*/\1/p' "$work/$1.report"
}

# is NAME CACHE TIER
is() {
    reported "$1" "$2"
    [ "$(tier "$1")" = "$3" ] || fail "$1: $(cat "$work/$1.report")"
}

entry() {
    entry_path=$("$BCC" cache explain --json "$work/$1.bc" 2>/dev/null |
        sed -n 's/.*"path":"\([^"]*\)".*/\1/p')
    [ -e "$entry_path" ] && echo "$entry_path"
}

# has_best PROGRAM: its entry has the best code.
has_best() {
    "$BCC" dump --json "$(entry "$1")" 2>/dev/null | grep -q '"tier":"best"'
}

# wait_for COMMAND...: until it is true. A busy machine may take minutes.
wait_for() {
    for _ in $(seq 4000); do
        "$@" && return 0
        sleep 0.05
    done
    fail "never: $*"
    return 1
}

# compilers: process numbers of this test's compilers: all have its cache
# directory open, or are waited for.
compilers() {
    find /proc/[0-9]*/fd -maxdepth 1 -lname "$BCC_CACHE_DIR*" 2>/dev/null |
        cut -d / -f 3 | sort -un
}

nobody_compiles() {
    [ -z "$(compilers)" ]
}

# has_best_now PROGRAM [again]: one look. If nobody compiles any more, another
# launch has to begin it: where the queue is not this test's own, or where the
# test has killed one. That one shows no descriptors, and may hold its lock yet.
has_best_now() {
    looked_at=$(compilers)
    has_best "$1" && return 0
    [ -z "$looked_at" ] || return 1
    [ "${2-}" = again ] || [ -z "${BCC_TEST_OWN_QUEUE-}" ] || {
        fail "nobody makes the best code of $1"
        return 0
    }
    launch again "$1"
    return 1
}

wait_for_best() {
    wait_for has_best_now "$@"
}

# new_cache: an empty one, once nobody writes to the old one.
new_cache() {
    wait_for nobody_compiles
    rm -rf "$BCC_CACHE_DIR"
    mkdir -m 700 "$BCC_CACHE_DIR"
}

no_leftovers() {
    wait_for nobody_compiles
    left=$(find "$BCC_CACHE_DIR" -name '*.tmp')
    [ -z "$left" ] || fail "left behind: $left"
}

# hold_queue: from here until release_queue, no best code is made: who makes it
# waits. Should the test hang for that, it goes on after some minutes.
hold_queue() {
    rm -f "$work/release" "$work/held"
    mkfifo "$work/release"
    python3 -c "if True:
        import fcntl, os, select, sys
        place = '/dev/shm/bcc-%d' % os.geteuid()
        os.makedirs(place, 0o700, exist_ok=True)
        file = open(place + '/.later', 'a')
        fcntl.lockf(file, fcntl.LOCK_EX, 1, 0)
        open(sys.argv[1], 'w').close()
        select.select([sys.stdin], [], [], 300)" \
        "$work/held" <"$work/release" &
    holder=$!
    exec 9>"$work/release"
    wait_for [ -e "$work/held" ]
}

release_queue() {
    exec 9>&-
    wait "$holder"
}

# ---- Tiers ----

test_the_best_code_follows_and_is_what_best_makes() {
    program one
    launch first one
    is first miss baseline
    wait_for_best one
    launch second one
    is second hit best
    cp "$(entry one)" "$work/later"
    new_cache
    launch at_once one --tier=best
    is at_once miss best
    cmp "$work/later" "$(entry one)" || fail "other bytes"
    no_leftovers
}

test_small_programs_get_the_best_code_at_once() {
    program one 1
    [ "$(wc -c <"$work/one.bc")" -lt 4096 ] || fail "that is not small"
    launch first one
    is first miss best
    nobody_compiles || fail "somebody compiles"
}

# Bitcode of many bytes and little code: what was to make the best code later
# takes no place in the queue.
test_the_best_code_at_once_leaves_nobody_behind() {
    program one 1
    { cat "$work/one.c" && echo 'char data[9000] = {1, [8999] = 1};'; } \
        >"$work/data.c"
    "$CLANG" -O2 -emit-llvm -c "$work/data.c" -o "$work/one.bc" || exit 1
    hold_queue
    launch first one
    is first miss best
    wait_for nobody_compiles
    release_queue
}

test_a_wish_for_the_best_is_no_hit_on_baseline_code() {
    program one
    launch baseline one --tier=baseline
    is baseline miss baseline
    nobody_compiles || fail "somebody makes the best"
    launch again one --tier=baseline
    is again hit baseline
    run explain "$BCC" cache explain --tier=best "$work/one.bc"
    says explain out "baseline code, the best is required"
    run explain "$BCC" cache explain "$work/one.bc"
    says explain out "(baseline code)"
    launch best one --tier=best
    is best miss best
    grep -q '"code":"tier"' "$work/best.report" || fail "no reason"
    launch either one --tier=baseline
    is either hit best
}

test_a_launch_starts_what_was_not_begun() {
    program one
    launch first one --tier=baseline
    launch second one
    is second hit baseline
    wait_for_best one
    no_leftovers
}

test_precompiled_entries_are_the_best() {
    program one
    "$BCC" precompile "$work/one.bc" >/dev/null 2>&1 || fail "precompile"
    has_best one || fail "precompile: not the best"
    "$BCC" compile "$work/one.bc" -o "$work/out.oBCC" || fail "compile"
    "$BCC" dump --json "$work/out.oBCC" | grep -q '"tier":"best"' ||
        fail "compile: not the best"
    launch uncached one --no-cache
    is uncached off best
}

test_both_tiers_round_alike() {
    cat >"$work/round.c" <<'C'
#include <stdio.h>
#ifdef FUSED /* across statements, and where an operand is known */
#pragma STDC FP_CONTRACT ON
#endif
static double add(double a, double b, double c) { return a * b + c; }
static float subtract(float a, float b, float c) { return c - a * b; }
/* Factors that the optimiser knows, and a sum that it does not. */
__attribute__((noinline)) static double cross(double a, double b, double c)
{
    return c - a * b;
}
/* A rounding mode of its own. */
__attribute__((noinline)) static double moded(double a, double b, double c)
{
#pragma STDC FENV_ACCESS ON
    return a * b + c;
}
static double sum(const double *x, const double *y, int n)
{
    double s = 0;
    for (int i = 0; i < n; i++) {
        s += x[i] * y[i];
        s -= x[i] * 0.1 - y[i] * s * 1e-9;
    }
    return s;
}
int main(int argc, char **argv)
{
    double x[400], y[400], t = 0;
    long double l = 0.1L;
    unsigned s = 1;
    float u = 0;
    for (int i = 0; i < 400; i++) {
        x[i] = (s = s * 1103515245u + 12345u) / 3.0e9;
        y[i] = (s = s * 1103515245u + 12345u) / 7.0e8;
    }
    for (int i = 0; i < 400; i++) {
        t = add(x[i], y[i], -t * 0.3);
        u = subtract((float)x[i], (float)y[i], u * 0.7f);
    }
    printf("%a %a %a %a\n", t, u, sum(x, y, 400), cross(0.1, 10, argc));
    if (argc > 1) /* the front end may have computed these */
        printf("%a %La %a\n", add(0.1, 10.0, -1.0), l * l + -0.01L,
               moded(0.1, 10, -1));
    printf("%a\n", moded(*argv ? 0.1 : 1, 10.0 * argc, -1));
    return 0;
}
C
    # Code for a CPU that has the operation, whatever runs it.
    newest=
    grep -q ' fma ' /proc/cpuinfo && newest=-mfma
    for flags in "-O0" "-O2" "-O2 -ffp-contract=fast" "-O2 -ffp-contract=off" \
        "-O3 -Xclang -disable-llvm-passes" \
        "-O3 -Xclang -disable-llvm-passes -ffp-contract=fast" $newest; do
        # shellcheck disable=SC2086
        "$CLANG" $flags -emit-llvm -c "$work/round.c" -o "$work/round.bc" ||
            exit 1
        # shellcheck disable=SC2086
        "$CLANG" $flags -ffp-contract=off "$work/round.c" -o "$work/round" ||
            exit 1
        run native "$work/round"
        for cpu in native x86-64; do
            [ "$cpu" = native ] || [ "$(uname -m)" = x86_64 ] || continue
            run best "$BCC" run --no-cache --cpu "$cpu" --tier=best \
                "$work/round.bc" constants
            expect best "exit 0"
            run baseline "$BCC" run --no-cache --cpu "$cpu" --tier=baseline \
                "$work/round.bc" constants
            same best baseline
            for tier in best baseline; do
                run off "$BCC" run --no-cache --cpu "$cpu" --tier=$tier \
                    --fp-contract=off "$work/round.bc"
                same native off
            done
            [ "$failures" -eq 0 ] || fail "that was $flags on $cpu"
        done
    done
}

test_what_may_be_reordered_gets_the_best_code_at_once() {
    program one
    "$CLANG" -O2 -ffast-math -emit-llvm -c -x c - -o "$work/fast.bc" <<C
$(sed 's/^int main/double half(double *x, int n) { double s = 0; for (int i = 0; i < n; i++) s += x[i]; return s \/ 3; }\nint main/; s/printf("value/double y[3] = {argc, x, 1}; half(y, 3) < 0 ? abort() : (void)0; printf("value/; s/#include <stdio.h>/#include <stdio.h>\n#include <stdlib.h>/' "$work/one.c")
C
    run fast "$BCC" run --report=json "$work/fast.bc"
    same one_native fast
    is fast miss best
}

# ---- Who waits for whom ----

test_no_pipe_is_held() {
    program one 600
    hold_queue
    # cat ends when nobody can write to it any more.
    "$BCC" run "$work/one.bc" 2>&1 | cat >"$work/piped"
    cmp "$work/piped" "$work/one_native.out" || fail "other output"
    has_best one && fail "the launch, or the pipe, waited for the best code"
    release_queue
    wait_for_best one
    no_leftovers
}

# compilers_are_apart: two processes at least, each leads a session of its own
# and is in no directory that somebody may want to unmount.
compilers_are_apart() {
    n_apart=0
    for pid in $(compilers); do
        [ "$(cut -d' ' -f6 "/proc/$pid/stat")" = "$pid" ] || return 1
        [ "$(readlink "/proc/$pid/cwd")" = / ] || return 1
        n_apart=$((n_apart + 1))
    done 2>/dev/null
    [ "$n_apart" -ge 2 ] && return 0
    # No place in a queue that is not this test's own.
    [ "$n_apart" -eq 0 ] && launch again one
    return 1
}

# The host does not wait until they are.
test_the_compiler_is_in_a_session_of_its_own() {
    program one
    hold_queue
    launch first one
    wait_for compilers_are_apart
    release_queue
    wait_for_best one
}

# logged_compiler: $work/compiler writes to $work/compiles what it does: "later",
# or "compile" and at which level of the lock (flight.h); without a lock: 9. A
# compile at another level than 0 is that of a host that waited in vain.
logged_compiler() {
    {
        echo '#!/bin/sh'
        echo "at=\$(sed -n 's/^pos:[^0-9]*//p' /proc/\$\$/fdinfo/6)"
        echo "echo \"\$1\" \$((at ? at % 32 / 2 : 9)) >>'$work/compiles'"
        echo "exec ${1:-} '$real_compiler' \"\$@\""
    } >"$work/compiler"
    chmod 700 "$work/compiler"
    : >"$work/compiles"
}

test_many_hosts_make_one_baseline_entry_and_one_best() {
    program one
    logged_compiler
    for i in 1 2 3 4 5 6 7 8; do
        BCC_BCCC=$work/compiler \
            "$BCC" run "$work/one.bc" >"$work/many_$i.out" 2>&1 &
    done
    wait
    for i in 1 2 3 4 5 6 7 8; do
        cmp "$work/many_$i.out" "$work/one_native.out" || fail "host $i"
    done
    [ "$(grep -c 'compile 0' "$work/compiles")" -eq 1 ] ||
        fail "compiles: $(cat "$work/compiles")"
    if grep -q 'compile [1-9]' "$work/compiles"; then
        wait_for_best one again # what came last may be baseline code
    else
        [ -z "${BCC_TEST_OWN_QUEUE-}" ] || ! grep later "$work/compiles" ||
            fail "begun although it was being made"
        wait_for_best one
    fi
    no_leftovers
}

# The lock is held before anybody can find the baseline code.
test_what_has_just_begun_is_not_begun_again() {
    command -v strace >/dev/null || skip "no strace"
    strace -D -o /dev/null true 2>/dev/null || skip "nothing can be traced"
    program one
    # What makes the best code begins with that call.
    logged_compiler "strace -D -f -o /dev/null -e trace=setsid \
        -e inject=setsid:delay_enter=3000000"
    BCC_BCCC=$work/compiler launch first one
    is first miss baseline
    BCC_BCCC=$work/compiler launch second one
    [ "$(tier second)" = best ] || ! grep later "$work/compiles" ||
        fail "begun although it was being made"
    wait_for_best one
    no_leftovers
}

# What waited for its turn is not made if it is there by then.
test_the_best_code_is_not_made_twice() {
    program one
    launch baseline one --tier=baseline
    hold_queue
    launch second one
    is second hit baseline
    launch best one --tier=best
    is best miss best
    ln "$(entry one)" "$work/made"
    release_queue
    wait_for nobody_compiles
    [ "$(entry one)" -ef "$work/made" ] || fail "it was made twice"
}

# keepers: the compilers that hold a lock of the cache: all but those that make
# code.
keepers() {
    find /proc/[0-9]*/fd -maxdepth 1 -lname "$BCC_CACHE_DIR/.bcc/lock*" \
        2>/dev/null | cut -d / -f 3 | sort -un
}

no_keepers() {
    [ -z "$(keepers)" ]
}

test_nothing_is_made_for_a_directory_that_was_removed() {
    program one
    hold_queue
    launch first one
    wait_for compilers_are_apart
    for pid in $(compilers); do
        keepers | grep -qx "$pid" || kill -STOP "$pid"
    done
    rm -rf "$BCC_CACHE_DIR"
    release_queue
    wait_for no_keepers
    # shellcheck disable=SC2046 # numbers
    kill -CONT $(compilers)
    wait_for nobody_compiles
}

all_have_best() {
    for i in 1 2 3 4 5 6 7 8; do
        has_best "p$i" || return 1
    done
}

test_many_programs_wait_for_each_other() {
    for i in 1 2 3 4 5 6 7 8; do
        program "p$i" 100 "$i"
        launch "first_$i" "p$i"
        is "first_$i" miss baseline
    done
    # Those that found no place in the queue are begun by a later launch: one at
    # least in each round, if nobody else is in the queue.
    rounds=8
    [ -n "${BCC_TEST_OWN_QUEUE-}" ] || rounds=100
    for round in $(seq "$rounds"); do
        wait_for nobody_compiles
        all_have_best && return
        for i in 1 2 3 4 5 6 7 8; do
            launch "again_$i" "p$i"
        done
    done
    wait_for nobody_compiles
    all_have_best || fail "not all have the best code after $round rounds"
}

# ---- What goes wrong ----

test_killed_compilers_lose_nothing() {
    program one
    for delay in 0 0.02 0.05 0.1 0.2 0.3 0.5 0.8; do
        new_cache
        launch first one
        sleep "$delay"
        # shellcheck disable=SC2046 # numbers
        kill -9 $(compilers | sort -R | head -n 1) 2>/dev/null
        wait_for_best one again
    done
    no_leftovers
}

test_all_compilers_killed_lose_nothing() {
    program one
    for delay in 0 0.1 0.3; do
        new_cache
        launch first one
        sleep "$delay"
        # shellcheck disable=SC2046 # numbers
        kill -9 $(compilers) 2>/dev/null
        wait_for nobody_compiles
        has_best one || {
            launch second one
            is second hit baseline
        }
        wait_for_best one again
    done
}

# crash_the_compiler: in the one that makes the code. It catches that signal, as
# soon as it is at work; its keeper does not. True, too, if there is none.
crash_the_compiler() {
    crash_pids=$(compilers)
    for pid in $crash_pids; do
        grep -q '^SigCgt:.*[4-7c-f]..$' "/proc/$pid/status" 2>/dev/null &&
            kill -SEGV "$pid" && return 0
    done
    [ -z "$crash_pids" ]
}

# What LLVM dies of is not tried again by each launch.
test_a_compiler_that_crashes_is_not_tried_again() {
    program one 600
    for attempt in 1 2 3 4 5 6 7 8 9; do
        new_cache
        launch first one
        is first miss baseline
        wait_for crash_the_compiler
        wait_for nobody_compiles
        "$BCC" dump --json "$(entry one)" | grep -q 'as the best failed' && break
        # It was done before, or had no place in the queue.
        has_best one || [ -z "${BCC_TEST_OWN_QUEUE-}" ] || fail "not marked"
    done
    [ "$attempt" -lt 9 ] || skip "it was done before each time"
    launch second one
    is second hit baseline
    nobody_compiles || fail "it was tried again"
}

test_a_directory_that_is_removed_stays_so() {
    program one 600
    launch first one
    # It is not removed while somebody makes a file in it.
    until rm -rf "$BCC_CACHE_DIR"; do :; done
    wait_for nobody_compiles
    [ ! -e "$BCC_CACHE_DIR" ] || fail "it is there again"
}

test_a_directory_that_turns_read_only_keeps_the_baseline_code() {
    [ "$(id -u)" -ne 0 ] || skip "root may write anywhere"
    program one
    hold_queue
    launch first one
    chmod 500 "$BCC_CACHE_DIR" "$BCC_CACHE_DIR/.bcc"
    release_queue
    wait_for nobody_compiles
    launch second one
    is second hit baseline
    wait_for nobody_compiles
    chmod 700 "$BCC_CACHE_DIR" "$BCC_CACHE_DIR/.bcc"
}

test_a_program_that_is_changed_meanwhile_is_compiled_anew() {
    program one 600
    launch first one
    program one 601 2
    launch changed one
    reported changed miss
    wait_for_best one
    wait_for nobody_compiles
    launch last one
    reported last hit
}

"$1"
finish
