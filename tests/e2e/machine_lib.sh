# What tests for other machines share. Sourced after run_case_lib.sh, POSIX sh,
# with $triple set; skips the test where something is missing.
#
# Environment: CLANG, TARGET_BCC (the machine's own tool).
#
# Sets machine_flags (of clang: target, CPU, float ABI), cross_flags (of
# $triple-gcc: the same CPU and ABI) and emulated (words before a command).

machine_flags=--target=$triple
cross_flags=
case $triple in
aarch64*) machine=aarch64 ;;
arm*hf)
    machine=arm
    # Front ends' own default differs by distribution.
    machine_flags="$machine_flags -march=armv7-a"
    ;;
arm*)
    machine=arm
    machine_flags="$machine_flags -march=armv7-a -mfloat-abi=softfp"
    cross_flags="-march=armv7-a+fp -mfloat-abi=softfp"
    ;;
riscv64*) machine=riscv64 ;;
esac
emulated="qemu-$machine -L /usr/$triple"

[ -x "$TARGET_BCC" ] || skip "no bcc for $triple"
command -v "qemu-$machine" >/dev/null || skip "qemu-$machine is not installed"
command -v "$triple-gcc" >/dev/null || skip "$triple-gcc is not installed"

# compare_precompiled_on_machine BITCODE ARGS...: the run "native" was done;
# holds against it the machine's own bcc with an entry that was made here. Where
# the results differ, those of "expected" will do.
compare_precompiled_on_machine() {
    [ -d "$work/installed" ] || mkdir -m 700 "$work/installed"
    "$BCC" precompile --target "$triple" --cache-dir "$work/installed" "$1" \
        >"$work/precompile.log" 2>&1 || {
        fail "precompile: $(cat "$work/precompile.log")"
        return 0
    }
    # shellcheck disable=SC2086 # these are words
    run precompiled $emulated "$TARGET_BCC" run --report=json \
        --cache-dir "$work/installed" "$@"
    if [ "$(same expected precompiled)" ]; then
        same native precompiled
    fi
    reported precompiled hit
}
