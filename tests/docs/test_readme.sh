#!/bin/sh
# test_readme.sh SOURCE BUILD: runs every command of README.html and of the
# manual pages in order, as a new user does: in a fresh copy of what the
# repository has, with an install into /usr/local.
#
# This machine stays as it is: mounts of a namespace of this test hide the copy
# over SOURCE, an empty /usr/local and /var/cache, and overlays over /etc (for ldconfig) and
# BUILD. BUILD's files have what the pages' builds would make, so little is left
# to build. Exit status 77: the machine does not allow such mounts.
set -u
source=$1
build=$2
tests=$(cd "$(dirname "$0")" && pwd)

skip() {
    echo "skipped: $*"
    exit 77
}

# ---- In the namespace ----

# The commands that are not run, and why: PREFIX<TAB>REASON.
leave_out_of_readme() {
    tr '|' '\t' <<'EOF'
tools/cross_libraries|builds for another machine: the tests machine_* do
cmake -S . -B build-arm64|as above
ninja -C build-arm64|as above
bcc run --target aarch64-linux-gnu|as above
sudo bcc binfmt install|changes the kernel for all: test_binfmt does it
./main.bc kernel|as above
sudo cmake --build build -t uninstall|takes bcc away: test_uninstall does it
cmake -S . -B build-packages|builds anew: test_packages does the same
ninja -C build-packages|as above
cpack --config build-packages|as above
sudo apt-get install ./build-packages|as above
EOF
}

leave_out_of_manual() {
    tr '|' '\t' <<'EOF'
gdb -p|needs a process that is watched: test_debuggers does it
BCC_PERF=map perf record|needs rights of the kernel: test_debuggers does it
perf report|as above
sudo bcc binfmt install|changes the kernel for all: test_binfmt does it
./hello.bc|as above
EOF
}

make_copy() {
    git -C "$source" ls-files -z >"$work/files" &&
        mkdir "$work/source" &&
        (cd "$source" && xargs -0 cp -a --parents -t "$work/source" <"$work/files")
}

# The files that the manual pages' examples are about.
make_files_of_the_manual() {
    mkdir -p /usr/local/share/app && cd "$work/manual" || exit 1
    cat >hello.c <<'EOF'
#include <stdio.h>
int main(void) { return puts("hello") < 0; }
EOF
    cat >server.c <<'EOF'
#include <stdio.h>
__attribute__((noinline)) int serve(int n) { return printf("%d\n", n); }
int main(void) { return serve(1) < 0; }
EOF
    clang-22 -O2 -c -emit-llvm "$source/example/filter.c" \
        "$source/example/vendor.c" &&
        cp filter.bc /usr/local/share/app &&
        cp vendor.bc /usr/local/lib &&
        bcc compile filter.bc vendor.bc -o filter.oBCC
}

# check PAGES: runs their commands in the directory $1.
check() {
    directory=$1
    shift
    python3 "$tests/pages.py" whole "$directory" "$work/left_out" "$@" || status=1
}

inside() {
    work=$1
    mount -t tmpfs tmpfs "$work" || skip "no mount of a tmpfs"
    mkdir "$work/build" "$work/build-work" "$work/build-new" "$work/etc-work" \
        "$work/etc-new" "$work/cache" "$work/bin" "$work/manual"
    make_copy || exit 1
    mount -t overlay overlay -o \
        "lowerdir=$build,upperdir=$work/build-new,workdir=$work/build-work" \
        "$work/build" || skip "no overlay of the build directory"
    mount -t overlay overlay -o \
        "lowerdir=/etc,upperdir=$work/etc-new,workdir=$work/etc-work" /etc ||
        skip "no overlay of /etc"
    mount -t tmpfs tmpfs /usr/local || skip "no mount over /usr/local"
    mount -t tmpfs tmpfs /var/cache || skip "no mount over /var/cache"
    mkdir -p "$work/source/build"
    mount --bind "$work/source" "$source"
    mount --bind "$work/build" "$source/build"
    printf '#!/bin/sh\nexec "$@"\n' >"$work/bin/sudo"
    chmod +x "$work/bin/sudo"
    CCACHE_DIR=${CCACHE_DIR-$HOME/.cache/ccache}
    HOME=$work
    XDG_CACHE_HOME=$work/cache
    PATH=/usr/local/bin:$work/bin:/usr/bin:/bin:/usr/sbin:/sbin
    LC_ALL=C.UTF-8
    export CCACHE_DIR HOME XDG_CACHE_HOME PATH LC_ALL
    status=0
    cd "$source" || exit 1
    leave_out_of_readme >"$work/left_out"
    check "$source" README.html
    make_files_of_the_manual || exit 1
    leave_out_of_manual >"$work/left_out"
    check "$work/manual" "$source/docs/man/bcc.1" "$source/docs/man/bccc.8"
    exit $status
}

if [ "${3-}" = inside ]; then
    inside "$4"
    exit
fi

# ---- Outside ----

[ "$(realpath "$build")" = "$(realpath "$source")/build" ] ||
    skip "the pages build in $source/build, and this build is in $build"
git -C "$source" rev-parse >"${TMPDIR:-/tmp}/readme.$$" 2>&1 ||
    skip "$source is no repository of git"
work=$(mktemp -d) || exit 1
trap 'rmdir "$work"; rm -f "${TMPDIR:-/tmp}/readme.$$"' EXIT
trap 'exit 1' HUP INT TERM
unset BCC_BCCC BCC_CACHE_DIR BCC_TIER BCC_CACHE_PATH LD_LIBRARY_PATH \
    PKG_CONFIG_PATH
user=
[ "$(id -u)" -eq 0 ] || user=-r
unshare -m $user true 2>"${TMPDIR:-/tmp}/readme.$$" ||
    skip "no namespace of mounts"
unshare -m $user "$0" "$source" "$build" inside "$work"
