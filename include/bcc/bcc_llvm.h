/* For hosts that hold an LLVM module: header-only, so that libbcc itself needs
 * no LLVM. Link your program with the LLVM you have. */
#ifndef BCC_BCC_LLVM_H
#define BCC_BCC_LLVM_H

#include <bcc/bcc.h>

#include <llvm-c/BitWriter.h>
#include <llvm-c/Core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Set the script's code to a module. Unlike the function of that name of the
 * original, the module is *borrowed*: written out as bitcode at once, so the
 * caller may change or dispose of it afterwards. Errors as bccReadBC(). */
static inline int bccReadModule(BCCScriptRef script, const char *resName,
                                LLVMModuleRef module, unsigned long flags)
{
    LLVMMemoryBufferRef bitcode;
    int failed;

    if (!module)
        return bccReadBC(script, resName, NULL, 0, flags);
    bitcode = LLVMWriteBitcodeToMemoryBuffer(module);
    failed = bccReadBC(script, resName, LLVMGetBufferStart(bitcode),
                       LLVMGetBufferSize(bitcode), flags | BCC_COPY_INPUT);
    LLVMDisposeMemoryBuffer(bitcode);
    return failed;
}

#ifdef __cplusplus
}
#endif

#endif
