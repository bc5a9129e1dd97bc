#!/bin/sh
# build_target.sh SOURCE BUILD TRIPLE BCCC: the tool and the library for another
# machine, by Debian's cross compiler, to BUILD/bin/bcc: it looks for what BCCC
# makes. The tests of that machine are built there later, by variant.sh. Exit
# status 77: skipped.
set -eu

source=$1
build=$2
triple=$3
bccc=$4
skip() {
    echo "skipped: $1"
    exit 77
}
toolchain=$source/cmake/toolchains/$triple.cmake
libraries=$(dirname "$build")/cross-libraries
command -v "$triple-gcc" >/dev/null || skip "$triple-gcc is not installed"
"$source/tools/cross_libraries" "$triple" "$libraries" || {
    [ $? = 77 ] || exit 1
    skip "no sources of the libraries for $triple"
}
row=${triple%%-*}-[a-z]*-${triple#*-}
[ "${triple%%-*}" != arm ] || row=armv7-[a-z]*-${triple#*-}
identity=$("$bccc" --version | sed -n "s/^$row //p")
cmake -S "$source" -B "$build" -G Ninja --toolchain "$toolchain" \
    -DBCC_CROSS_LIBRARIES="$libraries" -DBCC_BUILD_COMPILER=OFF \
    -DBCC_BUILD_VARIANTS=OFF -DBCC_LLVM_FULL_VERSION="${identity%%+*}" \
    -DBCC_LLVM_IDENTITY="$identity"
ninja -C "$build" bcc_tool obcc
