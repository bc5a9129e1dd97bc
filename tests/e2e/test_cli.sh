#!/bin/sh
# test_cli.sh TEST: the command line, except for programs under `bcc run` (see
# run_case.sh). Each test is a function below; CTest runs them one by one.
#
# Environment: BCC, CLANG, RUN_STATUS (run_case_status), CHECK_JSON
# (run_case_json), SAMPLES (their build directory), MAN_PAGE (docs/man/bcc.1).
set -u
. "$(dirname "$0")/run_case_lib.sh"

# ---- Helpers ----

# compile NAME [FLAGS...]: standard input to $work/NAME.bc.
compile() {
    compile_name=$work/$1.bc
    shift
    "$CLANG" -O2 -fPIC -emit-llvm "$@" -x c -c - -o "$compile_name" || exit 1
}

# The same of C++.
compile_cxx() {
    compile_name=$work/$1.bc
    shift
    "$CLANG" -O2 -fPIC -emit-llvm "$@" -x c++ -c - -o "$compile_name" || exit 1
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
        "dump --json --disassemble x" "dump --json --image y x" \
        "dump --image" "run --image y x.bc" "cache --strip-debug ls" "cache" "cache nonsense" \
        "cache stats ls" "cache explain" "cache stats --dry-run" \
        "run --time-limit -1 x.bc" "run --time-limit 1m x.bc" \
        "run --time-limit 4294968 x.bc" "compile --memory-limit big x.bc" \
        "cache ls --time-limit 1" "cache ls --max-size 1G" "cache gc --max-size big" "sign x.oBCC" "verify --key x.pem" \
        "run --jit=orc x.bc" "compile --jit=process x.bc -o y.oBCC" \
        "run --lib" "compile --json x.bc -o y.oBCC"; do
        # shellcheck disable=SC2086 # these are words
        run usage "$BCC" $wrong
        expect usage "exit 2"
        silent usage out
        says usage err "bcc"
        [ -z "$wrong" ] || [ "$(wc -l <"$work/usage.err")" -eq 1 ] ||
            fail "$wrong: not one line: $(cat "$work/usage.err")"
    done
}

test_a_wrong_option_names_the_nearest() {
    run close "$BCC" run --rebuid x.bc
    says close err "bcc: run: --rebuid: no such option here, but --rebuild is"
    run value "$BCC" cache gc --max-sise=1G
    says value err "but --max-size is"
    run far "$BCC" run --nonsense x.bc
    says far err "no such option here (bcc help run)"
    run command "$BCC" rnu x.bc
    says command err "bcc: rnu: no such command, but run is (bcc help)"
    run words "$BCC" cahce ls
    says words err "cahce: no such command, but cache is"
    run stranger "$BCC" xylophone
    says stranger err "xylophone: no such command (bcc help)"
}

test_report_and_verbose_say_hit_or_miss_and_each_stage() {
    small_program
    for options in --report -v; do
        run missed "$BCC" run --rebuild $options "$work/small.bc"
        expect missed "exit 3"
        grep -qE '^bcc: miss: .+' "$work/missed.err" ||
            fail "no reason: $(cat "$work/missed.err")"
        for stage in lookup read optimise emit load all; do
            grep -qE "^bcc:   $stage +[0-9.]+ (us|ms|s)\$" "$work/missed.err" ||
                fail "$stage is missing: $(cat "$work/missed.err")"
        done
        run hit "$BCC" run $options "$work/small.bc"
        grep -qE "^bcc: hit: mapped from $work/cache/.*\.oBCC\$" \
            "$work/hit.err" || fail "$(cat "$work/hit.err")"
        grep -q emit "$work/hit.err" && fail "a hit has no such stage"
        says hit err "bcc: best code, image of "
        run made "$BCC" compile $options "$work/small.bc" -o "$work/x.oBCC"
        says made err "bcc: compiled"
        grep -qE ': $' "$work/made.err" && fail "an empty line"
    done
    # Only what follows = is a value.
    run both "$BCC" run -v --report=json "$work/small.bc"
    reported both hit
    silent both err
    run wrong "$BCC" run --report=xml "$work/small.bc"
    expect wrong "exit 2"
    says wrong err "--report xml: not one of json"
}

test_completions_offer_choices() {
    run bash "$BCC" completion bash
    says bash out "--tier) words='auto best baseline'"
    run zsh "$BCC" completion zsh
    says zsh out ":TIER:(auto best baseline)'"
    says zsh out "'--report=-["
    run fish "$BCC" completion fish
    says fish out " -l fp-contract -x -a 'on off'"
    # An apostrophe in a help text would end a word.
    awk '{ n = gsub(/\047/, "") } n % 2' "$work/fish.out" "$work/zsh.out" \
        >"$work/odd"
    [ ! -s "$work/odd" ] || fail "apostrophes: $(cat "$work/odd")"
}

# The names are known once the modules are linked. This code can never be made.
test_undefined_symbols_are_said_before_the_code_is_made() {
    compile hopeless <<'C'
int nowhere(int), __elsewhere(void), puts(const char *);
int atexit(void (*)(void));
static void end(void) { puts("end"); }
int main(int argc, char **argv)
{
    __asm__("nonsense_of_no_machine");
    return nowhere(puts(argv[argc - 1])) + __elsewhere() + atexit(end);
}
C
    for options in "" --no-cache --tier=best -v; do
        # shellcheck disable=SC2086 # may be no word
        run early "$BCC" run $options "$work/hopeless.bc"
        expect early "exit 1"
        says early err "undefined symbol 'nowhere', wanted by 'main'"
        says early err "undefined symbol '__elsewhere', wanted by 'main'"
        grep -q "nonsense\|puts'\|atexit" "$work/early.err" &&
            fail "$(cat "$work/early.err")"
    done
    # A host may have them: the file is made for one.
    run host "$BCC" compile --entry main "$work/hopeless.bc" -o "$work/x.oBCC"
    complains host "nonsense"
}

test_unused_references_to_undefined_symbols_do_not_matter() {
    compile unused <<'C'
#include <stdio.h>
#include <stdlib.h>
int nowhere(int);
int unused(int x) { return nowhere(x); }
static void end(void) { puts("end"); } /* atexit() is in no library */
__attribute__((constructor)) static void look(void)
{
    puts(getenv("BCC_UNDEFINED") ? "asked" : "quiet");
}
int main(void) { return atexit(end); }
C
    run unused "$BCC" run "$work/unused.bc"
    expect unused "exit 0"
    says unused out quiet
    says unused out end
    # The optimiser finds out that the call is never made.
    compile dead -O3 -Xclang -disable-llvm-passes <<'C'
int nowhere(int);
static int never(int x) { return x * 0; }
int main(int argc, char **argv)
{
    int result = argv == 0;
    if (never(argc))
        result = nowhere(argc);
    return result;
}
C
    run dead "$BCC" run "$work/dead.bc"
    expect dead "exit 0"
    compile late -O0 <<'C'
int nowhere(int);
int main(int argc, char **argv) { return nowhere(argc) + !argv; }
C
    run late "$BCC" run "$work/late.bc"
    complains late "undefined symbol 'nowhere', wanted by 'main'"
}

test_wrong_cpus_features_and_targets_name_near_ones() {
    small_program
    while IFS='|' read -r options message; do
        # shellcheck disable=SC2086 # these are words
        run wrong "$BCC" compile $options "$work/small.bc" -o "$work/x.oBCC"
        complains wrong "$message"
        [ ! -e "$work/x.oBCC" ] || fail "$options: a file is there"
    done <<'END'
--target x86_64-linux-gnu --cpu haswel|CPU 'haswel': not known to LLVM for 'x86_64-pc-linux-gnu'; near names: 'haswell'
--target x86_64-linux-gnu --features +fma,-avx512ff|feature 'avx512ff': not known to LLVM for 'x86_64-pc-linux-gnu'; near names: 'avx512f'
--target x86_64-linux-gnu --features +zzzzzzzz|feature 'zzzzzzzz': not known to LLVM
--target aarch46-linux-gnu|near name: 'aarch64-unknown-linux-gnu'
--target risc64-linux-gnu|near name: 'riscv64-unknown-linux-gnu'
--target mips-linux-gnu|not one of x86_64, aarch64, arm and riscv64
END
    if [ "$(uname -m)" = x86_64 ]; then
        run known "$BCC" compile --features +slow-incdec,-avx512f \
            "$work/small.bc" -o "$work/x.oBCC"
        expect known "exit 0"
    fi
}

test_help_and_version_exit_with_0() {
    for right in --help -h help "run --help" "compile -h" "cache --help" \
        "help run" "help cache" "help cache gc" "cache --json gc --help"; do
        # shellcheck disable=SC2086
        run help "$BCC" $right
        expect help "exit 0"
        silent help err
        says help out "usage: bcc"
    done
    for word in --version version; do
        run version "$BCC" $word
        expect version "exit 0"
        grep -qE '^bcc [0-9]+\.[0-9]+\.[0-9]+ \(LLVM [0-9.]+\)$' \
            "$work/version.out" || fail "version: $(cat "$work/version.out")"
    done
}

# Each example of each command is usage that the command takes.
test_help_has_examples_that_parse() {
    run all "$BCC" help
    sed -n 's/^bcc \([a-z].*\)/\1/p' "$work/all.out" |
        sed 's/ [^a-z].*//; s/ [a-z]*|.*//' >"$work/commands"
    while read -r command; do
        # shellcheck disable=SC2086
        "$BCC" help $command | sed -n '/^Examples:/,$s/^    bcc //p' \
            >"$work/examples"
        [ -s "$work/examples" ] || [ "$command" = completion ] ||
            fail "$command: no example"
        while read -r example; do
            # shellcheck disable=SC2086 # these are words
            run example "$BCC" $example --help
            case $example in
            run* | call*) ;; # --help belongs to the program
            *) expect example "exit 0" ;;
            esac
            grep -q "bcc help" "$work/example.err" &&
                fail "$example: $(cat "$work/example.err")"
        done <"$work/examples"
    done <"$work/commands"
    return 0
}

# Every option that some command says it takes is taken, and no other.
test_help_shows_a_commands_own_options() {
    run all "$BCC" help
    sed -n 's/^bcc \([a-z].*\)/\1/p' "$work/all.out" |
        sed 's/ [^a-z].*//; s/ [a-z]*|.*//' >"$work/commands"
    [ "$(wc -l <"$work/commands")" -gt 10 ] || fail "few commands"
    sed -n 's/^    \(-[a-z], \)*\(--[a-z-]*\).*/\2/p' >"$work/options" <<END
$(while read -r command; do
        # shellcheck disable=SC2086
        "$BCC" help $command
    done <"$work/commands")
END
    sort -u "$work/options" >"$work/known"
    while read -r command; do
        # shellcheck disable=SC2086
        "$BCC" help $command >"$work/own" || fail "help $command"
        # shellcheck disable=SC2086
        "$BCC" $command --help | cmp - "$work/own" || fail "$command --help"
        while read -r option; do
            value=2
            case $option in
            --tier) value=best ;;
            --jit) value=process ;;
            --fp-contract) value=off ;;
            esac
            # shellcheck disable=SC2086
            "$BCC" $command "$option" $value --help >"$work/out" 2>"$work/err"
            if grep -qE -- "$option( |\[|\$)" "$work/own"; then
                grep -q "no such option" "$work/err" &&
                    fail "$command does not take $option"
            else
                grep -q "no such option" "$work/err" ||
                    fail "$command takes $option"
            fi
        done <"$work/known"
    done <"$work/commands"
}

# words WORD...: what bash would complete the last word to.
words() {
    bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bcc
        echo "${COMPREPLY[@]}"' - "$work/bash.out" "$@"
}

# The macros of bcc_script.h, in C and in C++.
test_scripts_say_in_c_what_they_export() {
    for language in c c++; do
        "$CLANG" -O2 -fPIC -emit-llvm -Wall -Wextra -Werror -x $language -c - \
            -I "$(dirname "$0")/../../include" -o "$work/s.bc" <<'C' || exit 1
#include <bcc/bcc_script.h>
#ifdef __cplusplus
extern "C" {
#endif
BCC_PRAGMA("version", "1");
BCC_PRAGMA("author", "me");
BCC_EXPORT int frames = 0;
BCC_OBJECT void *texture;
int not_exported;
BCC_EXPORT void reset(void);
BCC_EXPORT void reset(void) { frames = not_exported; }
BCC_KERNEL("in, out, x")
void invert(const unsigned char *in, unsigned char *out, unsigned x);
void invert(const unsigned char *in, unsigned char *out, unsigned x)
{
    *out = (unsigned char)(*in + x);
}
BCC_KERNEL("in, out, value")
float twice(float x);
float twice(float x) { return 2 * x; }
#ifdef __cplusplus
}
#endif
C
        "$BCC" compile "$work/s.bc" -o "$work/s.oBCC" || fail "$language"
        run dump "$BCC" dump "$work/s.oBCC"
        for fact in "key version value 1" "key author value me" \
            "name frames" "name texture" "name reset" "name invert" \
            "name twice"; do
            says dump out "$fact"
        done
        "$BCC" dump "$work/s.oBCC" | sed -n '/^Exported var/,/^$/p' |
            grep -q not_exported &&
            fail "$language: all is exported"
    done
    return 0
}

# Memory is in proportion to their number: these took 8 GiB once.
test_many_exports_take_little_memory() {
    {
        echo "#include <bcc/bcc_script.h>"
        seq 20000 | sed 's/.*/BCC_EXPORT int v& = &;/'
    } | "$CLANG" -O1 -emit-llvm -x c -c - -I "$(dirname "$0")/../../include" \
        -o "$work/many.bc" || exit 1
    run many "$BCC" compile --memory-limit 2G "$work/many.bc" \
        -o "$work/many.oBCC"
    expect many "exit 0"
    run dump "$BCC" dump "$work/many.oBCC"
    says dump out "name v20000"
}

