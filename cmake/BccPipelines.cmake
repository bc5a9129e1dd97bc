# The second half of LLVM's optimisation pipelines, for large modules:
# pipelines.h, rows of lib/compiler/codegen/optimise.c's table, from the output
# of the same LLVM's opt.
#
# It begins after the last pass that looks at callers and callees. From there
# passes look at one function, or at definitions that are in every part. Passes
# that opt adds for itself, and those that are turned off, are removed.
find_program(BCC_LLVM_OPT opt HINTS ${bcc_llvm_bindir} NO_DEFAULT_PATH
  DOC "opt of the LLVM to compile with" REQUIRED)

function(bcc_print_pipeline result triple level)
  execute_process(
    COMMAND ${BCC_LLVM_OPT} -mtriple=${triple} -passes=default<O${level}>
            -print-pipeline-passes -disable-output -
    INPUT_FILE /dev/null OUTPUT_VARIABLE text
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "cg-profile," "" text "${text}")
  string(REGEX REPLACE ",verify$" "" text "${text}")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

set(bcc_pipelines "")
foreach(machine X86_64:x86_64 AARCH64:aarch64 ARM:armv7)
  string(REPLACE ":" ";" machine ${machine})
  list(GET machine 0 elf_name)
  list(GET machine 1 arch)
  foreach(level 1 2 3)
    bcc_print_pipeline(text ${arch}-pc-linux-gnu ${level})
    string(FIND "${text}" ",recompute-globalsaa," cut)
    if(cut LESS 0)
      message(FATAL_ERROR "${BCC_LLVM_OPT}: no place to cut default<O${level}>"
        " for ${arch}: ${text}")
    endif()
    math(EXPR cut "${cut} + 1")
    string(SUBSTRING "${text}" ${cut} -1 second)
    string(APPEND bcc_pipelines
      "{EM_${elf_name}, ${level}, \"${second}\"},\n")
  endforeach()
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/pipelines.h
  CONTENT "${bcc_pipelines}" @ONLY)
