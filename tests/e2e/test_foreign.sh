#!/bin/sh
# test_foreign.sh TEST TRIPLE: code for other machines. Each test is a function
# below; CTest runs them one by one, for each machine.
#
# Environment: BCC, CLANG, RUN_STATUS; BCCC_BARE: a bccc without support
# routines; TARGET_BCC: the machine's own tool, which may be missing: then
# nothing is run.
set -u
. "$(dirname "$0")/run_case_lib.sh"
triple=${2-}

# ---- Helpers ----

# Front ends' own default for arm-linux-gnueabihf differs by distribution.
case $triple in
arm*) cpu=-march=armv7-a ;;
*) cpu= ;;
esac
case $triple in
aarch64*) name=aarch64 row=aarch64-unknown-linux-gnu ;;
arm*hf) name=arm row=armv7-unknown-linux-gnueabihf ;;
arm*) name=arm row=armv7-unknown-linux-gnueabi ;;
*) name=riscv64 row=riscv64-unknown-linux-gnu ;;
esac

# compile NAME FLAGS...: standard input to $work/NAME.bc.
compile() {
    compile_name=$1
    shift
    # shellcheck disable=SC2086 # these are words
    "$CLANG" --target="$triple" $cpu -O2 "$@" -emit-llvm -c - \
        -o "$work/$compile_name.bc" || exit 1
}

need_headers() {
    [ -d "/usr/$triple/include" ] || skip "no headers for $triple"
}

need_target_bcc() {
    [ -x "$TARGET_BCC" ] || skip "no bcc for $triple"
    command -v "qemu-$name" >/dev/null || skip "qemu-$name is not installed"
    export BCC_TARGET_BCC="$TARGET_BCC"
}

small_program() {
    compile small -xc <<'C'
int puts(const char *);
static long shared;
int main(int argc, char **argv)
{
    __atomic_fetch_add(&shared, argc, __ATOMIC_SEQ_CST);
    puts(argv[argc - 1]);
    return (int)shared;
}
C
}

# ---- Compiling ----

test_makes_a_file_for_the_machine() {
    small_program
    run made "$BCC" compile --target "$triple" --entry main "$work/small.bc" \
        -o "$work/small.oBCC"
    expect made "exit 0"
    silent made err
    run dump "$BCC" dump "$work/small.oBCC"
    expect dump "exit 0"
    says dump out "machine $name "
    says dump out "triple = $row"
    run code "$BCC" dump --disassemble "$work/small.oBCC"
    expect code "exit 0"
    says code out "<main>:"
    grep -q '(bad)' "$work/code.out" && fail "$(cat "$work/code.out")"
    return 0
}

test_records_the_features_of_the_cpu() {
    case $triple in
    aarch64*) set -- cortex-a76 dotprod sve neoverse-v1 sve mops ;;
    arm*) set -- cortex-a9 neon hwdiv cortex-a15 hwdiv crc ;;
    riscv64*) set -- sifive-u74 d zba sifive-x280 v zacas ;;
    esac
    small_program
    while [ $# -gt 0 ]; do
        run "$1" "$BCC" compile --target "$triple" --cpu "$1" \
            "$work/small.bc" -o "$work/$1.oBCC"
        expect "$1" "exit 0"
        silent "$1" err
        run dump "$BCC" dump "$work/$1.oBCC"
        grep -qE "cpu_features ([^ ]*,)?$2(,|\$)" "$work/dump.out" ||
            fail "$1 does not need $2: $(sed -n 2p "$work/dump.out")"
        grep -qE "cpu_features ([^ ]*,)?$3(,|\$)" "$work/dump.out" &&
            fail "$1 needs $3: $(sed -n 2p "$work/dump.out")"
        shift 3
    done
    run unknown "$BCC" compile --target "$triple" --cpu cortex-z1000 \
        "$work/small.bc" -o "$work/unknown.oBCC"
    expect unknown "exit 1"
    says unknown err "CPU 'cortex-z1000': not known to LLVM for '$row'"
    # LLVM ignores features that it does not know.
    run feature "$BCC" compile --target "$triple" --features +nosuch \
        "$work/small.bc" -o "$work/unknown.oBCC"
    complains feature "feature 'nosuch': not known to LLVM for '$row'"
}

