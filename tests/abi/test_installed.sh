#!/bin/sh
# test_installed.sh BUILD_DIR PREFIX: installs the build into a private root, as
# a packager does, and builds and runs a consumer there, which finds libbcc once
# by pkg-config and once by find_package(). The library must find the compiler
# that was installed with it.
#
# Environment: CLANG, CC, CMAKE.
set -u
umask 022
build=$1
prefix=$2
source=$(cd "$(dirname "$0")" && pwd)/consumer
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
trap 'exit 1' HUP INT TERM
unset BCC_BCCC BCC_CACHE_DIR LD_LIBRARY_PATH PKG_CONFIG_PATH

fail() {
    echo "FAIL: $*"
    exit 1
}

DESTDIR=$root "$CMAKE" --install "$build" >"$root/install.log" 2>&1 ||
    fail "install: $(tail -n 20 "$root/install.log")"
installed=$root$prefix
library=$(find "$installed" -name libobcc.so)
[ -n "$library" ] || fail "no libobcc.so under $prefix"
libdir=${library%/libobcc.so}
[ -e "$libdir/libobccrun.so.0" ] || fail "no libobccrun.so.0 beside libobcc.so"
for file in include/bcc/bcc.h include/bcc/bcc_cache.h include/bcc/bcc_llvm.h \
    include/bcc/bcc_run.h include/bcc/bcc_script.h \
    bin/bcc share/bash-completion/completions/bcc \
    share/zsh/site-functions/_bcc share/fish/vendor_completions.d/bcc.fish; do
    [ -s "$installed/$file" ] || fail "no $file under $prefix"
done
for file in share/bash-completion/completions/bcc \
    share/zsh/site-functions/_bcc share/fish/vendor_completions.d/bcc.fish; do
    grep -q binfmt "$installed/$file" || fail "$file lacks commands"
done

echo 'int answer(void) { return 42; }' |
    "$CLANG" -O2 -fPIC -emit-llvm -x c -c - -o "$root/answer.bc" || fail clang

# run NAME PROGRAM: the consumer, with the loader's path as its only help.
run() {
    mkdir -m 700 "$root/cache-$1"
    LD_LIBRARY_PATH=$libdir "$2" "$root/answer.bc" "$root/cache-$1" ||
        fail "$1: the consumer ended with $?"
}

if command -v pkg-config >/dev/null; then
    PKG_CONFIG_PATH=$libdir/pkgconfig
    PKG_CONFIG_SYSROOT_DIR=$root
    export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
    # shellcheck disable=SC2046 # flags are words
    "$CC" -std=c99 -Wall -pedantic -Werror $(pkg-config --cflags obcc) \
        "$source/consumer.c" $(pkg-config --libs obcc) -o "$root/by-pkg-config" ||
        fail "pkg-config: $(pkg-config --cflags --libs obcc)"
    unset PKG_CONFIG_SYSROOT_DIR
    run pkg-config "$root/by-pkg-config"
fi

"$CMAKE" -S "$source" -B "$root/build" -DCMAKE_PREFIX_PATH="$installed" \
    -DCMAKE_C_COMPILER="$CC" >"$root/configure.log" 2>&1 ||
    fail "find_package: $(tail -n 20 "$root/configure.log")"
"$CMAKE" --build "$root/build" >"$root/build.log" 2>&1 ||
    fail "build: $(tail -n 20 "$root/build.log")"
run find_package "$root/build/consumer"
LD_LIBRARY_PATH=$libdir "$root/build/consumer-pool" || fail "obcc::run: $?"

# The static library: nothing but the API is global in it, and what debuggers
# look for, which is weak.
names=$(nm --defined-only --extern-only "$libdir/libobcc.a" |
    awk 'NF == 3 && $3 !~ /^bcc[A-Z]/ &&
        ($2 !~ /[VW]/ || $3 !~ /^__jit_debug_/) { print $3 }')
[ -z "$names" ] || fail "libobcc.a defines: $names"
BCC_BCCC=$(find "$installed" -name bccc -type f)
export BCC_BCCC # where the program lies tells nothing of it
run static "$root/build/consumer-static"
unset BCC_BCCC
readelf -d "$root/build/consumer-static" | grep -q 'libobcc' &&
    fail "consumer-static needs libobcc.so"

# iovisor's BCC has a libbcc.so.0. Both libraries lie in one directory, and a
# client of each gets its own.
other=$(find /usr/lib -name 'libbcc.so.0' 2>/dev/null | head -n 1)
if [ -n "$other" ]; then
    cp -L "$other" "$libdir/libbcc.so.0"
    "$CC" "$source/iovisor.c" "$libdir/libbcc.so.0" -o "$root/iovisor" \
        -Wl,--unresolved-symbols=ignore-in-shared-libs || fail "iovisor.c"
    LD_LIBRARY_PATH=$libdir "$root/iovisor" || fail "iovisor's client: $?"
    run beside-iovisor "$root/build/consumer"
else
    echo "not tried beside iovisor's BCC: no libbcc.so.0 (Debian: libbpfcc)"
fi

# The installed tool finds its compiler too.
echo 'int main(void) { return 42; }' |
    "$CLANG" -O2 -fPIC -emit-llvm -x c -c - -o "$root/main.bc" || fail clang
"$installed/bin/bcc" run --no-cache "$root/main.bc"
status=$?
[ $status -eq 42 ] || fail "the installed bcc run ended with $status"
if [ -e "$build/libexec/bcc/libobcc-llvm.so" ]; then
    "$installed/bin/bcc" run --no-cache --jit=in-process "$root/main.bc"
    status=$?
    [ $status -eq 42 ] || fail "bcc run --jit=in-process ended with $status"
fi
