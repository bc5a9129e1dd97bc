#!/bin/sh
# run_front_end.sh KIND: a front end other than clang compiles a program at two
# levels, to an executable and to bitcode, and both must behave the same. KIND
# is the name of a function below without compile_. Exit status 77: the front
# end is missing, or writes bitcode of a newer LLVM.
#
# Environment: RUSTC, FLANG, LDC (else the usual names), CLANG, and that of
# run_case_lib.sh.
set -u
here=$(cd "$(dirname "$0")" && pwd)/front_ends
. "$(dirname "$0")/run_case_lib.sh"

skip() {
    echo "skipped: $*"
    exit 77
}

must() {
    "$@" >"$work/compile.log" 2>&1 || {
        fail "$*: $(cat "$work/compile.log")"
        finish
    }
}

# compare LEVEL 'LIBRARIES' FILE: FILE, run with these options, against the
# executable $work/program. All programs take two numbers from their input, or
# two arguments, and leave with 7.
compare() {
    printf '5 6\n' >"$work/stdin"
    run native "$work/program" alpha beta
    echo "exit 7" >"$work/expected.status"
    cmp -s "$work/expected.status" "$work/native.status" ||
        fail "$1: the native one ends by $(cat "$work/native.status")"
    rm -rf "$work/cache"
    mkdir -m 700 "$work/cache"
    compare_cached_with_native "$2" "$3" alpha beta
    [ "$failures" -eq 0 ] || fail "at $1"
}

# ---- Rust ----

rustc=${RUSTC:-rustc}

need_rustc() {
    command -v "$rustc" >/dev/null || skip "no $rustc"
    theirs=$("$rustc" -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
    ours=$("${BCC:-$rustc}" --version | sed -n 's/.*LLVM \([0-9]*\).*/\1/p')
    [ "${theirs:-0}" -le "${ours:-$theirs}" ] ||
        skip "$rustc writes bitcode of LLVM $theirs, bcc reads LLVM $ours's"
}

# rust SOURCE LEVEL OPTIONS...
rust() {
    rust_source=$here/$1
    rust_level=$2
    shift 2
    # Its temporary files are named after the source, and lie where it runs.
    cd "$work" || exit 1
    must "$rustc" --edition=2021 --crate-type=bin -C codegen-units=1 "$@" \
        -C "opt-level=$rust_level" \
        --emit="llvm-bc=$work/program.bc,link=$work/program" "$rust_source"
}

# Without its library: core is linked as bitcode.
compile_rust_core() {
    need_rustc
    rust core.rs 2 -C panic=abort -C lto=fat -C link-arg=-lc
    compare -O2 "" "$work/program.bc"
}

# The library is shared, as -C prefer-dynamic has it. Debian's rustc lacks it.
compile_rust_shared() {
    need_rustc
    libraries=$("$rustc" --print target-libdir)
    library=$(cd "$libraries" && echo libstd-*.so)
    [ -e "$libraries/$library" ] || skip "no $libraries/libstd-*.so"
    library=${library#lib}
    LD_LIBRARY_PATH=$libraries
    export LD_LIBRARY_PATH # for the native one
    for level in 0 2; do
        rust std.rs $level -C prefer-dynamic
        compare "-O$level" "-L$libraries -l${library%.so}" "$work/program.bc"
    done
}

# All of its library as bitcode, and optimised with the program.
compile_rust_whole() {
    need_rustc
    rust std.rs 2 -C lto=fat
    compare -O2 "" "$work/program.bc"
}

# ---- Fortran ----

# LLVM has the runtime of Fortran as an archive: a shared library is made of it.
compile_fortran() {
    flang=${FLANG:-flang-22}
    command -v "$flang" >/dev/null || skip "no $flang"
    archive=$(find "$("$flang" -print-resource-dir)/" \
        -name libflang_rt.runtime.a | head -n 1)
    [ -n "$archive" ] || skip "no libflang_rt.runtime.a"
    must cc -shared -o "$work/libflang_rt.so" -Wl,--whole-archive "$archive" \
        -Wl,--no-whole-archive -lstdc++ -lm
    cd "$work" || exit 1 # for the module's file
    for level in 0 2; do
        must "$flang" "-O$level" "$here/fortran.f90" -o program
        must "$flang" "-O$level" -emit-llvm -c "$here/fortran.f90" \
            -o program.bc
        compare "-O$level" "-L$work -lflang_rt" program.bc
    done
}

# ---- D ----

# Its runtime finds the program as it finds shared libraries, and must have been
# told of its modules: see d_registry.c.
compile_d() {
    ldc=${LDC:-ldc2}
    command -v "$ldc" >/dev/null || skip "no $ldc"
    command -v "$CLANG" >/dev/null || skip "no $CLANG"
    must "$CLANG" -O2 -emit-llvm -c "$here/d_registry.c" -o "$work/registry.bc"
    runtime="--link $work/registry.bc -lphobos2-ldc-shared -ldruntime-ldc-shared"
    for level in 0 2; do
        must "$ldc" "-O$level" -unittest -link-defaultlib-shared "$here/d.d" \
            "-of=$work/program"
        must "$ldc" "-O$level" -unittest --output-bc -c "$here/d.d" \
            "-of=$work/program.bc"
        compare "-O$level" "$runtime" "$work/program.bc"
    done
}

"compile_$1"
finish
