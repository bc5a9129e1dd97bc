#!/bin/sh
# test_uninstall.sh BUILD_DIR PREFIX: what cmake --install puts into a root that
# has files and directories already, the target uninstall takes away, and nothing
# else. Environment: CMAKE.
set -u
umask 022
build=$1
prefix=$2
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
DESTDIR=$scratch/root
export DESTDIR

fail() {
    echo "FAIL: $*"
    exit 1
}

# tree NAME: all names in the root, and what the files are.
tree() {
    (cd "$DESTDIR" && find . -type d -print && find . ! -type d \
        -exec ls -dn --time-style=full-iso {} + -type f -exec cksum {} +) |
        sort >"$scratch/$1"
}

install() {
    "$CMAKE" --install "$build" "$@" >"$scratch/log" 2>&1 ||
        fail "install: $(tail -n 5 "$scratch/log")"
}

uninstall() {
    "$CMAKE" --build "$build" -t uninstall >"$scratch/log" 2>&1
}

# Directories of which an install makes some, and files of others.
mkdir -p "$DESTDIR$prefix/bin" "$DESTDIR$prefix/share/man/man1" \
    "$DESTDIR$prefix/lib/pkgconfig" "$DESTDIR/opt"
echo other >"$DESTDIR$prefix/bin/other"
echo other >"$DESTDIR$prefix/lib/pkgconfig/other.pc"
tree before
install
tree once
cmp -s "$scratch/before" "$scratch/once" && fail "nothing was installed"
uninstall || fail "uninstall: $(tail -n 5 "$scratch/log")"
tree after
diff "$scratch/before" "$scratch/after" || fail "not as before"

# Twice over itself, and under another prefix, which does not exist yet.
install
install
install --prefix /opt/obcc
[ -x "$DESTDIR/opt/obcc/bin/bcc" ] || fail "no other prefix"
find "$DESTDIR$prefix" "$DESTDIR/opt/obcc" -type f -printf '%P\n' | sort |
    uniq -u >"$scratch/alone"
[ "$(cat "$scratch/alone")" = "bin/other
lib/pkgconfig/other.pc" ] ||
    fail "the prefixes have different files: $(cat "$scratch/alone")"
uninstall || fail "uninstall of two: $(tail -n 5 "$scratch/log")"
tree after
diff "$scratch/before" "$scratch/after" || fail "not as before, of two"

uninstall && fail "there was something to uninstall"
grep -q "installed nothing" "$scratch/log" || fail "$(cat "$scratch/log")"

# A file of the user's keeps its directory.
install
mine=$DESTDIR$prefix/share/obcc/python/mine.py
echo mine >"$mine"
uninstall || fail "uninstall with mine: $(tail -n 5 "$scratch/log")"
[ -e "$mine" ] || fail "the user's file is gone"
[ ! -e "${mine%mine.py}obcc.py" ] || fail "ours is there"
