/* GDB and lldb look for the two symbols below in every file of a process, and
 * put a breakpoint into the function. So the first byte of the function shows
 * whether a debugger is there. Only then, or if the host asks, obcc-debug.so is
 * opened. It makes the file that the debugger reads, which takes longer than a
 * launch.
 *
 * The symbols are weak, because a program that contains LLVM has the same ones.
 * The library uses its own through hidden names.
 *
 * A debugger that comes later finds images by their mappings
 * (tools/gdb/obcc-gdb.py). */
#include "prepare.h"

#include <stdlib.h>

#include "compile_client.h"
#include "show_code.h"
#include "version.h"

#ifdef __arm__
#define RETURN ".arm\n.balign 4\n\tbx lr\n"
#else
#define RETURN "\tret\n"
#endif

/* Both are one instruction, in assembly: a compiler might merge the copies. */
__asm__(".pushsection .text\n"
        ".weak __jit_debug_register_code\n"
        ".globl obcc_register_code, obcc_register_code_copy\n"
        ".hidden obcc_register_code, obcc_register_code_copy\n"
        ".type __jit_debug_register_code, %function\n"
        ".type obcc_register_code, %function\n"
        "__jit_debug_register_code:\n"
        "obcc_register_code:\n" RETURN
        ".size __jit_debug_register_code, . - __jit_debug_register_code\n"
        ".balign 4\n"
        "obcc_register_code_copy:\n" RETURN ".popsection\n");

__attribute__((
    visibility("hidden"))) extern const uint8_t obcc_register_code_copy[];
__attribute__((visibility("hidden"))) extern void obcc_register_code(void);

extern struct jit_descriptor __jit_debug_descriptor;
__attribute__((weak, visibility("default"))) struct jit_descriptor
    __jit_debug_descriptor = {.version = 1};
__attribute__((
    alias("__jit_debug_descriptor"),
    visibility("hidden"))) extern struct jit_descriptor obcc_jit_descriptor;

static bool has_debugger(void)
{
    const volatile uint8_t *function = (const void *)obcc_register_code;

    return *function != *obcc_register_code_copy;
}

static show_code_fn *open_module(void)
{
    void *function;

    return compile_client_open("obcc-debug.so", SHOW_CODE_FUNCTION, &function,
                               NULL)
               ? NULL
               : (show_code_fn *)function;
}

/* Not inlined: launches skip it. */
__attribute__((noinline)) static void
show(BCCScriptRef script, const struct found *found, unsigned how)
{
    const struct code_to_show code = {
        .version = BCC_VERSION_STRING,
        .how = how,
        .source = &found->source,
        .image = &script->image,
        .debug = script->layout.section[OBCC_DEBUG],
        .view = &script->view,
        .descriptor = &obcc_jit_descriptor,
        .register_code = obcc_register_code,
    };
    show_code_fn *show_code = open_module();

    if (show_code)
        script->shown = show_code(&code);
    else
        script_log(script, BCC_LOG_WARN, "load", "no obcc-debug.so");
}

void shown_begin(BCCScriptRef script, const struct found *found)
{
    unsigned how = script->host.shows;

    if (has_debugger())
        how |= SHOW_DEBUGGER;
    if (how)
        show(script, found, how);
}

void shown_end(BCCScriptRef script)
{
    if (script->shown)
        script->shown->hide(script->shown);
    script->shown = NULL;
}
