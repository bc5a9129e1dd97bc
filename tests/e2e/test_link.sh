#!/bin/sh
# test_link.sh TEST: programs of several files and archives, compared with a
# native link of the same files in the same order. Each test is a function
# below; CTest runs them one by one.
#
# Environment: BCC, CLANG, LLVM_AR (may be empty), RUN_STATUS.
set -u
. "$(dirname "$0")/run_case_lib.sh"

# ---- Helpers ----

level=-O2

# source NAME [FLAGS...]: standard input, C (C++ if FLAGS say so), to
# $work/NAME.o and $work/NAME.bc.
source_file() {
    source_name=$work/$1
    shift
    cat >"$source_name.src"
    for source_kind in "-fPIC -o $source_name.o" "-emit-llvm -o $source_name.bc"; do
        # shellcheck disable=SC2086 # these are words
        "$CLANG" $level -x c "$@" -c "$source_name.src" $source_kind || exit 1
    done
}

cxx_file() {
    cxx_name=$1
    shift
    source_file "$cxx_name" -x c++ -std=gnu++20 "$@"
}

# archive NAME MEMBERS...: lib/libNAME.a of objects, bc/libNAME.a of bitcode.
archive() {
    archive_name=lib$1.a
    shift
    mkdir -p "$work/lib" "$work/bc" "$work/members"
    rm -f "$work/lib/$archive_name" "$work/bc/$archive_name"
    for member in "$@"; do
        cp "$work/$member.bc" "$work/members/$member.o"
        ar rc "$work/lib/$archive_name" "$work/$member.o"
        (cd "$work/members" && ar_of_bitcode rc "$work/bc/$archive_name" \
            "$member.o")
    done 2>"$work/ar.err" # GNU ar may complain of newer bitcode
    ranlib "$work/lib/$archive_name"
}

ar_of_bitcode() {
    if [ -n "${LLVM_AR:-}" ]; then "$LLVM_AR" "$@"; else ar "$@"; fi
}

# link_native FILES...: to $work/native; "NAME.a" is an archive.
link_native() {
    native_files=
    for file in "$@"; do
        case $file in
        *.a) native_files="$native_files $work/lib/$file" ;;
        *) native_files="$native_files $work/$file.o" ;;
        esac
    done
    # shellcheck disable=SC2086
    "$CLANG" --driver-mode=g++ $native_files -o "$work/native" -pthread ||
        fail "no native link of $*"
}

# link_options FILES...: the --link options for all but the first of them.
link_options() {
    link_files=
    shift
    for file in "$@"; do
        case $file in
        *.a) link_files="$link_files --link $work/bc/$file" ;;
        *) link_files="$link_files --link $work/$file.bc" ;;
        esac
    done
    echo "$link_files"
}

# compare FILES...: the program of these files, native and by bcc.
compare() {
    link_native "$@"
    run native "$work/native"
    rm -rf "$work/cache" "$work/installed"
    mkdir -m 700 "$work/cache"
    compare_with_native "$level $(link_options "$@")" "$work/$1.bc"
    with_native_files "$@"
}