# What all of a file's functions need is needed; what one of them needs is not.
test_demands_what_all_functions_need() {
    case $triple in
    aarch64*) flag=-march=armv8-a+sve feature=sve ;;
    arm*) flag=-mfpu=neon feature=neon ;;
    riscv64*) flag=-march=rv64gcv feature=v ;;
    esac
    case $triple in
    arm*hf) abi= ;;
    arm*) abi=-mfloat-abi=softfp ;;
    *) abi= ;;
    esac
    # shellcheck disable=SC2086 # may be no word
    echo 'int add(int a, int b) { return a + b; }' |
        compile all -xc $flag $abi
    run made "$BCC" compile --target "$triple" "$work/all.bc" \
        -o "$work/all.oBCC"
    expect made "exit 0"
    run dump "$BCC" dump "$work/all.oBCC"
    grep -qE "cpu_features ([^ ]*,)?$feature(,|\$)" "$work/dump.out" ||
        fail "$feature is not needed: $(sed -n 2p "$work/dump.out")"
    case $triple in
    aarch64*) ;;
    *) return ;;
    esac
    compile one -xc <<C
__attribute__((target("+sve"))) int wide(int a) { return a + 1; }
int narrow(int a) { return a + 2; }
C
    run made "$BCC" compile --target "$triple" "$work/one.bc" \
        -o "$work/one.oBCC"
    run dump "$BCC" dump "$work/one.oBCC"
    says dump out "cpu_features "
    grep -q "cpu_features.*$feature" "$work/dump.out" &&
        fail "$feature is needed: $(sed -n 2p "$work/dump.out")"
    return 0
}

test_either_spelling_is_one_entry() {
    small_program
    run first "$BCC" precompile --target "$triple" "$work/small.bc"
    expect first "exit 0"
    says first out "1 compiled"
    run again "$BCC" precompile --target "$row" "$work/small.bc"
    expect again "exit 0"
    says again out "1 up to date"
}

test_makes_the_same_bytes_again() {
    small_program
    for copy in 1 2; do
        run "made$copy" "$BCC" compile --target "$triple" --cpu generic \
            "$work/small.bc" -o "$work/$copy.oBCC"
        expect "made$copy" "exit 0"
    done
    cmp "$work/1.oBCC" "$work/2.oBCC" || fail "the files differ"
}

test_refuses_another_float_abi() {
    case $triple in
    arm*hf) other=armv7-linux-gnueabi ;;
    arm*) other=armv7-linux-gnueabihf ;;
    riscv64*) other="riscv64-linux-gnu -march=rv64imac -mabi=lp64" ;;
    *) skip "one float ABI" ;;
    esac
    # shellcheck disable=SC2086 # these are words
    echo 'float half(float x) { return x / 2; }' |
        "$CLANG" --target=$other -O2 -xc -emit-llvm -c - -o "$work/other.bc"
    run made "$BCC" compile --target "$triple" "$work/other.bc" \
        -o "$work/other.oBCC"
    expect made "exit 1"
    says made err "other.bc: made for"
}

