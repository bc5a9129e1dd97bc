#!/bin/sh
# test_cli.sh TEST: the command line, but for what programs do under `bcc run`
# (see run_case.sh). Each test is a function below; CTest runs them one by one.
#
# Environment: BCC, CLANG, RUN_STATUS (run_case_status), CHECK_JSON
# (run_case_json).
set -u
. "$(dirname "$0")/run_case_lib.sh"

# ---- Helpers ----

# compile NAME [FLAGS...]: standard input to $work/NAME.bc.
compile() {
    compile_name=$work/$1.bc
    shift
    "$CLANG" -O2 -fPIC -emit-llvm "$@" -x c -c - -o "$compile_name" || exit 1
}

small_program() {
    compile small <<'C'
#include <stdio.h>
int main(int argc, char **argv)
{
    printf("hello %s\n", argc > 1 ? argv[1] : "nobody");
    return 3;
}
C
}

# expect NAME 'exit N': how the run of that name ended.
expect() {
    [ "$(cat "$work/$1.status")" = "$2" ] ||
        fail "$1: ended with $(cat "$work/$1.status"), not $2:" \
            "$(cat "$work/$1.err")"
}

# says NAME out|err TEXT: the output has that text.
says() {
    grep -qF -- "$3" "$work/$1.$2" ||
        fail "$1: its $2 lacks '$3':" "$(cat "$work/$1.$2")"
}

silent() {
    [ ! -s "$work/$1.$2" ] || fail "$1: its $2 is not empty:" \
        "$(cat "$work/$1.$2")"
}

# complains NAME TEXT: exit status 1 and a line "bcc: ... TEXT", nothing else.
complains() {
    expect "$1" "exit 1"
    says "$1" err "$2"
    grep -v '^bcc: ' "$work/$1.err" >"$work/other"
    [ ! -s "$work/other" ] || fail "$1: complains with $(cat "$work/other")"
}

json() {
    json_name=$1
    shift
    "$CHECK_JSON" "$@" <"$work/$json_name.out" ||
        fail "$json_name: is no such JSON: $(head -c 300 "$work/$json_name.out")"
}

# ---- Usage ----

test_wrong_usage_exits_with_2() {
    for wrong in "" "nonsense" "run" "run --nonsense x.bc" "compile x.bc" \
        "compile -o out.oBCC" "run -O7 x.bc" "run -Ox x.bc" \
        "run --report=xml x.bc" "precompile" "precompile -j 0 x.bc" \
        "precompile -j many x.bc" "dump" "dump a b" \
        "dump --json --disassemble x" "cache" "cache nonsense" \
        "cache stats ls" "cache explain" "cache stats --dry-run" \
        "cache ls --max-size 1G" "cache gc --max-size big" "sign x.oBCC" "verify --key x.pem" \
        "run --lib" "compile --json x.bc -o y.oBCC"; do
        # shellcheck disable=SC2086 # these are words
        run usage "$BCC" $wrong
        expect usage "exit 2"
        silent usage out
        says usage err "bcc"
    done
}

test_help_and_version_exit_with_0() {
    for right in --help help "run --help" "compile -h" "cache --help"; do
        # shellcheck disable=SC2086
        run help "$BCC" $right
        expect help "exit 0"
        silent help err
        says help out "usage: bcc"
    done
    run version "$BCC" --version
    expect version "exit 0"
    grep -qE '^bcc [0-9]+\.[0-9]+\.[0-9]+ \(LLVM [0-9.]+\)$' \
        "$work/version.out" || fail "version: $(cat "$work/version.out")"
}

test_bad_input_exits_with_1() {
    run missing "$BCC" run "$work/missing.bc"
    complains missing "$work/missing.bc"
    run directory "$BCC" run "$work"
    complains directory "$work"
    : >"$work/empty.bc"
    run empty "$BCC" run "$work/empty.bc"
    complains empty "empty.bc"
    echo "this is not bitcode, however long it may be" >"$work/text.bc"
    run text "$BCC" run "$work/text.bc"
    complains text "text.bc"
    small_program
    head -c 700 "$work/small.bc" >"$work/cut.bc"
    run cut "$BCC" run "$work/cut.bc"
    complains cut "cut.bc"
    run library "$BCC" run --lib "$work/missing.bc" "$work/small.bc"
    complains library "missing.bc"
    run entry "$BCC" run --entry absent "$work/small.bc"
    complains entry "absent"
    run target "$BCC" compile --target nonsense-none "$work/small.bc" \
        -o "$work/x.oBCC"
    complains target "nonsense"
    run output "$BCC" compile "$work/small.bc" -o "$work/none/x.oBCC"
    complains output "$work/none"
    run foreign "$BCC" dump "$work/text.bc"
    complains foreign "text.bc"
}