# with_native_files FILES...: the same program with all files but one compiled
# before, first and last in turn. An archive that comes first stays bitcode.
with_native_files() {
    native_last=
    for file in "$@"; do
        [ "$file" != "${file%.a}" ] || native_last=$file
    done
    for bitcode in "$1" "$native_last"; do
        native_options=
        for file in "$@"; do
            case $file in
            *.a) native_file=$work/lib/$file ;;
            *) native_file=$work/$file.o ;;
            esac
            case $file in
            "$bitcode")
                native_file=$work/$file.bc
                [ "$file" = "${file%.a}" ] || native_file=$work/bc/$file
                ;;
            esac
            native_options="$native_options --link $native_file"
        done
        native_options=${native_options# --link }
        native_first=${native_options%% *}
        native_options=${native_options#"$native_first"}
        compare_uncached_with_native "$level $native_options" "$native_first"
        [ "$bitcode" = "$1" ] || compare_uncached_with_native \
            "--tier=baseline $level $native_options" "$native_first"
        [ "$failures" -eq 0 ] || fail "that was $bitcode as bitcode, of $*"
    done
}

# At both ends of the optimiser.
at_levels() {
    for level in -O0 -O3; do
        "$@"
    done
}

# A file NAME that says when its constructors and destructors run.
announcing_file() {
    announcing_name=$1
    shift
    {
        echo '#include <stdio.h>'
        for priority in "" "(101)" "(65535)"; do
            tag=$(echo "$priority" | tr -d '()')
            echo "__attribute__((constructor$priority)) static void up$tag(void)"
            echo "{ puts(\"$announcing_name up $tag\"); }"
            echo "__attribute__((destructor$priority)) static void down$tag(void)"
            echo "{ puts(\"$announcing_name down $tag\"); }"
        done
        cat
    } | source_file "$announcing_name" "$@"
}

# ---- Objects ----

constructors() {
    announcing_file main <<'C'
int a(void), b(void);
int main(void) { return printf("main %d\n", a() + b()) < 0; }
C
    echo 'int a(void) { return 1; }' | announcing_file a
    echo 'int b(void) { return 2; }' | announcing_file b
    compare main a b
    compare main b a
    compare a b main
}

test_constructors_run_in_the_order_of_files() {
    at_levels constructors
}

cxx_globals() {
    cat >"$work/log.h" <<'C'
#include <cstdio>
struct Log {
    const char *name;
    explicit Log(const char *name) : name(name) { std::printf("+%s\n", name); }
    ~Log() { std::printf("-%s\n", name); }
};
inline Log shared("inline variable");
template <typename T> struct Box { static Log log; };
template <typename T> Log Box<T>::log("template member");
inline Log &local() { static Log log("static local"); return log; }
C
    cxx_file main -include "$work/log.h" <<'C'
static Log here("main");
void *a(), *b();
int main()
{
    std::printf("%d %d\n", a() == &local(), b() == &Box<int>::log);
}
C
    cxx_file a -include "$work/log.h" <<'C'
static Log here("a");
void *a() { return &local(); }
C
    cxx_file b -include "$work/log.h" <<'C'
static Log here("b");
void *b() { return &Box<int>::log; }
C
    compare main a b
    compare b main a
}

test_global_objects_of_all_files_live_once() {
    at_levels cxx_globals
}

inline_functions() {
    cat >"$work/inline.h" <<'C'
#include <cstdio>
#include <typeinfo>
inline int counter() { static int n; return ++n; }
inline int addressed(int x) { return x + 1; }
template <typename T> T twice(T x) { return x + x; }
struct Shape { virtual ~Shape() {} virtual int area() const { return 1; } };
struct Failure { int code; };
using Fn = int (*)(int);
Fn fn_of_a(), fn_of_b(), template_of_a();
const std::type_info &type_of_a();
Shape *shape_of_a();
void fail_in_a();
C
    cxx_file main -include "$work/inline.h" <<'C'
int count_in_a(), count_in_b();
int main()
{
    Shape *shape = shape_of_a();
    std::printf("%d %d %d %d\n", fn_of_a() == addressed,
                fn_of_b() == addressed, template_of_a() == twice<int>,
                type_of_a() == typeid(Shape));
    std::printf("%d\n", counter());
    std::printf("%d\n", count_in_a());
    std::printf("%d\n", count_in_b());
    std::printf("%d %d\n", shape->area(), dynamic_cast<Shape *>(shape) != 0);
    delete shape;
    try {
        fail_in_a();
    } catch (const Failure &failure) {
        std::printf("caught %d\n", failure.code);
    }
}
C
    cxx_file a -include "$work/inline.h" <<'C'
struct Square : Shape { int area() const override { return 4; } };
Fn fn_of_a() { return addressed; }
Fn template_of_a() { return twice<int>; }
const std::type_info &type_of_a() { return typeid(Shape); }
Shape *shape_of_a() { return new Square; }
int count_in_a() { return counter(); }
void fail_in_a() { throw Failure{42}; }
C
    cxx_file b -include "$work/inline.h" <<'C'
Fn fn_of_b() { return addressed; }
int count_in_b() { return counter(); }
C
    compare main a b
}

test_inline_functions_are_one_in_all_files() {
    at_levels inline_functions
}

weak_definitions() {
    source_file main <<'C'
#include <stdio.h>
__attribute__((weak)) int overridden(void) { return 1; }
__attribute__((weak)) int first(void) { return 1; }
__attribute__((weak)) int value = 1;
__attribute__((weak)) int absent(void);
int aliased(void);
int main(void)
{
    printf("%d %d %d %d %d\n", overridden(), first(), value, absent != 0,
           aliased());
    return 0;
}
C
    source_file a <<'C'
int overridden(void) { return 2; }
__attribute__((weak)) int first(void) { return 2; }
int value = 2;
static int target(void) { return 5; }
__attribute__((weak, alias("target"))) int aliased(void);
C
    echo 'int aliased(void) { return 6; }' | source_file b
    compare main a
    compare a main
    compare main a b
}

test_weak_definitions_give_way() {
    at_levels weak_definitions
}

common_symbols() {
    source_file main -fcommon <<'C'
#include <stdio.h>
int small[2], defined, *address_in_a(void);
double aligned;
int main(void)
{
    small[1] = 3;
    printf("%d %d %d %d\n", address_in_a() == small, small[1], defined,
           (int)((unsigned long)&aligned % 64));
    return 0;
}
C
    source_file a -fcommon <<'C'
int small[20], defined = 7;
__attribute__((aligned(64))) double aligned;
int *address_in_a(void) { small[19] = 1; return small; }
C
    compare main a
    compare a main
}

test_common_symbols_merge() {
    at_levels common_symbols
}

thread_locals() {
    source_file main -pthread <<'C'
#include <pthread.h>
#include <stdio.h>
extern _Thread_local int count;
int bump(void);
static void *work(void *x)
{
    count = 10;
    printf("%d\n", bump());
    return x;
}
int main(void)
{
    pthread_t thread;
    count = 1;
    pthread_create(&thread, 0, work, 0);
    pthread_join(thread, 0);
    printf("%d %d\n", bump(), count);
    return 0;
}
C
    source_file a <<'C'
_Thread_local int count = 5;
int bump(void) { return ++count; }
C
    compare main a
    cxx_file main <<'C'
#include <cstdio>
#include <thread>
#include <string>
extern thread_local std::string name;
thread_local int plain = 3;
int use();
int main()
{
    name += "!";
    std::thread([] { std::printf("%s %d\n", name.c_str(), use()); }).join();
    std::printf("%s %d\n", name.c_str(), use());
}
C
    cxx_file a <<'C'
#include <string>
extern thread_local int plain;
thread_local std::string name = std::string("made") + " late";
int use() { return ++plain + (int)name.size(); }
C
    compare main a
}

test_thread_local_variables_are_one_in_all_files() {
    at_levels thread_locals
}

static_names() {
    source_file main <<'C'
#include <stdio.h>
static int state = 1;
static const char *name(void) { return "main"; }
const char *of_a(int *ret);
__attribute__((visibility("hidden"))) extern int hidden;
int main(void)
{
    int theirs;
    const char *a = of_a(&theirs);
    state += hidden;
    printf("%s %d %s %d\n", name(), state, a, theirs);
    return 0;
}
C
    source_file a <<'C'
static int state = 2;
__attribute__((noinline)) static const char *name(void) { return "a"; }
__attribute__((visibility("hidden"))) int hidden = 30;
const char *of_a(int *ret) { *ret = ++state; return name(); }
C
    compare main a
}

test_static_names_are_of_their_file() {
    at_levels static_names
}

# To a linker a name is a name: what a header got wrong works all the same.
test_kinds_of_names_may_differ_as_for_a_linker() {
    source_file main <<'C'
#include <stdio.h>
extern char code[];
int main(void) { printf("%d\n", ((int (*)(int))(void *)code)(4)); return 0; }
C
    echo 'int code(int x) { return x * x; }' | source_file a
    compare main a
}

# More than are linked one by one (lib/compiler/bitcode/link_objects.c).
test_many_files_are_linked_in_order() {
    mkdir "$work/many"
    n=100
    while [ $n -lt 180 ]; do
        n=$((n + 1))
        cat >"$work/many/f$n.ll" <<LL
@text = private constant [4 x i8] c"$n\\00"
@shared = common global [$n x i8] zeroinitializer
@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }]
  [{ i32, ptr, ptr } { i32 65535, ptr @up, ptr null }]
