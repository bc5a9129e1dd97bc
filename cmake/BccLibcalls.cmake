# The functions and variables that LLVM's optimiser and code generators know by
# name: libcall_names.h, rows of lib/compiler/glue/libcalls.c's table, from the
# headers of the LLVM that is linked. LLVM 22 has one list for all machines,
# RuntimeLibcalls.inc; before there were two.
set(bcc_libcall_lists)
foreach(list IR/RuntimeLibcalls.inc IR/RuntimeLibcalls.def
             Analysis/TargetLibraryInfo.def)
  if(EXISTS ${bcc_llvm_includes}/llvm/${list})
    list(APPEND bcc_libcall_lists ${bcc_llvm_includes}/llvm/${list})
  endif()
endforeach()

# A row is a string alone ("memcpy\0"), or the last operand of a macro.
set(bcc_libcalls)
foreach(list ${bcc_libcall_lists})
  file(STRINGS ${list} lines REGEX
    "^ *\"[A-Za-z_][A-Za-z0-9_]*.0\"|^(HANDLE_LIBCALL|TLI_DEFINE_STRING).*\"\\)")
  string(REGEX MATCHALL "\"[A-Za-z_][A-Za-z0-9_]*(.0)?\"" names "${lines}")
  list(APPEND bcc_libcalls ${names})
endforeach()
list(TRANSFORM bcc_libcalls REPLACE "^\"([A-Za-z0-9_]+).*" "\\1")
list(REMOVE_DUPLICATES bcc_libcalls)
list(SORT bcc_libcalls) # as strcmp() does
list(LENGTH bcc_libcalls n)
if(n LESS 500 OR NOT "memcpy" IN_LIST bcc_libcalls
   OR NOT "__stack_chk_fail" IN_LIST bcc_libcalls
   OR NOT "puts" IN_LIST bcc_libcalls)
  message(FATAL_ERROR "${bcc_llvm_includes}: LLVM's list of the functions that "
    "it calls by name was not understood (${n} names)")
endif()
list(TRANSFORM bcc_libcalls REPLACE "(.+)" "\"\\1\"")
list(JOIN bcc_libcalls ",\n" bcc_libcalls)
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/libcall_names.h
  CONTENT "${bcc_libcalls}\n" @ONLY)
