#!/bin/sh
# variant.sh SOURCE BUILD CMAKE-ARGUMENTS...: configure and build the project in
# another way, and run its tests that need no LLVM. Exit status 77: skipped.
set -eu

source=$1
build=$2
shift 2
for argument in "$@"; do
    case $argument in
    -DBCC_LLVM_VERSION=*)
        if ! command -v "llvm-config-${argument#*=}" >/dev/null; then
            echo "skipped: llvm-config-${argument#*=} is not installed"
            exit 77
        fi
        ;;
    -DCMAKE_C_COMPILER=*)
        if ! command -v "${argument#*=}" >/dev/null; then
            echo "skipped: ${argument#*=} is not installed"
            exit 77
        fi
        ;;
    esac
done
cmake -S "$source" -B "$build" -G Ninja -DBCC_BUILD_VARIANTS=OFF "$@"
ninja -C "$build"
ctest --test-dir "$build" --output-on-failure -L 'unit|fault'
