#!/bin/sh
# variant.sh SOURCE BUILD [--machine TRIPLE [--tests PATTERN]] CMAKE-ARGUMENTS...
#
# Configure and build the project in another way, and run its tests that need
# no LLVM. With a machine: by Debian's cross compiler, and under qemu-user; of
# the tests those whose names match, or all if BCC_MACHINE_TESTS is "all". Exit
# status 77: skipped.
set -eu

source=$1
build=$2
shift 2
machine=
pattern=.
if [ "$1" = --machine ]; then
    machine=$2
    shift 2
    if [ "${1-}" = --tests ]; then
        pattern=$2
        shift 2
    fi
    [ "${BCC_MACHINE_TESTS-}" != all ] || pattern=.
fi
skip() {
    echo "skipped: $1"
    exit 77
}
for argument in "$@"; do
    case $argument in
    -DBCC_LLVM_VERSION=*)
        command -v "llvm-config-${argument#*=}" >/dev/null ||
            skip "llvm-config-${argument#*=} is not installed"
        ;;
    -DCMAKE_C_COMPILER=*)
        command -v "${argument#*=}" >/dev/null ||
            skip "${argument#*=} is not installed"
        ;;
    esac
done
if [ -n "$machine" ]; then
    toolchain=$source/cmake/toolchains/$machine.cmake
    emulator=$(sed -n 's/^set(bcc_emulator \(.*\))$/\1/p' "$toolchain")
    for program in "$machine-gcc" "$emulator"; do
        command -v "$program" >/dev/null || skip "$program is not installed"
    done
    libraries=$(dirname "$build")/cross-libraries
    "$source/tools/cross_libraries" "$machine" "$libraries" || {
        [ $? = 77 ] || exit 1
        skip "no sources of the libraries for $machine"
    }
    set -- --toolchain "$toolchain" -DBCC_CROSS_LIBRARIES="$libraries" \
        -DBCC_BUILD_COMPILER=OFF "$@"
fi
cmake -S "$source" -B "$build" -G Ninja -DBCC_BUILD_VARIANTS=OFF "$@"
ninja -C "$build"
ctest --test-dir "$build" --output-on-failure -L 'unit|fault' -R "$pattern"