# Everything that LLVM calls routines for, on types that the machine has.
test_carries_the_support_routines() {
    {
        cat <<'C'
typedef _Float16 h;
typedef float f;
typedef double d;
#define CAT_(a, b, c) a##b##c
#define CAT(a, b, c) CAT_(a, b, c)
#define CONVERT(from, to)                                                      \
    to CAT(convert_##from, _, to)(from x) { return (to)x; }
#define ARITHMETIC(t)                                                          \
    t add_##t(t x, t y) { return x + y; }                                      \
    t subtract_##t(t x, t y) { return x - y; }                                 \
    t multiply_##t(t x, t y) { return x * y; }                                 \
    t divide_##t(t x, t y) { return x / y; }                                   \
    int less_##t(t x, t y) { return x < y; }                                   \
    int equal_##t(t x, t y) { return x == y; }                                 \
    int unordered_##t(t x, t y) { return !(x >= y); }
#define INTEGER(t)                                                             \
    ARITHMETIC(t)                                                              \
    CONVERT(h, t) CONVERT(f, t) CONVERT(d, t)                                  \
    CONVERT(t, h) CONVERT(t, f) CONVERT(t, d)                                  \
    t remainder_##t(t x, t y) { return x % y; }                                \
    t left_##t(t x, int y) { return x << y; }                                  \
    t right_##t(t x, int y) { return x >> y; }
#define ATOMIC(t)                                                              \
    t exchange_##t(t *x, t y)                                                  \
    {                                                                          \
        return __atomic_exchange_n(x, y, __ATOMIC_ACQ_REL);                    \
    }                                                                          \
    t fetch_##t(t *x, t y)                                                     \
    {                                                                          \
        return __atomic_fetch_add(x, y, __ATOMIC_SEQ_CST) +                    \
               __atomic_fetch_and(x, y, __ATOMIC_RELAXED) +                    \
               __atomic_fetch_or(x, y, __ATOMIC_ACQUIRE) +                     \
               __atomic_fetch_xor(x, y, __ATOMIC_RELEASE);                     \
    }                                                                          \
    int swap_##t(t *x, t *y, t z)                                              \
    {                                                                          \
        return __atomic_compare_exchange_n(x, y, z, 0, __ATOMIC_SEQ_CST,       \
                                           __ATOMIC_RELAXED);                  \
    }
typedef signed char i1;
typedef short i2;
typedef int i4;
typedef long long i8;
typedef unsigned u4;
typedef unsigned long long u8;
ARITHMETIC(h) ARITHMETIC(f) ARITHMETIC(d)
CONVERT(h, f) CONVERT(h, d) CONVERT(f, h) CONVERT(f, d) CONVERT(d, h)
CONVERT(d, f)
INTEGER(i1) INTEGER(i2) INTEGER(i4) INTEGER(i8) INTEGER(u4) INTEGER(u8)
ATOMIC(i1) ATOMIC(i2) ATOMIC(i4) ATOMIC(i8)
f power_f(f x, int n) { return __builtin_powif(x, n); }
d power_d(d x, int n) { return __builtin_powi(x, n); }
int bits_8(u8 x) { return __builtin_popcountll(x) + __builtin_clzll(x); }
_Complex float cf(_Complex float x, _Complex float y) { return x * y / x; }
_Complex double cd(_Complex double x, _Complex double y) { return x * y / x; }
#ifdef __SIZEOF_INT128__
typedef __int128 i16;
typedef unsigned __int128 u16;
typedef long double q;
INTEGER(i16) INTEGER(u16) ARITHMETIC(q)
CONVERT(q, h) CONVERT(q, f) CONVERT(q, d) CONVERT(h, q) CONVERT(f, q)
CONVERT(d, q) CONVERT(q, i4) CONVERT(q, i8) CONVERT(q, i16) CONVERT(i4, q)
CONVERT(i8, q) CONVERT(i16, q) CONVERT(u8, q) CONVERT(q, u8)
#endif
C
    } | compile routines -xc -w
    run made "$BCC" compile --target "$triple" "$work/routines.bc" \
        -o "$work/routines.oBCC"
    expect made "exit 0"
    run dump "$BCC" dump "$work/routines.oBCC"
    sed -n 's/^ *kind .* binding .* name \([^ ]*\) .*/\1/p' \
        "$work/dump.out" >"$work/imports"
    # Division by zero raises SIGFPE on ARM; atomics ask the CPU.
    grep -vxE 'raise|__getauxval|getauxval|__tls_get_addr|__aeabi_unwind_.*' \
        "$work/imports" >"$work/missing" &&
        fail "not carried: $(cat "$work/missing")"
    return 0
}

test_says_which_routines_it_lacks() {
    case $triple in
    aarch64*) type=__int128 routine=__divti3 package=arm64-cross ;;
    arm*hf) type='long long' routine=__aeabi_ldivmod package=armhf-cross ;;
    arm*) type='long long' routine=__aeabi_ldivmod package=armel-cross ;;
    *) type=__int128 routine=__divti3 package=riscv64-cross ;;
    esac
    small_program
    compile divides -xc <<C
