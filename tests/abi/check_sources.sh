#!/bin/sh
# check_sources.sh DIRECTORY: rules that the compiler does not check.
#   - lib/ calls no function that may overrun, keeps hidden state, prints or ends
#     the process
#   - only lib/compiler and bcc_llvm.h refer to LLVM
#   - none of iovisor BCC's names, no unfinished marks
# Environment: CC, to remove comments.
set -u
cd "$1" || exit 1
failures=0

# What must not be called. snprintf, vsnprintf, _exit and assert may.
banned='strcpy|strcat|strncpy|strncat|stpcpy|sprintf|vsprintf|gets|strtok'
banned="$banned|atoi|atol|atoll|atof|strerror|setenv|putenv|chdir|umask"
banned="$banned|signal|sigaction|system|popen|tmpnam|mktemp|rand|srand"
banned="$banned|exit|abort|printf|vprintf|puts|putchar|fprintf|vfprintf"
banned="$banned|perror|fputs|fputc|localtime|gmtime|ctime|asctime"

# Source without comments and string literals, with its line numbers.
bare() {
    "${CC:-cc}" -fpreprocessed -dD -E "$1" 2>/dev/null |
        sed 's/\\"//g; s/"[^"]*"/""/g' |
        awk -v file="$1" '/^# [0-9]+ / { line = $2; next }
            { print file ":" line++ ": " $0 }'
}

found() {
    if [ -s "$results" ]; then
        echo "FAIL: $1:"
        cat "$results"
        failures=1
    fi
}

results=$(mktemp) || exit 1
trap 'rm -f "$results"' EXIT
trap 'exit 1' HUP INT TERM

for file in $(find lib/ -name '*.[ch]' | LC_ALL=C sort); do
    bare "$file" | grep -E "(^|[^A-Za-z0-9_>.])($banned)[[:space:]]*\(" |
        grep -vE "format\(printf"
done >"$results"
found "lib/ calls what is banned there"

find lib/ include/ tools/ -name '*.[ch]' ! -path 'lib/compiler/*' \
    ! -name bcc_llvm.h -exec grep -nE '#[[:space:]]*include.*llvm' {} + |
    grep -v 'bcc_llvm\.h' >"$results"
found "LLVM outside lib/compiler"

find lib/ include/ tools/ -name '*.[ch]' -exec grep -nwE \
    'bcc_(elf|sym|usdt)_?[a-z_]*|bcc_func_load' {} + >"$results"
found "names of iovisor's BCC"

find lib/ include/ tools/ tests/ -name '*.[ch]' -exec grep -nwE \
    'TODO|FIXME|XXX' {} + >"$results"
found "unfinished marks"

find lib/ include/ tools/ -name '*.[ch]' -exec grep -nE \
    '"/(work|home|root|tmp)/' {} + >"$results"
found "paths of a machine"
exit $failures
