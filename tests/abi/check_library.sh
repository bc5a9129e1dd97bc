#!/bin/sh
# check_library.sh LIBBCC.so LIST [LIMIT]: what the library exports and needs.
#   - its symbols are exactly those of the checked-in list
#   - it needs libc and nothing else
#   - its text has no relocations, its stack is not executable, and data that the
#     dynamic linker patches is read-only afterwards
#   - stripped, it has at most LIMIT bytes
set -u
library=$1
list=$2
limit=${3-}
failures=0

fail() {
    echo "FAIL: $*"
    failures=1
}

exported=$(nm -D --defined-only "$library" | awk '{print $NF}' |
    LC_ALL=C sort)
if [ "$exported" != "$(cat "$list")" ]; then
    fail "exports differ from $list (+ exported, - listed):"
    echo "$exported" | diff -u "$list" - | tail -n +4
fi

dynamic=$(readelf -dW "$library") || fail "readelf"
needed=$(echo "$dynamic" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[ "$needed" = libc.so.6 ] || fail "needs: $needed"
echo "$dynamic" | grep -q 'TEXTREL' && fail "has text relocations"
echo "$dynamic" | grep -qE 'RPATH|RUNPATH' && fail "has a run path"
echo "$dynamic" | grep -q 'SONAME.*\[libobcc\.so\.0\]' || fail "soname"
echo "$dynamic" | grep -q 'BIND_NOW' || fail "is bound lazily"

segments=$(readelf -lW "$library") || fail "readelf"
echo "$segments" | grep -q 'GNU_RELRO' || fail "has no RELRO"
echo "$segments" | grep 'GNU_STACK' | grep -q 'RWE' && fail "executable stack"
echo "$segments" | grep 'LOAD' | grep -q 'RWE' &&
    fail "writable and executable segment"

if [ -n "$limit" ]; then
    stripped=$(mktemp) || exit 1
    trap 'rm -f "$stripped"' EXIT
    trap 'exit 1' HUP INT TERM
    strip -o "$stripped" "$library" || fail "strip"
    size=$(wc -c <"$stripped")
    echo "stripped: $size bytes"
    [ "$size" -le "$limit" ] || {
        fail "$size bytes when stripped, more than $limit"
        size -A "$stripped"
    }
fi
exit $failures
