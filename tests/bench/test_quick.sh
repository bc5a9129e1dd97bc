#!/bin/sh
# Each row of the benchmark gives numbers, the JSON is well-formed, and the
# chart is a drawing. No time is asserted.
#
#     test_quick.sh BCC_BENCH RUN_CASE_JSON DIR
set -eu
. "$(dirname "$0")/../fault/own_queue.sh"

bench=$1 json=$2 dir=$3
mkdir -p "$dir"
"$bench" --quick --busy-ok --dir "$dir" >"$dir/table" || {
    cat "$dir/table"
    exit 1
}
"$json" machine quick sides figures <"$dir/bench.json"
# One object a line.
sed 's/{"row"/\n&/g' "$dir/bench.json" >"$dir/lines"
for row in $("$bench" --list); do
    grep -q "^{\"row\":\"$row\".*\"verdict\":\"[^n]" "$dir/lines" || {
        echo "$row: no figure"
        cat "$dir/table"
        exit 1
    }
done
if grep -e '"value":null' -e '"verdict":"not ' "$dir/lines"; then
    exit 1
fi
grep -q '^</svg>$' "$dir/bench.svg"

# A directory that others may write to is no cache: no launch is a hit there.
chmod g+w "$dir/Model.cache"
if "$bench" --quick --busy-ok --dir "$dir" L2 >"$dir/table" 2>&1; then
    echo "a launch that was no hit was taken for one"
    exit 1
fi
chmod g-w "$dir/Model.cache"
grep -q 'not measured: .*a hit was not a hit' "$dir/table"
