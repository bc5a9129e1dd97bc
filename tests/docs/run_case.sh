#!/bin/sh
# run_case.sh PAGE CASE: does what one section of a page of the documentation
# says, with the tools of this build. Exit status 77: something that the section
# needs is not installed.
#
# Environment: BCC, BCC_BCCC, CLANG, CLANGXX, CC; BCC_LIBRARIES: the directory of
# the libraries.
set -u
umask 022
tests=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/bin" "$work/case" "$work/cache"
chmod 700 "$work/cache"

# The names that the pages use, whatever these tools are called here. Python is
# Debian's, as its packages are.
for pair in "bcc:$BCC" "clang-22:$CLANG" "clang++-22:$CLANGXX" "cc:$CC" \
    "python3:/usr/bin/python3"; do
    tool=$(command -v "${pair#*:}") || continue
    printf '#!/bin/sh\nexec %s "$@"\n' "$tool" >"$work/bin/${pair%%:*}"
    chmod +x "$work/bin/${pair%%:*}"
done
PATH=$work/bin:$PATH
XDG_CACHE_HOME=$work/cache-home # of the front ends
BCC_CACHE_DIR=$work/cache
BCC_TIER=best
# Where an installation has its headers and libraries.
C_INCLUDE_PATH=$tests/../../include
LIBRARY_PATH=$BCC_LIBRARIES
LD_LIBRARY_PATH=$BCC_LIBRARIES
export C_INCLUDE_PATH LIBRARY_PATH LD_LIBRARY_PATH PATH XDG_CACHE_HOME BCC_CACHE_DIR BCC_TIER
cd "$work/case" && python3 "$tests/pages.py" case "$1" "$2"
