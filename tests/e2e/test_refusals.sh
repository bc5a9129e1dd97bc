#!/bin/sh
# test_refusals.sh TEST: what the tools refuse, and with which words. Each test
# is a function below; CTest runs them one by one. test_cli.sh tests what the
# tools do.
#
# Environment: BCC, BCC_BCCC, CLANG, RUN_STATUS (run_case_status).
set -u
. "$(dirname "$0")/run_case_lib.sh"

small_program() {
    "$CLANG" -O2 -fPIC -emit-llvm -x c -c - -o "$work/small.bc" <<'C' ||
#include <stdio.h>
int main(int argc, char **argv)
{
    printf("hello %s\n", argc > 1 ? argv[1] : "nobody");
    return 3;
}
C
        exit 1
}

# refuses 'exit N' TEXT COMMAND...: that status and one line "bcc: TEXT".
refuses() {
    refuses_status=$1
    refuses_text=$2
    shift 2
    run refused "$@"
    expect refused "$refuses_status"
    silent refused out
    [ "$(cat "$work/refused.err")" = "bcc: $refuses_text" ] ||
        fail "$*: '$(cat "$work/refused.err")', not 'bcc: $refuses_text'"
}

test_each_wrong_usage_has_its_message() {
    while IFS=';' read -r words text; do
        # shellcheck disable=SC2086 # these are words
        refuses "exit 2" "$text" "$BCC" $words
    done <<'END'
call;call: a file and a function are needed (bcc help call)
call x.bc;call: a file and a function are needed (bcc help call)
compile;compile: a file and -o are needed (bcc help compile)
compile x.bc;compile: a file and -o are needed (bcc help compile)
compile -o y.oBCC;compile: a file and -o are needed (bcc help compile)
compile --shared --entry main x.bc -o y.so;compile: --shared makes no program: leave out --entry
completion;completion: one of bash, zsh, fish is needed
completion csh;completion: one of bash, zsh, fish is needed
completion bash zsh;completion: one of bash, zsh, fish is needed
version x;version: takes no file
doctor x;doctor: takes no file
config;config: show is the one action (bcc help config)
config hide;config: show is the one action (bcc help config)
config show x;config: show is the one action (bcc help config)
cache;cache: which action? (bcc help cache)
help nonsense;help: nonsense: no such command
sign x.oBCC;sign: needs --key KEY.pem, once, and files (bcc help sign)
sign --key a;sign: needs --key KEY.pem, once, and files (bcc help sign)
sign --key a --key b x;sign: needs --key KEY.pem, once, and files (bcc help sign)
verify x.oBCC;verify: needs --key KEY.pem, once, and files (bcc help verify)
verify --key a;verify: needs --key KEY.pem, once, and files (bcc help verify)
verify --key a --key b x;verify: needs --key KEY.pem, once, and files (bcc help verify)
run --cpu;run: --cpu: needs a value (bcc help run)
run -l;run: -l: needs a value (bcc help run)
run --tier=better x.bc;--tier better: not one of auto, best, baseline
run --tier= x.bc;--tier : not one of auto, best, baseline
run --memory-limit 5X x.bc;--memory-limit 5X: not a size: 512M, 2G, none
cache gc --max-size -1;--max-size -1: not a size: 512M, 2G, none
run --fp-contract fast x.bc;run: --fp-contract fast: not one of on, off; the front end may mark more: clang -ffp-contract=fast
run --cache-dir= x.bc;--cache-dir: needs the name of a directory
END
}

# Both limits are taken: then what is missing is the file. One below and one
# above are not, nor what another width of integer makes of the number.
test_numbers_are_taken_from_low_to_high() {
    while read -r option name low high; do
        for good in "$low" "$high" "0$high"; do
            run good "$BCC" precompile "$option" "$good" "$work/none"
            complains good "$work/none"
        done
        for bad in $((low - 1)) $((high + 1)) "${low}x" "" \
            $((low + 4294967296)) 18446744073709551616; do
            refuses "exit 2" \
                "$name $bad: not a number from $low to $high" \
                "$BCC" precompile "$option" "$bad" "$work/none"
        done
    done <<'END'
-O -O 0 3
-j --jobs 1 1024
--time-limit --time-limit 0 4294967
END
}