define internal void @up() { call i32 @puts(ptr @text) ret void }
define weak i32 @weakly() { ret i32 $n }
define i32 @f$n() { %x = call i32 @f$((n + 1))() ret i32 %x }
declare i32 @f$((n + 1))()
declare i32 @puts(ptr)
LL
    done
    cat >"$work/main.ll" <<'LL'
define i32 @main() { %x = call i32 @f101() ret i32 %x }
define i32 @f181() { %x = call i32 @weakly() ret i32 %x }
declare i32 @f101()
declare i32 @weakly()
LL
    "$CLANG" -w -O1 "$work/main.ll" "$work/many/"*.ll -o "$work/native" ||
        exit 1
    run native "$work/native"
    expect native "exit 101"
    options=
    for file in "$work/many/"*.ll; do
        options="$options --link $file"
    done
    compare_with_native "$options" "$work/main.ll"
}

# ---- Archives ----

archive_members() {
    announcing_file main <<'C'
int needed(void);
__attribute__((weak)) int weakly(void);
int shared_name(void) { return 1; }
int main(void) { return printf("%d %d\n", needed(), weakly != 0) < 0; }
C
    echo 'int deeper(void); int needed(void) { return deeper() + 1; }' |
        announcing_file needed
    echo 'int deeper(void) { return 40; }' | announcing_file deeper
    echo 'int weakly(void) { return 1; }' | announcing_file weakly
    echo 'int nobody(void) { return 1; }' | announcing_file nobody
    echo 'int shared_name(void) { return 2; }' | announcing_file clash
    archive all clash nobody weakly deeper needed
    compare main liball.a
    [ -n "$BCC" ] || return 0
    says cold out "needed up"
    says cold out "deeper up"
    ! grep -q 'nobody\|weakly\|clash' "$work/cold.out" ||
        fail "took more than it needs: $(cat "$work/cold.out")"
    # The same library by -l, and where a shared one is there, not it.
    run by_name "$BCC" run "$level" -L"$work/none" -L"$work/bc" -lall \
        "$work/main.bc"
    same native by_name
}

test_archive_members_are_linked_on_demand() {
    at_levels archive_members
}

test_archives_are_searched_in_order_and_in_circles() {
    announcing_file main <<'C'
int one(void), both(void);
int main(void) { return printf("%d %d\n", one(), both()) < 0; }
C
    echo 'int two(void); int one(void) { return two() + 1; }' |
        announcing_file one
    echo 'int three(void); int two(void) { return three() + 1; }' |
        announcing_file two
    echo 'int three(void) { return 1; }' | announcing_file three
    echo 'int both(void) { return 10; }' | announcing_file first
    echo 'int both(void) { return 20; }' | announcing_file second
    archive x one three first
    archive y second two
    for order in "libx.a liby.a" "liby.a libx.a"; do
        # shellcheck disable=SC2086
        set -- $order
        "$CLANG" "$work/main.o" -Wl,--start-group "$work/lib/$1" \
            "$work/lib/$2" -Wl,--end-group -o "$work/native" || exit 1
        run native "$work/native"
        rm -rf "$work/cache" "$work/installed"
        mkdir -m 700 "$work/cache"
        compare_with_native "$(link_options main "$@")" "$work/main.bc"
    done
    # A later file may want something of an earlier archive.
    run early "$BCC" run --link "$work/bc/libx.a" --link "$work/two.bc" \
        "$work/main.bc"
    expect early "exit 0"
    says early out "three up"
}

# A tentative definition is meant to find the file that fills the variable.
test_common_symbols_pull_real_definitions() {
    source_file main -fcommon <<'C'
#include <stdio.h>
int table[4], other;
int main(void) { return printf("%d %d\n", table[3], other) < 0; }
C
    echo 'int table[4] = {1, 2, 3, 4};' | source_file table
    echo 'int other; int clash(void) { return 1; }' | source_file other -fcommon
    archive tables other table
    compare main libtables.a
}

test_programs_may_come_out_of_archives() {
    announcing_file main <<'C'
int f(void);
int main(void) { return printf("%d\n", f()) < 0; }
int second_entry(void) { return 9; }
C
    echo 'int f(void) { return 6; }' | announcing_file f
    archive program f main
    link_native main f
    run native "$work/native"
    compare_with_native "" "$work/bc/libprogram.a"
    run entry "$BCC" run --entry second_entry "$work/bc/libprogram.a"
    expect entry "exit 9"
    run absent "$BCC" run --entry absent "$work/bc/libprogram.a"
    complains absent "libprogram.a: no member of the archive"
    run unmarked "$BCC" compile "$work/bc/libprogram.a" -o "$work/x.oBCC"
    complains unmarked "libprogram.a: no member of the archive"
    run marked "$BCC" compile --entry main "$work/bc/libprogram.a" \
        -o "$work/x.oBCC"
    expect marked "exit 0"
}

needing_f() {
    source_file main <<'C'
int f(int);
int main(void) { return f(2); }
C
    echo 'int f(int x) { return x + 5; }' | source_file f
    echo 'int unwanted(int x) { return x; }' | source_file unwanted
}

