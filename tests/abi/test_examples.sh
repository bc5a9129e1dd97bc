#!/bin/sh
# test_examples.sh BUILD_DIR PREFIX: installs the build into a private root and
# does what the READMEs of examples/ say, in copies of their folders. The blocks
# "sh" of a README are run in order, in one shell; each block "text" is what the
# blocks before it have printed since the last one. A block "sh PACKAGE" needs a
# Debian package; without it the block and its text are left out, and said to be.
#
# Environment: CLANG, CC, CXX, CMAKE.
set -u
build=$1
prefix=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
unset BCC_BCCC BCC_CACHE_DIR
n_failed=0

DESTDIR=$root "$CMAKE" --install "$build" >"$root/install.log" 2>&1 || {
    echo "FAIL: install: $(tail -n 20 "$root/install.log")"
    exit 1
}
library=$(find "$root$prefix" -name libobcc.so)
libdir=${library%/libobcc.so}

# The names that the READMEs use, whatever these tools are called here; Python
# is Debian's, as its packages are.
mkdir "$root/bin"
for pair in "clang-22:$CLANG" "cc:$CC" "c++:$CXX" "python3:/usr/bin/python3"; do
    printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v "${pair#*:}")" >"$root/bin/${pair%%:*}"
    chmod +x "$root/bin/${pair%%:*}"
done
export PATH="$root/bin:$root$prefix/bin:$PATH" LD_LIBRARY_PATH="$libdir" \
    PKG_CONFIG_PATH="$libdir/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root" \
    PYTHONPATH="$root$prefix/share/obcc/python"

# split README DIR: a shell script whose texts to compare are in DIR.
split() {
    awk -v dir="$2" -v packages="$3" '
        /^```/ && !kind {
            kind = $1; package = $2
            is_left_out = 0
            if (kind == "```sh")
                skipping = package && index(packages, " " package " ") == 0
            if (kind == "```sh" && skipping)
                print "echo \"left out, without " package "\" >&3"
            if (kind == "```text" && !skipping)
                print "exec >" dir "/out." ++n + 1
            next
        }
        /^```/ { kind = ""; next }
        skipping { next }
        kind == "```sh" { print }
        kind == "```text" { print >(dir "/expected." n) }' "$1"
}

for readme in "$source"/examples/*/README.md; do
    folder=${readme%/README.md}
    name=${folder##*/}
    work=$root/copies/$name
    mkdir -p "$root/copies" "$root/texts/$name"
    cp -r "$folder" "$work"
    packages=" $(dpkg-query -W -f '${Package} ' 2>/dev/null) "
    {
        echo "exec 3>&1 >$root/texts/$name/out.1"
        echo "set -e"
        split "$readme" "$root/texts/$name" "$packages"
    } >"$root/texts/$name/script"
    (cd "$work" && sh "$root/texts/$name/script" 2>"$root/texts/$name/err") || {
        echo "FAIL: $name: status $?: $(tail -n 5 "$root/texts/$name/err")"
        n_failed=$((n_failed + 1))
    }
    n_texts=0
    for expected in "$root/texts/$name"/expected.*; do
        [ -e "$expected" ] || continue
        n_texts=$((n_texts + 1))
        diff -u "$expected" "$root/texts/$name/out.${expected##*.}" || {
            echo "FAIL: $name: another output"
            n_failed=$((n_failed + 1))
        }
    done
    [ $n_texts -gt 0 ] || {
        echo "FAIL: $name: nothing is compared"
        n_failed=$((n_failed + 1))
    }
    for file in "$folder"/*.c "$folder"/*.cpp "$folder"/*.py; do
        [ ! -e "$file" ] || [ "$(wc -l <"$file")" -le 80 ] || {
            echo "FAIL: $file: more than 80 lines"
            n_failed=$((n_failed + 1))
        }
    done
done
exit $((n_failed > 0))