$type divide($type x, $type y) { return x / y; }
C
    BCC_BCCC=$BCCC_BARE
    export BCC_BCCC
    run none "$BCC" compile --target "$triple" "$work/divides.bc" \
        -o "$work/divides.oBCC"
    expect none "exit 1"
    says none err "divides.bc: needs the support routine '$routine' for '$row'"
    says none err "without libgcc-12-dev-$package"
    # Atomics are loops in the code then.
    run small "$BCC" compile --target "$triple" --entry main "$work/small.bc" \
        -o "$work/small.oBCC"
    expect small "exit 0"
}

# Code that is compiled before, as an object and in an archive, with what differs
# by machine: thread-local variables, constructors, calls over the GOT.
test_links_native_objects_that_run_alike() {
    compile main -xc <<'C'
int printf(const char *, ...);
int helper(int), more(int);
extern int counter;
extern _Thread_local int block;
_Thread_local int own = 11;
int callback(int x) { return 3 * x; }
__attribute__((weak)) int chosen(void) { return 1; }
int main(int argc, char **argv)
{
    printf("%d %d %d %d %d\n", helper(argc), counter, block, chosen(),
           more(argc));
    return !argv;
}
C
    cat >"$work/helper.c" <<'C'
int callback(int), puts(const char *);
int counter;
_Thread_local int block = 7;
static _Thread_local int hidden = 9;
extern _Thread_local int own;
__attribute__((constructor)) static void begin(void) { counter = 40; }
__attribute__((destructor)) static void end(void) { puts("end"); }
int helper(int x)
{
    counter++;
    block += hidden;
    return callback(x) + own;
}
int chosen(void) { return 2; }
C
    echo 'extern int counter; int more(int x) { return x << (counter % 8); }' \
        >"$work/more.c"
    for file in helper more; do
        # shellcheck disable=SC2086
        "$CLANG" --target="$triple" $cpu -O2 -fPIC -c "$work/$file.c" \
            -o "$work/$file.o" || exit 1
    done
    ar rc "$work/libmore.a" "$work/more.o"
    run made "$BCC" compile --target "$triple" --entry main "$work/main.bc" \
        "$work/helper.o" "$work/libmore.a" -o "$work/main.oBCC"
    expect made "exit 0"
    "$CLANG" -O1 -c "$work/more.c" -o "$work/other.o" || exit 1
    case $triple in
    "$(uname -m)"*) ;;
    *)
        run other "$BCC" compile --target "$triple" "$work/main.bc" \
            "$work/helper.o" "$work/other.o" -o "$work/other.oBCC"
        complains other "other.o: an object for $(uname -m), cannot be linked"
        ;;
    esac
    need_target_bcc
    run linked "$BCC" run --target "$triple" --link "$work/helper.o" \
        --link "$work/libmore.a" "$work/main.bc"
    expect linked "exit 0"
    printf '14 41 16 2 2\nend\n' | cmp - "$work/linked.out" ||
        fail "$(cat "$work/linked.out")"
}

