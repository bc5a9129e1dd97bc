#!/bin/sh
# test_machines.sh MACHINES...: each machine that is there has a size and a launch.
set -eu

lines=$("$@")
[ -n "$lines" ] || {
    echo "skipped: no other machine"
    exit 77
}
for triple in $(echo "$lines" | cut -f1 | sort -u); do
    echo "$lines" | grep -qE "^$triple	library	[1-9][0-9]+ bytes\$"
    echo "$lines" |
        grep -qE "^$triple	launch	[1-9][0-9]+ instructions, [1-9][0-9]* calls\$"
done
