#!/bin/sh
# test_user.sh TEST: an ordinary user, what root owns, and what another user
# owns: caches, entries, and the marks in their times. Each test is a function
# below; CTest runs them one by one. They need root, which gives files away.
#
# Environment: BCC, BCC_BCCC, CLANG, RUN_STATUS (run_case_status).
set -u
. "$(dirname "$0")/run_case_lib.sh"

user=$((20000 + $$ % 20000 * 2)) # not those of a test at the same time
other=$((user + 1))
trap 'remove_work; rm -rf "/dev/shm/bcc-$user" "/dev/shm/bcc-$other"' EXIT

[ "$(id -u)" -eq 0 ] || skip "needs root"
command -v setpriv >/dev/null || skip "no setpriv"
setpriv --reuid $user --regid $user --clear-groups test -x "$BCC" ||
    skip "another user cannot run $BCC"
chmod 755 "$work"
unset BCC_CACHE_DIR

# as_user NAME ARGS...: bcc of the ordinary user.
as_user() {
    as_name=$1
    shift
    run "$as_name" env HOME="$work/home" XDG_CACHE_HOME="$work/home/.cache" \
        TMPDIR="$work/home" setpriv --reuid $user --regid $user \
        --clear-groups "$BCC" "$@"
}

# An ordinary user's home, and a program in it.
set_scene() {
    mkdir -m 700 "$work/home"
    cat >"$work/small.c" <<'C'
#include <stdio.h>
int main(void)
{
    puts("hello");
    return 3;
}
C
    "$CLANG" -O2 -fPIC -emit-llvm -c "$work/small.c" -o "$work/home/small.bc" ||
        exit 1
    chown -R $user:$user "$work/home"
    small=$work/home/small.bc
}