test_archives_of_both_tools_are_read() {
    needing_f
    cp "$work/f.bc" "$work/a_member_of_a_very_long_name_indeed.o"
    cp "$work/unwanted.bc" "$work/u.o"
    cd "$work" || exit 1
    for tool in ar "${LLVM_AR:-ar}"; do
        for how in rc rcS rcD; do
            rm -f lib.a
            "$tool" $how lib.a u.o a_member_of_a_very_long_name_indeed.o \
                2>/dev/null
            run "archive" "$BCC" run --no-cache --link lib.a main.bc
            expect archive "exit 7"
        done
    done
    if [ -n "${LLVM_AR:-}" ]; then
        for format in bsd darwin; do
            rm -f lib.a
            "$LLVM_AR" rc --format=$format lib.a u.o \
                a_member_of_a_very_long_name_indeed.o
            run $format "$BCC" run --no-cache --link lib.a main.bc
            expect $format "exit 7"
        done
    fi
    rm -f lib.a
    ar rcT lib.a u.o a_member_of_a_very_long_name_indeed.o 2>/dev/null
    run thin "$BCC" run --no-cache --link lib.a main.bc
    complains thin "lib.a: "
    says thin err "thin archive"
    : >empty
    rm -f lib.a
    ar rc lib.a 2>/dev/null
    run empty "$BCC" run --no-cache --link lib.a --link f.bc main.bc
    expect empty "exit 7"
}

test_native_members_are_linked_if_they_are_needed() {
    needing_f
    cd "$work" || exit 1
    echo "a text" >notes.txt
    head -c 200 unwanted.o >cut.o
    for members in "notes.txt unwanted.o f.bc" "unwanted.o f.o" \
        "f.o cut.txt"; do
        rm -f lib.a
        cp cut.o cut.txt
        # shellcheck disable=SC2086
        ar rc lib.a $members 2>/dev/null
        run archive "$BCC" run --link lib.a main.bc
        case $members in
        *cut*) complains archive "lib.a(cut.txt): " ;;
        *) expect archive "exit 7" ;;
        esac
    done
    run object "$BCC" run --report=json --link f.o main.bc
    expect object "exit 7"
    reported object miss
    run object "$BCC" run --report=json --link f.o main.bc
    reported object hit
    run main "$BCC" run --link f.bc main.o
    expect main "exit 7"
    "$BCC" compile --entry main main.bc f.o -o both.oBCC || fail "compile"
    run both "$BCC" run both.oBCC
    expect both "exit 7"
    echo 'int f(int x) { return x + 7; }' | source_file f
    run changed "$BCC" run --report=json --link f.o main.bc
    expect changed "exit 9"
    reported changed miss
}

# What a script exports, it may have compiled before.
test_native_functions_are_exports() {
    needing_f
    cd "$work" || exit 1
    "$BCC" compile main.bc f.o -o both.oBCC || fail "compile"
    "$BCC" dump both.oBCC | sed -n '/^Exported functions/,/^Exported foreach/p' >exports
    grep -q ' name f$' exports || fail "f is no export: $(cat exports)"
}

# refused FLAGS FACT...: as an object and as a member of an archive.
refused() {
    # shellcheck disable=SC2086 # these are words
    "$CLANG" -O1 $1 -c bad.c -o bad.o || exit 1
    rm -f lib.a
    ar rc lib.a bad.o
    for file in bad.o lib.a; do
        run bad "$BCC" run --link $file main.bc
        complains bad "${file%.o}"
        for fact in "$@"; do
            [ "$fact" = "$1" ] || says bad err "$fact"
        done
    done
    says bad err "lib.a(bad.o)"
}

test_native_objects_that_cannot_be_linked_say_why() {
    needing_f
    cd "$work" || exit 1
    cat >bad.c <<'C'
#include <stdio.h>
_Thread_local int block;
int missing(void);
int f(int x)
{
#ifdef ERRORS
    return fputs("f\n", stderr) + x;
#elif defined(BLOCK)
    return block += x;
#elif defined(TWICE)
    return x;
}
int main(void)
{
    return 0;
#else
    return missing() + x;
#endif
}
C
    refused -fPIC "undefined symbol 'missing', wanted by '"
    refused "-DTWICE" "'main' is defined here and in main.bc"
    if [ "$(uname -m)" = x86_64 ]; then
        refused "-DERRORS -fPIE -fdirect-access-external-data" "+0x" ": R_X86_64_PC32 against 'stderr'" \
            "(compile with -fPIC)"
        refused "-DERRORS -fno-pic -mcmodel=large" ": R_X86_64_64 against " \
            "(compile with -fPIC)"
        refused "-DBLOCK -fPIE" ": R_X86_64_TPOFF32 against 'block'" \
            "(compile with -fPIC)"
    fi
    "$CLANG" -x c -c main.src -o main.o
    run all "$BCC" run --link f.o main.o
    complains all "main.o: native code, and so is all that is linked to it"
    "$CLANG" -shared -fPIC -x c f.src -o libf.so
    run shared "$BCC" run --link libf.so main.bc
    complains shared "libf.so: a linked ELF program or library, not bitcode"
    says shared err "with -l"
    if command -v gcc >/dev/null; then
        gcc -O1 -fPIC -flto -x c -c f.src -o lto.o
        run lto "$BCC" run --link lto.o main.bc
        complains lto "lto.o: an object of gcc -flto, without native code"
    fi
}

# What clang writes into objects beside their code.
test_bitcode_in_objects_is_read() {
    needing_f
    cd "$work" || exit 1
    for kind in -fembed-bitcode "-flto -ffat-lto-objects"; do
        for file in main f unwanted; do
            # shellcheck disable=SC2086
            "$CLANG" -O1 $kind -x c -c $file.src -o $file.o || exit 1
        done
        rm -f lib.a
        ar rc lib.a unwanted.o f.o 2>/dev/null
        run objects "$BCC" run --no-cache --link f.o main.o
        expect objects "exit 7"
        run archive "$BCC" run --no-cache --link lib.a main.o
        expect archive "exit 7"
    done
    head -c 300 main.o >cut.o
    run cut "$BCC" run --no-cache cut.o
    complains cut "cut.o: an ELF object, not bitcode"
    "$CLANG" -O1 -x c -c main.src -o native.o || exit 1
    run native "$BCC" run --no-cache native.o
    complains native "native.o: an ELF object, not bitcode: compile with"
    "$CLANG" -fembed-bitcode -x c -c main.src -o main.o || exit 1
    "$CLANG" -fembed-bitcode -x c -c f.src -o f.o || exit 1
    ld -r main.o f.o -o both.o || exit 1
    run both "$BCC" run --no-cache both.o
    complains both "both.o: an ELF object with the bitcode of several files"
}

