#!/bin/sh
# test_packages.sh BUILD_DIR PREFIX: makes the Debian packages with cpack, and installs,
# uses and removes them with dpkg in a copy of this system: an overlay, whose
# upper layer is in memory. After the removal nothing of the packages may be
# left. The copy is in a mount namespace of its own, so this needs root; without
# it the packages are made and read, and the test counts as skipped.
#
# Environment: CLANG, CC, CXX, CMAKE.
set -u
umask 022

fail() {
    echo "FAIL: $*"
    exit 1
}

# ---- In the copy ----

# use: what the packages are for, each by its own means.
use() {
    work=/tmp/use
    mkdir "$work" && cd "$work" || exit 1
    HOME=$work
    export HOME
    unset BCC_BCCC BCC_CACHE_DIR LD_LIBRARY_PATH PKG_CONFIG_PATH

    cat >program.c <<'C'
#include <stdio.h>
int main(int argc, char **argv) { return puts(argv[argc - 1]) < 0 ? 1 : 42; }
C
    echo 'int answer(void) { return 42; }' >answer.c
    "$CLANG" -O2 -fPIC -emit-llvm -c program.c answer.c || fail clang
    [ "$(command -v bcc)" = /usr/bin/bcc ] || fail "bcc: $(command -v bcc)"
    for cache in miss hit; do
        bcc run --report=json program.bc text >out 2>report
        [ $? -eq 42 ] || fail "bcc run: $(cat report)"
        [ "$(cat out)" = text ] || fail "bcc run: $(cat out)"
        grep -q "\"cache\":\"$cache\"" report || fail "$cache: $(cat report)"
    done

    # shellcheck disable=SC2046 # flags are words
    "$CC" -Wall -Werror $(pkg-config --cflags obcc) /tmp/consumer/consumer.c \
        $(pkg-config --libs obcc) -o consumer || fail "pkg-config obcc"
    mkdir -m 700 cache
    ./consumer "$work/answer.bc" "$work/cache" || fail "consumer: $?"
    readelf -d consumer | grep -q 'NEEDED.*libobcc.so.0' ||
        fail "consumer does not need libobcc.so.0"

    # shellcheck disable=SC2046
    "$CC" $(pkg-config --cflags obcc-run) /tmp/consumer/pool.c \
        $(pkg-config --libs obcc-run) -o pool || fail "pkg-config obcc-run"
    ./pool || fail "pool: $?"

    cp -r /usr/share/doc/libbcc/examples/cpp . && cd cpp || fail "no examples"
    "$CLANG" -O2 -emit-llvm -c filter.c vendor.c || fail clang
    # shellcheck disable=SC2046
    "$CXX" app.cpp -o app $(pkg-config --cflags --libs obcc) || fail "bcc.hpp"
    ./app 2>/dev/null | grep -q '^blend(6, 7) = 43' || fail "bcc.hpp: no result"
    cd "$work" || exit 1

    # The package is for Debian's Python.
    /usr/bin/python3 -c 'import obcc; print(obcc.version())' >version ||
        fail "import obcc"
    grep -q '^[0-9.]*$' version || fail "python: $(cat version)"
    for page in "1 bcc" "8 bccc" "3 bcc" "3 bccReadFile"; do
        # shellcheck disable=SC2086
        ! command -v man >/dev/null || man -w $page >/dev/null ||
            fail "man $page"
    done
    # GDB finds its scripts by the path of the file that they are for.
    library=$(realpath "$(ldd consumer | awk '$1 == "libobcc.so.0" { print $3 }')")
    for file in /usr/bin/bcc "$library"; do
        [ -e "/usr/share/gdb/auto-load$file-gdb.py" ] || fail "no script of $file"
    done
    find /usr/bin/bcc /usr/libexec/bcc /usr/lib/python3/dist-packages/obcc.py \
        -type f -exec ldd {} + 2>/dev/null | grep 'not found' &&
        fail "libraries are missing"
    return 0
}

