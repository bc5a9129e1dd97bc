#!/bin/sh
# test_processes.sh TEST: many processes on one cache directory, processes that
# are killed or stopped, and systems that refuse. The program's own result must
# come out each time. Each test is a function below; CTest runs them one by one.
# Tests that need root or strace are skipped without.
#
# Environment: that of test_cli.sh; BCC_TEST_PROCESSES, the number of processes
# at once (12); BCC_TEST_SECONDS, the duration of the storm (3).
set -u
. "$(dirname "$0")/../e2e/run_case_lib.sh"

n_processes=${BCC_TEST_PROCESSES:-12}
real_compiler=$BCC_BCCC

# ---- Helpers ----

needs_root() {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
}

# program NAME [VALUE]: a program that prints VALUE and exits with 3.
program() {
    "$CLANG" -O2 -emit-llvm -x c -c - -o "$work/$1.bc" <<C || exit 1
#include <stdio.h>
int ${1}_is_another_entry;
int main(void)
{
    puts("value ${2:-1}");
    return 3;
}
C
}

# compiler [SCRIPT]: $work/compiler notes each start in $work/compiles, does
# what SCRIPT says, and goes on as the compiler. What it notes is where the lock
# of its host is: on a busy machine others lose patience, and each of these
# compiles at a next level (flight.h), or without a lock: 0.
compiler() {
    {
        echo '#!/bin/sh'
        echo "sed -n 's/^pos:[^0-9]*//p' /proc/\$\$/fdinfo/6 >>'$work/compiles'"
        echo "${1:-}"
        echo "exec '$real_compiler' \"\$@\""
    } >"$work/compiler"
    chmod 700 "$work/compiler"
    : >"$work/compiles"
    BCC_BCCC=$work/compiler
    export BCC_BCCC
}

compiles() {
    wc -l <"$work/compiles"
}

# patient_compiles: those of hosts that had not waited in vain.
patient_compiles() {
    awk '$1 && $1 % 32 == 0' "$work/compiles" | wc -l
}

# right NAME [VALUE]: the run of that name had the program's result.
right() {
    [ "$(cat "$work/$1.status")" = "exit 3" ] &&
        [ "$(cat "$work/$1.out")" = "value ${2:-1}" ] ||
        fail "$1: $(cat "$work/$1.status"): $(cat "$work/$1.all")"
}

# has_reason NAME TEXT: the report says why.
has_reason() {
    grep -q "\"reason\":\"[^\"]*$2" "$work/$1.report" ||
        fail "$1: no reason '$2': $(cat "$work/$1.report")"
}

# no_leftovers: nothing under way is left in the directory.
no_leftovers() {
    left=$(find "$BCC_CACHE_DIR" -name '*.tmp')
    [ -z "$left" ] || fail "left behind: $left"
}

# wait_for_file FILE: a busy machine may take minutes.
wait_for_file() {
    for _ in $(seq 4000); do
        [ -e "$1" ] && return 0
        sleep 0.05
    done
    fail "$1 never appeared"
}

now_ms() {
    date +%s%3N
}

# takes_over NAME: another process comes to the right result. Half a second and
# a compile is what it should take.
takes_over() {
    takes_over_start=$(now_ms)
    run "$1" "$BCC" run --report=json "$work/one.bc"
    takes_over_ms=$(($(now_ms) - takes_over_start))
    right "$1"
    echo "$1: taken over after $takes_over_ms ms"
}

# ---- Many processes ----

test_one_key_is_compiled_once() {
    program one
    compiler
    for i in $(seq "$n_processes"); do
        run "one_$i" "$BCC" run --report=json "$work/one.bc" &
    done
    wait
    for i in $(seq "$n_processes"); do
        right "one_$i"
    done
    [ "$(patient_compiles)" -eq 1 ] || fail "compiled at $(cat "$work/compiles")"
    [ "$(cat "$work"/one_*.report | grep -c '"cache":"miss"')" -eq \
        "$(compiles)" ] || fail "not one miss for each compile"
    no_leftovers
}