# Cut anywhere, an archive gives what a whole one gives, or is refused by name.
test_damaged_archives_are_refused_by_name() {
    needing_f
    cd "$work" || exit 1
    rm -f lib.a
    ar rc lib.a unwanted.bc f.bc 2>/dev/null
    size=$(wc -c <lib.a)
    for cut in 1 7 8 9 60 67 68 100 1000 $((size / 2)) $((size - 61)) \
        $((size - 1)); do
        [ "$cut" -lt "$size" ] || continue
        head -c "$cut" lib.a >cut.a
        run cut "$BCC" run --no-cache --link cut.a main.bc
        expect cut "exit 1"
        # Eight bytes are an archive without members.
        [ "$cut" -eq 8 ] || says cut err "cut.a"
    done
    { head -c 66 lib.a && printf xx && tail -c +69 lib.a; } >field.a
    run field "$BCC" run --no-cache --link field.a main.bc
    complains field "field.a: archive member at "
}

# ---- Contradictions ----

test_duplicates_are_named() {
    echo 'int f(void) { return 1; } int main(void) { return f(); }' |
        source_file main
    echo 'int f(void) { return 2; }' | source_file a
    echo 'int f; int g(void) { return 3; }' | source_file b
    echo 'int f(void) { return 2; } int g(void) { return 2; }' | source_file c
    cd "$work" || exit 1
    run two "$BCC" run --link a.bc main.bc
    complains two "bcc: a.bc: 'f' is defined here and in main.bc"
    ! grep -q "more such" two.err || fail "counts: $(cat two.err)"
    run kinds "$BCC" run --link c.bc --link b.bc main.bc
    complains kinds "c.bc: 'f' is defined here and in main.bc (and 2 more"
    echo 'int g(void); int main(void) { return g(); }' | source_file main
    archive c c
    run member "$BCC" run --link a.bc --link bc/libc.a main.bc
    complains member "bc/libc.a(c.o): 'f' is defined here and in a.bc"
    # The first runtime that defines it wins, as ever.
    run runtimes "$BCC" run --lib c.bc --lib b.bc main.bc
    expect runtimes "exit 2"
}

test_thread_local_and_plain_do_not_mix() {
    echo 'extern _Thread_local int t; int main(void) { return t; }' |
        source_file main
    echo 'int t = 4;' | source_file a
    cd "$work" || exit 1
    run mixed "$BCC" run --link a.bc main.bc
    complains mixed "a.bc: 't' is not thread-local here as it is in main.bc"
    run reverse "$BCC" run --link main.bc a.bc
    complains reverse "main.bc: 't' is thread-local here and not in a.bc"
}

test_files_for_another_machine_are_named() {
    echo 'int f(void); int main(void) { return f(); }' | source_file main
    echo 'int f(void) { return 1; }' >"$work/f.c"
    "$CLANG" --target=aarch64-linux-gnu -emit-llvm -c "$work/f.c" \
        -o "$work/f.bc" || exit 1
    run other "$BCC" run --link "$work/f.bc" "$work/main.bc"
    complains other "f.bc: made for 'aarch64"
}

# ---- Cache ----

test_changes_of_objects_are_misses() {
    needing_f
    archive f unwanted f
    cd "$work" || exit 1
    for input in f.bc bc/libf.a; do
        run first "$BCC" run --report=json --link $input main.bc
        expect first "exit 7"
        reported first miss
        run again "$BCC" run --report=json --link $input main.bc
        expect again "exit 7"
        reported again hit
        touch $input
        run touched "$BCC" run --report=json --link $input main.bc
        reported touched hit
    done
    echo 'int f(int x) { return x + 6; }' | source_file f
    archive f unwanted f
    for input in f.bc bc/libf.a; do
        run changed "$BCC" run --report=json --link $input main.bc
        expect changed "exit 8"
        reported changed miss
    done
    # Another way of linking the same file is another program.
    run library "$BCC" run --report=json --lib f.bc main.bc
    expect library "exit 8"
    reported library miss
}

test_compile_links_its_files() {
    needing_f
    echo 'int more(int x) { return x; } int variable;' | source_file more
    archive f unwanted f
    cd "$work" || exit 1
    run compile "$BCC" compile main.bc more.bc bc/libf.a -o out.oBCC
    expect compile "exit 0"
    run dump "$BCC" dump out.oBCC
    for text in "role script type file" "role object type file" \
        "name libf.a" "name main" "name more" "name f" "name variable"; do
        says dump out "$text"
    done
    ! grep -q unwanted dump.out || fail "has more than it needs"
    run by_name "$BCC" compile main.bc more.bc -Lbc -lf -o out.oBCC
    expect by_name "exit 0"
}

test_shared_libraries_come_before_archives() {
    needing_f
    archive f f
    cd "$work" || exit 1
    mkdir shared
    echo 'int f(int x) { return x + 100; }' >shared.c
    "$CLANG" -shared -fPIC shared.c -o shared/libf.so || exit 1
    run archive "$BCC" run -Lbc -Lshared -lf main.bc
    expect archive "exit 7"
    run shared "$BCC" run -Lshared -Lbc -lf main.bc
    expect shared "exit 102"
    cp bc/libf.a shared
    run beside "$BCC" run -Lshared -lf main.bc
    expect beside "exit 102"
}

# shared_file NAME LIBRARIES...: standard input, C, to shared/libNAME.so, which
# needs these.
shared_file() {
    shared_name=$1
    shift
    mkdir -p "$work/shared"
    cat >"$work/shared/$shared_name.c"
    "$CLANG" -shared -fPIC "$work/shared/$shared_name.c" \
        -o "$work/shared/lib$shared_name.so" "-Wl,-soname,lib$shared_name.so" \
        "-Wl,-rpath,$work/shared" -L"$work/shared" -Wl,--no-as-needed "$@" ||
        exit 1
}