# Constructors of one priority run in the order of the source, destructors in
# reverse, those of C++'s inline variables (a section each) before the others of
# their file; also beside an object that was compiled before.
test_orders_constructors_as_natively() {
    cat >"$work/order.c" <<'C'
int puts(const char *);
#define BOTH(name, how) \
    __attribute__((constructor how)) static void c##name(void) { puts("+" #name); } \
    __attribute__((destructor how)) static void d##name(void) { puts("-" #name); }
BOTH(a, ) BOTH(b, ) BOTH(early, (300)) BOTH(early2, (300)) BOTH(c, )
int main(void) { return 0; }
C
    cat >"$work/inline.cpp" <<'C'
extern "C" int puts(const char *);
struct say { say(const char *text) { puts(text); } };
say one("one");
inline say two("two"), three("three");
template <class T> struct holds { static say member; };
template <class T> say holds<T>::member("member");
template struct holds<int>;
say four("four");
C
    sed 's/int main.*//; s/"+"/"object +"/; s/"-"/"object -"/' "$work/order.c" \
        >"$work/object.c"
    compile order -xc <"$work/order.c"
    alone='-fno-threadsafe-statics -fno-exceptions' # without libstdc++
    # shellcheck disable=SC2086
    compile inline -xc++ $alone <"$work/inline.cpp"
    # shellcheck disable=SC2086
    "$CLANG" --target="$triple" $cpu -O2 -fPIC -c "$work/object.c" \
        -o "$work/object.o" || exit 1
    run made "$BCC" compile --target "$triple" --entry main "$work/order.bc" \
        "$work/inline.bc" "$work/object.o" -o "$work/order.oBCC"
    expect made "exit 0"
    need_target_bcc
    # shellcheck disable=SC2086
    (cd "$work" && "$CLANG" -w $alone order.c inline.cpp object.c -o native) ||
        exit 1
    run native "$work/native"
    for level in 0 3; do
        run ran "$BCC" run --target "$triple" -O$level --link \
            "$work/inline.bc" --link "$work/object.o" "$work/order.bc"
        expect ran "exit 0"
        same native ran
    done
}

# Older front ends list constructors of inline variables between others. These
# share a section in the object, where the first of them is.
test_orders_constructors_of_a_file_by_section() {
    {
        echo '@llvm.global_ctors = appending global [5 x { i32, ptr, ptr }] ['
        for row in a:@va: b:null: c:@vc: d:null: e:null:; do
            rest=${row#*:}
            [ "$row" = a:@va: ] || echo ,
            echo "{ i32, ptr, ptr } { i32 65535, ptr @${row%%:*}, ptr ${rest%:} }"
        done
        echo ']'
        for letter in a c; do
            echo "\$v$letter = comdat any"
            echo "@v$letter = linkonce_odr global i32 0, comdat"
        done
        for letter in a b c d e; do
            printf '@text_%s = private constant [2 x i8] c"%s\\00"\n' $letter $letter
            echo "define internal void @$letter() {"
            echo " call i32 @puts(ptr @text_$letter)"
            echo ' ret void }'
        done
        echo 'declare i32 @puts(ptr)'
        echo 'define i32 @main() { ret i32 0 }'
    } >"$work/sections.ll"
    run made "$BCC" compile --target "$triple" --entry main \
        "$work/sections.ll" -o "$work/sections.oBCC"
    expect made "exit 0"
    need_target_bcc
    "$CLANG" -w "$work/sections.ll" -o "$work/native" || exit 1
    run native "$work/native"
    [ "$(tr -d '\n' <"$work/native.out")" = abdec ] || fail "native order"
    run ran "$BCC" run --target "$triple" "$work/sections.ll"
    same native ran
}

# off: no machine joins a product and a sum. On AArch64 every CPU would.
test_rounds_alike_with_fp_contract_off() {
    cat >"$work/round.c" <<'C'
int printf(const char *, ...);
__attribute__((noinline)) double add(double a, double b, double c)
{
    return a * b + c;
}
__attribute__((noinline)) void each(float *a, const float *b)
{
    for (int i = 0; i < 64; i++)
        a[i] = b[i] * a[i] - b[63 - i];
}
int main(int argc, char **argv)
{
    float a[64], b[64];
    for (int i = 0; i < 64; i++)
        a[i] = (float)(argc + i) / 7, b[i] = (float)(argc + 3 * i) / 11;
    each(a, b);
    printf("%a %a\n", add(0.1, 10 * argc, -1), (double)(a[7] + a[60]));
    return !argv;
}
C
    compile round -xc -ffp-contract=fast <"$work/round.c"
    for how in on off; do
        run made "$BCC" compile --target "$triple" --fp-contract $how \
            --entry main "$work/round.bc" -o "$work/$how.oBCC"
        expect made "exit 0"
        "$BCC" dump --disassemble "$work/$how.oBCC" >"$work/$how"
    done
    grep -E 'fmadd|fmsub|fnm|fmla|fmls|vfma|vfms' "$work/off" &&
        fail "joined operations"
    case $triple in
    aarch64*) grep -qE 'fmadd' "$work/on" || fail "on: none is joined" ;;
    esac
    need_target_bcc
    "$CLANG" -O1 -ffp-contract=off "$work/round.c" -o "$work/native" || exit 1
    run native "$work/native"
    run off "$BCC" run --target "$triple" --fp-contract off "$work/round.bc"
    same native off
}

