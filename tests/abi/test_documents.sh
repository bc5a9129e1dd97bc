#!/bin/sh
# test_documents.sh BUILD_DIR PREFIX: the installed documents are whole, as far as
# tools can tell: all links lead somewhere and all pages can be reached; there is
# a manual page for each function of the API; the pages are right troff.
#
# Environment: CMAKE, MANDOC, PYTHON; the last two may be empty.
set -u
build=$1
prefix=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
n_failed=0

fail() {
    echo "FAIL: $*"
    n_failed=$((n_failed + 1))
}

for component in documents development tools compiler; do
    DESTDIR=$scratch "$CMAKE" --install "$build" --component $component \
        >"$scratch/log" 2>&1 || fail "install: $(tail -n 5 "$scratch/log")"
done
documents=$(dirname "$(find "$scratch$prefix" -name README.html)")
pages=$(dirname "$(find "$scratch$prefix" -name bcc.3)")

# ---- Links ----

if [ -n "$PYTHON" ]; then
    "$PYTHON" "$source/tests/abi/check_links.py" "$documents" README.html ||
        fail "installed documents"
else
    echo "not followed: links, without Python"
fi

# ---- Manual pages ----

for library in $(find "$build" -maxdepth 3 -name 'libobcc*.so'); do
    nm -D --defined-only "$library"
done | sed -n 's/.* [TW] \(bcc[A-Z][A-Za-z0-9]*\)@.*/\1/p' >"$scratch/functions"
[ "$(wc -l <"$scratch/functions")" -gt 60 ] || fail "few functions"
while read -r function; do
    page=$pages/$function.3
    [ -e "$page" ] || fail "no manual page of $function"
    link=$(sed -n 's,^\.so man3/,,p' "$page")
    [ -z "$link" ] || page=$pages/$link
    sed -n '/^\.SH NAME/,/^\.SH SYN/p' "$page" | grep -qw "$function" ||
        fail "$page does not name $function"
    sed -n '/^\.SH SYN/,/^\.SH DES/p' "$page" | grep -qw "$function" ||
        fail "$page does not declare $function"
    sed -n '/^\.SH DES/,$p' "$page" | grep -qw "$function" ||
        fail "$page does not describe $function"
done <"$scratch/functions"

# shellcheck disable=SC2046 # names without blanks
set -- $(grep -L '^\.so ' "$scratch$prefix"/share/man/man?/*)
[ -z "$MANDOC" ] || "$MANDOC" -Tlint -W warning "$@" >"$scratch/lint" ||
    fail "$(cat "$scratch/lint")"
if command -v groff >/dev/null; then
    groff -man -ww -z "$@" 2>"$scratch/lint"
    [ ! -s "$scratch/lint" ] || fail "$(cat "$scratch/lint")"
fi
if [ -n "$MANDOC" ]; then
    for page in bcc.1 bcc.3 bccReadBC.3 bcc_run.3; do
        [ -e "$documents/docs/man/$page.html" ] || fail "no $page as HTML"
    done
    grep -q 'href="docs/man/bcc.1.html"' "$documents/README.html" ||
        fail "README.html does not lead to the manual as HTML"
else
    echo "not checked: manual pages as HTML, and by mandoc"
fi
[ $n_failed -eq 0 ]