# same_with_shared FLAGS...: the same as a native link with these libraries.
same_with_shared() {
    "$CLANG" "$work/main.o" -o "$work/linked" -L"$work/shared" \
        "-Wl,-rpath,$work/shared" -Wl,--as-needed \
        -Wl,--unresolved-symbols=ignore-in-shared-libs "$@" || exit 1
    run native "$work/linked"
    expect native "exit 0"
    for how in --rebuild -O2; do
        run ours "$BCC" run $how -L"$work/shared" "$@" "$work/main.bc"
        same native ours
    done
}

# The dynamic linker searches the libraries that a program names before those
# that these need.
test_shared_libraries_are_searched_breadth_first() {
    announce='#include <stdio.h>
        __attribute__((constructor)) static void start(void) { puts(NAME); }'
    echo "$announce" 'int who(void) { return 1; }' |
        sed 's/NAME/"deep"/' | shared_file deep
    echo "$announce" 'int who(void); int first(void) { return who(); }' |
        sed 's/NAME/"first"/' | shared_file first -ldeep
    echo "$announce" 'int who(void) { return 2; } int second(void) { return 0; }' |
        sed 's/NAME/"second"/' | shared_file second
    source_file main <<'C'
#include <stdio.h>
int first(void), second(void);
int main(void) { printf("%d %d\n", first(), second()); return 0; }
C
    same_with_shared -lfirst -lsecond
    says ours out "2 0"
    same_with_shared -lsecond -lfirst
    # One that leaves a symbol for the next to define.
    echo 'int left(void); int first(void) { return left(); }' |
        shared_file first
    echo 'int left(void) { return 3; } int second(void) { return 0; }' |
        shared_file second
    same_with_shared -lfirst -lsecond
    says ours out "3 0"
}

# What the program defines, libraries use in the place of their own.
test_shared_libraries_use_what_the_program_defines() {
    shared_file hooks <<'C'
#include <stdio.h>
int level = 1;
char title[4] = "lib";
const char *const names[] = {"own"};
static void ignore(int x) { (void)x; }
void (*hook)(int) = ignore;
int policy(int x) { return x; }
int *where = &level;
void work(void)
{
    printf("%d %d %s %s %d\n", level, *where, title, names[0], policy(3));
    hook(policy(4));
}
C
    source_file main <<'C'
#include <stdio.h>
void work(void);
int level = 5;
char title[] = "a longer one";
const char *const names[] = {"the program's", "two"};
static void tell(int x) { printf("told %d\n", x); level++; }
void (*hook)(int) = tell;
int policy(int x) { return x * 100; }
int puts_is_its_own(void) { return 0; }
int main(void) { work(); work(); printf("%d\n", level); return 0; }
C
    same_with_shared -lhooks
    says ours out "6 6 a longer one the program's 300"
}

# libc++abi needs LLVM's libunwind, and what resumes an exception is libgcc_s.
test_exceptions_of_libcxx() {
    cat >"$work/main.cpp" <<'C'
#include <cstdio>
#include <stdexcept>
struct Guard {
    const char *name;
    ~Guard() { std::printf("~%s\n", name); }
};
__attribute__((noinline)) void inner(int x)
{
    if (x)
        throw std::runtime_error("thrown");
}
__attribute__((noinline)) void outer(int x)
{
    Guard guard{"outer"};
    inner(x);
    std::puts("not reached");
}
int main(int argc, char **)
{
    try {
        outer(argc);
    } catch (const std::exception &e) {
        std::puts(e.what());
    }
    return 0;
}
C
    for kind in "-o $work/main.o" "-emit-llvm -o $work/main.bc"; do
        # shellcheck disable=SC2086 # these are words
        "$CLANG" -stdlib=libc++ -O1 -c "$work/main.cpp" $kind 2>/dev/null ||
            skip "no libc++"
    done
    mkdir "$work/shared"
    echo 'int main(){}' >"$work/empty.c"
    "$CLANG" "$work/empty.c" -o "$work/empty" -lc++ -lunwind ||
        skip "no libc++ to link with"
    same_with_shared -lc++ -lc++abi -lm -lgcc_s
    same_with_shared -lc++ -lc++abi -lunwind
    run default "$BCC" run -lc++ "$work/main.bc"
    same native default
    says default out "~outer"
}

# ---- Names in assembly ----

test_names_in_assembly_are_found() {
    [ "$(uname -m)" = x86_64 ] || exit 77
    source_file main <<'C'
int through_assembly(int);
__asm__(".text\n.globl through_assembly\n"
        "through_assembly: # not_this_one\n"
        "    jmp target@PLT ; .size through_assembly, . - through_assembly\n");
int main(void) { return through_assembly(3); }
C
    source_file library <<'C'
int missing(void);
int target(int x) { return x + 4; }
int not_this_one(int x) { return missing(); }
C
    echo 'int target(int x) { return x + 4; }' | source_file target
    echo 'int not_this_one(void) { return 1; }' | announcing_file not_this_one
    archive target target not_this_one
    cd "$work" || exit 1
    run library "$BCC" run --lib library.bc main.bc
    expect library "exit 7"
    run archive "$BCC" run --link bc/libtarget.a main.bc
    expect archive "exit 7"
    [ ! -s archive.out ] || fail "linked not_this_one"
}

test_local_labels_of_assembly_may_be_in_several_files() {
    [ "$(uname -m)" = x86_64 ] || exit 77
    source_file main <<'C'
#include <stdio.h>
int of_a(void), of_b(void), again(void);
const char *text_of_b(void);
int main(void)
{
    return printf("%d %d %d %s\n", of_a(), of_b(), again(), text_of_b()) < 0;
}
C
    source_file a <<'C'
int local(void);
int of_a(void) { return local(); }
__asm__(".text\nlocal: jmp .Lagain\n.Lagain: mov $5, %eax\n ret\n");
C
    echo 'int again(void) { return 3; }' | source_file c
    source_file b <<'C'
int local(void);
const char *text_of_b(void);
int of_b(void) { return local(); }
__asm__(".text\n.globl text_of_b\n"
        "text_of_b: lea text(%rip), %rax\n ret\n"
        "text: .asciz \"local again text\"\n"
        "local: jmp .Lagain # \"again\n"
        ".Lagain: again: mov $7, %eax\n ret\n");
C
    compare main c a b
}

