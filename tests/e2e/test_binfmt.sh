#!/bin/sh
# test_binfmt.sh TEST: bcc binfmt with the kernel's binfmt_misc. Each test is a
# function below; CTest runs them one by one, each in a user namespace, which
# has a binfmt_misc of its own since Linux 6.7. Where there is none, they are
# skipped.
#
# Environment: BCC, CLANG, RUN_STATUS, CHECK_JSON (run_case_json).
set -u
kernel=/proc/sys/fs/binfmt_misc
if [ -z "${IN_NAMESPACE-}" ]; then
    unshare -Urm mount -t binfmt_misc none $kernel 2>/dev/null || {
        echo "SKIPPED: no binfmt_misc in a user namespace (Linux 6.7, unshare)"
        exit 77
    }
    IN_NAMESPACE=1 exec unshare -Urm "$0" "$@"
fi
. "$(dirname "$0")/run_case_lib.sh"

# ---- Helpers ----

# The real update-binfmts, if any, works with a database of the test's own; the
# one of the system is out of reach.
real=$(PATH=$PATH:/usr/sbin command -v update-binfmts) &&
    cp "$real" "$work/real" && mount --bind /dev/null "$real"
[ ! -e $kernel/register ] || umount $kernel

registered() {
    find $kernel -name 'bcc-*' | wc -l
}

# The same program in all formats, executable.
make_programs() {
    "$CLANG" -O2 -fPIC -emit-llvm -x c -c - -o "$work/raw.bc" <<'C' || exit 1
#include <stdio.h>
int main(int argc, char **argv)
{
    printf("%s: hello %s\n", argv[0], argc > 1 ? argv[1] : "nobody");
    return 3;
}
C
    size=$(wc -c <"$work/raw.bc")
    {
        # Magic, version, offset, size and CPU type.
        printf '\336\300\027\013\000\000\000\000\024\000\000\000'
        # shellcheck disable=SC2059 # octal escapes
        printf "\\$(printf %o $((size % 256)))\\$(printf %o $((size / 256)))"
        printf '\000\000\007\000\000\001'
        cat "$work/raw.bc"
    } >"$work/wrapped.bc"
    "$BCC" compile --entry main "$work/raw.bc" -o "$work/compiled" ||
        fail compile
    chmod +x "$work/raw.bc" "$work/wrapped.bc" "$work/compiled"
}

# Each format is started by the kernel.
all_start() {
    for program in raw.bc wrapped.bc compiled; do
        run started env "$work/$program" you
        expect started "exit 3"
        says started out "$work/$program: hello you"
    done
}

# Of those who start a file, bash alone does not pass it to a shell if the
# kernel refuses it.
none_starts() {
    run refused bash -c 'exec "$1"' - "$work/raw.bc"
    expect refused "exit 126"
}

# ---- Tests ----

test_the_kernel_starts_bitcode() {
    mount -t binfmt_misc none $kernel || fail mount
    make_programs
    none_starts
    run before "$BCC" binfmt show
    expect before "exit 1"
    [ "$(grep -c 'not registered' "$work/before.out")" -eq 3 ] || fail before
    run install "$BCC" binfmt install
    expect install "exit 0"
    says install out "until the next boot"
    says install out "/bcc-run"
    all_start
    # A name that looks like an option.
    mkdir "$work/dir"
    cp "$work/raw.bc" "$work/dir/-O0"
    env=$(command -v env)
    (cd "$work/dir" && PATH='' "$env" -- -O0) >"$work/dash.out"
    [ "$(cat "$work/dash.out")" = "-O0: hello nobody" ] || fail dash
    run again "$BCC" binfmt install
    expect again "exit 0"
    [ "$(registered)" -eq 3 ] || fail "again: $(ls $kernel)"
    run json "$BCC" binfmt show --json
    expect json "exit 0"
    "$CHECK_JSON" <"$work/json.out" || fail "json: $(cat "$work/json.out")"
    run remove "$BCC" binfmt remove
    expect remove "exit 0"
    [ "$(registered)" -eq 0 ] || fail "remove: $(ls $kernel)"
    none_starts
}

test_install_mounts_binfmt_misc() {
    run unmounted "$BCC" binfmt show
    complains unmounted "not mounted"
    run install "$BCC" binfmt install
    expect install "exit 0"
    [ "$(registered)" -eq 3 ] || fail "install: $(ls $kernel)"
}

