#!/bin/sh
# check_house.sh SOURCE_DIR BUILD_DIR: the rules of style and structure that
# tools can check. Each violation is one line: file, line, fact.
#   - clang-format and .clang-format agree with every file
#   - clang-tidy and .clang-tidy: no warning; no function of more than 60 lines,
#     6 parameters or 3 levels of nesting
#   - no two files of lib/ and tools/ have one name
#   - tools/bcc is a client of the public API: it includes no header of lib/bcc
#   - files of a library of lib/ do not call each other in a circle
#   - tools/bcc/warm_functions.txt, sorted, names functions that there are
# Environment: CLANG_FORMAT, CLANG_TIDY. If one is missing, its part is skipped,
# and a message says so.
set -u
cd "$1" || exit 1
build=$2
failures=0
results=$(mktemp) && commands=$(mktemp -d) || exit 1
trap 'rm -rf "$results" "$commands"' EXIT
trap 'exit 1' HUP INT TERM

found() {
    if [ -s "$results" ]; then
        echo "FAIL: $1:"
        cat "$results"
        failures=1
    fi
}

if [ -n "${CLANG_FORMAT-}" ]; then
    find lib tools include tests \( -name '*.[ch]' -o -name '*.cpp' \) \
        ! -path 'tests/e2e/cases/*' ! -path 'tests/e2e/front_ends/*' \
        ! -path 'tests/bench/compute/*' \
        -exec "$CLANG_FORMAT" --dry-run {} + 2>&1 |
        grep 'warning:' >"$results"
    found "not as .clang-format says"
else
    echo "skipped: there is no clang-format"
fi

# Without the options that clang does not know.
if [ -n "${CLANG_TIDY-}" ]; then
    sed 's/ -malign-data=abi//; s/ -fno-align-[a-z]*//g' \
        "$build/compile_commands.json" >"$commands/compile_commands.json"
    find lib tools -name '*.c' ! -path '*/routines/*' -print0 |
        xargs -0 -P "$(nproc)" -n 8 "$CLANG_TIDY" -p "$commands" --quiet \
            --extra-arg=-Wno-unknown-warning-option 2>/dev/null |
        grep -E '(error|warning): ' >"$results"
    found "clang-tidy"
else
    echo "skipped: there is no clang-tidy"
fi

find lib tools -name '*.[ch]' ! -path '*/routines/*' | sed 's,.*/,,' | sort |
    uniq -d | grep -vE '^(main)\.c$' >"$results"
found "names that several files have"

for header in lib/bcc/*.h; do
    grep -rnF "\"$(basename "$header")\"" tools/bcc --include='*.[ch]'
done >"$results"
found "headers of lib/bcc that the tool includes"

# Who calls whom, from the symbol tables; tsort names the members of a circle.
for archive in $(find "$build/lib" -name 'libbcc_*.a' ! -name '*routines*'); do
    nm -A "$archive" | awk '
        { split($1, at, ":"); object = at[2] }
        $2 == "U" { from[++n] = object; wants[n] = $3 }
        $2 ~ /[TDBRVW]/ { home[$3] = object }
        END {
            for (i = 1; i <= n; i++)
                if (wants[i] in home && home[wants[i]] != from[i])
                    print from[i], home[wants[i]]
        }' | sed 's/\.c\.o//g' | sort -u | tsort 2>&1 >/dev/null |
        sed "s,^tsort: -:,$(basename "$archive"):,; s,^tsort:, ,"
done >"$results"
found "files that call each other in a circle"

# But for xxhash.h's.
grep -rhoE '\<[a-z_A-Z0-9]+\(' lib tools include --include='*.[ch]' |
    tr -d '(' | LC_ALL=C sort -u |
    LC_ALL=C comm -13 - tools/bcc/warm_functions.txt 2>&1 |
    grep -v '^XXH' >"$results"
found "warm functions that no source has"
exit $failures
