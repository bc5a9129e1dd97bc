#!/bin/sh
# test_zip.sh TEST: inputs in ZIP archives on the command line: ARCHIVE!ENTRY.
# The archives are Info-ZIP's. Each test is a function below; CTest runs them
# one by one.
#
# Environment: BCC, CLANG, RUN_STATUS, CHECK_JSON (run_case_json).
set -u
. "$(dirname "$0")/run_case_lib.sh"

# ---- Helpers ----

# program NAME STATUS: $work/tree/NAME, bitcode that exits with STATUS.
program() {
    mkdir -p "$work/tree/$(dirname "$1")"
    echo "int main(void) { return $2; }" |
        "$CLANG" -O2 -fPIC -emit-llvm -x c -c - -o "$work/tree/$1" || exit 1
}

# pack ARCHIVE OPTIONS...: all of $work/tree, anew.
pack() {
    pack_archive=$1
    shift
    rm -f "$pack_archive"
    (cd "$work/tree" && zip -q -r "$@" "$pack_archive" .) ||
        fail "zip $* $pack_archive"
}

# missed NAME CODE: the report is that of a miss for this reason.
missed() {
    reported "$1" miss
    grep -q "\"code\":\"$2\"" "$work/$1.report" ||
        fail "$1: not for $2: $(cat "$work/$1.report")"
}

launch() {
    launch_name=$1
    shift
    run "$launch_name" "$BCC" run --report=json "$@"
}

# ---- run ----