# root_fills DIR: a cache of root's, mode 755, with the entry.
root_fills() {
    mkdir -m 755 "$1"
    run fill "$BCC" precompile --cache-dir "$1" --entry main "$small"
    expect fill "exit 0"
    chmod 644 "$1"/*.oBCC
}

# ran NAME CACHE: the program ran, and its code came from there.
ran() {
    expect "$1" "exit 3"
    [ "$(cat "$work/$1.out")" = hello ] || fail "$1: $(cat "$work/$1.out")"
    reported "$1" "$2"
}

test_a_user_has_a_cache_of_its_own() {
    set_scene
    as_user cold run --report=json --tier=best "$small"
    ran cold miss
    as_user warm run --report=json --tier=best "$small"
    ran warm hit
    find "$work/home/.cache" ! -user $user >"$work/foreign"
    [ ! -s "$work/foreign" ] || fail "not the user's: $(cat "$work/foreign")"
    find "$work/home/.cache" -type f -perm /022 >"$work/open"
    [ ! -s "$work/open" ] || fail "others may write $(cat "$work/open")"
}

# What root made is trusted, is hit again and again, and stays as it is.
test_entries_of_root_are_hit_and_not_changed() {
    set_scene
    root_fills "$work/system"
    touch -d '3 days ago' "$work/system"/*.oBCC
    stat -c '%Y %Z %s' "$work/system"/* >"$work/before"
    for i in 1 2 3; do
        as_user "hit$i" run --report=json --cache-dir "$work/system" "$small"
        ran "hit$i" hit
    done
    stat -c '%Y %Z %s' "$work/system"/* >"$work/after"
    cmp "$work/before" "$work/after" || fail "the user's hits changed it"
    # A miss there runs from memory, and leaves nothing.
    ls -A "$work/system" >"$work/before"
    as_user miss run --report=json --cache-dir "$work/system" -O1 "$small"
    ran miss off
    ls -A "$work/system" >"$work/after"
    cmp "$work/before" "$work/after" || fail "the user's miss left something"
    as_user make precompile --cache-dir "$work/system" -O1 --entry main "$small"
    complains make "Permission denied"
}

# The memory that an entry was checked: a marker of the user's own. Damage that
# comes with other times is found.
test_damage_of_an_entry_of_root_is_found() {
    set_scene
    root_fills "$work/system"
    as_user first run --report=json --cache-dir "$work/system" "$small"
    ran first hit
    [ "$(stat -c %u "/dev/shm/bcc-$user")" = $user ] ||
        fail "no place for markers"
    victim=$(echo "$work/system"/*.oBCC)
    printf X | dd of="$victim" bs=1 conv=notrunc status=none \
        seek=$(($(wc -c <"$victim") - 1))
    as_user damaged run --report=json --cache-dir "$work/system" "$small"
    ran damaged off
}

test_a_place_for_markers_of_another_user_is_not_used() {
    set_scene
    root_fills "$work/system"
    mkdir -m 755 "/dev/shm/bcc-$user"
    chown $other:$other "/dev/shm/bcc-$user"
    for i in 1 2; do
        as_user "hit$i" run --report=json --cache-dir "$work/system" "$small"
        ran "hit$i" hit
    done
    [ -z "$(ls -A "/dev/shm/bcc-$user")" ] || fail "it was used"
    chown $user:$user "/dev/shm/bcc-$user"
    chmod 777 "/dev/shm/bcc-$user"
    as_user open run --report=json --cache-dir "$work/system" "$small"
    ran open hit
    [ -z "$(ls -A "/dev/shm/bcc-$user")" ] || fail "others may write it"
}

# Markers are removed when there are some 16,000, before the next is made. What
# else is there stays.
test_many_markers_are_removed() {
    set_scene
    root_fills "$work/system"
    place=/dev/shm/bcc-$user
    mkdir -m 700 "$place"
    seq 16500 | sed "s,^,$place/," | xargs touch
    touch "$place/.hidden"
    chown -R $user:$user "$place"
    as_user hit run --report=json --cache-dir "$work/system" "$small"
    ran hit hit
    [ "$(ls "$place" | wc -l)" -le 2 ] ||
        fail "$(ls "$place" | wc -l) markers are left"
    [ -e "$place/.hidden" ] || fail "more than markers were removed"
    seq 16000 | sed "s,^,$place/," | xargs touch
    chown -R $user:$user "$place"
    touch -d '1 hour ago' "$work/system"/*.oBCC
    as_user again run --report=json --cache-dir "$work/system" "$small"
    ran again hit
    [ "$(ls "$place" | wc -l)" -ge 16000 ] || fail "removed below the limit"
}

test_what_another_user_owns_is_not_trusted() {
    set_scene
    root_fills "$work/system"
    chown $other:$other "$work/system"/*.oBCC
    as_user entry run --report=json --cache-dir "$work/system" "$small"
    ran entry off
    as_user explain cache explain --cache-dir "$work/system" "$small"
    says explain out "belongs to user $other"
    chown root:root "$work/system"/*.oBCC
    chown $other:$other "$work/system"
    as_user directory run --report=json --cache-dir "$work/system" "$small"
    ran directory off
    says directory report "belongs to user $other"
    # Root trusts neither, though root may read and write it.
    run root "$BCC" run --report=json --cache-dir "$work/system" "$small"
    ran root off
    says root report "belongs to user $other"
    # What only the group may write, too.
    chown root:$user "$work/system"
    chmod 775 "$work/system"
    as_user group run --report=json --cache-dir "$work/system" "$small"
    ran group off
    says group report "writable by group or others"
}

# The user's own directory, with an entry that the user could not have made.
test_an_entry_of_another_user_is_replaced() {
    set_scene
    as_user cold run --report=json --tier=best "$small"
    entry=$(find "$work/home/.cache" -name '*.oBCC')
    chown $other:$other "$entry"
    as_user replaced run --report=json --tier=best "$small"
    ran replaced miss
    says replaced report "belongs to user $other"
    [ "$(stat -c %u "$entry")" = $user ] || fail "the entry is not the user's"
    as_user warm run --report=json --tier=best "$small"
    ran warm hit
}

# What the tool may not do, it says.
test_the_tool_says_what_is_not_permitted() {
    set_scene
    root_fills "$work/system"
    as_user clear cache clear --cache-dir "$work/system"
    expect clear "exit 1"
    says clear err "bcc: "
    as_user gc cache gc --cache-dir "$work/system" --max-size 0
    [ -e "$(echo "$work/system"/*.oBCC)" ] || fail "an entry of root is gone"
    as_user verify cache verify --cache-dir "$work/system"
    expect verify "exit 0"
    as_user out compile "$small" -o "$work/out.oBCC"
    complains out "Permission denied"
    [ ! -e "$work/out.oBCC" ] || fail "out.oBCC was made"
    chmod 600 "$work/system"/*.oBCC
    as_user hidden dump "$(echo "$work/system"/*.oBCC)"
    complains hidden "Permission denied"
    as_user list cache ls --cache-dir "$work/system"
    says list out "Permission denied"
    chmod 000 "$work/home/small.bc"
    as_user unreadable run "$small"
    complains unreadable "$small: Permission denied"
}

# ---- Which ----

if [ $# -ne 1 ]; then
    echo "usage: test_user.sh TEST, one of:"
    sed -n 's/^\(test_[a-z0-9_]*\)() {$/    \1/p' "$0"
    exit 2
fi
"$1"
finish
