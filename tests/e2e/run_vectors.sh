#!/bin/sh
# run_vectors.sh TRIPLE: vector code, as scripts and runtimes in the wild have
# it: NEON's intrinsics by name, written by hand or by other front ends, a
# runtime library of the same triple, 16-bit floats, SVE. The results are those
# of gcc's program from the same C, or are written below.
#
# Environment: that of run_case_lib.sh and machine_lib.sh.
set -u
triple=$1
. "$(dirname "$0")/run_case_lib.sh"
. "$(dirname "$0")/machine_lib.sh"
sources=$(dirname "$0")/vectors
case $triple in
arm*)
    machine_flags="$machine_flags -mfpu=neon-vfpv4"
    cross_flags="$cross_flags -mfpu=neon-vfpv4 -mfp16-format=ieee"
    ;;
esac

# bitcode NAME FLAGS...: vectors/NAME.c or .ll to $work/NAME.bc.
# shellcheck disable=SC2086 # flags are words
bitcode() {
    bitcode_source=$sources/$1.c
    [ -e "$bitcode_source" ] || bitcode_source=$sources/$1.ll
    bitcode_name=$1
    shift
    "$CLANG" $machine_flags -O2 "$@" -Wno-override-module -emit-llvm \
        -c "$bitcode_source" -o "$work/$bitcode_name.bc" ||
        { fail "$bitcode_name does not compile"; finish; }
}

# compare NAME LIBRARIES...: a precompiled run of $work/NAME.bc with these
# bitcode files gives what the run "native" gave.
# shellcheck disable=SC2086 # options are words
compare() {
    compare_name=$1
    shift
    libraries=
    for library in "$@"; do
        libraries="$libraries --lib $work/$library.bc"
    done
    "$BCC" precompile --target "$triple" --cache-dir "$BCC_CACHE_DIR" \
        $libraries "$work/$compare_name.bc" >"$work/log" 2>&1 ||
        fail "$(cat "$work/log")"
    run precompiled $emulated "$TARGET_BCC" run --report=json $libraries \
        "$work/$compare_name.bc"
    same native precompiled
    reported precompiled hit
}

# What arm_neon.h has, with gcc's own as the reference.
case $machine in
aarch64 | arm)
    # shellcheck disable=SC2086 # flags are words
    "$triple-gcc" $cross_flags -O2 -w "$sources/neon.c" \
        "$sources/neon_runtime.c" -o "$work/native.exe" || fail "no native"
    # shellcheck disable=SC2086
    run native $emulated "$work/native.exe"
    bitcode neon_runtime
    bitcode neon
    compare neon neon_runtime
    bitcode neon -O0
    bitcode neon_runtime -O0
    compare neon neon_runtime
    ;;
esac

# Intrinsics by name, as no header has them.
bitcode "intrinsics_$machine"
printf '%s\n' "exit 0" >"$work/native.status"
cp "$sources/intrinsics_$machine.expected" "$work/native.out"
: >"$work/native.err"
compare "intrinsics_$machine"

if [ "$machine" = arm ]; then
    # That code says no features.
    "$BCC" compile --target "$triple" "$work/intrinsics_arm.bc" \
        -o "$work/silent.oBCC" || fail "intrinsics_arm does not compile"
    run dump "$BCC" dump "$work/silent.oBCC"
    grep -qE 'cpu_features ([^ ]*,)?neon(,|$)' "$work/dump.out" ||
        fail "NEON is not needed: $(head -n 3 "$work/dump.out")"
fi

# Scalable vectors: refused by name on a CPU without them, right on one with.
case $machine in
aarch64)
    bitcode sve -march=armv8.2-a+sve
    feature=sve without=cortex-a57 with=max
    ;;
riscv64)
    bitcode sve -march=rv64gcv
    feature=v without=rv64,v=false with=rv64,v=true,vlen=128
    ;;
*) finish ;;
esac
"$BCC" precompile --target "$triple" --cache-dir "$BCC_CACHE_DIR" \
    "$work/sve.bc" >"$work/log" 2>&1 || fail "$(cat "$work/log")"
"$BCC" compile --target "$triple" "$work/sve.bc" -o "$work/sve.oBCC" ||
    fail "scalable vectors do not compile"
# shellcheck disable=SC2086 # these are words
run without $emulated -cpu $without "$TARGET_BCC" run "$work/sve.oBCC"
expect without "exit 1"
grep -qE "needs .*'?$feature'?|CPU feature" "$work/without.err" ||
    fail "without: $(cat "$work/without.err")"
# shellcheck disable=SC2086
run with $emulated -cpu $with "$TARGET_BCC" run --report=json "$work/sve.bc"
# QEMU has a remark on RISC-V's vectors.
expect with "exit 0"
says with out "sum 4950"
reported with hit
finish
