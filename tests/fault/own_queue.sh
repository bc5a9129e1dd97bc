# Sourced: the rest of this script runs with a queue of compilers of its own. The
# compilers of a user that work in the background stand in one queue
# (tools/bccc/later.c); those of other tests would fill it, and what finds no
# place is not made before another launch. BCC_TEST_OWN_QUEUE: it has one; else
# this user may not mount.
if [ -z "${BCC_TEST_OWN_QUEUE-}" ] && [ "$(id -u)" -eq 0 ] &&
    unshare -m mount -t tmpfs none /dev/shm 2>/dev/null; then
    BCC_TEST_OWN_QUEUE=1 exec unshare -m sh -c \
        'mount -t tmpfs -o mode=1777 none /dev/shm; exec "$0" "$@"' "$0" "$@"
fi