test_show_names_what_else_takes_the_files() {
    mount -t binfmt_misc none $kernel || fail mount
    echo ':rival:M:0:BC::/usr/bin/lli:' >$kernel/register
    printf '%s' ':masked:M:0:BC\x00\xde:\xff\xff\x00\xff:/bin/masked:' \
        >$kernel/register
    echo ':other:M:0:BCC::/bin/other:' >$kernel/register
    run show "$BCC" binfmt show
    expect show "exit 1"
    says show out "also taken by rival: /usr/bin/lli"
    says show out "also taken by masked: /bin/masked"
    [ "$(grep -c 'also taken' "$work/show.out")" -eq 2 ] ||
        fail "$(cat "$work/show.out")"
    run json "$BCC" binfmt show --json
    "$CHECK_JSON" <"$work/json.out" || fail "json: $(cat "$work/json.out")"
    says json out '"rival":"/usr/bin/lli"'
    "$BCC" binfmt install >/dev/null || fail install
    echo 0 >$kernel/bcc-compiled
    run disabled "$BCC" binfmt show
    expect disabled "exit 1"
    says disabled out "(disabled)"
    "$BCC" binfmt remove || fail remove
    [ -e $kernel/rival ] || fail "the rival is gone"
}

# managed: with $work/bin/update-binfmts.
managed() {
    PATH=$work/bin:$PATH
    mount -t binfmt_misc none $kernel || fail mount
    make_programs
    run install "$BCC" binfmt install
    expect install "exit 0"
    grep -q "next boot" "$work/install.out" && fail "install: nothing keeps it"
    [ "$(registered)" -eq 3 ] || fail "install: $(ls $kernel)"
    all_start
    run remove "$BCC" binfmt remove
    expect remove "exit 0"
    [ "$(registered)" -eq 0 ] || fail "remove: $(ls $kernel)"
    none_starts
}

test_update_binfmts_keeps_the_formats() {
    [ -n "$real" ] || skip "no update-binfmts (Debian: binfmt-support)"
    mkdir "$work/bin" "$work/admin" "$work/import"
    cat >"$work/bin/update-binfmts" <<SH
#!/bin/sh
exec "$work/real" --admindir "$work/admin" --importdir "$work/import" "\$@"
SH
    chmod +x "$work/bin/update-binfmts"
    managed
    [ -z "$(ls "$work/admin")" ] || fail "still kept: $(ls "$work/admin")"
}

# What of update-binfmts bcc makes use of, where Debian's is missing.
test_a_manager_gets_names_interpreter_and_magic() {
    mkdir "$work/bin"
    cat >"$work/bin/update-binfmts" <<SH
#!/bin/sh
case \$# in
5) [ "\$1 \$4" = "--install --magic" ] && [ -x "\$3" ] &&
    printf ':%s:M:0:%s::%s:' "\$2" "\$5" "\$3" >$kernel/register ;;
3) [ "\$1" = --remove ] && echo -1 >"$kernel/\$2" ;;
esac
SH
    chmod +x "$work/bin/update-binfmts"
    managed
    printf '#!/bin/sh\nexit 2\n' >"$work/bin/update-binfmts"
    run refused "$BCC" binfmt install
    expect refused "exit 1"
}

test_refusals_say_what_to_do() {
    for action in install remove; do
        run user unshare -U "$BCC" binfmt $action
        complains user "sudo bcc binfmt $action"
    done
    run unmountable unshare -Ur "$BCC" binfmt install
    complains unmountable "modprobe binfmt_misc"
    mkdir "$work/bin"
    cp "$BCC" "$work/bin/bcc"
    run alone "$work/bin/bcc" binfmt install
    complains alone "bcc-run: No such file or directory"
    mount -t binfmt_misc none $kernel || fail mount
    "$BCC" binfmt install >/dev/null || fail install
    mount -o remount,bind,ro $kernel || fail remount
    for action in install remove; do
        run readonly "$BCC" binfmt $action
        complains readonly "$kernel/bcc-bitcode: Read-only file system"
    done
    [ "$(registered)" -eq 3 ] || fail "$(ls $kernel)"
}

# ---- Which ----

if [ $# -ne 1 ]; then
    echo "usage: test_binfmt.sh TEST, one of:"
    sed -n 's/^\(test_[a-z0-9_]*\)() {$/    \1/p' "$0"
    exit 2
fi
"$1"
finish
