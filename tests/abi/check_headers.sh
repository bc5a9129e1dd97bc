#!/bin/sh
# check_headers.sh INCLUDE_DIR [LLVM_INCLUDE_DIR]: each public header compiles
# alone, included twice, as C99, C11 and C17 and as C++ from C++11 on. Enums have
# names, which generators of bindings use.
# Environment: CC, CXX (each skipped if missing), CLANG.
set -u
include=$1
llvm=${2-}
failures=0
n=0
if grep -n '^ *\(typedef \)\?enum {' "$include"/bcc/*.h; then
    echo "FAIL: an enum without a name"
    failures=1
fi

check() {
    compiler=$1
    language=$2
    standard=$3
    command -v "$compiler" >/dev/null || return 0
    for header in "$include"/bcc/*.h; do
        name=bcc/${header##*/}
        system=
        if [ "$name" = bcc/bcc_llvm.h ]; then
            [ -n "$llvm" ] || continue
            system="-isystem $llvm"
        fi
        n=$((n + 1))
        # shellcheck disable=SC2086 # words
        printf '#include <%s>\n#include <%s>\nint dummy;\n' "$name" "$name" |
            "$compiler" -x "$language" -std="$standard" -Wall -Wextra \
                -pedantic -Werror -I"$include" $system -fsyntax-only - || {
            echo "FAIL: $name, $compiler -std=$standard"
            failures=1
        }
    done
}

for standard in c99 c11 c17; do
    check "${CC:-cc}" c $standard
    check "${CLANG:-clang}" c $standard
done
for standard in c++11 c++14 c++17 c++20; do
    check "${CXX:-c++}" c++ $standard
    check "${CLANG:-clang}" c++ $standard
done
[ $n -gt 0 ] || {
    echo "FAIL: nothing was compiled"
    exit 1
}
exit $failures
