# compiler-rt's builtins, which bccc carries for the images that it links:
# defines BCC_SUPPORT_X86_64 (a file; empty where images are not made for this
# machine) and BCC_SUPPORT_DIGEST, which is part of every cache key.
#
# The archive of the LLVM that bccc is built with is taken, else the newest of
# another one. Those before 19 are skipped: they lack routines for 16-bit and
# 128-bit floating point, or expect arguments in other registers.
set(BCC_SUPPORT_DIGEST "")
if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(BCC_SUPPORT_X86_64 "")
  return()
endif()

function(bcc_find_builtins result)
  foreach(directory ${ARGN})
    file(GLOB found
      ${directory}/linux/libclang_rt.builtins-x86_64.a
      ${directory}/x86_64-*linux*/libclang_rt.builtins.a)
    if(found)
      list(GET found 0 found)
      set(${result} ${found} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

if(NOT BCC_SUPPORT_X86_64)
  set(bcc_builtins)
  file(GLOB bcc_own ${bcc_llvm_libdir}/clang/${BCC_LLVM_VERSION}*/lib)
  file(GLOB bcc_others /usr/lib/llvm-*/lib/clang/*/lib)
  list(FILTER bcc_others EXCLUDE REGEX "/clang/([0-9]|1[0-8])(\\.[0-9.]*)?/lib$")
  list(SORT bcc_others COMPARE NATURAL ORDER DESCENDING)
  bcc_find_builtins(bcc_builtins ${bcc_own} ${bcc_others})
  set(BCC_SUPPORT_X86_64 "${bcc_builtins}" CACHE FILEPATH
      "compiler-rt's builtins for x86_64, an archive" FORCE)
endif()
if(NOT EXISTS "${BCC_SUPPORT_X86_64}" OR IS_DIRECTORY "${BCC_SUPPORT_X86_64}")
  message(FATAL_ERROR
    "compiler-rt's builtins for x86_64 not found: install "
    "libclang-rt-${BCC_LLVM_VERSION}-dev, or name the archive with "
    "-DBCC_SUPPORT_X86_64=")
endif()
set_property(DIRECTORY APPEND PROPERTY
  CMAKE_CONFIGURE_DEPENDS ${BCC_SUPPORT_X86_64})
file(SHA1 ${BCC_SUPPORT_X86_64} BCC_SUPPORT_DIGEST)
string(SUBSTRING ${BCC_SUPPORT_DIGEST} 0 12 BCC_SUPPORT_DIGEST)
message(STATUS "compiler-rt: ${BCC_SUPPORT_X86_64}")
