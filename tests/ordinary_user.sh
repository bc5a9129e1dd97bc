#!/bin/sh
# ordinary_user.sh COMMAND [ARGS...]: run a test as a user who owns nothing here.
# Root may write and own everything, so what the system refuses is met by this
# user alone. Exit status 77: the test runs as an ordinary user anyway, or this
# system gives no way to become one.
set -u
uid=$((20000 + $$ % 20000 * 2)) # not that of a test at the same time

skip() {
    echo "SKIPPED: $*"
    exit 77
}

[ "$(id -u)" -eq 0 ] || skip "this is an ordinary user: the test itself is one"
command -v setpriv >/dev/null || skip "no setpriv"
as="setpriv --reuid $uid --regid $uid --clear-groups"
# shellcheck disable=SC2086 # a command and its options
$as test -x "$1" || skip "another user cannot run $1"
for path in "${BCC_BCCC-}" "${BCC-}"; do
    # shellcheck disable=SC2086
    [ -z "$path" ] || $as test -x "$path" ||
        skip "another user cannot run $path"
done
home=$(mktemp -d) || exit 1
trap 'rm -rf "$home" "/dev/shm/bcc-$uid"' EXIT
trap 'exit 1' HUP INT TERM
chmod 700 "$home"
chown $uid:$uid "$home"
# shellcheck disable=SC2086
HOME=$home TMPDIR=$home XDG_CACHE_HOME=$home/.cache $as "$@"
