/* The differences between the LLVM versions that this builds with (19 to 22).
 * The only version tests of the project are here. */
#ifndef BCC_COMPILER_LLVM_COMPAT_H
#define BCC_COMPILER_LLVM_COMPAT_H

#include <stdbool.h>

#include <llvm-c/Core.h>
#include <llvm-c/IRReader.h>
#include <llvm/Config/llvm-config.h>

#if LLVM_VERSION_MAJOR < 19
#error "LLVM 19 or newer is needed"
#endif

/* Parse textual IR; consumes buffer, also on failure. True on success;
 * otherwise *ret_message is LLVM's message, which the caller disposes. */
static inline bool compat_parse_text(LLVMContextRef context,
                                     LLVMMemoryBufferRef buffer,
                                     LLVMModuleRef *ret_module,
                                     char **ret_message)
{
#if LLVM_VERSION_MAJOR >= 22
    bool failed =
        LLVMParseIRInContext2(context, buffer, ret_module, ret_message);

    LLVMDisposeMemoryBuffer(buffer);
    return !failed;
#else
    return !LLVMParseIRInContext(context, buffer, ret_module, ret_message);
#endif
}

/* The debug records of an instruction, and the variable that a record declares.
 * NULL before LLVM 22, whose C API cannot tell. */
static inline LLVMDbgRecordRef compat_first_record(LLVMValueRef instruction)
{
#if LLVM_VERSION_MAJOR >= 22
    return LLVMGetFirstDbgRecord(instruction);
#else
    (void)instruction;
    return NULL;
#endif
}

static inline LLVMDbgRecordRef compat_next_record(LLVMDbgRecordRef record)
{
#if LLVM_VERSION_MAJOR >= 22
    return LLVMGetNextDbgRecord(record);
#else
    (void)record;
    return NULL;
#endif
}

static inline LLVMMetadataRef compat_declared_variable(LLVMDbgRecordRef record)
{
#if LLVM_VERSION_MAJOR >= 22
    return LLVMDbgRecordGetKind(record) == LLVMDbgRecordDeclare
               ? LLVMDbgVariableRecordGetVariable(record)
               : NULL;
#else
    (void)record;
    return NULL;
#endif
}

#endif