# Labels in inline assembly are those of a file, too; each copy of a function
# has its own.
inline_labels() {
    source_file main <<'C'
#include <stdio.h>
int of_a(int), of_b(int), table_of_a(void), table_of_b(void);
__attribute__((noinline)) static int spin(int n)
{
    int r = 0;
    __asm__ volatile(".Lhere:\n\taddl $2, %0\n\tdecl %1\n\tjnz .Lhere"
                     : "+r"(r), "+r"(n) : : "cc");
    return r;
}
int main(int argc, char **argv)
{
    printf("%d %d %d\n", spin(argc + 4), of_a(argc), of_a(argc + 1));
    return printf("%d %d %d\n", of_b(argc + 1), table_of_a(),
                  table_of_b()) < 0;
}
C
    for file in a b; do
        source_file $file -D NAME=$file -D of=of_$file \
            -D table_of=table_of_$file <<'C'
#define TEXT(x) TEXT_(x)
#define TEXT_(x) #x
int of(int n)
{
    int r = 0;
    __asm__ volatile(".Lhere:\n\taddl $3, %0\n\tdecl %1\n\t"
                     "jnz .Lhere ; here: nop # .Lhere"
                     : "+r"(r), "+r"(n) : : "cc");
    return r;
}
/* A label of the file's own assembly, and one of another statement. */
__asm__(".data\n.Ltable: .long \'" TEXT(NAME) "\'\n.text\n");
__attribute__((noinline)) static int mark(void)
{
    int r;
    __asm__ volatile(".Lmarked: movl .Ltable(%%rip), %0" : "=r"(r));
    return r;
}
int table_of(void)
{
    long a, b;
    int r = mark();
    __asm__ volatile("leaq .Lmarked(%%rip), %0" : "=r"(a));
    __asm__ volatile("leaq %c1(%%rip), %0" : "=r"(b) : "i"(mark));
    return r + (a >= b && a < b + 16 ? 1000 : 0);
}
C
    done
    compare main a b
    archive labels a b
    compare main liblabels.a
    run library "$BCC" run $level --no-cache --lib "$work/a.bc" \
        --lib "$work/b.bc" "$work/main.bc"
    same native library
}

test_labels_of_inline_assembly_are_of_their_file() {
    [ "$(uname -m)" = x86_64 ] || exit 77
    at_levels inline_labels
}

# Static names that assembly uses, where another file has the same.
test_assembly_keeps_its_static_names() {
    [ "$(uname -m)" = x86_64 ] || exit 77
    source_file main <<'C'
#include <stdio.h>
int of_a(int);
__attribute__((noinline)) static int helper(int x) { return x + 1; }
int main(int argc, char **argv)
{
    return printf("%d %d\n", helper(argc), of_a(argc)) < 0;
}
C
    source_file a <<'C'
__asm__(".text\n.globl of_a\nof_a: jmp helper\n");
__attribute__((used)) static int helper(int x) { return x + 100; }
C
    compare main a
    compare a main
    # A static name is none that an archive could be asked for.
    echo 'int helper(int x) { return 0; }' | source_file helper
    archive helper helper
    compare main a libhelper.a
    source_file main <<'C'
int of_a(int), of_b(int);
int main(int argc, char **argv) { return of_a(argc) + of_b(argc); }
C
    source_file b <<'C'
__asm__(".text\n.globl of_b\nof_b: jmp helper\n");
__attribute__((used)) static int helper(int x) { return x + 50; }
C
    run both "$BCC" run --link "$work/a.bc" --link "$work/b.bc" "$work/main.bc"
    complains both "b.bc: 'helper' is defined here and in"
}

# ---- What generated code asks for by name ----

test_generated_code_finds_the_programs_own_functions() {
    [ "$(uname -m)" = x86_64 ] || exit 77
    source_file main -ftrap-function=my_trap <<'C'
volatile int v = 1;
int main(void) { if (v) __builtin_trap(); return 0; }
C
    source_file trap <<'C'
#include <stdio.h>
#include <stdlib.h>
void my_trap(void) { puts("my trap"); fflush(stdout); exit(3); }
C
    compare main trap
    run library "$BCC" run --lib "$work/trap.bc" "$work/main.bc"
    same native library
    # Members of archives, which no IR asks for; one asks for the other.
    source_file trap -pg -mfentry <<'C'
#include <stdio.h>
#include <stdlib.h>
extern int n_entries;
void my_trap(void) { printf("%d\n", n_entries); fflush(stdout); exit(3); }
C
    source_file entry <<'C'
int n_entries;
__attribute__((naked)) void __fentry__(void)
{
    __asm__("incl n_entries(%rip)\n\tret");
}
C
    archive hooks entry trap
    compare main libhooks.a
    run library "$BCC" run --lib "$work/trap.bc" --lib "$work/entry.bc" \
        "$work/main.bc"
    same native library
    source_file both -ftrap-function=my_trap <<'C'
#include <stdlib.h>
void my_trap(void) { exit(3); }
volatile int v = 1;
int main(void) { if (v) __builtin_trap(); return 0; }
C
    compare both
    expect native "exit 3"
}