test_each_of_many_keys_is_compiled_once() {
    n_keys=$((n_processes * 3 / 2))
    for key in $(seq "$n_keys"); do
        program "key_$key" "$key"
    done
    compiler
    for i in $(seq "$n_processes"); do
        for j in $(seq "$n_keys"); do
            key=$(((i * 7 + j) % n_keys + 1))
            run "run_${i}_$key" "$BCC" run "$work/key_$key.bc"
            right "run_${i}_$key" "$key"
        done >"$work/many_$i.log" 2>&1 &
    done
    wait
    cat "$work"/many_*.log
    [ "$(patient_compiles)" -eq "$n_keys" ] ||
        fail "compiled at $(cat "$work/compiles")"
    ! grep -q FAIL "$work"/many_*.log || fail "some runs failed"
    no_leftovers
}

test_a_program_that_does_not_compile_holds_up_nobody() {
    echo garbage >"$work/bad.bc"
    compiler
    for i in $(seq "$n_processes"); do
        run "bad_$i" "$BCC" run "$work/bad.bc" &
    done
    wait
    for i in $(seq "$n_processes"); do
        [ "$(cat "$work/bad_$i.status")" = "exit 1" ] ||
            fail "bad_$i: $(cat "$work/bad_$i.status")"
    done
    no_leftovers
}

# ---- Killed and stopped ----

# compiler_once SCRIPT: the same, but that the first compile alone does it.
compiler_once() {
    compiler "mkdir '$work/first' 2>/dev/null && { $1; }"
}

# In the background: the run that gets into trouble.
trouble() {
    "$BCC" run "$work/one.bc" >"$work/trouble.out" 2>&1 &
    trouble_pid=$!
    wait_for_file "$work/first"
}

test_killed_host_is_followed() {
    program one
    compiler_once "kill -KILL \$PPID; sleep 1"
    trouble
    takes_over killed
    wait "$trouble_pid"
    run again "$BCC" run --report=json "$work/one.bc"
    right again
    reported again hit
    program other
    run other "$BCC" run "$work/other.bc"
    no_leftovers
}

test_killed_compiler_is_followed() {
    program one
    compiler_once "kill -KILL \$\$"
    trouble
    takes_over killed
    wait "$trouble_pid"
    [ $? -eq 1 ] || fail "a host whose compiler dies should fail"
    no_leftovers
}

test_stopped_compiler_is_passed() {
    program one
    compiler_once "echo \$\$ >'$work/pid'; kill -STOP \$\$"
    trouble
    wait_for_file "$work/pid"
    takes_over stopped
    kill -CONT "$(cat "$work/pid")"
    wait "$trouble_pid"
    [ $? -eq 3 ] || fail "the stopped one: $(cat "$work/trouble.out")"
    no_leftovers
}

test_compiler_that_stops_at_work_is_passed() {
    program one
    # The pid stays the same when the shell becomes the compiler.
    compiler_once "echo \$\$ >'$work/pid'
        (sleep 0.2; kill -STOP \$\$; touch '$work/stopped') & sleep 0.19"
    trouble
    wait_for_file "$work/stopped"
    takes_over stopped
    kill -CONT "$(cat "$work/pid")" 2>/dev/null
    wait "$trouble_pid"
    [ $? -eq 3 ] || fail "the stopped one: $(cat "$work/trouble.out")"
    no_leftovers
}

test_stopped_host_is_passed() {
    program one
    compiler_once "echo \$PPID >'$work/pid'; kill -STOP \$PPID"
    trouble
    wait_for_file "$work/pid"
    takes_over stopped
    kill -CONT "$(cat "$work/pid")"
    wait "$trouble_pid"
    [ $? -eq 3 ] || fail "the stopped one: $(cat "$work/trouble.out")"
    no_leftovers
}

# traced COMMAND: $work/traced runs it under strace, as the file $work/how says:
# a compiler's environment has none of our variables.
traced() {
    command -v strace >/dev/null || skip "no strace"
    echo "#!/bin/sh
exec strace -qq \$(cat '$work/how') $1 \"\$@\"" >"$work/traced"
    chmod 700 "$work/traced"
}