# install_and_remove: all packages, with the package manager itself.
install_and_remove() {
    export DEBIAN_FRONTEND=noninteractive
    dpkg -i /tmp/packages/*.deb >/tmp/log 2>&1 ||
        fail "dpkg -i: $(tail -n 20 /tmp/log)"
    # Each package's files are as it says.
    names=$(for file in /tmp/packages/*.deb; do dpkg-deb -f "$file" Package; done)
    # shellcheck disable=SC2086 # names are words
    differences=$(dpkg --verify $names)
    [ -z "$differences" ] || fail "dpkg --verify: $differences"
    (use) || exit 1
    # shellcheck disable=SC2086
    dpkg --purge $names >/tmp/log 2>&1 ||
        fail "dpkg --purge: $(tail -n 20 /tmp/log)"
    grep -i 'warning' /tmp/log && fail "dpkg --purge warns"
    return 0
}

case ${1-} in
--in-copy)
    install_and_remove
    exit
    ;;
--in-namespace)
    # scratch: holds the packages.
    scratch=$2
    mount -t tmpfs none "$scratch/copy" || exit 77
    cd "$scratch/copy" || exit 1
    mkdir upper work root
    mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work none root ||
        exit 77
    mkdir -p upper/tmp
    mount -t tmpfs none root/tmp
    mount --rbind /proc root/proc
    # The formats of the kernel are those of the whole machine: out of reach.
    mount -t tmpfs none root/proc/sys/fs/binfmt_misc 2>/dev/null
    mount --rbind /dev root/dev
    cp -r "$scratch/consumer" "$scratch/test" root/tmp
    mkdir root/tmp/packages
    mount --bind "$scratch/packages" root/tmp/packages
    chroot root /tmp/test --in-copy || exit 1
    # What the upper layer has, the system has too, but for records of dpkg.
    left=$(cd upper && find . -mindepth 1 ! -path './var/lib/dpkg/*' \
        ! -path './var/cache/*' ! -path './var/log/*' |
        while read -r path; do
            [ -e "/$path" ] || [ -L "/$path" ] || echo "$path"
        done)
    [ -z "$left" ] || fail "left by the packages: $left"
    removed=$(find upper -type c)
    [ -z "$removed" ] || fail "removed with the packages: $removed"
    exit 0
    ;;
esac

# ---- Making them ----

build=$1
source=$(cd "$(dirname "$0")" && pwd)
[ -e "$build/CPackConfig.cmake" ] && command -v dpkg >/dev/null || {
    echo "SKIPPED: no dpkg, or no dpkg-shlibdeps (Debian: dpkg-dev)"
    exit 77
}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$scratch/packages" "$scratch/copy"
"${CMAKE%cmake}cpack" --config "$build/CPackConfig.cmake" \
    -B "$scratch/cpack" -D CPACK_DEBIAN_COMPRESSION_TYPE=none \
    >"$scratch/log" 2>&1 || fail "cpack: $(tail -n 20 "$scratch/log")"
grep -i warning "$scratch/log" && fail "cpack warns"
mv "$scratch"/cpack/*.deb "$scratch/packages"
rm -r "$scratch/cpack"
names=$(cd "$scratch/packages" && for file in *.deb; do
    dpkg-deb -f "$file" Package
done | sort | xargs)
[ "$names" = "bcc-tools bccc libobcc-dev libobcc-doc libobcc-llvm libobcc0 libobccrun0 \
python3-obcc" ] || fail "packages: $names"
for file in "$scratch"/packages/*_amd64.deb; do
    case $file in *libobcc-dev*) continue ;; esac
    dpkg-deb -f "$file" Depends | grep -q 'libc6 (>= ' ||
        fail "$file: $(dpkg-deb -f "$file" Depends)"
done

if command -v lintian >/dev/null; then
    # Whoever makes the packages names the maintainer, and compresses them.
    tags=root-in-contact,bogus-mail-host,bogus-mail-host-in-debian-changelog
    tags=$tags,malformed-deb-archive,uses-no-compression-for-data-tarball
    lintian --allow-root --fail-on error --suppress-tags "$tags" \
        "$scratch"/packages/libobcc0_* "$scratch"/packages/bcc-tools_* \
        "$scratch"/packages/python3-obcc_* >"$scratch/log" 2>&1 ||
        fail "lintian: $(grep '^E:' "$scratch/log")"
else
    echo "not checked: there is no lintian"
fi

[ "$(id -u)" = 0 ] || {
    echo "SKIPPED: only root can install packages in a copy of the system"
    exit 77
}
cp -r "$source/consumer" "$scratch"
cp "$0" "$scratch/test"
unshare -m "$scratch/test" --in-namespace "$scratch"
