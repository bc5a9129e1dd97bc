#!/bin/sh
# test_sanitized_tool.sh: the tool of a build with sanitizers behaves as usual,
# and no sanitizer reports anything, even while somebody writes to the file that
# it checks.
#
# Environment: BCC (the tool), BCC_BCCC (a bccc of the same version), BITCODE
# (answer.bc of tests/e2e).
set -u
work=$(mktemp -d) || exit 1
writer=
trap '[ -z "$writer" ] || kill "$writer"; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
BCC_CACHE_DIR=$work/cache HOME=$work
export BCC_CACHE_DIR HOME
failures=0

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# clean STATUSES COMMAND...: ends with one of them, and without a report.
clean() {
    statuses=$1
    shift
    "$BCC" "$@" >"$work/out" 2>&1
    status=$?
    case " $statuses " in
    *" $status "*) ;;
    *) fail "bcc $*: exit status $status: $(cat "$work/out")" ;;
    esac
    if grep -a 'Sanitizer\|runtime error' "$work/out"; then
        fail "bcc $*: $(cat "$work/out")"
    fi
}

entry=$work/answer.oBCC
clean 0 --version
clean 2 nonsense
clean 42 run --entry answer "$BITCODE"
clean 42 run -v --report=json --entry answer "$BITCODE"
clean 1 run --entry answer "$work/missing.bc"
clean 2 xylophone
clean 2 run --xylophone "$BITCODE"
clean 0 help
clean 0 help cache gc
clean 0 compile "$BITCODE" -o "$entry"
clean 0 precompile --exports "$BITCODE"
clean 0 dump "$entry"
clean 0 dump --json "$entry"
clean 0 dump --image "$work/image" "$entry"
clean 1 dump "$BITCODE"
clean 0 cache ls
clean 0 cache stats --json
clean 0 cache verify
clean 0 cache explain --entry answer "$BITCODE"
if openssl genpkey -algorithm ed25519 -out "$work/key.pem" 2>/dev/null; then
    openssl pkey -in "$work/key.pem" -pubout -out "$work/key.pub"
    clean 1 verify --key "$work/key.pub" "$entry"
    clean 0 sign --key "$work/key.pem" "$entry"
    clean 0 verify --key "$work/key.pub" "$entry"
    clean 1 sign --key "$work/key.pub" "$entry"
fi

# The number of sections, at 14: many, and as it was.
cp "$entry" "$work/cache/answer.oBCC"
dd if="$entry" of="$work/right" bs=1 skip=14 count=2 2>/dev/null
printf '\377\377' >"$work/wrong"
while [ -d "$work" ]; do
    for bytes in wrong right; do
        for file in "$entry" "$work/cache/answer.oBCC"; do
            dd if="$work/$bytes" of="$file" bs=1 seek=14 conv=notrunc
        done
    done
done 2>/dev/null &
writer=$!
for round in 1 2 3 4 5 6 7 8 9 10; do
    clean "0 1" dump "$entry"
    clean "0 1" cache verify
    [ ! -f "$work/key.pub" ] || clean "0 1" verify --key "$work/key.pub" "$entry"
    cp "$entry" "$work/copy.oBCC"
    [ ! -f "$work/key.pem" ] ||
        clean "0 1" sign --key "$work/key.pem" "$work/copy.oBCC" "$entry"
    clean 42 run --entry answer "$BITCODE"
done

[ "$failures" -eq 0 ]