test_completion_follows_the_options() {
    run bash "$BCC" completion bash
    [ "$(words bcc prec)" = precompile ] || fail "command"
    [ "$(words bcc cache ex)" = explain ] || fail "second word"
    [ "$(words bcc cache gc --dr)" = --dry-run ] || fail "option of gc"
    [ -z "$(words bcc run --dr)" ] || fail "run has no such option"
    [ "$(words bcc run --report=)" = --report=json ] || fail "value"
    [ "$(words bcc run --tier be)" = best ] || fail "choice"
    # Every command of two words.
    for pair in "cache gc" "config show" "binfmt install"; do
        [ "$(words bcc "${pair% *}" "${pair#* }")" = "${pair#* }" ] ||
            fail "$pair"
        for shell in zsh fish; do
            run "$shell" "$BCC" completion "$shell"
            says "$shell" out "${pair% *}"
            grep -q "[ ']${pair#* }" "$work/$shell.out" || fail "$shell: $pair"
        done
    done
    for shell in zsh fish; do
        for option in link cache-dir dry-run trusted-key output; do
            says "$shell" out "$option"
        done
        # The shell reads it; without the shell, quotes come in pairs.
        if command -v "$shell" >/dev/null; then
            "$shell" -n "$work/$shell.out" || fail "$shell does not read it"
        fi
        awk -F "'" 'NF % 2 == 0 { print; bad = 1 } END { exit bad }' \
            "$work/$shell.out" || fail "$shell: a quote without another"
    done
    run none "$BCC" completion sh
    expect none "exit 2"
}

test_call_parses_by_the_signature_and_prints() {
    compile math <<'C'
typedef float lanes __attribute__((vector_size(16)));
int add(int a, int b) { return a + b; }
double half(float a) { return a / 2; }
unsigned char last(const char *text)
{
    while (text[0] && text[1])
        text++;
    return *text;
}
lanes scale(lanes a, float by) { return a * by; }
struct three { long a, b, c; } three(void) { return (struct three){1, 2, 3}; }
C
    run add "$BCC" call "$work/math.bc" add 44 -2
    expect add "exit 0"
    says add out 42
    [ "$("$BCC" call "$work/math.bc" half 1.5)" = 0.75 ] || fail half
    [ "$("$BCC" call "$work/math.bc" last abz)" = 122 ] || fail last
    [ "$("$BCC" call "$work/math.bc" scale 1,2,3,4 0.5)" = 0.5,1,1.5,2 ] ||
        fail scale
    for wrong in "add 1" "add 1 two" "add 1 5000000000" "absent" "three" \
        "scale 1,2 3"; do
        # shellcheck disable=SC2086 # split at blanks
        run wrong "$BCC" call "$work/math.bc" $wrong
        complains wrong "${wrong%% *}"
    done
    run usage "$BCC" call "$work/math.bc"
    expect usage "exit 2"
    "$BCC" compile "$work/math.bc" -o "$work/math.oBCC" || fail compile
    run dump "$BCC" dump "$work/math.oBCC"
    says dump out "callable no name add signature i32 i32 -> i32 parameters"
}

# A file that bcc run could not run is not made.
test_programs_have_their_entry() {
    echo 'int helper(int a) { return a; }' | compile library
    echo 'int main(void) { return 0; }' | compile program
    run made "$BCC" compile --entry absent "$work/program.bc" -o "$work/made"
    complains made "program.bc: no function 'absent'"
    [ ! -e "$work/made" ] || fail "a file was made"
    run filled "$BCC" precompile --cache-dir "$work/cache" "$work/library.bc" \
        "$work/program.bc"
    expect filled "exit 1"
    says filled err "library.bc: no function 'main' (a library"
    says filled out "1 compiled, 0 up to date, 1 failed"
    [ "$(find "$work/cache" -name '*.oBCC' | wc -l)" = 1 ] ||
        fail "other entries than one"
    run filled "$BCC" precompile --cache-dir "$work/cache" --entry helper \
        "$work/library.bc"
    expect filled "exit 0"
}

# What the file is comes before what is wrong with its bytes.
test_dump_says_what_the_file_is() {
    echo 'int main(void) { return 0; }' | compile program
    echo text >"$work/text"
    run bitcode "$BCC" dump "$work/program.bc"
    complains bitcode "program.bc: bitcode, not an oBCC file: bcc compile"
    run text "$BCC" dump --json "$work/text"
    complains text "text: not an oBCC file"
}

# No word of the cache: it was not asked.
test_missing_entry_of_an_archive_is_the_one_complaint() {
    echo 'int main(void) { return 0; }' | compile program
    (cd "$work" && zip -q all.zip program.bc) || skip "no zip"
    run missing "$BCC" run "$work/all.zip!absent"
    complains missing "absent: the archive has no such entry"
    [ "$(wc -l <"$work/missing.err")" = 1 ] || fail "$(cat "$work/missing.err")"
}

test_call_knows_every_type() {
    compile types <<'C'
typedef _Float16 halves __attribute__((vector_size(16)));
typedef short shorts __attribute__((vector_size(16)));
typedef double doubles __attribute__((vector_size(16)));
_Float16 twice(_Float16 a) { return a + a; }
__bf16 brain(__bf16 a) { return a; }
long double third(long double a) { return a / 3; }
__int128 triple(__int128 a) { return a * 3; }
halves add(halves a, halves b) { return a + b; }
shorts flip(shorts a) { return -a; }
doubles same(doubles a) { return a; }
struct pair { int a; double b; } pair(int a) { return (struct pair){a, 2 * a}; }
_Complex double square(_Complex double a) { return a * a; }
struct both { long a; char b; } both(void) { return (struct both){-7, 'x'}; }
struct large { long a[6]; } large(struct large a) { return a; }
int sum(int n, ...) { return n; }
C
    while read -r expected words; do
        # shellcheck disable=SC2086 # split at blanks
        run value "$BCC" call "$work/types.bc" $words
        expect value "exit 0"
        [ "$(tr -d ' ' <"$work/value.out")" = "$expected" ] ||
            fail "$words: $(cat "$work/value.out"), not $expected"
    done <<'WORDS'
3 twice 1.5
65504 twice 32752
1.1921e-07 twice 6e-8
-inf twice -inf
0.25 brain 0.25
9.1835e-41 brain 1e-40
0.333333333333333333342 third 1
170141183460469231731687303715884105725 triple 170141183460469231731687303715884105727
-170141183460469231731687303715884105728 triple -170141183460469231731687303715884105728
-3 triple 0xffffffffffffffffffffffffffffffff
1.5,3,4.5,0,5,6,7,8 add 1,2,3,4,5,6,7,8 0.5,1,1.5,-4,0,0,0,0
1,-2,-127,-32767,1,0,-7,-8 flip -1,2,127,0x7fff,65535,0,7,8
4.9406564584124654e-324,0 same 5e-324,0
{21,42} pair 21
{-7,120} both
{-3,4} square 1 2
WORDS
    says value out '{-3, 4}'
    cat >"$work/wide.ll" <<'LL'
define { float, <8 x float> } @wide(float %a, <8 x float> %b) {
  %one = insertvalue { float, <8 x float> } poison, float %a, 0
  %both = insertvalue { float, <8 x float> } %one, <8 x float> %b, 1
  ret { float, <8 x float> } %both
}
LL
    run wide "$BCC" call "$work/wide.ll" wide 1.5 1,2,3,4,5,6,7,8
    says wide out '{1.5, 1,2,3,4,5,6,7,8}'
    while read -r words; do
        # shellcheck disable=SC2086
        run wrong "$BCC" call "$work/types.bc" $words
        complains wrong "${words%% *}: "
    done <<'WORDS'
twice 65520
twice 1e400
twice 1,5
brain 3.4e38
third 1e5000
triple 0xfffffffffffffffffffffffffffffffff
triple -170141183460469231731687303715884105729
triple 12x
flip 1,2,3
flip 1,2,3,4,5,6,7,65536
flip 1,2,3,4,5,6,7,8,9
large 1
sum 1 2
WORDS
    run wrong "$BCC" call "$work/types.bc" large 1
    says wrong err "ptr:sret(48,8) cannot be written"
    run wrong "$BCC" call "$work/types.bc" sum 1 2
    says wrong err "it is variadic"
}

# SYNOPSIS, and which options there are, in which order and groups.
test_man_page_has_the_options() {
    run frame "$BCC" completion man
    awk '/^\.SH/ { section = $2; next_line = 0 }
        section == "SYNOPSIS" { print }
        section == "OPTIONS" && (/^\.SH/ || /^\.SS/ || next_line) { print }
        { next_line = 0 }
        section == "OPTIONS" && /^\.TP/ { print; next_line = 1 }' \
        "$MAN_PAGE" >"$work/page"
    diff "$work/frame.out" "$work/page" || fail "bcc.1 is not as bcc has it"
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

test_a_compile_has_the_limits_that_are_asked_for() {
    small_program
    real=$BCC_BCCC
    printf '#!/bin/sh\nexec sleep 60\n' >"$work/endless"
    chmod 700 "$work/endless"
    for command in run compile precompile; do
        set -- "$work/small.bc"
        export BCC_CACHE_DIR="$work/cache_$command"
        [ $command != compile ] || set -- "$@" -o "$work/x.oBCC"
        BCC_BCCC=$work/endless
        run "late_$command" "$BCC" $command --time-limit 1 "$@"
        [ "$(cat "$work/late_$command.status")" = "exit 1" ] ||
            fail "$command: $(cat "$work/late_$command.status")"
        says "late_$command" err "limit of 1000 ms"
        BCC_BCCC=$real
        run "large_$command" "$BCC" $command --memory-limit 64M "$@"
        [ "$(cat "$work/large_$command.status")" = "exit 1" ] ||
            fail "$command: $(cat "$work/large_$command.status")"
        says "large_$command" err "limit of 67108864 bytes"
        run "free_$command" "$BCC" $command --time-limit=0 --memory-limit=0 "$@"
        ! grep -q "^bcc:" "$work/free_$command.err" ||
            fail "$command: $(cat "$work/free_$command.err")"
    done
}

test_a_program_may_be_compiled_in_the_process() {
    [ -e "${BCC%/*}/../libexec/bcc/libobcc-llvm.so" ] || return 0
    small_program
    # No process is needed, not even bccc's: only its directory counts.
    mkdir "$work/libexec"
    printf '#!/bin/sh\nexit 1\n' >"$work/libexec/bccc"
    chmod 700 "$work/libexec/bccc"
    for way in option variable; do
        export BCC_CACHE_DIR="$work/cache_$way"
        [ $way = option ] || export BCC_JIT=in-process
        set -- run --report=json
        [ $way = variable ] || set -- "$@" --jit=in-process
        BCC_BCCC=$work/libexec/bccc run "none_$way" "$BCC" "$@" \
            "$work/small.bc"
        complains "none_$way" "/libexec/libobcc-llvm.so: "
        ln -s "$(realpath "${BCC%/*}/../libexec/bcc/libobcc-llvm.so")" \
            "$work/libexec/libobcc-llvm.so"
        BCC_BCCC=$work/libexec/bccc run "cold_$way" "$BCC" "$@" \
            "$work/small.bc"
        reported "cold_$way" miss
        rm "$work/libexec/libobcc-llvm.so"
        run "limited_$way" "$BCC" "$@" --rebuild --time-limit=5 \
            "$work/small.bc"
        complains "limited_$way" "use --jit=process"
        run "large_$way" "$BCC" "$@" --rebuild --memory-limit=2G \
            "$work/small.bc"
        complains "large_$way" "use --jit=process"
        # A hit opens no library.
        BCC_BCCC=$work/libexec/bccc run "warm_$way" "$BCC" "$@" \
            "$work/small.bc"
        reported "warm_$way" hit
        same "cold_$way" "warm_$way"
    done
    unset BCC_JIT
    BCC_JIT=orc run wrong "$BCC" run "$work/small.bc"
    says wrong err "BCC_JIT=orc: not one of process, in-process, lazy"
}

test_functions_may_be_compiled_when_they_are_called() {
    [ -e "${BCC%/*}/../libexec/bcc/libobcc-llvm.so" ] || return 0
    compile late <<'C'
#include <stdio.h>
int missing(int);
__attribute__((noinline)) static int calls_missing(int n)
{
    return missing(n) + 1;
}
int main(int argc, char **argv)
{
    puts("begun");
    fflush(stdout);
    return argc > 1 ? calls_missing(argc) : 3;
}
C
    set -- run --jit=lazy --tier=baseline --no-cache --report=json
    run lazy "$BCC" "$@" "$work/late.bc"
    expect lazy "exit 3"
    says lazy report '"lazy":true'
    for how in "" --verbose; do
        # shellcheck disable=SC2086
        run late "$BCC" "$@" $how "$work/late.bc" argument
        expect late "exit 127"
        says late out begun
        says late err "calls_missing: cannot be compiled when it is called"
        says late err "nothing defines 'missing'"
    done
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

# build_library NAME [FLAGS...]: standard input, C, to $work/NAME.
build_library() {
    library_name=$work/$1
    shift
    mkdir -p "$(dirname "$library_name")"
    "$CLANG" -shared -fPIC "$@" -x c - -o "$library_name" || exit 1
}

# Prints which libraries of the test's directory, and of C++, are open.
open_libraries() {
    compile open <<'C'
#include <stdio.h>
#include <string.h>
int from_library(int);
int main(int argc, char **argv)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096];

    while (fgets(line, sizeof(line), maps)) {
        char *name = strrchr(line, '/');

        if (name && strstr(line, "r-x") && strncmp(name, "/lib", 4) == 0 &&
            !strstr(name, "/libc.so"))
            fputs(name + 1, stdout);
    }
    return from_library(argc);
}
C
}

test_shared_libraries_are_found_as_a_linker_does() {
    compile needy <<'C'
int from_library(int);
int main(void) { return from_library(20); }
C
    echo 'int from_library(int x) { return x + 1; }' |
        build_library lib/libneeded.so.3
    run without "$BCC" run "$work/needy.bc"
    complains without from_library
    says without err "-lNAME"
    run with "$BCC" run -L"$work/lib" -lneeded "$work/needy.bc"
    expect with "exit 21"
    run none "$BCC" run -L"$work/lib" -lnosuch "$work/needy.bc"
    complains none "-lnosuch"
    run exact "$BCC" run -L"$work/lib" -l:libneeded.so.3 "$work/needy.bc"
    expect exact "exit 21"
    (cd "$work" && "$BCC" run --report=json -L./lib -lneeded needy.bc \
        2>"$work/relative.report")
    [ $? -eq 21 ] || fail "relative: $(cat "$work/relative.report")"
    reported relative hit
    run compiled "$BCC" compile -L"$work/lib" -lneeded "$work/needy.bc" \
        -o "$work/needy.oBCC"
    expect compiled "exit 0"
}

test_only_needed_libraries_are_opened() {
    open_libraries
    echo 'int from_library(int x) { return x + 40; }' |
        build_library lib/libneeded.so -Wl,-soname,libneeded.so.3
    cp "$work/lib/libneeded.so" "$work/lib/libneeded.so.3"
    echo 'int other(int x) { return x; }' | build_library lib/libunused.so
    for name in cold warm; do
        run $name "$BCC" run --report=json -L"$work/lib" -lunused -lneeded \
            -lpthread -ldl -lrt -lutil -lm "$work/open.bc"
        expect $name "exit 41"
        [ "$(cat "$work/$name.out")" = libneeded.so.3 ] ||
            fail "$name opens $(cat "$work/$name.out")"
    done
    reported warm hit
    run dump "$BCC" dump "$work"/cache/*.oBCC
    says dump out "name from_library user main library $work/lib/libneeded.so.3"
}

test_a_hit_does_not_search() {
    open_libraries
    mkdir "$work/first"
    echo 'int from_library(int x) { return x + 40; }' |
        build_library second/libneeded.so
    run cold "$BCC" run --report=json -L"$work/first" -L"$work/second" \
        -lneeded "$work/open.bc"
    expect cold "exit 41"
    echo 'int from_library(int x) { return x + 50; }' |
        build_library first/libneeded.so
    run warm "$BCC" run --report=json -L"$work/first" -L"$work/second" \
        -lneeded "$work/open.bc"
    expect warm "exit 41"
    reported warm hit
    run rebuilt "$BCC" run --rebuild -L"$work/first" -L"$work/second" \
        -lneeded "$work/open.bc"
    expect rebuilt "exit 51"
}

test_precompiled_with_libraries_is_a_hit() {
    open_libraries
    echo 'int from_library(int x) { return x + 40; }' |
        build_library lib/libneeded.so
    run precompile "$BCC" precompile -L"$work/lib" -lneeded "$work/open.bc"
    expect precompile "exit 0"
    run with "$BCC" run --report=json -L"$work/lib" -lneeded "$work/open.bc"
    expect with "exit 41"
    reported with hit
}

test_changed_libraries_are_looked_at_again() {
    open_libraries
    echo 'int other(int x) { return x; }' | build_library lib/libneeded.so
    run lacking "$BCC" run -L"$work/lib" -lneeded "$work/open.bc"
    complains lacking from_library
    # Mended: what was recorded of the library does not hold any more.
    echo 'int from_library(int x) { return x + 40; }' |
        build_library lib/libneeded.so
    run mended "$BCC" run --report=json -L"$work/lib" -lneeded "$work/open.bc"
    expect mended "exit 41"
    reported mended miss
    mv "$work/lib/libneeded.so" "$work/lib/libneeded.so.4"
    run moved "$BCC" run --report=json -L"$work/lib" -lneeded "$work/open.bc"
    expect moved "exit 41"
    reported moved miss
    rm "$work/lib/libneeded.so.4"
    run gone "$BCC" run -L"$work/lib" -lneeded "$work/open.bc"
    complains gone "-lneeded: no such shared library"
}

test_libraries_come_before_libc_but_not_for_memory() {
    compile program <<'C'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void)
{
    char *copy = strdup("free() must be that of strdup()");
    int length = (int)strlen(copy);

    free(copy);
    free(malloc(100));
    return getpid() == 1234567 ? length : 1;
}
C
    build_library lib/libinstead.so <<'C'
int getpid(void) { return 1234567; }
void *malloc(unsigned long size) { __builtin_trap(); }
void free(void *memory) { __builtin_trap(); }
C
    run without "$BCC" run "$work/program.bc"
    expect without "exit 1"
    run instead "$BCC" run -L"$work/lib" -linstead "$work/program.bc"
    expect instead "exit 31"
}

# A library cannot take what it lacks from the program: said as it is.
test_libraries_that_cannot_be_opened_are_named() {
    compile program <<'C'
int in_library(int);
int in_program(int x) { return x * 2; }
int main(void) { return in_library(4); }
C
    echo 'int in_program(int); int in_library(int x) { return in_program(x); }' |
        build_library lib/liblacking.so
    run lacking "$BCC" run -L"$work/lib" -llacking "$work/program.bc"
    complains lacking "$work/lib/liblacking.so: undefined symbol: in_program"
    [ "$(wc -l <"$work/lacking.err")" -eq 1 ] ||
        fail "says more: $(cat "$work/lacking.err")"
}

test_libraries_of_the_system_are_found() {
    compile zlib <<'C'
unsigned long crc32(unsigned long crc, const void *data, unsigned size);
int main(void) { return crc32(0, "abc", 3) == 0x352441c2 ? 7 : 1; }
C
    run without "$BCC" run "$work/zlib.bc"
    complains without "undefined symbol 'crc32', wanted by 'main'"
    says without err "-lz may help: libz.so.1 defines 'crc32'"
    run cold "$BCC" run -lz "$work/zlib.bc"
    expect cold "exit 7"
    run warm "$BCC" run --report=json -lz "$work/zlib.bc"
    expect warm "exit 7"
    reported warm hit
}

# A collector asks the dynamic linker where variables are.
test_a_collector_keeps_what_variables_point_to() {
    cat >"$work/collected.c" <<'C'
#include <gc.h>
#include <stdio.h>
#include <string.h>
struct node { struct node *next; long value; char room[200]; };
struct node *global;
static struct node *local[2];
static int n_lost;
static void lose(void *node, void *data) { n_lost++; }
static void add(struct node **list, long value)
{
    struct node *node = GC_MALLOC(sizeof(*node));
    node->next = *list;
    node->value = value;
    *list = node;
    GC_register_finalizer(node, lose, NULL, NULL, NULL);
}
static long sum(const struct node *list)
{
    long sum = 0;
    for (; list; list = list->next)
        sum += list->value;
    return sum;
}
__attribute__((noinline)) static void fill(void)
{
    for (int i = 0; i < 1000; i++) {
        add(&global, i);
        add(&local[i & 1], i);
    }
}
/* Leaves no pointers on the stack. */
__attribute__((noinline)) static void sweep(void)
{
    char room[20000];
    memset(room, 0, sizeof(room));
    __asm__ volatile("" : : "r"(room) : "memory");
}
int main(void)
{
    GC_INIT();
    fill();
    sweep();
    GC_gcollect();
    for (int i = 0; i < 100000; i++)
        memset(GC_MALLOC(sizeof(struct node)), 1, sizeof(struct node));
    GC_invoke_finalizers();
    printf("%ld %ld lost %d\n", sum(global), sum(local[0]) + sum(local[1]),
           n_lost);
    return 0;
}
C
    if ! "$CLANG" -O2 "$work/collected.c" -o "$work/collected" -lgc; then
        echo "SKIPPED: no libgc"
        exit 77
    fi
    compile collected <"$work/collected.c"
    run native "$work/collected"
    says native out "499500 499500 lost 0"
    compare_cached_with_native -lgc "$work/collected.bc"
}

# One that finds unwind tables by dl_iterate_phdr(), unlike libgcc's.
test_other_unwinders_pass_through_the_program() {
    cat >"$work/unwound.c" <<'C'
#include <stdio.h>
#include <unwind.h>
static int n_frames;
static _Unwind_Reason_Code count(struct _Unwind_Context *context, void *data)
{
    n_frames++;
    return _URC_NO_REASON;
}
__attribute__((noinline)) static int descend(int depth)
{
    int result = depth ? descend(depth - 1) : (int)_Unwind_Backtrace(count, 0);
    __asm__ volatile("");
    return result + 1;
}
int main(void)
{
    descend(20);
    printf("all %d\n", n_frames > 20);
    return 0;
}
C
    unwinder=-l:libunwind.so.1
    if ! "$CLANG" -O1 "$work/unwound.c" -o "$work/unwound" $unwinder; then
        echo "SKIPPED: no libunwind.so.1 (LLVM's)"
        exit 77
    fi
    "$CLANG" -O1 -emit-llvm -c "$work/unwound.c" -o "$work/unwound.bc" || exit 1
    run native "$work/unwound"
    says native out "all 1"
    compare_cached_with_native $unwinder "$work/unwound.bc"
}

test_compile_warns_of_undefined_symbols() {
    compile needy <<'C'
#include <math.h>
#include <stdio.h>
int nobody_has_this(int);
__attribute__((weak)) int may_be_missing(void);
double number = 2;
int main(void)
{
    printf("%g\n", exp2(number));
    return nobody_has_this(1) + (may_be_missing ? may_be_missing() : 0);
}
C
    run warned "$BCC" compile --entry main "$work/needy.bc" -o "$work/n.oBCC"
    expect warned "exit 0"
    says warned err "undefined symbol 'nobody_has_this', wanted by 'main'"
    [ "$(grep -c 'undefined symbol' "$work/warned.err")" -eq 1 ] ||
        fail "warned: $(cat "$work/warned.err")"
    rm "$work/n.oBCC"
    run refused "$BCC" compile --no-undefined --entry main "$work/needy.bc" \
        -o "$work/n.oBCC"
    expect refused "exit 1"
    complains refused nobody_has_this
    [ ! -e "$work/n.oBCC" ] || fail "a file was made"
    # What a host defines is no reason for a warning.
    run host "$BCC" compile "$work/needy.bc" -o "$work/n.oBCC"
    expect host "exit 0"
    silent host err
    run batch "$BCC" precompile "$work/needy.bc"
    expect batch "exit 0"
    says batch err "undefined symbol 'nobody_has_this'"
    run strict "$BCC" precompile --no-undefined "$work/needy.bc"
    expect strict "exit 1"
    says strict out "0 compiled, 0 up to date, 1 failed"
    [ -z "$(ls "$BCC_CACHE_DIR")" ] || fail "the entry stays"
    small_program
    run fine "$BCC" compile --no-undefined --entry main "$work/small.bc" \
        -o "$work/small.oBCC"
    expect fine "exit 0"
    silent fine err
}

# rustc's fat LTO leaves the allocator's functions so.
test_a_hidden_undefined_symbol_is_told_like_others() {
    compile hidden <<'C'
__attribute__((visibility("hidden"))) int __rdl_alloc(int);
__attribute__((visibility("hidden"))) extern int hidden_number;
__attribute__((visibility("hidden"), weak)) int nowhere(void);
int main(void) { return __rdl_alloc(hidden_number) + (nowhere ? nowhere() : 0); }
C
    run hidden "$BCC" run "$work/hidden.bc"
    expect hidden "exit 1"
    complains hidden "undefined symbol '__rdl_alloc', wanted by 'main'"
    says hidden err "undefined symbol 'hidden_number', wanted by 'main'"
    says hidden err "rustc"
    [ "$(grep -c 'undefined symbol' "$work/hidden.err")" -eq 2 ] ||
        fail "not one line each: $(cat "$work/hidden.err")"
    echo 'int __rdl_alloc(int x) { return x; } int hidden_number = 4;' |
        compile allocator
    run whole "$BCC" run --link "$work/allocator.bc" "$work/hidden.bc"
    expect whole "exit 4"
}

# Without its driver's link, Rust lacks its library and allocator functions.
test_symbols_of_rust_are_told_as_such() {
    compile rust <<'C'
int start(void) __asm__("_RNvNtCsjrHSEGnQ3l9_3std2rt19lang_start_internal");
int allocate(void) __asm__("_RNvCsfLfy6EI15iL_7___rustc11___rdl_alloc");
int main(void) { return start() + allocate(); }
C
    run rust "$BCC" run "$work/rust.bc"
    complains rust "wanted by 'main'"
    says rust err "Rust's standard library"
    says rust err "rustc's own allocator functions"
}

# Zig's Debug mode names a function of its own runtime.
test_large_frames_need_no_function_to_probe_them() {
    [ "$(uname -m)" = x86_64 ] || skip "another machine"
    cat >"$work/probe.ll" <<'LL'
target triple = "x86_64-unknown-linux-gnu"
declare void @use(ptr)
define void @fill(ptr %p) noinline {
  store volatile i8 5, ptr %p
  ret void
}
define i32 @main() "probe-stack"="__zig_probe_stack" {
  %a = alloca [100000 x i8]
  call void @fill(ptr %a)
  %v = load volatile i8, ptr %a
  %r = zext i8 %v to i32
  ret i32 %r
}
LL
    run probe "$BCC" run "$work/probe.ll"
    expect probe "exit 5"
}

test_undefined_symbols_are_told_as_people_write_them() {
    compile_name=$work/demangled.bc
    "$CLANG" --driver-mode=g++ -O2 -emit-llvm -x c++ -c - \
        -o "$compile_name" <<'C' || exit 1
namespace shapes { struct circle { double area(int) const; }; }
__attribute__((noinline)) static double total(const shapes::circle &c)
{
    return c.area(3);
}
extern int missing_table[];
int *pointer_to_table = missing_table;
extern int never_missed() __attribute__((weak));
int main(int argc, char **)
{
    shapes::circle c;
    return (int)total(c) + *pointer_to_table + (never_missed ? 1 : argc);
}
C
    run missing "$BCC" run "$work/demangled.bc"
    complains missing "undefined symbol 'shapes::circle::area(int) const'"
    says missing err "wanted by 'total(shapes::circle const&)'"
    says missing err "undefined symbol 'missing_table', wanted by 'pointer_to_table'"
    says missing err "-lNAME"
    [ "$(grep -c 'undefined symbol' "$work/missing.err")" -eq 2 ] ||
        fail "not one line each: $(cat "$work/missing.err")"
}

# unloadable NAME TEXT: NAME.bc is refused by the compile, which names the input
# and publishes nothing.
unloadable() {
    for unloadable_how in "run" "precompile" "compile -o $work/out.oBCC"; do
        # shellcheck disable=SC2086 # these are words
        run refused "$BCC" $unloadable_how "$work/$1.bc"
        complains refused "$1.bc: $2"
    done
    [ -z "$(ls "$BCC_CACHE_DIR")" ] && [ ! -e "$work/out.oBCC" ] ||
        fail "$1: was published"
}

test_what_no_launch_could_load_is_not_compiled() {
    compile constructor <<'C'
int data;
__attribute__((section(".init_array"), used)) static void *word = &data;
int main(void) { return 7; }
C
    unloadable constructor "constructor or destructor at 0x"
    compile destructor <<'C'
int data;
__asm__(".section .fini_array,\"aw\",@fini_array\n\t.quad 0\n\t.text\n");
int main(void) { return 7; }
C
    unloadable destructor "constructor or destructor at 0x"
    compile resolver <<'C'
int data = 1, indirect(void);
__asm__(".globl indirect\n\t.type indirect, @gnu_indirect_function\n\t"
        ".set indirect, data\n");
int main(void) { return indirect(); }
C
    unloadable resolver "indirect function 0x"
    compile large <<'C'
volatile __thread char large[(1 << 30) + 64];
int main(int argc, char **argv) { (void)argv; return large[argc]; }
C
    unloadable large "0x40000040 bytes of thread-local variables"
    compile function <<'C'
__asm__("leaq memcpy@TLSGD(%rip), %rdi\n");
int main(void) { return 7; }
C
    unloadable function "'memcpy' is thread-local here, but "
}

test_variables_of_libraries_are_of_the_kind_that_code_takes_them_for() {
    build_library kinds/libkinds.so <<'C'
__thread int of_each_thread = 3;
int of_all = 4;
C
    echo 'extern int of_each_thread; int main(void) { return of_each_thread; }' |
        compile each
    echo 'extern __thread int of_all; int main(void) { return of_all; }' |
        compile all
    echo 'extern __thread int of_each_thread; extern int of_all;
        int main(void) { return of_each_thread + of_all; }' | compile both
    echo 'extern __thread int other __asm__("printf");
        int main(void) { return other; }' | compile function
    library=$work/kinds/libkinds.so
    run function "$BCC" run "$work/function.bc"
    complains function "'printf' is thread-local here, but not in libc.so.6"
    run each "$BCC" run -L"$work/kinds" -lkinds "$work/each.bc"
    complains each "'of_each_thread' is not thread-local here, but is in $library"
    run all "$BCC" run -L"$work/kinds" -lkinds "$work/all.bc"
    complains all "'of_all' is thread-local here, but not in $library"
    run both "$BCC" run -L"$work/kinds" -lkinds "$work/both.bc"
    expect both "exit 7"
}

test_zeros_take_no_file() {
    compile zeros <<'C'
static char unwritten[1L << 30];
static const char constant[1L << 28];
char written[1L << 30];
int main(int argc, char **argv)
{
    (void)argv;
    written[(argc << 30) - 1] = 3;
    return unwritten[argc] + constant[argc << 27] + written[(1 << 30) - argc];
}
C
    run zeros "$BCC" run "$work/zeros.bc"
    expect zeros "exit 3"
    [ "$(cat "$BCC_CACHE_DIR"/*.oBCC | wc -c)" -lt 100000 ] ||
        fail "an entry of $(ls -l "$BCC_CACHE_DIR")"
}

test_modules_of_all_code_models_are_linked() {
    for model in small medium large; do
        compile "main_$model" "-mcmodel=$model" <<'C'
extern char *far(long);
static int near = 3;
int main(int argc, char **argv)
{
    (void)argv;
    return *far(argc) + near + *far(1 << 30);
}
C
        compile "far_$model" "-mcmodel=$model" <<'C'
static char zeros[3L << 30], others[1L << 30];
char *far(long n)
{
    zeros[n] = 4;
    return n > 1 ? &others[n - 1] : &zeros[n];
}
C
    done
    for model in small medium large; do
        for other in small medium large; do
            run mixed "$BCC" run --no-cache --lib "$work/far_$other.bc" \
                "$work/main_$model.bc"
            expect mixed "exit 7"
        done
    done
}

# Natively these are made by the linker's optimiser, which not every machine
# with clang has: what is expected stands here.
test_type_checks_are_made() {
    for level in 0 2; do
        compile_cxx checked "-O$level" -flto -fvisibility=hidden \
            -fsanitize=cfi <<'C'
struct one { virtual int get() { return 1; } };
struct other { virtual int get() { return 2; } };
__attribute__((noinline)) int get(one *object) { return object->get(); }
static int right(int x) { return x; }
static double wrong(double x) { return x; }
int (*volatile function)(int) = right;
int main(int argc, char **)
{
    one first;
    other second;

    if (argc == 2)
        return get(reinterpret_cast<one *>(&second));
    if (argc == 3)
        function = reinterpret_cast<int (*)(int)>(wrong);
    return get(&first) + function(4);
}
C
        run checked "$BCC" run "-O$level" "$work/checked.bc"
        expect checked "exit 5"
        run object "$BCC" run "-O$level" "$work/checked.bc" wrong
        expect object "signal 4"
        run called "$BCC" run "-O$level" "$work/checked.bc" wrong call
        expect called "signal 4"
    done
    compile_cxx loaded -flto -fvisibility=hidden \
        -fwhole-program-vtables -fvirtual-function-elimination <<'C'
struct base { virtual int get() { return 1; } virtual int unused() { return 2; } };
struct derived : base { int get() override { return 3; } };
base first;
derived second;
base *volatile object = &first;
int main()
{
    int sum = object->get();

    object = &second;
    return sum + object->get();
}
C
    run loaded "$BCC" run "$work/loaded.bc"
    expect loaded "exit 4"
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
             strstr(line, "libgcc") || strstr(line, "crypto");
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

test_relative_directories_of_xdg_are_ignored() {
    small_program
    unset BCC_CACHE_DIR
    XDG_CACHE_HOME=xdg XDG_CONFIG_HOME=config HOME=$work/home
    export XDG_CACHE_HOME XDG_CONFIG_HOME HOME
    mkdir -p "$work/config/bcc"
    echo "cache-size = 5M" >"$work/config/bcc/config"
    cd "$work" || fail "cd"
    run relative "$BCC" run --report=json small.bc
    reported relative miss
    [ ! -e xdg ] || fail "made xdg/bcc where the program ran"
    [ -n "$(ls "$work/home/.cache/bcc")" ] || fail "nothing in ~/.cache/bcc"
    run stats "$BCC" cache stats
    says stats out "(default)"
    # Ours may be relative.
    run ours env BCC_CACHE_DIR=ours "$BCC" run --report=json small.bc
    reported ours miss
    [ -n "$(ls ours)" ] || fail "nothing in BCC_CACHE_DIR"
}

# A directory that is named may be for all, as a layer is; the default is the
# user's own.
test_named_directory_is_made_as_umask_says() {
    small_program
    umask 022
    "$BCC" precompile --cache-dir "$work/shared/layer" "$work/small.bc" \
        >"$work/log" 2>&1 || fail "precompile: $(cat "$work/log")"
    [ "$(stat -c %a "$work/shared" "$work/shared/layer" | xargs)" = "755 755" ] ||
        fail "others cannot read a layer: $(ls -ld "$work/shared/layer")"
    [ "$(stat -c %a "$work"/shared/layer/*.oBCC)" = 644 ] || fail "nor its entry"
    run variable env BCC_CACHE_DIR="$work/variable" "$BCC" run "$work/small.bc"
    [ "$(stat -c %a "$work/variable")" = 755 ] || fail "BCC_CACHE_DIR"
    umask 002 # but nobody trusts what a group may write
    run group "$BCC" run --report=json --cache-dir "$work/group" "$work/small.bc"
    reported group miss
    [ "$(stat -c %a "$work/group")" = 755 ] || fail "writable by a group"
    umask 077
    run private "$BCC" run --cache-dir "$work/private" "$work/small.bc"
    [ "$(stat -c %a "$work/private")" = 700 ] || fail "umask is ignored"
    umask 022
    run home env -u BCC_CACHE_DIR -u XDG_CACHE_HOME HOME="$work/home" \
        "$BCC" run "$work/small.bc"
    [ "$(stat -c %a "$work/home/.cache/bcc")" = 700 ] || fail "the default is open"
}

# As sudo does that keeps HOME.
test_home_of_another_user_is_left_alone() {
    [ "$(id -u)" -eq 0 ] || skip "needs another user"
    small_program
    unset BCC_CACHE_DIR
    mkdir -p "$work/home" "$work/cached/.cache" "$work/xdg"
    chown 12345 "$work/home" "$work/cached" "$work/cached/.cache" "$work/xdg"
    for home in home cached home/deeper; do
        run "run" env -u XDG_CACHE_HOME HOME="$work/$home" \
            "$BCC" run --report=json "$work/small.bc"
        expect "run" "exit 3"
        reported "run" off
        says "run" report "another user's home"
        run batch env -u XDG_CACHE_HOME HOME="$work/$home" \
            "$BCC" precompile "$work/small.bc"
        complains batch "another user's home"
    done
    run xdg env XDG_CACHE_HOME="$work/xdg" "$BCC" run --report=json "$work/small.bc"
    reported xdg off
    [ -z "$(find "$work/home" "$work/cached" "$work/xdg" -user 0)" ] ||
        fail "made something in another user's home"
    run named env HOME="$work/home" BCC_CACHE_DIR="$work/own" \
        "$BCC" run --report=json "$work/small.bc"
    reported named miss
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

test_layers_are_searched_before_the_cache() {
    small_program
    mkdir -m 755 "$work/system"
    run install "$BCC" precompile --cache-dir "$work/system" "$work/small.bc"
    expect install "exit 0"
    BCC_CACHE_PATH=$work/nowhere:$work/system
    export BCC_CACHE_PATH
    run layered "$BCC" run --report=json "$work/small.bc"
    expect layered "exit 3"
    reported layered hit
    grep -q "\"path\":\"$work/system/" "$work/layered.report" ||
        fail "elsewhere: $(cat "$work/layered.report")"
    [ -z "$(ls "$BCC_CACHE_DIR")" ] || fail "wrote to the cache"
    run none "$BCC" run --report=json --no-cache "$work/small.bc"
    reported none off
    run explain "$BCC" cache explain "$work/small.bc"
    says explain out "hit: $work/system/"
    run differs "$BCC" cache explain -O1 "$work/small.bc"
    says differs out "compared with $work/system/"
    says differs out "entry 3, request 1"
    # Writable by others: passed over, with a warning.
    chmod 777 "$work/system"
    run open "$BCC" run -v --report=json "$work/small.bc"
    reported open miss
    says open err "writable by group or others"
}

test_no_usable_cache_is_said() {
    small_program
    mkdir "$work/open"
    chmod 775 "$work/open"
    run open "$BCC" run --cache-dir "$work/open" "$work/small.bc"
    expect open "exit 3"
    says open err "bcc: no usable cache: $work/open: writable by group"
    run homeless env -u BCC_CACHE_DIR -u XDG_CACHE_HOME -u HOME "$BCC" run \
        "$work/small.bc"
    says homeless err "bcc: no usable cache: no cache directory: HOME is not set"
    run none "$BCC" run --no-cache "$work/small.bc"
    silent none err
}

# ---- Streams ----

test_streams_are_read() {
    small_program
    run cold sh -c "'$BCC' run --report=json - you <'$work/small.bc'"
    expect cold "exit 3"
    says cold out "hello you"
    reported cold miss
    run pipe sh -c "cat '$work/small.bc' | '$BCC' run --report=json /dev/stdin"
    expect pipe "exit 3"
    reported pipe hit
    mkfifo "$work/fifo"
    cat "$work/small.bc" >"$work/fifo" &
    run fifo "$BCC" run --report=json "$work/fifo"
    expect fifo "exit 3"
    reported fifo hit
    run compile sh -c "cat '$work/small.bc' |
        '$BCC' compile --entry main - -o - >'$work/out.oBCC'"
    expect compile "exit 0"
    run dump sh -c "'$BCC' dump - <'$work/out.oBCC'"
    expect dump "exit 0"
    says dump out "name main"
    run piped sh -c "cat '$work/out.oBCC' | '$BCC' dump /dev/stdin"
    same dump piped
    run compiled sh -c "cat '$work/out.oBCC' | '$BCC' run - you"
    expect compiled "exit 3"
    says compiled out "hello you"
    run nothing "$BCC" run -
    expect nothing "exit 1"
    complains nothing "standard input"
    run directory "$BCC" run "$work"
    expect directory "exit 1"
    complains directory "not a regular file"
}

# ---- Entries are found by content ----

# The entries of the cache, one a line.
entries() {
    ls "$BCC_CACHE_DIR" | grep '\.oBCC$'
}

# hits NAME ARGUMENTS...: a run that exits with 3 and compiles nothing.
hits() {
    hits_name=$1
    shift
    run "$hits_name" "$BCC" run --report=json "$@"
    expect "$hits_name" "exit 3"
    reported "$hits_name" hit
}

test_a_copy_or_another_spelling_is_a_hit() {
    small_program
    echo 'int unused(void) { return 1; }' | compile library
    cd "$work" || exit 1
    run cold "$BCC" run --lib library.bc small.bc
    hits relative --lib ./library.bc ./small.bc
    hits absolute --lib "$work/library.bc" "$work/small.bc"
    hits defaults --cpu native --features "" -O3 --entry main \
        --target "$(uname -m)-unknown-linux-gnu" --lib library.bc small.bc
    mkdir elsewhere
    cp small.bc elsewhere/copied.bc
    hits copied --lib library.bc elsewhere/copied.bc
    mv library.bc elsewhere/moved.bc
    hits moved --lib elsewhere/moved.bc small.bc
    ln -s small.bc linked.bc
    hits linked --lib elsewhere/moved.bc linked.bc
    [ "$(entries | wc -l)" -eq 1 ] || fail "entries: $(entries)"
    run one "$BCC" run --cpu x86-64 --features +sse3,+popcnt small.bc
    hits other --cpu x86-64 --features +popcnt,+sse3,+popcnt small.bc
    run taken "$BCC" run --report=json --cpu x86-64 --features +sse3,-sse3 small.bc
    reported taken miss
}

test_another_triple_is_another_entry() {
    small_program
    machine=$(uname -m)
    run cold "$BCC" run --tier=best "$work/small.bc"
    for same in $machine-linux-gnu $machine-pc-linux-gnu $machine--linux-gnu; do
        run same "$BCC" cache explain --target "$same" "$work/small.bc"
        says same out "small.bc: hit: "
    done
    for other in $machine-linux-musl $machine-unknown-linux-android \
        $machine-unknown-freebsd "${machine}linux-gnu" "${machine%?}-linux-gnu"; do
        run other "$BCC" cache explain --target "$other" "$work/small.bc"
        says other out "small.bc: miss: "
        says other out "and $other is wanted"
    done
}

# No launch of a known file reads it, wherever it is.
test_a_hit_of_a_copy_reads_no_bitcode() {
    needs strace
    small_program
    run cold "$BCC" run "$work/small.bc"
    cp "$work/small.bc" "$work/copy.bc"
    touch -d "1 hour ago" "$work/copy.bc" # at once old enough to be known
    sleep 0.1
    hits first "$work/copy.bc"
    run traced strace -f -o "$work/trace" "$BCC" run "$work/copy.bc"
    expect traced "exit 3"
    ! grep -q 'open.*copy\.bc' "$work/trace" || fail "$(grep copy "$work/trace")"
    # The content decides, not the path.
    echo 'int main(void) { return 7; }' | compile copy
    run changed "$BCC" run --report=json "$work/copy.bc"
    expect changed "exit 7"
    reported changed miss
    hits back "$work/small.bc"
}

# A link that lies names another entry, and that is not taken.
test_a_false_known_file_is_no_hit() {
    small_program
    echo 'int main(void) { return 7; }' | compile other
    touch -d "1 hour ago" "$work/small.bc" "$work/other.bc"
    sleep 0.1
    run small "$BCC" run "$work/small.bc"
    run other "$BCC" run "$work/other.bc"
    known=$BCC_CACHE_DIR/.known
    [ "$(ls "$known" | wc -l)" -eq 2 ] || fail "known: $(ls -l "$known")"
    digest=$(readlink "$known"/*-"$(stat -c %i "$work/small.bc" |
        xargs printf %x)" | cut -c 1-26)
    link=$(echo "$known"/*-"$(stat -c %i "$work/other.bc" | xargs printf %x)")
    ln -sfn "$digest$(readlink "$link" | cut -c 27-)" "$link"
    run misled "$BCC" run --report=json "$work/other.bc"
    expect misled "exit 7"
    # In a directory of others the link is not asked for content either.
    mkdir -m 755 "$work/layer"
    BCC_CACHE_DIR=$work/layer "$BCC" precompile "$work/small.bc" >/dev/null
    rm "$BCC_CACHE_DIR"/*.oBCC
    chmod 777 "$BCC_CACHE_DIR"
    BCC_CACHE_PATH=$work/layer
    export BCC_CACHE_PATH
    run layered "$BCC" run --report=json "$work/other.bc"
    expect layered "exit 7"
    ln -sfn "no digest" "$link"
    run garbage "$BCC" run "$work/other.bc"
    expect garbage "exit 7"
}

test_gc_removes_old_known_files() {
    small_program
    touch -d "1 hour ago" "$work/small.bc"
    sleep 0.1
    run small "$BCC" run "$work/small.bc"
    [ -n "$(ls "$BCC_CACHE_DIR/.known")" ] || fail "nothing is known"
    run young "$BCC" cache gc
    [ -n "$(ls "$BCC_CACHE_DIR/.known")" ] || fail "gone at once"
    run clear "$BCC" cache clear
    [ ! -e "$BCC_CACHE_DIR/.known" ] || fail "clear leaves $(ls -A "$BCC_CACHE_DIR")"
}

test_the_best_cpu_of_a_layer_is_taken() {
    [ "$(uname -m)" = x86_64 ] || skip "no levels here"
    small_program
    layer=$work/layer
    for cpu in x86-64 x86-64-v2 nehalem; do
        run made "$BCC" precompile --cache-dir "$layer" --cpu $cpu \
            "$work/small.bc"
        expect made "exit 0"
    done
    # As if made for a CPU that has what this one lacks.
    v2=$(echo "$layer"/*@x86-64-v2.oBCC)
    base=${v2%@*}
    BCC_CACHE_PATH=$work/none:$layer
    export BCC_CACHE_PATH
    hits best "$work/small.bc"
    grep -q "\"path\":\"$v2\"" "$work/best.report" ||
        fail "not v2: $(cat "$work/best.report")"
    [ -z "$(ls "$BCC_CACHE_DIR")" ] || fail "wrote to the cache"
    run explain "$BCC" cache explain "$work/small.bc"
    says explain out "hit: $v2"
    # An entry that cannot be used is passed over.
    printf x | dd of="$v2" bs=1 seek=20 conv=notrunc 2>/dev/null
    hits next "$work/small.bc"
    grep -q "$base@x86-64.oBCC" "$work/next.report" ||
        fail "not x86-64: $(cat "$work/next.report")"
    # Other CPUs, the one with the most features first.
    rm "$base@x86-64.oBCC" "$v2"
    hits other "$work/small.bc"
    grep -q "$base@nehalem.oBCC" "$work/other.report" ||
        fail "not nehalem: $(cat "$work/other.report")"
    # One that is named is the only one.
    run named "$BCC" run --report=json --cpu x86-64-v2 "$work/small.bc"
    reported named miss
}

test_signed_code_for_a_cpu_is_found() {
    needs openssl
    [ "$(uname -m)" = x86_64 ] || skip "no levels here"
    small_program
    openssl genpkey -algorithm ed25519 -out "$work/key.pem" 2>/dev/null
    openssl pkey -in "$work/key.pem" -pubout -out "$work/key.pub"
    run made "$BCC" precompile --cpu x86-64-v2 "$work/small.bc"
    entry=$(echo "$BCC_CACHE_DIR"/*.oBCC)
    run unsigned "$BCC" run --trusted-key "$work/key.pub" "$work/small.bc"
    expect unsigned "exit 1"
    run explain "$BCC" cache explain --trusted-key "$work/key.pub" \
        "$work/small.bc"
    says explain out "bcc sign --key PRIVATE.pem"
    run sign "$BCC" sign --key "$work/key.pem" "$entry"
    hits signed --trusted-key "$work/key.pub" "$work/small.bc"
}

# valgrind has a CPU of its own, and the compiler does not run under it.
test_a_launch_under_valgrind_is_compiled_for_its_cpu() {
    needs valgrind
    [ "$(uname -m)" = x86_64 ] || skip "no levels here"
    small_program
    # Either with or without an entry for the real CPU.
    for when in without with; do
        run first valgrind -q "$BCC" run --report=json "$work/small.bc"
        expect first "exit 3"
        run second valgrind -q "$BCC" run --report=json "$work/small.bc"
        expect second "exit 3"
        reported second hit
        for option in --no-cache --rebuild; do
            run other valgrind -q "$BCC" run $option "$work/small.bc"
            expect other "exit 3"
        done
        rm "$BCC_CACHE_DIR"/*.oBCC
        run real "$BCC" run "$work/small.bc"
    done
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
        "$CHECK_JSON" cache code reason path tier lazy image_bytes stages_us \
            total_us \
            <"$work/$name.report" || fail "$(cat "$work/$name.report")"
    done
    grep -q '"optimise":' "$work/cold.report" || fail "cold: no optimise"
    grep -q '"optimise":' "$work/warm.report" && fail "warm: optimises"
    grep -q '"load":' "$work/warm.report" || fail "warm: no load"
}

# Of hits one in 16 is counted: that none of 250 is has a probability of 1e-7.
test_cache_stats_has_hits_and_misses_by_reason() {
    small_program
    run quiet "$BCC" cache stats
    grep -q hits "$work/quiet.out" && fail "counted: $(cat "$work/quiet.out")"
    run first "$BCC" run "$work/small.bc"
    run level "$BCC" run -O1 "$work/small.bc"
    run rebuilt "$BCC" run --rebuild "$work/small.bc"
    run nocache "$BCC" run --no-cache "$work/small.bc"
    for _ in $(seq 250); do
        "$BCC" run "$work/small.bc"
    done >"$work/out"
    run stats "$BCC" cache stats
    says stats out "misses     3"
    grep -qE "^  no_entry +2$" "$work/stats.out" &&
        grep -qE "^  rebuild +1$" "$work/stats.out" ||
        fail "$(cat "$work/stats.out")"
    run stats_json "$BCC" cache stats --json
    json stats_json dir entries bytes disk_bytes indexes limit limit_origin \
        since hits hits_sampled misses reasons
    grep -q '"hits":0,' "$work/stats_json.out" && fail "no hits"
    grep -q '"misses":3,"reasons":{"no_entry":2,"rebuild":1}' \
        "$work/stats_json.out" || fail "$(cat "$work/stats_json.out")"
    run zero "$BCC" cache stats --zero
    expect zero "exit 0"
    silent zero out
    run stats_json "$BCC" cache stats --json
    says stats_json out '"hits":0,'
    says stats_json out '"misses":0,"reasons":{}'
    # Launches at once lose nothing.
    for i in 0 1 2 3 4 5 6 7; do
        "$BCC" run --rebuild "$work/small.bc" >"$work/out.$i" &
    done
    wait
    run stats_json "$BCC" cache stats --json
    says stats_json out '"misses":8,"reasons":{"rebuild":8}'
    # A file that cannot be written costs nothing but the numbers.
    ln -sf /dev/null "$work/cache/.counters-1"
    run after "$BCC" run --rebuild "$work/small.bc"
    expect after "exit 3"
    silent after err
}

test_cache_lists_counts_and_clears() {
    small_program
    run empty "$BCC" cache stats
    says empty out "entries    0"
    run one "$BCC" run "$work/small.bc"
    run two "$BCC" run -O1 "$work/small.bc"
    run ls "$BCC" cache ls
    expect ls "exit 0"
    [ "$(grep -c '[0-9a-f]*\.oBCC.*small\.bc' "$work/ls.out")" -eq 2 ] ||
        fail "ls: $(cat "$work/ls.out")"
    run ls_json "$BCC" cache ls --json
    json ls_json
    run stats "$BCC" cache stats
    says stats out "entries    2"
    run stats_json "$BCC" cache stats --json
    json stats_json dir entries bytes disk_bytes indexes limit limit_origin \
        since hits hits_sampled misses reasons
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

test_looking_at_a_cache_makes_none() {
    for action in stats ls verify gc clear; do
        run "$action" "$BCC" cache $action --cache-dir "$work/none"
        expect "$action" "exit 0"
    done
    small_program
    run explain "$BCC" cache explain --cache-dir "$work/none" "$work/small.bc"
    says explain out "miss: $work/none"
    [ ! -e "$work/none" ] || fail "a directory was made"
    # As of a variable that is not set: not the user's own cache.
    run small "$BCC" run "$work/small.bc"
    run empty "$BCC" cache clear --cache-dir ""
    expect empty "exit 2"
    run long "$BCC" cache clear --cache-dir "/$(printf '%05000d' 0)"
    complains long "too long"
    run small "$BCC" run --report=json "$work/small.bc"
    reported small hit
}

# What is opened gets no standard descriptor: it would get what is printed, too.
test_closed_descriptors_stay_unusable() {
    compile closed <<'C'
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
int main(void)
{
    char byte = 0;
    int closed = open("/dev/null", O_RDONLY) < 3 ? 8 : 0;

    if (write(1, &byte, 1) < 0 && errno == EBADF)
        closed |= 1;
    if (write(2, &byte, 1) < 0 && errno == EBADF)
        closed |= 2;
    if (read(0, &byte, 1) < 0 && errno == EBADF)
        closed |= 4;
    return closed;
}
C
    for closed in "7 <&- >&- 2>&-" "7 <&- >&- 2>&-" "4 <&-" "1 >&-" "2 2>&-"; do
        run closed sh -c \
            "exec \"\$BCC\" run -v '$work/closed.bc' ${closed#?}"
        expect closed "exit ${closed%% *}"
    done
    run verify "$BCC" cache verify
    says verify out "1 entries"
    says verify out "0 damaged"
}

test_output_that_is_lost_is_a_failure() {
    small_program
    [ -c /dev/full ] || skip "no /dev/full"
    run made "$BCC" run "$work/small.bc"
    for command in "cache stats" "cache ls --json" "cache gc" --version \
        "precompile $work/small.bc" "dump $(ls "$BCC_CACHE_DIR"/*.oBCC)"; do
        run full sh -c "\"\$BCC\" $command >/dev/full"
        complains full "standard output: No space left on device"
    done
}

# A name may hold what a terminal obeys.
test_names_are_printed_harmlessly() {
    small_program
    name=$(printf 'a\033[2Jb\nc\377')
    cp "$work/small.bc" "$work/$name.bc"
    run odd "$BCC" run "$work/$name.bc"
    expect odd "exit 3"
    touch -d @1000000000000000 "$BCC_CACHE_DIR"/*.oBCC 2>/dev/null
    run ls "$BCC" cache ls
    expect ls "exit 0"
    says ls out 'a\x1b[2Jb\x0ac\xff'
    [ "$(wc -l <"$work/ls.out")" -eq 1 ] || fail "more than one line"
    run json "$BCC" cache ls --json
    json json
}

# harmless NAME: nothing in its outputs is obeyed by a terminal, and all of it is
# UTF-8.
harmless() {
    for harmless_what in out err; do
        if LC_ALL=C grep -anP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xd8\x9c|\xe2(\x80[\x8e\x8f\xa8-\xae]|\x81[\xa6-\xa9])' \
            "$work/$1.$harmless_what" >"$work/harmful"; then
            fail "$1: its $harmless_what has $(cat -v "$work/harmful")"
        fi
        ! grep -an '^injected' "$work/$1.$harmless_what" ||
            fail "$1: its $harmless_what has a line of somebody else"
        iconv -f UTF-8 -t UTF-8 "$work/$1.$harmless_what" >/dev/null ||
            fail "$1: its $harmless_what is no UTF-8"
    done
}

# Names in bitcode, in messages, in entries; names of files.
test_text_of_others_is_printed_harmlessly() {
    cat >"$work/odd.ll" <<'LL'
target triple = "x86_64-pc-linux-gnu"
@"g\1B]0;PWN\07\0Ainjected caf\C3\A9" = global i32 3
define i32 @"f\1B[31m\0Ainjected\C2\9B31m\E2\80\AE\FF"() { ret i32 1 }
define i32 @calls() {
 %1 = call i32 @"f\1B[31m\0Ainjected\C2\9B31m\E2\80\AE\FF"()
 ret i32 %1 }
define i32 @main() { ret i32 0 }
!\23pragma = !{!1}
!1 = !{!"k\1B[31m\D8\9C", !"v\0Ainjected\E2\81\A6"}
LL
    cat >"$work/needy.ll" <<'LL'
target triple = "x86_64-pc-linux-gnu"
declare void @"u\C2\9B31m\E2\80\AEabc\0Ainjected\C1"()
define i32 @main() { call void @"u\C2\9B31m\E2\80\AEabc\0Ainjected\C1"()
 ret i32 0 }
LL
    name=$(printf 'odd\033[2J\ninjected\302\233\342\200\256\351\303\251')
    cp "$work/odd.ll" "$work/$name.bc"
    run compile "$BCC" compile "$work/odd.ll" -o "$work/$name.oBCC"
    expect compile "exit 0"
    run dump "$BCC" dump "$work/$name.oBCC"
    says dump out 'g\x1b]0;PWN\x07\x0ainjected café'
    says dump out 'k\x1b[31m\xd8\x9c'
    run listing "$BCC" dump --disassemble "$work/$name.oBCC"
    says listing out '<f\x1b[31m\x0ainjected\xc2\x9b31m\xe2\x80\xae\xff>:'
    run dump_json "$BCC" dump --json "$work/$name.oBCC"
    run undefined "$BCC" run "$work/needy.ll"
    complains undefined 'u\xc2\x9b31m'
    run verbose "$BCC" run -v "$work/$name.bc"
    expect verbose "exit 0"
    run hit "$BCC" cache explain "$work/$name.bc"
    run miss "$BCC" cache explain --entry "$name" "$work/$name.bc"
    cp "$work/$name.bc" "$work/copy$name.bc"
    run batch "$BCC" precompile "$work/copy$name.bc" "$work/none$name"
    says batch out 'copyodd\x1b[2J\x0ainjected'
    run ls "$BCC" cache ls
    run exports "$BCC" precompile --exports "$work/$name.bc"
    for entry in "$BCC_CACHE_DIR"/*.oBCC; do
        printf x | dd of="$entry" bs=1 seek=300 conv=notrunc 2>/dev/null
    done
    run damage "$BCC" cache verify
    says damage out 'odd?[2J?injected\xc2\x9b\xe2\x80\xae\xe9é'
    run gc "$BCC" cache gc --dry-run --max-size 1
    run wrong "$BCC" "$name"
    run option "$BCC" run "--$name" x
    run sign "$BCC" verify --key "$name" "$name"
    for what in compile dump listing dump_json undefined verbose hit miss batch \
        ls damage gc option wrong sign; do
        harmless $what
    done
}

# Names are what they are in the file; JSON is valid whatever they hold.
test_json_shows_names_as_utf8() {
    needs python3
    cat >"$work/odd.ll" <<'LL'
target triple = "x86_64-pc-linux-gnu"
@"caf\C3\A9 \F0\9F\98\80 \22\5C" = global i32 3
@"cut \C3" = global i32 3
@"latin \E9 \0A\C2\9B\7F\E2\80\AE" = global i32 3
LL
    run compile "$BCC" compile "$work/odd.ll" -o "$work/odd.oBCC"
    expect compile "exit 0"
    run dump "$BCC" dump --json "$work/odd.oBCC"
    harmless dump
    python3 - "$work/dump.out" <<'PYTHON' || fail "not these names"
import json, sys
with open(sys.argv[1], "rb") as file:
    dump = json.loads(file.read().decode("utf-8", "strict"))
names = sorted(row["name"] for row in dump["export_vars"])
wanted = ["caf\u00e9 \U0001f600 \"\\", "cut \ufffd",
          "latin \ufffd \n\u009b\u007f\u202e"]
assert names == wanted, names
PYTHON
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
    json none dir entries bytes disk_bytes indexes limit limit_origin since \
        hits hits_sampled misses reasons
    BCC_CACHE_SIZE=large
    run bad "$BCC" cache stats
    expect bad "exit 0"
    says bad err "BCC_CACHE_SIZE=large"
    says bad out "limit      7168"
    echo "cache-size=huge" >"$work/config/bcc/config"
    unset BCC_CACHE_SIZE
    run bad "$BCC" cache stats
    says bad err "config:1: 'huge' is not a size"
    says bad out "(default)"
    rm "$work/config/bcc/config"
    mkfifo "$work/config/bcc/config" # with nobody to write it
    run bad "$BCC" cache stats
    says bad err "config: not a regular file"
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
    bytes='[1-9][0-9]* bytes'
    line="3 entries would be removed, $bytes; 1 left, $bytes, limit 0"
    grep -qx "$line (--max-size)" "$work/dry.out" || fail "$(cat "$work/dry.out")"
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
    while [ "$(ls "$BCC_CACHE_DIR" | wc -l)" -ne 1 ] && [ $tries -lt 1000 ]; do
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
    # A list looks at tables, and not at code.
    run list "$BCC" cache ls
    ! grep -q checksum "$work/list.out" || fail "ls looked at code"
    printf 'X' | dd of="$victim" bs=1 conv=notrunc status=none \
        seek=$(grep -abo small.bc "$victim" | head -n 1 | cut -d: -f1)
    run list "$BCC" cache ls
    says list out "string pool: checksum mismatch"
    run json "$BCC" cache verify --json --remove
    expect json "exit 1"
    json json damaged entries bytes n_damaged
    says json out '"removed":true'
    [ ! -e "$victim" ] || fail "the damaged entry is still there"
    run after "$BCC" cache verify
    expect after "exit 0"
}

test_dump_and_explain_say_the_tier() {
    small_program
    run first "$BCC" run --tier=baseline "$work/small.bc"
    run dump "$BCC" dump "$BCC_CACHE_DIR"/*.oBCC
    says dump out " tier baseline, the best to come "
    run explain "$BCC" cache explain "$work/small.bc"
    grep -q 'oBCC (baseline code)$' "$work/explain.out" || fail "no baseline"
    run best "$BCC" run --tier=best "$work/small.bc"
    run dump "$BCC" dump "$BCC_CACHE_DIR"/*.oBCC
    says dump out " tier best "
    run explain "$BCC" cache explain "$work/small.bc"
    grep -q 'oBCC$' "$work/explain.out" || fail "$(cat "$work/explain.out")"
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
    says hit out "small.bc: hit: $BCC_CACHE_DIR/"
    run level "$BCC" cache explain -O1 "$work/small.bc"
    expect level "exit 0"
    says level out "miss: "
    says level out "compared with $BCC_CACHE_DIR/"
    says level out "cause: opt: the entry has 3, and 1 is wanted"
    says level out "to mend it: bcc precompile -O1 $work/small.bc"
    says level out "opt                entry 3, request 1"
    [ "$(grep -c '^  ' "$work/level.out")" -eq 1 ] ||
        fail "level: $(cat "$work/level.out")"
    run library "$BCC" cache explain --lib "$work/library.bc" "$work/small.bc"
    says library out "number of inputs   entry 1, request 2"
    run json "$BCC" cache explain --json --cpu x86-64-v2 "$work/small.bc"
    json json file cache code reason path tier compared_with differences \
        cause remedy
    says json out '{"field":"cpu","entry":"native","request":"x86-64-v2","decides":true}'
    run whole "$BCC" cache explain --link "$work/library.bc" "$work/small.bc"
    says whole out "number of inputs   entry 1, request 2"
    run strip "$BCC" cache explain --strip-debug "$work/small.bc"
    says strip out "flags              entry marked-only,default-libraries, request marked-only,default-libraries,strip-debug"
    run shared "$BCC" cache explain --json -L/nonexistent -lz "$work/small.bc"
    says shared out '"field":"library-dir","entry":"","request":"/nonexistent"'
    says shared out '"field":"shared","entry":"","request":"search z"'
    echo 'int main(void) { return 4; }' | compile small
    run changed "$BCC" cache explain --json "$work/small.bc"
    says changed out '"code":"no_entry"'
    says changed out '"cause":"input 0 sha1: the entry has '
    says changed out '"field":"input 0 sha1"'
    [ "$(ls "$BCC_CACHE_DIR" | wc -l)" -eq 1 ] || fail "explain compiled"
    run object "$BCC" precompile --link "$work/library.bc" "$work/small.bc"
    expect object "exit 0"
    run linked "$BCC" cache explain --link "$work/library.bc" "$work/small.bc"
    says linked out "small.bc: hit"
    run role "$BCC" cache explain --lib "$work/library.bc" "$work/small.bc"
    says role out "input 1 role       entry object, request library"
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
    complains nocache "compiling is forbidden"
    run public "$BCC" sign --key "$work/ours.pub" "$entry"
    complains public "not an Ed25519 private key"
    says public err "only the private one can sign"
    run private "$BCC" run --trusted-key "$work/ours.pem" "$work/small.bc"
    complains private "not an Ed25519 public key"
    says private err "openssl pkey -in PRIVATE.pem -pubout"
    openssl genpkey -algorithm RSA -outform PEM 2>/dev/null |
        openssl pkey -pubout >"$work/rsa.pub"
    run rsa "$BCC" run --trusted-key "$work/rsa.pub" "$work/small.bc"
    complains rsa "it is a key of another kind"
}

# ---- Compiled programs ----

# compiled NAME: small.bc as $work/NAME, and the compiler gone.
compiled() {
    small_program
    run compile "$BCC" compile --entry main "$work/small.bc" -o "$work/$1"
    expect compile "exit 0"
    rm "$work/small.bc"
    export BCC_BCCC=/nonexistent/bccc
}

test_a_compiled_program_runs_without_bitcode_and_compiler() {
    compiled small.oBCC
    run own "$BCC" run "$work/small.oBCC" you
    expect own "exit 3"
    says own out "hello you"
    silent own err
    cp "$work/small.oBCC" "$work/program"
    run named "$BCC" run --report=json --no-cache "$work/program"
    reported named hit
    says named out "hello nobody"
    [ -z "$(ls "$BCC_CACHE_DIR" 2>/dev/null)" ] || fail "the cache was used"
    run entry "$BCC" run --entry absent "$work/small.oBCC"
    complains entry "no function 'absent'"
}

test_a_compiled_program_is_refused_with_the_reason() {
    needs openssl
    make_keys
    compiled small.oBCC
    cp "$work/small.oBCC" "$work/open"
    chmod 666 "$work/open"
    run open "$BCC" run --report=json "$work/open"
    complains open "open: writable by group or others (mode 0666)"
    says open report '"code":"untrusted"'
    head -c 3000 "$work/small.oBCC" >"$work/cut"
    run cut "$BCC" run "$work/cut"
    complains cut "cut: header: written as"
    { cat "$work/small.oBCC"; echo; } >"$work/long"
    run long "$BCC" run "$work/long"
    complains long "long: header: written as"
    for options in "--rebuild" "-lm" "--lib $work/open" "--link $work/open"; do
        # shellcheck disable=SC2086 # these are words
        run again "$BCC" run $options "$work/small.oBCC"
        complains again "is compiled already"
    done
    for options in "--cpu x86-64" "--features +avx" "--target x"; do
        # shellcheck disable=SC2086
        run cpu "$BCC" run $options "$work/small.oBCC"
        expect cpu "exit 2"
        says cpu err "is compiled already"
    done
    run twice "$BCC" compile "$work/small.oBCC" -o "$work/twice.oBCC"
    complains twice "is compiled already"
    run key "$BCC" run --trusted-key "$work/ours.pub" "$work/small.oBCC"
    complains key "not signed"
    for file in small.oBCC open; do
        run sign "$BCC" sign --key "$work/ours.pem" "$work/$file"
        expect sign "exit 0"
        run signed "$BCC" run --trusted-key "$work/ours.pub" "$work/$file"
        expect signed "exit 3"
        run other "$BCC" run --trusted-key "$work/theirs.pub" "$work/$file"
        complains other "signed by a key that is not trusted"
    done
}

test_a_compiled_program_says_what_its_compile_lacked() {
    compile_cxx words <<'CXX'
#include <iostream>
int main() { std::cout << "words\n"; }
CXX
    run lacks "$BCC" compile "$work/words.bc" -o "$work/lacks.oBCC"
    run whole "$BCC" compile --entry main "$work/words.bc" -o "$work/whole.oBCC"
    run lacking "$BCC" run "$work/lacks.oBCC"
    complains lacking "undefined symbol"
    says lacking err "lacks.oBCC: is compiled already: bcc compile takes -l"
    run words "$BCC" run "$work/whole.oBCC"
    expect words "exit 0"
    says words out "words"
}

# public_key NAME OCTAL: a PEM file of a key that is those bytes.
public_key() {
    {
        echo "-----BEGIN PUBLIC KEY-----"
        # shellcheck disable=SC2059 # these are escapes
        printf "\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000$2" |
            base64
        echo "-----END PUBLIC KEY-----"
    } >"$work/$1"
}

# Points of small order: the right signatures for them need no private half.
test_keys_that_anybody_can_sign_for_are_refused() {
    small_program
    "$BCC" compile "$work/small.bc" -o "$work/small.oBCC" || fail "compile"
    zeros='\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000'
    public_key zero.pub "$zeros$zeros\\000\\000"
    public_key one.pub "\\001$zeros$zeros\\200"
    for key in zero one; do
        run verify "$BCC" verify --key "$work/$key.pub" "$work/small.oBCC"
        complains verify "anybody can sign for this key"
        run trusting "$BCC" run --trusted-key "$work/$key.pub" "$work/small.bc"
        complains trusting "anybody can sign for this key"
    done
}

test_private_keys_that_others_can_read_are_refused() {
    needs openssl
    make_keys
    small_program
    "$BCC" compile "$work/small.bc" -o "$work/small.oBCC" || fail "compile"
    cp "$work/small.oBCC" "$work/before"
    for mode in 640 604 620; do
        chmod $mode "$work/ours.pem"
        run sign "$BCC" sign --key "$work/ours.pem" "$work/small.oBCC"
        complains sign "ours.pem: private key is open to others (mode 0$mode)"
    done
    if [ "$(id -u)" -eq 0 ]; then
        chmod 600 "$work/ours.pem"
        chown 12345 "$work/ours.pem"
        run sign "$BCC" sign --key "$work/ours.pem" "$work/small.oBCC"
        complains sign "ours.pem: private key belongs to user 12345"
        chown 0 "$work/ours.pem"
    fi
    cmp -s "$work/before" "$work/small.oBCC" || fail "signed all the same"
    chmod 400 "$work/ours.pem"
    run sign "$BCC" sign --key "$work/ours.pem" "$work/small.oBCC"
    expect sign "exit 0"
    chmod 644 "$work/ours.pub"
    run verify "$BCC" verify --key "$work/ours.pub" "$work/small.oBCC"
    expect verify "exit 0"
}

# That an entry was checked is remembered where only its user can write: what
# lies in a directory that somebody else made says nothing.
test_marks_of_somebody_else_count_for_nothing() {
    [ "$(id -u)" -eq 0 ] || skip "needs another user"
    command -v setpriv >/dev/null || skip "no setpriv"
    user=$((60000 + $$ % 20000)) # not that of a test at the same time
    setpriv --reuid $user --clear-groups test -x "$BCC" ||
        skip "other users cannot reach the build"
    [ -d /dev/shm ] || skip "no /dev/shm"
    marks=/dev/shm/bcc-$user
    trap 'remove_work; rm -rf "$marks"' EXIT
    small_program
    chmod 755 "$work"
    mkdir -m 755 "$work/layer"
    "$BCC" precompile --cache-dir "$work/layer" "$work/small.bc" >"$work/log" ||
        fail "precompile: $(cat "$work/log")"
    entry=$(echo "$work"/layer/*.oBCC)
    at=$(grep -abo hello "$entry" | tail -n 1 | cut -d : -f 1)
    printf j | dd of="$entry" bs=1 seek="$at" conv=notrunc 2>/dev/null
    # shellcheck disable=SC2046 # words
    mark=$(printf '%x-%x-%x-%x' $(stat -c '%d %i %s %.9Z' "$entry" | tr -d .))
    as_other="setpriv --reuid $user --clear-groups env -u BCC_CACHE_DIR"
    as_other="$as_other BCC_CACHE_PATH=$work/layer"
    mkdir -m 700 "$marks"
    : >"$marks/$mark"
    chown -R $user "$marks"
    # shellcheck disable=SC2086 # words
    {
        run believed $as_other BCC_CACHE_DIR="$work/none" \
            "$BCC" run "$work/small.bc"
        says believed out "jello" # the mark is the right one
        chown 4711 "$marks"
        run foreign $as_other BCC_CACHE_DIR="$work/none" \
            "$BCC" run "$work/small.bc"
        says foreign out "hello"
        chown $user "$marks"
        chmod 770 "$marks"
        run open $as_other BCC_CACHE_DIR="$work/none" \
            "$BCC" run "$work/small.bc"
        says open out "hello"
    }
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

# No output replaces what it is made from, by whatever name.
test_inputs_are_not_overwritten() {
    small_program
    echo 'int helper(int x) { return x; }' | compile lib
    echo 'int other(int x) { return x; }' | compile object
    ln "$work/small.bc" "$work/hard.bc"
    ln -s small.bc "$work/soft.bc"
    ln -s . "$work/dir"
    (cd "$work" && cksum small.bc lib.bc object.bc) >"$work/before"
    for out in small.bc hard.bc soft.bc dir/small.bc lib.bc object.bc; do
        run compile "$BCC" compile "$work/small.bc" --lib "$work/lib.bc" \
            --link "$work/object.bc" -o "$work/$out"
        complains compile "would be overwritten"
    done
    run through "$BCC" compile "$work/soft.bc" -o "$work/small.bc"
    complains through "would be overwritten"
    run second "$BCC" compile "$work/small.bc" "$work/object.bc" \
        -o "$work/object.bc"
    complains second "object.bc"
    # An entry, of bitcode that has an entry's name.
    cp "$work/small.bc" "$BCC_CACHE_DIR/plain.oBCC"
    run batch "$BCC" precompile --exports "$BCC_CACHE_DIR/plain.oBCC"
    complains batch "would be overwritten"
    cmp -s "$work/small.bc" "$BCC_CACHE_DIR/plain.oBCC" || fail "overwritten"
    run entry "$BCC" compile "$work/small.bc" -o "$work/small.oBCC"
    expect entry "exit 0"
    cp "$work/small.oBCC" "$work/copy"
    ln "$work/small.oBCC" "$work/hard.oBCC"
    for out in small hard; do
        run image "$BCC" dump --image "$work/$out.oBCC" "$work/small.oBCC"
        complains image "would be overwritten"
        run debug "$BCC" dump --debug-file "$work/$out.oBCC" "$work/small.oBCC"
        complains debug "would be overwritten"
    done
    cmp -s "$work/copy" "$work/small.oBCC" || fail "dump overwrote the entry"
    (cd "$work" && cksum small.bc lib.bc object.bc) >"$work/after"
    cmp -s "$work/before" "$work/after" || fail "inputs changed"
    [ -L "$work/soft.bc" ] || fail "the link is gone"
    run again "$BCC" compile "$work/small.bc" -o "$work/small.oBCC"
    expect again "exit 0" # an output may be there
}

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
    mkdir -m 700 "$BCC_CACHE_DIR/.bcc"
    left="$BCC_CACHE_DIR/.bcc/.small.oBCC.$$.0123456789abcdef.tmp"
    touch "$left"
    run clear "$BCC" cache clear
    [ -e "$left" ] && fail "left what a dead writer left: $left"
    touch "$left"
    small_program
    run small "$BCC" run --report=json "$work/small.bc"
    reported small miss
    [ -e "$left" ] && fail "the next writer did not clean up: $left"
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

test_a_compiler_that_dies_is_told_with_its_input() {
    small_program
    printf '#!/bin/sh\nkill -SEGV $$\n' >"$work/bccc"
    chmod +x "$work/bccc"
    BCC_BCCC=$work/bccc run died "$BCC" run --no-cache "$work/small.bc"
    complains died "small.bc: the compiler process died of signal 11"
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

# Entries of a cache, made by two users of two directories.
test_another_user_makes_identical_bytes() {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
    command -v setpriv >/dev/null || skip "no setpriv"
    small_program
    chmod 755 "$work"
    setpriv --reuid 12345 --clear-groups test -x "$BCC" ||
        skip "another user cannot read here"
    mkdir -p "$work/a" "$work/elsewhere/b"
    for directory in a elsewhere/b; do
        cp "$work/small.bc" "$work/$directory/same.bc"
    done
    chown -R 12345 "$work/elsewhere"
    (cd "$work/a" && "$BCC" compile same.bc -o out.oBCC) || fail "root's"
    (cd "$work/elsewhere/b" && umask 077 &&
        setpriv --reuid 12345 --clear-groups env -u HOME -u BCC_CACHE_DIR \
            "$BCC" compile same.bc -o out.oBCC) || fail "the user's"
    cmp "$work/a/out.oBCC" "$work/elsewhere/b/out.oBCC" ||
        fail "another user gets other bytes"
}

# A gigabyte of zeros, and alignment, are address space and not file.
test_zeros_take_no_room_in_the_file() {
    compile zeros <<'C'
static char zeros[1ul << 30], aligned[5] __attribute__((aligned(1 << 21)));
int main(int argc, char **argv)
{
    (void)argv;
    return zeros[argc] + aligned[argc];
}
C
    run zeros "$BCC" compile "$work/zeros.bc" -o "$work/zeros.oBCC"
    expect zeros "exit 0"
    [ "$(wc -c <"$work/zeros.oBCC")" -lt 100000 ] ||
        fail "the file has $(wc -c <"$work/zeros.oBCC") bytes"
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
    json json header sections identity dependencies imports needed export_vars \
        export_funcs export_foreachs signatures pragmas object_slots functions \
        variables strings
    run code "$BCC" dump --disassemble "$work/rich.oBCC"
    expect code "exit 0"
    says code out "exported_function"
    says code out "ret"
    : >"$work/damaged.oBCC"
    run damaged "$BCC" dump "$work/damaged.oBCC"
    complains damaged "damaged.oBCC"
}

# A dump with all numbers, digests and versions as N, and libm's path as LIBM.
without_numbers() {
    sed 's/[0-9a-f]\{40\}/N/g; s/0x[0-9a-f]*/N/g
        s,[^ "]*libm\.so\.[0-9]*,LIBM,g
        s/\(llvm[^0-9]*\)[^ ,"}]*/\1N/g; s/\("libbcc","value":"\)[^"]*/\1N/
        s/\([a-z_]\{3,\}"*[: =]*\)[0-9][0-9.]*/\1N/g' "$work/$1.out"
}

# Every word of it, in the order and with the separators that readers expect.
test_dump_prints_every_row_of_every_section() {
    [ "$(uname -m)" = x86_64 ] || skip "the dump is one of x86_64"
    dumps=$(dirname "$0")/dumps
    "$CLANG" -O2 -fPIC -emit-llvm -c "$dumps/rows.c" -o "$work/rows.bc" ||
        exit 1
    (cd "$work" && "$BCC" compile --cpu x86-64 -lm rows.bc -o rows.oBCC) ||
        fail "rows.bc"
    for form in txt json; do
        option=
        [ $form = txt ] || option=--json
        # shellcheck disable=SC2086 # an option or none
        run "$form" "$BCC" dump $option "$work/rows.oBCC"
        expect "$form" "exit 0"
        without_numbers "$form" | diff "$dumps/rows.$form" - ||
            fail "the dump is not dumps/rows.$form"
    done
}

# ---- lli's options ----

test_run_takes_the_options_of_lli() {
    cat >"$work/first.c" <<'C'
#include <stdio.h>
extern int second(void);
int start(int argc, char **argv)
{
    printf("%s %d %d\n", argv[0], argc, second());
    return 0;
}
C
    echo 'int second(void) { return 2; }' >"$work/second.c"
    for name in first second; do
        "$CLANG" -O1 -emit-llvm -c "$work/$name.c" -o "$work/$name.bc" ||
            exit 1
    done
    run one "$BCC" run -entry-function=start -extra-module="$work/second.bc" \
        -mcpu=x86-64 -mattr=+sse3 -jit-kind=orc -jit-linker rtdyld \
        --compile-threads=2 -disable-lazy-compilation -O1 \
        -fake-argv0 other "$work/first.bc" a b
    expect one "exit 0"
    says one out "other 3 2"
    run two "$BCC" run --report=json --entry-function start \
        --extra-module "$work/second.bc" --mcpu x86-64 --mattr=+sse3 -O1 \
        "$work/first.bc"
    says two out "$work/first.bc 1 2"
    reported two hit
    run library "$BCC" run --entry start -load="$work/libnone.so" \
        --link "$work/second.bc" "$work/first.bc"
    expect library "exit 1"
    says library err libnone.so
    run library "$BCC" run --entry start --dlopen libm.so.6 \
        --link "$work/second.bc" "$work/first.bc"
    expect library "exit 0"
}

test_run_names_what_it_has_for_options_of_lli() {
    for option in -force-interpreter=true:-O0 --object-cache-dir=x:--cache-dir \
        -march=x:--target -enable-cache-manager:--no-cache; do
        run lli "$BCC" run "${option%:*}" x.bc
        expect lli "exit 2"
        says lli err "is an option of lli"
        says lli err "${option#*:}"
        [ "$(wc -l <"$work/lli.err")" -eq 1 ] || fail "not one line"
    done
    run lli "$BCC" run -mcpu
    expect lli "exit 2"
    says lli err "needs a value"
    # They are those of run alone.
    run lli "$BCC" compile -mcpu=x x.bc -o y.oBCC
    expect lli "exit 2"
}

# ---- config show, doctor ----

# setting NAME VALUE ORIGIN
setting() {
    grep -qxF "$(printf '%-14s %s (%s)' "$1" "$2" "$3")" "$work/show.out" ||
        fail "not $1 = $2 ($3): $(cat "$work/show.out")"
}

test_config_show_says_where_each_setting_comes_from() {
    HOME=$work/home
    export HOME
    unset XDG_CONFIG_HOME XDG_CACHE_HOME BCC_CACHE_SIZE BCC_CACHE_PATH
    mkdir -p "$HOME/.config/bcc"
    run show "$BCC" config show
    setting cache-dir "$BCC_CACHE_DIR" BCC_CACHE_DIR
    setting cache-path none default
    setting cache-size 1073741824 default
    setting config-file "$HOME/.config/bcc/config" "does not exist"
    echo 'cache-size = 2M' >"$HOME/.config/bcc/config"
    BCC_CACHE_PATH=/nowhere run show env -u BCC_CACHE_DIR \
        BCC_CACHE_PATH=/nowhere BCC_PERF=map "$BCC" config show
    setting cache-dir "$HOME/.cache/bcc" HOME
    setting cache-path /nowhere BCC_CACHE_PATH
    setting cache-size 2097152 "$HOME/.config/bcc/config"
    setting config-file "$HOME/.config/bcc/config" "is read"
    setting perf map BCC_PERF
    run show env XDG_CACHE_HOME=/x "$BCC" config show --cache-dir /y
    setting cache-dir /y --cache-dir
    run show env -u BCC_CACHE_DIR XDG_CACHE_HOME=/x "$BCC" config show
    setting cache-dir /x/bcc XDG_CACHE_HOME
    run show env -u BCC_CACHE_DIR XDG_CACHE_HOME=x "$BCC" config show
    setting cache-dir "$HOME/.cache/bcc" HOME
    [ ! -e "$HOME/.cache" ] || fail "made a directory"
    run show "$BCC" config show --json
    json show settings
    run usage "$BCC" config
    expect usage "exit 2"
}

# line HEALTH SUBJECT TEXT
line() {
    grep -E "^$1 +$2 " "$work/doctor.out" | grep -qF -- "$3" ||
        fail "no $1 $2 ... $3: $(cat "$work/doctor.out")"
}

test_doctor_finds_what_is_wrong_and_says_how_to_mend_it() {
    unset BCC_CACHE_PATH
    run doctor "$BCC" doctor
    expect doctor "exit 0"
    line ok compiler "(LLVM "
    line ok cache "$BCC_CACHE_DIR: yours"
    line ok layers "none"
    line ok CPU ":"
    ! grep -q ^problem "$work/doctor.out" || fail "problems"

    chmod 777 "$BCC_CACHE_DIR"
    run doctor "$BCC" doctor
    expect doctor "exit 1"
    line problem cache "chmod go-w"
    chmod 700 "$BCC_CACHE_DIR"

    run doctor env BCC_BCCC=/nowhere "$BCC" doctor
    expect doctor "exit 1"
    line problem compiler "install bccc"
    run doctor env BCC_BCCC=/bin/echo "$BCC" doctor
    expect doctor "exit 1"
    line problem compiler "from one build"

    mkdir "$work/layer" "$work/open"
    chmod 777 "$work/open"
    run doctor env BCC_CACHE_PATH="$work/layer:$work/open:$work/none" \
        "$BCC" doctor
    expect doctor "exit 1"
    line ok layers "$work/layer"
    line problem layers "$work/open"
    line note layers "$work/none: does not exist"

    run doctor "$BCC" doctor --cache-dir "$work/later"
    expect doctor "exit 0"
    line ok cache "the first run makes it"
    [ ! -e "$work/later" ] || fail "made the directory"

    : >"$work/file"
    run doctor "$BCC" doctor --cache-dir "$work/file"
    expect doctor "exit 1"
    line problem cache "not a directory"
    run doctor "$BCC" doctor --cache-dir "$work/file/below"
    expect doctor "exit 1"
    line problem cache "$work/file/below: Not a directory"

    run doctor sh -c "ulimit -n 20; exec '$BCC' doctor"
    expect doctor "exit 1"
    line problem limits "ulimit"

    run doctor "$BCC" doctor --json
    expect doctor "exit 0"
    json doctor checks
    says doctor out '"subject":"compiler","health":"ok","text":"'
    run doctor "$BCC" doctor --json --cache-dir "$work/file"
    says doctor out '"subject":"cache","health":"problem","text":"'
}

# ---- Debug information ----

# A program whose main() and twice() are at lines 7 and 3 of its source.
debugged_source() {
    cat >"$work/debugged.c" <<'C'
#include <stdio.h>
#include <unistd.h>
__attribute__((noinline)) static int twice(int x)
{
    return 2 * x + (int)read(0, &(char){0}, 1);
}
int main(int argc, char **argv)
{
    printf("%p %d\n", (void *)main, (int)getpid());
    fflush(stdout);
    return twice(argc) + 1;
}
C
}

# debugged [FLAGS...]: $work/debugged.bc, and its entry and file for debuggers.
debugged() {
    debugged_source
    "$CLANG" -O2 "$@" -emit-llvm -c "$work/debugged.c" \
        -o "$work/debugged.bc" || exit 1
    run compile "$BCC" compile --entry main "$work/debugged.bc" \
        -o "$work/debugged.oBCC"
    expect compile "exit 0"
    run extract "$BCC" dump --debug-file "$work/debugged.debug" \
        "$work/debugged.oBCC"
    expect extract "exit 0"
    silent extract out
    silent extract err
}

# needs PROGRAM...: the path of the first that there is, in $found.
needs() {
    for candidate in "$@"; do
        found=$(command -v "$candidate") && return 0
    done
    echo "SKIPPED: no $1"
    exit 77
}

# clang_tool NAME: as needs, first where clang is.
clang_tool() {
    needs "$("$CLANG" -print-prog-name="$1")" "$1"
}

# image_address NAME: of a function, from the entry's own table.
image_address() {
    "$BCC" dump "$work/debugged.oBCC" |
        sed -n "/^Function table/,/^\$/s/.*address \(0x[0-9a-f]*\) .* name $1\$/\1/p"
}

test_addresses_lead_to_source_lines() {
    needs addr2line
    for flags in "-g" "-g -gdwarf-4" "-g1" "-gline-tables-only" "-ggdb3" \
        "-g -gsplit-dwarf"; do
        # shellcheck disable=SC2086 # these are words
        debugged $flags
        for function in twice:3 main:7; do
            run line "$found" -f -e "$work/debugged.debug" \
                "$(image_address "${function%:*}")"
            says line out "${function%:*}"
            grep -qE "/debugged.c:(${function#*:}|$((${function#*:} + 1)))\$" \
                "$work/line.out" ||
                fail "$flags: $function: $(cat "$work/line.out")"
        done
    done
}

test_debug_information_is_well_formed() {
    clang_tool llvm-dwarfdump
    for flags in "-g" "-g -gdwarf-4" "-g1" "-gline-tables-only" "-ggdb3"; do
        # shellcheck disable=SC2086
        debugged $flags
        run verify "$found" --verify "$work/debugged.debug"
        expect verify "exit 0"
    done
}

test_readelf_reads_image_and_debug_file() {
    needs readelf
    debugged -g
    run extract "$BCC" dump --image "$work/debugged.image" \
        --debug-file "$work/again.debug" "$work/debugged.oBCC"
    expect extract "exit 0"
    cmp "$work/debugged.debug" "$work/again.debug" || fail "two debug files"
    run image "$found" -hlSdrW --dyn-syms "$work/debugged.image"
    expect image "exit 0"
    silent image err
    says image out .eh_frame
    ! grep -q '\.debug_' "$work/image.out" || fail "debug sections in the image"
    run debug "$found" -hSsW -w "$work/debugged.debug"
    expect debug "exit 0"
    silent debug err
    says debug out .debug_info
    grep -q 'FUNC *LOCAL .* twice$' "$work/debug.out" || fail "no local symbol"
}

test_debug_information_changes_no_code() {
    debugged -g
    "$BCC" dump --image "$work/with" "$work/debugged.oBCC"
    "$CLANG" -O2 -emit-llvm -c "$work/debugged.c" -o "$work/plain.bc"
    run plain "$BCC" compile --entry main "$work/plain.bc" -o "$work/plain.oBCC"
    expect plain "exit 0"
    "$BCC" dump --image "$work/without" "$work/plain.oBCC"
    cmp "$work/with" "$work/without" || fail "another image"
    run none "$BCC" dump --debug-file "$work/none" "$work/plain.oBCC"
    expect none "exit 0"
    needs nm
    run names "$found" "$work/none"
    says names out " T twice"
}

# What only a debugger would read keeps no program from running.
test_debug_information_never_fails_a_compile() {
    cat >"$work/mine.c" <<'C'
int main(void) { return 4; }
__asm__(".pushsection .debug_mine,\"\",@progbits\n"
        ".long main-.\n"
        ".popsection");
C
    "$CLANG" -g -O2 -emit-llvm -c "$work/mine.c" -o "$work/mine.bc" || exit 1
    run mine "$BCC" run --no-cache "$work/mine.bc"
    expect mine "exit 4"
}

test_debug_information_can_be_stripped() {
    debugged -g
    run strip "$BCC" compile --strip-debug --entry main "$work/debugged.bc" \
        -o "$work/stripped.oBCC"
    expect strip "exit 0"
    run dump "$BCC" dump "$work/stripped.oBCC"
    says dump out "flags = marked-only,default-libraries,strip-debug"
    ! grep -q 'name debug$' "$work/dump.out" || fail "a debug section is left"
    run dump "$BCC" dump "$work/debugged.oBCC"
    grep -q 'name debug$' "$work/dump.out" || fail "no debug section"
    # An entry of its own each, so that both stay warm.
    for round in miss hit; do
        for option in "--verbose" "--strip-debug"; do
            run launch "$BCC" run --report=json $option "$work/debugged.bc"
            expect launch "exit 3"
            reported launch "$round"
        done
    done
    run precompile "$BCC" precompile --strip-debug "$work/debugged.bc"
    says precompile out "1 up to date"
}

test_debug_information_does_not_depend_on_the_place() {
    debugged -g
    mkdir "$work/elsewhere"
    cp "$work/debugged.bc" "$work/elsewhere"
    (cd "$work/elsewhere" && TZ=Asia/Tokyo LC_ALL=C "$BCC" compile \
        --entry main debugged.bc -o there.oBCC) || fail "the second compile"
    "$BCC" dump --debug-file "$work/there.debug" "$work/elsewhere/there.oBCC"
    cmp "$work/debugged.debug" "$work/there.debug" || fail "other bytes"
}

# What other versions wrote is kept, and goes together in one program.
test_debug_information_of_other_versions() {
    clang_tool llvm-dwarfdump
    echo 'int scale(int x); int main(void) { return scale(5) - 10; }' \
        >"$work/script.c"
    echo 'int scale(int x) { int y = 2 * x; return y; }' >"$work/library.c"
    tried=
    for version in 14 15 16 17 18 19 20 21; do
        command -v "clang-$version" >/dev/null || continue
        tried="$tried $version"
        for pair in "$CLANG clang-$version" "clang-$version $CLANG"; do
            "${pair% *}" -g -O2 -emit-llvm -c "$work/script.c" \
                -o "$work/script.bc"
            "${pair#* }" -g -gdwarf-4 -O1 -emit-llvm -c "$work/library.c" \
                -o "$work/library.bc"
            run mixed "$BCC" run --no-cache --lib "$work/library.bc" \
                "$work/script.bc"
            expect mixed "exit 0"
            run compile "$BCC" compile --lib "$work/library.bc" \
                "$work/script.bc" -o "$work/mixed.oBCC"
            expect compile "exit 0"
            run extract "$BCC" dump --debug-file "$work/mixed.debug" \
                "$work/mixed.oBCC"
            expect extract "exit 0"
            run verify "$found" --verify "$work/mixed.debug"
            expect verify "exit 0"
        done
    done
    [ -n "$tried" ] || {
        echo "SKIPPED: no other clang"
        exit 77
    }
}

test_debugger_shows_the_source() {
    needs gdb
    debugged -g
    mkfifo "$work/input" "$work/output"
    "$BCC" run "$work/debugged.bc" <"$work/input" >"$work/output" &
    exec 3>"$work/input"
    read -r address process <"$work/output" || fail "it does not run"
    run gdb "$found" -batch -nx -p "$process" -ex "add-symbol-file \
        $work/debugged.debug -o $((address - $(image_address main)))" -ex bt
    exec 3>&-
    wait
    if grep -qi "not permitted" "$work/gdb.err"; then
        echo "SKIPPED: $(grep -i "not permitted" "$work/gdb.err")"
        exit 77
    fi
    grep -qE 'in twice \(x=1\) at .*debugged\.c:5' "$work/gdb.out" ||
        fail "no line of twice: $(cat "$work/gdb.out")"
    grep -qE 'in main \(argc=1, .* at .*debugged\.c:11' "$work/gdb.out" ||
        fail "no line of main: $(cat "$work/gdb.out")"
}

# The digest of the routines that get into images stands behind LLVM's version.
test_entries_say_which_routines_they_may_have() {
    small_program
    version=$("$BCC_BCCC" --version | sed -n 's/.*(LLVM \(.*\))$/\1/p')
    case $version in
    *.*+????????????) ;;
    *) fail "bccc says '$version'" ;;
    esac
    run compile "$BCC" compile "$work/small.bc" -o "$work/small.oBCC"
    expect compile "exit 0"
    run dump "$BCC" dump "$work/small.oBCC"
    says dump out "llvm = $version"
}

# Objects of more than 16 bytes are under the locks of libatomic.
test_run_finds_large_atomics_in_libatomic() {
    compile atomic <<'C'
typedef struct { long part[4]; } large;
static _Atomic large shared;
int main(void)
{
    large value = {{1, 2, 3, 4}};
    shared = value;
    value = shared;
    return (int)value.part[3];
}
C
    run without "$BCC" run --no-cache "$work/atomic.bc"
    complains without "__atomic_store"
    run with "$BCC" run --no-cache -latomic "$work/atomic.bc"
    expect with "exit 4"
}

# no_larger NAME LIBRARY: $work/NAME.oBCC has at most 1.10 of LIBRARY's size when
# that is stripped.
no_larger() {
    run strip strip -o "$work/$1.so" "$2"
    expect strip "exit 0"
    entry=$(wc -c <"$work/$1.oBCC") library=$(wc -c <"$work/$1.so")
    # Code that the library does not have: trampolines and expanded kernels, in
    # whole pages.
    made=$("$BCC" dump "$work/$1.oBCC" | sed -n '/^Function table/,/^$/p' |
        awk '/name \.call |\.expand$/ { n += $4 } END {
            print int((n + 4095) / 4096) * 4096 }')
    echo "$1: $entry bytes, as a shared library $library; made besides: $made"
    entry=$((entry - made))
    [ $((entry * 100)) -le $((library * 110)) ] ||
        fail "$1: an entry of $entry bytes, a library of $library"
}

test_compile_makes_no_more_of_code_than_a_shared_library() {
    scripts=$SAMPLES/bitcode
    for name in app_1 app_2 magic_smoke halo balls scene_graph model fountain
    do
        run compile "$BCC" compile --cpu x86-64 -O2 --lib \
            "$scripts/rs_runtime.bc" "$scripts/$name.bc" -o "$work/$name.oBCC"
        expect compile "exit 0"
        no_larger "$name" "$SAMPLES/native/$name.so"
    done
    # -O2 on both sides for the time it takes.
    run compile "$BCC" compile -O2 "$SAMPLES/interpreter/interpreter.bc" \
        -o "$work/interpreter.oBCC"
    expect compile "exit 0"
    run library "$CLANG" -O2 -march=native -shared -fPIC -Wl,-Bsymbolic \
        "$SAMPLES/interpreter/interpreter.bc" -o "$work/library.so"
    expect library "exit 0"
    no_larger interpreter "$work/library.so"
}

# ---- precompile ----

test_precompile_goes_on_after_a_bad_file() {
    mkdir -p "$work/package/sub"
    small_program
    cp "$work/small.bc" "$work/package/one.bc"
    # Of another content, as the same content is one entry.
    echo 'int main(void) { return 3; } int two;' | compile two
    mv "$work/two.bc" "$work/package/sub"
    echo "not bitcode at all" >"$work/package/bad.bc"
    echo "not looked at" >"$work/package/readme.txt"
    echo "nor at a name that is all suffix" >"$work/package/.bc"
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
    run nameless "$BCC" precompile ""
    complains nameless "No such file or directory"
    ln -s nowhere "$work/dangling.bc"
    run dangling "$BCC" precompile "$work/dangling.bc"
    complains dangling "dangling.bc"
    mkfifo "$work/fifo.bc"
    run fifo "$BCC" precompile "$work/fifo.bc"
    complains fifo "fifo.bc"
}

# A compiler that takes two seconds before it starts, and as many more as it
# takes a busy machine to say so.
test_run_says_after_a_second_that_it_compiles() {
    command -v script >/dev/null || skip "no script command"
    small_program
    cat >"$work/slow" <<SLOW
#!/bin/sh
for second in \$(seq 60); do
    sleep 1
    [ "\$second" -eq 1 ] || ! grep -q compiling "$work/shown.out" || break
done
exec "$BCC_BCCC" "\$@"
SLOW
    chmod +x "$work/slow"
    for round in miss hit; do
        run shown script -qec "BCC_BCCC=$work/slow '$BCC' run '$work/small.bc'" \
            /dev/null
        # The last that is shown of a line is nothing.
        tr '\r' '\n' <"$work/shown.out" >"$work/lines"
        if [ "$round" = hit ]; then
            ! grep -q compiling "$work/lines" || fail "a hit compiles nothing"
        else
            grep -q 'bcc: compiling small.bc \.\.\.$' "$work/lines" ||
                fail "says nothing: $(cat -v "$work/lines")"
            sed -n '/compiling/,$p' "$work/lines" | sed -n 2p |
                grep -q "^$(printf '\033')\[K" || fail "the line stays"
        fi
    done
    # No terminal, no line.
    echo compiling >"$work/shown.out"
    BCC_BCCC=$work/slow run plain "$BCC" run --no-cache "$work/small.bc"
    ! grep -q compiling "$work/plain.err" || fail "a line where no terminal is"
}

# util-linux's script gives it a terminal.
test_precompile_shows_progress_on_a_terminal() {
    command -v script >/dev/null || skip "no script command"
    small_program
    mkdir "$work/package"
    for name in a b c; do
        echo "int main(void) { return '$name'; }" | compile "$name"
        mv "$work/$name.bc" "$work/package"
    done
    echo "not bitcode at all" >"$work/package/bad.bc"
    # Short names, as the line is cut where the terminal ends.
    run shown script -qec "cd '$work/package' && '$BCC' precompile -j 1 ." \
        /dev/null
    expect shown "exit 1"
    tr '\r' '\n' <"$work/shown.out" >"$work/lines"
    for step in 1 2 3 4; do
        grep -Eq "\[$step/4\] [0-9]+\.[0-9]/s, [0-9]+ s left: \./.*\.bc: " \
            "$work/lines" || fail "no step $step: $(cat "$work/lines")"
    done
    # The line of progress is wiped out; what failed comes last.
    tail -n 1 "$work/lines" | grep -q "^$" && sed -i '$d' "$work/lines"
    tail -n 1 "$work/lines" | grep -q "^bcc: .*bad\.bc" ||
        fail "the failure is not at the end: $(cat "$work/lines")"
    grep -q "3 compiled, 0 up to date, 1 failed" "$work/lines" ||
        fail "no summary: $(cat "$work/lines")"
    run plain "$BCC" precompile "$work/package"
    says plain out "a.bc: up to date"
    ! grep -q "left" "$work/plain.out" || fail "a bar where no terminal is"
    run narrow script -qec "stty cols 30; cd '$work' && '$BCC' precompile package" \
        /dev/null
    tr '\r' '\n' <"$work/narrow.out" | sed 's/^.\[K//' >"$work/lines"
    awk '/left/ && length > 29 { exit 1 }' "$work/lines" ||
        fail "lines that wrap: $(cat "$work/lines")"
    # The path rather than the pace, and its end.
    run narrow script -qec "stty cols 44; cd '$work' && '$BCC' precompile package" \
        /dev/null
    tr '\r' '\n' <"$work/narrow.out" | grep -qE '\] (\.\.\.)?[^ ]*a\.bc: up to date$' ||
        fail "no path: $(cat -v "$work/narrow.out")"
    # Of a long path the end is kept, and what became of the file.
    long=$work/package/a-directory-with-a-long-name-and-so-on
    mkdir "$long"
    cp "$work/small.bc" "$long/last.bc"
    run long script -qec "stty cols 60; '$BCC' precompile '$long'" /dev/null
    tr '\r' '\n' <"$work/long.out" >"$work/lines"
    grep -qE 'left: \.\.\..*last\.bc: (compiled|up to date)$' "$work/lines" ||
        fail "not the end: $(cat -v "$work/lines")"
}

# What is run for one CPU was made for it.
test_precompile_takes_the_options_of_run() {
    small_program
    run made "$BCC" precompile --cpu x86-64-v2 --features +popcnt -O1 \
        "$work/small.bc"
    expect made "exit 0"
    run same "$BCC" run --report=json --cpu x86-64-v2 --features +popcnt -O1 \
        "$work/small.bc"
    reported same hit
    run other "$BCC" run --report=json --cpu x86-64-v2 -O1 "$work/small.bc"
    reported other miss
}

test_precompile_names_directories_that_it_cannot_read() {
    as=
    if [ "$(id -u)" -eq 0 ]; then # root can read everything
        command -v setpriv >/dev/null || skip "no setpriv"
        as="setpriv --reuid 12345 --clear-groups"
    fi
    small_program
    mkdir -p "$work/package/locked"
    mv "$work/small.bc" "$work/package/small.bc"
    chmod 755 "$work"
    # shellcheck disable=SC2086 # a command and its options
    $as test -x "$BCC" || skip "another user cannot read here"
    chown -R 12345 "$BCC_CACHE_DIR" "$work/package" 2>/dev/null
    chmod 000 "$work/package/locked"
    # shellcheck disable=SC2086
    run locked $as "$BCC" precompile "$work/package"
    chmod 700 "$work/package/locked"
    complains locked "package/locked: Permission denied"
    says locked out "1 compiled, 0 up to date, 1 failed"
}

test_precompile_gives_one_name_to_one_file() {
    mkdir "$work/a" "$work/b"
    echo 'int answer(void) { return 1; }' | compile one
    echo 'int answer(void) { return 2; }' | compile two
    mv "$work/one.bc" "$work/a/same.bc"
    mv "$work/two.bc" "$work/b/same.bc"
    run exports "$BCC" precompile -j 1 --exports "$work/a" "$work/b" \
        "$work/a/same.bc"
    complains exports "$work/b/same.bc: $work/a/same.bc already makes the entry same.oBCC"
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