test_generated_code_finds_the_roots_of_a_collector() {
    cat >"$work/main.ll" <<'LL'
target triple = "x86_64-pc-linux-gnu"
@fmt = private constant [4 x i8] c"%d\0A\00"
@llvm_gc_root_chain = linkonce global ptr null
declare i32 @printf(ptr, ...)
declare void @llvm.gcroot(ptr, ptr)
define i32 @depth() noinline {
entry:
  %chain = load ptr, ptr @llvm_gc_root_chain
  br label %loop
loop:
  %at = phi ptr [ %chain, %entry ], [ %next, %body ]
  %n = phi i32 [ 0, %entry ], [ %n1, %body ]
  %end = icmp eq ptr %at, null
  br i1 %end, label %out, label %body
body:
  %next = load ptr, ptr %at
  %n1 = add i32 %n, 1
  br label %loop
out:
  ret i32 %n
}
define i32 @inner() noinline gc "shadow-stack" {
  %r = alloca ptr
  call void @llvm.gcroot(ptr %r, ptr null)
  store ptr null, ptr %r
  %d = call i32 @depth()
  ret i32 %d
}
define i32 @main() gc "shadow-stack" {
  %r = alloca ptr
  call void @llvm.gcroot(ptr %r, ptr null)
  store ptr null, ptr %r
  %d = call i32 @inner()
  call i32 (ptr, ...) @printf(ptr @fmt, i32 %d)
  ret i32 0
}
LL
    run roots "$BCC" run "$work/main.ll"
    expect roots "exit 0"
    says roots out 2
}

# ---- Names that begin with the byte 01 ----

# In which the byte means nothing: bindgen and D write them.
test_escaped_names_are_plain() {
    cat >"$work/main.ll" <<'LL'
@fmt = private constant [7 x i8] c"%d %d\0A\00"
declare i32 @"\01printf"(ptr, ...)
declare i32 @"\01helper"(i32)
declare i32 @helper(i32)
@"\01value" = external global i32
define i32 @main() {
  %a = call i32 @"\01helper"(i32 5)
  %b = call i32 @helper(i32 %a)
  %v = load i32, ptr @"\01value"
  call i32 (ptr, ...) @"\01printf"(ptr @fmt, i32 %b, i32 %v)
  ret i32 0
}
LL
    cat >"$work/library.ll" <<'LL'
@value = global i32 77
define i32 @"\01helper"(i32 %x) {
  %r = mul i32 %x, 3
  ret i32 %r
}
LL
    for file in main library; do
        "$CLANG" -w -c "$work/$file.ll" -o "$work/$file.o" &&
            "$CLANG" -w -c -emit-llvm "$work/$file.ll" -o "$work/$file.bc" ||
            exit 1
    done
    archive library library
    compare main library
    compare main liblibrary.a
    run library "$BCC" run --lib "$work/library.bc" "$work/main.bc"
    same native library
    says library out "45 77"
}

# ---- Bitcode for link-time optimisation ----

lto_flavours="-flto
-flto=thin
-flto -funified-lto
-flto=thin -fsplit-lto-unit
-flto -fwhole-program-vtables -fvisibility=hidden
-flto=thin -fwhole-program-vtables -fvisibility=hidden
-flto -fsanitize=cfi -fvisibility=hidden
-flto=thin -fsanitize=cfi -fvisibility=hidden"

lto_files() {
    cat >"$work/shape.h" <<'C'
#include <cstdio>
struct Shape { virtual ~Shape() {} virtual int area() const = 0; };
Shape *make(int size);
inline int twice(int x) { static int n; return 2 * x + n++; }
using Fn = int (*)(int);
extern Fn table[];
C
    cat >"$work/main.src" <<'C'
#include "shape.h"
int main(int argc, char **)
{
    Shape *shape = make(argc);
    std::printf("%d %d %d\n", shape->area(), twice(3), table[argc](4));
    delete shape;
    return 5;
}
C
    cat >"$work/shapes.src" <<'C'
#include "shape.h"
struct Square : Shape {
    int side;
    Square(int s) : side(s) {}
    int area() const override { return side * side; }
};
struct Line : Shape { int area() const override { return 0; } };
Shape *make(int size)
{
    if (size > 3)
        return new Line;
    return new Square(size + twice(1));
}
static int plus(int x) { return x + 1; }
Fn table[] = {plus, twice};
C
}

lto_compile() {
    # shellcheck disable=SC2086 # these are words
    "$CLANG" -O2 $2 -x c++ -c "$work/$1.src" -o "$work/$1.bc" || exit 1
}

test_files_for_link_time_optimisation_run() {
    lto_files
    "$CLANG" --driver-mode=g++ -O2 -x c++ "$work/main.src" "$work/shapes.src" \
        -o "$work/native" || exit 1
    run native "$work/native"
    expect native "exit 5"
    echo "$lto_flavours" >"$work/flavours"
    while read -r flavour; do
        lto_compile main "$flavour"
        lto_compile shapes "$flavour"
        for at in -O0 -O3; do
            run lto "$BCC" run --no-cache $at --link "$work/shapes.bc" \
                "$work/main.bc"
            same native lto
        done
    done <"$work/flavours"
    # The kinds may be mixed.
    lto_compile main -flto
    for flavour in -flto=thin -emit-llvm "-flto=thin -fsplit-lto-unit"; do
        lto_compile shapes "$flavour"
        run mixed "$BCC" run --no-cache --link "$work/shapes.bc" \
            "$work/main.bc"
        same native mixed
    done
}

# What -fsanitize=cfi checks is checked: an object of another class traps.
test_control_flow_integrity_is_enforced() {
    cat >"$work/main.src" <<'C'
struct Meant { virtual int f() { return 1; } };
struct Other { virtual int f() { return 2; } };
void *make(int argc)
{
    if (argc > 1)
        return new Other;
    return new Meant;
}
int main(int argc, char **) { return static_cast<Meant *>(make(argc))->f(); }
C
    for kind in -flto -flto=thin; do
        lto_compile main "$kind -fsanitize=cfi -fvisibility=hidden"
        run right "$BCC" run --no-cache "$work/main.bc"
        expect right "exit 1"
        run wrong "$BCC" run --no-cache "$work/main.bc" other
        expect wrong "signal 4"
        lto_compile main "$kind"
        run unchecked "$BCC" run --no-cache "$work/main.bc" other
        expect unchecked "exit 2"
    done
}

# ---- Which ----

if [ $# -ne 1 ]; then
    echo "usage: test_link.sh TEST, one of:"
    sed -n 's/^\(test_[a-z0-9_]*\)() {$/    \1/p' "$0"
    exit 2
fi
"$1"
finish
