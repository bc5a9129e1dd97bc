#!/bin/sh
# test_cage.sh TEST: assembly that reads files is refused, wherever it is, with
# a message that names the input. Each test is a function below; CTest runs them
# one by one.
#
# Environment: BCC, CLANG, RUN_STATUS, UNCAGED (see run_case_uncaged.c).
set -u
. "$(dirname "$0")/run_case_lib.sh"

# ---- Helpers ----

# module NAME ASSEMBLY: $work/NAME.ll with it as the module's own; \22 is a
# quote, \0A ends a line.
module() {
    cat >"$work/$1.ll" <<LL
target triple = "x86_64-pc-linux-gnu"
module asm "$2"
define i32 @main() {
  ret i32 0
}
LL
}

# inline NAME DIALECT ASSEMBLY: the same in main().
inline() {
    cat >"$work/$1.ll" <<LL
target triple = "x86_64-pc-linux-gnu"
define i32 @main() {
  call void asm sideeffect $2 "$3", ""()
  ret i32 0
}
LL
}

# refused NAME INPUT DIRECTIVE FILE [ARGS...]: `bcc run` of NAME.ll, with a
# cache and without, complains of that.
refused() {
    refused_name=$1
    refused_text="$2: $3 \"$4\": assembly may not read files"
    shift 4
    for refused_how in --rebuild --no-cache; do
        run refused "$BCC" run $refused_how "$@" "$work/$refused_name.ll"
        complains refused "$refused_text"
    done
    [ -z "$(find "$BCC_CACHE_DIR" -name '*.oBCC' -o -name '*.tmp')" ] ||
        fail "$refused_name: left $(ls -a "$BCC_CACHE_DIR")"
}

# ---- Tests ----

test_directives() {
    printf 'mov $1, %%eax\n' >"$work/file"
    for directive in .incbin .include .INCBIN .Include; do
        lower=$(echo "$directive" | tr '[:upper:]' '[:lower:]')
        module a "x: $directive \\22$work/file\\22"
        refused a "$work/a.ll" "$lower" "$work/file"
        inline a "" "$directive \\22$work/file\\22"
        refused a "$work/a.ll" "$lower" "$work/file"
        inline a inteldialect "$directive \\22$work/file\\22"
        refused a "$work/a.ll" "$lower" "$work/file"
    done
    module a ".incbin \\22/etc/passwd\\22, 4, 10"
    refused a "$work/a.ll" .incbin /etc/passwd
}

# What is in no text cannot be searched for.
test_macros() {
    printf 'mov $1, %%eax\n' >"$work/file"
    module a ".macro r a, f\\0A.in\\5Ca \\22\\5Cf\\22\\0A.endm\\0A\
r cbin, \\22$work/file\\22"
    refused a "$work/a.ll" .incbin "$work/file"
    module a ".irp d, bin\\0A.inc\\5Cd \\22$work/file\\22\\0A.endr"
    refused a "$work/a.ll" .incbin "$work/file"
    module a ".altmacro\\0A.macro r d\\0A.in\\5Cd \\22$work/file\\22\\0A\
.endm\\0Ar clude"
    refused a "$work/a.ll" .include "$work/file"
    # The name of the file is not in the text either.
    module a ".incbin \\22$work/fil\\5C145\\22"
    refused a "$work/a.ll" .incbin "$work/file"
}

test_what_is_no_file() {
    mkfifo "$work/fifo"
    for special in "$work/fifo" /dev/zero /dev/stdin /proc/self/fd/8 /; do
        module a ".incbin \\22$special\\22"
        refused a "$work/a.ll" .incbin "$special"
        module a ".include \\22$special\\22"
        refused a "$work/a.ll" .include "$special"
    done
}

# The message names the input with the directive, not the script.
test_whose_it_is() {
    "$CLANG" -O1 -x c -emit-llvm -c -o "$work/helper.bc" - <<'C' || exit 1
int helper(void)
{
    __asm__(".pushsection .rodata; .incbin \"/etc/passwd\"; .popsection");
    return 0;
}
C
    echo 'int one(void) { return 1; }' |
        "$CLANG" -O1 -x c -emit-llvm -c -o "$work/one.bc" - || exit 1
    ar rc "$work/libhelp.a" "$work/one.bc" "$work/helper.bc"
    cat >"$work/main.ll" <<'LL'
target triple = "x86_64-pc-linux-gnu"
module asm "# includes nothing"
declare i32 @helper()
define i32 @main() {
  %r = call i32 @helper()
  ret i32 %r
}
LL
    refused main "$work/helper.bc" .incbin /etc/passwd --lib "$work/helper.bc"
    refused main "$work/helper.bc" .incbin /etc/passwd --link "$work/helper.bc"
    refused main "$work/libhelp.a(helper.bc)" .incbin /etc/passwd \
        --link "$work/libhelp.a"
    # In a library, what nobody calls is not there.
    "$CLANG" -O1 -x c -emit-llvm -c -o "$work/other.bc" - <<'C' || exit 1
int main(void) { return 0; }
C
    run unused "$BCC" run --no-cache --lib "$work/helper.bc" "$work/other.bc"
    expect unused "exit 0"
}

# Without the kernel's help all of it still works, and is still refused.
test_without_the_kernel() {
    "$UNCAGED" true
    [ $? -ne 77 ] || skip "no filter for system calls here"
    tool=$BCC
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$UNCAGED" "$tool" >"$work/bcc"
    chmod +x "$work/bcc"
    BCC=$work/bcc
    test_directives
    test_macros
    test_what_is_no_file
    inline plain "" "nop"
    run plain "$BCC" run "$work/plain.ll"
    expect plain "exit 0"
}

# ---- Which ----

if [ $# -ne 1 ]; then
    echo "usage: test_cage.sh TEST, one of:"
    sed -n 's/^\(test_[a-z0-9_]*\)() {$/    \1/p' "$0"
    exit 2
fi
"$1"
finish