test_unresolved_symbols_are_all_named() {
    compile needy <<'C'
int first_missing(int), second_missing(int);
extern int missing_data;
int main(void)
{
    return first_missing(1) + second_missing(missing_data);
}
C
    run needy "$BCC" run "$work/needy.bc"
    complains needy first_missing
    says needy err second_missing
    says needy err missing_data
    echo 'int first_missing(int x) { return x; }' | compile one
    echo 'int second_missing(int x) { return x * 2; } int missing_data = 3;' |
        compile two
    run helped "$BCC" run --lib "$work/one.bc" --lib "$work/two.bc" \
        "$work/needy.bc"
    expect helped "exit 7"
}

test_shared_libraries_are_found_as_a_linker_does() {
    compile needy <<'C'
int from_library(int);
int main(void) { return from_library(20); }
C
    mkdir "$work/lib"
    echo 'int from_library(int x) { return x + 1; }' |
        "$CLANG" -shared -fPIC -x c - -o "$work/lib/libneeded.so.3" || exit 1
    run without "$BCC" run "$work/needy.bc"
    complains without from_library
    says without err "-lNAME"
    run with "$BCC" run -L"$work/lib" -lneeded "$work/needy.bc"
    expect with "exit 21"
    run none "$BCC" run -L"$work/lib" -lnosuch "$work/needy.bc"
    complains none "-lnosuch"
}

test_plain_c_does_not_pay_for_cxx() {
    compile maps <<'C'
#include <math.h>
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    int n = 0;

    while (fgets(line, sizeof(line), maps))
        n += strstr(line, "stdc++") || strstr(line, "LLVM") ||
             strstr(line, "crypto");
    return n + (sin(argc) > 2);
}
C
    run cold "$BCC" run "$work/maps.bc"
    expect cold "exit 0"
    run warm "$BCC" run "$work/maps.bc"
    expect warm "exit 0"
}

test_entry_runs_another_function() {
    compile entries <<'C'
int main(void) { return 1; }
int other(int argc, char **argv) { return 10 + argc; }
int variable = 3;
C
    run main "$BCC" run "$work/entries.bc"
    expect main "exit 1"
    run other "$BCC" run --entry other "$work/entries.bc" a b
    expect other "exit 13"
    run variable "$BCC" run --entry variable "$work/entries.bc"
    complains variable "no function 'variable'"
    run main "$BCC" run --report=json "$work/entries.bc"
    expect main "exit 1"
    reported main hit
}

test_options_of_the_program_are_not_ours() {
    small_program
    run program "$BCC" run "$work/small.bc" --help -v
    expect program "exit 3"
    says program out "hello --help"
    run dashes "$BCC" run -- "$work/small.bc" x
    expect dashes "exit 3"
    says dashes out "hello x"
}

# ---- Cache directory ----

test_cache_directory_is_found_in_order() {
    small_program
    unset BCC_CACHE_DIR
    XDG_CACHE_HOME=$work/xdg HOME=$work/home
    export XDG_CACHE_HOME HOME
    run xdg "$BCC" run --report=json "$work/small.bc"
    expect xdg "exit 3"
    [ -n "$(ls "$work/xdg/bcc")" ] || fail "nothing in XDG_CACHE_HOME/bcc"
    unset XDG_CACHE_HOME
    run home "$BCC" run --report=json "$work/small.bc"
    reported home miss
    [ -n "$(ls "$work/home/.cache/bcc")" ] || fail "nothing in ~/.cache/bcc"
    run option "$BCC" run --report=json --cache-dir "$work/cache" \
        "$work/small.bc"
    reported option miss
    [ -n "$(ls "$work/cache")" ] || fail "nothing in --cache-dir"
    unset HOME
    run none "$BCC" run --report=json "$work/small.bc"
    expect none "exit 3"
    reported none off
}

