#!/bin/sh
# machine_compiler.sh SOURCE BUILD BCC: one miss and one hit on AArch64, under
# qemu-user: library, tool and compiler built for it, with Debian's LLVM of that
# architecture, which is unpacked and not installed. What that compiler makes has
# the bytes of what BCC, the tool of this machine, makes for AArch64. It takes
# minutes: only if BCC_MACHINE_TESTS is "all". Exit status 77: skipped.
set -eu

source=$1
build=$2
bcc=$3
triple=aarch64-linux-gnu
llvm=22
skip() {
    echo "skipped: $1"
    exit 77
}
[ "${BCC_MACHINE_TESTS-}" = all ] || skip "ninja check_machines runs it"
for program in $triple-g++ qemu-aarch64 llvm-config-$llvm clang-$llvm; do
    command -v $program >/dev/null || skip "$program is not installed"
done
libraries=$(dirname "$build")/cross-libraries
"$source/tools/cross_libraries" $triple "$libraries" ||
    skip "no sources of the libraries for $triple"

# ---- LLVM for arm64 ----

packages=$build/packages
root=$packages/root
apt() {
    apt-get -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 \
        -o APT::Sandbox::User=root -o Dir::State::status=/dev/null \
        -o Dir::State::lists="$packages/lists" -o Dir::Cache="$packages/cache" \
        "$@"
}
if [ ! -e "$packages/complete" ]; then
    rm -rf "$packages"
    mkdir -p "$root" "$packages/lists/partial" \
        "$packages/cache/archives/partial"
    # Archives of others have no packages for arm64: what counts is what comes.
    apt update >/dev/null 2>&1 || :
    (cd "$packages" && apt download llvm-$llvm-dev libzstd-dev zlib1g-dev \
        libjemalloc-dev libssl-dev) || skip "no LLVM $llvm for arm64"
    for package in "$packages"/*.deb; do
        dpkg -x "$package" "$root"
    done
    : >"$packages/complete"
fi
foreign=$root/usr/lib/$triple
native=$(llvm-config-$llvm --prefix)
# The native program answers for the same version, with paths in there.
cat >"$packages/llvm-config" <<EOF
#!/bin/sh
exec 2>&1
$native/bin/llvm-config "\$@" | sed 's,$native,$root$native,g'
EOF
chmod +x "$packages/llvm-config"

# ---- Build ----

cmake -S "$source" -B "$build/tree" -G Ninja \
    --toolchain "$source/cmake/toolchains/$triple.cmake" \
    -DBCC_CROSS_LIBRARIES="$libraries" -DBCC_BUILD_TESTS=OFF \
    -DBCC_LLVM_VERSION=$llvm -DBCC_LLVM_CONFIG="$packages/llvm-config" \
    -DBCC_LLVM_OPT="$native/bin/opt" \
    -DBCC_ZSTD_STATIC="$foreign/libzstd.a" \
    -DBCC_STDCXX_STATIC="$($triple-g++ -print-file-name=libstdc++.a)" \
    -DBCC_CRYPTO_STATIC="$foreign/libcrypto.a" \
    -DBCC_JEMALLOC_STATIC="$foreign/libjemalloc.a"
ninja -C "$build/tree" bcc bccc

# ---- Run ----

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cat >"$work/main.c" <<'EOF'
#include <stdio.h>
static _Thread_local int count = 40;
static int *volatile place;
int main(int argc, char **argv)
{
    (void)argv;
    place = &count;
    *place += argc;
    printf("%d\n", count + 1);
    return 7;
}
EOF
clang-$llvm --target=$triple -isystem /usr/$triple/include -O2 -fPIC \
    -emit-llvm -c "$work/main.c" -o "$work/main.bc"
printf '#!/bin/sh\nexec qemu-aarch64 -L /usr/%s "%s" "$@"\n' $triple \
    "$build/tree/libexec/bcc/bccc" >"$work/bccc"
chmod +x "$work/bccc"
# run BCCC: the program, with that compiler
run() {
    status=0
    output=$(BCC_BCCC=$1 BCC_CACHE_DIR=$work/cache qemu-aarch64 \
        -L /usr/$triple "$build/tree/bin/bcc" run "$work/main.bc") ||
        status=$?
    [ "$status" = 7 ] && [ "$output" = 42 ] || {
        echo "FAIL: status $status, output '$output'"
        exit 1
    }
}
run "$work/bccc"
ls "$work"/cache/*.oBCC >/dev/null || ls -R "$work/cache"
run /nonexistent # a hit needs no compiler

# compile RESULT COMMAND...: main.bc to $work/RESULT, for one CPU.
compile() {
    result=$1
    shift
    "$@" compile --target $triple --cpu cortex-a76 --entry main \
        "$work/main.bc" -o "$work/compared.oBCC" || exit 1
    mv "$work/compared.oBCC" "$work/$result"
}
BCC_BCCC=$work/bccc compile there qemu-aarch64 -L /usr/$triple \
    "$build/tree/bin/bcc"
compile here "$bcc"
cmp "$work/there" "$work/here"
echo "compiled for $triple by bccc for $triple, and a hit without it"