test_run_refuses_what_is_no_function() {
    small_program
    refuses "exit 1" "$work/small.bc: no function 'nothing'" \
        "$BCC" run --entry nothing "$work/small.bc"
    echo 'int variable = 1; int main(void) { return 0; }' |
        "$CLANG" -O2 -fPIC -emit-llvm -x c -c - -o "$work/variable.bc"
    refuses "exit 1" "$work/variable.bc: no function 'variable'" \
        "$BCC" run --entry variable "$work/variable.bc"
}

test_a_system_root_that_is_not_there_is_named() {
    small_program
    refuses "exit 1" "--sysroot $work/none: No such file or directory" \
        "$BCC" run --sysroot "$work/none" "$work/small.bc"
}

test_each_wrong_key_has_its_advice() {
    command -v openssl >/dev/null || skip "no openssl"
    small_program
    entry=$work/small.oBCC
    "$BCC" compile "$work/small.bc" -o "$entry" || fail compile
    for kind in ed25519 rsa; do
        openssl genpkey -algorithm $kind -out "$work/$kind.pem" 2>/dev/null
        openssl pkey -in "$work/$kind.pem" -pubout -out "$work/$kind.pub"
    done
    openssl req -x509 -key "$work/ed25519.pem" -subj /CN=x \
        -out "$work/certificate" 2>/dev/null
    while IFS=';' read -r command file kind advice; do
        refuses "exit 1" \
            "$work/$file: not an Ed25519 $kind key in PEM format$advice" \
            "$BCC" "$command" --key "$work/$file" "$entry"
    done <<'END'
verify;ed25519.pem;public;: it is a private key; openssl pkey -in PRIVATE.pem -pubout prints the public one
verify;rsa.pub;public;: it is a key of another kind; openssl genpkey -algorithm ed25519 makes one
verify;certificate;public;: it is a certificate
verify;small.bc;public;
sign;ed25519.pub;private;: it is a public key, and only the private one can sign
sign;rsa.pem;private;: it is a key of another kind; openssl genpkey -algorithm ed25519 makes one
sign;certificate;private;: it is a certificate
sign;small.bc;private;
END
    refuses "exit 1" "$work/none: No such file or directory" \
        "$BCC" sign --key "$work/none" "$entry"
    "$BCC" sign --key "$work/ed25519.pem" "$entry" || fail "the right key"
}

test_a_tier_of_the_environment_is_checked() {
    small_program
    BCC_TIER=better run tier "$BCC" run --report=json "$work/small.bc"
    expect tier "exit 3"
    says tier err "bcc: BCC_TIER=better: not one of auto, best, baseline"
    BCC_TIER= run empty "$BCC" run "$work/small.bc"
    silent empty err
    # What the option says goes before.
    BCC_TIER=better run option "$BCC" run --tier best "$work/small.bc"
    silent option err
}

# A line that says nothing is passed over with a message; the last that does
# counts.
test_lines_of_the_configuration_are_checked() {
    mkdir -p "$work/config/bcc"
    cat >"$work/config/bcc/config" <<'END'
# cache-size = 1M
cache-size = 3M

cache-size
cachesize = 5M
= 5M
cache-size =
cache-size = 5M 6M
cache-size = 7M # the last
END
    run config env -u BCC_CACHE_SIZE XDG_CONFIG_HOME="$work/config" \
        "$BCC" cache stats
    expect config "exit 0"
    sed "s,$work/config/bcc/,," "$work/config.err" >"$work/said"
    cat >"$work/right" <<'END'
bcc: config:4: not a line 'cache-size = SIZE'
bcc: config:5: not a line 'cache-size = SIZE'
bcc: config:6: not a line 'cache-size = SIZE'
bcc: config:7: '' is not a size
bcc: config:8: '5M 6M' is not a size
END
    diff "$work/right" "$work/said" || fail "other lines are refused"
    says config out "7340032 ("
}