test_unusable_cache_still_runs_and_says_so() {
    small_program
    : >"$work/file"
    run unmakable "$BCC" run --report=json --cache-dir "$work/file/sub" \
        "$work/small.bc" you
    expect unmakable "exit 3"
    says unmakable out "hello you"
    grep -q '"reason":"[^"]' "$work/unmakable.report" ||
        fail "no reason: $(cat "$work/unmakable.report")"

    # Writable by others: native code from there is not to be trusted.
    mkdir -m 777 "$work/open"
    chmod 777 "$work/open"
    run open "$BCC" run --report=json --cache-dir "$work/open" \
        "$work/small.bc" you
    expect open "exit 3"
    grep -q '"reason":"[^"]' "$work/open.report" ||
        fail "no reason: $(cat "$work/open.report")"
    [ -z "$(ls "$work/open")" ] || fail "wrote into a directory open to all"

    if [ "$(id -u)" -ne 0 ]; then
        mkdir -m 500 "$work/locked"
        run locked "$BCC" run --report=json --cache-dir "$work/locked" \
            "$work/small.bc" you
        expect locked "exit 3"
        grep -q '"reason":"[^"]' "$work/locked.report" ||
            fail "no reason: $(cat "$work/locked.report")"
    fi
}

test_changes_of_input_are_misses() {
    small_program
    run first "$BCC" run --report=json "$work/small.bc"
    reported first miss
    run again "$BCC" run --report=json "$work/small.bc"
    reported again hit
    run level "$BCC" run --report=json -O1 "$work/small.bc"
    reported level miss
    run rebuild "$BCC" run --report=json --rebuild "$work/small.bc"
    reported rebuild miss
    touch "$work/small.bc" # not the content
    run touched "$BCC" run --report=json "$work/small.bc"
    reported touched hit
    echo 'int main(void) { return 4; }' | compile small
    run changed "$BCC" run --report=json "$work/small.bc"
    expect changed "exit 4"
    reported changed miss
}

test_report_is_one_line_of_json() {
    small_program
    for name in cold warm; do
        run $name "$BCC" run --report=json "$work/small.bc"
        "$CHECK_JSON" cache code reason path image_bytes stages_us \
            total_us \
            <"$work/$name.report" || fail "$(cat "$work/$name.report")"
    done
    grep -q '"optimise":' "$work/cold.report" || fail "cold: no optimise"
    grep -q '"optimise":' "$work/warm.report" && fail "warm: optimises"
    grep -q '"load":' "$work/warm.report" || fail "warm: no load"
}

test_cache_lists_counts_and_clears() {
    small_program
    run empty "$BCC" cache stats
    says empty out "entries    0"
    run one "$BCC" run "$work/small.bc"
    run two "$BCC" run -O1 "$work/small.bc"
    run ls "$BCC" cache ls
    expect ls "exit 0"
    [ "$(grep -c 'small.*oBCC.*small\.bc' "$work/ls.out")" -eq 2 ] ||
        fail "ls: $(cat "$work/ls.out")"
    run ls_json "$BCC" cache ls --json
    json ls_json
    run stats "$BCC" cache stats
    says stats out "entries    2"
    run stats_json "$BCC" cache stats --json
    json stats_json dir entries bytes disk_bytes limit limit_origin
    echo "foreign" >"$work/cache/keep.txt"
    echo "damaged" >"$work/cache/damaged.oBCC"
    run ls "$BCC" cache ls
    expect ls "exit 0"
    says ls out "damaged.oBCC"
    run clear "$BCC" cache clear
    expect clear "exit 0"
    [ "$(ls "$work/cache")" = keep.txt ] || fail "left: $(ls "$work/cache")"
    run after "$BCC" run --report=json "$work/small.bc"
    reported after miss
}

# ---- Looking after the cache ----