# Branch protection: the note is there if all of the code has it.
test_keeps_branch_protection() {
    case $triple in
    aarch64*) ;;
    *) skip "only on AArch64" ;;
    esac
    compile protected -xc -mbranch-protection=standard <<'C'
int atexit(void (*)(void));
void *wrapper(void) { return (void *)atexit; }
int f(int (*g)(int), int x) { return g(x) + 1; }
C
    echo 'int h(int (*g)(int), int x) { return g(x) + 1; }' | compile plain -xc
    run made "$BCC" compile --target "$triple" "$work/protected.bc" \
        -o "$work/protected.oBCC"
    expect made "exit 0"
    run dump "$BCC" dump --disassemble "$work/protected.oBCC"
    says dump out "paciasp"
    # Ours, too: the hint is bti.
    grep -A1 '<atexit>:' "$work/dump.out" | grep -q 'bti\|hint' ||
        fail "atexit is no target of branches: $(cat "$work/dump.out")"
    run image "$BCC" dump --image "$work/protected.so" "$work/protected.oBCC"
    readelf -nW "$work/protected.so" >"$work/notes"
    grep -q 'BTI, PAC' "$work/notes" || fail "no note: $(cat "$work/notes")"
    run made "$BCC" compile --target "$triple" "$work/protected.bc" \
        "$work/plain.bc" -o "$work/both.oBCC"
    expect made "exit 0"
    run image "$BCC" dump --image "$work/both.so" "$work/both.oBCC"
    readelf -nW "$work/both.so" | grep 'BTI' && fail "a note for plain code"
    return 0
}

nested_functions() {
    cat <<'LL' >"$work/nested.ll"
declare void @llvm.init.trampoline(ptr, ptr, ptr)
declare ptr @llvm.adjust.trampoline(ptr)
declare i32 @printf(ptr, ...)
@format = constant [4 x i8] c"%d\0A\00"
define internal i32 @get(ptr nest %chain, i32 %add) noinline {
  %value = load volatile i32, ptr %chain
  %sum = add i32 %value, %add
  ret i32 %sum
}
define i32 @descend(i32 %depth) noinline {
  %storage = alloca [64 x i8], align 16
  %value = alloca i32
  %place = alloca ptr
  store volatile i32 %depth, ptr %value
  call void @llvm.init.trampoline(ptr %storage, ptr @get, ptr %value)
  %address = call ptr @llvm.adjust.trampoline(ptr %storage)
  store volatile ptr %address, ptr %place
  %end = icmp eq i32 %depth, 0
  br i1 %end, label %last, label %more
more:
  %less = sub i32 %depth, 1
  %rest = call i32 @descend(i32 %less)
  br label %last
last:
  %sum = phi i32 [0, %0], [%rest, %more]
  %pointer = load volatile ptr, ptr %place
  %got = call i32 %pointer(i32 1)
  %without = sub i32 %got, %depth
  %total = add i32 %sum, %without
  ret i32 %total
}
define i32 @main() {
  %sum = call i32 @descend(i32 2000)
  call i32 (ptr, ...) @printf(ptr @format, i32 %sum)
  ret i32 0
}
LL
    compile nested -x ir -Wno-override-module <"$work/nested.ll"
}

# More at once than the first block has room for.
test_nested_functions_have_addresses() {
    nested_functions
    case $triple in
    arm*)
        run nested "$BCC" compile --target "$triple" "$work/nested.bc" \
            -o "$work/nested.oBCC"
        expect nested "exit 1"
        says nested err "takes the address of a nested function"
        return
        ;;
    esac
    need_target_bcc
    run nested "$BCC" run --target "$triple" "$work/nested.bc"
    expect nested "exit 0"
    says nested out "2001"
}

# ---- Libraries ----

