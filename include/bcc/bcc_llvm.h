/* For hosts that hold an LLVM module. This header is header-only, so libbcc
 * itself does not depend on LLVM. Link your program with your LLVM. */
#ifndef BCC_BCC_LLVM_H
#define BCC_BCC_LLVM_H

#include <bcc/bcc.h>

#include <llvm-c/BitWriter.h>
#include <llvm-c/Core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Set the script's bitcode to that of a module. The module is *borrowed* for
 * the call, unlike in the original libbcc: it is written out as bitcode
 * immediately, so the caller may change it or dispose of it afterwards. Errors
 * as bccReadBC(). */
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