# missing N: a program that imports that many names nobody has.
missing() {
    {
        echo 'int main(void) { int sum = 0;'
        for i in $(seq "$1"); do
            echo "int nobody_has_$i(void); sum += nobody_has_$i();"
        done
        echo 'return sum; }'
    } | "$CLANG" -O2 -fPIC -emit-llvm -x c -c - -o "$work/missing.bc"
}

test_missing_names_are_listed_up_to_a_hundred() {
    for n in 100 101; do
        missing "$n"
        run missing "$BCC" run --no-cache "$work/missing.bc"
        expect missing "exit 1"
        listed=$(grep -c "nobody_has_[0-9]*'" "$work/missing.err")
        [ "$listed" -ge 99 ] && [ "$listed" -le 101 ] ||
            fail "$n missing: $listed lines"
        if [ "$n" -gt 100 ]; then
            says missing err "and $((n - 100)) more"
        else
            ! grep -q "and .* more" "$work/missing.err" || fail "$n: and more"
        fi
    done
}

test_missing_runtimes_of_languages_are_named() {
    while read -r name advice; do
        echo "int $name(void); int main(void) { return $name(); }" |
            "$CLANG" -O2 -fPIC -emit-llvm -x c -c - -o "$work/foreign.bc"
        run foreign "$BCC" run --no-cache "$work/foreign.bc"
        complains foreign "'$name' belongs to $advice"
    done <<'END'
__rdl_alloc rustc's own allocator functions
__rust_alloc rustc's own allocator functions
__zig_probe_stack Zig's own runtime
END
}

# What explain proposes is a command for the shell, and it helps: with several
# options of one kind, and names with quotes and blanks.
test_what_explain_proposes_makes_a_hit() {
    small_program
    mv "$work/small.bc" "$work/it's my.bc"
    explain() {
        run "$1" "$BCC" cache explain --cpu x86-64 -O1 -lm -ldl "$work/it's my.bc"
        expect "$1" "exit 0"
    }
    [ "$(uname -m)" = x86_64 ] || skip "names a CPU of x86_64"
    explain before
    says before out "to mend it: bcc precompile -lm -ldl --cpu x86-64 -O1"
    sed -n 's/^to mend it: bcc/"$BCC"/p' "$work/before.out" >"$work/mend"
    (. "$work/mend") >/dev/null || fail "$(cat "$work/mend") ended badly"
    explain after
    says after out "my.bc: hit: "
    chmod 770 "$BCC_CACHE_DIR"
    explain open
    says open out "to mend it: chmod go-w $BCC_CACHE_DIR"
    sed -n 's/^to mend it: //p' "$work/open.out" >"$work/mend"
    . "$work/mend"
    explain again
    says again out "my.bc: hit: "
}

# ---- verify ----