test_every_kind_of_archive_runs() {
    program res/raw/main.bc 7
    for options in -0 -9 "-0 -fz" "-9 -fz" "-9 -fd" "-0 -fd"; do
        # shellcheck disable=SC2086 # these are words
        pack "$work/app.apk" $options
        rm -f "$BCC_CACHE_DIR"/*
        launch cold "$work/app.apk!res/raw/main.bc"
        expect cold "exit 7"
        reported cold miss
        launch warm "$work/app.apk!res/raw/main.bc"
        expect warm "exit 7"
        reported warm hit
    done
    launch uncached --no-cache "$work/app.apk!res/raw/main.bc"
    expect uncached "exit 7"
}

test_what_keeps_the_content_is_a_hit() {
    program res/raw/main.bc 7
    pack "$work/app.apk" -9
    launch cold "$work/app.apk!res/raw/main.bc"
    touch "$work/app.apk"
    launch touched "$work/app.apk!res/raw/main.bc"
    reported touched hit
    pack "$work/app.apk" -0
    launch stored "$work/app.apk!res/raw/main.bc"
    reported stored hit
    echo more >"$work/tree/more"
    pack "$work/app.apk" -9 -fz
    launch more "$work/app.apk!res/raw/main.bc"
    reported more hit
    (cd "$work" && launch elsewhere "app.apk!res/raw/main.bc")
    reported elsewhere hit
    ln -s app.apk "$work/link.apk"
    launch link "$work/link.apk!res/raw/main.bc"
    reported link hit
    program res/raw/main.bc 8
    pack "$work/app.apk" -9
    launch changed "$work/app.apk!res/raw/main.bc"
    expect changed "exit 8"
    missed changed no_entry # names are digests of the content
}

# With its name in the cache kept, a moved archive is a hit, too.
test_a_moved_archive_is_a_hit_under_the_same_name() {
    program res/raw/main.bc 7
    pack "$work/app.apk" -9
    run first "$BCC" precompile --exports "$work/app.apk"
    says first out "1 compiled"
    mkdir "$work/moved"
    mv "$work/app.apk" "$work/moved/other.apk"
    run second "$BCC" precompile --exports "$work/moved/other.apk"
    says second out "0 compiled, 1 up to date"
}

test_libraries_and_objects_may_be_entries() {
    mkdir -p "$work/tree/lib"
    for part in library object; do
        echo "int $part(void) { return ${#part}; }" |
            "$CLANG" -O2 -fPIC -emit-llvm -x c -c - \
                -o "$work/tree/lib/$part.bc" || exit 1
    done
    "$CLANG" -O2 -fPIC -emit-llvm -x c -c - -o "$work/main.bc" <<'C'
int library(void), object(void);
int main(void) { return 10 * library() + object(); }
C
    pack "$work/runtime.zip" -9
    launch cold --lib "$work/runtime.zip!lib/library.bc" \
        --link "$work/runtime.zip!lib/object.bc" "$work/main.bc"
    expect cold "exit 76"
    reported cold miss
    launch warm --lib "$work/runtime.zip!lib/library.bc" \
        --link "$work/runtime.zip!lib/object.bc" "$work/main.bc"
    reported warm hit
    echo "int library(void) { return 1; }" |
        "$CLANG" -O2 -fPIC -emit-llvm -x c -c - \
            -o "$work/tree/lib/library.bc" || exit 1
    pack "$work/runtime.zip" -9
    launch changed --lib "$work/runtime.zip!lib/library.bc" \
        --link "$work/runtime.zip!lib/object.bc" "$work/main.bc"
    expect changed "exit 16"
    missed changed no_entry
}

test_a_file_that_has_the_name_wins() {
    program main.bc 7
    pack "$work/app!1.apk" -9
    launch entry "$work/app!1.apk!main.bc"
    expect entry "exit 7"
    program main.bc 8
    cp "$work/tree/main.bc" "$work/app!1.apk!main.bc"
    launch file "$work/app!1.apk!main.bc"
    expect file "exit 8"
    missed file no_entry
    program "in!side.bc" 9
    pack "$work/app.apk" -9
    launch cold "$work/app.apk!in!side.bc"
    expect cold "exit 9"
    launch warm "$work/app.apk!in!side.bc"
    expect warm "exit 9"
    reported warm hit
}

test_a_known_archive_is_not_opened() {
    command -v strace >/dev/null || exit 77
    program main.bc 7
    pack "$work/app.apk" -9
    # By the second compile the archive's last change is long ago.
    launch cold "$work/app.apk!main.bc"
    while [ -z "$(find "$work/app.apk" -not -newermt '-1 seconds')" ]; do
        launch rebuild --rebuild "$work/app.apk!main.bc"
    done
    launch rebuild --rebuild "$work/app.apk!main.bc"
    run traced strace -f -o "$work/calls" -e trace=open,openat \
        "$BCC" run "$work/app.apk!main.bc"
    expect traced "exit 7"
    grep -E 'app\.apk"|libz\.so' "$work/calls" >"$work/opened"
    [ ! -s "$work/opened" ] || fail "a hit opens $(cat "$work/opened")"
    touch "$work/app.apk"
    run touched strace -f -o "$work/calls" -e trace=open,openat \
        "$BCC" run "$work/app.apk!main.bc"
    expect touched "exit 7"
    grep -q 'app\.apk"' "$work/calls" || fail "a touched archive is not opened"
}

# ---- What cannot be read ----

test_what_cannot_be_read_is_named() {
    program main.bc 7
    pack "$work/app.apk" -9
    app=$work/app.apk
    run absent "$BCC" run "$app!absent.bc"
    complains absent "$app!absent.bc: the archive has no such entry"
    run library "$BCC" run --lib "$app!absent.bc" "$app!main.bc"
    complains library "$app!absent.bc: the archive has no such entry"
    run nothing "$BCC" run "$app!"
    complains nothing "$app: no archive entry was named"
    run missing "$BCC" run "$work/missing.apk!main.bc"
    complains missing "missing.apk!main.bc: No such file"
    run bitcode "$BCC" run "$work/tree/main.bc!main.bc"
    complains bitcode "main.bc!main.bc: not a ZIP archive, or cut short"
    run whole "$BCC" run "$app"
    complains whole "$app: "
    pack "$work/secret.apk" -9 -P password
    run secret "$BCC" run "$work/secret.apk!main.bc"
    complains secret "secret.apk!main.bc: encrypted"
    size=$(wc -c <"$app")
    head -c $((size - 10)) "$app" >"$work/cut.apk"
    run cut "$BCC" run "$work/cut.apk!main.bc"
    complains cut "cut.apk!main.bc: not a ZIP archive, or cut short"
    pack "$work/stored.apk" -0
    sed 's/BC\xc0\xde/BC\xc0\xdf/' "$work/stored.apk" >"$work/bad.apk"
    run bad "$BCC" run "$work/bad.apk!main.bc"
    complains bad "bad.apk!main.bc: CRC-32 mismatch"
    if pack "$work/bzip2.apk" -Z bzip2 2>"$work/zip.err" &&
        [ -f "$work/bzip2.apk" ]; then
        run bzip2 "$BCC" run "$work/bzip2.apk!main.bc"
        complains bzip2 "bzip2.apk!main.bc: compressed by method 12"
    fi
}

test_without_zlib_an_archive_is_refused() {
    program main.bc 7
    pack "$work/app.apk" -9
    mkdir "$work/lib"
    echo "no library" >"$work/lib/libz.so.1"
    run none env LD_LIBRARY_PATH="$work/lib" "$BCC" run "$work/app.apk!main.bc"
    complains none "app.apk!main.bc: ZIP archives need libz.so.1: "
    echo "int nothing;" | "$CLANG" -shared -fPIC -x c - -o "$work/lib/libz.so.1"
    run other env LD_LIBRARY_PATH="$work/lib" "$BCC" run "$work/app.apk!main.bc"
    complains other "ZIP archives need libz.so.1: no inflateInit2_ in it"
    launch cold "$work/app.apk!main.bc"
    touch "$work/app.apk"
    run explained env LD_LIBRARY_PATH="$work/lib" \
        "$BCC" run --report=json "$work/app.apk!main.bc"
    complains explained "ZIP archives need libz.so.1"
}

# ---- Other commands ----

test_precompile_takes_archives() {
    # Of one content there would be one entry.
    program b.bc 4
    program a.bc 5
    program c/d.bc 3
    echo "no bitcode" >"$work/tree/readme.txt"
    pack "$work/app.apk" -9
    run first "$BCC" precompile -j 1 "$work/app.apk"
    expect first "exit 0"
    says first out "3 compiled, 0 up to date, 0 failed"
    sed -n 's/.*app\.apk!\(.*\): compiled$/\1/p' "$work/first.out" |
        tr '\n' ' ' >"$work/order"
    [ "$(cat "$work/order")" = "a.bc b.bc c/d.bc " ] ||
        fail "in the order $(cat "$work/order")"
    run second "$BCC" precompile "$work/app.apk"
    says second out "0 compiled, 3 up to date, 0 failed"
    launch entry "$work/app.apk!c/d.bc"
    expect entry "exit 3"
    reported entry hit
    run one "$BCC" precompile "$work/app.apk!a.bc"
    says one out "0 compiled, 1 up to date, 0 failed"
}

test_precompile_finds_archives_in_directories_and_by_content() {
    program a.bc 3
    mkdir "$work/apps"
    pack "$work/apps/one.apk" -9
    program a.bc 4
    pack "$work/apps/two.zip" -0
    program a.bc 5
    pack "$work/named" -9
    mv "$work/named.zip" "$work/named" 2>/dev/null
    head -c 100 "$work/apps/one.apk" >"$work/apps/bad.apk"
    echo "no archive" >"$work/apps/readme.txt"
    run all "$BCC" precompile -j 2 "$work/apps" "$work/named"
    expect all "exit 1"
    says all out "3 compiled, 0 up to date, 1 failed"
    says all err "bad.apk: not a ZIP archive, or cut short"
    [ "$(wc -l <"$work/all.err")" -eq 1 ] || fail "all: $(cat "$work/all.err")"
}

test_precompile_gives_one_name_to_one_entry() {
    program a.bc 3
    pack "$work/one.apk" -9
    program a.bc 4
    pack "$work/two.apk" -9
    head -c 100 "$work/one.apk" >"$work/a.apk"
    run exports "$BCC" precompile -j 1 --exports "$work/a.apk" \
        "$work/one.apk" "$work/two.apk" "$work/one.apk"
    expect exports "exit 1"
    says exports out "1 compiled, 1 up to date, 2 failed"
    says exports err "two.apk!a.bc: $work/one.apk!a.bc already makes the entry a.oBCC"
}

test_dump_ls_and_explain_name_the_entry() {
    program main.bc 7
    pack "$work/app.apk" -9
    launch cold "$work/app.apk!main.bc"
    run list "$BCC" cache ls
    says list out "$work/app.apk!main.bc"
    run dump "$BCC" dump "$BCC_CACHE_DIR"/*.oBCC
    says dump out "role script type archive sha1"
    says dump out "name $work/app.apk!main.bc"
    run hit "$BCC" cache explain "$work/app.apk!main.bc"
    says hit out "app.apk!main.bc: hit: "
    program main.bc 8
    pack "$work/app.apk" -0
    run changed "$BCC" cache explain --json "$work/app.apk!main.bc"
    "$CHECK_JSON" file cache code reason path tier compared_with differences \
        cause remedy <"$work/changed.out" || fail "changed: $(cat "$work/changed.out")"
    says changed out '"code":"no_entry"'
    says changed out '"field":"input 0 sha1"'
    run absent "$BCC" cache explain "$work/app.apk!absent.bc"
    complains absent "app.apk!absent.bc: the archive has no such entry"
}

test_what_travels_names_no_directory() {
    program main.bc 7
    mkdir "$work/one" "$work/two"
    pack "$work/one/app.apk" -9
    cp "$work/one/app.apk" "$work/two/app.apk"
    for dir in one two; do
        run $dir "$BCC" compile "$work/$dir/app.apk!main.bc" \
            -o "$work/$dir.oBCC"
        expect $dir "exit 0"
    done
    cmp "$work/one.oBCC" "$work/two.oBCC" || fail "the bytes differ"
    run dump "$BCC" dump "$work/one.oBCC"
    says dump out "name app.apk!main.bc"
}

# ---- Which ----

if [ $# -ne 1 ]; then
    echo "usage: test_zip.sh TEST, one of:"
    sed -n 's/^\(test_[a-z0-9_]*\)() {$/    \1/p' "$0"
    exit 2
fi
command -v zip >/dev/null || exit 77
"$1"
finish
