# The routines that generated code calls although no source names them:
# compiler-rt's builtins or libgcc, an archive for each machine that images are
# made for. bccc carries them, so that an image depends neither on this machine
# nor on libgcc_s of the one that runs it. For each row of support/machine.h:
#
#   BCC_SUPPORT_ROW      the archive; NONE: images for it are made without, and
#                        refused where they need a routine
#   bcc_identity_ROW     LLVM's version and the archive's digest, part of the
#                        keys of all entries for the machine
#
# The archive of the LLVM that bccc is built with is taken; for x86_64 else the
# newest of another one, and those before 19 are passed over: they lack routines
# for 16-bit and 128-bit floating point, or take them in other registers. For
# the others else libgcc of Debian's cross compiler, or this machine's own.

# ORDER MACHINE
set(bcc_machine_rows X86_64 AARCH64 ARM_HARD_FLOAT ARM_SOFT_FLOAT RISCV64)
set(bcc_rt_X86_64 x86_64)
set(bcc_rt_AARCH64 aarch64)
set(bcc_rt_ARM_HARD_FLOAT armhf)
set(bcc_rt_ARM_SOFT_FLOAT arm)
set(bcc_rt_RISCV64 riscv64)
set(bcc_gnu_X86_64 x86_64-linux-gnu)
set(bcc_gnu_AARCH64 aarch64-linux-gnu)
set(bcc_gnu_ARM_HARD_FLOAT arm-linux-gnueabihf)
set(bcc_gnu_ARM_SOFT_FLOAT arm-linux-gnueabi)
set(bcc_gnu_RISCV64 riscv64-linux-gnu)

# The first of the patterns that names a file; of several the newest version.
function(bcc_find_newest result)
  foreach(pattern ${ARGN})
    file(GLOB found ${pattern})
    if(found)
      list(SORT found COMPARE NATURAL ORDER DESCENDING)
      list(GET found 0 found)
      set(${result} ${found} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${result} NONE PARENT_SCOPE)
endfunction()

function(bcc_find_support result row)
  file(GLOB libraries ${bcc_llvm_libdir}/clang/${BCC_LLVM_VERSION}*/lib)
  if(row STREQUAL "X86_64")
    file(GLOB others /usr/lib/llvm-*/lib/clang/*/lib)
    list(FILTER others EXCLUDE REGEX "/clang/([0-9]|1[0-8])(\\.[0-9.]*)?/lib$")
    list(SORT others COMPARE NATURAL ORDER DESCENDING)
    list(APPEND libraries ${others})
  endif()
  set(patterns)
  foreach(directory ${libraries})
    list(APPEND patterns
      ${directory}/linux/libclang_rt.builtins-${bcc_rt_${row}}.a
      ${directory}/${bcc_rt_${row}}-*linux*/libclang_rt.builtins.a)
  endforeach()
  if(NOT row STREQUAL "X86_64")
    list(APPEND patterns
      /usr/lib/gcc-cross/${bcc_gnu_${row}}/*/libgcc.a
      /usr/lib/gcc/${bcc_gnu_${row}}/*/libgcc.a)
  endif()
  bcc_find_newest(found ${patterns})
  set(${result} ${found} PARENT_SCOPE)
endfunction()

set(bcc_identities "")
foreach(row ${bcc_machine_rows})
  if(NOT BCC_SUPPORT_${row})
    bcc_find_support(found ${row})
    set(BCC_SUPPORT_${row} ${found} CACHE STRING
        "Support routines for ${bcc_gnu_${row}}: an archive, or NONE" FORCE)
  endif()
  set(digest none)
  if(NOT BCC_SUPPORT_${row} STREQUAL "NONE")
    if(NOT EXISTS "${BCC_SUPPORT_${row}}"
       OR IS_DIRECTORY "${BCC_SUPPORT_${row}}")
      message(FATAL_ERROR
        "BCC_SUPPORT_${row}: no such file: ${BCC_SUPPORT_${row}}")
    endif()
    set_property(DIRECTORY APPEND PROPERTY
      CMAKE_CONFIGURE_DEPENDS ${BCC_SUPPORT_${row}})
    file(SHA1 ${BCC_SUPPORT_${row}} digest)
    string(SUBSTRING ${digest} 0 12 digest)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$"
         AND row STREQUAL "X86_64")
    message(FATAL_ERROR
      "compiler-rt's builtins for x86_64 not found: install "
      "libclang-rt-${BCC_LLVM_VERSION}-dev, or name the archive with "
      "-DBCC_SUPPORT_X86_64=")
  endif()
  set(bcc_identity_${row} "${BCC_LLVM_FULL_VERSION}+${digest}")
  list(APPEND bcc_identities "\"${bcc_identity_${row}}\"")
  message(STATUS
    "support routines, ${bcc_gnu_${row}}: ${BCC_SUPPORT_${row}}")
endforeach()

# This machine's: for other builds of the library, in tests.
set(BCC_LLVM_IDENTITY ${bcc_identity_X86_64})
foreach(row ${bcc_machine_rows})
  if(CMAKE_C_LIBRARY_ARCHITECTURE STREQUAL "${bcc_gnu_${row}}")
    set(BCC_LLVM_IDENTITY ${bcc_identity_${row}})
  endif()
endforeach()
