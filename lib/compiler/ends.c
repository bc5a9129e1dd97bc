/* LLVM reports fatal errors to handlers that C and C++ keep once per process,
 * without an argument of the caller. So compile_on_end() keeps its handler once
 * per process as well. */
#include "compile.h"

#include <stdio.h>
#include <string.h>

#include <llvm-c/ErrorHandling.h>

static compile_end_fn end_handler;

static void on_fatal_error(const char *message)
{
    char text[ERROR_MESSAGE_SIZE];

    snprintf(text, sizeof(text), "LLVM: %.*s", (int)strcspn(message, "\n"),
             message);
    end_handler(STATUS_COMPILE, text);
}

static void on_no_memory(void)
{
    end_handler(STATUS_NO_MEMORY, "compile: out of memory");
}

/* std::set_new_handler(): LLVM allocates with C++'s operator new. Weak, because
 * libLLVM.so may bring a C++ library that is not visible from here. */
typedef void (*new_handler_fn)(void);
extern new_handler_fn
set_new_handler(new_handler_fn handler) __asm__("_ZSt15set_new_handlerPFvvE")
    __attribute__((weak));

void compile_on_end(compile_end_fn handler)
{
    end_handler = handler;
    LLVMResetFatalErrorHandler();
    LLVMInstallFatalErrorHandler(on_fatal_error);
    if (set_new_handler)
        set_new_handler(on_no_memory);
}