test_takes_no_library_of_this_machine() {
    compile sine -xc <<'C'
double sin(double);
double sine(double x) { return sin(x); }
C
    mkdir -p "$work/empty"
    run with "$BCC" compile --entry sine --target "$triple" \
        --sysroot "$work/empty" "$work/sine.bc" -o "$work/with.oBCC"
    expect with "exit 0"
    run dump "$BCC" dump "$work/with.oBCC"
    says dump out "name libm.so.6" # unseen
    run missing "$BCC" compile --entry sine --target "$triple" \
        --sysroot "$work/none" "$work/sine.bc" -o "$work/with.oBCC"
    expect missing "exit 1"
    says missing err "--sysroot $work/none: No such file"
    [ -e "/usr/$triple/lib/libm.so.6" ] || return
    run found "$BCC" compile --entry sine --target "$triple" \
        "$work/sine.bc" -o "$work/found.oBCC"
    expect found "exit 0"
    run dump "$BCC" dump "$work/found.oBCC"
    says dump out "user sine library libm.so.6"
    run lacks "$BCC" compile --entry sine --target "$triple" -l no_such \
        "$work/sine.bc" -o "$work/found.oBCC"
    expect lacks "exit 1"
    says lacks err "-lno_such: no such shared library"
}

# ---- Running ----

test_runs_in_an_emulator() {
    need_target_bcc
    small_program
    run ran "$BCC" run --report=json --target "$triple" "$work/small.bc" \
        one "two words"
    expect ran "exit 3"
    says ran out "two words"
    says ran report '"cache":"hit"'
    says ran report "\"path\":\"$BCC_CACHE_DIR/"
    run again "$BCC" run --rebuild --emulator "qemu-$name" --target "$row" \
        "$work/small.bc" --rebuild
    expect again "exit 2"
    says again out "--rebuild"
    [ "$(ls "$BCC_CACHE_DIR" | grep -c oBCC)" = 1 ] ||
        fail "$(ls "$BCC_CACHE_DIR")"
}

# The device's own command line has no target.
test_what_is_precompiled_is_a_hit_on_the_device() {
    need_target_bcc
    small_program
    run made "$BCC" precompile --target "$triple" "$work/small.bc"
    expect made "exit 0"
    run device "qemu-$name" -L "/usr/$triple" "$TARGET_BCC" run --report=json \
        "$work/small.bc" text
    expect device "exit 2"
    says device out text
    says device report '"cache":"hit"'
    run explain "qemu-$name" -L "/usr/$triple" "$TARGET_BCC" cache explain \
        "$work/small.bc"
    says explain out "hit"
}

test_libraries_and_exceptions_work() {
    need_headers
    need_target_bcc
    [ -d "/usr/$triple/include/c++" ] || skip "no C++ headers for $triple"
    compile thrown -xc++ <<'C'
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
thread_local int level = 3;
static int descend(int n)
{
    std::string text(40, 'x');
    if (n == 0)
        throw std::runtime_error(text + "thrown");
    return descend(n - 1) + (int)text.size();
}
int main(int argc, char **argv)
{
    level += argc;
    try {
        return descend(argc + level);
    } catch (const std::exception &e) {
        std::printf("%s %.3f %d\n", e.what() + 40, std::sin(argc), level);
        return 0;
    }
}
C
    run thrown "$BCC" run --target "$triple" "$work/thrown.bc"
    expect thrown "exit 0"
    says thrown out "thrown 0.841 4"
}

test_says_what_an_emulator_lacks() {
    small_program
    run none "$BCC" run --emulator no_such_program --target "$triple" \
        "$work/small.bc"
    expect none "exit 1"
    says none err "--emulator no_such_program: no such program"
    command -v "qemu-$name" >/dev/null || return
    run none "$BCC" run --target-bcc "$work/none" --target "$triple" \
        "$work/small.bc"
    expect none "exit 1"
    says none err "$work/none: no bcc for $row"
}

# ---- Which ----

if [ $# -ne 2 ]; then
    echo "usage: test_foreign.sh TEST TRIPLE, one of:"
    sed -n 's/^\(test_[a-z0-9_]*\)() {$/    \1/p' "$0"
    exit 2
fi
"$1"
finish