# Entries last used longer ago than counts as in use.
age_entries() {
    touch -d "${1:-2 hours ago}" "$BCC_CACHE_DIR"/*.oBCC
}

test_limit_of_the_cache_is_shown_with_its_origin() {
    HOME=$work/home XDG_CONFIG_HOME=$work/config
    export HOME XDG_CONFIG_HOME
    mkdir -p "$work/config/bcc"
    unset BCC_CACHE_SIZE
    run default "$BCC" cache stats
    says default out "limit      1073741824 (default)"
    {
        echo "# how much"
        echo " cache-size = 7K # seven"
    } >"$work/config/bcc/config"
    run file "$BCC" cache stats
    says file out "limit      7168 ($work/config/bcc/config)"
    BCC_CACHE_SIZE=3M
    export BCC_CACHE_SIZE
    run environment "$BCC" cache stats
    says environment out "limit      3145728 (BCC_CACHE_SIZE)"
    run option "$BCC" cache stats --max-size 2G
    says option out "limit      2147483648 (--max-size)"
    run none "$BCC" cache stats --json --max-size none
    says none out '"limit":null'
    json none dir entries bytes disk_bytes limit limit_origin
    BCC_CACHE_SIZE=large
    run bad "$BCC" cache stats
    expect bad "exit 0"
    says bad err "BCC_CACHE_SIZE=large"
    says bad out "limit      7168"
    echo "cache-size=huge" >"$work/config/bcc/config"
    unset BCC_CACHE_SIZE
    run bad "$BCC" cache stats
    says bad err "config:1: 'huge' is no size"
    says bad out "(default)"
}

test_gc_removes_what_was_used_longest_ago() {
    small_program
    for level in 0 1 2; do
        run "level$level" "$BCC" run -O$level "$work/small.bc"
        age_entries "$((10 - level)) hours ago"
    done
    run fresh "$BCC" run "$work/small.bc"
    age_entries "9 hours ago"
    run used "$BCC" run -O1 --report=json "$work/small.bc"
    reported used hit
    run dry "$BCC" cache gc --dry-run --max-size 0
    expect dry "exit 0"
    says dry out "3 entries would be removed"
    says dry out "1 entries were used in the last hour and stay"
    [ "$(ls "$BCC_CACHE_DIR" | wc -l)" -eq 4 ] || fail "a dry run removed"
    run roomy "$BCC" cache gc
    says roomy out "0 entries removed"
    run gc "$BCC" cache gc --json --max-size 0
    expect gc "exit 0"
    json gc names dry_run removed failed freed entries disk_bytes in_use \
        limit limit_origin
    says gc out '"removed":3,'
    run again "$BCC" run -O1 --report=json "$work/small.bc"
    reported again hit
}

# The process that prunes outlives the one that asked for it.
test_a_cache_above_its_limit_is_pruned_after_a_miss() {
    small_program
    run first "$BCC" run "$work/small.bc"
    age_entries
    # The note of a miss says when the directory was looked at: long ago.
    printf '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >"$BCC_CACHE_DIR/.size"
    run second "$BCC" run -O1 --max-size 5K "$work/small.bc"
    expect second "exit 3"
    tries=0
    while [ "$(ls "$BCC_CACHE_DIR" | wc -l)" -ne 1 ] && [ $tries -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    run kept "$BCC" run -O1 --report=json "$work/small.bc"
    reported kept hit
    run gone "$BCC" run --report=json "$work/small.bc"
    reported gone miss
}

test_verify_names_the_damaged() {
    small_program
    run one "$BCC" run "$work/small.bc"
    run two "$BCC" run -O1 "$work/small.bc"
    run good "$BCC" cache verify
    expect good "exit 0"
    says good out "2 entries"
    says good out "0 damaged"
    # The last byte is of the code, which an open does not look at.
    for victim in "$BCC_CACHE_DIR"/*.oBCC; do :; done
    printf 'X' | dd of="$victim" bs=1 conv=notrunc status=none \
        seek=$(($(wc -c <"$victim") - 1))
    run bad "$BCC" cache verify -j 2
    expect bad "exit 1"
    says bad out "$(basename "$victim"): context: checksum mismatch"
    says bad out "1 damaged"
    run json "$BCC" cache verify --json --remove
    expect json "exit 1"
    json json damaged entries bytes n_damaged
    says json out '"removed":true'
    [ ! -e "$victim" ] || fail "the damaged entry is still there"
    run after "$BCC" cache verify
    expect after "exit 0"
}

test_explain_says_what_differs() {
    small_program
    compile library <<'C'
int unused(void) { return 1; }
C
    run none "$BCC" cache explain "$work/small.bc"
    expect none "exit 0"
    says none out "miss: "
    says none out "no entry of that script"
    run cold "$BCC" run "$work/small.bc"
    run hit "$BCC" cache explain "$work/small.bc"
    expect hit "exit 0"
    says hit out "small.bc: hit"
    run level "$BCC" cache explain -O1 "$work/small.bc"
    expect level "exit 0"
    says level out "miss: "
    says level out "compared with $BCC_CACHE_DIR/small-"
    says level out "opt                entry 3, request 1"
    [ "$(grep -c '^  ' "$work/level.out")" -eq 1 ] ||
        fail "level: $(cat "$work/level.out")"
    run library "$BCC" cache explain --lib "$work/library.bc" "$work/small.bc"
    says library out "number of inputs   entry 1, request 2"
    run json "$BCC" cache explain --json --cpu x86-64-v2 "$work/small.bc"
    json json file cache code reason path compared_with differences
    says json out '{"field":"cpu","entry":"native","request":"x86-64-v2","decides":true}'
    echo 'int main(void) { return 4; }' | compile small
    run changed "$BCC" cache explain --json "$work/small.bc"
    says changed out '"code":"script"'
    says changed out '"field":"input 0 sha1"'
    [ "$(ls "$BCC_CACHE_DIR" | wc -l)" -eq 1 ] || fail "explain compiled"
    run missing "$BCC" cache explain "$work/missing.bc"
    complains missing "missing.bc"
}

# needs COMMAND: or the test is skipped.
needs() {
    command -v "$1" >/dev/null && return
    echo "SKIPPED: no $1"
    exit 77
}

make_keys() {
    for key in ours theirs; do
        openssl genpkey -algorithm ed25519 -out "$work/$key.pem" 2>/dev/null &&
            openssl pkey -in "$work/$key.pem" -pubout -out "$work/$key.pub" ||
            fail "openssl makes no key"
    done
}

test_only_signed_entries_run_when_that_is_asked() {
    needs openssl
    make_keys
    small_program
    run cold "$BCC" run --trusted-key "$work/ours.pub" "$work/small.bc"
    complains cold "no such entry"
    [ -z "$(ls "$BCC_CACHE_DIR")" ] || fail "compiled all the same"
    run unsigned "$BCC" run "$work/small.bc"
    run refused "$BCC" run --report=json --trusted-key "$work/ours.pub" \
        "$work/small.bc"
    complains refused "not signed"
    says refused report '"code":"unsigned"'
    silent refused out
    entry=$(echo "$BCC_CACHE_DIR"/*.oBCC)
    run sign "$BCC" sign --key "$work/ours.pem" "$entry"
    expect sign "exit 0"
    run trusted "$BCC" run --report=json --trusted-key "$work/theirs.pub" \
        --trusted-key "$work/ours.pub" "$work/small.bc"
    expect trusted "exit 3"
    reported trusted hit
    run plain "$BCC" run --report=json "$work/small.bc"
    reported plain hit
    run other "$BCC" run --trusted-key "$work/theirs.pub" "$work/small.bc"
    complains other "signed by a key that is not trusted"
    run verify "$BCC" verify --key "$work/ours.pub" "$entry"
    expect verify "exit 0"
    run verify "$BCC" verify --key "$work/theirs.pub" "$entry"
    complains verify "not trusted"
    run nocache "$BCC" run --no-cache --trusted-key "$work/ours.pub" \
        "$work/small.bc"
    complains nocache "ruled out"
    run public "$BCC" sign --key "$work/ours.pub" "$entry"
    complains public "not an Ed25519 private key"
    run private "$BCC" run --trusted-key "$work/ours.pem" "$work/small.bc"
    complains private "not an Ed25519 public key"
}

# The message by other hands, and its signature checked by them.
test_signature_is_what_the_page_says() {
    needs openssl
    needs python3
    make_keys
    small_program
    entry=$work/small.oBCC
    "$BCC" compile "$work/small.bc" -o "$entry" || fail "compile"
    run sign "$BCC" sign --key "$work/ours.pem" "$entry"
    expect sign "exit 0"
    tail -c 64 "$entry" >"$work/signature"
    python3 - "$entry" "$work/message" <<'PYTHON' || fail "python3"
import hashlib, struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
row = 96 + 32 * (struct.unpack_from("<H", data, 14)[0] - 1)
offset = struct.unpack_from("<Q", data, row + 8)[0]
data[88:96] = bytes(8)
data[row + 24:row + 32] = bytes(8)
digest = hashlib.sha512(data[:offset]).digest()
open(sys.argv[2], "wb").write(b"oBCC signature 1" + digest)
PYTHON
    openssl pkeyutl -verify -pubin -inkey "$work/ours.pub" -rawin \
        -in "$work/message" -sigfile "$work/signature" >"$work/openssl.out" ||
        fail "not what the page says: $(cat "$work/openssl.out")"
}

# ---- compile and dump ----

test_clear_removes_what_dead_processes_left() {
    sh -c 'echo $$' >"$work/dead"
    touch "$BCC_CACHE_DIR/.small.oBCC.$(cat "$work/dead").00ff.tmp" \
        "$BCC_CACHE_DIR/.small.oBCC.$$.00ff.tmp" "$BCC_CACHE_DIR/.other"
    run clear "$BCC" cache clear
    expect clear "exit 0"
    [ "$(ls -A "$BCC_CACHE_DIR" | wc -l)" -eq 2 ] ||
        fail "left: $(ls -A "$BCC_CACHE_DIR")"
    [ -e "$BCC_CACHE_DIR/.small.oBCC.$$.00ff.tmp" ] ||
        fail "took a temporary file from its owner"
}

test_name_of_the_program_is_not_believed() {
    small_program
    mkdir -p "$work/evil/bin" "$work/evil/libexec/bcc"
    printf '#!/bin/sh\ntouch %s/started\n' "$work" >"$work/evil/libexec/bcc/bccc"
    chmod +x "$work/evil/libexec/bcc/bccc"
    (
        unset BCC_BCCC
        bash -c 'exec -a "$0" "$@"' "$work/evil/bin/bcc" "$BCC" run \
            "$work/small.bc" >"$work/name.out" 2>&1
    )
    [ ! -e "$work/started" ] || fail "started another compiler"
}

test_compiles_are_identical_bytes() {
    small_program
    mkdir "$work/a" "$work/b"
    cp "$work/small.bc" "$work/a/small.bc"
    (cd "$work/a" && "$BCC" compile small.bc -o out.oBCC) ||
        fail "the first compile"
    (cd "$work/a" && "$BCC" compile small.bc -o again.oBCC) ||
        fail "the second compile"
    cmp "$work/a/out.oBCC" "$work/a/again.oBCC" ||
        fail "the same place gives other bytes"
    cp "$work/small.bc" "$work/b/small.bc"
    (cd "$work/b" && TZ=Asia/Tokyo LC_ALL=C "$BCC" compile small.bc -o out.oBCC)
    cmp "$work/a/out.oBCC" "$work/b/out.oBCC" ||
        fail "another directory gives other bytes"
}

test_compiles_for_another_cpu() {
    small_program
    run old "$BCC" compile --target x86_64-linux-gnu --cpu x86-64-v2 \
        "$work/small.bc" -o "$work/v2.oBCC"
    expect old "exit 0"
    run dump "$BCC" dump "$work/v2.oBCC"
    expect dump "exit 0"
    says dump out x86_64
    says dump out sse4.2
    grep -q 'cpu_features.*avx' "$work/dump.out" && fail "v2 has no AVX"
}

# Machines whose relocations lib/linker does not know are refused in words.
test_compiles_for_another_machine() {
    for target in aarch64-linux-gnu armv7-linux-gnueabihf; do
        echo 'int twice(int x) { return x * 2; }' |
            compile "$target" --target="$target"
        run cross "$BCC" compile --target "$target" "$work/$target.bc" \
            -o "$work/$target.oBCC"
        if grep -q "is not handled" "$work/cross.err"; then
            echo "SKIPPED: $(cat "$work/cross.err")"
            exit 77
        fi
        expect cross "exit 0"
        run dump "$BCC" dump "$work/$target.oBCC"
        expect dump "exit 0"
        says dump out "machine ${target%%[v-]*}"
    done
}

test_dump_shows_every_section() {
    compile rich <<'C'
#include <stdio.h>
int exported_variable = 42;
int exported_function(int x) { return printf("%d\n", x); }
__attribute__((noinline)) static int internal(int x)
{
    return getchar() + x;
}
int also(void) { return internal(1) + internal(exported_variable); }
C
    run compile "$BCC" compile "$work/rich.bc" -o "$work/rich.oBCC"
    expect compile "exit 0"
    run dump "$BCC" dump "$work/rich.oBCC"
    expect dump "exit 0"
    silent dump err
    for text in Header Identity Dependencies "imports to bind" \
        "Exported variables" "Exported functions" "Exported foreach" Pragmas \
        "Object slots" "Function table" "Variable table" "String pool" \
        string_pool context "name exported_variable" \
        "name exported_function" "name printf" "name internal"; do
        says dump out "$text"
    done
    run json "$BCC" dump --json "$work/rich.oBCC"
    expect json "exit 0"
    json json header sections identity dependencies imports export_vars \
        export_funcs export_foreachs pragmas object_slots functions \
        variables strings
    run code "$BCC" dump --disassemble "$work/rich.oBCC"
    expect code "exit 0"
    says code out "exported_function"
    says code out "ret"
    : >"$work/damaged.oBCC"
    run damaged "$BCC" dump "$work/damaged.oBCC"
    complains damaged "damaged.oBCC"
}

# ---- precompile ----

test_precompile_goes_on_after_a_bad_file() {
    mkdir -p "$work/package/sub"
    small_program
    cp "$work/small.bc" "$work/package/one.bc"
    cp "$work/small.bc" "$work/package/sub/two.bc"
    echo "not bitcode at all" >"$work/package/bad.bc"
    echo "not looked at" >"$work/package/readme.txt"
    run first "$BCC" precompile -j 2 "$work/package"
    complains first "bad.bc"
    says first out "2 compiled, 0 up to date, 1 failed"
    rm "$work/package/bad.bc"
    run second "$BCC" precompile "$work/package"
    expect second "exit 0"
    says second out "0 compiled, 2 up to date, 0 failed"
    silent second err
    run one "$BCC" run --report=json "$work/package/one.bc"
    expect one "exit 3"
    reported one hit
    run two "$BCC" run --report=json "$work/package/sub/two.bc"
    reported two hit
    run missing "$BCC" precompile "$work/package/absent.bc"
    complains missing "absent.bc"
    ln -s nowhere "$work/dangling.bc"
    run dangling "$BCC" precompile "$work/dangling.bc"
    complains dangling "dangling.bc"
    mkfifo "$work/fifo.bc"
    run fifo "$BCC" precompile "$work/fifo.bc"
    complains fifo "fifo.bc"
}

test_precompile_gives_one_name_to_one_file() {
    mkdir "$work/a" "$work/b"
    echo 'int answer(void) { return 1; }' | compile one
    echo 'int answer(void) { return 2; }' | compile two
    mv "$work/one.bc" "$work/a/same.bc"
    mv "$work/two.bc" "$work/b/same.bc"
    run exports "$BCC" precompile -j 1 --exports "$work/a" "$work/b" \
        "$work/a/same.bc"
    complains exports "$work/b/same.bc: $work/a/same.bc has the entry same.oBCC"
    says exports out "1 compiled, 1 up to date, 1 failed"
    run programs "$BCC" precompile --entry answer "$work/a" "$work/b"
    expect programs "exit 0"
    says programs out "2 compiled, 0 up to date, 0 failed"
}

test_precompile_needs_its_cache() {
    small_program
    : >"$work/file"
    run unmakable "$BCC" precompile --cache-dir "$work/file/sub" \
        "$work/small.bc"
    complains unmakable "$work/file/sub"
}

# ---- Which ----

if [ $# -ne 1 ]; then
    echo "usage: test_cli.sh TEST, one of:"
    sed -n 's/^\(test_[a-z0-9_]*\)() {$/    \1/p' "$0"
    exit 2
fi
"$1"
finish