# struck_at_each_call STRIDE ACTION COMMAND...: ACTION, of strace -e inject,
# strikes COMMAND, which runs $work/traced, at each of its system
# calls in turn, or at every STRIDE-th: with a strace for each, hundreds of calls
# take minutes. After each the program runs rightly, whatever was left.
struck_at_each_call() {
    stride=$1
    action=$2
    shift 2
    echo "-o $work/trace" >"$work/how"
    "$@" >/dev/null 2>&1
    # exit_group cannot fail; a process that is told so never ends.
    sed -n 's/^\([a-z][a-z0-9_]*\)(.*/\1/p' "$work/trace" |
        grep -v '^exit' |
        awk -v "stride=$stride" -v "action=$action" '{ n = ++seen[$1] }
            NR % stride == 0 { print $1 ":" action ":when=" n }' >"$work/calls"
    while read -r call; do
        rm -f "$BCC_CACHE_DIR"/*.oBCC
        echo "-o /dev/null -e inject=$call" >"$work/how"
        run struck "$@"
        is_survived "$action" || fail "struck: $(cat "$work/struck.status"):" \
            "$(cat "$work/struck.all")"
        run after "$BCC" run --report=json "$work/one.bc"
        right after
        [ "$failures" -eq 0 ] || { fail "at $call" && break; }
    done <"$work/calls"
    echo "struck at $(wc -l <"$work/calls") system calls"
    [ "$(wc -l <"$work/calls")" -gt 50 ] || fail "those were too few"
    program other
    run other "$BCC" run "$work/other.bc"
    no_leftovers
}

# is_survived ACTION: of a call that fails comes the right result or a clear
# error; nothing is expected of a killed one.
is_survived() {
    case $1 in
    error=*)
        if [ "$(cat "$work/struck.status")" = "exit 3" ]; then
            [ "$(cat "$work/struck.out")" = "value 1" ]
        else
            [ "$(cat "$work/struck.status")" = "exit 1" ] &&
                grep -q "^bcc: ..*" "$work/struck.err"
        fi
        ;;
    esac
}

test_host_killed_at_each_system_call() {
    program one
    traced "'$BCC' run '$work/one.bc'"
    struck_at_each_call 1 signal=KILL "$work/traced"
}

test_compiler_killed_at_each_system_call() {
    program one
    traced "'$real_compiler'"
    struck_at_each_call "${BCC_TEST_STRIDE:-5}" signal=KILL \
        env BCC_BCCC="$work/traced" "$BCC" run "$work/one.bc"
}

# Those of the host are failed by test_fault.c.
test_compiler_meets_failing_system_calls() {
    program one
    traced "'$real_compiler'"
    for error in EIO ENOMEM; do
        struck_at_each_call "${BCC_TEST_STRIDE:-5}" "error=$error" \
            env BCC_BCCC="$work/traced" "$BCC" run "$work/one.bc"
    done
}

# ---- Systems that refuse ----

# in_namespace: the rest of this test is run in a mount namespace of its own,
# and what is mounted is gone when it ends.
in_namespace() {
    needs_root
    [ -z "${BCC_TEST_NAMESPACE:-}" ] || return 0
    BCC_TEST_NAMESPACE=1 unshare -m true 2>/dev/null ||
        skip "no mount namespaces"
    BCC_TEST_NAMESPACE=1 exec unshare -m "$0" "$test_name"
}

mount_tmpfs() {
    mkdir -p "$work/mount"
    mount -t tmpfs -o "mode=700,$1" none "$work/mount" || skip "no tmpfs"
    trap 'umount -l "$work/mount"; remove_work' EXIT
}

test_full_file_system_means_no_cache() {
    in_namespace
    program one
    mount_tmpfs size=64k
    export BCC_CACHE_DIR="$work/mount"
    # Room for no byte, then page by page for more, until the entry fits.
    room=0
    while :; do
        rm -rf "$work/mount/"* "$work/mount/.bcc"
        dd if=/dev/zero of="$work/mount/filler" bs=4k count=16 2>/dev/null
        truncate -s "$(((16 - room) * 4096))" "$work/mount/filler"
        run full "$BCC" run --report=json "$work/one.bc"
        right full
        no_leftovers
        grep -q '"cache":"miss"' "$work/full.report" && break
        has_reason full "No space left on device"
        room=$((room + 1))
        [ "$room" -lt 16 ] || { fail "never fits" && break; }
    done
    [ "$room" -gt 0 ] || fail "was never full"
    run fits "$BCC" run --report=json "$work/one.bc"
    right fits
    reported fits hit
}

test_read_only_file_system_is_searched_and_not_written() {
    in_namespace
    program one
    program other
    mount_tmpfs size=1m
    export BCC_CACHE_DIR="$work/mount"
    run one "$BCC" run "$work/one.bc"
    mount -o remount,ro "$work/mount" || skip "no remount"
    run hit "$BCC" run --report=json "$work/one.bc"
    right hit
    reported hit hit
    run miss "$BCC" run --report=json "$work/other.bc"
    right miss
    reported miss off
    has_reason miss "Read-only file system"
    mount -o remount,rw "$work/mount"
    rm -r "$work/mount/.bcc"
    mount -o remount,ro "$work/mount"
    run bare "$BCC" run --report=json "$work/other.bc"
    right bare
    reported bare off
    has_reason bare "Read-only file system"
}

test_noexec_file_system_works() {
    in_namespace
    program one
    mount_tmpfs size=1m,noexec
    export BCC_CACHE_DIR="$work/mount"
    run miss "$BCC" run --report=json "$work/one.bc"
    right miss
    reported miss miss
    run hit "$BCC" run --report=json "$work/one.bc"
    right hit
    reported hit hit
}

test_no_home_means_no_cache() {
    program one
    run none env -u HOME -u XDG_CACHE_HOME -u BCC_CACHE_DIR \
        "$BCC" run --report=json "$work/one.bc"
    right none
    reported none off
    has_reason none .
}

# A limit of 2 KiB: too small for the entry, and for code in memory.
test_limit_of_file_size_is_an_error_with_a_reason() {
    program one
    run limited sh -c "ulimit -f 4; exec '$BCC' run '$work/one.bc'"
    [ "$(cat "$work/limited.status")" = "exit 1" ] ||
        fail "$(cat "$work/limited.status")"
    grep -q "File too large" "$work/limited.err" ||
        fail "no reason: $(cat "$work/limited.err")"
    no_leftovers
    run after "$BCC" run --report=json "$work/one.bc"
    right after
    reported after miss
}

somebody=$((80000 + $$ % 20000)) # not that of a test at the same time

# as_somebody NAME COMMAND...: as another user, with an environment that names
# a compiler and a layer.
as_somebody() {
    as_name=$1
    shift
    run "$as_name" env -u HOME -u XDG_CACHE_HOME -u BCC_CACHE_DIR \
        BCC_BCCC="$work/evil" BCC_CACHE_PATH="$work/layer" \
        setpriv --reuid "$somebody" --clear-groups "$@"
}

# A program that runs with another's rights believes no environment; without,
# it does.
test_caller_with_foreign_rights_trusts_no_environment() {
    needs_root
    command -v setpriv >/dev/null || skip "no setpriv"
    trap 'remove_work; rm -rf "/dev/shm/bcc-$somebody"' EXIT
    program one
    program other
    chmod 755 "$work"
    cp "$BCC" "$work/bcc-setuid"
    chmod 4755 "$work/bcc-setuid"
    printf '#!/bin/sh\ntouch %s/probe/started\n' "$work" >"$work/evil"
    chmod 755 "$work/evil"
    mkdir "$work/probe" "$work/layer"
    chmod 777 "$work/probe"
    "$BCC" precompile --cache-dir "$work/layer" "$work/one.bc" >/dev/null 2>&1
    setpriv --reuid "$somebody" --clear-groups test -x "$BCC" ||
        skip "another user cannot read here"
    cp "$BCC" "$work/bcc-plain"

    as_somebody plain "$work/bcc-plain" run --report=json "$work/one.bc"
    right plain
    reported plain hit
    as_somebody plain_miss "$work/bcc-plain" run "$work/other.bc"
    [ -e "$work/probe/started" ] || fail "the environment names no compiler"
    rm -f "$work/probe/started"

    as_somebody setuid "$work/bcc-setuid" run --report=json "$work/one.bc"
    ! grep -q '"cache":"hit"' "$work/setuid.report" ||
        fail "believed BCC_CACHE_PATH"
    [ ! -e "$work/probe/started" ] || fail "believed BCC_BCCC"
}

# ---- Replaced, removed and cleared while in use ----

test_storm_of_launches_writers_and_clears() {
    program one
    BCC_CACHE_SIZE=0
    export BCC_CACHE_SIZE
    seconds=${BCC_TEST_SECONDS:-3}
    end=$(($(date +%s) + seconds))
    for i in 1 2 3 4; do
        n=0
        while [ "$(date +%s)" -lt "$end" ]; do
            run "loader_$i" "$BCC" run "$work/one.bc"
            right "loader_$i"
            n=$((n + 1))
        done >"$work/storm_$i.log" 2>&1 &
    done
    while [ "$(date +%s)" -lt "$end" ]; do
        run rebuild "$BCC" precompile --cache-dir "$BCC_CACHE_DIR" \
            "$work/one.bc"
        for action in gc clear; do
            # Of today's entries gc takes none.
            touch -c -d "2 hours ago" "$BCC_CACHE_DIR"/*.oBCC 2>/dev/null
            run "$action" "$BCC" cache "$action"
            [ "$(cat "$work/$action.status")" = "exit 0" ] ||
                fail "$action: $(cat "$work/$action.all")"
        done
    done
    wait
    cat "$work"/storm_*.log
    ! grep -q FAIL "$work"/storm_*.log || fail "a launch failed"
    run last "$BCC" run "$work/one.bc"
    run clear "$BCC" cache clear
    no_leftovers
    # What was counted stays.
    [ "$(find "$BCC_CACHE_DIR" -type f -size +0 ! -name '.counters-*' |
        wc -l)" -eq 0 ] ||
        fail "space is not given back: $(find "$BCC_CACHE_DIR" -type f)"
}

free_blocks() {
    stat -f -c %f "$work/mount"
}

# A program whose entry is removed, and replaced, runs on; what it held is free
# once it has ended.
test_space_is_free_when_the_last_user_has_ended() {
    in_namespace
    mount_tmpfs size=4m
    export BCC_CACHE_DIR="$work/mount"
    "$CLANG" -O2 -emit-llvm -x c -c - -o "$work/one.bc" <<'C' || exit 1
#include <stdio.h>
static const char table[300000] = {1, [150000] = 1};
int main(void)
{
    volatile int sum = 0;
    puts("started");
    fflush(stdout);
    getchar();
    for (int i = 0; i < 300000; i++)
        sum += table[i];
    printf("value %d\n", sum - 1);
    return 3;
}
C
    "$BCC" cache clear >/dev/null
    "$BCC" run "$work/one.bc" </dev/null >/dev/null
    "$BCC" cache clear >/dev/null
    before=$(free_blocks)
    mkfifo "$work/hold"
    "$BCC" run "$work/one.bc" <"$work/hold" >"$work/held.out" &
    held_pid=$!
    exec 8>"$work/hold"
    until grep -q started "$work/held.out" 2>/dev/null; do
        kill -0 "$held_pid" || break
        sleep 0.01
    done
    "$BCC" cache clear >/dev/null
    for _ in 1 2 3; do
        "$BCC" precompile --cache-dir "$work/mount" "$work/one.bc" >/dev/null 2>&1
        "$BCC" cache clear >/dev/null
    done
    [ "$(free_blocks)" -lt "$before" ] || fail "nothing was held"
    exec 8>&-
    wait "$held_pid"
    [ $? -eq 3 ] || fail "ended otherwise"
    grep -q "value 1" "$work/held.out" || fail "$(cat "$work/held.out")"
    [ "$(free_blocks)" -eq "$before" ] ||
        fail "blocks are lost: $before free before, $(free_blocks) after"
    no_leftovers
}

# ---- Which ----

if [ $# -ne 1 ]; then
    echo "usage: test_processes.sh TEST, one of:"
    sed -n 's/^\(test_[a-z0-9_]*\)() {$/    \1/p' "$0"
    exit 2
fi
test_name=$1
"$1"
finish
