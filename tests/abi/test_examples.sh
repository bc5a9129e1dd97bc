#!/bin/sh
# test_examples.sh install ROOT BUILD_DIR: installs the build into ROOT, a
# private one.
# test_examples.sh run ROOT PREFIX NAME: does what examples/NAME/README.md says,
# in a copy of the folder, with that installation.
#
# The blocks "sh" of a README are run in order, in one shell; each block "text"
# is what the blocks before it have printed since the last one. A block
# "sh PACKAGE..." needs Debian packages; without them the block and its text are
# left out, and said to be. Exit status 77: no block is left.
#
# Environment: CLANG, CC, CXX, CMAKE.
set -u
umask 022
source=$(cd "$(dirname "$0")/../.." && pwd)
root=$2
unset BCC_BCCC BCC_CACHE_DIR

if [ "$1" = install ]; then
    rm -rf "$root"
    mkdir "$root"
    DESTDIR=$root "$CMAKE" --install "$3" >"$root/install.log" 2>&1 || {
        echo "FAIL: install: $(tail -n 20 "$root/install.log")"
        exit 1
    }
    exit
fi

prefix=$3
name=$4
folder=$source/examples/$name
work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
library=$(find "$root$prefix" -name libobcc.so)
libdir=${library%/libobcc.so}
n_failed=0

fail() {
    echo "FAIL: $name: $*"
    n_failed=$((n_failed + 1))
}

# The names that the READMEs use, whatever these tools are called here; Python
# is Debian's, as its packages are.
mkdir "$work/bin" "$work/texts"
for pair in "clang-22:$CLANG" "cc:$CC" "c++:$CXX" "python3:/usr/bin/python3"; do
    printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v "${pair#*:}")" >"$work/bin/${pair%%:*}"
    chmod +x "$work/bin/${pair%%:*}"
done
export PATH="$work/bin:$root$prefix/bin:$PATH" LD_LIBRARY_PATH="$libdir" \
    PKG_CONFIG_PATH="$libdir/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root" \
    PYTHONPATH="$root$prefix/share/obcc/python"

# split README DIR: a shell script whose texts to compare are in DIR.
split() {
    awk -v dir="$2" -v packages="$3" '
        /^```/ && !kind {
            kind = $1
            if (kind == "```sh")
                skipping = 0
            for (i = 2; i <= NF; i++)
                if (index(packages, " " $i " ") == 0) {
                    skipping = 1
                    print "echo \"left out, without " $i "\" >&3"
                }
            if (kind == "```text" && !skipping)
                print "exec >" dir "/out." ++n + 1
            next
        }
        /^```/ { kind = ""; next }
        skipping { next }
        kind == "```sh" { print }
        kind == "```text" { print >(dir "/expected." n) }' "$1"
}

cp -r "$folder" "$work/copy"
packages=" $(dpkg-query -W -f '${Package} ' 2>/dev/null) "
{
    echo "exec 3>&1 >$work/texts/out.1"
    echo "set -e"
    split "$folder/README.md" "$work/texts" "$packages"
} >"$work/script"
(cd "$work/copy" && sh "$work/script" 2>"$work/err") ||
    fail "status $?: $(tail -n 5 "$work/err")"
n_texts=0
for expected in "$work"/texts/expected.*; do
    [ -e "$expected" ] || continue
    n_texts=$((n_texts + 1))
    diff -u "$expected" "$work/texts/out.${expected##*.}" || fail "another output"
done
for file in "$folder"/*.c "$folder"/*.cpp "$folder"/*.py "$folder"/*.rs; do
    [ ! -e "$file" ] || [ "$(wc -l <"$file")" -le 80 ] ||
        fail "$file: more than 80 lines"
done
[ $n_failed -eq 0 ] || exit 1
[ $n_texts -gt 0 ] || {
    grep -q 'left out' "$work/script" || fail "nothing is compared"
    exit $((n_failed > 0 ? 1 : 77))
}
