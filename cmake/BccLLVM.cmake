# LLVM, through its llvm-config: defines the target bcc_llvm and
# BCC_LLVM_FULL_VERSION and BCC_LLVM_IS_STATIC.
#
# The static libraries are preferred: bccc then starts some 5 ms sooner than
# with libLLVM.so. Only referenced members are linked, so of LLVM's
# system libraries zlib and zstd are enough.

find_program(BCC_LLVM_CONFIG
  NAMES llvm-config-${BCC_LLVM_VERSION}
  HINTS /usr/lib/llvm-${BCC_LLVM_VERSION}/bin
  DOC "llvm-config of the LLVM to compile with")
if(NOT BCC_LLVM_CONFIG)
  message(FATAL_ERROR
    "llvm-config-${BCC_LLVM_VERSION} not found: install "
    "llvm-${BCC_LLVM_VERSION}-dev, or choose -DBCC_LLVM_VERSION=, or build "
    "without the compiler: -DBCC_BUILD_COMPILER=OFF")
endif()

function(bcc_llvm_config result)
  execute_process(COMMAND ${BCC_LLVM_CONFIG} ${ARGN}
    OUTPUT_VARIABLE output OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
  set(${result} "${output}" PARENT_SCOPE)
endfunction()

bcc_llvm_config(BCC_LLVM_FULL_VERSION --version)
bcc_llvm_config(bcc_llvm_includes --includedir)
bcc_llvm_config(bcc_llvm_libdir --libdir)
bcc_llvm_config(bcc_llvm_bindir --bindir)

add_library(bcc_llvm INTERFACE)
target_include_directories(bcc_llvm SYSTEM INTERFACE ${bcc_llvm_includes})

option(BCC_LLVM_STATIC "Link LLVM statically where its archives are present" ON)
find_library(BCC_ZSTD_STATIC libzstd.a)
find_library(BCC_STDCXX_STATIC libstdc++.a
  HINTS ${CMAKE_C_IMPLICIT_LINK_DIRECTORIES}
        /usr/lib/gcc/${CMAKE_LIBRARY_ARCHITECTURE}/12)
if(BCC_LLVM_STATIC AND EXISTS ${bcc_llvm_libdir}/libLLVMCore.a
   AND BCC_ZSTD_STATIC AND BCC_STDCXX_STATIC)
  bcc_llvm_config(bcc_llvm_libs --link-static --libs
    core bitreader bitwriter irreader linker passes object
    x86 x86disassembler aarch64 aarch64disassembler arm armdisassembler
    riscv riscvdisassembler)
  separate_arguments(bcc_llvm_libs UNIX_COMMAND "${bcc_llvm_libs}")
  target_link_options(bcc_llvm INTERFACE -L${bcc_llvm_libdir})
  target_link_libraries(bcc_llvm INTERFACE ${bcc_llvm_libs}
    ${BCC_STDCXX_STATIC} ${BCC_ZSTD_STATIC} libz.a gcc_eh m dl pthread)
  set(BCC_LLVM_IS_STATIC ON)
  message(STATUS "LLVM ${BCC_LLVM_FULL_VERSION}, static")
else()
  target_link_options(bcc_llvm INTERFACE -L${bcc_llvm_libdir})
  target_link_libraries(bcc_llvm INTERFACE LLVM-${BCC_LLVM_VERSION})
  set(BCC_LLVM_IS_STATIC OFF)
  message(STATUS "LLVM ${BCC_LLVM_FULL_VERSION}, shared: no libobcc-llvm.so")
endif()