# More threads than the table of verify has places, and more entries.
test_verify_takes_any_number_of_threads() {
    small_program
    run one "$BCC" run "$work/small.bc"
    entry=$(echo "$BCC_CACHE_DIR"/*.oBCC)
    for i in $(seq 210); do
        cp "$entry" "$BCC_CACHE_DIR/copy$i.oBCC"
    done
    printf X >>"$BCC_CACHE_DIR/copy77.oBCC"
    for jobs in 1 63 64 65 66 200 1024; do
        run many "$BCC" cache verify -j $jobs
        expect many "exit 1"
        says many out "211 entries"
        says many out "1 damaged"
        says many out "copy77.oBCC"
    done
}

# ---- sign ----

make_keys() {
    command -v openssl >/dev/null || skip "no openssl"
    openssl genpkey -algorithm ed25519 -out "$work/key.pem" 2>/dev/null &&
        openssl pkey -in "$work/key.pem" -pubout -out "$work/key.pub" ||
        fail "openssl makes no key"
}

# flip FILE OFFSET: the byte there becomes another one.
flip() {
    byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
    # shellcheck disable=SC2059 # an octal escape
    printf "\\$(printf %o $((byte ^ 255)))" |
        dd of="$1" bs=1 conv=notrunc status=none seek="$2"
}

# Also a byte of the code, which no open looks at.
test_a_damaged_entry_is_not_signed() {
    make_keys
    small_program
    run compile "$BCC" compile --entry main "$work/small.bc" -o "$work/good"
    size=$(wc -c <"$work/good")
    for offset in 0 4 200 $((size / 2)) $((size - 1)); do
        cp "$work/good" "$work/bad"
        flip "$work/bad" "$offset"
        cp "$work/bad" "$work/before"
        run sign "$BCC" sign --key "$work/key.pem" "$work/bad"
        complains sign "$work/bad: "
        cmp -s "$work/bad" "$work/before" || fail "$offset: was changed"
    done
    head -c $((size - 1)) "$work/good" >"$work/bad"
    run short "$BCC" sign --key "$work/key.pem" "$work/bad"
    complains short "$work/bad: "
    # After one that is refused the others are not begun.
    run two "$BCC" sign --key "$work/key.pem" "$work/bad" "$work/good"
    complains two "$work/bad: "
    run unsigned "$BCC" verify --key "$work/key.pub" "$work/good"
    complains unsigned "not signed"
    run sign "$BCC" sign --key "$work/key.pem" "$work/good"
    expect sign "exit 0"
    run verify "$BCC" verify --key "$work/key.pub" "$work/good"
    expect verify "exit 0"
    for offset in 200 $((size / 2)) $(($(wc -c <"$work/good") - 1)); do
        cp "$work/good" "$work/bad"
        flip "$work/bad" "$offset"
        run verify "$BCC" verify --key "$work/key.pub" "$work/bad" "$work/good"
        complains verify "$work/bad: "
        says verify out "$work/good: signed by this key"
    done
}

test_sign_and_verify_need_their_kind_of_key() {
    make_keys
    small_program
    run compile "$BCC" compile --entry main "$work/small.bc" -o "$work/good"
    : >"$work/empty"
    for key in "$work/none" "$work/empty" "$work/small.bc" "$work/key.pub"; do
        run sign "$BCC" sign --key "$key" "$work/good"
        complains sign "$key"
    done
    for key in "$work/none" "$work/empty" "$work/small.bc" "$work/key.pem"; do
        run verify "$BCC" verify --key "$key" "$work/good"
        complains verify "$key"
    done
    run none "$BCC" sign --key "$work/key.pem" "$work/nothing"
    complains none "$work/nothing: No such file or directory"
    run none "$BCC" verify --key "$work/key.pub" "$work/nothing"
    complains none "$work/nothing: No such file or directory"
}

# ---- bccc ----

test_bccc_refuses_what_it_is_not_asked_by_the_library() {
    for words in "" "nonsense" "compile" "compile 1 2" "later" "disassemble" \
        "disassemble a b" "prune" "prune x" "prune x 1 2" "--version 1"; do
        # shellcheck disable=SC2086 # these are words
        run usage "$BCC_BCCC" $words
        expect usage "exit 2"
        silent usage out
        says usage err "usage: bccc compile PID"
    done
    run limit "$BCC_BCCC" prune "$work" many
    expect limit "exit 2"
    # Without the descriptors of a request.
    run request "$BCC_BCCC" compile $$
    expect request "exit 1"
    run missing "$BCC_BCCC" disassemble "$work/nothing"
    expect missing "exit 1"
    says missing err "$work/nothing"
    small_program
    run bitcode "$BCC_BCCC" disassemble "$work/small.bc"
    expect bitcode "exit 1"
    run compile "$BCC" compile --entry main "$work/small.bc" -o "$work/good"
    run listing "$BCC_BCCC" disassemble "$work/good"
    expect listing "exit 0"
    run full sh -c "'$BCC_BCCC' disassemble '$work/good' >/dev/full"
    expect full "exit 1"
    says full err "cannot write the listing"
}

# ---- Which ----

if [ $# -ne 1 ]; then
    echo "usage: test_refusals.sh TEST, one of:"
    sed -n 's/^\(test_[a-z0-9_]*\)() {$/    \1/p' "$0"
    exit 2
fi
"$1"
finish
